"""Rules 5 and 6: what is gone is marked, and only that."""

import pytest

from intercom_assets.catalog import ApiVersion
from intercom_assets.errors import PermanentError
from intercom_assets_tests.world import DAY, HOUR, World


@pytest.mark.parametrize("name", ["contacts", "conversations"])
def test_only_a_full_refresh_marks_what_search_cannot_show(world: World, name: str) -> None:
    """Where nothing lists what was deleted, a full refresh marks it and no other sync does."""
    world.version = ApiVersion(2, 15)
    gone = world.workspace.collection(name).ids()[3]
    world.sync(name)
    world.workspace.delete(name, gone)

    plain = world.sync(name)
    full = world.sync(name, full_refresh=True)
    again = world.sync(name, full_refresh=True)

    assert (0, 1, 0) == (plain.deleted, full.deleted, again.deleted)
    assert {gone} == world.marked(name)
    assert full.row_count == plain.row_count


@pytest.mark.parametrize("name", ["tags", "teams", "segments", "companies"])
def test_a_list_that_is_read_whole_marks_what_it_lacks(world: World, name: str) -> None:
    """Every sync of a list that is read whole marks what it no longer holds."""
    gone = world.workspace.collection(name).ids()[0]
    world.sync(name)
    world.workspace.delete(name, gone)

    report = world.sync(name)

    assert 1 == report.deleted
    assert {gone} == world.marked(name)
    assert world.expected(name) == world.stored(name)


def test_a_row_that_comes_back_is_unmarked(world: World) -> None:
    """A record that is seen again is unmarked, though it did not change."""
    tag = world.workspace.collection("tags").ids()[0]
    record = world.workspace.find("tags", tag)
    world.sync("tags")
    world.workspace.delete("tags", tag)
    world.sync("tags")
    marked_at = world.row("tags", tag)["_synced_at"]
    world.workspace.add("tags", record)

    report = world.sync("tags")

    assert (0, 1, 0) == (report.inserted, report.updated, report.deleted)
    assert world.row("tags", tag)["_deleted_at"] is None
    assert marked_at < world.row("tags", tag)["_synced_at"]


def test_a_mark_is_a_new_version_of_the_row(world: World) -> None:
    """A row that is marked gets the time of the commit as `_synced_at` and `_deleted_at`."""
    tag = world.workspace.collection("tags").ids()[0]
    world.sync("tags")
    world.workspace.delete("tags", tag)
    world.clock.forward(HOUR)

    world.sync("tags")

    row = world.row("tags", tag)
    assert world.clock.moment() == row["_deleted_at"] == row["_synced_at"]
    assert row["name"]


def test_an_unexpectedly_empty_list_is_asked_for_again_then_marked(world: World) -> None:
    """An empty list where rows are stored is asked for twice, then marked with a warning."""
    world.sync("tags")
    for tag in world.workspace.collection("tags").ids():
        world.workspace.delete("tags", tag)
    world.workspace.log.clear()

    report = world.sync("tags")

    assert 2 == world.workspace.log.count("GET", "/tags")
    assert 40 == report.deleted
    assert "40" in world.ear.warnings[0]


def test_an_empty_list_where_nothing_is_stored_is_believed(world: World) -> None:
    """A list that never held anything is asked for once, without a warning."""
    for tag in world.workspace.collection("tags").ids():
        world.workspace.delete("tags", tag)

    report = world.sync("tags")

    assert 1 == world.workspace.log.count("GET", "/tags")
    assert (0, 0) == (report.row_count, len(world.ear.warnings))


def test_an_empty_list_of_admins_is_an_error(world: World) -> None:
    """A workspace always has a teammate, so no admins is an error that changes nothing."""
    world.sync("admins")
    before = world.rows("admins")
    for admin in world.workspace.collection("admins").ids():
        world.workspace.delete("admins", admin)

    with pytest.raises(PermanentError, match="admins is empty"):
        world.sync("admins")

    assert before == world.rows("admins")


def test_a_first_read_without_the_right_answer_marks_nothing(world: World) -> None:
    """A read that fails in the middle marks nothing and moves nothing."""
    world.sync("contacts")
    world.workspace.delete("contacts", world.workspace.collection("contacts").ids()[0])
    before = (world.rows("contacts"), world.cursor("contacts"))
    world.workspace.faults.on("POST", "/contacts/search", "502", times=100)

    with pytest.raises(Exception, match="/contacts/search"):
        world.sync("contacts", full_refresh=True)

    assert before == (world.rows("contacts"), world.cursor("contacts"))


def test_a_merged_contact_is_marked_by_a_full_refresh(world: World) -> None:
    """A contact that was merged into another is gone; the other one stays."""
    source, target = world.workspace.collection("contacts").ids()[:2]
    world.sync("contacts")
    world.clock.forward(DAY)
    world.workspace.merge_contacts(source, target)

    world.sync("contacts", full_refresh=True)

    assert {source} == world.marked("contacts")
    assert world.expected("contacts") == world.stored("contacts")

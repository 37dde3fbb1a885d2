"""What every sync of every resource does: all that is there, once, and what changed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

from intercom_assets.catalog import CATALOG
from intercom_assets.engine.cursor import BatchLimits
from intercom_assets_tests.places import Place
from intercom_assets_tests.world import COMPARED, HOUR, LASTING, World, make_world


def synced(database: Path | Place) -> World:
    """Make a world of a few records of each kind, and sync all of it."""
    world = make_world(database, contacts=60, companies=12, conversations=25)
    # A tag of no conversation: those that have one show its new name, and are not dated anew.
    world.workspace.add("tags", {"name": "unused"})
    world.sync_all()
    return world


@pytest.mark.parametrize("inclusive", [True, False])
@pytest.mark.parametrize("paging", ["keyset", "offset"])
def test_pages_and_bounds_of_either_kind_lose_nothing(
    database: Path, paging: Literal["keyset", "offset"], *, inclusive: bool
) -> None:
    """Many pages in slices give the truth, however Intercom pages and reads its bounds."""
    world = make_world(database, contacts=330, conversations=330, parts_per_conversation=1)
    world.workspace.behaviour.paging = paging
    world.workspace.behaviour.inclusive_bounds = inclusive
    world.portions = BatchLimits(slice_records=100)

    world.sync_all("contacts", "conversations")

    assert world.expected("contacts") == world.stored("contacts")
    assert world.expected("conversations") == world.stored("conversations")


@pytest.mark.parametrize("full_refresh", [False, True])
def test_a_sync_of_an_unchanged_workspace_writes_nothing(
    copied: Callable[..., World], *, full_refresh: bool
) -> None:
    """A sync inserts, updates and marks nothing where nothing changed, though it reads all."""
    world = copied(synced)
    before = {name: world.rows(name) for name in LASTING}
    world.clock.forward(HOUR)

    reports = world.sync_all(full_refresh=full_refresh)

    assert {(0, 0, 0)} == {(one.inserted, one.updated, one.deleted) for one in reports.values()}
    assert before == {name: world.rows(name) for name in LASTING}
    assert full_refresh == (reports["contacts"].records_returned == 60)


def test_only_what_changed_moves(copied: Callable[..., World]) -> None:
    """A sync after some changes writes exactly the records that changed."""
    world = copied(synced)
    tag = world.workspace.collection("tags").ids()[-1]
    contact, other = world.workspace.collection("contacts").ids()[:2]
    company = world.workspace.collection("companies").ids()[0]
    conversation = world.workspace.collection("conversations").ids()[0]
    world.clock.forward(HOUR)
    world.workspace.touch("contacts", contact)
    added = world.workspace.add("contacts", {"name": "New in the same second"})
    world.workspace.rename("tags", tag, "renamed")
    world.workspace.delete("companies", company)
    part = world.workspace.reply(conversation)

    reports = world.sync_all()

    wrote = {name: (one.inserted, one.updated, one.deleted) for name, one in reports.items()}
    # What belongs to the company goes with it.
    gone = [wrote.pop(name) for name in ("company_segments", "company_notes")]
    assert {
        "contacts": (1, 1, 0),
        "tags": (0, 1, 0),
        "companies": (0, 0, 1),
        "conversations": (0, 1, 0),
        "conversation_parts": (1, 0, 0),
    } == {name: counts for name, counts in wrote.items() if counts != (0, 0, 0)}
    assert [(0, 0), (0, 0)] == [counts[:2] for counts in gone]
    assert "renamed" == world.row("tags", tag)["name"]
    assert {company} == world.marked("companies")
    assert conversation == world.row("conversation_parts", part)["conversation_id"]
    assert (
        world.row("contacts", contact)["updated_at"] == world.row("contacts", added)["updated_at"]
    )
    assert world.row("contacts", other)["_synced_at"] < world.row("contacts", added)["_synced_at"]
    assert {name: world.expected(name) for name in COMPARED} == {
        name: world.stored(name) for name in COMPARED
    }


def test_a_second_record_of_the_cursors_second_is_found(world: World) -> None:
    """A record that changes in the very second of the cursor is read by the next sync."""
    first, second = world.workspace.collection("contacts").ids()[:2]
    world.workspace.touch("contacts", first)
    world.sync("contacts")
    world.workspace.touch("contacts", second)

    report = world.sync("contacts")

    assert (0, 1) == (report.inserted, report.updated)
    assert world.expected("contacts") == world.stored("contacts")


def test_conversations_change_like_contacts(world: World) -> None:
    """A conversation that changes in the cursor's second is read too, whatever the bounds mean."""
    first, second = world.workspace.collection("conversations").ids()[:2]
    world.workspace.touch("conversations", first)
    world.sync("conversations")
    world.workspace.touch("conversations", second)

    report = world.sync("conversations")

    assert (0, 1) == (report.inserted, report.updated)


def test_a_report_counts_what_intercom_returned(world: World) -> None:
    """Records returned are the records of the list's own answers, overlap included."""
    first = world.sync("contacts")
    second = world.sync("contacts")

    assert 60 == first.records_returned
    assert second.records_returned == second.unchanged + second.inserted + second.updated
    assert 60 == second.row_count
    assert 0 < second.records_returned < 60


def test_a_stored_table_reads_back_with_the_columns_of_the_catalogue(world: World) -> None:
    """A table has the declared columns and the metadata columns, in that order."""
    world.sync("admins")

    columns = list(world.rows("admins")[0])

    assert [column.name for column in CATALOG["admins"].table.all_columns] == columns


def attribute(at: int, *, archived: bool = False) -> dict[str, Any]:
    """Give what tells two attributes of one name apart."""
    return {"updated_at": 1_700_000_000 + at, "archived": archived}


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (attribute(1), attribute(3, archived=True), "1"),
        (attribute(3, archived=True), attribute(1), "2"),
        (attribute(1), attribute(2), "2"),
        (attribute(2), attribute(1), "1"),
        (attribute(2, archived=True), attribute(1, archived=True), "1"),
        (attribute(1), attribute(1), "2"),
    ],
)
def test_one_of_two_attributes_of_a_name_is_kept_by_a_rule(
    world: World, first: dict[str, Any], second: dict[str, Any], kept: str
) -> None:
    """The one in use is the row, then the newest, in whatever order; the other one is named."""
    name = world.workspace.collection("company_attributes").ids()[0]
    world.workspace.patch("company_attributes", name, {"id": "1", **first}, bump=False)
    world.workspace.add_namesake("company_attributes", name, {"id": "2", **second})

    report = world.sync("company_attributes")
    again = world.sync("company_attributes")

    other = {"1": "2", "2": "1"}[kept]
    assert [kept] == [
        row["id"] for row in world.rows("company_attributes") if row["full_name"] == name
    ]
    assert (0, 0) == (again.updated, again.deleted)
    assert report.records_returned == report.row_count + 1
    assert 1 == sum(
        f"2 company_attributes share the full_name {name!r}" in line
        and f"kept is id {kept}, left out id {other}" in line
        for line in world.ear.warnings
    )


def test_an_attribute_that_gives_its_name_away_gives_its_row_away(world: World) -> None:
    """When the one that was kept is archived, the row shows the other, though it is older."""
    name = world.workspace.collection("company_attributes").ids()[0]
    world.workspace.patch("company_attributes", name, {"id": "1", **attribute(5)}, bump=False)
    world.workspace.add_namesake("company_attributes", name, {"id": "2", **attribute(1)})
    world.sync("company_attributes")
    archived = {"archived": True, "updated_at": 1_700_000_009}
    world.workspace.patch("company_attributes", name, archived, bump=False)

    report = world.sync("company_attributes")

    assert 1 == report.updated
    assert [False] == [
        row["archived"] for row in world.rows("company_attributes") if row["id"] == "2"
    ]

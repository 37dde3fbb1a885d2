"""What cannot be read is passed over, told, and due until it is; many at once are an incident."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from intercom_assets.engine.cursor import BatchLimits
from intercom_assets.errors import IntercomError, TransientError, Unauthorized
from intercom_assets.intercom.metrics import RequestMetrics
from intercom_assets_tests.guarantees.budget import some
from intercom_assets_tests.places import Place
from intercom_assets_tests.world import HOUR, World, make_world, nothing
from intercom_simulator import FaultKind, Record

FAMILIES = {
    "conversation_parts": ("conversations", "/conversations/{}"),
    "company_segments": ("companies", "/companies/{}/segments"),
}

MISSHAPEN: tuple[FaultKind, ...] = ("404", "html404", "500", "403", "400", "odd200", "garbage200")
"""Every way in which one record may not be what the documents show."""


SHAPES = some(MISSHAPEN, "404", "500", "garbage200")


@pytest.fixture
def world(copied: Callable[..., World]) -> World:
    """Make a world whose contacts have long lists, and whose parents are stored."""
    return copied(long_lists)


def long_lists(database: Path | Place) -> World:
    """Make it in a database."""
    world = make_world(database, contacts=40, companies=27, conversations=27)
    for record_id in world.workspace.collection("contacts").ids()[:30]:
        tag(world, record_id, 15)
    world.sync_all("conversations", "companies")
    return world


def tag(world: World, contact: str, count: int) -> None:
    """Give a contact so many tags."""
    tags = [{"type": "tag", "id": str(n), "url": f"/tags/{n}"} for n in range(1, count + 1)]
    wrapped = {"type": "list", "url": f"/contacts/{contact}/tags", "data": tags,
               "total_count": count, "has_more": False}  # fmt: skip
    world.workspace.patch("contacts", contact, {"tags": wrapped})


def with_children(world: World, child: str) -> str:
    """Find a parent that has children."""
    found: str = next(str(one[key_of(child)]) for one in world.workspace.truth(child))
    return found


def key_of(child: str) -> str:
    """Name the column that holds the parent's key."""
    return "conversation_id" if child == "conversation_parts" else "company_id"


def without(world: World, child: str, parent: str) -> list[Record]:
    """Give the true children of all parents but one."""
    return [one for one in world.workspace.truth(child) if str(one[key_of(child)]) != parent]


def fails(
    world: World, child: str, parent: str, *, kind: FaultKind, times: int | None = None
) -> None:
    """Let the list of one parent fail."""
    path = FAMILIES[child][1].format(parent)
    world.workspace.faults.on("GET", path, kind, times=times)


@pytest.mark.parametrize("child", FAMILIES)
def test_a_404_that_passes_costs_no_child(world: World, child: str) -> None:
    """A detail that lags behind its list once is read by the next sync."""
    parent = with_children(world, child)
    fails(world, child, parent, kind="404", times=1)

    first, due = world.sync(child), world.cursor(child).unread
    second = world.sync(child)

    assert (1, (parent,)) == (first.unread, due)
    assert (0, ()) == (second.unread, world.cursor(child).unread)
    assert second.inserted > 0
    assert world.expected(child) == world.stored(child)


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("child", FAMILIES)
def test_one_that_cannot_be_read_keeps_back_no_other(
    world: World, child: str, kind: FaultKind
) -> None:
    """All others land in the same sync, with one warning; it is due until it can be read."""
    parent = with_children(world, child)
    fails(world, child, parent, kind=kind)

    for _ in range(2):
        report = world.sync(child)

        assert len(without(world, child, parent)) == report.row_count
        assert (1, (parent,)) == (report.unread, world.cursor(child).unread)
        [warning] = world.ear.warnings
        assert f"1 record of {FAMILIES[child][0]} could not be read whole: {parent}" in warning
        assert FAMILIES[child][1].format(parent) in warning
    world.workspace.faults.targets.clear()
    world.sync(child)
    assert [] == world.ear.warnings
    assert world.expected(child) == world.stored(child)


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("child", FAMILIES)
def test_where_none_can_be_read_the_sync_fails(world: World, child: str, kind: FaultKind) -> None:
    """All at once are an incident: the sync says so, and the next one begins with them."""
    fails(world, child, "*", kind=kind)

    with pytest.raises(IntercomError, match="GET /"):
        world.sync(child)

    assert child not in world.warehouse.cursors("main_", "p_")
    world.workspace.faults.targets.clear()
    world.sync(child)
    assert world.expected(child) == world.stored(child)


def test_a_missing_permission_is_told_as_such(world: World) -> None:
    """Where every list is refused the permission is missing, and is named."""
    world.workspace.access.missing_scopes = {"read_conversations"}

    with pytest.raises(Unauthorized, match='lacks the permission "Read conversations"'):
        world.sync("conversation_parts")


def test_a_wrong_token_stops_at_once(world: World) -> None:
    """A token that is revoked while lists are read is no record's fault."""
    with world.connection() as connection:
        connection.workspace(
            connection.session(meter=RequestMetrics(), scope="", note=lambda _: None)
        )
        world.workspace.access.tokens = set()
        with pytest.raises(Unauthorized, match="wrong or was revoked"):
            world.sync_over(connection, "conversation_parts")


@pytest.mark.parametrize("kind", some(["404", "500", "html404"], "404", "500"))
def test_an_outage_in_the_middle_is_no_matter_of_single_records(
    database: Path, kind: FaultKind
) -> None:
    """From where nothing is answered any more nothing is passed over for good."""
    world = make_world(database, conversations=200)
    world.portions = BatchLimits(commit_rows=1)
    world.sync("conversations")
    world.workspace.faults.on("GET", "/conversations/*", kind, call=90, times=None)

    with pytest.raises(TransientError, match="one after the other"):
        world.sync("conversation_parts")

    assert len(world.cursor("conversation_parts").unread) < 20
    world.workspace.faults.targets.clear()
    world.sync("conversation_parts")
    assert world.expected("conversation_parts") == world.stored("conversation_parts")


def test_many_that_were_deleted_together_keep_back_no_other(database: Path) -> None:
    """A hundred parents in a row that are gone are passed over while others are shown."""
    world = make_world(database, conversations=200)
    world.sync("conversations")
    order = sorted(row["id"] for row in world.rows("conversations"))
    for record_id in order[20:120]:
        world.workspace.delete("conversations", record_id)

    report = world.sync("conversation_parts")

    assert 100 == report.unread
    assert world.expected("conversation_parts") == world.stored("conversation_parts")


def test_an_outage_that_ends_is_ridden_out(world: World) -> None:
    """Where nothing is answered all patience is used; nothing is passed over."""
    world.workspace.faults.on("GET", "/conversations/*", "503", times=4 * 27)

    report = world.sync("conversation_parts")

    assert (0, []) == (report.unread, world.ear.warnings)
    assert world.expected("conversation_parts") == world.stored("conversation_parts")


def test_one_bad_record_costs_few_tries(world: World) -> None:
    """A record that fails while others are answered is given up after four tries, then two."""
    parent = with_children(world, "conversation_parts")
    fails(world, "conversation_parts", parent, kind="500")
    tries = []
    for _ in range(2):
        world.workspace.log.clear()
        world.sync("conversation_parts")
        log = world.workspace.log.entries
        tries.append(sum(entry.path.endswith(f"/{parent}") for entry in log))

    assert [4, 2] == tries


def test_a_connection_that_is_lost_for_one_record_alone(world: World) -> None:
    """A record whose answer never comes is passed over while others are answered."""
    parent = with_children(world, "conversation_parts")

    def cut(request: httpx.Request) -> None:
        if request.url.path.endswith(f"/{parent}"):
            raise httpx.ReadTimeout("too long")

    world.before = cut
    reports = [world.sync("conversation_parts") for _ in range(2)]
    world.before = nothing

    assert [1, 1] == [report.unread for report in reports]
    world.sync("conversation_parts")
    assert world.expected("conversation_parts") == world.stored("conversation_parts")


@pytest.mark.parametrize("kind", ["short_list", "no_list"])
def test_a_list_that_is_shorter_than_it_counts_is_no_whole_list(
    world: World, kind: FaultKind
) -> None:
    """What came is stored, what is missing is not marked, and the rest comes later."""
    world.sync("conversation_parts")
    parent = max(world.workspace.parts, key=lambda key: len(world.workspace.parts[key]))
    world.clock.forward(HOUR)
    world.workspace.reply(parent)
    world.sync("conversations")
    world.clock.forward(1)
    fails(world, "conversation_parts", parent, kind=kind, times=1)

    report = world.sync("conversation_parts")

    assert (0, 1, set()) == (report.deleted, report.unread, world.marked("conversation_parts"))
    assert "shorter than it says" in world.ear.warnings[0]
    world.sync("conversation_parts")
    assert world.expected("conversation_parts") == world.stored("conversation_parts")


def test_a_parent_that_is_marked_is_no_longer_due(world: World) -> None:
    """What cannot be read because it is gone leaves when its record is marked."""
    gone = world.workspace.collection("conversations").ids()[3]
    world.workspace.delete("conversations", gone)
    assert 1 == world.sync("conversation_parts").unread
    world.sync("conversations", reconcile=True)

    report = world.sync("conversation_parts")

    assert (0, ()) == (report.unread, world.cursor("conversation_parts").unread)
    world.workspace.log.clear()
    world.sync("conversation_parts")
    assert 0 == world.workspace.log.count("GET", "/conversations/{id}")


@pytest.mark.parametrize("child", FAMILIES)
def test_a_full_refresh_keeps_due_what_it_cannot_read(world: World, child: str) -> None:
    """It forgets what was due, and notes what it cannot read itself."""
    first, second = sorted({str(one[key_of(child)]) for one in world.workspace.truth(child)})[:2]
    fails(world, child, first, kind="404", times=1)
    world.sync(child)
    fails(world, child, second, kind="404", times=1)

    world.sync(child, full_refresh=True)

    assert (second,) == world.cursor(child).unread
    world.sync(child)
    assert world.expected(child) == world.stored(child)


@pytest.mark.parametrize("kind", [*SHAPES, "no_list", "short_list"])
def test_one_that_cannot_be_completed_keeps_back_no_contact(world: World, kind: FaultKind) -> None:
    """All contacts land; the list stays as it is shown, and is due until it can be had."""
    contact = world.workspace.collection("contacts").ids()[3]
    target = world.workspace.faults.on("GET", f"/contacts/{contact}/tags", kind, times=None)

    for _ in range(2):
        report = world.sync("contacts")

        assert (40, 1, (contact,)) == (
            report.row_count,
            report.unread,
            world.cursor("contacts").unread,
        )
        tags = json.loads(world.row("contacts", contact)["tags"])
        assert (10, True, 15) == (len(tags["data"]), tags["has_more"], tags["total_count"])
        [warning] = world.ear.warnings
        assert f"1 record of contacts could not be read whole: {contact}. " in warning
        assert f"GET /contacts/{contact}/tags → HTTP" in warning
    world.workspace.faults.targets.remove(target)
    world.sync("contacts")
    assert ([], ()) == (world.ear.warnings, world.cursor("contacts").unread)
    assert world.expected("contacts") == world.stored("contacts")


@pytest.mark.parametrize("kind", some(["no_list", "short_list", "403", "404"], "no_list", "404"))
def test_lists_that_are_known_are_not_emptied(world: World, kind: FaultKind) -> None:
    """A contact that changes keeps the list that it shows, where the whole one is not had."""
    world.sync("contacts")
    contact = world.workspace.collection("contacts").ids()[3]
    world.clock.forward(HOUR)
    world.workspace.touch("contacts", contact)
    world.workspace.faults.on("GET", f"/contacts/{contact}/tags", kind, times=None)

    world.sync("contacts")

    world.workspace.faults.targets.clear()
    assert 10 == len(json.loads(world.row("contacts", contact)["tags"])["data"])
    world.sync("contacts")
    assert world.expected("contacts") == world.stored("contacts")


@pytest.mark.parametrize("kind", ["401", "403"])
def test_a_permission_that_lists_lack_is_named_and_costs_no_contact(
    world: World, kind: FaultKind
) -> None:
    """Where every list is refused, it is asked for some times only, and the sum is told."""
    world.workspace.faults.on("GET", "/contacts/*/tags", kind, times=None)
    for record_id in world.workspace.collection("contacts").ids()[30:]:
        tag(world, record_id, 12)

    report = world.sync("contacts")

    assert (40, 40) == (report.row_count, report.unread)
    [warning] = world.ear.warnings
    assert "40 records of contacts could not be read whole" in warning
    assert "lacks the permission" in warning
    world.workspace.log.clear()
    world.sync("contacts")
    asked = world.workspace.log.count("GET", "/contacts/{id}/tags")
    world.workspace.faults.targets.clear()
    assert 0 == world.sync("contacts").unread
    assert world.expected("contacts") == world.stored("contacts")
    assert asked < 80


def test_a_contact_that_is_gone_is_no_longer_due(world: World) -> None:
    """A reconcile that marks a contact ends its being due."""
    contact = world.workspace.collection("contacts").ids()[3]
    world.workspace.faults.on("GET", f"/contacts/{contact}/tags", "404", times=None)
    world.sync("contacts")
    world.workspace.delete("contacts", contact)
    assert 1 == world.sync("contacts").unread

    report = world.sync("contacts", reconcile=True)

    assert (1, 0) == (report.gone, report.unread)
    assert () == world.cursor("contacts").unread


def test_a_full_refresh_forgets_what_was_due(world: World) -> None:
    """What a read of everything does not meet any more is not due."""
    contact = world.workspace.collection("contacts").ids()[3]
    world.workspace.faults.on("GET", f"/contacts/{contact}/tags", "404", times=None)
    world.sync("contacts")
    world.workspace.delete("contacts", contact)

    report = world.sync("contacts", full_refresh=True)

    assert ({contact}, 0) == (world.marked("contacts"), report.unread)
    assert () == world.cursor("contacts").unread


def test_a_table_of_cursors_that_lacks_the_column_goes_on(world: World) -> None:
    """A database that an earlier release wrote gets the column, and keeps its cursors."""
    world.sync("conversation_parts")
    before = world.cursor("conversation_parts")
    world.execute("ALTER TABLE main_.p_rudder__cursors DROP COLUMN unread")
    world.clock.forward(HOUR)
    parent = with_children(world, "conversation_parts")
    world.workspace.reply(parent)
    world.sync("conversations")
    fails(world, "conversation_parts", parent, kind="404", times=1)

    report = world.sync("conversation_parts")

    assert before.parent_synced_at == report.cursor_before
    assert (parent,) == world.cursor("conversation_parts").unread
    world.sync("conversation_parts")
    assert world.expected("conversation_parts") == world.stored("conversation_parts")

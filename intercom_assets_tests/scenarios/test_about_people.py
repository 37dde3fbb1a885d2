"""What is read of each contact and company: notes, segments, choices of messages, tags."""

from collections.abc import Callable

import httpx
import pytest

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.describe import request_line
from intercom_assets.engine.cursor import BatchLimits
from intercom_assets.errors import IntercomError, TransientError
from intercom_assets_tests.hiding import sync_hiding
from intercom_assets_tests.world import World, nothing
from intercom_simulator.request_log import endpoint_of

NAMES = (
    "contact_notes",
    "company_notes",
    "contact_segments",
    "contact_subscriptions",
    "contact_taggings",
)
PARENTS = ("segments", "companies", "contacts")

every_list = pytest.mark.parametrize("name", NAMES)


def asked(world: World, name: str) -> int:
    """Count the parents whose list was requested, however many pages it has."""
    line = request_line(CATALOG[name])
    sent = world.workspace.log.entries
    return len({one.path for one in sent if endpoint_of(one.method, one.path) == line})


def drop_note(world: World) -> None:
    """Delete a note about a contact; the contact is not dated anew."""
    key = next(iter(world.workspace.notes))
    record = world.workspace.find("contacts", key)
    held = {**record["notes"], "data": record["notes"]["data"][1:]}
    held["total_count"] = len(held["data"])
    world.workspace.patch("contacts", key, {"notes": held}, bump=False)


def drop_company_note(world: World) -> None:
    """Delete a note about a company."""
    key, held = next(iter(world.workspace.company_notes.items()))
    world.workspace.company_notes[key] = held[1:]


def leave_segment(world: World) -> None:
    """Let a contact leave its segments."""
    world.workspace.contact_segments[next(iter(world.workspace.contact_segments))] = []


def forget_choice(world: World) -> None:
    """Let a contact return to the default."""
    key, held = next(iter(world.workspace.subscriptions.items()))
    world.workspace.subscriptions[key] = held[1:]


def drop_tag(world: World) -> None:
    """Take a tag from a contact that is not dated anew."""
    key = next(iter(world.workspace.taggings))
    record = world.workspace.find("contacts", key)
    held = {**record["tags"], "data": record["tags"]["data"][1:]}
    held["total_count"] = len(held["data"])
    world.workspace.patch("contacts", key, {"tags": held}, bump=False)


CHANGES: dict[str, Callable[[World], None]] = {
    "contact_notes": drop_note,
    "company_notes": drop_company_note,
    "contact_segments": leave_segment,
    "contact_subscriptions": forget_choice,
    "contact_taggings": drop_tag,
}


@every_list
def test_lists_are_read_whole_and_a_quiet_sync_asks_nothing(world: World, name: str) -> None:
    """Every entry has a row over all pages, nothing is left over in `_extra`."""
    world.sync_all(*PARENTS, name)
    world.workspace.log.clear()

    quiet = world.sync_all(*PARENTS, name)[name]

    assert len(world.workspace.truth(name)) > 5
    assert world.expected(name) == world.stored(name)
    assert {None} == {row["_extra"] for row in world.rows(name)}
    assert (0, 0, 0) == (quiet.inserted, quiet.updated, quiet.deleted)
    assert 0 == asked(world, name)


@every_list
def test_a_reconcile_finds_what_changed_beside_its_parent(world: World, name: str) -> None:
    """Whether a parent changes with its lists is not documented: a reconcile reads those of all."""
    world.sync_all(*PARENTS, name)
    CHANGES[name](world)

    plain = world.sync(name)
    report = world.sync(name, reconcile=True)

    assert 0 == plain.deleted
    assert (0, 0, 1) == (report.inserted, report.updated, report.deleted)
    assert world.expected(name) == world.stored(name)


@every_list
def test_lists_go_with_their_parent(world: World, name: str) -> None:
    """Rows of a parent that is gone are marked with it, without a request."""
    world.sync_all(*PARENTS, name)
    resource = CATALOG[name]
    assert resource.parent is not None
    key = resource.primary_key[0]
    gone = world.live(name)[0][key]
    world.workspace.delete(resource.parent, gone)
    world.sync(resource.parent, reconcile=True)
    world.workspace.log.clear()

    world.sync(name)

    assert {gone} == world.marked(name, key)
    assert 0 == asked(world, name)


ASKED = ["contact_segments", "contact_subscriptions"]
"""Lists of contacts that no count spares."""


@pytest.mark.parametrize("name", ASKED)
def test_a_first_read_goes_on_where_it_was_cut_off(world: World, name: str) -> None:
    """What was committed before the connection broke is not asked for again."""
    world.sync_all(*PARENTS)
    world.portions = BatchLimits(commit_rows=1)
    sent = 0

    def break_off(request: httpx.Request) -> None:
        nonlocal sent
        sent += request.url.path.startswith("/contacts/")
        if sent > 57:
            raise httpx.ConnectError("gone")

    world.before = break_off
    with pytest.raises(TransientError):
        world.sync(name)
    world.before = nothing
    world.workspace.log.clear()
    world.sync(name)

    assert 10 == asked(world, name)
    assert world.expected(name) == world.stored(name)


def test_an_absent_teammate_rewrites_no_note(world: World) -> None:
    """A note names its author; whether that one is away stands in admins alone."""
    world.sync_all("contacts", "contact_notes")
    for key, notes in world.workspace.notes.items():
        away = [one | {"author": {**one["author"], "away_mode_enabled": True}} for one in notes]
        world.workspace.notes[key] = away

    report = world.sync("contact_notes", reconcile=True)

    assert (0, 0, 0) == (report.inserted, report.updated, report.deleted)


def test_a_note_without_an_author_is_stored(world: World) -> None:
    """An author is optional: the row says null, and keeps nothing else in its place."""
    key, notes = next(iter(world.workspace.notes.items()))
    world.workspace.notes[key] = [{**notes[0], "author": None}, *notes[1:]]

    world.sync_all("contacts", "contact_notes")

    row = world.row("contact_notes", notes[0]["id"])
    assert (None, None) == (row["author_id"], row["_extra"])
    assert world.expected("contact_notes") == world.stored("contact_notes")


def test_a_renamed_segment_is_renamed_in_the_lists_of_contacts(world: World) -> None:
    """Rows of contacts follow the stored segment, without a request."""
    world.sync_all("segments", "contacts", "contact_segments")
    key = world.live("contact_segments")[0]["id"]
    world.clock.forward(60)
    world.workspace.rename("segments", key, "Anew")
    world.workspace.log.clear()

    world.sync_all("segments", "contact_segments")

    names = {row["name"] for row in world.live("contact_segments") if row["id"] == key}
    assert {"Anew"} == names
    assert 0 == asked(world, "contact_segments")


def test_a_tag_says_when_it_was_applied_and_by_whom(world: World) -> None:
    """Contacts name their tags; when, and by whom each was applied, only this list says."""
    world.sync_all("contacts", "contact_taggings")

    shown = {
        (row["contact_id"], row["id"]): (row["applied_at"].timestamp(), row["applied_by_id"])
        for row in world.live("contact_taggings")
    }

    assert shown == {
        (key, tag): (one["applied_at"], (one["applied_by"] or {}).get("id"))
        for key, tags in world.workspace.taggings.items()
        for tag, one in tags.items()
    }


COUNTED = {"contact_notes": "notes", "contact_taggings": "tags"}

every_counted = pytest.mark.parametrize("name", COUNTED)


def set_count(world: World, key: str, column: str, **fields: object) -> None:
    """Let a contact state another count of its notes or tags, dated anew."""
    world.clock.forward(60)
    held = world.workspace.find("contacts", key)[column]
    world.workspace.patch("contacts", key, {column: {**held, **fields}})


@every_counted
def test_a_contact_that_counts_none_is_not_asked_for(world: World, name: str) -> None:
    """A first sync requests the lists of contacts that count any; a reconcile requests all."""
    world.sync("contacts")
    some = sum(
        one[COUNTED[name]]["total_count"] > 0 for one in world.workspace.collection("contacts")
    )
    world.workspace.log.clear()

    world.sync(name)
    first = asked(world, name)
    world.sync(name, reconcile=True)

    assert 0 < some < 60
    assert (some, 60) == (first, asked(world, name))
    assert world.expected(name) == world.stored(name)


@every_counted
def test_a_stale_count_marks_nothing(world: World, name: str) -> None:
    """A count of 0 beside stored rows proves nothing: the list is requested, and its rows stay."""
    world.sync_all("contacts", name)
    key = world.live(name)[0]["contact_id"]
    set_count(world, key, COUNTED[name], total_count=0)
    world.workspace.log.clear()

    report = world.sync_all("contacts", name)[name]

    assert 1 == asked(world, name)
    assert 0 == report.deleted
    assert world.expected(name) == world.stored(name)


@every_counted
def test_the_last_one_that_is_gone_is_marked(world: World, name: str) -> None:
    """A contact that counts none any more is asked for as long as rows of it are stored."""
    world.sync_all("contacts", name)
    key = world.live(name)[0]["contact_id"]
    set_count(world, key, COUNTED[name], total_count=0, data=[])

    world.sync_all("contacts", name)
    set_count(world, key, COUNTED[name], url="/elsewhere")
    world.workspace.log.clear()
    world.sync_all("contacts", name)

    assert world.expected(name) == world.stored(name)
    assert 0 == asked(world, name)


@every_counted
def test_a_contact_that_begins_to_count_is_asked_for(world: World, name: str) -> None:
    """What comes to a contact that had none changes its count, and so is read."""
    world.sync_all("contacts", name)
    column = COUNTED[name]
    known = {row["contact_id"] for row in world.live(name)}
    key = next(one for one in world.workspace.collection("contacts").ids() if one not in known)
    tag = world.workspace.collection("tags").ids()[0]
    set_count(world, key, column, total_count=1, data=[{"type": column[:-1], "id": tag}])

    world.sync_all("contacts", name)

    assert key in {row["contact_id"] for row in world.live(name)}
    assert world.expected(name) == world.stored(name)


@pytest.mark.parametrize(
    "held",
    [
        None,
        {},
        {"total_count": None},
        {"total_count": "none"},
        {"total_count": False},
        {"data": []},
    ],
    ids=str,
)
def test_only_a_count_of_zero_spares_a_request(world: World, held: object) -> None:
    """Where the contact does not say how many there are, its list is requested."""
    world.sync_all("contacts", "contact_notes")
    known = {row["contact_id"] for row in world.live("contact_notes")}
    key = next(one for one in world.workspace.collection("contacts").ids() if one not in known)
    world.clock.forward(60)
    world.workspace.patch("contacts", key, {"notes": held})
    world.workspace.log.clear()

    world.sync_all("contacts", "contact_notes")

    assert 1 == asked(world, "contact_notes")


@pytest.mark.parametrize(
    ("exclude", "hashed"), [("notes", ""), ("", "notes"), ("notes.total_count", "")]
)
def test_a_hidden_count_spares_no_request(world: World, exclude: str, hashed: str) -> None:
    """Where the settings hide the count, all lists are requested."""
    sync_hiding(world, "contacts", exclude=exclude.split(), hashed=hashed.split())
    world.workspace.log.clear()

    world.sync("contact_notes")

    assert 60 == asked(world, "contact_notes")


def test_a_contact_that_could_not_be_read_stays_due(world: World) -> None:
    """A count of 0 does not settle what an earlier sync could not read."""
    world.sync("contacts")
    key = max(world.workspace.notes)
    world.workspace.faults.on("GET", f"/contacts/{key}/notes", "500", times=None)
    world.sync("contact_notes")
    set_count(world, key, "notes", total_count=0)

    world.sync_all("contacts", "contact_notes")
    due = world.cursor("contact_notes").unread
    world.workspace.faults.targets.clear()
    world.sync("contact_notes")

    assert (key,) == due
    assert () == world.cursor("contact_notes").unread
    assert world.expected("contact_notes") == world.stored("contact_notes")


def test_a_contact_that_was_merged_meanwhile_keeps_back_no_other(world: World) -> None:
    """Its list is refused (410) until the contact is marked; its notes are then marked with it."""
    world.sync_all("contacts", "contact_notes")
    source, target = list(world.workspace.notes)[:2]
    world.workspace.merge_contacts(source, target)

    world.sync("contact_notes", reconcile=True)
    due, marked = world.cursor("contact_notes").unread, world.marked("contact_notes", "contact_id")
    world.sync("contacts", reconcile=True)
    world.sync("contact_notes")

    assert ((source,), set()) == (due, marked)
    assert () == world.cursor("contact_notes").unread
    assert {source} == world.marked("contact_notes", "contact_id")


def test_an_id_may_come_as_a_number(world: World) -> None:
    """Ids are text in the table, however Intercom sends them."""
    key, notes = next(iter(world.workspace.company_notes.items()))
    world.workspace.company_notes[key] = [{**notes[0], "id": 4711}, *notes[1:]]

    world.sync_all("companies", "company_notes")

    assert "4711" in {row["id"] for row in world.rows("company_notes")}


def test_a_missing_permission_is_an_error(world: World) -> None:
    """What was asked for by name and may not be read fails, names it, and marks nothing."""
    world.sync_all("companies", "company_notes")
    world.workspace.faults.on("GET", "/companies/*/notes", "403", times=None)

    with pytest.raises(IntercomError, match="Read and list users and companies"):
        world.sync("company_notes", reconcile=True)

    assert set() == world.marked("company_notes")
    assert world.expected("company_notes") == world.stored("company_notes")

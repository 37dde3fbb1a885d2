"""Backfills: what was updated in a range is merged, and nothing else changes."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from intercom_assets.engine.cursor import BatchLimits, SyncOptions
from intercom_assets.errors import ConfigurationError, TransientError
from intercom_assets_tests.world import DAY, NOON, World, nothing

NOW = datetime.fromtimestamp(NOON, UTC)
LONG_AGO = datetime(2015, 1, 1, tzinfo=UTC)


def dates(world: World, name: str) -> list[datetime]:
    """Name when the true records of a resource were updated, oldest first."""
    truth = world.workspace.truth(name)
    return sorted(datetime.fromtimestamp(one["updated_at"], UTC) for one in truth)


@pytest.mark.parametrize("name", ["contacts", "conversations"])
@pytest.mark.parametrize("slice_records", [3, 750])
def test_a_backfill_before_any_sync_leaves_the_first_sync_to_come(
    world: World, name: str, slice_records: int
) -> None:
    """A range is merged where nothing was read yet; the first sync still reads everything."""
    world.portions = BatchLimits(slice_records=slice_records)
    ordered = dates(world, name)
    begin, end = ordered[len(ordered) // 3], ordered[2 * len(ordered) // 3]

    world.sync(name, since=begin, until=end)

    stored = {row["updated_at"] for row in world.rows(name)}
    assert {one for one in ordered if begin <= one < end} <= stored
    assert len(stored) < len(set(ordered))
    assert world.cursor(name).at is None
    world.sync(name)
    assert world.expected(name) == world.stored(name)


@pytest.mark.parametrize("name", ["contacts", "conversations"])
def test_a_backfill_mends_its_range_only_and_keeps_the_cursor(world: World, name: str) -> None:
    """What changed unnoticed in the range is mended; the cursor, and what is outside, stay."""
    world.sync(name)
    ordered = sorted(world.workspace.truth(name), key=lambda one: one["updated_at"])
    first, last = ordered[0], ordered[-1]
    for one in (first, last):
        world.workspace.patch(name, one["id"], {"title": "new", "name": "new"}, bump=False)
    before = world.cursor(name)
    end = datetime.fromtimestamp(first["updated_at"], UTC) + timedelta(seconds=1)

    report = world.sync(name, since=LONG_AGO, until=end)

    after = world.cursor(name)
    assert 1 == report.updated
    assert (before.at, before.complete) == (after.at, after.complete)
    assert before.deletions_at == after.deletions_at
    assert report.cursor_before == report.cursor_after == before.at


def test_a_backfill_marks_nothing(world: World) -> None:
    """Rows of the range that Intercom no longer returns stay as they are until a sync."""
    world.sync_all("conversations", "conversation_parts")
    part = world.rows("conversation_parts")[0]
    ids = world.workspace.collection("conversations").ids()
    gone = next(key for key in ids if key != part["conversation_id"])
    world.workspace.delete("conversations", gone)
    world.workspace.delete_part(part["conversation_id"], part["id"])

    reports = world.sync_all(
        "conversations", "conversation_parts", since=LONG_AGO, until=world.clock.moment()
    )

    assert [0, 0] == [report.deleted for report in reports.values()]
    world.clock.forward(60)
    world.sync_all("conversations", "conversation_parts")
    assert {gone} == world.marked("conversations")
    assert part["id"] in world.marked("conversation_parts")


@pytest.mark.parametrize("name", ["contacts", "conversations"])
@pytest.mark.parametrize("synced", [False, True])
def test_a_backfill_that_breaks_off_claims_nothing(
    world: World, name: str, *, synced: bool
) -> None:
    """What it committed is kept and the cursor stays; the next sync makes all of it right."""
    if synced:
        world.sync(name)
    at = world.cursor(name).at if synced else None
    world.portions = BatchLimits(slice_records=1, ahead_rows=2)

    def lose(_request: httpx.Request) -> None:
        if any(progress.done >= 6 for progress in world.ear.progress):
            raise httpx.ConnectError("lost")

    world.before = lose
    with pytest.raises(TransientError):
        world.sync(name, since=LONG_AGO, until=world.clock.moment())
    world.before = nothing

    assert world.rows(name)
    assert (at, False) == (world.cursor(name).at, world.cursor(name).complete)
    world.portions = BatchLimits()
    world.sync(name)
    assert world.expected(name) == world.stored(name)


def test_a_backfill_reads_the_parts_of_its_conversations(world: World) -> None:
    """Children are read for the stored parents of the range, whatever was read before."""
    world.sync_all("conversations", "conversation_parts")
    world.execute("DELETE FROM main_.p_rudder_conversation_parts")
    ordered = dates(world, "conversations")
    begin, end = ordered[1], ordered[4]
    before = world.cursor("conversation_parts")

    world.sync("conversation_parts", since=begin, until=end)

    expected = {
        row["id"] for row in world.rows("conversations") if begin <= row["updated_at"] < end
    }
    after = world.cursor("conversation_parts")
    assert expected == {row["conversation_id"] for row in world.rows("conversation_parts")}
    assert before.parent_synced_at == after.parent_synced_at


def test_what_a_backfill_stored_anew_is_due_for_its_children(world: World) -> None:
    """The parts of a conversation that only a backfill found come with the next sync."""
    ordered = dates(world, "conversations")
    world.sync_all("conversations", "conversation_parts")
    world.execute("DELETE FROM main_.p_rudder_conversations")
    world.execute("DELETE FROM main_.p_rudder_conversation_parts")
    world.sync("conversations", since=LONG_AGO, until=ordered[3])

    world.sync("conversation_parts")

    stored = {row["id"] for row in world.rows("conversations")}
    assert stored
    assert stored == {row["conversation_id"] for row in world.rows("conversation_parts")}


def test_what_was_due_stays_due(world: World) -> None:
    """A backfill does not settle records that an earlier sync could not read."""
    world.sync("conversations")
    key = world.workspace.collection("conversations").ids()[0]
    cursors = f"{world.source.schema}.{world.source.prefix}rudder__cursors"
    world.execute(f"UPDATE {cursors} SET unread = '[\"{key}\"]'")

    report = world.sync("conversations", since=LONG_AGO, until=world.clock.moment())

    assert (key,) == world.cursor("conversations").unread
    assert 1 == report.unread


@pytest.mark.parametrize("name", ["tags", "companies", "company_segments"])
def test_what_intercom_does_not_filter_by_time_is_synced_as_always(world: World, name: str) -> None:
    """Lists, and children of lists, are read as without a range."""
    world.sync("companies")

    world.sync(name, since=LONG_AGO, until=LONG_AGO + timedelta(days=1))

    assert world.expected(name) == world.stored(name)


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles", "UTC"])
@pytest.mark.parametrize("hide_zone", [False, True])
def test_a_range_of_seconds_covers_its_contacts_in_any_zone(
    world: World, zone: str, *, hide_zone: bool
) -> None:
    """Search compares days of a zone that may be unknown; no contact of the range is missed."""
    world.workspace.timezone, world.hide_zone = zone, hide_zone
    ids = world.workspace.collection("contacts").ids()
    for key in ids[:24]:
        world.clock.forward(3_600)
        world.workspace.touch("contacts", key)
    end = world.clock.moment() + timedelta(seconds=1)
    world.clock.forward(9 * DAY)

    world.sync("contacts", since=end - timedelta(hours=24), until=end)

    assert set(ids[:24]) <= {row["id"] for row in world.rows("contacts")}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"until": NOW}, "until is set without since. Set since too"),
        ({"since": NOW, "until": NOW}, "is not after since"),
        ({"since": LONG_AGO, "until": NOW, "full_refresh": True}, "Run them apart"),
        ({"since": LONG_AGO, "until": NOW, "reconcile": True}, "Run them apart"),
    ],
)
def test_contradicting_options_are_refused(options: dict[str, object], message: str) -> None:
    """A range without a beginning, an empty one, and one of everything are refused."""
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        SyncOptions(**options)  # type: ignore[arg-type]


def test_a_range_before_the_start_date_is_refused(world: World) -> None:
    """Records before the start date are not kept, so that nothing would be read."""
    world.source = replace(world.source, start_date=NOW - timedelta(days=9))

    with pytest.raises(ConfigurationError, match="lies before the start date of contacts"):
        world.sync("contacts", since=LONG_AGO, until=NOW - timedelta(days=10))

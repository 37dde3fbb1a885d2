"""Deleted conversations are marked by the next sync: from 2.16 on Intercom lists them."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal

import httpx
import pytest

from intercom_assets.catalog import ApiVersion
from intercom_assets_tests.guarantees.answering import answering
from intercom_assets_tests.world import DAY, HOUR, World

_PORTS = itertools.count(31_000)

NAME = "conversations"
LIST = "/conversations/deleted"


def pages(world: World) -> int:
    """Count the pages of the list that were asked for."""
    return world.workspace.log.count("GET", LIST)


def ids(world: World) -> list[str]:
    """Give the conversations that exist, those that changed last at the end."""
    truth = world.workspace.truth(NAME)
    return [str(one["id"]) for one in sorted(truth, key=lambda one: one["updated_at"])]


def strangers(world: World, count: int) -> None:
    """Delete conversations that no sync has seen."""
    for number in range(count):
        world.workspace.add(NAME, {"id": f"never-{number}", "updated_at": 1})
        world.workspace.delete(NAME, f"never-{number}")


def test_a_deleted_conversation_is_marked_by_the_next_sync(world: World) -> None:
    """The list is Intercom's own word: one request, nothing is asked for again, parts follow."""
    gone = ids(world)[3]
    world.sync_all(NAME, "conversation_parts")
    world.clock.forward(DAY)
    world.workspace.delete(NAME, gone)
    world.workspace.log.clear()

    report = world.sync(NAME)
    parts = world.sync("conversation_parts")

    assert (1, 0, 0) == (report.deleted, report.updated, report.gone)
    assert 1 == pages(world)
    assert 0 == world.workspace.log.count("GET", "/conversations/{id}")
    assert {gone} == world.marked(NAME)
    assert {gone} == world.marked("conversation_parts", "conversation_id")
    assert parts.deleted
    assert world.expected("conversation_parts") == world.stored("conversation_parts")


def test_a_quiet_sync_asks_for_one_page_and_writes_nothing(world: World) -> None:
    """However much was deleted before, a sync without news reads the newest page alone."""
    world.sync(NAME)
    for gone in ids(world)[:9]:
        world.workspace.delete(NAME, gone)
    strangers(world, 150)
    world.sync(NAME)
    world.clock.forward(2 * HOUR)
    world.sync(NAME)
    world.workspace.log.clear()
    before = world.rows(NAME)

    report = world.sync(NAME)

    assert 1 == pages(world)
    assert (0, 0, 0) == (report.inserted, report.updated, report.deleted)
    assert before == world.rows(NAME)


def test_a_first_sync_asks_for_one_page(world: World) -> None:
    """Where no row is stored none can be marked, however long the list is."""
    strangers(world, 150)
    world.clock.forward(DAY)

    report = world.sync(NAME)

    assert 1 == pages(world)
    assert (25, 0) == (report.inserted, report.deleted)


def test_conversations_that_were_never_stored_hide_none_that_was(world: World) -> None:
    """Deletions from before the start date fill pages; those behind them are found all the same."""
    kept = ids(world)[-6:]
    oldest = world.workspace.find(NAME, kept[0])["updated_at"]
    world.source = replace(world.source, start_date=datetime.fromtimestamp(oldest, UTC))
    world.sync(NAME)
    world.clock.forward(DAY)
    world.workspace.delete(NAME, kept[0])
    world.clock.forward(60)
    strangers(world, 130)

    world.sync(NAME)

    assert {kept[0]} == world.marked(NAME)


def test_the_first_reading_finds_what_was_deleted_before(world: World) -> None:
    """Rows that an older version of the API stored: the list is read whole once."""
    world.version = ApiVersion(2, 15)
    gone = ids(world)[:5]
    world.sync(NAME)
    for one in gone:
        world.workspace.delete(NAME, one)
        world.clock.forward(DAY)
    strangers(world, 130)
    world.clock.forward(DAY)
    assert 0 == world.sync(NAME).deleted
    world.version = ApiVersion(2, 16)
    world.workspace.log.clear()

    world.sync(NAME)
    whole = pages(world)
    world.sync(NAME)

    assert (3, 4) == (whole, pages(world))
    assert set(gone) == world.marked(NAME)


def test_older_versions_are_not_asked(world: World) -> None:
    """Below 2.16 there is no such list: a reconcile marks what is gone, as before."""
    world.version = ApiVersion(2, 15)
    gone = ids(world)[3]
    world.sync(NAME)
    world.workspace.delete(NAME, gone)

    plain = world.sync(NAME)
    reconcile = world.sync(NAME, reconcile=True)

    assert (0, 1, 1) == (plain.deleted, reconcile.deleted, reconcile.gone)
    assert 0 == pages(world)
    assert None is world.cursor(NAME).deletions_at


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_a_list_that_is_refused_stops_no_sync(
    world: World, status: Literal[401, 403, 404, 500]
) -> None:
    """Rows land, one warning tells of it, and the next sync that may read it loses nothing."""
    gone, changed = ids(world)[3:5]
    world.sync(NAME)
    world.workspace.delete(NAME, gone)
    world.workspace.touch(NAME, changed)
    world.workspace.behaviour.deletions_status = status
    for _ in range(3):
        report = world.sync(NAME)
        world.clock.forward(DAY)
    assert (0, 0) == (report.deleted, len(world.marked(NAME)))
    assert [LIST in line for line in world.ear.warnings] == [True]
    assert world.row(NAME, changed)["updated_at"].timestamp() < world.clock() - 2 * DAY
    world.workspace.behaviour.deletions_status = 200

    world.sync(NAME)

    assert {gone} == world.marked(NAME)
    assert [] == world.ear.warnings


def test_a_list_that_breaks_off_is_read_again(world: World) -> None:
    """What came before the fault is marked; what lies behind it is read by the next sync."""
    first, last = ids(world)[3:5]
    world.sync(NAME)
    world.clock.forward(DAY)
    world.workspace.delete(NAME, first)
    world.clock.forward(DAY)
    strangers(world, 70)
    world.workspace.delete(NAME, last)
    world.workspace.faults.on("GET", LIST, "502", call=2, times=100)

    world.sync(NAME)
    halfway = world.marked(NAME)
    world.workspace.faults.targets.clear()
    world.clock.forward(DAY)
    world.sync(NAME)

    assert {last} == halfway
    assert {first, last} == world.marked(NAME)


def test_a_row_that_comes_back_is_not_marked(world: World) -> None:
    """What search returns in the same sync exists, whatever the list says, and is written once."""
    back = ids(world)[3]
    record = world.workspace.find(NAME, back)
    world.sync(NAME)
    world.workspace.delete(NAME, back)
    world.sync(NAME)
    assert {back} == world.marked(NAME)
    world.clock.forward(60)
    world.workspace.add(NAME, {**record, "updated_at": world.workspace.now()})

    report = world.sync(NAME)
    again = world.sync(NAME)

    assert (1, 0) == (report.updated, report.deleted)
    assert (0, 0) == (again.updated, again.deleted)
    assert set() == world.marked(NAME)
    assert world.expected(NAME) == world.stored(NAME)


def test_a_list_that_is_wrong_is_put_right_by_a_reconcile(world: World) -> None:
    """A conversation that is listed and exists is unmarked by the comparison of all rows."""
    wrong = ids(world)[3]
    record = world.workspace.find(NAME, wrong)
    world.clock.forward(30 * DAY)
    world.sync(NAME)
    world.workspace.delete(NAME, wrong)
    world.workspace.add(NAME, record)

    world.sync(NAME)
    marked = world.marked(NAME)
    world.clock.forward(DAY)
    world.sync(NAME, reconcile=True)
    world.sync(NAME)

    assert {wrong} == marked
    assert set() == world.marked(NAME)


def test_a_deletion_that_search_shows_late_is_marked_once_it_does(world: World) -> None:
    """A changed conversation that search still returns is marked by the sync after it."""
    gone = ids(world)[3]
    world.sync(NAME)
    world.clock.forward(60)
    world.workspace.touch(NAME, gone)
    world.workspace.index_delay = 1800.0
    world.workspace.delete(NAME, gone)
    world.sync(NAME)
    still = world.sync(NAME)
    world.clock.forward(1800)

    world.sync(NAME)

    assert (0, 0) == (still.updated, still.deleted)
    assert {gone} == world.marked(NAME)


@pytest.mark.parametrize(
    ("delay", "asked"), [(HOUR - 1, {}), (2 * DAY, {"reconcile": True})], ids=["soon", "late"]
)
def test_a_deletion_that_is_listed_late_is_found(
    world: World, delay: float, asked: dict[str, bool]
) -> None:
    """Within the lookback the next sync finds it, later a reconcile does."""
    gone = ids(world)[3]
    world.workspace.behaviour.deletions_delay = delay
    world.sync(NAME)
    world.clock.forward(DAY)
    world.workspace.delete(NAME, gone)
    world.clock.forward(delay - 1)
    world.sync(NAME)
    world.clock.forward(1)
    assert set() == world.marked(NAME)

    world.sync(NAME, **asked)

    assert {gone} == world.marked(NAME)


def test_a_list_that_loses_entries_while_it_is_read_is_read_again(world: World) -> None:
    """An entry that moves up to a page that was read is found by the next sync."""
    gone = ids(world)[3]
    strangers(world, 70)
    world.clock.forward(DAY)
    world.sync(NAME)
    world.clock.forward(DAY)
    world.workspace.delete(NAME, gone)
    strangers(world, 60)
    world.clock.forward(2 * HOUR)
    listed = world.workspace.deleted_conversations

    def restore(request: httpx.Request) -> None:
        if request.url.path == LIST and request.url.params["page"] == "2":
            listed.pop()

    world.before = restore
    world.sync(NAME)
    passed_over = world.marked(NAME)
    world.clock.forward(DAY)
    world.sync(NAME)

    assert set() == passed_over
    assert {gone} == world.marked(NAME)


def test_entries_without_a_date_or_id_stop_nothing(world: World) -> None:
    """An entry that says less than documented is taken for what it says, and is no end."""
    undated, dated = ids(world)[3:5]
    world.sync(NAME)
    world.workspace.delete(NAME, dated)
    strangers(world, 130)
    world.workspace.delete(NAME, undated)
    world.clock.forward(30 * DAY)
    listed = world.workspace.deleted_conversations
    listed[-1] = {"type": "conversation", "id": undated, "deleted_at": None}
    listed.append({"type": "conversation", "id": None, "deleted_at": world.workspace.now()})

    world.sync(NAME)

    assert {undated, dated} == world.marked(NAME)


def test_without_intercoms_clock_the_newest_entry_tells_how_far_it_was_read(world: World) -> None:
    """Where a proxy strips `Date`, a clock of ours that is ahead hides no deletion."""

    def undated(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path == LIST:
            del response.headers["Date"]
        return response

    first, second = ids(world)[3:5]
    world.sync(NAME)
    world.clock.forward(DAY)
    for one in (first, second):
        world.workspace.delete(NAME, one)
        with answering(world, next(_PORTS), undated) as connection:
            world.sync_over(connection, NAME)
        reached = world.cursor(NAME).deletions_at
        assert reached is not None
        assert world.clock() == reached.timestamp()
        world.clock.forward(DAY)

    assert {first, second} == world.marked(NAME)


def test_a_list_in_another_order_is_read_to_its_end(world: World) -> None:
    """Only a page with the newest first tells that what follows is known."""

    def oldest_first(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path != LIST:
            return response
        page = int(request.url.params["page"])
        listed = world.workspace.deleted_conversations
        shown, more = listed[(page - 1) * 60 : page * 60], len(listed) > page * 60
        body = {"conversations": shown, "pages": {"next": page + 1 if more else None}}
        return httpx.Response(200, headers={"Date": response.headers["Date"]}, json=body)

    for _ in range(61):
        strangers(world, 1)
        world.clock.forward(60)
    world.clock.forward(DAY)
    gone = ids(world)[3]
    world.sync(NAME)
    world.workspace.delete(NAME, gone)
    with answering(world, next(_PORTS), oldest_first) as connection:
        world.sync_over(connection, NAME)

    assert {gone} == world.marked(NAME)

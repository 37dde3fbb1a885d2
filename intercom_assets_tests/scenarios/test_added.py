"""Append-only lists: each sync reads what was added, and marks nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Literal
from urllib.parse import parse_qs

import httpx
import pytest

from intercom_assets.catalog import CATALOG, ApiVersion
from intercom_assets.errors import TransientError, Unauthorized
from intercom_assets.intercom.metrics import RequestMetrics
from intercom_assets.intercom.workspace import probe
from intercom_assets_tests.world import DAY, HOUR, NOON, World, nothing
from intercom_simulator import Faults

LOGS, DELETED = "activity_logs", "deleted_conversations"
BOTH = pytest.mark.parametrize("name", [LOGS, DELETED])
PATHS = {LOGS: "/admins/activity_logs", DELETED: "/conversations/deleted"}
MADE = datetime(2023, 1, 1, tzinfo=UTC)
"""When the simulated workspace was created."""


def requests(world: World, name: str = LOGS) -> int:
    """Count the pages that were asked for."""
    return world.workspace.log.count("GET", PATHS[name])


def windows(world: World) -> list[tuple[int, int | None]]:
    """List the windows of the logs that were asked for, without the pages after their first."""
    rows = [row for row in world.workspace.log.rows() if row["path"] == PATHS[LOGS]]
    queries = [parse_qs(row["query"]) for row in rows]
    return [
        (int(one["created_at_after"][0]), int(one.get("created_at_before", ["0"])[0]) or None)
        for one in queries
        if "page" not in one
    ]


def add(world: World, name: str, key: str) -> str:
    """Let something be added now."""
    if name == LOGS:
        return world.workspace.log_activity(id=key)
    world.workspace.add("conversations", {"id": key})
    world.workspace.delete("conversations", key)
    return key


def moment(seconds: float) -> datetime:
    """Convert Unix seconds."""
    return datetime.fromtimestamp(seconds, UTC)


@BOTH
def test_a_first_sync_reads_everything_and_a_quiet_one_a_page(world: World, name: str) -> None:
    """Nothing that Intercom lists is missing, and a sync without news costs one request."""
    report = world.sync(name)
    world.workspace.log.clear()

    quiet = world.sync(name)

    assert world.expected(name) == world.stored(name)
    assert report.inserted == len(world.workspace.truth(name)) > 0
    assert (0, 0, 0) == (quiet.inserted, quiet.updated, quiet.deleted)
    assert 1 == requests(world, name)


@BOTH
def test_each_sync_adds_what_is_new(world: World, name: str) -> None:
    """What is added between two syncs, even in the second of a sync, is stored by the next."""
    world.sync(name)
    for number in range(6):
        add(world, name, f"new-{number}")
        assert 1 == world.sync(name).inserted
        add(world, name, f"same-second-{number}")
        assert 1 == world.sync(name).inserted
        world.clock.forward(DAY)

    assert world.expected(name) == world.stored(name)


@BOTH
@pytest.mark.parametrize("lookback", [timedelta(0), timedelta(hours=1)])
def test_a_cursor_is_the_greatest_date_read(world: World, name: str, lookback: timedelta) -> None:
    """A window begins `lookback` before it; without one, in the very second of the last record."""
    world.source = replace(world.source, lookback=lookback)
    add(world, name, "a")
    world.sync(name)
    assert world.clock.moment() == world.cursor(name).at
    add(world, name, "b")
    world.clock.forward(60 * DAY)

    world.sync(name)

    assert world.expected(name) == world.stored(name)
    assert moment(NOON) == world.cursor(name).at


@BOTH
def test_a_date_in_the_future_moves_no_cursor_beyond_the_clock(world: World, name: str) -> None:
    """One record of 2056 hides nothing that is added before."""
    if name == LOGS:
        world.workspace.log_activity(created_at=2_713_000_000)
    else:
        world.workspace.behaviour.deletions_delay = -1e9
        add(world, name, "early")
        world.workspace.deleted_conversations[-1]["deleted_at"] = 2_713_000_000
    world.sync(name)
    assert world.clock.moment() == world.cursor(name).at
    world.clock.forward(DAY)
    add(world, name, "later")

    world.sync(name)

    assert "later" in {row["id"] for row in world.rows(name)}


@BOTH
def test_nothing_is_ever_marked(world: World, name: str) -> None:
    """What Intercom no longer lists stays: by a sync, a reconcile or a full refresh."""
    world.sync(name)
    before = world.rows(name)
    world.workspace.deleted_conversations.clear()
    for log in world.workspace.truth(LOGS):
        world.workspace.remove(LOGS, log["id"])

    for options in ({}, {"reconcile": True}, {"full_refresh": True}):
        assert 0 == world.sync(name, **options).deleted

    assert before == world.rows(name)


@BOTH
def test_a_start_date_limits_the_read_and_moving_it_back_reads_more(
    world: World, name: str
) -> None:
    """Only what was added since the start date is kept; an earlier one reads the rest."""
    dated = "created_at" if name == LOGS else "deleted_at"
    truth = sorted(world.workspace.truth(name), key=lambda one: one[dated])
    start = moment(truth[len(truth) // 2][dated])
    world.source = replace(world.source, start_date=start)

    world.sync(name)
    later = {row["id"] for row in world.rows(name)}
    world.source = replace(world.source, start_date=None)
    world.sync(name)

    assert {one["id"] for one in truth if moment(one[dated]) >= start} == later
    assert world.expected(name) == world.stored(name)


@BOTH
def test_a_full_refresh_reads_everything_again(world: World, name: str) -> None:
    """What was missed long before the cursor is found."""
    world.sync(name)
    dated = "created_at" if name == LOGS else "deleted_at"
    late = {**world.workspace.truth(name)[0], "id": "late", dated: int(MADE.timestamp()) + 5}
    if name == LOGS:
        world.workspace.log_activity(**late)
    else:
        for number in range(60):
            add(world, name, f"a-page-{number}")
        world.clock.forward(2 * HOUR)
        add(world, name, "last")
        world.sync(name)
        world.workspace.deleted_conversations.insert(0, late)
    world.sync(name)
    assert "late" not in {row["id"] for row in world.rows(name)}

    report = world.sync(name, full_refresh=True)

    assert 1 == report.inserted
    assert world.expected(name) == world.stored(name)


def test_a_token_that_is_shown_nothing_skips_nothing(world: World) -> None:
    """An empty list moves no cursor: later syncs ask once, and read all of what is shown at last.

    A token that lacks a permission may be answered with an empty list instead of a refusal.
    """
    logs = world.workspace.truth(LOGS)
    for log in logs:
        world.workspace.remove(LOGS, log["id"])
    world.sync(LOGS)
    assert requests(world) > 2
    for _ in range(3):
        world.clock.forward(20 * DAY)
        world.workspace.log.clear()
        world.sync(LOGS)
        assert (1, None) == (requests(world), world.cursor(LOGS).at)
    world.workspace.collection(LOGS).fill(logs)

    world.sync(LOGS)

    assert world.expected(LOGS) == world.stored(LOGS)


def test_a_workspace_that_became_quiet_costs_a_request(world: World) -> None:
    """Months after the newest log a sync asks once, and still finds what came late beside it."""
    world.sync(LOGS)
    newest = world.cursor(LOGS).at
    assert newest is not None
    for _ in range(2):
        world.clock.forward(100 * DAY)
        world.workspace.log.clear()
        world.sync(LOGS)
        assert (1, newest) == (requests(world), world.cursor(LOGS).at)
    world.workspace.log_activity(id="late", created_at=int(newest.timestamp()) - 1_800)
    for number in range(50):
        world.workspace.log_activity(
            id=f"new-{number}", created_at=int(newest.timestamp()) + number * 86_400
        )

    report = world.sync(LOGS)

    assert 51 == report.inserted
    assert world.expected(LOGS) == world.stored(LOGS)


def test_a_long_window_that_intercom_cannot_answer_for_is_read_in_slices(world: World) -> None:
    """It is tried once; the slices of thirty days bring what is new."""
    world.sync(LOGS)
    world.clock.forward(200 * DAY)
    add(world, LOGS, "new")

    def time_out(request: httpx.Request) -> None:
        params = request.url.params
        begin = int(params.get("created_at_after", world.clock.now))
        if int(params.get("created_at_before", world.clock.now)) - begin > 31 * DAY:
            raise httpx.ReadTimeout("long")

    world.before = time_out

    report = world.sync(LOGS)

    assert 1 == report.inserted


def test_an_empty_read_that_breaks_off_begins_again(world: World) -> None:
    """Nothing came yet, and nothing says that the rest is empty too."""
    logs = world.workspace.truth(LOGS)
    for log in logs:
        world.workspace.remove(LOGS, log["id"])

    def break_off(request: httpx.Request) -> None:
        if int(request.url.params.get("created_at_after", 0)) > NOON - 40 * DAY:
            raise httpx.ConnectError("gone")

    world.before = break_off
    with pytest.raises(TransientError):
        world.sync(LOGS)
    world.before = nothing
    world.workspace.collection(LOGS).fill(logs)

    world.sync(LOGS)

    assert world.expected(LOGS) == world.stored(LOGS)


def test_windows_of_thirty_days_cover_the_life_of_the_workspace(world: World) -> None:
    """A first read begins when the workspace was created; no window is longer than thirty days."""
    world.sync(LOGS)

    found = windows(world)
    assert int(MADE.timestamp()) - 1 == found[0][0]
    assert all(end is None or end - begin <= 30 * DAY + 2 for begin, end in found)
    assert all(end is not None and begin < end for (_, end), (begin, _) in pairwise(found))
    assert found[-1][1] is None or found[-1][1] > NOON


@pytest.mark.parametrize("inclusive", [False, True])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_records_at_the_bounds_of_a_window_are_read(
    world: World, *, inclusive: bool, order: Literal["asc", "desc"]
) -> None:
    """Whatever Intercom takes a bound for, and however it orders, a second on it is not lost."""
    world.workspace.behaviour.inclusive_bounds = inclusive
    world.workspace.behaviour.activity_order = order
    begin = int(MADE.timestamp())
    for days in range(0, 91, 30):
        for second in (0, 1, 86_400 * 30 - 1):
            for copy in range(25):
                at = begin + days * 86_400 + second
                world.workspace.log_activity(id=f"{days} {second} {copy}", created_at=at)

    world.sync(LOGS)

    assert world.expected(LOGS) == world.stored(LOGS)


def test_a_window_that_intercom_cannot_answer_for_is_read_in_shorter_ones(world: World) -> None:
    """Long windows may time out: shorter ones are read, and longer ones again where they work."""
    world.attempts = 2
    for second in range(90):
        world.workspace.log_activity(id=f"x{second}", created_at=int(NOON - 20 * DAY) + second)
    hard = (NOON - 40 * DAY, NOON - 5 * DAY)

    def time_out(request: httpx.Request) -> None:
        begin = int(request.url.params.get("created_at_after", 0))
        end = int(request.url.params.get("created_at_before", NOON))
        if end - begin > 3 * DAY and begin < hard[1] and end > hard[0]:
            # The first page comes, so that records of a window that fails are known.
            page = request.url.params.get("page", "1")
            if page != "1" or begin > hard[0]:
                raise httpx.ReadTimeout("long")

    world.before = time_out

    world.sync(LOGS)

    assert world.expected(LOGS) == world.stored(LOGS)
    assert any("asking for a day at a time" in note for note in world.ear.notes)


def test_an_outage_ends_the_read_before_what_is_missing(world: World) -> None:
    """Where not even a day can be read the sync fails, and its cursor waits before that day."""
    world.attempts = 2
    dead = int(NOON - 50 * DAY)
    world.workspace.log_activity(id="behind", created_at=dead + 20 * 86_400)

    def time_out(request: httpx.Request) -> None:
        begin = int(request.url.params.get("created_at_after", 0))
        if begin > dead or (begin + DAY > dead and request.url.params.get("page")):
            raise httpx.ReadTimeout("dead")

    world.before = time_out
    with pytest.raises(TransientError):
        world.sync(LOGS)

    truth = {log["id"]: moment(log["created_at"]) for log in world.workspace.truth(LOGS)}
    reached = world.cursor(LOGS).at
    assert reached is not None
    assert {key for key, at in truth.items() if at <= reached} <= {
        row["id"] for row in world.rows(LOGS)
    }
    world.before = nothing
    world.sync(LOGS)
    assert world.expected(LOGS) == world.stored(LOGS)


def test_an_interrupted_read_resumes_at_its_last_window(world: World) -> None:
    """Windows that were read are committed; the next sync begins at the newest log of them."""
    truth = sorted(log["created_at"] for log in world.workspace.truth(LOGS))
    middle = truth[len(truth) // 2]

    def break_off(request: httpx.Request) -> None:
        if int(request.url.params.get("created_at_after", 0)) > middle:
            raise httpx.ConnectError("gone")

    world.before = break_off
    with pytest.raises(TransientError):
        world.sync(LOGS)
    stored = world.cursor(LOGS)
    assert stored.at is not None
    assert not stored.complete
    assert 0 < len(world.rows(LOGS)) < len(truth)
    world.before = nothing
    world.workspace.log.clear()

    world.sync(LOGS)

    begin = windows(world)[0][0]
    assert stored.at - timedelta(hours=1, seconds=1) == moment(begin)
    assert world.expected(LOGS) == world.stored(LOGS)


def test_a_newest_first_read_that_breaks_off_keeps_the_cursor(world: World) -> None:
    """Between what came and what is known records may be missing, so the cursor waits."""
    world.sync(DELETED)
    before = world.cursor(DELETED).at
    world.clock.forward(DAY)
    for number in range(150):
        add(world, DELETED, f"d-{number}")

    def break_off(request: httpx.Request) -> None:
        if int(request.url.params.get("page", 1)) > 1:
            raise httpx.ConnectError("gone")

    world.before = break_off
    with pytest.raises(TransientError):
        world.sync(DELETED)
    assert before == world.cursor(DELETED).at
    world.before = nothing

    world.sync(DELETED)

    assert world.expected(DELETED) == world.stored(DELETED)


def test_an_entry_that_slips_between_two_pages_is_read_by_the_next_sync(world: World) -> None:
    """A list that shrinks while it is read moves no cursor: one entry may not have been shown."""
    world.sync(DELETED)
    world.clock.forward(DAY)
    for number in range(150):
        add(world, DELETED, f"d-{number}")

    def shrink(request: httpx.Request) -> None:
        if request.url.params.get("page") == "2":
            del world.workspace.deleted_conversations[-10:]

    world.before = shrink
    before = world.cursor(DELETED).at
    world.sync(DELETED)
    assert before == world.cursor(DELETED).at
    world.before = nothing

    world.sync(DELETED)

    assert {one["id"] for one in world.workspace.truth(DELETED)} <= {
        row["id"] for row in world.rows(DELETED)
    }


def test_news_are_read_page_by_page_down_to_what_is_known(world: World) -> None:
    """Two pages of deletions and one known: three requests, however long the list is."""
    for number in range(400):
        add(world, DELETED, f"old-{number}")
        world.clock.forward(HOUR)
    world.sync(DELETED)
    world.clock.forward(DAY)
    for number in range(130):
        add(world, DELETED, f"new-{number}")
    world.workspace.log.clear()

    report = world.sync(DELETED)

    assert 130 == report.inserted
    assert 3 == requests(world, DELETED)


def test_a_backfill_of_logs_merges_its_range(world: World) -> None:
    """Logs of the range are merged; the cursor stays, and nothing outside is requested."""
    truth = sorted(world.workspace.truth(LOGS), key=lambda one: str(one["created_at"]))
    begin, end = moment(truth[100]["created_at"]), moment(truth[200]["created_at"])

    world.sync(LOGS, since=begin, until=end)

    stored = {row["created_at"] for row in world.rows(LOGS)}
    dates = [moment(one["created_at"]) for one in truth]
    inside = {date for date in dates if begin <= date < end}
    assert inside <= stored
    assert all(begin <= one <= end for one in stored)
    assert world.cursor(LOGS).at is None
    world.sync(LOGS)
    assert world.expected(LOGS) == world.stored(LOGS)


def test_a_backfill_far_back_ends_where_the_clock_stands(world: World) -> None:
    """A range from long before Intercom to long after today costs no request per empty month."""
    world.sync(LOGS, since=datetime(1970, 1, 1, tzinfo=UTC), until=datetime(2100, 1, 1, tzinfo=UTC))

    assert world.expected(LOGS) == world.stored(LOGS)
    assert requests(world) < 15 * 13 + 20


def test_without_a_date_of_creation_everything_is_read_all_the_same(world: World) -> None:
    """Where `/me` does not say when the workspace was created, Intercom's own beginning counts."""
    world.hide_zone = True

    world.sync(LOGS)

    assert world.expected(LOGS) == world.stored(LOGS)


@BOTH
def test_faults_on_the_way_lose_nothing(world: World, name: str) -> None:
    """Answers that fail now and then change nothing of what lands."""
    world.workspace.faults = Faults(seed=3, rate=0.2, kinds=("500", "502", "truncated", "429"))
    world.attempts = 12
    add(world, name, "x")

    world.sync(name)

    assert world.expected(name) == world.stored(name)


def test_a_probe_names_the_missing_permission(world: World) -> None:
    """What `check` asks for logs is as good a request as a sync's, of next to nothing."""
    with world.connection() as connection:
        session = connection.session(
            meter=RequestMetrics(), scope=CATALOG[LOGS].scope, note=lambda _: None
        )
        connection.call(probe, session, CATALOG[LOGS])
        assert 1 == requests(world)
        world.workspace.access.missing_scopes = {"read_admin_activity_logs"}
        with pytest.raises(Unauthorized, match="Read admin activity logs"):
            connection.call(probe, session, CATALOG[LOGS])


def test_deletions_are_no_resource_of_older_versions(world: World) -> None:
    """Below 2.16 there is no such list; logs are in every version."""
    world.version = ApiVersion(2, 7)

    world.sync(LOGS)

    assert world.expected(LOGS) == world.stored(LOGS)
    world.clock.forward(HOUR)

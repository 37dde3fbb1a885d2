"""Rule 12: the scroll over companies is read fast, alone, and from the beginning when lost."""

from collections.abc import Callable
from itertools import product
from pathlib import Path

import httpx
import pytest

from intercom_assets.errors import PermanentError
from intercom_assets_tests.guarantees.budget import some
from intercom_assets_tests.world import World, make_world

SCROLL = "/companies/scroll"


@pytest.fixture
def world(database: Path) -> World:
    """Make a world of two and a half pages of companies."""
    return make_world(database, companies=250)


def at_call(number: int, happen: Callable[[], None]) -> Callable[[httpx.Request], None]:
    """Let something happen before the n-th call of the scroll."""
    calls = 0

    def before(request: httpx.Request) -> None:
        nonlocal calls
        calls += request.url.path == SCROLL
        if calls == number and request.url.path == SCROLL:
            happen()

    return before


def lose_line() -> None:
    """Lose the line."""
    raise httpx.ReadError("the line is cut")


def test_every_page_is_asked_for_with_the_same_token(world: World) -> None:
    """The scroll is four calls for two and a half pages: one to open it, three with its token."""
    world.sync("companies")

    queries = [entry.query for entry in world.workspace.log.entries if entry.path == SCROLL]
    assert (4, "", 1) == (len(queries), queries[0], len(set(queries[1:])))
    assert world.expected("companies") == world.stored("companies")


def test_a_scroll_tells_how_far_it_is(world: World) -> None:
    """Progress is told page by page, while no row can be loaded, and the log stays short."""
    world.sync("companies")

    spooling = [one for one in world.ear.progress if one.total is None]
    assert [100, 200, 250] == [one.done for one in spooling]
    assert str(spooling[0]).startswith("companies: 100 read, 2 requests")
    assert ["reading everything"] == world.ear.notes


@pytest.mark.parametrize(
    ("kind", "call"),
    some(
        list(product(["500", "502", "empty200", "truncated", "html404"], [1, 2, 3, 4])),
        *[("500", 1), ("502", 2), ("empty200", 2), ("empty200", 4)],
        *[("truncated", 3), ("html404", 4)],
    ),
)
def test_a_failing_scroll_begins_again(world: World, kind: str, call: int) -> None:
    """A scroll that fails anywhere begins again: nothing is doubled, lost or marked."""
    gone = world.workspace.collection("companies").ids()[0]
    world.sync("companies")
    world.workspace.delete("companies", gone)
    world.workspace.faults.on("GET", SCROLL, kind, call=call)  # type: ignore[arg-type]

    report = world.sync("companies")

    assert (249, 1) == (report.records_returned, report.deleted)
    assert {gone} == world.marked("companies")
    assert world.expected("companies") == world.stored("companies")


@pytest.mark.parametrize("call", [2, 3, 4])
def test_a_lost_scroll_begins_again(world: World, call: int) -> None:
    """A scroll that expired is a 404 of Intercom's, and begins again."""
    world.before = at_call(call, world.workspace.scroll.expire)

    report = world.sync("companies")

    assert (250, 250) == (report.records_returned, report.inserted)


def test_a_lost_answer_is_not_asked_for_again(world: World) -> None:
    """After a lost answer the same token is never sent again: a page would be passed over."""
    world.before = at_call(3, lose_line)

    world.sync("companies")

    queries = [entry.query for entry in world.workspace.log.entries if entry.path == SCROLL]
    opened = [index for index, query in enumerate(queries) if not query]
    assert len(opened) >= 2
    assert set(queries[: opened[1]]).isdisjoint(set(queries[opened[1] + 1 :]) - {""})
    assert world.expected("companies") == world.stored("companies")


def test_no_companies_are_no_error(world: World) -> None:
    """A workspace without companies has an empty table."""
    for company in world.workspace.collection("companies").ids():
        world.workspace.delete("companies", company)

    report = world.sync("companies")

    assert (0, 0) == (report.records_returned, report.row_count)


def test_another_scroll_is_waited_for(world: World) -> None:
    """A scroll of another client is waited out, without sleeping longer than it lasts."""
    world.workspace.scroll.begin([{"id": "theirs"}], world.clock())

    report = world.sync("companies")

    assert 250 == report.inserted
    assert 60 <= sum(world.slept) <= 120
    assert any("waiting" in note for note in world.ear.notes)


def test_a_scroll_that_stays_open_is_named(world: World) -> None:
    """A scroll that another client keeps open is waited for 15 minutes, then named."""

    def keep_open() -> None:
        world.workspace.scroll.expire()
        world.workspace.scroll.begin([{"id": "theirs"}], world.clock())

    world.before = lambda _request: keep_open()

    with pytest.raises(PermanentError, match=r"keeps a scroll of companies open.*scroll_exists"):
        world.sync("companies")

    assert 15 * 60 <= sum(world.slept) <= 16 * 60


def test_a_scroll_that_is_lost_too_often_is_an_error(world: World) -> None:
    """Restarts are bounded, and nothing is changed by a scroll that never ends."""
    world.sync("companies")
    before = world.rows("companies")
    world.workspace.faults.on("GET", SCROLL, "500", times=100)

    with pytest.raises(Exception, match=rf"GET {SCROLL} → HTTP 500"):
        world.sync("companies")

    assert before == world.rows("companies")

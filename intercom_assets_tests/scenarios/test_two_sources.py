"""Two sources of one Intercom app share its quota, and follow what its headers say of it."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from intercom_assets.engine.cursor import Source
from intercom_assets_tests.world import World, make_world
from intercom_simulator.access import Quota, QuotaReading

QUOTA = 40
"""Requests per window of ten seconds: two sources need two windows."""

RESOURCES = ("conversations", "conversation_parts")


@dataclass
class AppQuota(Quota):
    """Counts the requests of all tokens together: they are of one app."""

    def __init__(self) -> None:
        super().__init__()
        self.windows: dict[int, int] = {}

    def spend(self, token: str, limit: int, now: float) -> QuotaReading:
        """Count one request of the app."""
        del token
        reading = super().spend("the app", limit, now)
        self.windows[reading.reset] = self.windows.get(reading.reset, 0) + 1
        return reading


@pytest.fixture
def quota() -> AppQuota:
    """Count requests per window."""
    return AppQuota()


@pytest.fixture
def worlds(database: Path, quota: AppQuota) -> list[World]:
    """Make two sources of one workspace whose quota is small, in one schema."""
    first = make_world(database, conversations=26)
    workspace = first.workspace
    workspace.clock, workspace.behaviour.latency = time.time, 0.1
    workspace.access.rate_limit, workspace.access.quota = QUOTA, quota
    workspace.access.tokens.add("another-token")
    return [
        replace(
            first,
            source=Source(name=name, schema="crm", prefix=f"{name}_"),
            warehouse=first.place.warehouse(first.clock.moment),
        )
        for name in ("us", "eu")
    ]


def sync_together(worlds: list[World]) -> None:
    """Sync both sources at the same time."""
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(world.sync_all, *RESOURCES) for world in worlds]:
            done.result()


def refusals(world: World) -> Counter[str]:
    """Count by path the requests that Intercom refused for the quota."""
    return Counter(one.path for one in world.workspace.log.entries if one.status == 429)


def assert_whole(worlds: list[World]) -> None:
    """Assert that both sources have every record."""
    for world in worlds:
        for name in RESOURCES:
            assert world.expected(name) == world.stored(name)


def test_two_sources_with_one_token_have_one_limiter(worlds: list[World], quota: AppQuota) -> None:
    """Together they keep within the app's quota, so that nothing is refused."""
    sync_together(worlds)

    assert_whole(worlds)
    assert len(quota.windows) >= 2
    assert max(quota.windows.values()) <= QUOTA * 0.9
    assert not refusals(worlds[0])


def test_two_tokens_of_one_app_follow_what_its_headers_count(
    worlds: list[World], quota: AppQuota
) -> None:
    """What one has in flight is unknown to the other: that is refused once, and then waits."""
    worlds[1].token = "another-token"
    asked: Counter[tuple[str, str]] = Counter()
    for world in worlds:
        world.before = lambda sent: asked.update([(sent.headers["Authorization"], sent.url.path)])

    sync_together(worlds)

    assert_whole(worlds)
    assert len(quota.windows) >= 2
    often = {"/conversations", "/conversations/search"}
    parts = {one: times for one, times in asked.items() if one[1] not in often}
    assert len(parts) > QUOTA
    assert max(parts.values()) <= 2


def test_a_short_scroll_of_another_source_is_waited_for_shortly(database: Path) -> None:
    """The pauses begin with a second: a scroll of few companies ends soon."""
    world = make_world(database, companies=12)
    world.workspace.scroll.begin([{"id": "theirs"}], world.clock())
    asked = 0

    def end_theirs(request: httpx.Request) -> None:
        nonlocal asked
        asked += request.url.path == "/companies/scroll"
        if asked == 3:
            world.workspace.scroll.expire()

    world.before = end_theirs

    world.sync("companies")

    assert world.expected("companies") == world.stored("companies")
    assert [1.0, 2.0] == world.slept

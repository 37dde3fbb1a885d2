"""Rule 11: one limiter that follows the quota which Intercom publishes."""

from collections.abc import Callable
from email.utils import formatdate

import anyio
import anyio.lowlevel
import httpx
import pytest

from intercom_assets.intercom.client import Call
from intercom_assets_tests.unit.talking import Talk
from intercom_assets_tests.world import Clock

LIMIT = 100


class App:
    """An Intercom that only counts: requests of each window of ten seconds.

    Args:
        clock: The true time.
        skew: Seconds that Intercom's clock is ahead.
        others: Requests of other clients in each window, all at its beginning.
        even: Requests of another client in each window, evenly spread.
        headers: Whether answers name the quota.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        skew: float = 0,
        others: int = 0,
        even: int = 0,
        headers: bool = True,
    ) -> None:
        self._clock = clock
        self._skew = skew
        self._others = others
        self._even = even
        self._headers = headers
        self.windows: dict[int, int] = {}
        self.at_once = self.most_at_once = 0

    async def answer(self, _request: httpx.Request) -> httpx.Response:
        """Count a request and tell the quota."""
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await anyio.lowlevel.checkpoint()
        now = self._clock() + self._skew
        window = int(now // 10)
        self.windows[window] = self.windows.get(window, 0) + 1
        self._clock.forward(0.01)
        await anyio.lowlevel.checkpoint()
        self.at_once -= 1
        headers = {"Date": formatdate(int(now), usegmt=True)}
        if self._headers:
            others = self._others + int(self._even * (now % 10) / 10)
            left = max(LIMIT - others - self.windows[window], 0)
            headers |= {
                "X-RateLimit-Limit": str(LIMIT),
                "X-RateLimit-Remaining": str(left),
                "X-RateLimit-Reset": str((window + 1) * 10),
            }
        return httpx.Response(200, headers=headers, json={"data": []})


def hammer(
    app: Callable[[httpx.Request], object],
    clock: Clock,
    share: float,
    count: int,
    *,
    workers: int = 20,
) -> Talk:
    """Send many requests side by side, as fast as the limiter lets them."""
    talk = Talk(httpx.MockTransport(app), clock=clock, share=share)  # type: ignore[arg-type]

    async def hammering() -> None:
        async with talk.session() as session:

            async def worker() -> None:
                for _ in range(count // workers):
                    await session.ask(Call(path="/tags"))

            async with anyio.create_task_group() as group:
                for _ in range(workers):
                    group.start_soon(worker)

    anyio.run(hammering)
    return talk


@pytest.mark.parametrize("share", [0.9, 0.5, 0.1])
@pytest.mark.parametrize("skew", [0.0, 0.7, 3.3, -4.9, 86_400.0])
def test_our_share_is_respected_in_every_window(share: float, skew: float) -> None:
    """No window sees more requests than our share, whatever Intercom's clock shows."""
    clock = Clock()
    app = App(clock, skew=skew)

    talk = hammer(app.answer, clock, share, 400)

    assert 400 == sum(app.windows.values())
    assert max(app.windows.values()) <= int(LIMIT * share)
    assert talk.meter.quota_seconds > 0


def test_the_quota_is_shared_with_other_clients() -> None:
    """What others used counts: together nobody goes beyond the share."""
    clock = Clock()
    app = App(clock, others=50)

    hammer(app.answer, clock, 0.9, 300)

    # The first requests of a window leave before an answer of it tells of the others.
    assert max(app.windows.values()) + 50 <= LIMIT


@pytest.mark.parametrize(("others", "share"), [(0, 0.5), (30, 0.9)])
def test_the_part_of_the_quota_that_was_used_is_measured(others: int, share: float) -> None:
    """The fullest window counts, with what other clients used of it."""
    clock = Clock()
    app = App(clock, others=others)

    talk = hammer(app.answer, clock, share, 300)

    assert (max(app.windows.values()) + others) / LIMIT == pytest.approx(talk.meter.quota_share)
    assert talk.meter.quota_share >= share - 0.1


def test_another_client_keeps_its_part() -> None:
    """Where another client uses part of the quota, we take the rest and leave it its own."""
    clock = Clock()
    app = App(clock, even=40)

    hammer(app.answer, clock, 0.9, 400, workers=4)

    # The first window is left out: nothing was known of the other client.
    full = [app.windows[window] for window in sorted(app.windows)][1:-1]
    assert len(full) >= 5
    # What others did since the last answer is a guess, so a tenth may be missed.
    assert max(full) + 40 <= LIMIT * 1.1
    assert min(full) >= 40


def test_most_of_the_quota_is_used() -> None:
    """The limiter does not waste the quota either: full windows are nearly full."""
    clock = Clock()
    app = App(clock)

    hammer(app.answer, clock, 0.9, 800)

    full = sorted(app.windows.values())[1:-1]
    assert min(full[1:]) >= 80


def test_without_headers_few_requests_are_in_flight() -> None:
    """Where no answer names a quota, requests go on, few at a time."""
    clock = Clock()
    app = App(clock, headers=False)

    hammer(app.answer, clock, 0.9, 200)

    assert 200 == sum(app.windows.values())
    assert app.most_at_once <= 8


@pytest.mark.parametrize(
    "headers",
    [
        {"X-RateLimit-Limit": "many", "X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "1"},
        {"X-RateLimit-Limit": "0", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "0"},
        {"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"},
        {
            "X-RateLimit-Limit": "100",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": "99999999999",
            "Date": "yesterday",
        },
    ],
)
def test_odd_headers_stop_nothing_for_long(headers: dict[str, str]) -> None:
    """Headers that make no sense delay a request by a window at most."""
    clock = Clock()
    began = clock()

    async def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers=headers, json={"data": []})

    hammer(answer, clock, 0.9, 20)

    assert clock() - began < 20 * 11

"""Rate limiter, one per app and process, that follows the quota Intercom publishes.

Intercom counts requests per app in windows of 10 seconds, and says in every response how many the
window allows, how many are left and when it resets
(https://developers.intercom.com/docs/references/rest-api/errors/rate-limiting). The number left
accounts for the app's other clients. What they used in the last window is left to them in the
next, up to half of our share.
"""

import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio

from intercom_assets.intercom.responses import http_date

PERIOD = 10.0
"""Length of a quota window in seconds."""

ASSUMED_LIMIT = 1667
"""Requests per window if responses have no quota headers: 10,000 a minute."""

_UNKNOWN_BURST = 8
_POLL = 0.1


@dataclass(slots=True)
class _Window:
    """What is known of the current quota window.

    Attributes:
        reset: When it ends, on Intercom's clock; 0 if unknown.
        ours: Requests of ours that may have been counted in it.
        seen: Requests of other clients, at least, extrapolated to the whole window.
        expected: The same for the window before.
        left: Seconds that were left when the last response came.
        assumed: Whether no response has named it yet.
    """

    limit: int
    used: int
    resets_at: float
    reset: int = 0
    ours: int = 0
    seen: float = 0.0
    expected: float = 0.0
    left: float = PERIOD
    assumed: bool = False


class RateLimiter:
    """Admits requests while our share of the published quota lasts."""

    def __init__(
        self,
        share: float = 0.9,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self.share = share
        self._clock = clock
        self._sleep = sleep
        self._in_flight = 0
        self._known = False
        self._offset = -math.inf
        self._window = _Window(ASSUMED_LIMIT, 0, clock() + PERIOD)

    @asynccontextmanager
    async def slot(self, waited: Callable[[float, float], None]) -> AsyncIterator[None]:
        """Wait until a request may be sent, and count it as in flight for the block.

        `waited` is called repeatedly meanwhile, with the start of the wait and the time.
        """
        began = self._clock()
        while (pause := self._pause()) > 0:
            await self._sleep(pause)
            waited(began, self._clock())
        self._in_flight += 1
        self._window.ours += 1
        try:
            yield
        finally:
            self._in_flight -= 1
            if not self._known:
                self._window.used += 1

    @property
    def per_minute(self) -> float:
        """Requests a minute that our share of the quota allows."""
        return self._window.limit * self.share * 60 / PERIOD

    @property
    def used_share(self) -> float:
        """Share of the current window's quota that all clients have used."""
        return self._window.used / self._window.limit

    def learn(self, headers: Mapping[str, str]) -> None:
        """Update the quota from a response's headers."""
        try:
            limit = int(headers["x-ratelimit-limit"])
            remaining = int(headers["x-ratelimit-remaining"])
            reset = int(headers["x-ratelimit-reset"])
        except (KeyError, ValueError):
            return
        if limit < 1:
            return
        self._known = True
        resets_at = self._on_our_clock(reset, headers.get("date"))
        if reset > self._window.reset:
            self._window = self._following(limit, resets_at, reset)
        window = self._window
        if reset == window.reset:
            window.used = max(window.used, limit - remaining)
            window.resets_at = min(window.resets_at, resets_at)
            window.left = max(window.resets_at - self._clock(), 0.0)
            others = max(window.used - window.ours, 0)
            window.seen = others * PERIOD / max(PERIOD - window.left, 0.5)

    def exhausted(self) -> float | None:
        """Note that Intercom refused a request; return the seconds to the reset, if known."""
        if not self._known:
            return None
        window = self._window
        if self._clock() >= window.resets_at:
            # Refused just before the reset: the next window is not used up.
            return 0.0
        window.used = max(window.used, window.limit)
        return window.resets_at - self._clock()

    def _on_our_clock(self, reset: int, date: str | None) -> float:
        # `Date` has whole seconds, so each response is a lower bound of the clocks' difference;
        # the best bound is off by less than the fastest response took.
        now = self._clock()
        if date is not None:
            sent = http_date(date)
            if sent is None:
                return min(now + PERIOD, self._window.resets_at)
            self._offset = max(self._offset, sent.timestamp() - now)
        if self._offset == -math.inf:
            self._offset = time.time() - now
        return min(reset - self._offset, now + PERIOD + 1)

    def _roll(self) -> None:
        now = self._clock()
        window = self._window
        if now >= window.resets_at:
            self._window = self._following(window.limit, now + PERIOD, window.reset)
            self._window.assumed = True

    def _following(self, limit: int, resets_at: float, reset: int) -> _Window:
        window = self._window
        if window.assumed:
            return _Window(limit, 0, resets_at, reset, ours=window.ours, expected=window.expected)
        # Requests in flight may be counted in either window.
        return _Window(limit, 0, resets_at, reset, ours=self._in_flight, expected=window.seen)

    def _pause(self) -> float:
        """Return the seconds to wait before checking again; 0 if a request may be sent."""
        self._roll()
        window = self._window
        # Nothing is known before the first response: a full burst into a quota that another
        # client has used up would be refused entirely.
        if not self._known and self._in_flight >= _UNKNOWN_BURST:
            return _POLL
        left = max(window.resets_at - self._clock(), 0.0)
        allowed = max(math.floor(window.limit * self.share), 1)
        # `used` is what Intercom counted for all clients up to the last response. What others have
        # used since is estimated. Half of our share stays ours, or two clients that both held back
        # would starve each other.
        kept = min(max(window.expected, window.seen) * window.left / PERIOD, allowed / 2)
        if window.used + self._in_flight + kept < allowed:
            return 0.0
        # Pending responses may show that less was used, so check again before the reset.
        return min(_POLL, max(left, 0.001))

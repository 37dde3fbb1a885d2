"""Retries of failed requests, and the page size to retry with.

Some searches answer large pages with 502, 504 or nothing, always or around some records, and
smaller pages at once.
"""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio

from intercom_assets.errors import RateLimited, TransientError


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often a request is tried; pauses double, from up to `first_pause` seconds."""

    attempts: int = 8
    quota_attempts: int = 60
    first_pause: float = 1.0
    longest_pause: float = 30.0
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep


@dataclass(slots=True)
class RetryState:
    """The failed tries of one request, and those refused for lack of quota."""

    policy: RetryPolicy
    failed: int = 0
    refused: int = 0

    def pause_after(self, error: TransientError) -> float | None:
        """Return the seconds until the next try, or None to give up.

        The pause is random, up to a bound that doubles, so that requests that failed together do
        not retry together.
        """
        refusal = isinstance(error, RateLimited)
        self.refused += refusal
        self.failed += not refusal
        if self.failed >= self.policy.attempts or self.refused >= self.policy.quota_attempts:
            return None
        made = self.failed + self.refused
        if isinstance(error, RateLimited) and error.retry_after is not None:
            return error.retry_after + _drawn(0.05, 1.0, made)
        return _drawn(self.policy.first_pause, self.policy.longest_pause, made)


def _drawn(first: float, longest: float, made: int) -> float:
    # Jitter, not cryptography.
    return random.uniform(0, min(first * 2.0 ** (made - 1), longest))  # noqa: S311


LARGEST = 150
"""Most records per page of any of Intercom's lists."""

FAILURES = 2
"""Consecutive failures after which a smaller page is requested: with four sizes, a page takes as
many tries as `RetryPolicy` allows for any request."""

_HEAVY = 8_000_000
"""Bytes of a page above which fewer records are requested."""

_SIZES = (LARGEST, 50, 10, 1)
_PAGES = 4


@dataclass(slots=True)
class PageSize:
    """The page size of a list, shared by its concurrent readers."""

    largest: int
    size: int
    _came: int = 0
    _needed: int = _PAGES
    _untried: bool = False

    def came(self, size: int, weight: int = 0) -> None:
        """Note a page that came; after a few in a row, try the next larger size.

        A page of many bytes is followed by smaller ones, so that memory stays bounded.
        """
        if size < self.size:
            return
        if weight > _HEAVY and self.failed(size) < size:
            return
        self._came += 1
        self._untried = False
        if self._came < self._needed:
            return
        if self.size == self.largest:
            self._needed = _PAGES
            return
        larger = min(one for one in (*_SIZES, self.largest) if one > self.size)
        if weight * larger <= _HEAVY * self.size:
            self._change(larger)
            self._untried = True

    def failed(self, size: int) -> int:
        """Note that a page of this size failed repeatedly; return the size to request instead."""
        smaller = max((one for one in _SIZES if one < size), default=size)
        if smaller < self.size:
            # A larger size that keeps failing is tried ever more rarely.
            self._needed *= 2 if self._untried else 1
            self._change(smaller)
        return smaller

    def _change(self, size: int) -> None:
        self.size, self._came, self._untried = size, 0, False


def may_be_too_large(error: TransientError) -> bool:
    """Return whether a smaller page may succeed."""
    return not isinstance(error, RateLimited) and error.status not in {400, 404, 409}

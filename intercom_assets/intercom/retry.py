"""When a failed request is sent again, and for how many records.

Some searches answer 502, 504 or nothing at all to large pages, always or around some records, and
answer at once when they are asked for fewer.
"""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio

from intercom_assets.errors import RateLimited, TransientError


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often a request is tried, and how long the pauses are.

    Attributes:
        first_pause: Upper bound of the first pause in seconds; doubles from try to try.
        longest_pause: Upper bound of every pause, in seconds.
    """

    attempts: int = 8
    quota_attempts: int = 60
    first_pause: float = 1.0
    longest_pause: float = 30.0
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep


@dataclass(slots=True)
class RetryState:
    """The failed tries of one request.

    Attributes:
        refused: Tries that the quota refused.
    """

    patience: RetryPolicy
    failed: int = 0
    refused: int = 0

    def pause_after(self, error: TransientError) -> float | None:
        """Return the seconds until the next try, None when there is none.

        The pause is drawn from an interval that doubles, so that requests which failed together
        do not come back together.
        """
        refusal = isinstance(error, RateLimited)
        self.refused += refusal
        self.failed += not refusal
        if self.failed >= self.patience.attempts or self.refused >= self.patience.quota_attempts:
            return None
        made = self.failed + self.refused
        if isinstance(error, RateLimited) and error.retry_after is not None:
            return error.retry_after + _drawn(0.05, 1.0, made)
        return _drawn(self.patience.first_pause, self.patience.longest_pause, made)


def _drawn(first: float, longest: float, made: int) -> float:
    # Spread, not secrecy.
    return random.uniform(0, min(first * 2.0 ** (made - 1), longest))  # noqa: S311


LARGEST = 150
"""The most records that any of Intercom's lists returns on a page."""

FAILURES = 2
"""Failures in a row after which a page is asked for in a smaller size: with four sizes the tries of
a page are as many as `RetryPolicy` allows for any request."""

_SIZES = (LARGEST, 50, 10, 1)
_PAGES = 4


@dataclass(slots=True)
class PageSize:
    """The size of a list's pages, which all that read the list at a time share.

    Attributes:
        largest: The most records that may be asked for.
    """

    largest: int
    size: int
    _came: int = 0
    _needed: int = _PAGES
    _untried: bool = False

    def came(self, size: int) -> None:
        """Note a page that came; after some in a row the next size is tried."""
        if size < self.size:
            return
        self._came += 1
        self._untried = False
        if self._came < self._needed:
            return
        if self.size == self.largest:
            self._needed = _PAGES
        else:
            self._change(min(one for one in (*_SIZES, self.largest) if one > self.size))
            self._untried = True

    def failed(self, size: int) -> int:
        """Note that a page of this size failed repeatedly; return the size to ask for instead."""
        smaller = max((one for one in _SIZES if one < size), default=size)
        if smaller < self.size:
            # A larger size that does not work yet is tried ever more rarely.
            self._needed *= 2 if self._untried else 1
            self._change(smaller)
        return smaller

    def _change(self, size: int) -> None:
        self.size, self._came, self._untried = size, 0, False


def may_be_too_large(error: TransientError) -> bool:
    """Return whether a smaller page may be answered where this one was not."""
    return not isinstance(error, RateLimited) and error.status not in {400, 404, 409}

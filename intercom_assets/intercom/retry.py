"""When a failed request is sent again, and how long that waits."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio

from intercom_assets.errors import RateLimited, TransientError


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often a request is tried, and how long the pauses are.

    Attributes:
        attempts: Tries of a request that fails in transit or at Intercom.
        quota_attempts: Tries of a request that the quota refuses.
        first_pause: Upper bound of the first pause in seconds; doubles from try to try.
        longest_pause: Upper bound of every pause, in seconds.
        sleep: Waits; a seam for tests.
    """

    attempts: int = 8
    quota_attempts: int = 60
    first_pause: float = 1.0
    longest_pause: float = 30.0
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep


@dataclass(slots=True)
class Tries:
    """The failed tries of one request.

    Attributes:
        patience: How often it is tried.
        failed: Tries that failed in transit or at Intercom.
        refused: Tries that the quota refused.
    """

    patience: Patience
    failed: int = 0
    refused: int = 0

    def pause_after(self, error: TransientError) -> float | None:
        """Give the seconds until the next try, None where patience ends.

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

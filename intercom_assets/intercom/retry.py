"""When a failed request is sent again, and how long that waits."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_random_exponential

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

    def retrying(
        self,
        retried: Callable[[TransientError, float], None],
        errors: type[TransientError] = TransientError,
    ) -> AsyncRetrying:
        """Make the loop that sends a request until it succeeds or patience ends.

        Args:
            retried: Told the error and the pause in seconds before each further try.
            errors: Which errors are worth a further try.
        """
        refused = 0

        def stop(state: RetryCallState) -> bool:
            nonlocal refused
            refused += isinstance(_error(state), RateLimited)
            failed = state.attempt_number - refused
            return failed >= self.attempts or refused >= self.quota_attempts

        backoff = wait_random_exponential(multiplier=self.first_pause, max=self.longest_pause)
        jitter = wait_random_exponential(multiplier=0.05, max=1.0)

        def wait(state: RetryCallState) -> float:
            error = _error(state)
            if isinstance(error, RateLimited) and error.retry_after is not None:
                return error.retry_after + jitter(state)
            return backoff(state)

        def before_sleep(state: RetryCallState) -> None:
            error = _error(state)
            assert isinstance(error, TransientError)
            retried(error, state.upcoming_sleep)

        return AsyncRetrying(
            retry=retry_if_exception_type(errors),
            stop=stop,
            wait=wait,
            sleep=self.sleep,
            before_sleep=before_sleep,
            reraise=True,
        )


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None

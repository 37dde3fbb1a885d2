"""The published quota: so many requests in each window of ten seconds."""

from dataclasses import dataclass

WINDOW_SECONDS = 10


@dataclass(frozen=True, slots=True)
class QuotaReading:
    """What is left of a window after a request."""

    limit: int
    remaining: int
    reset: int
    exceeded: bool

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Spells the reading as Intercom's response headers."""
        return [
            (b"x-ratelimit-limit", b"%d" % self.limit),
            (b"x-ratelimit-remaining", b"%d" % self.remaining),
            (b"x-ratelimit-reset", b"%d" % self.reset),
        ]


class Quota:
    """Counts requests by token in windows that the clock aligns."""

    def __init__(self) -> None:
        self._window = -1
        self._spent: dict[str, int] = {}

    def spend(self, token: str, limit: int, now: float) -> QuotaReading:
        """Counts one request and reads what is left."""
        window = int(now // WINDOW_SECONDS)
        if window != self._window:
            self._window = window
            self._spent.clear()
        spent = self._spent.get(token, 0) + 1
        self._spent[token] = spent
        return QuotaReading(
            limit=limit,
            remaining=max(limit - spent, 0),
            reset=(window + 1) * WINDOW_SECONDS,
            exceeded=spent > limit,
        )

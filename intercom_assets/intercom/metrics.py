"""Metrics of one sync's requests, counted by the client and shown in reports. Needs no HTTP."""

from dataclasses import dataclass


@dataclass(slots=True)
class RequestMetrics:
    """Counters of one sync, updated by the client.

    Attributes:
        quota_seconds: Seconds waited for the quota; overlapping waits count once.
        quota_share: Largest share of the app's quota that all clients used in a window.
    """

    requests: int = 0
    retries: int = 0
    quota_seconds: float = 0.0
    slowest_seconds: float = 0.0
    slowest_path: str = ""
    quota_share: float = 0.0
    _waited_until: float = 0.0

    def answered(self, path: str, seconds: float) -> None:
        """Count a response."""
        self.requests += 1
        if seconds > self.slowest_seconds:
            self.slowest_seconds, self.slowest_path = seconds, path

    def waited(self, since: float, until: float) -> None:
        """Count a wait for the quota, except where it overlaps an earlier one."""
        since = max(since, self._waited_until)
        if until > since:
            self.quota_seconds += until - since
            self._waited_until = until

"""What the requests of one sync cost: counted by the client, shown by reports. Needs no HTTP."""

from dataclasses import dataclass


@dataclass(slots=True)
class RequestMetrics:
    """Counts of one sync; the client adds to them as it goes.

    Attributes:
        quota_seconds: Seconds that requests waited for the quota, added up over requests that
            waited at the same time only once.
        quota_share: The largest part of the app's quota that any client had used in a window.
    """

    requests: int = 0
    retries: int = 0
    quota_seconds: float = 0.0
    slowest_seconds: float = 0.0
    slowest_path: str = ""
    quota_share: float = 0.0
    _waited_until: float = 0.0

    def answered(self, path: str, seconds: float) -> None:
        """Count an answer."""
        self.requests += 1
        if seconds > self.slowest_seconds:
            self.slowest_seconds, self.slowest_path = seconds, path

    def waited(self, since: float, until: float) -> None:
        """Count a wait for quota; overlapping waits of parallel requests count once."""
        since = max(since, self._waited_until)
        if until > since:
            self.quota_seconds += until - since
            self._waited_until = until

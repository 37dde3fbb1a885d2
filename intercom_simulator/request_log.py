"""What was asked: every request, and counts by endpoint."""

from collections import Counter, deque
from dataclasses import asdict, dataclass

from intercom_simulator.records import Json, Record

_KEPT = 100_000
_WITH_ID = frozenset(
    {
        *("articles", "contacts", "companies", "conversations", "tickets"),
        *("office_hours_schedules", "data_connectors", "teams"),
        "custom_object_instances",
    }
)
_NO_JOBS = frozenset({"data", "get_datasets", "enqueue"})
_FIXED = frozenset({"search", "list", "scroll", "deleted", "attributes"})


@dataclass(slots=True)
class LoggedRequest:
    """One request; `status` is None while it runs, or when it got no answer.

    `at` is when it came, on the workspace's clock.
    """

    method: str
    path: str
    query: str
    body: Json = None
    status: int | None = None
    fault: str | None = None
    at: float = 0.0


def endpoint_of(method: str, path: str) -> str:
    """Names the endpoint of a path: ids become `{id}`."""
    names = path.strip("/").split("/")
    if len(names) > 2 and names[:2] == ["help_center", "help_centers"]:
        names[2] = "{id}"
    elif len(names) > 1 and names[0] in _WITH_ID and names[1] not in _FIXED:
        names[1] = "{id}"
    if names[0] in {"export", "download"} and len(names) > 2 and names[-1] not in _NO_JOBS:
        names[-1] = "{job}"
    return f"{method} /{'/'.join(names)}"


class RequestLog:
    """Keeps the newest requests and counts all of them."""

    def __init__(self) -> None:
        self.entries: deque[LoggedRequest] = deque(maxlen=_KEPT)
        self.counts: Counter[str] = Counter()

    def add(self, entry: LoggedRequest) -> None:
        """Records a request as it arrives."""
        self.entries.append(entry)
        self.counts[endpoint_of(entry.method, entry.path)] += 1

    def count(self, method: str, path: str) -> int:
        """Counts requests of an endpoint such as `GET /contacts/{id}`."""
        return self.counts[f"{method} {path}"]

    def total(self) -> int:
        """Counts all requests."""
        return sum(self.counts.values())

    def clear(self) -> None:
        """Forgets all requests."""
        self.entries.clear()
        self.counts.clear()

    def rows(self) -> list[Record]:
        """Returns the kept requests as JSON."""
        return [asdict(entry) for entry in self.entries]

"""The state of each asset of a run, from which display, final table and JSON are built."""

from dataclasses import dataclass, field
from enum import Enum

from intercom_assets.engine.progress import Report


class State(Enum):
    """The state of an asset."""

    WAITING = "not run"
    RUNNING = "running"
    OK = "ok"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(slots=True)
class Line:
    """An asset of a run: a resource, or another asset of the job, which has no report.

    Attributes:
        done: Records (for a child, parents) read, of `total` if that is known.
        since: When it started, on the monotonic clock.
        note: The latest event, such as a request that is retried.
    """

    name: str
    state: State = State.WAITING
    report: Report | None = None
    done: int = 0
    total: int | None = None
    rows: int | None = None
    seconds: float = 0.0
    since: float = 0.0
    note: str = ""
    error: str = ""

    def elapsed(self, now: float) -> float:
        """Return the seconds that it took, or has taken so far."""
        return now - self.since if self.state is State.RUNNING else self.seconds


@dataclass(slots=True)
class Board:
    """A run: its assets in the order in which they run, and what happened besides.

    Attributes:
        error: Why the run failed although no asset did.
        heard: How often Ctrl-C was pressed, even if too late to leave anything undone.
    """

    lines: dict[str, Line] = field(default_factory=dict)
    run_id: str = ""
    error: str = ""
    findings: list[str] = field(default_factory=list)
    heard: int = 0
    interrupted: bool = False

    @property
    def failed(self) -> list[Line]:
        """Assets that failed or were not run."""
        fine = {State.OK, State.SKIPPED}
        return [line for line in self.lines.values() if line.state not in fine]

    @property
    def reports(self) -> list[Report]:
        """Reports of the syncs that succeeded."""
        lines = self.lines.values()
        return [line.report for line in lines if line.report and line.state is State.OK]

    def line(self, name: str) -> Line:
        """Return an asset's line, adding it if needed."""
        return self.lines.setdefault(name, Line(name))

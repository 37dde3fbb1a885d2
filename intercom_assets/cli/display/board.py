"""The state of each asset of a run, from which display, final table and JSON are built."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from intercom_assets.engine.progress import Progress, Report


class State(Enum):
    """The state of an asset."""

    WAITING = "not run"
    RUNNING = "running"
    OK = "ok"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(slots=True)
class Line:
    """An asset of a run: a resource, or another asset of the job, which makes no requests.

    Attributes:
        report: Figures of its sync so far; None before it starts, and for other assets.
        progress: How much was read; None if nothing yet.
        rows: Row count of another asset; None if it reports none.
        seconds: How long it took; while it runs, time counts from `since`.
        since: When it started, on the monotonic clock.
        note: The latest event, such as a request that is retried.
        error: Why it failed or was not run.
    """

    name: str
    state: State = State.WAITING
    report: Report | None = None
    progress: Progress | None = None
    rows: int | None = None
    seconds: float = 0.0
    since: float = 0.0
    note: str = ""
    error: str = ""

    def elapsed(self, now: float) -> float:
        """Return the seconds that it took, or has taken so far."""
        return now - self.since if self.state is State.RUNNING else self.seconds


class Screen(Protocol):
    """Shows the changes of a board."""

    def told(self, line: str) -> None:
        """Show a line, unless lines come too fast to read."""
        ...

    def warned(self, line: str) -> None:
        """Show a warning."""
        ...

    def ended(self, line: Line) -> None:
        """Show that an asset finished."""
        ...

    def stopping(self) -> None:
        """Show that the run is being stopped."""
        ...


@dataclass(slots=True)
class Board:
    """Listens to a run and records the state of its assets.

    Attributes:
        screen: Notified of changes.
        lines: The assets, in the order in which they run.
        heard: How often Ctrl-C was pressed, even if too late to leave anything undone.
        interrupted: Whether Ctrl-C ended the run.
        error: Why the run failed although no asset did.
        findings: Messages of failed checks.
    """

    screen: Screen
    lines: dict[str, Line] = field(default_factory=dict)
    heard: int = 0
    interrupted: bool = False
    run_id: str = ""
    error: str = ""
    findings: list[str] = field(default_factory=list)

    @property
    def failed(self) -> list[Line]:
        """Assets that failed or were not run."""
        fine = {State.OK, State.SKIPPED}
        return [line for line in self.lines.values() if line.state not in fine]

    @property
    def reports(self) -> list[Report]:
        """Reports of the syncs that succeeded."""
        ended = (line.report for line in self.lines.values() if line.state is State.OK)
        return [report for report in ended if report is not None]

    def planned(self, names: Iterable[str]) -> None:
        """Add assets that are waiting to run."""
        for name in names:
            self.line(name)

    def line(self, name: str) -> Line:
        """Return an asset's line, adding it if needed."""
        return self.lines.setdefault(name, Line(name))

    def started(self, name: str) -> None:
        """Record that an asset started."""
        line = self.line(name)
        line.state, line.since = State.RUNNING, time.monotonic()

    def succeeded(self, name: str, rows: int | None = None) -> None:
        """Record that an asset was materialized."""
        line = self.line(name)
        line.rows = rows if line.report is None else None
        self._end(line, State.OK)

    def skipped(self, name: str) -> None:
        """Record that an asset was left out by its own step, which is not a failure."""
        self._end(self.line(name), State.SKIPPED)

    def failed_with(self, name: str, reason: str) -> None:
        """Record why an asset failed."""
        line = self.line(name)
        line.error = reason
        self._end(line, State.FAILED)

    def closed(self) -> None:
        """Record that the run is over, and why unfinished assets did not finish."""
        for line in self.lines.values():
            if line.state is State.RUNNING:
                line.seconds = time.monotonic() - line.since
                line.state, line.error = State.FAILED, self._reason()
            if line.state is State.WAITING:
                line.error = self._reason()

    def on_start(self, report: Report) -> None:
        """Record that a sync started, and follow its report as it fills."""
        line = self.line(report.resource)
        line.report = report
        if line.state is not State.RUNNING:
            self.started(report.resource)

    def on_progress(self, progress: Progress) -> None:
        """Record progress and show it."""
        line = self.line(progress.resource)
        line.progress, line.note = progress, ""
        self.screen.told(str(progress))

    def info(self, line: str) -> None:
        """Keep a message as the asset's latest event and show it."""
        resource, _, note = line.partition(": ")
        self.line(resource).note = note
        self.screen.told(line)

    def warning(self, line: str) -> None:
        """Show a warning."""
        self.screen.warned(line)

    def on_finish(self, report: Report) -> None:
        """Record the final report of a sync."""
        line = self.line(report.resource)
        line.report = report
        self.succeeded(report.resource)
        line.seconds = report.seconds

    def _end(self, line: Line, state: State) -> None:
        again = line.state is state
        if line.state is State.RUNNING:
            line.seconds = time.monotonic() - line.since
        line.state, line.note = state, ""
        if not again:
            self.screen.ended(line)

    def _reason(self) -> str:
        if self.interrupted:
            return "interrupted"
        return self.error or "what it depends on failed"

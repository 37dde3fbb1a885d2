"""Where each asset of a run stands: what the display, the final table and the JSON are made of."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from intercom_assets.sync.progress import Progress, Report


class State(Enum):
    """How far an asset is."""

    WAITING = "not run"
    RUNNING = "running"
    OK = "ok"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(slots=True)
class Line:
    """One asset of a run: a resource, or another asset of the job, which makes no requests.

    Attributes:
        name: Name of the resource or asset.
        state: How far it is.
        report: What its sync did so far; None for what is no resource, or has not begun.
        progress: How much of it was read; None as long as nothing was.
        rows: Rows of an asset that is no resource, None where it does not tell.
        seconds: How long it took; what runs counts from `since`.
        since: When it began, on the monotonic clock.
        note: What happened last, such as a request that is tried again.
        error: Why it failed, or was not run.
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
        """Give the seconds that it took, or takes so far."""
        return now - self.since if self.state is State.RUNNING else self.seconds


class Screen(Protocol):
    """What shows a board while it changes."""

    def told(self, line: str) -> None:
        """Show a line if there is time to read it."""
        ...

    def warned(self, line: str) -> None:
        """Show a line that may need attention."""
        ...

    def ended(self, line: Line) -> None:
        """Take note that an asset ended."""
        ...

    def stopping(self) -> None:
        """Say that the run is being stopped."""
        ...


@dataclass(slots=True)
class Board:
    """Listens to a run, and keeps where each of its assets stands.

    Attributes:
        screen: Told what changes.
        lines: The assets, in the order in which they run.
        heard: How often Ctrl-C came, also where it was too late to leave anything undone.
        interrupted: Whether it ended the run.
        run_id: Dagster's id of the run.
        error: Why the run failed though none of its assets did.
        findings: What checks found, a line each.
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
        """What the syncs that ended well did."""
        ended = (line.report for line in self.lines.values() if line.state is State.OK)
        return [report for report in ended if report is not None]

    def planned(self, names: Iterable[str]) -> None:
        """Put assets on the board before anything happens to them."""
        for name in names:
            self.line(name)

    def line(self, name: str) -> Line:
        """Give an asset's line, a new one where it has none."""
        return self.lines.setdefault(name, Line(name))

    def started(self, name: str) -> None:
        """Note that an asset's turn has come."""
        line = self.line(name)
        line.state, line.since = State.RUNNING, time.monotonic()

    def succeeded(self, name: str, rows: int | None = None) -> None:
        """Note that an asset stands in the warehouse."""
        line = self.line(name)
        line.rows = rows if line.report is None else None
        self._end(line, State.OK)

    def skipped(self, name: str) -> None:
        """Note that an asset was left out by its own step, which is no failure."""
        self._end(self.line(name), State.SKIPPED)

    def failed_with(self, name: str, reason: str) -> None:
        """Note why an asset failed."""
        line = self.line(name)
        line.error = reason
        self._end(line, State.FAILED)

    def closed(self) -> None:
        """Say of what never began why: the run is over."""
        for line in self.lines.values():
            if line.state is State.RUNNING:
                line.seconds = time.monotonic() - line.since
                line.state, line.error = State.FAILED, self._reason()
            if line.state is State.WAITING:
                line.error = self._reason()

    def on_start(self, report: Report) -> None:
        """Watch a report as it fills."""
        line = self.line(report.resource)
        line.report = report
        if line.state is not State.RUNNING:
            self.started(report.resource)

    def on_progress(self, progress: Progress) -> None:
        """Take note of progress."""
        line = self.line(progress.resource)
        line.progress, line.note = progress, ""
        self.screen.told(str(progress))

    def info(self, line: str) -> None:
        """Keep what happened last."""
        resource, _, note = line.partition(": ")
        self.line(resource).note = note
        self.screen.told(line)

    def warning(self, line: str) -> None:
        """Show what may need attention."""
        self.screen.warned(line)

    def on_finish(self, report: Report) -> None:
        """Take note of what a sync did."""
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

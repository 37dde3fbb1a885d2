"""How a running sync looks: bars on a terminal, plain lines elsewhere."""

import sys
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import (
    Progress as Bars,
)

from intercom_assets.sync.progress import Listener, Pace, Progress
from intercom_assets.sync.report import Report

_LINE_SECONDS = 5.0


class Display(Listener, Protocol):
    """A listener that a person watches.

    Attributes:
        reports: What the finished syncs did.
    """

    reports: list[Report]

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def display(console: Console) -> Display:
    """Choose what suits where the output goes."""
    return TerminalDisplay(console) if console.is_terminal else PlainDisplay()


class TerminalDisplay:
    """One bar per resource, with rate, time left and waits for the quota."""

    def __init__(self, console: Console) -> None:
        self.reports: list[Report] = []
        self._tasks: dict[str, TaskID] = {}
        self._bars = Bars(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description:<20}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(elapsed_when_finished=False),
            TextColumn("[yellow]{task.fields[note]}"),
            console=console,
        )

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def progressed(self, progress: Progress) -> None:
        """Move the resource's bar."""
        waited = progress.quota_seconds
        self._bars.update(
            self._task(progress.resource),
            completed=progress.done,
            total=progress.total,
            note=f"waited {waited:.0f} s for quota" if waited >= 1 else "",
        )

    def noted(self, line: str) -> None:
        """Show the line behind the resource's bar."""
        resource, _, note = line.partition(": ")
        self._bars.update(self._task(resource), note=escape(note))

    def warned(self, line: str) -> None:
        """Keep the line above the bars."""
        self._bars.console.print(f"[yellow]! {escape(line)}")

    def finished(self, report: Report) -> None:
        """Fill the bar."""
        self.reports.append(report)
        done = max(report.records_returned, 1)
        self._bars.update(self._task(report.resource), completed=done, total=done, note="")

    def _task(self, resource: str) -> TaskID:
        if resource not in self._tasks:
            self._tasks[resource] = self._bars.add_task(resource, total=None, note="")
        return self._tasks[resource]


class PlainDisplay:
    """A line every few seconds and one at the end of each resource."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self._pace = Pace(_LINE_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def progressed(self, progress: Progress) -> None:
        """Say how far the sync is, every few seconds."""
        if self._pace.due():
            _say(str(progress))

    def noted(self, line: str) -> None:
        """Say the line, if nothing was said for a while."""
        if self._pace.due():
            _say(line)

    def warned(self, line: str) -> None:
        """Say the line."""
        _say(f"warning: {line}")

    def finished(self, report: Report) -> None:
        """Say what the sync did."""
        self.reports.append(report)
        _say(str(report))


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()

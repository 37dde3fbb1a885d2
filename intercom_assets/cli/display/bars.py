"""Live progress of a run: one line per asset, truncated to the terminal's current width."""

import time
from types import TracebackType
from typing import Self, TextIO, assert_never

from rich.console import Group
from rich.live import Live
from rich.text import Text

from intercom_assets.cli.display.board import Board, Line, State
from intercom_assets.cli.display.terminal import Marks, console_on, marks_for

_NAME = 18
_BARS = ((96, 24), (72, 8), (0, 0))
"""Minimum width of the terminal, and the length of a bar at that width."""
_PER_SECOND = 8


class Bars:
    """Draws a board several times a second, and removes it before the final table."""

    def __init__(self, stream: TextIO) -> None:
        self.board = Board(self)
        self._marks = marks_for(stream)
        self._console = console_on(stream)
        self._is_stopping = False
        self._live = Live(
            get_renderable=self._drawn,
            console=self._console,
            refresh_per_second=_PER_SECOND,
            transient=True,
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def told(self, line: str) -> None:
        """Print nothing: the resource's line shows it."""

    def warned(self, line: str) -> None:
        """Print a warning above the bars."""
        self._console.print(Text(f"{self._marks.warning} {line}", style="yellow"))

    def ended(self, line: Line) -> None:
        """Print nothing: the next refresh shows it."""

    def stopping(self) -> None:
        """Acknowledge Ctrl-C below the bars."""
        self._is_stopping = True

    def _drawn(self) -> Group:
        now, room = time.monotonic(), max(self._console.height - 2, 1)
        lines = list(self.board.lines.values())
        shown, hidden = fitting(lines, room)
        rows = [drawn(line, self._console.width, now, self._marks) for line in shown]
        if hidden:
            rows.insert(0, Text(f"{self._marks.idle} {hidden} more", style="dim"))
        if self._is_stopping:
            rows.append(Text("Stopping. Ctrl-C again ends at once.", style="yellow"))
        elif all(line.state is State.WAITING for line in lines):
            rows.append(Text("Starting Dagster", style="dim"))
        return Group(*rows)


def fitting(lines: list[Line], room: int) -> tuple[list[Line], int]:
    """Choose the lines that fit the terminal's height, and count the rest.

    Running and failed assets have priority, then waiting ones.
    """
    if len(lines) <= room:
        return lines, 0
    rank = {State.RUNNING: 0, State.FAILED: 1, State.WAITING: 2, State.SKIPPED: 3, State.OK: 4}
    kept = sorted(lines, key=lambda line: rank[line.state])[: max(room - 1, 1)]
    names = {line.name for line in kept}
    return [line for line in lines if line.name in names], len(lines) - len(kept)


def drawn(line: Line, width: int, now: float, marks: Marks) -> Text:
    """Render a line, truncated to the width of the terminal."""
    mark, style = _mark(line, now, marks)
    row = Text.assemble((f"{mark} ", style), f"{line.name:<{_NAME}} ", no_wrap=True)
    match line.state:
        case State.WAITING:
            row.append("waiting", "dim")
        case State.SKIPPED:
            row.append("skipped", "dim")
        case State.FAILED:
            row.append(f"failed: {line.error.splitlines()[0] if line.error else ''}", "red")
        case State.RUNNING | State.OK:
            _append_bar(row, line, width, marks)
            _append_figures(row, line, now)
        case _:
            assert_never(line.state)
    # Leave the last column free: some terminals wrap there.
    if row.cell_len > width - 1:
        row.truncate(max(width - 1 - len(marks.more), 1))
        row.append(marks.more)
    return row


def _mark(line: Line, now: float, marks: Marks) -> tuple[str, str]:
    match line.state:
        case State.WAITING | State.SKIPPED:
            return marks.idle, "dim"
        case State.RUNNING:
            return marks.spinner[int(now * _PER_SECOND) % len(marks.spinner)], "cyan"
        case State.OK:
            return marks.good, "green"
        case State.FAILED:
            return marks.bad, "red"
        case _:
            assert_never(line.state)


def _append_bar(row: Text, line: Line, width: int, marks: Marks) -> None:
    length = next(length for least, length in _BARS if width >= least)
    share = _share(line)
    if length and share is None:
        row.append(" " * (length + 2))
    elif length and share is not None:
        filled = round(share * length)
        row.append(marks.bar * filled, "green" if line.state is State.OK else "cyan")
        row.append(marks.track * (length - filled) + "  ", "bright_black")


def _append_figures(row: Text, line: Line, now: float) -> None:
    count, rate, duration = _figures(line, now)
    row.append(f"{count:>13}  {rate:>7}  {duration:>10}")
    if costs := _costs(line):
        row.append("  " + "  ".join(costs), "yellow")
    if line.note:
        row.append(f"  {line.note}", "dim")


def _figures(line: Line, now: float) -> tuple[str, str, str]:
    """Return the count, the rate and the time of a line."""
    elapsed = line.elapsed(now)
    if line.report is None:
        return "" if line.rows is None else f"{line.rows:,} rows", "", spell(elapsed)
    if line.state is State.OK:
        read = line.report.records_returned
        return f"{read:,}", _rate(read, elapsed), spell(elapsed)
    progress = line.progress
    if progress is None:
        return "", "", spell(elapsed)
    of = f"/{progress.total:,}" if progress.total is not None else ""
    count, rate = f"{progress.done:,}{of}", _rate(progress.done, elapsed)
    if progress.total and 0 < progress.done < progress.total and elapsed >= 1:
        left = (progress.total - progress.done) * elapsed / progress.done
        return count, rate, f"{spell(left)} left"
    return count, rate, spell(elapsed)


def _rate(count: int, elapsed: float) -> str:
    return f"{count / elapsed:,.0f}/s" if count and elapsed >= 1 else ""


def _costs(line: Line) -> list[str]:
    if line.report is None:
        return []
    meter = line.report.meter
    waited = [f"quota {spell(meter.quota_seconds)}"] if meter.quota_seconds >= 1 else []
    retried = f"{meter.retries} {'retry' if meter.retries == 1 else 'retries'}"
    return [*waited, retried] if meter.retries else waited


def _share(line: Line) -> float | None:
    if line.report is None:
        return None
    if line.state is State.OK:
        return 1.0
    progress = line.progress
    if progress is None or not progress.total:
        return 0.0
    return min(progress.done / progress.total, 1.0)


def spell(seconds: float) -> str:
    """Format a duration: 0.4s, 12s, 3m05s, 2h07m."""
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02}m"
    return f"{minutes}m{rest:02}s" if minutes else f"{rest}s"

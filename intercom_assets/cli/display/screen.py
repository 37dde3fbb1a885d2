"""The progress of a run: live lines on a terminal, plain lines elsewhere, or nothing."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from intercom_assets.cli.display.board import Board, Line, State
from intercom_assets.cli.display.terminal import console_on, is_lively, marks_for
from intercom_assets.engine.progress import Pace, spell

_LINE_SECONDS = 5.0
_PER_SECOND = 8
_STOPPING = "Stopping. Ctrl-C again ends at once."

_BY_URGENCY = (State.RUNNING, State.FAILED, State.WAITING, State.SKIPPED, State.OK)
_ROW_STYLES = {State.WAITING: "dim", State.SKIPPED: "dim", State.FAILED: "red"}


class Screen:
    """Shows what happens in a run; this one nothing, for `--quiet`."""

    def note(self, text: str) -> None:
        """Show a line, unless lines come too fast to read."""

    def warn(self, text: str) -> None:
        """Show a warning."""

    def end(self, line: Line) -> None:
        """Show that an asset finished."""

    def stop(self) -> None:
        """Show that Ctrl-C was heard."""


@contextmanager
def shown(board: Board, *, quiet: bool) -> Iterator[Screen]:
    """Show a run on stderr for a block, in the form that suits the stream."""
    if quiet:
        yield Screen()
    elif is_lively(sys.stderr):
        lines = LiveLines(board, console_on(sys.stderr))
        with lines.live:
            yield lines
    else:
        yield PlainLines(sys.stderr)


@contextmanager
def waiting(text: str, *, quiet: bool) -> Iterator[None]:
    """Show on a terminal what a block waits for."""
    if quiet or not is_lively(sys.stderr):
        yield
        return
    with console_on(sys.stderr).status(text):
        yield


class PlainLines(Screen):
    """Prints a line every few seconds, and one at the end of each asset."""

    def __init__(self, stream: TextIO, pace: Pace | None = None) -> None:
        self._stream = stream
        self._pace = pace or Pace(_LINE_SECONDS)

    def note(self, text: str) -> None:
        """Print the line if none was printed for a while."""
        if self._pace.due():
            self._print(text)

    def warn(self, text: str) -> None:
        """Print the warning at once."""
        self._print(f"warning: {text}")

    def end(self, line: Line) -> None:
        """Print the outcome; reasons for failures follow at the end of the run."""
        if line.state is not State.OK:
            self._print(f"{line.name}: {line.state.value}")
        elif line.report is not None:
            self._print(str(line.report))
        else:
            rows = "" if line.rows is None else f"{line.rows:,} rows "
            self._print(f"{line.name}: {rows}in {line.seconds:.1f} s")

    def stop(self) -> None:
        """Print that the run is being stopped."""
        # Called from a signal handler, maybe in the middle of a write to the stream.
        os.write(self._stream.fileno(), f"{_STOPPING}\n".encode())

    def _print(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


class LiveLines(Screen):
    """Draws a board several times a second, and removes it before the final table."""

    def __init__(self, board: Board, console: Console) -> None:
        self._board = board
        self._console = console
        self._marks = marks_for(console.file)
        self._is_stopping = False
        self.live = Live(
            get_renderable=self.drawn,
            console=console,
            refresh_per_second=_PER_SECOND,
            transient=True,
        )

    def warn(self, text: str) -> None:
        """Print the warning above the lines."""
        self._console.print(Text(f"{self._marks.warning} {text}", style="yellow"))

    def stop(self) -> None:
        """Say below the lines that the run is being stopped."""
        self._is_stopping = True

    def drawn(self) -> Group:
        """Draw the board, within the terminal's current width and height."""
        lines = list(self._board.lines.values())
        shown = most_urgent(lines, max(self._console.height - 2, 1))
        parts: list[Text | Table] = [self._table(shown, time.monotonic())]
        if len(shown) < len(lines):
            parts.insert(0, Text(f"{self._marks.idle} {len(lines) - len(shown)} more", "dim"))
        if self._is_stopping:
            parts.append(Text(_STOPPING, "yellow"))
        elif all(line.state is State.WAITING for line in lines):
            parts.append(Text("Starting Dagster", "dim"))
        return Group(*parts)

    def _table(self, lines: list[Line], now: float) -> Table:
        table = Table.grid(padding=(0, 1))
        # Leave the last column free: some terminals wrap there.
        table.width = max(self._console.width - 1, 1)
        add_column = partial(table.add_column, no_wrap=True, overflow=self._marks.overflow)
        add_column()
        add_column()
        table.add_column(ratio=1)
        for width in (11, 7, 10):
            add_column(justify="right", min_width=width)
        add_column(ratio=2)
        for line in lines:
            remark = " ".join((line.note or line.error).split())
            details = Text.assemble(" ", (_costs(line), "yellow"), remark)
            table.add_row(
                self._mark(line, now),
                line.name,
                *_figures(line, now),
                details,
                style=_ROW_STYLES.get(line.state),
            )
        return table

    def _mark(self, line: Line, now: float) -> Text:
        match line.state:
            case State.RUNNING:
                frames = self._marks.spinner
                return Text(frames[int(now * _PER_SECOND) % len(frames)], "cyan")
            case State.OK:
                return Text(self._marks.good, "green")
            case State.FAILED:
                return Text(self._marks.bad)
            case _:
                return Text(self._marks.idle)


def most_urgent(lines: list[Line], room: int) -> list[Line]:
    """Choose the lines that fit the terminal's height, leaving one for the count of the rest."""
    if len(lines) <= room:
        return lines
    ranked = sorted(lines, key=lambda line: _BY_URGENCY.index(line.state))
    chosen = {line.name for line in ranked[: max(room - 1, 1)]}
    return [line for line in lines if line.name in chosen]


def _figures(line: Line, now: float) -> tuple[ProgressBar | None, str, str, str]:
    """Return the bar, the count, the rate and the time of an asset."""
    elapsed = line.elapsed(now)
    if line.state not in {State.RUNNING, State.OK}:
        state = "waiting" if line.state is State.WAITING else line.state.value
        return None, state, "", spell(elapsed) if elapsed else ""
    if line.report is None:
        return None, "" if line.rows is None else f"{line.rows:,} rows", "", spell(elapsed)
    done, total = line.done, line.total
    rate = f"{done / elapsed:,.0f}/s" if done and elapsed >= 1 else ""
    if line.state is State.OK:
        return _bar(1, 1, "green"), f"{done:,}", rate, spell(elapsed)
    left = ""
    if total and 0 < done < total and elapsed >= 1:
        left = f"{spell((total - done) * elapsed / done)} left"
    count = f"{done:,}" if total is None else f"{done:,}/{total:,}"
    return _bar(done if total else 0, total or 1, "cyan"), count, rate, left or spell(elapsed)


def _bar(done: int, total: int, finished: str) -> ProgressBar:
    return ProgressBar(
        total, done, style="bright_black", complete_style="cyan", finished_style=finished
    )


def _costs(line: Line) -> str:
    """Return what the quota and failed requests have cost a resource."""
    if line.report is None or line.state is State.FAILED:
        return ""
    meter = line.report.meter
    waited = f"quota {spell(meter.quota_seconds)}  " if meter.quota_seconds >= 1 else ""
    noun = "retry" if meter.retries == 1 else "retries"
    return f"{waited}{meter.retries} {noun}  " if meter.retries else waited

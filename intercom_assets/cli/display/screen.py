"""The progress of a run: live lines on a terminal, plain lines elsewhere."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from intercom_assets.cli.display.board import Board, Line, State
from intercom_assets.cli.display.terminal import is_lively
from intercom_assets.engine.progress import Pace

_LINE_SECONDS = 5.0


@contextmanager
def shown(*, quiet: bool) -> Iterator[Board]:
    """Show a run on stderr for a block, in the form that suits the stream."""
    if quiet:
        yield Board(Silence())
    elif is_lively(sys.stderr):
        from intercom_assets.cli.display.bars import Bars  # noqa: PLC0415 - needs rich

        with Bars(sys.stderr) as bars:
            yield bars.board
    else:
        yield Board(PlainLines(sys.stderr))


class Silence:
    """Shows nothing."""

    def told(self, line: str) -> None:
        """Show nothing."""

    def warned(self, line: str) -> None:
        """Show nothing: a warning is not a failure."""

    def ended(self, line: Line) -> None:
        """Show nothing."""

    def stopping(self) -> None:
        """Show nothing."""


class PlainLines:
    """Prints a line every few seconds, and one at the end of each asset."""

    def __init__(self, stream: TextIO, pace: Pace | None = None) -> None:
        self._stream = stream
        self._pace = pace or Pace(_LINE_SECONDS)

    def told(self, line: str) -> None:
        """Print the line if none was printed for a while."""
        if self._pace.due():
            self._say(line)

    def warned(self, line: str) -> None:
        """Print the line as a warning."""
        self._say(f"warning: {line}")

    def ended(self, line: Line) -> None:
        """Print the outcome; reasons for failures follow at the end of the run."""
        if line.state is not State.OK:
            self._say(f"{line.name}: {line.state.value}")
        elif line.report is not None:
            self._say(str(line.report))
        else:
            rows = "" if line.rows is None else f"{line.rows:,} rows "
            self._say(f"{line.name}: {rows}in {line.seconds:.1f} s")

    def stopping(self) -> None:
        """Acknowledge Ctrl-C."""
        # Called from a signal handler, maybe in the middle of a write to the stream.
        os.write(self._stream.fileno(), b"Stopping. Ctrl-C again ends at once.\n")

    def _say(self, line: str) -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()

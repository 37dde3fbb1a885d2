"""When colour, moving lines and Unicode may be used."""

import io
import os
import pty
from collections.abc import Iterator
from typing import TextIO

import pytest

from intercom_assets.cli.display.board import Board, Line, State
from intercom_assets.cli.display.screen import PlainLines
from intercom_assets.cli.display.terminal import is_lively, speaks_unicode
from intercom_assets.engine.progress import Pace, Progress, Report


@pytest.fixture
def terminal() -> Iterator[TextIO]:
    """Give a stream that ends in a terminal."""
    outer, inner = pty.openpty()
    with os.fdopen(inner, "w", encoding="utf-8") as stream:
        yield stream
    os.close(outer)


@pytest.mark.parametrize(
    ("environment", "lively"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "dumb"}, False),
        ({}, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
    ],
)
def test_lines_move_where_the_terminal_can(
    terminal: TextIO, environment: dict[str, str], *, lively: bool
) -> None:
    """A dumb terminal, or NO_COLOR with any value, gets plain lines."""
    assert lively == is_lively(terminal, environment)


def test_nothing_moves_in_a_pipe() -> None:
    """What is no terminal gets plain lines, whatever TERM says."""
    assert not is_lively(io.StringIO(), {"TERM": "xterm-256color"})


@pytest.mark.parametrize(
    ("environment", "unicode"),
    [
        ({"LANG": "en_US.UTF-8"}, True),
        ({"LANG": "de_DE.utf8"}, True),
        ({}, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, False),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "C"}, False),
        ({"LANG": "en_US.ISO-8859-1"}, False),
        ({"LANG": "C.UTF-8"}, True),
    ],
)
def test_unicode_goes_by_the_locale(
    terminal: TextIO, environment: dict[str, str], *, unicode: bool
) -> None:
    """ASCII stands for a locale that is not UTF-8, also where Python takes C for UTF-8."""
    assert unicode == speaks_unicode(terminal, environment)


def test_plain_lines_keep_a_pace() -> None:
    """Of many pages there is a line every few seconds; of each end there is one."""
    now = 0.0
    stream = io.StringIO()
    board = Board(PlainLines(stream, Pace(5.0, lambda: now)))
    board.on_start(Report(resource="contacts", table="intercom.rudder_contacts"))

    for page in range(12):
        now = float(page)
        board.on_progress(Progress(resource="contacts", done=page * 150))
    board.on_finish(Report(resource="contacts", table="intercom.rudder_contacts", inserted=1650))
    board.started("a_model")
    board.succeeded("a_model", 7)

    told = stream.getvalue().splitlines()
    assert ["contacts: 750 read, 0 requests", "contacts: 1,500 read, 0 requests"] == told[:2]
    assert "1,650 inserted" in told[2]
    assert "a_model: 7 rows in 0.0 s" == told[3]
    assert 4 == len(told)


def test_a_board_says_of_each_asset_what_became_of_it() -> None:
    """What succeeded, failed and never began is told apart, each failure with its reason."""
    board = Board(PlainLines(io.StringIO()))
    board.planned(["tags", "conversations", "conversation_parts"])

    board.on_start(Report(resource="tags", table="t"))
    board.on_finish(Report(resource="tags", table="t", seconds=2.5))
    board.on_start(Report(resource="conversations", table="c"))
    board.failed_with("conversations", "no scope")
    board.closed()

    assert Line("tags", State.OK, seconds=2.5) == _without(board.lines["tags"])
    assert [("conversations", "failed", "no scope"), _NOT_RUN] == [
        (line.name, line.state.value, line.error) for line in board.failed
    ]


_NOT_RUN = ("conversation_parts", "not run", "what it depends on failed")


def _without(line: Line) -> Line:
    """Forget what is different each time."""
    return Line(line.name, line.state, seconds=line.seconds)

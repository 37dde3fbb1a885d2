"""When colour, moving lines and Unicode may be used."""

import io
import os
import pty
from collections.abc import Iterator
from dataclasses import asdict
from typing import TextIO

import pytest

from intercom_assets.cli.display.board import Board, State
from intercom_assets.cli.display.screen import PlainLines, Screen
from intercom_assets.cli.display.terminal import is_lively, speaks_unicode
from intercom_assets.cli.job import RunEvents
from intercom_assets.engine.progress import Pace, Report


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


def sync(name: str, **figures: float) -> dict[str, object]:
    """Make the report of a sync, as an event has it."""
    values = asdict(Report(resource=name, table=f"intercom.rudder_{name}")) | figures
    meter = {"requests": 0, "retries": 0, "quota_seconds": 0.0}
    return {**values, "meter": meter}


def test_plain_lines_keep_a_pace() -> None:
    """Of many pages there is a line every few seconds; of each end there is one."""
    now = 0.0
    stream = io.StringIO()
    events = RunEvents(Board(), PlainLines(stream, Pace(5.0, lambda: now)))
    events.take({"kind": "began", "report": sync("contacts")})

    for page in range(12):
        now = float(page)
        progress = {"resource": "contacts", "done": page * 150}
        events.take({"kind": "progressed", "progress": progress, "report": sync("contacts")})
    events.take({"kind": "finished", "report": sync("contacts", inserted=1650)})
    events.take({"kind": "materialized", "step": "views", "name": "a_model", "rows": 7})

    told = stream.getvalue().splitlines()
    assert ["contacts: 750 read, 0 requests", "contacts: 1,500 read, 0 requests"] == told[:2]
    assert "1,650 inserted" in told[2]
    assert "a_model: 7 rows in 0.0 s" == told[3]
    assert 4 == len(told)


def test_the_time_of_a_sync_is_that_of_its_report() -> None:
    """What a resource took is what its sync says, without what Dagster does around it."""
    board = Board()
    events = RunEvents(board, Screen())

    events.take({"kind": "began", "report": sync("tags")})
    events.take({"kind": "finished", "report": sync("tags", seconds=2.5, records_returned=40)})

    line = board.lines["tags"]
    assert (State.OK, 2.5, 40) == (line.state, line.seconds, line.done)
    assert [] == board.failed

"""The moving lines of a run: what they say, and that they fit."""

import io
import time

import pytest

from intercom_assets.cli.display.board import Board, Line, State
from intercom_assets.cli.display.screen import LiveLines, most_urgent
from intercom_assets.cli.display.terminal import console_on
from intercom_assets.engine.progress import Report, spell
from intercom_assets.intercom.metrics import RequestMetrics


class Utf8(io.StringIO):
    """A stream that takes Unicode, where a plain one takes ASCII."""

    encoding = "utf-8"


def reading(*, done: int = 500, total: int | None = 2000, note: str = "") -> Line:
    """Make a line of contacts, ten seconds after it began."""
    meter = RequestMetrics(requests=40, retries=3, quota_seconds=12.0)
    return Line(
        "contacts",
        State.RUNNING,
        report=Report(resource="contacts", table="intercom.rudder_contacts", meter=meter),
        done=done,
        total=total,
        since=time.monotonic() - 10,
        note=note,
    )


def drawn(line: Line, width: int, stream: io.StringIO) -> str:
    """Draw a line on a terminal."""
    console = console_on(stream)
    console.width = width
    with console.capture() as captured:
        console.print(LiveLines(Board({line.name: line}), console).drawn())
    return captured.get()


def test_a_line_tells_count_rate_time_left_waits_and_retries() -> None:
    """What runs shows how much of what was read, how fast, how long yet, and what it waited for."""
    shown = drawn(reading(note="asked again"), 120, Utf8())

    assert "━━━━━" in shown
    for part in ("contacts", "500/2,000", "50/s", "30s left", "quota 12s", "3 retries", "again"):
        assert part in shown


NOTE = "Intercom cannot answer at the moment; trying again in 1.0 s [POST /contacts/search]"


@pytest.mark.parametrize("width", [20, 60, 80, 200])
@pytest.mark.parametrize("stream", [Utf8, io.StringIO])
@pytest.mark.parametrize(
    "line",
    [
        reading(note=NOTE),
        reading(done=123_456_789, total=1_234_567_890),
        reading(total=None),
        Line("contacts", State.FAILED, error="a very long reason " * 20 + "\nand its second line"),
        Line("a_model_with_a_name_that_is_longer_than_most" * 3, State.OK, rows=12, seconds=3.0),
        Line("teams"),
    ],
    ids=["usual", "large", "unknown total", "failed", "long name", "waiting"],
)
def test_no_line_wraps(line: Line, width: int, stream: type[io.StringIO]) -> None:
    """No line is wider than the terminal, whatever it says, and none is two."""
    [shown, *rest] = drawn(line, width, stream()).splitlines()

    assert len(shown) <= width
    assert rest in ([], ["Starting Dagster"])


@pytest.mark.parametrize("width", [20, 80])
def test_ascii_is_ascii(width: int) -> None:
    """Where the terminal shows no Unicode, the bar, the marks and what is cut are ASCII."""
    shown = drawn(reading(done=123_456_789, total=1_234_567_890, note=NOTE), width, io.StringIO())

    assert shown.isascii()
    assert "---" in drawn(reading(), 80, io.StringIO())


def test_an_asset_without_requests_has_rows_and_seconds() -> None:
    """What is no resource shows its rows and how long it took, and no bar that means nothing."""
    line = Line("open_conversations", State.OK, rows=1234, seconds=0.34)

    assert ["✓", "open_conversations", "1,234", "rows", "0.3s"] == drawn(line, 80, Utf8()).split()


def test_a_low_terminal_keeps_what_runs_and_what_failed() -> None:
    """Where there are more lines than room, what is done or far off is left out first."""
    states = [State.OK, State.FAILED, State.RUNNING, State.WAITING, State.OK, State.WAITING]
    lines = [Line(str(position), state) for position, state in enumerate(states)]

    assert ["1", "2", "3"] == [line.name for line in most_urgent(lines, 4)]
    assert lines == most_urgent(lines, 6)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.04, "0.0s"),
        (9.96, "10s"),
        (59.4, "59s"),
        (65, "1m05s"),
        (3599.9, "1h00m"),
        (7620, "2h07m"),
    ],
)
def test_durations_are_short(seconds: float, shown: str) -> None:
    """A duration has at most two units."""
    assert shown == spell(seconds)

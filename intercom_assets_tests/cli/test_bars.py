"""The moving lines of a run: what they say, and that they fit."""

import pytest

from intercom_assets.cli.display.bars import drawn, fitting, spell
from intercom_assets.cli.display.board import Line, State
from intercom_assets.cli.display.terminal import ASCII, UNICODE, Marks
from intercom_assets.engine.progress import Progress, Report
from intercom_assets.intercom.metrics import RequestMetrics


def reading(*, done: int = 500, total: int | None = 2000, error: str = "") -> Line:
    """Make a line of contacts, ten seconds after it began."""
    meter = RequestMetrics(requests=40, retries=3, quota_seconds=12.0)
    return Line(
        "contacts",
        State.FAILED if error else State.RUNNING,
        report=Report(resource="contacts", table="intercom.rudder_contacts", meter=meter),
        progress=Progress(resource="contacts", done=done, total=total),
        note="Intercom cannot answer at the moment; trying again in 1.0 s [POST /contacts/search]",
        error=error,
    )


def test_a_line_tells_count_rate_time_left_waits_and_retries() -> None:
    """What runs shows how much of what was read, how fast, how long yet, and what it waited for."""
    shown = drawn(reading(), 120, 10.0, UNICODE).plain

    assert shown.startswith("⠋ contacts           ━━━━━━──────────────────  ")
    for part in ("500/2,000", "50/s", "30s left", "quota 12s", "3 retries"):
        assert part in shown


@pytest.mark.parametrize("width", [20, 60, 80, 200])
@pytest.mark.parametrize("marks", [UNICODE, ASCII])
@pytest.mark.parametrize(
    "line",
    [
        reading(),
        reading(done=123_456_789, total=1_234_567_890),
        reading(total=None),
        reading(error="a very long reason " * 20 + "\nand its second line"),
        Line("a_model_with_a_name_that_is_longer_than_most" * 3, State.OK, rows=12, seconds=3.0),
        Line("teams"),
    ],
    ids=["usual", "large", "unknown total", "failed", "long name", "waiting"],
)
def test_no_line_wraps(line: Line, width: int, marks: Marks) -> None:
    """No line is as wide as the terminal, whatever it says, and none is two."""
    shown = drawn(line, width, 10.0, marks)

    assert shown.cell_len < width
    assert "\n" not in shown.plain


def test_ascii_is_ascii() -> None:
    """Where the terminal shows no Unicode, the bar and the marks are ASCII."""
    line = reading()
    line.note = ""

    assert drawn(line, 120, 10.0, ASCII).plain.isascii()
    assert "======------------------" in drawn(line, 120, 10.0, ASCII).plain


def test_an_asset_without_requests_has_rows_and_seconds() -> None:
    """What is no resource shows its rows and how long it took, and no bar that means nothing."""
    line = Line("open_conversations", State.OK, rows=1234, seconds=0.34)

    shown = drawn(line, 80, 10.0, UNICODE).plain

    assert ["✓", "open_conversations", "1,234", "rows", "0.3s"] == shown.split()


def test_a_low_terminal_keeps_what_runs_and_what_failed() -> None:
    """Where there are more lines than room, what is done or far off is counted instead."""
    states = [State.OK, State.FAILED, State.RUNNING, State.WAITING, State.OK, State.WAITING]
    lines = [Line(str(position), state) for position, state in enumerate(states)]

    shown, hidden = fitting(lines, 4)

    assert (["1", "2", "3"], 3) == ([line.name for line in shown], hidden)
    assert (lines, 0) == fitting(lines, 6)


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

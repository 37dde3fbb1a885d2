"""Tables and marked lines that commands print: coloured on a terminal, uncut in a pipe."""

import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import TextIO

import click
from rich.table import Table

from intercom_assets.cli.display.board import Board, Line, State
from intercom_assets.cli.display.terminal import UNBOUNDED, console_on, is_lively, marks_for
from intercom_assets.engine.progress import figures


@dataclass(frozen=True, slots=True)
class Heading:
    """A column; a narrow terminal drops those with the lowest `drop` first, 0 never."""

    name: str
    number: bool = False
    drop: int = 0
    shout: bool = False


def print_table(columns: Sequence[Heading], rows: Sequence[Sequence[object]]) -> None:
    """Print a table; a narrow terminal gets fewer columns rather than truncated ones."""
    console = console_on(sys.stdout)
    unbounded = console.options.update(width=UNBOUNDED)
    for dropped in range(1 + max((column.drop for column in columns), default=0)):
        table = _table(columns, rows, dropped)
        if console.measure(table, options=unbounded).maximum < console.width:
            break
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        # Trailing blanks would wrap when the terminal is narrowed.
        click.echo(line.rstrip(), color=True)


def _table(columns: Sequence[Heading], rows: Sequence[Sequence[object]], dropped: int) -> Table:
    kept = [not 0 < column.drop <= dropped for column in columns]
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    for column in compress(columns, kept):
        table.add_column(
            column.name,
            justify="right" if column.number else "left",
            no_wrap=True,
            style="yellow" if column.shout else None,
        )
    for row in rows:
        table.add_row(*map(_cell, compress(row, kept)))
    return table


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.1f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "" if value is None else str(value)


_COLUMNS = {
    "resource": Heading("resource"),
    "status": Heading("status", shout=True),
    "table": Heading("table", drop=1),
    "records_returned": Heading("returned", number=True, drop=6),
    "rows_inserted": Heading("inserted", number=True),
    "rows_updated": Heading("updated", number=True),
    "rows_unchanged": Heading("unchanged", number=True, drop=2),
    "rows_deleted": Heading("deleted", number=True, drop=7),
    "rows_archived": Heading("archived", number=True, drop=8),
    "row_count": Heading("rows", number=True),
    "requests": Heading("requests", number=True, drop=5),
    "retries": Heading("retries", number=True, drop=3),
    "throttled_seconds": Heading("quota", number=True, drop=4),
    "seconds": Heading("seconds", number=True),
}
_OPTIONAL = {"status", "rows_archived", "retries", "throttled_seconds"}
"""Columns that are hidden while all their cells are empty or 0."""


def print_board(board: Board) -> None:
    """Print the outcome of a run: a line per asset, and totals."""
    rows = [_row(line) for line in board.lines.values()]
    # A view's rows are its tables' rows and must not count twice.
    counted = [figures(line.report) for line in board.lines.values() if line.report]
    total: dict[str, object] = {
        name: sum(numbers.get(name, 0) for numbers in counted)
        for name, column in _COLUMNS.items()
        if column.number
    }
    total["seconds"] = sum(line.seconds for line in board.lines.values())
    rows.append({"resource": "total", **total})
    names = [
        name
        for name in _COLUMNS
        if name not in _OPTIONAL or {_cell(row.get(name)) for row in rows} - {"", "0", "0.0"}
    ]
    click.echo()
    print_table(
        [_COLUMNS[name] for name in names], [[row.get(name) for name in names] for row in rows]
    )


def _row(line: Line) -> dict[str, object]:
    row: dict[str, object] = {"resource": line.name, "row_count": line.rows}
    if line.state is not State.OK:
        row["status"] = line.state.value
    if line.state is not State.WAITING:
        row["seconds"] = line.seconds
    if line.report is not None:
        row |= {"table": line.report.table, **figures(line.report)}
    return row


def print_failures(board: Board) -> None:
    """Print why each asset failed, one line each; wrapped on a terminal."""
    for line in board.failed:
        _complain(f"{line.name} {line.state.value}: {line.error}")
    if board.error and not board.failed:
        _complain(f"run failed: {board.error}")


def _complain(text: str) -> None:
    text = " ".join(text.split())
    if is_lively(sys.stderr):
        text = click.style(_wrapped(f"{marks_for(sys.stderr).bad} {text}", sys.stderr, 2), fg="red")
    click.echo(text, err=True)


def _wrapped(text: str, stream: TextIO, indent: int) -> str:
    """Wrap text between words, so that the terminal does not break a word."""
    width = max(console_on(stream).width - 1, indent + 20)
    return textwrap.fill(
        text,
        width,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def print_findings(board: Board) -> None:
    """Print the findings of checks, one line each."""
    for finding in board.findings:
        click.echo(f"check: {' '.join(finding.split())}", err=True)


def print_mark(text: str, *, good: bool | None, indent: int = 2) -> None:
    """Print a line after a mark; `good` is None for a warning."""
    marks = marks_for(sys.stdout)
    mark, colour = {
        True: (marks.good, "green"),
        False: (marks.bad, "red"),
        None: (marks.warning, "yellow"),
    }[good]
    if not sys.stdout.isatty():
        click.echo(f"{mark} {text}")
        return
    rest = _wrapped(f"{mark} {text}", sys.stdout, indent).removeprefix(mark)
    click.echo(f"{click.style(mark, fg=colour) if is_lively(sys.stdout) else mark}{rest}")

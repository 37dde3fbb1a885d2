"""Tables that commands print at their end."""

import re
from collections.abc import Iterable, Mapping, Sequence

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from intercom_assets.sync.report import Report


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, left: int = 1) -> None:
    """Print rows under columns, whole in a pipe; all but the first `left` are numbers."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    for position, column in enumerate(columns):
        table.add_column(column, justify="left" if position < left else "right", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    console = Console()
    if console.is_terminal:
        console.print(table)
        return
    console.width = 10_000
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.1f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "" if value is None else str(value)


def print_reports(reports: Sequence[Report], names: Sequence[str]) -> None:
    """Print what a run did, a line per resource, and the sums.

    A narrow terminal gets fewer columns rather than cut ones.
    """
    done = {report.resource: report for report in reports}
    rows = [_line(done[name]) if name in done else {"resource": name} for name in names]
    for row in rows:
        row.setdefault("table", "failed")
    numbers = [column for column in _COLUMNS if column not in {"resource", "table"}]
    total = {column: _sum(row.get(column) for row in rows) for column in numbers}
    rows.append({"resource": "total", "table": "", **total})
    console = Console()
    narrow = console.is_terminal and console.width < _WIDE
    columns = [column for column in _COLUMNS if not (narrow and column in _DISPENSABLE)]
    click.echo()
    print_table(
        columns, [[row.get(column) for column in columns] for row in rows], left=1 if narrow else 2
    )


def _sum(values: Iterable[object]) -> float:
    return sum(value for value in values if isinstance(value, int | float))


def _line(report: Report) -> dict[str, object]:
    return {
        "resource": report.resource,
        "table": report.table,
        "returned": report.records_returned,
        "inserted": report.inserted,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "deleted": report.deleted,
        "rows": report.row_count,
        "requests": report.meter.requests,
        "seconds": round(report.seconds, 1),
    }


_COLUMNS = (
    "resource", "table", "returned", "inserted", "updated", "unchanged", "deleted", "rows",
    "requests", "seconds",
)  # fmt: skip
_DISPENSABLE = ("table", "unchanged")
_WIDE = 125


def print_failures(failures: Mapping[str, str]) -> None:
    """Print the reason of each failure, a line each."""
    for name, reason in failures.items():
        click.echo(f"{name} failed: {' '.join(reason.split())}", err=True)


def print_findings(findings: Sequence[str]) -> None:
    """Print what checks found, a line each."""
    for finding in findings:
        click.echo(f"check: {' '.join(finding.split())}", err=True)


def named(schema: str, table: str) -> str:
    """Write a table's name for SQL, quoted only where it has to be."""
    return ".".join(_name(part) for part in (schema, table))


def _name(identifier: str) -> str:
    if re.fullmatch(r"[a-z_][a-z0-9_]*", identifier):
        return identifier
    return '"' + identifier.replace('"', '""') + '"'

"""`intercom-assets query`: query the tables without another tool."""

import csv
import json
import math
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from itertools import accumulate
from typing import TYPE_CHECKING

import click
from rich.cells import cell_len, set_cell_size

from intercom_assets.cli.demo import settings_to_read
from intercom_assets.cli.display.output import instant
from intercom_assets.orchestration.warehouses import open_warehouse

if TYPE_CHECKING:
    import pyarrow as pa

_CRLF = "\r\n"
_WIDEST = 50
"""Characters of a cell on a terminal."""


def print_answer(sql: str, source: str | None, form: str, *, demo: bool) -> None:
    """Run a query and print the result."""
    settings = settings_to_read((source,) if source else (), demo=demo)[0]
    with open_warehouse(settings.warehouse) as warehouse:
        answer = warehouse.query(sql)
    names, rows = answer.column_names, _rows(answer, as_json=form == "json")
    match form:
        case "csv":
            text = "".join(_csv([names, *rows]))
        case "json":
            named = [dict(zip(names, row, strict=True)) for row in rows]
            text = json.dumps(named, indent=2, default=str, allow_nan=False) + "\n"
        case _:
            text = "".join(_lines([names, *rows]))
    click.echo(text, nl=False)


def _rows(answer: "pa.Table", *, as_json: bool) -> list[tuple[object, ...]]:
    from intercom_assets.warehouse.arrow import is_json  # noqa: PLC0415 - pyarrow takes long

    columns = []
    for field, column in zip(answer.schema, answer.columns, strict=True):
        values = column.to_pylist()
        if as_json and is_json(field):
            values = [None if value is None else json.loads(value) for value in values]
        columns.append(map(_for_json if as_json else _plain, values))
    # By position, since two columns of a result may share a name.
    return list(zip(*columns, strict=True))


def _plain(value: object) -> object:
    """Return a value with times in ISO 8601."""
    match value:
        case datetime() if value.tzinfo is not None:
            return instant(value)
        case date() | time():
            return value.isoformat()
        case _:
            return value


def _for_json(value: object) -> object:
    """Return a value of JSON, which has neither NaN nor exact decimals."""
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case float() if not math.isfinite(value):
            return None
        case Mapping():
            return {key: _for_json(inner) for key, inner in value.items()}
        case list():
            return [_for_json(inner) for inner in value]
        case _:
            return _plain(value)


class _Written:
    """A file for `csv.writer` that returns each line instead of writing it."""

    def write(self, line: str) -> str:
        """Return the line."""
        return line


def _csv(rows: Sequence[Sequence[object]]) -> Iterator[str]:
    # csv quotes values that contain a character of the terminator. \r must be among them, because
    # many readers end a line at a lone \r.
    writer = csv.writer(_Written(), lineterminator=_CRLF)
    for row in rows:
        yield f"{str(writer.writerow(row)).removesuffix(_CRLF)}\n"


def _lines(rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """Yield the lines of a table; on a terminal what does not fit is cut, and that is said."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    fitting = len(widths)
    if sys.stdout.isatty():
        widths = [min(width, _WIDEST) for width in widths]
        ends = accumulate(width + 1 for width in widths)
        fitting = max(1, sum(end <= shutil.get_terminal_size().columns for end in ends))
    for row in cells:
        yield " ".join(map(_fit, row[:fitting], widths)).rstrip() + "\n"
    if fitting < len(widths):
        click.echo(
            f"{fitting} of {len(widths)} columns fit this terminal. Name fewer of them, or choose "
            "--format csv or json",
            err=True,
        )


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    # A customer's text may hold line ends, or what a terminal takes for commands.
    return (
        text
        if text.isprintable()
        else "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)
    )


def _fit(text: str, width: int) -> str:
    shown = text if cell_len(text) <= width else f"{set_cell_size(text, width - 1)}…"
    return set_cell_size(shown, width)

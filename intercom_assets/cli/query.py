"""`intercom-assets query`: query the tables without another tool."""

import csv
import json
import sys
from datetime import date, datetime, time
from typing import Any

import click

from intercom_assets.cli.demo import demo_or_real
from intercom_assets.cli.display.tables import Heading, print_table
from intercom_assets.cli.output import FAILED, REFUSED, instant
from intercom_assets.cli.project import find_project
from intercom_assets.errors import ConfigurationError, IntercomAssetsError
from intercom_assets.orchestration.warehouses import open_warehouse

_CRLF = "\r\n"


def print_answer(sql: str, source: str | None, form: str) -> int:
    """Run a query, print the result and return the exit code."""
    try:
        chosen = find_project().sources((source,) if source else ())[0]
        with open_warehouse(demo_or_real(chosen).warehouse) as warehouse:
            answer = warehouse.query(sql)
    except IntercomAssetsError as error:
        click.echo(f"intercom-assets: {error}", err=True)
        return REFUSED if isinstance(error, ConfigurationError) else FAILED
    columns = list(answer.column_names)
    # By position, since two columns of a result may share a name.
    rows = list(zip(*(column.to_pylist() for column in answer.columns), strict=True))
    match form:
        case "csv":
            _print_csv(columns, rows)
        case "json":
            named = [dict(zip(columns, map(_plain, row), strict=True)) for row in rows]
            click.echo(json.dumps(named, indent=2, default=str))
        case _:
            print_table([Heading(name) for name in columns], rows)
    return 0


class _Written:
    """A file for `csv.writer` that returns each line instead of writing it."""

    def write(self, line: str) -> str:
        """Return the line."""
        return line


def _print_csv(columns: list[str], rows: list[tuple[Any, ...]]) -> None:
    # csv quotes values that contain a character of the terminator. \r must be among them, because
    # many readers end a line at a lone \r.
    writer = csv.writer(_Written(), lineterminator=_CRLF)
    for row in (columns, *rows):
        line = writer.writerow([_plain(value) for value in row])
        sys.stdout.write(f"{line.removesuffix(_CRLF)}\n")


def _plain(value: object) -> object:
    """Return a value in a form fit for JSON and CSV: times in ISO 8601."""
    match value:
        case datetime() if value.tzinfo is not None:
            return instant(value)
        case date() | time():
            return value.isoformat()
        case _:
            return value

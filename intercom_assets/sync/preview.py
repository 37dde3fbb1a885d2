"""A few rows for people: what identifies and dates them is legible, what may be personal is not.

Values come from customers, and the page that shows them reads Markdown: each stands in a code
span, where nothing is a link, an image or a tag.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from intercom_assets.schema.coerce import Row, Value
from intercom_assets.schema.table import Column, Table
from intercom_assets.schema.types import ColumnType
from intercom_assets.sync.fields import masked
from intercom_assets.sync.source import Preview

_COLUMNS = 12
_SHOWN = 40
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_LEGIBLE = {ColumnType.INTEGER, ColumnType.BOOLEAN, ColumnType.TIMESTAMP}

_ENUMS = frozenset(
    {
        "category",
        "channel_initial",
        "distribution_method",
        "model",
        "priority",
        "role",
        "sales_agent_outcome",
        "sla_applied_sla_status",
        "source_delivered_as",
        "state",
    }
)
"""Columns, beside those of types, whose values Intercom chooses from a few."""

_YOURS = ("external_id", "company_id")
"""Ends of the names of columns that hold identifiers of your own systems, emails at times."""


def preview(table: Table, rows: Sequence[Row], mode: Preview) -> str:
    """Show rows as a table in Markdown; empty where there is nothing to show.

    Args:
        table: Their columns.
        rows: The rows.
        mode: Whether values that may be personal are masked.
    """
    if mode is Preview.NONE or not rows:
        return ""
    filled = [
        column for column in table.columns if any(row.get(column.name) is not None for row in rows)
    ]
    chosen = sorted(filled, key=lambda column: _rank(table, column))[:_COLUMNS]
    lines = [_line(column.name for column in chosen), _line("---" for _ in chosen)]
    lines += [
        _line(_cell(table, column, row.get(column.name), mode) for column in chosen) for row in rows
    ]
    return "\n".join(lines)


def is_legible(table: Table, column: Column) -> bool:
    """Tell whether a column's values say nothing about a person: keys, ids, dates, enums."""
    if column.type in _LEGIBLE or column.name in table.primary_key:
        return True
    if column.type is not ColumnType.TEXT or column.name.endswith(_YOURS):
        return False
    return column.name in _ENUMS or column.name.split("_")[-1] in {"id", "type"}


def _rank(table: Table, column: Column) -> int:
    """Order columns: keys, the date of the version, others as declared, JSON last."""
    if column.name in table.primary_key:
        return 0
    if column.name == table.version:
        return 1
    return 3 if column.type is ColumnType.JSON else 2


def _cell(table: Table, column: Column, value: Value, mode: Preview) -> str:
    if value is None:
        return ""
    shown = _text(column, value)
    told = shown[:_SHOWN]
    if mode is Preview.MASKED and not is_legible(table, column):
        told = masked(told)
    return _span(told if len(shown) <= _SHOWN else f"{told}…")


def _text(column: Column, value: Value) -> str:
    if column.type is ColumnType.TIMESTAMP and isinstance(value, int):
        return f"{_EPOCH + timedelta(microseconds=value):%Y-%m-%d %H:%M:%S}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _span(text: str) -> str:
    # A row is one line; a backtick ends a span, and a bar a cell.
    inert = "".join(one if one.isprintable() else " " for one in text)
    inert = inert.replace("`", "'").replace("|", "¦")
    return f"`{inert}`"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"

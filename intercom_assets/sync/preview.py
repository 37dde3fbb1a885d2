"""A few rows for people: what identifies and dates them is legible, what may be personal is not.

Values come from customers, and the page that shows them reads Markdown: each stands in a code
span, where nothing is a link, an image or a tag.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from intercom_assets.catalog.table import Column, Table
from intercom_assets.catalog.types import ColumnType, Row, Value
from intercom_assets.sync.extract import Preview
from intercom_assets.sync.fields import masked

_COLUMNS = 8
"""As many as fit beside each other on the page."""

_DIALOG = 1000
"""Characters from which on the page opens a wide dialog; it squeezes less into a narrow cell."""

_SHOWN = 20
_KEY_SHOWN = 40
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

_TELLING = (
    "name",
    "label",
    "internal_label",
    "external_label",
    "title",
    "author_name",
    "source_author_name",
    "email",
    "role",
    "category",
    "part_type",
    "body",
    "state",
    "priority",
    "data_type",
)
"""Columns by which people know a row, in the order in which they look at them."""

_DULL = frozenset({"app_id", "email_domain", "type", "workspace_id"})
"""Columns that are alike in every row, or part of another."""

_DATES = ("created_at", "updated_at")

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
        column
        for column in table.columns
        if column.name not in _DULL and any(row.get(column.name) is not None for row in rows)
    ]
    dates = [column for column in filled if column.name in _DATES]
    others = [column for column in filled if column.name not in _DATES]
    others.sort(key=lambda column: _rank(table, column))
    chosen = [*others[: _COLUMNS - len(dates)], *dates]
    lines = [_line(column.name for column in chosen), _line("---" for _ in chosen)]
    lines += [
        _line(_cell(table, column, row.get(column.name), mode) for column in chosen) for row in rows
    ]
    return "\n".join(lines).ljust(_DIALOG)


def is_legible(table: Table, column: Column) -> bool:
    """Tell whether a column's values say nothing about a person: keys, ids, dates, enums."""
    if column.type in _LEGIBLE or column.name in table.primary_key:
        return True
    if column.type is not ColumnType.TEXT or column.name.endswith(_YOURS):
        return False
    return column.name in _ENUMS or column.name.split("_")[-1] in {"id", "type"}


def _rank(table: Table, column: Column) -> int:
    """Order columns: keys, what tells rows apart, then as declared: plain, others, JSON."""
    if column.name in table.primary_key:
        return -1
    if column.name in _TELLING:
        return _TELLING.index(column.name)
    if column.type is ColumnType.JSON:
        return len(_TELLING) + 2
    plain = len(column.path) == 1 and column.type is not ColumnType.TIMESTAMP
    return len(_TELLING) + (0 if plain else 1)


def _cell(table: Table, column: Column, value: Value, mode: Preview) -> str:
    if value is None:
        return ""
    shown = _text(column, value)
    length = _KEY_SHOWN if column.name in table.primary_key else _SHOWN
    told = shown[:length]
    if mode is Preview.MASKED and not is_legible(table, column):
        told = masked(told)
    return _span(told if len(shown) <= length else f"{told}…")


def _text(column: Column, value: Value) -> str:
    if column.type is ColumnType.TIMESTAMP and isinstance(value, int):
        return f"{_EPOCH + timedelta(microseconds=value):%Y-%m-%d %H:%M}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _span(text: str) -> str:
    # A row is one line; a backtick ends a span, and a bar a cell.
    inert = "".join(one if one.isprintable() else " " for one in text)
    inert = inert.replace("`", "'").replace("|", "¦")
    return f"`{inert}`"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"

"""A preview of rows: keys and dates are legible, values that may be personal are masked."""

from collections.abc import Sequence
from enum import Enum

from intercom_assets.catalog.table import Column, Table
from intercom_assets.catalog.types import ColumnType, Row, Value, instant


class Preview(Enum):
    """How a materialization shows the rows that were read."""

    MASKED = "masked"
    PLAIN = "plain"
    NONE = "none"


_COLUMNS = 8
_LONGEST = 40
_MASKED_LONGEST = 60
_LEGIBLE = {ColumnType.INTEGER, ColumnType.BOOLEAN, ColumnType.TIMESTAMP}
_YOURS = ("external_id", "company_id")
"""Suffixes of columns with identifiers of your own systems, which can be emails."""

_ENUMS = {
    *("category", "channel_initial", "distribution_method", "model", "priority", "role", "state"),
    *("sales_agent_outcome", "sla_applied_sla_status", "source_delivered_as"),
}
"""Columns, besides types, with a fixed set of values."""


def sample(table: Table, rows: Sequence[Row], mode: Preview) -> list[dict[str, str]]:
    """Return rows as text by column: the key, then the first columns with any value."""
    if mode is Preview.NONE:
        return []
    filled = [
        column for column in table.columns if any(row.get(column.name) is not None for row in rows)
    ]
    filled.sort(key=lambda column: column.name not in table.primary_key)
    return [
        {
            column.name: _shown(column, row.get(column.name), mask=_masks(table, column, mode))
            for column in filled[:_COLUMNS]
        }
        for row in rows
    ]


def is_legible(table: Table, column: Column) -> bool:
    """Return whether a column's type or name shows that its values are not personal."""
    if column.type in _LEGIBLE or column.name in table.primary_key:
        return True
    if column.type is not ColumnType.TEXT or column.name.endswith(_YOURS):
        return False
    return column.name in _ENUMS or column.name.split("_")[-1] in {"id", "type"}


def masked(text: str) -> str:
    """Return the shape of a value without its content: `"xxx@xxxxxxx.xxx"`."""
    return _cut("".join(map(_form, text)), _MASKED_LONGEST)


def _masks(table: Table, column: Column, mode: Preview) -> bool:
    return mode is Preview.MASKED and not is_legible(table, column)


def _shown(column: Column, value: Value, *, mask: bool) -> str:
    if value is None:
        return ""
    if column.type is ColumnType.TIMESTAMP and isinstance(value, int):
        return f"{instant(value):%Y-%m-%d %H:%M}"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    # Characters that change the direction of writing would affect neighbouring cells.
    line = "".join(char if char.isprintable() else " " for char in text[: _LONGEST + 1])
    return _cut(masked(line) if mask else line, _LONGEST)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"


def _form(char: str) -> str:
    if char.isdigit():
        return "9"
    # Combining marks and emoji reveal something too.
    return char if char.isascii() and not char.isalpha() else "x"

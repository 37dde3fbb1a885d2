"""The Arrow type of each column type; JSON travels as text, which a user's query marks as JSON."""

from collections.abc import Sequence

import pyarrow as pa

from intercom_assets.catalog.types import ColumnType

ARROW_TYPES: dict[ColumnType, pa.DataType] = {
    ColumnType.TEXT: pa.string(),
    ColumnType.INTEGER: pa.int64(),
    ColumnType.DOUBLE: pa.float64(),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.TIMESTAMP: pa.timestamp("us", tz="UTC"),
    ColumnType.JSON: pa.string(),
}

_JSON = {b"kind": b"json"}


def mark_json(table: pa.Table, marks: Sequence[bool]) -> pa.Table:
    """Mark the columns whose text is JSON."""
    fields = [
        field.with_metadata(_JSON if marked else None)
        for field, marked in zip(table.schema, marks, strict=True)
    ]
    return pa.Table.from_arrays(table.columns, schema=pa.schema(fields))


def is_json(field: pa.Field) -> bool:
    """Return whether a column is marked as JSON."""
    return bool(field.metadata == _JSON)

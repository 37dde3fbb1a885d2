"""Tables in memory and on disk: the Arrow type of each column type."""

import pyarrow as pa

from intercom_assets.schema.table import Column
from intercom_assets.schema.types import ColumnType

ARROW_TYPES: dict[ColumnType, pa.DataType] = {
    ColumnType.TEXT: pa.string(),
    ColumnType.INTEGER: pa.int64(),
    ColumnType.DOUBLE: pa.float64(),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.TIMESTAMP: pa.timestamp("us", tz="UTC"),
    ColumnType.JSON: pa.string(),
}


def arrow_schema(columns: tuple[Column, ...]) -> pa.Schema:
    """Give each column its Arrow type; JSON travels as text."""
    return pa.schema([(column.name, ARROW_TYPES[column.type]) for column in columns])

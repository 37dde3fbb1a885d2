"""What the driver answers, in our names and types."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from intercom_assets.catalog.types import ColumnType
from intercom_assets.warehouse.snowflake.arrow import ARROW_TYPES

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(micros: int) -> datetime:
    """Make an instant of microseconds since 1970, as `micros` reads it."""
    return EPOCH + timedelta(microseconds=int(micros))


def python_values(row: Sequence[Any], kinds: Sequence[ColumnType]) -> tuple[Any, ...]:
    """Give a row that was read with `read_as` as Python's own values."""
    return tuple(
        instant(value) if kind is ColumnType.TIMESTAMP and value is not None else value
        for value, kind in zip(row, kinds, strict=True)
    )


def shaped(answer: pa.Table | None, kinds: Mapping[str, ColumnType]) -> pa.Table:
    """Give an answer our names and types, whatever types the driver chose.

    Args:
        answer: Columns that were read with `read_as`.
        kinds: Type of each column by its name, in order.
    """
    columns = answer.columns if answer is not None else ()
    arrays = [
        array.cast(pa.int64()).cast(ARROW_TYPES[kind])
        if kind is ColumnType.TIMESTAMP
        else array.cast(ARROW_TYPES[kind])
        for array, kind in zip(columns, kinds.values(), strict=True)
    ]
    return pa.table(arrays, names=list(kinds))

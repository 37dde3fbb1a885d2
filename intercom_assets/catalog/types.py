"""Column types, and the conversion of JSON values to them.

A value that does not fit is neither altered nor an error: it becomes `MISFIT`, and the caller keeps
it elsewhere. Timestamps are integers: microseconds since 1970, UTC.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final, TypeAlias

import msgspec

Json: TypeAlias = dict[str, "Json"] | list["Json"] | str | int | float | bool | None
"""Any JSON value."""

Record: TypeAlias = dict[str, Json]
"""A JSON object as Intercom sent it."""


class ColumnType(Enum):
    """Type of a column, which each warehouse maps to its own."""

    TEXT = "text"
    INTEGER = "integer"
    """Signed, 64 bits."""
    DOUBLE = "double"
    BOOLEAN = "boolean"
    TIMESTAMP = "timestamp"
    """An instant, UTC, to the microsecond."""
    JSON = "json"


Value: TypeAlias = str | int | float | bool | None
"""The value of a cell before it is loaded; for JSON columns it is JSON text."""

Row: TypeAlias = dict[str, Value]
"""Values by column; missing columns are null."""


class Misfit:
    """The type of `MISFIT`; there is one instance."""

    def __repr__(self) -> str:
        return "MISFIT"


MISFIT: Final = Misfit()
"""The value does not fit the column's type."""

Coercion: TypeAlias = Callable[[Json], "Value | Misfit"]

_MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR_1 = -62_135_596_800
_YEAR_10000 = 253_402_300_800
_INT64 = 2**63
_EXACT_DOUBLE = 2**53
_FINER = re.compile(r"[.,]\d{7}")

encode_json = msgspec.json.Encoder(order="deterministic").encode


def as_int(value: Json) -> int | None:
    """Return the value if it is an integer other than true and false, else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def is_null(value: Json, null_value: Json) -> bool:
    """Return whether Intercom means nothing by a value: 0, or the same as text."""
    return (value == null_value and value is not False) or value == str(null_value)


def value_at(record: Record, path: tuple[str, ...]) -> Json:
    """Return the value at a path of keys in a record, or None."""
    value: Json = record
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def micros_at(record: Record, path: tuple[str, ...]) -> int | None:
    """Return the instant at a path as microseconds since 1970, or None."""
    micros = to_timestamp(value_at(record, path)) if path else None
    return micros if isinstance(micros, int) else None


def instant_at(record: Record, path: tuple[str, ...]) -> datetime | None:
    """Return the instant at a path as a datetime, or None."""
    micros = micros_at(record, path)
    return None if micros is None else instant(micros)


def instant(micros: int) -> datetime:
    """Convert microseconds since 1970 to a datetime."""
    return EPOCH + timedelta(microseconds=micros)


def to_text(value: Json) -> Value | Misfit:
    """Accept text, and integers as text, because Intercom sends ids as either."""
    if isinstance(value, str):
        return value
    return MISFIT if as_int(value) is None else str(value)


def to_integer(value: Json) -> Value | Misfit:
    """Accept 64-bit integers, including those sent as `3.0`."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return MISFIT
    if isinstance(value, float):
        if not value.is_integer() or abs(value) > _EXACT_DOUBLE:
            return MISFIT
        value = int(value)
    return value if -_INT64 <= value < _INT64 else MISFIT


def to_double(value: Json) -> Value | Misfit:
    """Accept numbers that a double represents exactly."""
    if isinstance(value, float):
        return value
    number = as_int(value)
    return MISFIT if number is None or abs(number) > _EXACT_DOUBLE else float(number)


def to_boolean(value: Json) -> Value | Misfit:
    """Accept true and false only, not numbers or words."""
    return value if isinstance(value, bool) else MISFIT


def to_timestamp(value: Json) -> Value | Misfit:
    """Accept Unix seconds, or ISO 8601 with an offset, between the years 1 and 9999.

    Milliseconds do not fit, as they would be beyond the year 9999.
    """
    if isinstance(value, str):
        return _from_iso(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return MISFIT
    if not _YEAR_1 <= value < _YEAR_10000:
        return MISFIT
    if isinstance(value, int):
        return value * 1_000_000
    micros = round(value * 1_000_000)
    return micros if micros / 1_000_000 == value else MISFIT


def _from_iso(value: str) -> Value | Misfit:
    # Only the long form: "20240101" or "2024" may be numbers, and digits beyond microseconds would
    # be lost.
    if len(value) < len("2024-01-01T00:00Z") or value[4] != "-" or _FINER.search(value):
        return MISFIT
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        return MISFIT
    if instant.tzinfo is None:
        return MISFIT
    micros = (instant - EPOCH) // _MICROSECOND
    return micros if _YEAR_1 <= micros // 1_000_000 < _YEAR_10000 else MISFIT


def to_json(value: Json) -> Value | Misfit:
    """Encode any value as JSON text with sorted keys."""
    return encode_json(value).decode()


COERCIONS: dict[ColumnType, Coercion] = {
    ColumnType.TEXT: to_text,
    ColumnType.INTEGER: to_integer,
    ColumnType.DOUBLE: to_double,
    ColumnType.BOOLEAN: to_boolean,
    ColumnType.TIMESTAMP: to_timestamp,
    ColumnType.JSON: to_json,
}

PLAIN: dict[ColumnType, type] = {
    ColumnType.TEXT: str,
    ColumnType.DOUBLE: float,
    ColumnType.BOOLEAN: bool,
}
"""Python types whose values need no coercion."""

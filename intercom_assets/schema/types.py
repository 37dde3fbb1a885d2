"""Column types, and the JSON values that they are made from."""

from enum import Enum
from typing import TypeAlias

Json: TypeAlias = dict[str, "Json"] | list["Json"] | str | int | float | bool | None
"""Any JSON value."""

Record: TypeAlias = dict[str, Json]
"""A JSON object as Intercom sent it."""


class ColumnType(Enum):
    """What a column holds; each warehouse names its own type for it."""

    TEXT = "text"
    INTEGER = "integer"
    """Signed, 64 bits."""
    DOUBLE = "double"
    BOOLEAN = "boolean"
    TIMESTAMP = "timestamp"
    """An instant, UTC, to the microsecond."""
    JSON = "json"

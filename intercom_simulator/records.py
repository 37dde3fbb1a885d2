"""What a record is here: JSON as a dictionary. The only place that says `Any`."""

from typing import Any, TypeAlias

Json: TypeAlias = Any
Record: TypeAlias = dict[str, Any]


def lookup(record: Record, dotted: str) -> Json:
    """Returns the value at a dotted path, or None where the path ends early."""
    value: Json = record
    for name in dotted.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def listed(record: Record, wrapper: str, key: str = "data") -> list[Record]:
    """Returns the items of a wrapped list such as `tags: {data: [...]}`."""
    wrapped = record.get(wrapper)
    items = wrapped.get(key) if isinstance(wrapped, dict) else None
    return items if isinstance(items, list) else []

"""Which column holds a field, and what keeps a value out of it."""

from collections.abc import Iterator

from intercom_assets.catalog import Resource
from intercom_assets.catalog.table import Column
from intercom_assets.catalog.types import COERCIONS, MISFIT, ColumnType, Json
from intercom_assets_tests.conformance.facts import Fact, FieldPath

EXAMPLES: dict[str, Json] = {
    "any": ["anything", {"at": "all"}],
    "array": ["a"],
    "boolean": True,
    "integer": 3,
    "integer:date-time": 1_663_597_223,
    "integer:timestamp": 1_663_597_223,
    "map": {"any key": "a"},
    "number": 1.5,
    "number:float": 1.5,
    "object": {"key": "a"},
    "string": "a",
    "string:date": "2025-12-24",
    "string:date-time": "2025-07-17T15:30:24.000Z",
    "string:email": "jane@example.com",
    "string:uri": "https://example.com",
    "string:uuid": "1f0f2c0e-7f2b-4a55-9d9a-1a1f1f1f1f1f",
    "unresolved": {"anything": ["at", "all"]},
}
"""A value of each documented type; a column has to take it."""


def column_of(resource: Resource, path: FieldPath) -> Column | None:
    """Find the column at a path, or the JSON column above it."""
    for column in resource.columns:
        if column.path == path:
            return column
        if column.type is ColumnType.JSON and column.path == path[: len(column.path)]:
            return column
    return None


def is_former(resource: Resource, path: FieldPath) -> bool:
    """Say whether a column takes the text that older versions send at a path."""
    former = {(one.legacy.field,) for one in resource.columns if one.legacy and not one.legacy.type}
    return path in former


def is_elsewhere(resource: Resource, path: FieldPath) -> bool:
    """Say whether another table holds what is at a path."""
    kept = resource.reduced.get(path[0]) if path else None
    return kept is not None and (not kept or (len(path) > 1 and path[1] not in kept))


def is_flattened(resource: Resource, path: FieldPath) -> bool:
    """Say whether columns hold the fields inside a path one by one."""
    return any(column.path[: len(path)] == path != column.path for column in resource.columns)


def objection(resource: Resource, fact: Fact) -> str | None:
    """Say why the resource does not hold a documented field, None if it does."""
    if is_elsewhere(resource, fact.path):
        return None
    column = column_of(resource, fact.path)
    if column is None and fact.type in {"integer", "string"} and is_former(resource, fact.path):
        return None
    if column is None:
        if fact.type == "object" and is_flattened(resource, fact.path):
            return None
        return "no column"
    if COERCIONS[column.type](EXAMPLES[fact.type]) is MISFIT:
        return f"{column.type.value} column {column.name}"
    return None


def misfits(resource: Resource, value: Json, path: FieldPath = ()) -> Iterator[tuple[str, str]]:
    """Yield the fields of a record that no column takes, each with the reason."""
    column = column_of(resource, path)
    if column is None and isinstance(value, str) and is_former(resource, path):
        return
    if column is not None:
        if value is not None and COERCIONS[column.type](value) is MISFIT:
            yield ".".join(path), f"{value!r} in {column.type.value} column {column.name}"
    elif isinstance(value, dict) and (value or is_flattened(resource, path)):
        for key, inner in value.items():
            if not is_elsewhere(resource, (*path, key)):
                yield from misfits(resource, inner, (*path, key))
    elif value is not None or not is_flattened(resource, path):
        yield ".".join(path), "no column"

"""Views with the column types that RudderStack Cloud Extract gave: `docs/rudderstack-views-*.sql`.

What they undo follows from the catalogue: instants become Unix seconds, JSON becomes text, ids
that Intercom sends as numbers become numbers, and rows marked as gone are left out.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from intercom_assets.catalog import CATALOG, Level, Resource
from intercom_assets.catalog.table import DELETED_AT, SYNCED_AT, Column
from intercom_assets.catalog.types import ColumnType

VIEWS = "intercom_rudderstack"
"""Schema of the views."""

NUMBERS = frozenset({
    ("conversations", "admin_assignee_id"),
    ("conversations", "team_assignee_id"),
    ("company_attributes", "id"),
    ("contact_attributes", "id"),
    ("admins", "away_status_reason_id"),
})  # fmt: skip
"""Ids that Intercom sends as numbers; a test compares with the records of the simulator."""

STAMPS = ("received_at", "uuid_ts")
"""Columns that RudderStack added and that have a meaning here: when the row was loaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a warehouse writes what the views need.

    Attributes:
        name: Name of the warehouse.
        seconds: Unix seconds of an instant.
        number: The number that a text holds, null where it holds none.
        text: JSON as text.
    """

    name: str
    seconds: Callable[[str], str]
    number: Callable[[str], str]
    text: Callable[[str], str]


DIALECTS: Mapping[str, Dialect] = {
    "duckdb": Dialect(
        name="DuckDB",
        seconds=lambda column: f"CAST(floor(epoch({column})) AS BIGINT)",
        number=lambda column: f"TRY_CAST({column} AS BIGINT)",
        text=lambda column: f"CAST({column} AS VARCHAR)",
    ),
    "snowflake": Dialect(
        name="Snowflake",
        seconds=lambda column: f"DATE_PART(EPOCH_SECOND, {column})",
        number=lambda column: f"TRY_TO_NUMBER({column})",
        text=lambda column: f"TO_JSON({column})",
    ),
}


def script(dialect: Dialect) -> str:
    """Write the script of views for a warehouse."""
    return "\n".join((*_lines(dialect), ""))


def _lines(dialect: Dialect) -> Iterator[str]:
    yield "-- The tables of intercom_assets with the types of RudderStack Cloud Extract, for"
    yield f"-- {dialect.name}."
    yield "-- Generated from the catalogue (make format). Change the schemas intercom and"
    yield f"-- {VIEWS} and the empty prefix to yours, and drop the views of what you do not sync."
    yield f"CREATE SCHEMA IF NOT EXISTS {VIEWS};"
    for resource in CATALOG:
        if resource.level is Level.CORE:
            yield ""
            yield from _view(dialect, resource)


def _view(dialect: Dialect, resource: Resource) -> Iterator[str]:
    yield f"CREATE OR REPLACE VIEW {VIEWS}.rudder_{resource.name} AS"
    yield "SELECT"
    for column in resource.columns:
        yield f"  {_expression(dialect, resource, column)},"
    yield ",\n".join(f"  {SYNCED_AT} AS {name}" for name in STAMPS)
    yield f"FROM intercom.rudder_{resource.name}"
    yield f"WHERE {DELETED_AT} IS NULL;"


def _expression(dialect: Dialect, resource: Resource, column: Column) -> str:
    if (resource.name, column.name) in NUMBERS:
        return f"{dialect.number(column.name)} AS {column.name}"
    match column.type:
        case ColumnType.TIMESTAMP:
            return f"{dialect.seconds(column.name)} AS {column.name}"
        case ColumnType.JSON:
            return f"{dialect.text(column.name)} AS {column.name}"
        case _:
            return column.name

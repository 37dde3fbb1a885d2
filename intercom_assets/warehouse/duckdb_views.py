"""Views in DuckDB's dialect. Ours carry their mark in a comment, which a replacement loses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

import duckdb

from intercom_assets.catalog.table import DELETED_AT
from intercom_assets.catalog.types import ColumnType
from intercom_assets.warehouse.duckdb_statements import literal, qualified
from intercom_assets.warehouse.sql import quote
from intercom_assets.warehouse.views import (
    DOUBLE,
    INSTANT,
    INTEGER,
    SECONDS,
    FlatView,
    Made,
    MembersView,
    Outcome,
    Pick,
    View,
    is_ours,
    mark_of,
)

_RELATIONS = (
    "SELECT lower(view_name), 'VIEW', coalesce(comment, '') FROM duckdb_views()\n"
    "WHERE database_name = current_database() AND lower(schema_name) = lower($1)\n"
    "UNION ALL SELECT lower(table_name), 'TABLE', '' FROM duckdb_tables()\n"
    "WHERE database_name = current_database() AND lower(schema_name) = lower($1)"
)
"""Lists name, kind and comment of all views and tables of a schema; binds the schema."""


@dataclass(frozen=True, slots=True)
class ViewStatements:
    """The statements of one view.

    Attributes:
        view: The view.
    """

    view: View

    @property
    def mark(self) -> str:
        """What tells this definition from others, and from views that are not ours."""
        return mark_of(self.view, self.select())

    @property
    def _name(self) -> str:
        return qualified(self.view.target.schema, self.view.target.name)

    def replace(self) -> str:
        """Create the view, or replace it."""
        return f"CREATE OR REPLACE VIEW {self._name} AS\n{self.select()}"

    def comment(self) -> str:
        """Say whose view it is, and what it shows."""
        return f"COMMENT ON VIEW {self._name} IS {literal(f'{self.view.about} [{self.mark}]')}"

    def rename(self, kind: str) -> str:
        """Put a view or table that is not ours out of the way."""
        before = quote(f"{self.view.target.name}_before")
        return f"ALTER {kind} {self._name} RENAME TO {before};"

    def select(self) -> str:
        """Read what the view shows."""
        match self.view.definition:
            case FlatView() as flat:
                return _flat(flat)
            case MembersView() as members:
                return _members(members)
            case _:
                assert_never(self.view.definition)


def make_views(connection: duckdb.DuckDBPyConnection, views: Sequence[View]) -> list[Outcome]:
    """Create views of one schema, and replace those of ours whose definition changed."""
    rows = connection.execute(_RELATIONS, [views[0].target.schema]).fetchall()
    known = {name: (kind, comment) for name, kind, comment in rows}
    return [
        _made(connection, ViewStatements(view), known.get(view.target.name.lower()))
        for view in views
    ]


def _made(
    connection: duckdb.DuckDBPyConnection,
    statements: ViewStatements,
    there: tuple[str, str] | None,
) -> Outcome:
    if there is not None:
        kind, comment = there
        if not is_ours(comment):
            return Outcome(Made.REFUSED, statements.rename(kind))
        if statements.mark in comment:
            return Outcome(Made.UNCHANGED)
    connection.execute(statements.replace())
    connection.execute(statements.comment())
    return Outcome(Made.CREATED if there is None else Made.REPLACED)


def _flat(view: FlatView) -> str:
    columns = [quote(name) for name in view.columns]
    columns += [f"{_typed(view.map, pick)} AS {quote(pick.name)}" for pick in view.picks]
    listed = ",\n  ".join(columns)
    return f"SELECT\n  {listed}\nFROM {_table(view)}\nWHERE {quote(DELETED_AT)} IS NULL"


def _members(view: MembersView) -> str:
    key, member = quote(view.table.table.primary_key[0]), "member ->> '$'"
    path = literal("".join(("$", *(f".{step}" for step in view.path), "[*]")))
    if view.field is not None:
        member = f"member ->> {_pointer((view.field,))}"
    return (
        f"SELECT DISTINCT row_key AS {quote(view.key)}, {member} AS {quote(view.member)}\nFROM (\n"
        f"  SELECT {key} AS row_key, unnest(json_extract({quote(view.column)}, {path})) AS member\n"
        f"  FROM {_table(view)}\n  WHERE {quote(DELETED_AT)} IS NULL\n"
        f")\nWHERE ({member}) IS NOT NULL"
    )


def _table(view: FlatView | MembersView) -> str:
    return qualified(view.table.schema, view.table.name)


def _typed(column: str, pick: Pick) -> str:
    """Read a value of a map as its type; null where it is of another."""
    found = [f"{quote(column)} ->> {_pointer(path)}" for path in pick.paths]
    text = f"coalesce({', '.join(found)})" if len(found) > 1 else found[0]
    match pick.type:
        case ColumnType.TEXT | ColumnType.JSON:
            return text
        case ColumnType.INTEGER:
            return f"TRY_CAST(regexp_extract({text}, '{INTEGER}', 1) AS BIGINT)"
        case ColumnType.DOUBLE:
            return f"TRY_CAST(regexp_extract({text}, '{DOUBLE}') AS DOUBLE)"
        case ColumnType.BOOLEAN:
            return f"CASE lower({text}) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END"
        case ColumnType.TIMESTAMP:
            # The text has an offset, so the reader's time zone does not matter.
            return (
                f"coalesce(to_timestamp(TRY_CAST(regexp_extract({text}, '{SECONDS}', 1) "
                f"AS BIGINT)),\n    TRY_CAST(regexp_extract({text}, '{INSTANT}') AS TIMESTAMPTZ))"
            )
        case _:
            assert_never(pick.type)


def _pointer(path: tuple[str, ...]) -> str:
    return literal("".join("/" + step.replace("~", "~0").replace("/", "~1") for step in path))

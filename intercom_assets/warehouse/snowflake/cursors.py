"""Snowflake's tables of cursors and leases: their statements, and how cursors are read.

Snowflake enforces no key, so both tables have a gate: a row that every change of the table updates
first. Whoever comes second waits there, and what it reads afterwards is what the first committed.
"""

from collections.abc import Collection
from dataclasses import dataclass

from intercom_assets.catalog.types import ColumnType
from intercom_assets.warehouse.snowflake.answers import python_values
from intercom_assets.warehouse.snowflake.session import Runner
from intercom_assets.warehouse.snowflake.statements import (
    SNOWFLAKE_TYPES,
    identifier,
    micros,
    qualified,
    read_as,
)
from intercom_assets.warehouse.sql import CURSOR_COLUMNS, CURSORS, stored_cursor
from intercom_assets.warehouse.warehouse import StoredCursor

LEASES = "rudder__leases"
"""Name of the table of leases, one in a schema."""


_FIRST = {"resource": "''", "version": "0", "gate": "0"}
_AT_GATE = f"{identifier('resource')} = ''"


def _bound(kind: ColumnType) -> str:
    return f"CAST(? AS {SNOWFLAKE_TYPES[kind]})"


@dataclass(frozen=True, slots=True)
class CursorStatements:
    """The statements of the table of cursors of one prefix.

    Attributes:
        schema: Schema of the source.
        prefix: Table prefix of the source.
    """

    schema: str
    prefix: str

    @property
    def name(self) -> str:
        """The table's quoted full name."""
        return qualified(self.schema, f"{self.prefix}{CURSORS}")

    def create(self) -> str:
        """Create the table with its gate: Snowflake enforces no key, so commits line up there."""
        columns = {**CURSOR_COLUMNS, "gate": ColumnType.INTEGER}
        selected = ", ".join(
            f"CAST({_FIRST.get(name, 'NULL')} AS {SNOWFLAKE_TYPES[kind]}) AS {identifier(name)}"
            for name, kind in columns.items()
        )
        return f"CREATE TABLE IF NOT EXISTS {self.name} AS\nSELECT {selected}"

    def describe(self) -> str:
        """List the columns and their types."""
        return f"DESCRIBE TABLE {self.name}"

    def add_columns(self, known: Collection[str]) -> list[str]:
        """Add the columns that a table of an earlier release lacks."""
        return [
            f"ALTER TABLE {self.name} ADD COLUMN IF NOT EXISTS {identifier(name)} "
            f"{SNOWFLAKE_TYPES[kind]}"
            for name, kind in CURSOR_COLUMNS.items()
            if name not in known
        ]

    def enter(self) -> str:
        """Pass the gate: the commit of another sync ends first, and is seen afterwards."""
        gate = identifier("gate")
        return f"UPDATE {self.name} SET {gate} = {gate} + 1 WHERE {_AT_GATE}"

    def select(self) -> str:
        """Read all cursors, instants as microseconds since 1970."""
        selected = ", ".join(
            read_as(identifier(name), kind) for name, kind in CURSOR_COLUMNS.items()
        )
        return f"SELECT {selected} FROM {self.name} WHERE NOT {_AT_GATE}"

    def insert(self) -> str:
        """Store a first cursor; binds every column."""
        columns = ", ".join(identifier(name) for name in CURSOR_COLUMNS)
        values = ", ".join(_bound(kind) for kind in CURSOR_COLUMNS.values())
        return f"INSERT INTO {self.name} ({columns}) SELECT {values}"

    def swap(self) -> str:
        """Replace a cursor of the expected version.

        Binds every column but the first, then the resource and the expected version.
        """
        sets = ", ".join(
            f"{identifier(name)} = {_bound(kind)}"
            for name, kind in CURSOR_COLUMNS.items()
            if name != "resource"
        )
        return (
            f"UPDATE {self.name} SET {sets}\n"
            f"WHERE {identifier('resource')} = ? AND {identifier('version')} = ?"
        )


@dataclass(frozen=True, slots=True)
class LeaseStatements:
    """The statements of the table of leases of one schema, which all its sources share.

    Attributes:
        schema: Schema of the sources.
    """

    schema: str

    @property
    def name(self) -> str:
        """The table's quoted full name."""
        return qualified(self.schema, LEASES)

    def create(self) -> str:
        """Create the table with its gate, as that of the cursors."""
        return (
            f"CREATE TABLE IF NOT EXISTS {self.name} AS\n"
            "SELECT CAST('' AS TEXT) AS TABLE_NAME, CAST('' AS TEXT) AS OWNER, "
            "CAST('' AS TEXT) AS HOLDER,\n"
            "  CAST(NULL AS TIMESTAMP_TZ) AS EXPIRES_AT, CAST(0 AS NUMBER(38,0)) AS GATE"
        )

    def enter(self) -> str:
        """Pass the gate: only one sync at a time takes a lease."""
        return f"UPDATE {self.name} SET GATE = GATE + 1 WHERE TABLE_NAME = ''"

    def holder(self) -> str:
        """Read who else holds a table; binds the table and the owner."""
        return (
            f"SELECT HOLDER, {micros('EXPIRES_AT')} FROM {self.name}\n"
            "WHERE TABLE_NAME = ? AND OWNER <> ? AND EXPIRES_AT > CURRENT_TIMESTAMP()"
        )

    def clear(self) -> str:
        """Remove what leases of a table there are; binds the table."""
        return f"DELETE FROM {self.name} WHERE TABLE_NAME = ?"

    def take(self) -> str:
        """Take a lease; binds the table, the owner, the holder and the seconds that it lasts."""
        return (
            f"INSERT INTO {self.name} (TABLE_NAME, OWNER, HOLDER, EXPIRES_AT)\n"
            f"SELECT CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), {_LATER}"
        )

    def renew(self) -> str:
        """Prolong a lease; binds the seconds that it lasts, the table and the owner."""
        return f"UPDATE {self.name} SET EXPIRES_AT = {_LATER}\nWHERE TABLE_NAME = ? AND OWNER = ?"

    def release(self) -> str:
        """Give a lease back; binds the table and the owner."""
        return f"DELETE FROM {self.name} WHERE TABLE_NAME = ? AND OWNER = ?"


_LATER = "DATEADD(second, CAST(? AS NUMBER(38,0)), CURRENT_TIMESTAMP())"


def stored_cursors(running: Runner, statements: CursorStatements) -> dict[str, StoredCursor]:
    """Read all cursors of a prefix, by resource."""
    kinds = list(CURSOR_COLUMNS.values())
    return {
        row[0]: stored_cursor(python_values(row, kinds))
        for row in running.rows(statements.select())
    }

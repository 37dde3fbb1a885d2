"""The table of cursors: its columns and statements, and conversion between rows and cursors."""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from intercom_assets.catalog.types import ColumnType
from intercom_assets.warehouse.base import StoredCursor
from intercom_assets.warehouse.dialects import Dialect

CURSORS = "rudder__cursors"
"""Name of the table of cursors, after the prefix."""

CURSOR_COLUMNS: Mapping[str, ColumnType] = {
    "resource": ColumnType.TEXT,
    "source": ColumnType.TEXT,
    "workspace_id": ColumnType.TEXT,
    "region": ColumnType.TEXT,
    "start_date": ColumnType.TIMESTAMP,
    "cursor_at": ColumnType.TIMESTAMP,
    "parent_synced_at": ColumnType.TIMESTAMP,
    "parent_key": ColumnType.TEXT,
    "version": ColumnType.INTEGER,
    "synced_at": ColumnType.TIMESTAMP,
    "run_id": ColumnType.TEXT,
    "complete": ColumnType.BOOLEAN,
    "reconciling": ColumnType.TIMESTAMP,
    "reconciled_at": ColumnType.TIMESTAMP,
    "hidden": ColumnType.TEXT,
    "unread": ColumnType.TEXT,
    "deletions_at": ColumnType.TIMESTAMP,
    "skipped": ColumnType.TEXT,
}
"""Columns of the table of cursors; `cursor_at` is `StoredCursor.at`."""

_AT_GATE = {"resource": "''", "version": "0", "gate": "0"}


@dataclass(frozen=True, slots=True)
class CursorStatements:
    """The statements of the table of cursors of one prefix.

    Without enforced keys two commits could both find the expected version. The table then has a
    gate: a row that every commit updates first, so that the second one waits for the first and
    reads what it committed.
    """

    schema: str
    prefix: str
    dialect: Dialect

    @property
    def name(self) -> str:
        """The table's quoted full name."""
        return f"{self.dialect.name(self.schema)}.{self.dialect.name(self.prefix + CURSORS)}"

    def create(self) -> str:
        """Create the table. Its key, cheap for few rows, stops two concurrent first syncs."""
        if self.dialect.enforces_keys:
            columns = ", ".join(
                f"{name} {kind}" + (" PRIMARY KEY" if name == self._column("resource") else "")
                for name, kind in self._types.items()
            )
            return f"CREATE TABLE IF NOT EXISTS {self.name} ({columns})"
        gate = {**CURSOR_COLUMNS, "gate": ColumnType.INTEGER}
        selected = ", ".join(
            f"CAST({_AT_GATE.get(name, 'NULL')} AS {self.dialect.types[kind]}) "
            f"AS {self._column(name)}"
            for name, kind in gate.items()
        )
        return f"CREATE TABLE IF NOT EXISTS {self.name} AS\nSELECT {selected}"

    def add_columns(self, known: Collection[str]) -> list[str]:
        """Add the columns that a table of an older release lacks."""
        return [
            f"ALTER TABLE {self.name} ADD COLUMN IF NOT EXISTS {self._column(name)} "
            f"{self.dialect.types[kind]}"
            for name, kind in CURSOR_COLUMNS.items()
            if name not in known
        ]

    def enter(self) -> str:
        """Pass the gate, after which the commits of other syncs are visible."""
        gate = self._column("gate")
        return f"UPDATE {self.name} SET {gate} = {gate} + 1 WHERE {self._column('resource')} = ''"

    def select(self) -> str:
        """Select all cursors as cells in the order of `CURSOR_COLUMNS`."""
        cells = ", ".join(
            self.dialect.cell(self._column(name), kind) for name, kind in CURSOR_COLUMNS.items()
        )
        return f"SELECT {cells} FROM {self.name} WHERE {self._column('resource')} <> ''"

    def insert(self) -> str:
        """Insert a first cursor; binds every column in the order of `CURSOR_COLUMNS`."""
        values = ", ".join(f"CAST(? AS {kind})" for kind in self._types.values())
        return f"INSERT INTO {self.name} ({', '.join(self._types)})\nSELECT {values}"

    def swap(self) -> str:
        """Replace a cursor of the expected version.

        Binds every column but the resource, then the resource and the expected version.
        """
        sets = ", ".join(
            f"{name} = CAST(? AS {kind})"
            for name, kind in self._types.items()
            if name != self._column("resource")
        )
        return (
            f"UPDATE {self.name} SET {sets}\n"
            f"WHERE {self._column('resource')} = ? AND {self._column('version')} = ?"
        )

    @property
    def _types(self) -> dict[str, str]:
        return {
            self._column(name): self.dialect.types[kind] for name, kind in CURSOR_COLUMNS.items()
        }

    def _column(self, name: str) -> str:
        return self.dialect.name(name)


def cursor_values(cursor: StoredCursor) -> dict[str, object]:
    """Convert a cursor to values by column."""
    values = asdict(cursor)
    return {
        **{name: values.get(name) for name in CURSOR_COLUMNS},
        "cursor_at": cursor.at,
        "unread": json.dumps(cursor.unread) if cursor.unread else None,
    }


def stored_cursor(row: Mapping[str, Any]) -> StoredCursor:
    """Convert a row, by column, to a cursor."""
    values = dict(row)
    at, unread = values.pop("cursor_at"), json.loads(values.pop("unread") or "[]")
    return StoredCursor(**values, at=at, unread=tuple(unread))

"""What is erased of stored rows on request, and the SQL for it, shared by all warehouses."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from intercom_assets.catalog.types import ColumnType
from intercom_assets.warehouse.base import Target
from intercom_assets.warehouse.dialects import Dialect
from intercom_assets.warehouse.statements import qualified


@dataclass(frozen=True, slots=True)
class Erasure:
    """Rows of a table whose `key` is among `keys`: deleted, or rid of their values in `columns`."""

    table: Target
    key: str
    keys: tuple[str, ...]
    columns: tuple[str, ...] = ()

    def found(self, dialect: Dialect) -> tuple[str, str]:
        """Count the rows by key: a statement, and the list that it binds."""
        key = dialect.name(self.key)
        query = f"SELECT {key}, COUNT(*) FROM {qualified(self.table, dialect)}"
        return f"{query}{self._where(dialect)}\nGROUP BY {key}", json.dumps(self.keys)

    def statements(self, dialect: Dialect) -> Iterator[tuple[str, ...]]:
        """Erase the rows, or their values: a statement, and what it binds."""
        name, where = qualified(self.table, dialect), self._where(dialect)
        sets = ", ".join(f"{dialect.name(one)} = NULL" for one in self.columns)
        erase = f"UPDATE {name} SET {sets}" if sets else f"DELETE FROM {name}"
        yield f"{erase}{where}", json.dumps(self.keys)

    def _where(self, dialect: Dialect) -> str:
        held = " OR ".join(f"{dialect.name(one)} IS NOT NULL" for one in self.columns)
        among = f"\nWHERE {dialect.name(self.key)} IN ({dialect.listed()})"
        return f"{among}\n  AND ({held})" if held else among


@dataclass(frozen=True, slots=True)
class Replacement:
    """Values of a JSON column, each with the one that replaces it."""

    table: Target
    column: str
    values: Mapping[str, str] = field(hash=False)

    def found(self, dialect: Dialect) -> tuple[str, str]:
        """Count the rows by value: a statement, and the list that it binds."""
        cell = dialect.cell(dialect.name(self.column), ColumnType.JSON)
        query = f"SELECT {cell}, COUNT(*) FROM {qualified(self.table, dialect)}"
        return f"{query}\nWHERE {cell} IN ({dialect.listed()})\nGROUP BY {cell}", json.dumps(
            list(self.values)
        )

    def statements(self, dialect: Dialect) -> Iterator[tuple[str, ...]]:
        """Replace each value: a statement, and what it binds."""
        alias, column = dialect.name(self.table.name), dialect.name(self.column)
        text = f"CAST(? AS {dialect.types[ColumnType.TEXT]})"
        typed = dialect.typed("r.later", ColumnType.JSON)
        replace = dialect.update(
            qualified(self.table, dialect),
            alias,
            sets=f"{column} = s.later",
            relation=f"(SELECT r.earlier, {typed} AS later\n"
            f"FROM (SELECT {text} AS earlier, {text} AS later) AS r)",
            match=f"{dialect.cell(f'{alias}.{column}', ColumnType.JSON)} = s.earlier",
        )
        for earlier, later in self.values.items():
            yield replace, earlier, later


Erasing: TypeAlias = Erasure | Replacement


@dataclass(frozen=True, slots=True)
class Naming:
    """Rows that name somebody in a column, or in the list at a path within a JSON column."""

    table: Target
    column: str
    path: tuple[str, ...] = ()

    def query(self, dialect: Dialect) -> str:
        """Select the rows' first keys, who is named, and the column; binds the ids as a list."""
        key, named = dialect.name(self.table.table.primary_key[0]), f"t.{dialect.name(self.column)}"
        tables, who, cell = f"{qualified(self.table, dialect)} AS t", named, named
        if self.path:
            tables += f", {dialect.members(named, self.path)}"
            who = dialect.text_at("m.VALUE", ("id",))
            cell = dialect.cell(named, ColumnType.JSON)
        return (
            f"SELECT DISTINCT t.{key}, {who}, {cell}\nFROM {tables}\n"
            f"WHERE {who} IN ({dialect.listed()})"
        )

"""What is erased of stored rows on request, and the SQL for it, shared by all warehouses."""

from dataclasses import dataclass

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

    def count(self, dialect: Dialect) -> str:
        """Count the rows; binds the keys as a JSON list."""
        return f"SELECT COUNT(*) FROM {self._name(dialect)}{self._where(dialect)}"

    def erase(self, dialect: Dialect) -> str:
        """Erase the rows, or their values; binds the keys as a JSON list."""
        if not self.columns:
            return f"DELETE FROM {self._name(dialect)}{self._where(dialect)}"
        sets = ", ".join(f"{dialect.name(one)} = NULL" for one in self.columns)
        return f"UPDATE {self._name(dialect)} SET {sets}{self._where(dialect)}"

    def _name(self, dialect: Dialect) -> str:
        return qualified(self.table, dialect)

    def _where(self, dialect: Dialect) -> str:
        held = " OR ".join(f"{dialect.name(one)} IS NOT NULL" for one in self.columns)
        among = f"\nWHERE {dialect.name(self.key)} IN ({dialect.listed()})"
        return f"{among}\n  AND ({held})" if held else among


@dataclass(frozen=True, slots=True)
class Naming:
    """Rows that name somebody in a column, or in the list at a path within a JSON column."""

    table: Target
    column: str
    path: tuple[str, ...] = ()

    def query(self, dialect: Dialect) -> str:
        """Select the rows' first keys; binds the ids as a JSON list."""
        key, named = dialect.name(self.table.table.primary_key[0]), dialect.name(self.column)
        found = f"SELECT DISTINCT t.{key}\nFROM {qualified(self.table, dialect)} AS t"
        if self.path:
            found += f", {dialect.members(f't.{named}', self.path)}"
        id_ = dialect.text_at("m.VALUE", ("id",)) if self.path else f"t.{named}"
        return f"{found}\nWHERE {id_} IN ({dialect.listed()})"

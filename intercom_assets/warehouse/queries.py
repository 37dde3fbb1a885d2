"""Queries about stored rows, shared by all warehouses and readable enough for people to run."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from intercom_assets.catalog.table import DELETED_AT, EXTRA, SYNCED_AT, VALID_TO, Column
from intercom_assets.warehouse.base import Target
from intercom_assets.warehouse.dialects import Dialect
from intercom_assets.warehouse.statements import qualified


@dataclass(frozen=True, slots=True)
class DuplicateKeys:
    """Primary keys that are null or shared by several rows."""

    target: Target

    def query(self, dialect: Dialect) -> str:
        """Return the SQL of the query."""
        keys = [dialect.name(name) for name in self.target.table.primary_key]
        missing = " OR ".join(f"{key} IS NULL" for key in keys)
        return (
            f"SELECT {_list(keys)}, COUNT(*) AS row_count\nFROM {qualified(self.target, dialect)}\n"
            f"GROUP BY {_list(keys)} HAVING COUNT(*) > 1 OR {missing}"
        )


@dataclass(frozen=True, slots=True)
class MissingParents:
    """Parents that unmarked rows reference by `key` but that are not stored."""

    target: Target
    key: str
    parent: Target

    def query(self, dialect: Dialect) -> str:
        """Return the SQL of the query."""
        return self._missing(dialect, f"t.{dialect.name(DELETED_AT)} IS NULL AND ")

    def _missing(self, dialect: Dialect, live: str) -> str:
        key, parent_key = dialect.name(self.key), _key(self.parent, dialect)
        return (
            f"SELECT t.{key}, COUNT(*) AS row_count\nFROM {qualified(self.target, dialect)} AS t\n"
            f"LEFT JOIN {qualified(self.parent, dialect)} AS p ON p.{parent_key} = t.{key}\n"
            f"WHERE {live}p.{parent_key} IS NULL\nGROUP BY t.{key}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class IncompleteChildren:
    """Unmarked parents with fewer unmarked children than they count.

    Attributes:
        target: The table of children.
        key: Column with the parent's key.
        counted: Column of the parents that counts their children.
        cap: Maximum number of children that Intercom returns per parent.
    """

    target: Target
    key: str
    parent: Target
    counted: str
    cap: int | None

    def query(self, dialect: Dialect) -> str:
        """Return the SQL of the query."""
        key, parent_key = dialect.name(self.key), _key(self.parent, dialect)
        counted, deleted = dialect.name(self.counted), dialect.name(DELETED_AT)
        children, stored = qualified(self.target, dialect), "COALESCE(c.stored, 0)"
        below_cap = f" AND {stored} < {self.cap}" if self.cap else ""
        return (
            f"SELECT p.{parent_key}, p.{counted} AS counted, {stored} AS stored, "
            f"p.{dialect.name(SYNCED_AT)}\nFROM {qualified(self.parent, dialect)} AS p\n"
            f"LEFT JOIN (\n  SELECT {key}, COUNT(*) AS stored FROM {children}\n"
            f"  WHERE {deleted} IS NULL GROUP BY {key}\n) AS c ON c.{key} = p.{parent_key}\n"
            f"WHERE p.{deleted} IS NULL AND {stored} < p.{counted}{below_cap}"
        )


@dataclass(frozen=True, slots=True)
class ExtraFields:
    """The fields in `_extra` of unmarked rows, each with a row count and an example.

    Attributes:
        path: Keys that lead to the object to inspect; empty for `_extra` itself.
    """

    target: Target
    path: tuple[str, ...] = ()

    def query(self, dialect: Dialect) -> str:
        """Return the SQL of the query."""
        # Identify the row by its key, so that people can look it up.
        key = " || '/' || ".join(dialect.name(one) for one in self.target.table.primary_key)
        fields = dialect.fields(qualified(self.target, dialect), self.path, key)
        return (
            "SELECT field, example LIKE '{%' AS is_object, COUNT(*) AS row_count, "
            "MIN(row_key) AS example_row, MIN_BY(example, row_key) AS example_value\n"
            f"FROM (\n{fields}\n) AS f\nGROUP BY 1, 2"
        )


@dataclass(frozen=True, slots=True)
class MissingMembers(MissingParents):
    """The same of a bridge view, which has no mark: it shows unmarked rows only."""

    def query(self, dialect: Dialect) -> str:
        """Return the SQL of the query."""
        return self._missing(dialect, "")


@dataclass(frozen=True, slots=True)
class Counting:
    """Unmarked rows with a number above zero in a column."""

    target: Target
    column: str

    def query(self, dialect: Dialect) -> str:
        """Return the SQL of the query."""
        number = dialect.name(self.column)
        return (
            f"SELECT {_key(self.target, dialect)}, {number}\n"
            f"FROM {qualified(self.target, dialect)}\n"
            f"WHERE {dialect.name(DELETED_AT)} IS NULL AND {number} > 0"
        )


@dataclass(frozen=True, slots=True)
class BrokenVersions:
    """Versions in a view of them that end before they begin, or after the next one begins."""

    target: Target

    def query(self, dialect: Dialect) -> str:
        """Return the SQL of the query."""
        *keys, start = map(dialect.name, self.target.table.primary_key)
        end = dialect.name(VALID_TO)
        order = f"PARTITION BY {_list(keys)} ORDER BY {start}, {end} NULLS LAST"
        return (
            f"SELECT {_list([*keys, start, end])}\nFROM (\n"
            f"  SELECT {_list([*keys, start, end])}, LEAD({start}) OVER ({order}) AS following\n"
            f"  FROM {qualified(self.target, dialect)}\n) AS v\n"
            f"WHERE {end} <= {start} OR following < {end} "
            f"OR ({end} IS NULL AND following IS NOT NULL)"
        )


OfParents: TypeAlias = MissingParents | IncompleteChildren
"""Queries that also read the table of parents."""

Query: TypeAlias = DuplicateKeys | Counting | ExtraFields | BrokenVersions | OfParents


@dataclass(frozen=True, slots=True)
class Cells:
    """Rows with a value in any of some columns, which follow the primary key."""

    target: Target
    columns: tuple[Column, ...]

    @property
    def read(self) -> tuple[Column, ...]:
        """The primary key, then the columns."""
        return (*map(self.target.table.column, self.target.table.primary_key), *self.columns)

    def query(self, dialect: Dialect) -> str:
        """Return the SQL of the query."""
        cells = ", ".join(dialect.cell(dialect.name(one.name), one.type) for one in self.read)
        anything = " OR ".join(f"{dialect.name(one.name)} IS NOT NULL" for one in self.columns)
        return f"SELECT {cells} FROM {qualified(self.target, dialect)} WHERE {anything}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """Unmarked rows that differ from the row that they repeat, unless that row is older.

    Attributes:
        original: The table of the repeated rows.
        key: Column with the key of the repeated row.
        columns: Names of the columns that repeat it.
    """

    target: Target
    original: Target
    key: str
    columns: tuple[str, ...]

    @property
    def own(self) -> tuple[Column, ...]:
        """The declared columns of the rows and `_extra`."""
        return (*self.target.table.columns, self.target.table.column(EXTRA))

    @property
    def repeated(self) -> tuple[Column, ...]:
        """The repeated columns of the original and its `_extra`."""
        return tuple(map(self.original.table.column, (*self.columns, EXTRA)))

    @property
    def read(self) -> tuple[Column, ...]:
        """The rows' own columns, then the repeated ones."""
        return (*self.own, *self.repeated)

    def query(self, dialect: Dialect) -> str:
        """Return the SQL of the query."""
        cells = [(f"t.{dialect.name(one.name)}", one.type) for one in self.own]
        cells += [(f"o.{dialect.name(one.name)}", one.type) for one in self.repeated]
        version = dialect.name(self.target.table.version or "")
        synced_at, deleted = dialect.name(SYNCED_AT), dialect.name(DELETED_AT)
        differs = (
            f"t.{name} IS DISTINCT FROM o.{name}" for name in map(dialect.name, self.columns)
        )
        return (
            f"SELECT {_list(dialect.cell(*cell) for cell in cells)}\n"
            f"FROM {qualified(self.target, dialect)} AS t\n"
            f"INNER JOIN {qualified(self.original, dialect)} AS o "
            f"ON o.{_key(self.original, dialect)} = t.{dialect.name(self.key)}\n"
            f"WHERE t.{deleted} IS NULL AND o.{deleted} IS NULL\n"
            f"AND (o.{version} IS NULL OR t.{version} IS NULL\n"
            f"  OR o.{version} >= LEAST(t.{version}, t.{synced_at}))\n"
            f"AND ({' OR '.join(differs)})"
        )


Rows: TypeAlias = Cells | Copies
"""Queries whose result can be as long as a table, and is streamed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A query's statement, for display, its first rows and the total number of rows."""

    statement: str
    rows: tuple[tuple[Any, ...], ...]
    total: int


def sampled(query: Query, dialect: Dialect, limit: int) -> str:
    """Return the SQL of a query's first rows, each with the total number of rows appended."""
    order = "1"
    if isinstance(query, IncompleteChildren):
        order = f"{dialect.name(SYNCED_AT)} DESC, 1"
    elif isinstance(query, ExtraFields):
        order = "row_count DESC, 1"
    return (
        f"SELECT q.*, COUNT(*) OVER () AS total FROM (\n{query.query(dialect)}\n) AS q\n"
        f"ORDER BY {order} LIMIT {limit}"
    )


def answered(query: Query, dialect: Dialect, rows: Sequence[Sequence[Any]]) -> Answer:
    """Build an answer from the rows of `sampled`."""
    return Answer(
        statement=query.query(dialect),
        rows=tuple(tuple(row[:-1]) for row in rows),
        total=int(rows[0][-1]) if rows else 0,
    )


def _key(target: Target, dialect: Dialect) -> str:
    return dialect.name(target.table.primary_key[0])


def _list(columns: Iterable[str]) -> str:
    return ", ".join(columns)

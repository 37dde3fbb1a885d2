"""Queries about stored rows, shared by all warehouses and readable enough for people to run."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, assert_never

from intercom_assets.catalog.table import DELETED_AT, EXTRA, SYNCED_AT, VALID_TO, Column
from intercom_assets.warehouse.base import Target
from intercom_assets.warehouse.dialects import Dialect
from intercom_assets.warehouse.statements import qualified


@dataclass(frozen=True, slots=True)
class DuplicateKeys:
    """Primary keys that are null or shared by several rows."""

    target: Target


@dataclass(frozen=True, slots=True)
class MissingParents:
    """Parents that unmarked rows reference by `key` but that are not stored."""

    target: Target
    key: str
    parent: Target


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


@dataclass(frozen=True, slots=True)
class ExtraFields:
    """The fields in `_extra` of unmarked rows, each with a row count and an example.

    Attributes:
        path: Keys that lead to the object to inspect; empty for `_extra` itself.
    """

    target: Target
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MissingMembers:
    """Members that a bridge view references by `key` but that are not stored in `parent`."""

    target: Target
    key: str
    parent: Target


@dataclass(frozen=True, slots=True)
class Counting:
    """Unmarked rows with a number above zero in a column."""

    target: Target
    column: str


@dataclass(frozen=True, slots=True)
class BrokenVersions:
    """Versions in a view of them that end before they begin, or after the next one begins."""

    target: Target


OfParents: TypeAlias = MissingParents | IncompleteChildren | MissingMembers
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


def statement(query: Query, dialect: Dialect) -> str:
    """Return the SQL of a query."""
    match query:
        case DuplicateKeys():
            return _duplicate_keys(query, dialect)
        case MissingParents() | MissingMembers():
            return _missing(query, dialect)
        case IncompleteChildren():
            return _incomplete_children(query, dialect)
        case ExtraFields():
            return _extra_fields(query, dialect)
        case Counting():
            return _counting(query, dialect)
        case BrokenVersions():
            return _broken_versions(query, dialect)
        case _:
            assert_never(query)


def sampled(query: Query, dialect: Dialect, limit: int) -> str:
    """Return the SQL of a query's first rows, each with the total number of rows appended."""
    match query:
        case DuplicateKeys() | Counting() | MissingParents() | MissingMembers() | BrokenVersions():
            order = "1"
        case IncompleteChildren():
            order = f"{dialect.name(SYNCED_AT)} DESC, 1"
        case ExtraFields():
            order = "row_count DESC, 1"
        case _:
            assert_never(query)
    return (
        f"SELECT q.*, COUNT(*) OVER () AS total FROM (\n{statement(query, dialect)}\n) AS q\n"
        f"ORDER BY {order} LIMIT {limit}"
    )


def answered(query: Query, dialect: Dialect, rows: Sequence[Sequence[Any]]) -> Answer:
    """Build an answer from the rows of `sampled`."""
    return Answer(
        statement=statement(query, dialect),
        rows=tuple(tuple(row[:-1]) for row in rows),
        total=int(rows[0][-1]) if rows else 0,
    )


def _duplicate_keys(query: DuplicateKeys, dialect: Dialect) -> str:
    keys = [dialect.name(name) for name in query.target.table.primary_key]
    missing = " OR ".join(f"{key} IS NULL" for key in keys)
    return (
        f"SELECT {_list(keys)}, COUNT(*) AS row_count\nFROM {qualified(query.target, dialect)}\n"
        f"GROUP BY {_list(keys)} HAVING COUNT(*) > 1 OR {missing}"
    )


def _missing(query: MissingParents | MissingMembers, dialect: Dialect) -> str:
    key, parent_key = dialect.name(query.key), _key(query.parent, dialect)
    # A bridge view has no mark: it shows unmarked rows only.
    live = "" if isinstance(query, MissingMembers) else f"t.{dialect.name(DELETED_AT)} IS NULL AND "
    return (
        f"SELECT t.{key}, COUNT(*) AS row_count\nFROM {qualified(query.target, dialect)} AS t\n"
        f"LEFT JOIN {qualified(query.parent, dialect)} AS p ON p.{parent_key} = t.{key}\n"
        f"WHERE {live}p.{parent_key} IS NULL\nGROUP BY t.{key}"
    )


def _counting(query: Counting, dialect: Dialect) -> str:
    number = dialect.name(query.column)
    return (
        f"SELECT {_key(query.target, dialect)}, {number}\n"
        f"FROM {qualified(query.target, dialect)}\n"
        f"WHERE {dialect.name(DELETED_AT)} IS NULL AND {number} > 0"
    )


def _broken_versions(query: BrokenVersions, dialect: Dialect) -> str:
    *keys, start = map(dialect.name, query.target.table.primary_key)
    end = dialect.name(VALID_TO)
    order = f"PARTITION BY {_list(keys)} ORDER BY {start}, {end} NULLS LAST"
    return (
        f"SELECT {_list([*keys, start, end])}\nFROM (\n"
        f"  SELECT {_list([*keys, start, end])}, LEAD({start}) OVER ({order}) AS following\n"
        f"  FROM {qualified(query.target, dialect)}\n) AS v\n"
        f"WHERE {end} <= {start} OR following < {end} OR ({end} IS NULL AND following IS NOT NULL)"
    )


def _incomplete_children(query: IncompleteChildren, dialect: Dialect) -> str:
    key, parent_key = dialect.name(query.key), _key(query.parent, dialect)
    counted, deleted = dialect.name(query.counted), dialect.name(DELETED_AT)
    stored = "COALESCE(c.stored, 0)"
    below_cap = f" AND {stored} < {query.cap}" if query.cap else ""
    return (
        f"SELECT p.{parent_key}, p.{counted} AS counted, {stored} AS stored, "
        f"p.{dialect.name(SYNCED_AT)}\nFROM {qualified(query.parent, dialect)} AS p\n"
        f"LEFT JOIN (\n  SELECT {key}, COUNT(*) AS stored FROM {qualified(query.target, dialect)}\n"
        f"  WHERE {deleted} IS NULL GROUP BY {key}\n) AS c ON c.{key} = p.{parent_key}\n"
        f"WHERE p.{deleted} IS NULL AND {stored} < p.{counted}{below_cap}"
    )


def _extra_fields(query: ExtraFields, dialect: Dialect) -> str:
    # Identify the row by its key, so that people can look it up.
    key = " || '/' || ".join(dialect.name(one) for one in query.target.table.primary_key)
    fields = dialect.fields(qualified(query.target, dialect), query.path, key)
    return (
        "SELECT field, example LIKE '{%' AS is_object, COUNT(*) AS row_count, "
        "MIN(row_key) AS example_row, MIN_BY(example, row_key) AS example_value\n"
        f"FROM (\n{fields}\n) AS f\nGROUP BY 1, 2"
    )


def _key(target: Target, dialect: Dialect) -> str:
    return dialect.name(target.table.primary_key[0])


def _list(columns: Iterable[str]) -> str:
    return ", ".join(columns)

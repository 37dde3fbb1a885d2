"""Questions about stored rows, in SQL: one text for every warehouse, as a person could run it.

A dialect says how names are quoted and how the fields of JSON are listed. What an answer means is
judged elsewhere.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, assert_never

from intercom_assets.catalog.table import DELETED_AT, EXTRA, SYNCED_AT, Column
from intercom_assets.catalog.types import ColumnType
from intercom_assets.warehouse.warehouse import Target

EXAMPLE = 100
"""Characters of an example that are read."""


@dataclass(frozen=True, slots=True)
class BadKeys:
    """Which primary keys are null or held by several rows?

    Attributes:
        target: The table.
    """

    target: Target


@dataclass(frozen=True, slots=True)
class Orphans:
    """Which parents do unmarked rows name that are not stored?

    Attributes:
        target: The table of children.
        key: Column that holds the parent's key.
        parent: The table of parents.
    """

    target: Target
    key: str
    parent: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Incomplete:
    """Which unmarked parents have fewer unmarked children than they count?

    Attributes:
        target: The table of children.
        key: Column that holds the parent's key.
        parent: The table of parents.
        counted: The parents' column that counts their children.
        cap: The most children that Intercom returns of a parent, None when all.
    """

    target: Target
    key: str
    parent: Target
    counted: str
    cap: int | None


@dataclass(frozen=True, slots=True)
class ExtraFields:
    """Which fields does `_extra` of unmarked rows have, in how many rows, for example?

    Attributes:
        target: The table.
        path: Keys that lead to the object whose fields are meant; none for `_extra` itself.
    """

    target: Target
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Strangers:
    """Which members does a view of pairs name that are not stored?

    Attributes:
        target: The view.
        key: Column that names the members.
        parent: The table that should hold them.
    """

    target: Target
    key: str
    parent: Target


@dataclass(frozen=True, slots=True)
class Cells:
    """Which rows hold anything in some columns?

    Attributes:
        target: The table.
        columns: The columns; the primary key is read before them.
    """

    target: Target
    columns: tuple[Column, ...]

    @property
    def read(self) -> tuple[Column, ...]:
        """The columns that are read."""
        return (*map(self.target.table.column, self.target.table.primary_key), *self.columns)

    def query(self, dialect: "Dialect") -> str:
        """Write the query that reads them."""
        cells = ", ".join(dialect.cell(dialect.column(one.name), one.type) for one in self.read)
        anything = " OR ".join(f"{dialect.column(one.name)} IS NOT NULL" for one in self.columns)
        return f"SELECT {cells} FROM {dialect.table(self.target)} WHERE {anything}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """Which unmarked rows differ from the row that they repeat, unless that is older?

    Attributes:
        target: Their table.
        original: The table whose rows are repeated.
        key: Column that holds the key of the repeated row.
        columns: Names of the columns that hold the same in both tables.
    """

    target: Target
    original: Target
    key: str
    columns: tuple[str, ...]

    @property
    def own(self) -> tuple[Column, ...]:
        """Declared columns of the rows, and `_extra`."""
        return (*self.target.table.columns, self.target.table.column(EXTRA))

    @property
    def repeated(self) -> tuple[Column, ...]:
        """The columns that hold the same, as the original has them, and its `_extra`."""
        return tuple(map(self.original.table.column, (*self.columns, EXTRA)))

    @property
    def read(self) -> tuple[Column, ...]:
        """The columns that are read: their own, then the repeated ones."""
        return (*self.own, *self.repeated)

    def query(self, dialect: "Dialect") -> str:
        """Write the query that reads them."""
        cells = [(f"t.{dialect.column(one.name)}", one.type) for one in self.own]
        cells += [(f"o.{dialect.column(one.name)}", one.type) for one in self.repeated]
        version = dialect.column(self.target.table.version or "")
        synced_at, deleted = dialect.column(SYNCED_AT), dialect.column(DELETED_AT)
        differs = (
            f"t.{name} IS DISTINCT FROM o.{name}" for name in map(dialect.column, self.columns)
        )
        return (
            f"SELECT {_list(dialect.cell(*cell) for cell in cells)}\n"
            f"FROM {dialect.table(self.target)} AS t\n"
            f"INNER JOIN {dialect.table(self.original)} AS o "
            f"ON o.{_key(self.original, dialect)} = t.{dialect.column(self.key)}\n"
            f"WHERE t.{deleted} IS NULL AND o.{deleted} IS NULL\n"
            f"AND (o.{version} IS NULL OR t.{version} IS NULL\n"
            f"  OR o.{version} >= LEAST(t.{version}, t.{synced_at}))\n"
            f"AND ({' OR '.join(differs)})"
        )


@dataclass(frozen=True, slots=True)
class Counting:
    """Which unmarked rows hold a number above zero?

    Attributes:
        target: The table.
        column: The column that holds the number.
    """

    target: Target
    column: str


OfParents: TypeAlias = Orphans | Incomplete | Strangers
"""Questions that need the table of parents, too."""

Question: TypeAlias = BadKeys | Counting | ExtraFields | Orphans | Incomplete | Strangers


Rows: TypeAlias = Cells | Copies
"""Questions whose answer is as long as a table, so that it comes in portions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a question found.

    Attributes:
        statement: The query that finds it, for people.
        rows: The first rows of it.
        total: How many rows there are.
    """

    statement: str
    rows: tuple[tuple[Any, ...], ...]
    total: int


class Dialect(Protocol):
    """What differs from one warehouse to the next."""

    def table(self, target: Target) -> str:
        """Quote a table's full name."""
        ...

    def column(self, name: str) -> str:
        """Quote a column's name."""
        ...

    def cell(self, name: str, kind: ColumnType) -> str:
        """Read a quoted column in a form that every driver gives."""
        ...

    def fields(self, question: ExtraFields, key: str) -> str:
        """List each field of each row's object as `row_key`, `field` and `example`.

        Args:
            question: Which rows, and where in `_extra` the object is.
            key: Expression that names a row.
        """
        ...


def statement(question: Question, dialect: Dialect) -> str:
    """Write the query whose rows are what a question looks for."""
    match question:
        case BadKeys():
            return _bad_keys(question, dialect)
        case Orphans():
            return _orphans(question, dialect)
        case Incomplete():
            return _incomplete(question, dialect)
        case ExtraFields():
            return _extra_fields(question, dialect)
        case Strangers():
            return _strangers(question, dialect)
        case Counting():
            return _counting(question, dialect)
        case _:
            assert_never(question)


def sampled(question: Question, dialect: Dialect, limit: int) -> str:
    """Write the query of the first rows, each followed by how many there are in all."""
    match question:
        case BadKeys() | Counting() | Orphans() | Strangers():
            order = "1"
        case Incomplete():
            order = f"{dialect.column(SYNCED_AT)} DESC, 1"
        case ExtraFields():
            order = "row_count DESC, 1"
        case _:
            assert_never(question)
    return (
        f"SELECT q.*, COUNT(*) OVER () AS total FROM (\n{statement(question, dialect)}\n) AS q\n"
        f"ORDER BY {order} LIMIT {limit}"
    )


def answered(question: Question, dialect: Dialect, rows: Sequence[Sequence[Any]]) -> Answer:
    """Make an answer of the rows of `sampled`."""
    return Answer(
        statement=statement(question, dialect),
        rows=tuple(tuple(row[:-1]) for row in rows),
        total=int(rows[0][-1]) if rows else 0,
    )


def _bad_keys(question: BadKeys, dialect: Dialect) -> str:
    keys = [dialect.column(name) for name in question.target.table.primary_key]
    missing = " OR ".join(f"{key} IS NULL" for key in keys)
    return (
        f"SELECT {_list(keys)}, COUNT(*) AS row_count\nFROM {dialect.table(question.target)}\n"
        f"GROUP BY {_list(keys)} HAVING COUNT(*) > 1 OR {missing}"
    )


def _orphans(question: Orphans, dialect: Dialect) -> str:
    key, parent_key = dialect.column(question.key), _key(question.parent, dialect)
    return (
        f"SELECT t.{key}, COUNT(*) AS row_count\nFROM {dialect.table(question.target)} AS t\n"
        f"LEFT JOIN {dialect.table(question.parent)} AS p ON p.{parent_key} = t.{key}\n"
        f"WHERE t.{dialect.column(DELETED_AT)} IS NULL AND p.{parent_key} IS NULL\n"
        f"GROUP BY t.{key}"
    )


def _strangers(question: Strangers, dialect: Dialect) -> str:
    key, parent_key = dialect.column(question.key), _key(question.parent, dialect)
    return (
        f"SELECT t.{key}, COUNT(*) AS row_count\nFROM {dialect.table(question.target)} AS t\n"
        f"LEFT JOIN {dialect.table(question.parent)} AS p ON p.{parent_key} = t.{key}\n"
        f"WHERE p.{parent_key} IS NULL\nGROUP BY t.{key}"
    )


def _counting(question: Counting, dialect: Dialect) -> str:
    number = dialect.column(question.column)
    return (
        f"SELECT {_key(question.target, dialect)}, {number}\n"
        f"FROM {dialect.table(question.target)}\n"
        f"WHERE {dialect.column(DELETED_AT)} IS NULL AND {number} > 0"
    )


def _incomplete(question: Incomplete, dialect: Dialect) -> str:
    key, parent_key = dialect.column(question.key), _key(question.parent, dialect)
    counted, deleted = dialect.column(question.counted), dialect.column(DELETED_AT)
    stored = "COALESCE(c.stored, 0)"
    below_cap = f" AND {stored} < {question.cap}" if question.cap else ""
    return (
        f"SELECT p.{parent_key}, p.{counted} AS counted, {stored} AS stored, "
        f"p.{dialect.column(SYNCED_AT)}\nFROM {dialect.table(question.parent)} AS p\n"
        f"LEFT JOIN (\n  SELECT {key}, COUNT(*) AS stored FROM {dialect.table(question.target)}\n"
        f"  WHERE {deleted} IS NULL GROUP BY {key}\n) AS c ON c.{key} = p.{parent_key}\n"
        f"WHERE p.{deleted} IS NULL AND {stored} < p.{counted}{below_cap}"
    )


def _extra_fields(question: ExtraFields, dialect: Dialect) -> str:
    # The key stands for the row, so that a person can look it up.
    key = " || '/' || ".join(dialect.column(one) for one in question.target.table.primary_key)
    return (
        "SELECT field, example LIKE '{%' AS is_object, COUNT(*) AS row_count, "
        "MIN(row_key) AS example_row, MIN_BY(example, row_key) AS example_value\n"
        f"FROM (\n{dialect.fields(question, key)}\n) AS f\nGROUP BY 1, 2"
    )


def _key(target: Target, dialect: Dialect) -> str:
    return dialect.column(target.table.primary_key[0])


def _list(columns: Iterable[str]) -> str:
    return ", ".join(columns)

"""DuckDB's dialect: SQL as text, from declared columns."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from intercom_assets.catalog.table import DELETED_AT, EXTRA, ROW_HASH, SYNCED_AT, Column, Table
from intercom_assets.catalog.types import ColumnType
from intercom_assets.warehouse.questions import EXAMPLE, ExtraFields
from intercom_assets.warehouse.sql import (
    CURSOR_COLUMNS,
    CURSORS,
    MERGED_INTO,
    SET_BY_COMMIT,
    quote,
)
from intercom_assets.warehouse.warehouse import SEQUENCE, StagedFile, Target, WholeLists

STAGE = "_intercom_stage"

DUCKDB_TYPES: Mapping[ColumnType, str] = {
    ColumnType.TEXT: "VARCHAR",
    ColumnType.INTEGER: "BIGINT",
    ColumnType.DOUBLE: "DOUBLE",
    ColumnType.BOOLEAN: "BOOLEAN",
    ColumnType.TIMESTAMP: "TIMESTAMP WITH TIME ZONE",
    ColumnType.JSON: "JSON",
}


def qualified(schema: str, name: str) -> str:
    """Quote a table's full name."""
    return f"{quote(schema)}.{quote(name)}"


def staged(file: StagedFile) -> str:
    """Read a file as a table, each column as the type that it holds; binds the file.

    Without reading ahead to guess types: what a text looks like is no type.
    """
    described = ", ".join(
        f"{literal(name)}: '{_FILE_TYPES.get(kind, DUCKDB_TYPES[kind])}'"
        for name, kind in file.columns.items()
    )
    return (
        f"(SELECT {', '.join(_typed(name, kind) for name, kind in file.columns.items())}\n"
        "FROM read_json(?, auto_detect = false, format = 'newline_delimited', "
        f"compression = 'none', maximum_object_size = {max(file.longest, _LEAST_BUFFER)},\n"
        f"columns = {{{described}}}))"
    )


_FILE_TYPES = {ColumnType.TIMESTAMP: "BIGINT", ColumnType.JSON: "VARCHAR"}
_LEAST_BUFFER = 1 << 20


def _typed(name: str, kind: ColumnType) -> str:
    column = quote(name)
    match kind:
        case ColumnType.TIMESTAMP:
            return f"make_timestamptz({column}) AS {column}"
        case ColumnType.JSON:
            return f"CAST({column} AS JSON) AS {column}"
        case _:
            return column


def bound(after: tuple[datetime, str] | None) -> list[object]:
    """Give what `due` binds for a position."""
    return [] if after is None else [after[0], after[0], after[1]]


def literal(text: str) -> str:
    """Quote a text, where a statement takes no bound value."""
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True, slots=True)
class Statements:
    """The statements of one table in DuckDB's dialect.

    Attributes:
        target: The table.
    """

    target: Target

    @property
    def name(self) -> str:
        """The table's quoted full name."""
        return qualified(self.target.schema, self.target.name)

    @property
    def _table(self) -> Table:
        return self.target.table

    def create(self) -> str:
        """Create the table if it does not exist, without a declared key: it slows the load."""
        columns = ",\n  ".join(
            f"{quote(column.name)} {DUCKDB_TYPES[column.type]}"
            for column in self._table.all_columns
        )
        return f"CREATE TABLE IF NOT EXISTS {self.name} (\n  {columns}\n)"

    def add_column(self, column: Column) -> str:
        """Add a declared column to an existing table."""
        kind = DUCKDB_TYPES[column.type]
        return f"ALTER TABLE {self.name} ADD COLUMN IF NOT EXISTS {quote(column.name)} {kind}"

    def rename(self) -> str:
        """Put a table that is not ours out of the way."""
        return f"ALTER TABLE {self.name} RENAME TO {quote(f'{self.target.name}_before')};"

    def fill(self, columns: Iterable[Column], file: StagedFile) -> str:
        """Fill columns and replace `_extra` from a file; binds the file."""
        names = [*(column.name for column in columns), EXTRA]
        return self._update(_sets(names), self._matching(staged(file)))

    def stage(self, file: StagedFile) -> str:
        """Stage a file's rows; binds `_synced_at` and the file."""
        table = self._table
        written = _list(c.name for c in table.all_columns if c.name not in SET_BY_COMMIT)
        return (
            f"CREATE OR REPLACE TEMP TABLE {STAGE} AS\n"
            f"SELECT {written}, CAST(? AS TIMESTAMP WITH TIME ZONE) AS {quote(SYNCED_AT)}, "
            f"{quote(SEQUENCE)}\nFROM {staged(file)}"
        )

    def keep_newest(self) -> str:
        """Remove from the staged rows all but the newest of each key."""
        # By row ids: a window over whole rows would copy all of them.
        table = self._table
        order = f"{quote(SEQUENCE)} DESC"
        if table.version:
            order = f"{quote(table.version)} DESC NULLS LAST, {order}"
        return (
            f"DELETE FROM {STAGE} WHERE rowid IN (SELECT rowid FROM {STAGE}\n"
            f"QUALIFY row_number() OVER (PARTITION BY {_list(table.primary_key)} "
            f"ORDER BY {order}) > 1)"
        )

    def compare(self) -> str:
        """Count the staged rows that are new, that replace a stored one, and that unmark one."""
        newer, key = self._is_newer(), quote(self._table.primary_key[0])
        return (
            f"SELECT count(*) FILTER (WHERE t.{key} IS NULL),\n"
            f"count(*) FILTER (WHERE t.{key} IS NOT NULL AND {newer}),\n"
            f"count(*) FILTER (WHERE t.{quote(DELETED_AT)} IS NOT NULL AND NOT ({newer}))\n"
            f"FROM {STAGE} AS s LEFT JOIN {self.name} AS t ON {self._same_key('t', 's')}"
        )

    def update(self) -> str:
        """Update what changed and is not older, and unmark it."""
        names = [name for name in self._staged() if name not in self._table.primary_key]
        newer = f"{self._matching(STAGE)} AND {self._is_newer()}"
        return self._update(f"{_sets(names)}, {quote(DELETED_AT)} = NULL", newer)

    def unmark(self) -> str:
        """Unmark what came back in an older version, once `update` has unmarked the rest."""
        marked = f"{self._matching(STAGE)} AND t.{quote(DELETED_AT)} IS NOT NULL"
        return self._update(f"{_sets([SYNCED_AT])}, {quote(DELETED_AT)} = NULL", marked)

    def insert(self) -> str:
        """Insert what is new."""
        # Not in the same statement as the updates: that costs three times as much a row.
        names = _list(self._staged())
        return (
            f"INSERT INTO {self.name} ({names})\nSELECT {names} FROM {STAGE} AS s "
            f"WHERE NOT EXISTS (SELECT 1 FROM {self.name} AS t WHERE {self._same_key('t', 's')})"
        )

    def mark_unseen(self, seen: StagedFile) -> str:
        """Mark rows whose key a complete read did not return; binds the time twice, the file."""
        return self._update(
            _MARKS,
            f" FROM {self.name} AS t WHERE t.{quote(DELETED_AT)} IS NULL\n"
            f"AND NOT EXISTS (SELECT 1 FROM {staged(seen)} AS s WHERE {self._same_key('t', 's')})",
        )

    def mark_missing_children(self, whole: WholeLists, *, any_staged: bool) -> str:
        """Mark children that their parent's whole list lacks; binds the time twice, the file."""
        returned = f"t.{quote(whole.newest)} > p.newer_than" if whole.newest else "FALSE"
        return self._update(
            _MARKS,
            f" FROM {self.name} AS t WHERE t.{quote(DELETED_AT)} IS NULL\n"
            f"AND EXISTS (SELECT 1 FROM {staged(whole.file)} AS p WHERE p.parent = "
            f"t.{quote(whole.parent_key)} AND (p.newer_than IS NULL OR {returned}))"
            f"{self._unstaged(any_staged=any_staged)}",
        )

    def mark_gone(self, gone: StagedFile, *, any_staged: bool) -> str:
        """Mark rows by key that were not read, keeping what they were merged into.

        Binds the time twice, and the file.
        """
        key, extra = quote(self._table.primary_key[0]), quote(EXTRA)
        merged = f"json_object('{MERGED_INTO}', s.merged_into)"
        return self._update(
            f"{_MARKS}, {extra} = CASE WHEN s.merged_into IS NULL "
            f"THEN t.{extra} ELSE json_merge_patch(coalesce(t.{extra}, '{{}}'), {merged}) END",
            f", s.merged_into FROM {self.name} AS t JOIN {staged(gone)} AS s ON s.key = t.{key}\n"
            f"WHERE t.{quote(DELETED_AT)} IS NULL{self._unstaged(any_staged=any_staged)}",
        )

    def unseen(self, *, until: bool) -> str:
        """List unmarked rows of an interval that a read did not return.

        Binds the keys that it returned, the begin, and the end if there is one.
        """
        key, version = quote(self._table.primary_key[0]), quote(self._table.version or "")
        within = f"{version} < ?" if until else "TRUE"
        undated = "" if until else f" OR {version} IS NULL"
        return (
            f"SELECT {key} FROM {self.name} WHERE {quote(DELETED_AT)} IS NULL\n"
            f"AND {key} NOT IN (SELECT unnest(CAST(? AS VARCHAR[])))\n"
            f"AND (({version} >= ? AND {within}){undated}) ORDER BY {key}"
        )

    def due(self, *, after: bool) -> str:
        """List versions of this table's rows as parents; binds the position thrice, the limit."""
        key = quote(self._table.primary_key[0])
        return (
            f"SELECT {key}, {quote(SYNCED_AT)}, {quote(DELETED_AT)} IS NOT NULL\n"
            f"FROM {self.name}{self._past() if after else ''}\n"
            f"ORDER BY {quote(SYNCED_AT)}, {key} LIMIT ?"
        )

    def count_due(self, *, after: bool) -> str:
        """Count what `due` lists without a limit."""
        return f"SELECT count(*) FROM {self.name}{self._past() if after else ''}"

    def select(self, columns: Iterable[Column]) -> str:
        """Read columns; JSON as text."""
        selected = ", ".join(
            f"CAST({quote(c.name)} AS VARCHAR) AS {quote(c.name)}"
            if c.type is ColumnType.JSON
            else quote(c.name)
            for c in columns
        )
        return f"SELECT {selected} FROM {self.name}"

    def count(self, *, live: bool = False) -> str:
        """Count rows, or those that are not marked as gone."""
        where = f" WHERE {quote(DELETED_AT)} IS NULL" if live else ""
        return f"SELECT count(*) FROM {self.name}{where}"

    def _update(self, sets: str, found: str) -> str:
        """Change rows in the order in which the table holds them.

        In any other order each row costs a decompression of its neighbours, column by column.

        Args:
            sets: What is set; `s` is what was found.
            found: Rows of the table `t`, as the rest of a query after their row ids.
        """
        return (
            f"UPDATE {self.name} AS t SET {sets}\n"
            f"FROM (SELECT t.rowid AS _row{found}\nORDER BY t.rowid) AS s WHERE t.rowid = s._row"
        )

    def _matching(self, source: str) -> str:
        return f", s.* FROM {self.name} AS t JOIN {source} AS s ON {self._same_key('t', 's')}"

    def _past(self) -> str:
        key = quote(self._table.primary_key[0])
        synced = quote(SYNCED_AT)
        return f"\nWHERE {synced} > ? OR ({synced} = ? AND {key} > ?)"

    def _same_key(self, left: str, right: str) -> str:
        return " AND ".join(
            f"{left}.{quote(name)} = {right}.{quote(name)}" for name in self._table.primary_key
        )

    def _unstaged(self, *, any_staged: bool) -> str:
        if not any_staged:
            return ""
        return f"\nAND NOT EXISTS (SELECT 1 FROM {STAGE} AS n WHERE {self._same_key('t', 'n')})"

    def _staged(self) -> list[str]:
        return [one.name for one in self._table.all_columns if one.name != DELETED_AT]

    def _is_newer(self) -> str:
        """Whether a staged row replaces the stored one.

        A stored date counts up to the moment of its commit only: a record that was dated
        2056 by mistake and then mended has to be updated too. A date of 0 is no date.
        """
        other = (
            f"(t.{quote(ROW_HASH)} IS DISTINCT FROM s.{quote(ROW_HASH)} "
            f"OR t.{quote(DELETED_AT)} IS NOT NULL)"
        )
        if self._table.version is None:
            return other
        version = quote(self._table.version)
        return (
            f"{other} AND (s.{version} IS NULL OR t.{version} IS NULL "
            f"OR s.{version} <= to_timestamp(0) "
            f"OR s.{version} >= least(t.{version}, t.{quote(SYNCED_AT)}))"
        )


_MARKS = f"{quote(DELETED_AT)} = ?, {quote(SYNCED_AT)} = ?"


def _sets(names: Iterable[str]) -> str:
    return ", ".join(f"{quote(name)} = s.{quote(name)}" for name in names)


def _list(names: Iterable[str]) -> str:
    return ", ".join(quote(name) for name in names)


_CURSOR_TYPES = {
    name: DUCKDB_TYPES[kind] + (" PRIMARY KEY" if name == "resource" else "")
    for name, kind in CURSOR_COLUMNS.items()
}


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
        """Create the table; its few rows can afford a declared key, which stops twins."""
        columns = ", ".join(f"{name} {kind}" for name, kind in _CURSOR_TYPES.items())
        return f"CREATE TABLE IF NOT EXISTS {self.name} ({columns})"

    def add_columns(self, known: Collection[str]) -> list[str]:
        """Add the columns that a table of an earlier release lacks."""
        return [
            f"ALTER TABLE {self.name} ADD COLUMN IF NOT EXISTS {name} {kind}"
            for name, kind in _CURSOR_TYPES.items()
            if name not in known
        ]

    def select(self) -> str:
        """Read all cursors."""
        return f"SELECT {', '.join(_CURSOR_TYPES)} FROM {self.name}"

    def insert(self) -> str:
        """Store a first cursor; binds every column."""
        return f"INSERT INTO {self.name} VALUES ({', '.join('?' * len(_CURSOR_TYPES))})"

    def swap(self) -> str:
        """Replace a cursor of the expected version.

        Binds every column but the first, then the resource and the expected version.
        """
        sets = ", ".join(f"{name} = ?" for name in list(_CURSOR_TYPES)[1:])
        return f"UPDATE {self.name} SET {sets} WHERE resource = ? AND version = ?"


@dataclass(frozen=True, slots=True)
class DuckDBDialect:
    """DuckDB's part of the questions about rows."""

    def table(self, target: Target) -> str:
        """Quote a table's full name."""
        return qualified(target.schema, target.name)

    def column(self, name: str) -> str:
        """Quote a column's name verbatim."""
        return quote(name)

    def cell(self, name: str, kind: ColumnType) -> str:
        """Read a column so that JSON comes as text."""
        return f"CAST({name} AS VARCHAR)" if kind is ColumnType.JSON else name

    def fields(self, question: ExtraFields, key: str) -> str:
        """List each field of each row's object; the object is parsed once a row."""
        path = "".join(f"/{name}" for name in question.path)
        within = quote(EXTRA) + (f" -> '{path}'" if path else "")
        pointer = "'/' || replace(replace(field, '~', '~0'), '/', '~1')"
        return (
            f"  SELECT row_key, field, left(CAST(held -> ({pointer}) AS VARCHAR), {EXAMPLE}) "
            "AS example\n"
            "  FROM (\n    SELECT row_key, held, unnest(json_keys(held)) AS field\n"
            f"    FROM (SELECT {key} AS row_key, {within} AS held FROM "
            f"{self.table(question.target)}\n"
            f"      WHERE {quote(EXTRA)} IS NOT NULL AND {quote(DELETED_AT)} IS NULL)\n  )"
        )

"""Snowflake's dialect: SQL as text, from declared columns.

Rows come as a parquet file into a raw table, whose columns hold what the file holds: instants as
microseconds, JSON as text. A second table holds them typed, of each key the newest. What follows
is joins of plain tables, because Snowflake does not evaluate every correlated subquery.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from intercom_assets.catalog.table import DELETED_AT, EXTRA, ROW_HASH, SYNCED_AT, Column, Table
from intercom_assets.catalog.types import ColumnType
from intercom_assets.warehouse.sql import SET_BY_COMMIT, folded, quote
from intercom_assets.warehouse.warehouse import SEQUENCE, Target

SNOWFLAKE_TYPES: Mapping[ColumnType, str] = {
    ColumnType.TEXT: "TEXT",
    ColumnType.INTEGER: "NUMBER(38,0)",
    ColumnType.DOUBLE: "FLOAT",
    ColumnType.BOOLEAN: "BOOLEAN",
    ColumnType.TIMESTAMP: "TIMESTAMP_TZ",
    ColumnType.JSON: "VARIANT",
}

RAW_TYPES: Mapping[ColumnType, str] = {
    **SNOWFLAKE_TYPES,
    ColumnType.TIMESTAMP: "NUMBER(38,0)",
    ColumnType.JSON: "TEXT",
}
"""Types of the raw tables, as parquet's physical types are: no logical type is left to chance."""

DESCRIBED_TYPES: Mapping[ColumnType, str] = {**SNOWFLAKE_TYPES, ColumnType.TEXT: "VARCHAR"}
"""How DESCRIBE TABLE writes the types, without the length of text and the precision of time."""

EPOCH = "CAST('1970-01-01T00:00:00+00:00' AS TIMESTAMP_TZ)"
"""1970, which numbers of seconds and microseconds count from."""


def identifier(name: str) -> str:
    """Quote a name: plain lower-case ones in upper case, all others verbatim.

    Unquoted SQL then finds the plain ones, as Snowflake reads it in upper case.
    """
    return quote(folded(name))


def qualified(schema: str, name: str) -> str:
    """Quote a table's full name, within the database of the connection."""
    return f"{identifier(schema)}.{identifier(name)}"


def described_type(written: str) -> str:
    """Take the length of text and the precision of time off a type of DESCRIBE TABLE."""
    return re.sub(r"^(VARCHAR|TIMESTAMP_TZ)\(\d+\)$", r"\1", written)


@dataclass(frozen=True, slots=True)
class Statements:
    """The statements of one table in Snowflake's dialect.

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

    @property
    def raw(self) -> dict[str, ColumnType]:
        """Columns of a staged file of rows."""
        columns = [one for one in self._table.all_columns if one.name not in SET_BY_COMMIT]
        return {**{one.name: one.type for one in columns}, SEQUENCE: ColumnType.INTEGER}

    def create(self) -> str:
        """Create the table if it does not exist.

        Without a clustering key: rows arrive in the order of time, which is how Snowflake then
        keeps them, and reclustering on every merge would cost more than it saves.
        """
        columns = ",\n  ".join(
            f"{identifier(column.name)} {SNOWFLAKE_TYPES[column.type]}"
            for column in self._table.all_columns
        )
        return f"CREATE TABLE IF NOT EXISTS {self.name} (\n  {columns}\n)"

    def describe(self) -> str:
        """List the columns and their types; needs no running warehouse."""
        return f"DESCRIBE TABLE {self.name}"

    def rename(self) -> str:
        """Put a table that is not ours out of the way."""
        before = qualified(self.target.schema, f"{self.target.name}_before")
        return f"ALTER TABLE {self.name} RENAME TO {before};"

    def stage(self, typed: str, raw: str) -> str:
        """Make a typed table of a raw one, of each key the newest row.

        Args:
            typed: Quoted name of the table to make.
            raw: Quoted name of the raw table.
        """
        table = self._table
        selected = ",\n  ".join(
            f"{_typed(identifier(name), kind)} AS {identifier(name)}"
            for name, kind in self.raw.items()
            if name != SEQUENCE
        )
        order = f"r.{identifier(SEQUENCE)} DESC"
        if table.version:
            order = f"r.{identifier(table.version)} DESC NULLS LAST, {order}"
        keys = ", ".join(f"r.{identifier(name)}" for name in table.primary_key)
        return (
            f"CREATE TRANSIENT TABLE {typed} AS\nSELECT\n  {selected}\nFROM {raw} AS r\n"
            f"QUALIFY ROW_NUMBER() OVER (PARTITION BY {keys} ORDER BY {order}) = 1"
        )

    def update(self, staged: str) -> str:
        """Update rows that changed and are not older, and unmark them; binds `_synced_at`.

        A stored date counts up to the moment of its commit only: a record that was dated
        2056 by mistake and then mended has to be updated too.
        """
        sets = ", ".join(
            f"{identifier(name)} = s.{identifier(name)}"
            for name in self.raw
            if name != SEQUENCE and name not in self._table.primary_key
        )
        return (
            f"UPDATE {self.name} SET {sets},\n"
            f"  {identifier(SYNCED_AT)} = {_INSTANT}, {identifier(DELETED_AT)} = NULL\n"
            f"FROM {staged} AS s WHERE {self._same_key(self._alias, 's')}\n"
            f"AND {self._not_older()}\n"
            f"AND ({self._alias}.{identifier(ROW_HASH)} IS DISTINCT FROM s.{identifier(ROW_HASH)} "
            f"OR {self._alias}.{identifier(DELETED_AT)} IS NOT NULL)"
        )

    def unmark(self, staged: str) -> str:
        """Unmark rows that came back in an older version; binds `_synced_at`."""
        return (
            f"UPDATE {self.name} SET {identifier(SYNCED_AT)} = {_INSTANT}, "
            f"{identifier(DELETED_AT)} = NULL\n"
            f"FROM {staged} AS s WHERE {self._same_key(self._alias, 's')}\n"
            f"AND {self._alias}.{identifier(DELETED_AT)} IS NOT NULL"
        )

    def insert(self, staged: str) -> str:
        """Insert rows that are new; binds `_synced_at`."""
        names = [name for name in self.raw if name != SEQUENCE]
        columns = ", ".join(identifier(name) for name in (*names, SYNCED_AT))
        values = ", ".join(f"s.{identifier(name)}" for name in names)
        key = identifier(self._table.primary_key[0])
        return (
            f"INSERT INTO {self.name} ({columns})\n"
            f"SELECT {values}, {_INSTANT}\n"
            f"FROM {staged} AS s LEFT JOIN {self.name} AS t ON {self._same_key('t', 's')}\n"
            f"WHERE t.{key} IS NULL"
        )

    def mark_unseen(self, seen: str) -> str:
        """Mark rows whose key a complete read did not return; binds the time twice."""
        key = identifier(self._table.primary_key[0])
        return self._mark(
            f"SELECT {self._keys('t')} FROM {self.name} AS t\n"
            f"  LEFT JOIN {seen} AS s ON {self._same_key('t', 's')}\n"
            f"  WHERE s.{key} IS NULL AND t.{identifier(DELETED_AT)} IS NULL"
        )

    def mark_missing_children(
        self, whole: str, parent_key: str, newest: str | None, staged: str | None
    ) -> str:
        """Mark children that their parent's whole list lacks; binds the time twice.

        Args:
            whole: Quoted name of the table of parents whose lists were read whole.
            parent_key: Column that holds the parent's key.
            newest: Column that is compared with where a list was cut off.
            staged: Quoted name of the staged rows, None where there are none.
        """
        returned = f" OR t.{identifier(newest)} > {_typed_as('p', 'newer_than')}" if newest else ""
        join, missing = self._unstaged(staged)
        return self._mark(
            f"SELECT DISTINCT {self._keys('t')} FROM {self.name} AS t\n"
            f"  INNER JOIN {whole} AS p ON p.{identifier('parent')} = t.{identifier(parent_key)}\n"
            f"{join}"
            f"  WHERE t.{identifier(DELETED_AT)} IS NULL\n"
            f"  AND (p.{identifier('newer_than')} IS NULL{returned}){missing}"
        )

    def gone(self, gone: str) -> str:
        """Read the unmarked rows that a list of keys names: key, its `_extra`, the other id."""
        key = identifier(self._table.primary_key[0])
        return (
            f"SELECT t.{key}, TO_JSON(t.{identifier(EXTRA)}), g.{identifier('merged_into')}\n"
            f"FROM {self.name} AS t INNER JOIN {gone} AS g ON g.{identifier('key')} = t.{key}\n"
            f"WHERE t.{identifier(DELETED_AT)} IS NULL"
        )

    def mark_gone(self, gone: str, staged: str | None) -> str:
        """Mark rows by key; binds the time twice.

        Args:
            gone: Quoted name of the table of keys.
            staged: Quoted name of the rows that were read, None where there are none.
        """
        key = identifier(self._table.primary_key[0])
        join, missing = self._unstaged(staged)
        return self._mark(
            f"SELECT DISTINCT t.{key} FROM {self.name} AS t\n"
            f"  INNER JOIN {gone} AS g ON g.{identifier('key')} = t.{key}\n"
            f"{join}"
            f"  WHERE t.{identifier(DELETED_AT)} IS NULL{missing}"
        )

    def replace_extra(self) -> str:
        """Replace the `_extra` of one row; binds the text twice, then the key."""
        return (
            f"UPDATE {self.name} SET {identifier(EXTRA)} = {_parsed('?')}\n"
            f"WHERE {identifier(self._table.primary_key[0])} = ?"
        )

    def unseen(self, *, until: bool) -> str:
        """List unmarked rows of an interval that a read did not return.

        Binds the begin, the end if there is one, and the keys that it returned as a JSON list.
        """
        key, version = identifier(self._table.primary_key[0]), identifier(self._table.version or "")
        within = f" AND {version} < {_INSTANT}" if until else ""
        undated = "" if until else f" OR {version} IS NULL"
        return (
            f"SELECT {key} FROM {self.name} WHERE {identifier(DELETED_AT)} IS NULL\n"
            f"AND (({version} >= {_INSTANT}{within}){undated})\n"
            f"AND {key} NOT IN (SELECT VALUE::TEXT FROM TABLE(FLATTEN(INPUT => PARSE_JSON(?))))\n"
            f"ORDER BY {key}"
        )

    def due(self, *, after: bool, limit: int) -> str:
        """List versions of this table's rows as parents; binds the position thrice."""
        key = identifier(self._table.primary_key[0])
        return (
            f"SELECT {key}, {micros(identifier(SYNCED_AT))}, "
            f"{identifier(DELETED_AT)} IS NOT NULL\n"
            f"FROM {self.name}{self._past() if after else ''}\n"
            f"ORDER BY {identifier(SYNCED_AT)}, {key} LIMIT {limit}"
        )

    def count_due(self, *, after: bool) -> str:
        """Count what `due` lists without a limit."""
        return f"SELECT COUNT(*) FROM {self.name}{self._past() if after else ''}"

    def select(self, columns: Iterable[Column]) -> str:
        """Read columns: JSON as text, instants as microseconds since 1970."""
        selected = ", ".join(
            f"{read_as(identifier(c.name), c.type)} AS {identifier(c.name)}" for c in columns
        )
        return f"SELECT {selected} FROM {self.name}"

    def rewrite(self, columns: Sequence[Column], staged: str) -> str:
        """Replace the values of stored rows, and their `_extra`."""
        sets = ", ".join(
            f"{identifier(c.name)} = {_typed(identifier(c.name), c.type, 's')}"
            for c in (*columns, self._table.column(EXTRA))
        )
        return (
            f"UPDATE {self.name} SET {sets}\n"
            f"FROM {staged} AS s WHERE {self._same_key(self._alias, 's')}"
        )

    def add_column(self, column: Column) -> str:
        """Add a declared column under a name of its own until it is filled.

        Snowflake commits each change of a table by itself, so a column that had its name before
        its values would be taken for filled after an interruption.
        """
        kind = SNOWFLAKE_TYPES[column.type]
        return f"ALTER TABLE {self.name} ADD COLUMN IF NOT EXISTS {_filling(column)} {kind}"

    def fill(self, columns: Sequence[Column], staged: str) -> str:
        """Fill added columns and replace `_extra`; what an interrupted fill set stays."""
        sets = ", ".join(
            f"{_filling(c)} = COALESCE({_typed(identifier(c.name), c.type, 's')}, "
            f"{self._alias}.{_filling(c)})"
            for c in columns
        )
        extra = _typed(identifier(EXTRA), ColumnType.JSON, "s")
        return (
            f"UPDATE {self.name} SET {sets}, {identifier(EXTRA)} = {extra}\n"
            f"FROM {staged} AS s WHERE {self._same_key(self._alias, 's')}"
        )

    def name_column(self, column: Column) -> str:
        """Give a filled column its name."""
        return (
            f"ALTER TABLE {self.name} RENAME COLUMN {_filling(column)} TO {identifier(column.name)}"
        )

    def count(self, *, live: bool = False) -> str:
        """Count rows, or those that are not marked as gone."""
        where = f" WHERE {identifier(DELETED_AT)} IS NULL" if live else ""
        return f"SELECT COUNT(*) FROM {self.name}{where}"

    @property
    def _alias(self) -> str:
        # The target of an UPDATE is referred to by its name.
        return identifier(self.target.name)

    def _mark(self, rows: str) -> str:
        return (
            f"UPDATE {self.name} SET {identifier(DELETED_AT)} = {_INSTANT}, "
            f"{identifier(SYNCED_AT)} = {_INSTANT}\n"
            f"FROM (\n  {rows}\n) AS g WHERE {self._same_key(self._alias, 'g')}"
        )

    def _unstaged(self, staged: str | None) -> tuple[str, str]:
        if staged is None:
            return "", ""
        key = identifier(self._table.primary_key[0])
        return f"  LEFT JOIN {staged} AS s ON {self._same_key('t', 's')}\n", f" AND s.{key} IS NULL"

    def _past(self) -> str:
        key = identifier(self._table.primary_key[0])
        synced = identifier(SYNCED_AT)
        return f"\nWHERE {synced} > {_INSTANT} OR ({synced} = {_INSTANT} AND {key} > ?)"

    def _keys(self, table: str) -> str:
        return ", ".join(f"{table}.{identifier(name)}" for name in self._table.primary_key)

    def _same_key(self, left: str, right: str) -> str:
        return " AND ".join(
            f"{left}.{identifier(name)} = {right}.{identifier(name)}"
            for name in self._table.primary_key
        )

    def _not_older(self) -> str:
        if self._table.version is None:
            return "TRUE"
        version, table = identifier(self._table.version), self._alias
        # A date of 0 is no date.
        return (
            f"(s.{version} IS NULL OR {table}.{version} IS NULL\n"
            f"  OR DATE_PART(EPOCH_SECOND, s.{version}) <= 0\n"
            f"  OR s.{version} >= LEAST({table}.{version}, {table}.{identifier(SYNCED_AT)}))"
        )


_INSTANT = "CAST(? AS TIMESTAMP_TZ)"


def micros(expression: str) -> str:
    """Read an instant as microseconds since 1970."""
    return f"DATE_PART(EPOCH_MICROSECOND, {expression})"


def _parsed(text: str) -> str:
    # What cannot be parsed is kept as text: a commit must not fail for it.
    return f"COALESCE(TRY_PARSE_JSON({text}), TO_VARIANT({text}))"


def _typed(name: str, kind: ColumnType, table: str = "r") -> str:
    expression = f"{table}.{name}"
    match kind:
        case ColumnType.TIMESTAMP:
            return f"DATEADD(microsecond, {expression}, {EPOCH})"
        case ColumnType.JSON:
            return _parsed(expression)
        case _:
            return expression


def _typed_as(table: str, name: str) -> str:
    return _typed(identifier(name), ColumnType.TIMESTAMP, table)


def read_as(name: str, kind: ColumnType) -> str:
    """Read a column so that every driver gives the same: instants as numbers, JSON as text."""
    match kind:
        case ColumnType.TIMESTAMP:
            return micros(name)
        case ColumnType.JSON:
            return f"TO_JSON({name})"
        case _:
            return name


def _filling(column: Column) -> str:
    return identifier(f"_filling_{column.name}")

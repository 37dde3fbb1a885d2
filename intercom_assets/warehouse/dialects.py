"""The fragments of SQL that differ between warehouses.

Whole statements are written elsewhere, once for all warehouses. Values are bound, never written
into a statement.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from typing_extensions import override

from intercom_assets.catalog.table import DELETED_AT, EXTRA
from intercom_assets.catalog.types import EPOCH, ColumnType
from intercom_assets.catalog.types import instant as from_micros

EXAMPLE = 100
"""Maximum characters of an example."""

Rows = Sequence[tuple[Any, ...]]


class Dialect(Protocol):
    """Spells the parts of statements for one warehouse."""

    types: Mapping[ColumnType, str]
    described: Mapping[ColumnType, str]
    """The types as the warehouse reports them for a table's columns."""
    without_zone: str
    """The type of `utc`, as the warehouse reports it."""
    ddl_in_transactions: bool
    """Whether DDL is transactional; otherwise each DDL statement commits."""
    enforces_keys: bool
    """Whether declared primary keys are enforced; otherwise a gate serializes commits."""

    def name(self, name: str) -> str:
        """Quote an identifier."""
        ...

    def update(self, table: str, alias: str, *, sets: str, relation: str, match: str) -> str:
        """Update the rows of a table that match rows `s` of a relation.

        Args:
            table: Quoted full name of the table.
            alias: The table's quoted name, by which `sets` and `match` refer to it: not every
                warehouse allows another alias in UPDATE.
            sets: Assignments.
            relation: A quoted name or subquery with at most one match per row.
            match: Join condition.
        """
        ...

    def stage(self, table: str, relation: str, columns: str, latest: str) -> tuple[str, ...]:
        """Create a temporary table from a relation `r`, keeping the latest row of each key.

        Args:
            table: Quoted name of the table.
            relation: A quoted name or subquery.
            columns: The columns to keep.
            latest: Window that orders the row to keep first.
        """
        ...

    def typed(self, raw: str, kind: ColumnType) -> str:
        """Convert a value of a staged file, where instants are microseconds and JSON is text."""
        ...

    def cell(self, column: str, kind: ColumnType) -> str:
        """Select a quoted column in a form that all drivers return alike."""
        ...

    def python(self, rows: Rows, kinds: Sequence[ColumnType]) -> Rows:
        """Convert rows of `cell`s to Python values; JSON stays text."""
        ...

    def listed(self) -> str:
        """Select the strings of a bound JSON list."""
        ...

    def fields(self, table: str, path: Sequence[str], key: str) -> str:
        """Select `row_key`, `field` and `example` for each field of an object within `_extra`.

        Args:
            table: Quoted name of the table; only unmarked rows are read.
            path: Keys that lead to the object; empty for `_extra` itself.
            key: Expression that identifies a row.
        """
        ...

    def text(self, value: str) -> str:
        """Quote text, for a statement that takes no bound values."""
        ...

    def text_at(self, value: str, path: Sequence[str | int]) -> str:
        """Read the value at a path within JSON as text."""
        ...

    def utc(self, instant: str) -> str:
        """Convert an instant to UTC without a zone."""
        ...

    def members(self, column: str, path: Sequence[str]) -> str:
        """Return the FROM item `m` whose `value`s are the members of a list in a column."""
        ...

    def match(self, text: str, pattern: str) -> str:
        """Extract the first group of a pattern; null or empty without a match."""
        ...

    def view(self, name: str, select: str, *, about: str, mark: str, new: bool) -> tuple[str, ...]:
        """Create a view or replace one of ours, with a mark for `Session.relations` to find."""
        ...


def quote(identifier: str) -> str:
    """Quote an identifier verbatim, whatever it contains."""
    return '"' + identifier.replace('"', '""') + '"'


DUCKDB_TYPES: Mapping[ColumnType, str] = {
    ColumnType.TEXT: "VARCHAR",
    ColumnType.INTEGER: "BIGINT",
    ColumnType.DOUBLE: "DOUBLE",
    ColumnType.BOOLEAN: "BOOLEAN",
    ColumnType.TIMESTAMP: "TIMESTAMP WITH TIME ZONE",
    ColumnType.JSON: "JSON",
}

SNOWFLAKE_TYPES: Mapping[ColumnType, str] = {
    ColumnType.TEXT: "TEXT",
    ColumnType.INTEGER: "NUMBER(38,0)",
    ColumnType.DOUBLE: "FLOAT",
    ColumnType.BOOLEAN: "BOOLEAN",
    ColumnType.TIMESTAMP: "TIMESTAMP_TZ",
    ColumnType.JSON: "VARIANT",
}


class DuckDBDialect(Dialect):
    """DuckDB: names are verbatim, and a view's mark is in its comment."""

    types = DUCKDB_TYPES
    described = DUCKDB_TYPES
    without_zone = "TIMESTAMP"
    ddl_in_transactions = True
    enforces_keys = True

    @override
    def name(self, name: str) -> str:
        return quote(name)

    @override
    def update(self, table: str, alias: str, *, sets: str, relation: str, match: str) -> str:
        # In table order, because DuckDB otherwise decompresses 2,048 neighbours per row and column:
        # 5,000 contacts took 7 s instead of 0.3. A plain join keeps that order only while the
        # planner happens to probe with the table.
        return (
            f"UPDATE {table} SET {sets}\n"
            f"FROM (SELECT {alias}.rowid AS _row, s.* FROM {table} AS {alias}\n"
            f"INNER JOIN {relation} AS s ON {match}\nORDER BY {alias}.rowid) AS s "
            f"WHERE {alias}.rowid = s._row"
        )

    @override
    def stage(self, table: str, relation: str, columns: str, latest: str) -> tuple[str, ...]:
        # Duplicates are deleted by row id: a window over whole rows would copy them all.
        create = f"CREATE OR REPLACE TEMP TABLE {table} AS\nSELECT {columns}\nFROM {relation} AS r"
        repeated = f"SELECT r.rowid FROM {table} AS r\nQUALIFY ROW_NUMBER() OVER ({latest}) > 1"
        return (create, f"DELETE FROM {table} WHERE rowid IN ({repeated})")

    @override
    def typed(self, raw: str, kind: ColumnType) -> str:
        match kind:
            case ColumnType.TIMESTAMP:
                return f"make_timestamptz({raw})"
            case ColumnType.JSON:
                return f"CAST({raw} AS JSON)"
            case _:
                return raw

    @override
    def cell(self, column: str, kind: ColumnType) -> str:
        return f"CAST({column} AS VARCHAR)" if kind is ColumnType.JSON else column

    @override
    def python(self, rows: Rows, kinds: Sequence[ColumnType]) -> Rows:
        return rows

    @override
    def listed(self) -> str:
        return "SELECT unnest(CAST(? AS JSON) ->> '$[*]')"

    @override
    def fields(self, table: str, path: Sequence[str], key: str) -> str:
        # Parses the object once per row.
        held = quote(EXTRA) + (f" -> {_pointer(path)}" if path else "")
        pointer = "'/' || replace(replace(field, '~', '~0'), '/', '~1')"
        return (
            f"  SELECT row_key, field, left(CAST(held -> ({pointer}) AS VARCHAR), {EXAMPLE}) "
            "AS example\n"
            "  FROM (\n    SELECT row_key, held, unnest(json_keys(held)) AS field\n"
            f"    FROM (SELECT {key} AS row_key, {held} AS held FROM {table}\n"
            f"      WHERE {quote(EXTRA)} IS NOT NULL AND {quote(DELETED_AT)} IS NULL)\n  )"
        )

    @override
    def text(self, value: str) -> str:
        return literal(value)

    @override
    def text_at(self, value: str, path: Sequence[str | int]) -> str:
        return f"({value} ->> {_pointer(path) if path else literal('$')})"

    @override
    def utc(self, instant: str) -> str:
        return f"timezone('UTC', {instant})"

    @override
    def members(self, column: str, path: Sequence[str]) -> str:
        steps = "".join(f".{step}" for step in path)
        return f"unnest(json_extract({column}, {literal(f'${steps}[*]')})) AS m(value)"

    @override
    def match(self, text: str, pattern: str) -> str:
        return f"regexp_extract({text}, '{pattern}', 1)"

    @override
    def view(self, name: str, select: str, *, about: str, mark: str, new: bool) -> tuple[str, ...]:
        return (
            f"CREATE OR REPLACE VIEW {name} AS\n{select}",
            f"COMMENT ON VIEW {name} IS {literal(f'{about} [{mark}]')}",
        )


class SnowflakeDialect(Dialect):
    """Snowflake: plain names are upper case, and a view's mark is in an always-true condition.

    Snowflake commits each statement by itself, and the condition is replaced together with the
    definition, unlike a comment that is set afterwards.
    """

    types = SNOWFLAKE_TYPES
    # As reported by DESCRIBE, without the length of text and the precision of time.
    described: Mapping[ColumnType, str] = {**SNOWFLAKE_TYPES, ColumnType.TEXT: "VARCHAR"}
    without_zone = "TIMESTAMP_NTZ"
    ddl_in_transactions = False
    enforces_keys = False

    @override
    def name(self, name: str) -> str:
        return quote(to_snowflake_name(name))

    @override
    def update(self, table: str, alias: str, *, sets: str, relation: str, match: str) -> str:
        return f"UPDATE {table} SET {sets}\nFROM {relation} AS s WHERE {match}"

    @override
    def stage(self, table: str, relation: str, columns: str, latest: str) -> tuple[str, ...]:
        # Transient, to avoid paying for Time Travel.
        newest = f"SELECT {columns}\nFROM {relation} AS r\nQUALIFY ROW_NUMBER() OVER ({latest}) = 1"
        return (f"CREATE TRANSIENT TABLE {table} AS\n{newest}",)

    @override
    def typed(self, raw: str, kind: ColumnType) -> str:
        match kind:
            case ColumnType.TIMESTAMP:
                return f"DATEADD(microsecond, {raw}, {instant(self, EPOCH)})"
            case ColumnType.JSON:
                # Invalid JSON is kept as text: it must not fail a commit.
                return f"COALESCE(TRY_PARSE_JSON({raw}), TO_VARIANT({raw}))"
            case _:
                return raw

    @override
    def cell(self, column: str, kind: ColumnType) -> str:
        match kind:
            case ColumnType.TIMESTAMP:
                return micros(column)
            case ColumnType.JSON:
                return f"TO_JSON({column})"
            case _:
                return column

    @override
    def python(self, rows: Rows, kinds: Sequence[ColumnType]) -> Rows:
        instants = [kind is ColumnType.TIMESTAMP for kind in kinds]
        return [
            tuple(
                from_micros(int(value)) if is_instant and value is not None else value
                for value, is_instant in zip(row, instants, strict=True)
            )
            for row in rows
        ]

    @override
    def listed(self) -> str:
        return "SELECT VALUE::TEXT FROM TABLE(FLATTEN(INPUT => PARSE_JSON(?)))"

    @override
    def fields(self, table: str, path: Sequence[str], key: str) -> str:
        extra = self.name(EXTRA)
        held = f"GET_PATH({extra}, '{'.'.join(path)}')" if path else extra
        # Objects only: FLATTEN would list the members of a list.
        return (
            f"  SELECT t.row_key, o.KEY AS field, LEFT(TO_JSON(o.VALUE), {EXAMPLE}) AS example\n"
            f"  FROM (\n    SELECT {key} AS row_key, {held} AS held FROM {table}\n"
            f"    WHERE {self.name(DELETED_AT)} IS NULL AND TO_JSON({held}) LIKE '{{%'\n"
            "  ) AS t, LATERAL FLATTEN(INPUT => t.held) AS o"
        )

    @override
    def text(self, value: str) -> str:
        return escaped(value)

    @override
    def text_at(self, value: str, path: Sequence[str | int]) -> str:
        return f"CAST({value}{_steps(path)} AS TEXT)"

    @override
    def utc(self, instant: str) -> str:
        return f"CAST(CONVERT_TIMEZONE('UTC', {instant}) AS TIMESTAMP_NTZ)"

    @override
    def members(self, column: str, path: Sequence[str]) -> str:
        held = f"{column}{_steps(path)}"
        # FLATTEN would list the fields of an object.
        return f"LATERAL FLATTEN(INPUT => CASE WHEN IS_ARRAY({held}) THEN {held} END) AS m"

    @override
    def match(self, text: str, pattern: str) -> str:
        return f"REGEXP_SUBSTR({text}, '{pattern}', 1, 1, 'e', 1)"

    @override
    def view(self, name: str, select: str, *, about: str, mark: str, new: bool) -> tuple[str, ...]:
        # Replacing a view keeps its grants.
        create = f"CREATE VIEW {name}" if new else f"CREATE OR REPLACE VIEW {name} COPY GRANTS"
        return (f"{create} COMMENT = {escaped(about)} AS\n{select}\n  AND '{mark}' <> ''",)


def instant(dialect: Dialect, moment: datetime | None = None) -> str:
    """Return an instant as a literal, or a placeholder to bind one."""
    written = "?" if moment is None else f"'{moment.isoformat()}'"
    return f"CAST({written} AS {dialect.types[ColumnType.TIMESTAMP]})"


def to_snowflake_name(name: str) -> str:
    """Return a name in upper case if it is plain, so that unquoted SQL finds it in Snowflake."""
    return name.upper() if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else name


def from_snowflake_name(name: str) -> str:
    """Reverse `to_snowflake_name`."""
    return name.lower() if re.fullmatch(r"[A-Z_][A-Z0-9_]*", name) else name


def micros(column: str) -> str:
    """Read a Snowflake instant as microseconds since 1970."""
    return f"DATE_PART(EPOCH_MICROSECOND, {column})"


def escaped(text: str) -> str:
    """Quote text for Snowflake, where a backslash is an escape."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _steps(path: Sequence[str | int]) -> str:
    return "".join(f"[{escaped(one) if isinstance(one, str) else one}]" for one in path)


def literal(text: str) -> str:
    """Quote text for a statement that takes no bound values."""
    return "'" + text.replace("'", "''") + "'"


def _pointer(path: Sequence[str | int]) -> str:
    return literal("".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path))

"""What differs between the SQL of one warehouse and the next, as small pieces of text.

Whole statements are elsewhere, once for all warehouses. Values are never written into a statement;
they are bound.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from typing_extensions import override

from intercom_assets.catalog.table import DELETED_AT, EXTRA
from intercom_assets.catalog.types import ColumnType

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

EXAMPLE = 100
"""Characters of an example that are read."""

Rows = Sequence[tuple[Any, ...]]


class Dialect(Protocol):
    """How one warehouse spells what the statements are made of."""

    types: Mapping[ColumnType, str]
    described: Mapping[ColumnType, str]
    """The types as the warehouse describes the columns of a table."""
    ddl_in_transactions: bool
    """Whether a transaction may create and alter tables; elsewhere each such change commits."""
    enforces_keys: bool
    """Whether a declared primary key is enforced; elsewhere commits line up at a gate."""

    def name(self, name: str) -> str:
        """Quote an identifier."""
        ...

    def update(self, table: str, alias: str, *, sets: str, relation: str, match: str) -> str:
        """Update the rows of a table that match rows `s` of a relation.

        Args:
            table: Quoted full name of the table.
            alias: How sets and match refer to it: its quoted name, for not every warehouse knows
                another one in UPDATE.
            sets: What is set.
            relation: A quoted name or subquery, of whose rows at most one matches each.
            match: The condition.
        """
        ...

    def stage(self, table: str, relation: str, columns: str, latest: str) -> tuple[str, ...]:
        """Create a temporary table of a relation `r`, keeping the latest row of each key.

        Args:
            table: Quoted name of the table.
            relation: What is read.
            columns: The columns that are kept.
            latest: Window in which the row that is kept comes first.
        """
        ...

    def typed(self, raw: str, kind: ColumnType) -> str:
        """Read a value of a staged file, where instants are microseconds and JSON is text."""
        ...

    def cell(self, column: str, kind: ColumnType) -> str:
        """Read a quoted column in a form that every driver returns alike."""
        ...

    def python(self, rows: Rows, kinds: Sequence[ColumnType]) -> Rows:
        """Turn rows of `cell`s into Python's own values; JSON stays text."""
        ...

    def listed(self) -> str:
        """Write the query that lists the texts of a bound JSON list."""
        ...

    def fields(self, table: str, path: Sequence[str], key: str) -> str:
        """List each field of an object within `_extra` as `row_key`, `field` and `example`.

        Args:
            table: Quoted name of the table, whose unmarked rows are meant.
            path: Keys that lead to the object; empty for `_extra` itself.
            key: Expression that names a row.
        """
        ...

    def text_at(self, value: str, path: Sequence[str]) -> str:
        """Read the value that keys lead to within JSON, as text."""
        ...

    def members(self, column: str, path: Sequence[str]) -> str:
        """Write the item of FROM, `m`, whose `value`s are the members of a list in a column."""
        ...

    def match(self, text: str, pattern: str) -> str:
        """Extract the first group of a pattern; null or empty where the text does not match."""
        ...

    def view(self, name: str, select: str, *, about: str, mark: str, new: bool) -> tuple[str, ...]:
        """Create a view, or replace one of ours; `Session.relations` finds its mark again."""
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
    """DuckDB: names are verbatim, and views carry their mark in a comment."""

    types = DUCKDB_TYPES
    described = DUCKDB_TYPES
    ddl_in_transactions = True
    enforces_keys = True

    @override
    def name(self, name: str) -> str:
        return quote(name)

    @override
    def update(self, table: str, alias: str, *, sets: str, relation: str, match: str) -> str:
        # In the order in which the table holds the rows: in any other one DuckDB decompresses 2,048
        # neighbours for each row, column by column, and 5,000 contacts took 7 s instead of 0.3.
        # A join keeps that order only as long as the planner happens to probe with the table.
        return (
            f"UPDATE {table} SET {sets}\n"
            f"FROM (SELECT {alias}.rowid AS _row, s.* FROM {table} AS {alias}\n"
            f"INNER JOIN {relation} AS s ON {match}\nORDER BY {alias}.rowid) AS s "
            f"WHERE {alias}.rowid = s._row"
        )

    @override
    def stage(self, table: str, relation: str, columns: str, latest: str) -> tuple[str, ...]:
        # The repeated rows are deleted by their ids: a window over whole rows would copy them all.
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
        # The object is parsed once a row.
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
    def text_at(self, value: str, path: Sequence[str]) -> str:
        return f"({value} ->> {_pointer(path) if path else literal('$')})"

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
    """Snowflake: plain names are upper case, and views carry their mark in a condition.

    The condition is always true. It comes and goes with the definition in one statement, which a
    comment that is set afterwards would not.
    """

    types = SNOWFLAKE_TYPES
    # As DESCRIBE writes them, but for the length of text and the precision of time.
    described: Mapping[ColumnType, str] = {**SNOWFLAKE_TYPES, ColumnType.TEXT: "VARCHAR"}
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
        # Transient, because Time Travel of it would cost and serve nobody.
        newest = f"SELECT {columns}\nFROM {relation} AS r\nQUALIFY ROW_NUMBER() OVER ({latest}) = 1"
        return (f"CREATE TRANSIENT TABLE {table} AS\n{newest}",)

    @override
    def typed(self, raw: str, kind: ColumnType) -> str:
        match kind:
            case ColumnType.TIMESTAMP:
                return f"DATEADD(microsecond, {raw}, {instant(self, EPOCH)})"
            case ColumnType.JSON:
                # What cannot be parsed is kept as text: a commit must not fail for it.
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
                EPOCH + timedelta(microseconds=int(value)) if is_instant and value is not None
                else value
                for value, is_instant in zip(row, instants, strict=True)
            )
            for row in rows
        ]  # fmt: skip

    @override
    def listed(self) -> str:
        return "SELECT VALUE::TEXT FROM TABLE(FLATTEN(INPUT => PARSE_JSON(?)))"

    @override
    def fields(self, table: str, path: Sequence[str], key: str) -> str:
        extra = self.name(EXTRA)
        held = f"GET_PATH({extra}, '{'.'.join(path)}')" if path else extra
        # What is no object has no fields, but FLATTEN would list the members of a list.
        return (
            f"  SELECT t.row_key, o.KEY AS field, LEFT(TO_JSON(o.VALUE), {EXAMPLE}) AS example\n"
            f"  FROM (\n    SELECT {key} AS row_key, {held} AS held FROM {table}\n"
            f"    WHERE {self.name(DELETED_AT)} IS NULL AND TO_JSON({held}) LIKE '{{%'\n"
            "  ) AS t, LATERAL FLATTEN(INPUT => t.held) AS o"
        )

    @override
    def text_at(self, value: str, path: Sequence[str]) -> str:
        return f"CAST({value}{_steps(path)} AS TEXT)"

    @override
    def members(self, column: str, path: Sequence[str]) -> str:
        held = f"{column}{_steps(path)}"
        # Of an object FLATTEN would list the fields.
        return f"LATERAL FLATTEN(INPUT => CASE WHEN IS_ARRAY({held}) THEN {held} END) AS m"

    @override
    def match(self, text: str, pattern: str) -> str:
        return f"REGEXP_SUBSTR({text}, '{pattern}', 1, 1, 'e', 1)"

    @override
    def view(self, name: str, select: str, *, about: str, mark: str, new: bool) -> tuple[str, ...]:
        # Whoever may read a view that is replaced still may.
        create = f"CREATE VIEW {name}" if new else f"CREATE OR REPLACE VIEW {name} COPY GRANTS"
        return (f"{create} COMMENT = {escaped(about)} AS\n{select}\n  AND '{mark}' <> ''",)


def instant(dialect: Dialect, moment: datetime | None = None) -> str:
    """Write an instant, or bind one."""
    written = "?" if moment is None else f"'{moment.isoformat()}'"
    return f"CAST({written} AS {dialect.types[ColumnType.TIMESTAMP]})"


def to_snowflake_name(name: str) -> str:
    """Return the name that Snowflake has for one of ours: upper case where it is plain.

    Unquoted SQL then finds it, which Snowflake reads in upper case.
    """
    return name.upper() if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else name


def from_snowflake_name(name: str) -> str:
    """Return our name of what Snowflake has under `to_snowflake_name`."""
    return name.lower() if re.fullmatch(r"[A-Z_][A-Z0-9_]*", name) else name


def micros(column: str) -> str:
    """Read an instant in Snowflake as microseconds since 1970."""
    return f"DATE_PART(EPOCH_MICROSECOND, {column})"


def escaped(text: str) -> str:
    """Quote a text for Snowflake, which reads a backslash as an escape."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _steps(path: Sequence[str]) -> str:
    return "".join(f"[{escaped(step)}]" for step in path)


def literal(text: str) -> str:
    """Quote a text, where a statement takes no bound value."""
    return "'" + text.replace("'", "''") + "'"


def _pointer(path: Sequence[str]) -> str:
    return literal("".join("/" + step.replace("~", "~0").replace("/", "~1") for step in path))

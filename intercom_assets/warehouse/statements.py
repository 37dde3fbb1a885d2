"""The statements of one table, shared by all warehouses.

Each docstring lists the values to bind; rows and keys come from staged files.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from intercom_assets.catalog.table import (
    DELETED_AT,
    EXTRA,
    ROW_HASH,
    SYNCED_AT,
    VALID_TO,
    Column,
    Table,
)
from intercom_assets.catalog.types import EPOCH, ColumnType
from intercom_assets.warehouse.base import SEQUENCE, SET_BY_COMMIT, Childless, Target
from intercom_assets.warehouse.dialects import Dialect, instant


def qualified(target: Target, dialect: Dialect) -> str:
    """Quote the full name of a table or view."""
    return f"{dialect.name(target.schema)}.{dialect.name(target.name)}"


def rename(target: Target, dialect: Dialect, kind: str = "TABLE") -> str:
    """Rename a table or view that is not ours, as a suggestion to the user."""
    before = Target(target.schema, f"{target.name}_before", target.table)
    # The new name must not include the schema in DuckDB, and must in Snowflake.
    new = dialect.name(before.name) if dialect.enforces_keys else qualified(before, dialect)
    return f"ALTER {kind} {qualified(target, dialect)} RENAME TO {new};"


@dataclass(frozen=True, slots=True)
class Statements:
    """The statements of one table; relations are quoted names or subqueries."""

    target: Target
    dialect: Dialect

    @property
    def name(self) -> str:
        """The table's quoted full name."""
        return qualified(self.target, self.dialect)

    def create(self) -> str:
        """Create the table if it does not exist.

        A declared key would slow down DuckDB's loads. A clustering key would cost more than it
        saves, because rows arrive in order of time.
        """
        columns = ",\n  ".join(
            f"{self._column(column.name)} {self.dialect.types[column.type]}"
            for column in self._table.all_columns
        )
        return f"CREATE TABLE IF NOT EXISTS {self.name} (\n  {columns}\n)"

    def stage(self, table: str, relation: str) -> tuple[str, ...]:
        """Create a table with the newest staged row of each key."""
        newest = f"r.{self._column(SEQUENCE)} DESC"
        if self._table.version:
            newest = f"r.{self._column(self._table.version)} DESC NULLS LAST, {newest}"
        keys = ", ".join(f"r.{key}" for key in self._keys)
        columns = ", ".join(f"r.{self._column(name)}" for name in (*self._staged(), SEQUENCE))
        return self.dialect.stage(
            table, relation, columns, f"PARTITION BY {keys} ORDER BY {newest}"
        )

    def compare(self, staged: str) -> str:
        """Count staged rows: all, new, replacing a stored row, and only unmarking one."""
        key, newer = f"t.{self._keys[0]}", self._is_newer("t")
        return (
            f"SELECT COUNT(*), COUNT_IF({key} IS NULL),\n"
            f"  COUNT_IF({key} IS NOT NULL AND {newer}),\n"
            f"  COUNT_IF(t.{self._column(DELETED_AT)} IS NOT NULL AND NOT ({newer}))\n"
            f"FROM {staged} AS s LEFT JOIN {self.name} AS t ON {self._same_key('t', 's')}"
        )

    def update(self, staged: str) -> str:
        """Update and unmark rows that changed and are not older; binds `_synced_at`."""
        names = [name for name in self._staged() if name not in self._table.primary_key]
        sets = f"{self._sets(names)}, {self._marks('NULL')}"
        return self._update(sets, staged, f" AND {self._is_newer(self._alias)}")

    def unmark(self, staged: str) -> str:
        """Unmark rows that reappeared in an older version; binds `_synced_at`.

        Their content is newer than the staged one, so it stays. `update` has already unmarked
        the rows that it changed.
        """
        marked = f" AND {self._alias}.{self._column(DELETED_AT)} IS NOT NULL"
        return self._update(self._marks("NULL"), staged, marked)

    def insert(self, staged: str) -> str:
        """Insert new rows; binds `_synced_at`."""
        # Not in a MERGE with the updates: DuckDB then takes three times as long per row.
        names = self._staged()
        columns = ", ".join(self._column(name) for name in (*names, SYNCED_AT))
        values = ", ".join(f"s.{self._column(name)}" for name in names)
        return (
            f"INSERT INTO {self.name} ({columns})\nSELECT {values}, {instant(self.dialect)}\n"
            f"FROM {staged} AS s LEFT JOIN {self.name} AS t ON {self._same_key('t', 's')}\n"
            f"WHERE t.{self._keys[0]} IS NULL"
        )

    def mark(self, keys: str) -> str:
        """Mark the rows with these keys; binds the time twice."""
        return self._update(self._marks(instant(self.dialect)), keys)

    def unseen_rows(self, seen: str) -> str:
        """Select the keys of rows missing from a complete read."""
        return self._unmarked(
            f"\n  LEFT JOIN {seen} AS s ON {self._same_key('t', 's')}",
            f" AND s.{self._keys[0]} IS NULL",
        )

    def unseen_in(self, seen: str, lists: str, list_key: str) -> str:
        """Select the keys of rows missing from the lists, by their `parent`, that were read."""
        return self._unmarked(
            f"\n  INNER JOIN {lists} AS p ON p.{self._column('parent')} = "
            f"t.{self._column(list_key)}"
            f"\n  LEFT JOIN {seen} AS s ON {self._same_key('t', 's')}",
            f" AND s.{self._keys[0]} IS NULL",
        )

    def missing_children(
        self, lists: str, parent_key: str, newest: str | None, staged: str | None
    ) -> str:
        """Select the keys of children missing from their parent's complete list.

        Args:
            lists: `parent`, and `newer_than` if only newer children were returned.
            parent_key: Column with the parent's key.
            newest: Column that `newer_than` is compared with.
            staged: The rows that were read.
        """
        newer_than = f"p.{self._column('newer_than')}"
        newer = f" OR t.{self._column(newest)} > {newer_than}" if newest else ""
        join, unstaged = self._unstaged(staged)
        return self._unmarked(
            f"\n  INNER JOIN {lists} AS p ON p.{self._column('parent')} = "
            f"t.{self._column(parent_key)}{join}",
            f" AND ({newer_than} IS NULL{newer}){unstaged}",
        )

    def gone_rows(self, gone: str, staged: str | None) -> str:
        """Select the keys of rows that are gone, unless they were read."""
        join, unstaged = self._unstaged(staged)
        return self._unmarked(self._gone(gone) + join, unstaged)

    def merged(self, gone: str, staged: str | None) -> str:
        """Select merged rows to mark: key, `_extra` and the other record's id."""
        join, unstaged = self._unstaged(staged)
        merged_into = f"g.{self._column('merged_into')}"
        extra = self.dialect.cell(f"t.{self._column(EXTRA)}", ColumnType.JSON)
        return (
            f"SELECT t.{self._keys[0]}, {extra}, {merged_into}\n"
            f"FROM {self.name} AS t{self._gone(gone)}{join}\n"
            f"  WHERE t.{self._column(DELETED_AT)} IS NULL AND {merged_into} IS NOT NULL{unstaged}"
        )

    def replace_extra(self) -> str:
        """Replace the `_extra` of one row; binds the text, then the key."""
        dialect, extra = self.dialect, self._column(EXTRA)
        given = f"(SELECT CAST(? AS {dialect.types[ColumnType.TEXT]}) AS {extra})"
        parsed = dialect.typed(f"r.{extra}", ColumnType.JSON)
        return (
            f"UPDATE {self.name} SET {extra} = f.{extra}\n"
            f"FROM (SELECT {parsed} AS {extra} FROM {given} AS r) AS f "
            f"WHERE {self._alias}.{self._keys[0]} = ?"
        )

    def archive_replaced(self, staged: str) -> str:
        """Keep the versions that `update` and `unmark` will replace; binds `_valid_to`."""
        replaced = f"{self._is_newer('t')}\n  OR t.{self._column(DELETED_AT)} IS NOT NULL"
        return f"{self.archive(staged)}\nWHERE {replaced}"

    def archive(self, keys: str) -> str:
        """Keep the versions of the rows with these keys; binds `_valid_to`."""
        names = [self._column(one.name) for one in self._table.all_columns]
        values = ", ".join(f"t.{name}" for name in names)
        return (
            f"INSERT INTO {self._history.name} ({', '.join(names)}, {self._column(VALID_TO)})\n"
            f"SELECT {values}, {instant(self.dialect)}\n"
            f"FROM {self.name} AS t INNER JOIN {keys} AS s ON {self._same_key('t', 's')}"
        )

    def erase_redacted(self, flag: Column, columns: Iterable[Column]) -> str:
        """Remove from former versions what was redacted since."""
        history, names = self._history, [self._column(one.name) for one in columns]
        redacted, h = self._column(flag.name), history._alias  # noqa: SLF001 - of this class
        keys = ", ".join(f"t.{key}" for key in self._keys)
        held = " OR ".join(f"{h}.{name} IS NOT NULL" for name in names)
        return self.dialect.update(
            history.name,
            h,
            sets=", ".join(f"{name} = NULL" for name in names),
            relation=f"(SELECT DISTINCT {keys} FROM {self.name} AS t WHERE t.{redacted})",
            match=f"{self._same_key(h, 's')} AND NOT COALESCE({h}.{redacted}, FALSE)\n"
            f"  AND ({held})",
        )

    def expire(self) -> str:
        """Delete versions that were replaced before a time, which it binds."""
        history = self._history.name
        return f"DELETE FROM {history} WHERE {self._column(VALID_TO)} < {instant(self.dialect)}"

    def rewrite(self, columns: Iterable[Column], cells: str) -> str:
        """Replace values of stored rows and their `_extra`."""
        names = [*(column.name for column in columns), EXTRA]
        return self._update(self._sets(names), cells)

    def add_column(self, column: Column) -> str:
        """Add a declared column under a temporary name until it is filled.

        Where DDL is not transactional, a column under its final name would pass for filled after
        an interruption.
        """
        kind = self.dialect.types[column.type]
        return f"ALTER TABLE {self.name} ADD COLUMN IF NOT EXISTS {self._filling(column)} {kind}"

    def fill(self, columns: Sequence[Column], cells: str) -> str:
        """Fill added columns and replace `_extra`, keeping values of an interrupted fill."""
        sets = ", ".join(
            f"{self._filling(column)} = COALESCE(s.{self._column(column.name)}, "
            f"{self._alias}.{self._filling(column)})"
            for column in columns
        )
        return self._update(f"{sets}, {self._sets([EXTRA])}", cells)

    def name_column(self, column: Column) -> str:
        """Rename a filled column to its final name."""
        return (
            f"ALTER TABLE {self.name} RENAME COLUMN {self._filling(column)} "
            f"TO {self._column(column.name)}"
        )

    def unseen(self, *, until: bool) -> str:
        """Select keys of unmarked rows in an interval that a read did not return.

        Binds the start, the end if there is one, and the returned keys as a JSON list.
        """
        key, version = self._keys[0], self._column(self._table.version or "")
        within = f" AND {version} < {instant(self.dialect)}" if until else ""
        undated = "" if until else f" OR {version} IS NULL"
        return (
            f"SELECT {key} FROM {self.name} WHERE {self._column(DELETED_AT)} IS NULL\n"
            f"AND (({version} >= {instant(self.dialect)}{within}){undated})\n"
            f"AND {key} NOT IN ({self.dialect.listed()})\nORDER BY {key}"
        )

    def due(
        self,
        *,
        after: bool,
        limit: int,
        value: str | None = None,
        childless: Childless | None = None,
    ) -> str:
        """Select versions of this table's rows as parents; binds time, time and key of `after`."""
        synced, key, updated = self._column(SYNCED_AT), self._keys[0], "NULL"
        if self._table.version is not None:
            updated = self.dialect.cell(self._column(self._table.version), ColumnType.TIMESTAMP)
        cells = f"{key}, {self.dialect.cell(synced, ColumnType.TIMESTAMP)}"
        cells += f", {self._column(DELETED_AT)} IS NOT NULL, {updated}"
        cells += f", {self._column(value) if value else 'NULL'}"
        past, order = self._past() if after else "", f"ORDER BY {synced}, {key}"
        if childless is None:
            return f"SELECT {cells}, FALSE\nFROM {self.name}{past}\n{order} LIMIT {limit}"
        names = [self._table.primary_key[0], SYNCED_AT, DELETED_AT, childless.column]
        names += [name for name in (self._table.version, value) if name]
        columns = ", ".join(dict.fromkeys(map(self._column, names)))
        # JSON is parsed for the rows within the limit only.
        return (
            f"SELECT {cells}, {self._counts_none(childless)}\n"
            f"FROM (SELECT {columns} FROM {self.name}{past}\n{order} LIMIT {limit}) AS p"
            f"{self._with_children(childless)}\n{order}"
        )

    def _counts_none(self, childless: Childless) -> str:
        count = self.dialect.text_at(self._column(childless.column), childless.path)
        stored = "" if childless.children is None else " AND c.child_of IS NULL"
        return f"COALESCE({count} = '0', FALSE){stored}"

    def _with_children(self, childless: Childless) -> str:
        if childless.children is None:
            return ""
        return (
            f"\nLEFT JOIN (SELECT DISTINCT {self._column(childless.key)} AS child_of "
            f"FROM {qualified(childless.children, self.dialect)} "
            f"WHERE {self._column(DELETED_AT)} IS NULL) AS c ON c.child_of = {self._keys[0]}"
        )

    def count_due(self, *, after: bool) -> str:
        """Count the rows of `due` without a limit."""
        return f"SELECT COUNT(*) FROM {self.name}{self._past() if after else ''}"

    def select(self, columns: Mapping[str, ColumnType]) -> str:
        """Select columns as cells."""
        cells = ", ".join(
            f"{self.dialect.cell(self._column(name), kind)} AS {self._column(name)}"
            for name, kind in columns.items()
        )
        return f"SELECT {cells} FROM {self.name}"

    def count(self, *, live: bool = False) -> str:
        """Count all rows, or unmarked ones only."""
        where = f" WHERE {self._column(DELETED_AT)} IS NULL" if live else ""
        return f"SELECT COUNT(*) FROM {self.name}{where}"

    @property
    def _table(self) -> Table:
        return self.target.table

    @property
    def _keys(self) -> list[str]:
        return [self._column(name) for name in self._table.primary_key]

    @property
    def _alias(self) -> str:
        # Not every warehouse supports an alias in UPDATE.
        return self.dialect.name(self.target.name)

    def _column(self, name: str) -> str:
        return self.dialect.name(name)

    def _staged(self) -> list[str]:
        return [one.name for one in self._table.all_columns if one.name not in SET_BY_COMMIT]

    def _sets(self, names: Iterable[str]) -> str:
        return ", ".join(f"{self._column(name)} = s.{self._column(name)}" for name in names)

    def _marks(self, deleted_at: str) -> str:
        return (
            f"{self._column(SYNCED_AT)} = {instant(self.dialect)}, "
            f"{self._column(DELETED_AT)} = {deleted_at}"
        )

    def _update(self, sets: str, relation: str, condition: str = "") -> str:
        """Update rows whose key is in a relation `s`."""
        match = f"{self._same_key(self._alias, 's')}{condition}"
        return self.dialect.update(
            self.name, self._alias, sets=sets, relation=relation, match=match
        )

    @property
    def _history(self) -> "Statements":
        return Statements(self.target.history, self.dialect)

    def _unmarked(self, joined: str, condition: str) -> str:
        # Joins, because Snowflake does not support every correlated subquery; distinct keys,
        # because it refuses to update a row that several others match.
        keys = ", ".join(f"t.{key}" for key in self._keys)
        live = f"t.{self._column(DELETED_AT)} IS NULL"
        found = f"FROM {self.name} AS t{joined}\n  WHERE {live}{condition}"
        return f"(\n  SELECT DISTINCT {keys}\n  {found}\n)"

    def _gone(self, gone: str) -> str:
        return f"\n  INNER JOIN {gone} AS g ON g.{self._column('key')} = t.{self._keys[0]}"

    def _unstaged(self, staged: str | None) -> tuple[str, str]:
        if staged is None:
            return "", ""
        join = f"\n  LEFT JOIN {staged} AS n ON {self._same_key('t', 'n')}"
        return join, f" AND n.{self._keys[0]} IS NULL"

    def _past(self) -> str:
        # All rows of a commit share one `_synced_at`, so the key breaks ties.
        synced, bound = self._column(SYNCED_AT), instant(self.dialect)
        return f"\nWHERE {synced} > {bound} OR ({synced} = {bound} AND {self._keys[0]} > ?)"

    def _same_key(self, left: str, right: str) -> str:
        return " AND ".join(f"{left}.{key} = {right}.{key}" for key in self._keys)

    def _is_newer(self, t: str) -> str:
        """Return the condition for a staged row `s` to replace a stored row `t` (rule 4).

        A stored date counts no further than its commit: a record that was dated 2056 by mistake
        and then corrected must be updated too. A date of 0 counts as missing.
        """
        changed = (
            f"({t}.{self._column(ROW_HASH)} IS DISTINCT FROM s.{self._column(ROW_HASH)} "
            f"OR {t}.{self._column(DELETED_AT)} IS NOT NULL)"
        )
        if self._table.version is None:
            return changed
        version = self._column(self._table.version)
        return (
            f"{changed} AND (s.{version} IS NULL OR {t}.{version} IS NULL "
            f"OR s.{version} <= {instant(self.dialect, EPOCH)} "
            f"OR s.{version} >= LEAST({t}.{version}, {t}.{self._column(SYNCED_AT)}))"
        )

    def _filling(self, column: Column) -> str:
        return self._column(f"_filling_{column.name}")

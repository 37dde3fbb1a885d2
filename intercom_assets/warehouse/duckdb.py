"""DuckDB, embedded: tables and cursors in a file that is opened only to commit or look up."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import duckdb

from intercom_assets.catalog.table import Column
from intercom_assets.errors import SchemaError, WarehouseError
from intercom_assets.warehouse.duckdb_file import (
    Connect,
    DuckDBFile,
    column_types,
    connect,
    make_schema,
    number,
    refused,
    roll_back,
)
from intercom_assets.warehouse.duckdb_statements import (
    DUCKDB_TYPES,
    STAGE,
    CursorStatements,
    DuckDBDialect,
    Statements,
    bound,
    qualified,
)
from intercom_assets.warehouse.duckdb_transaction import commit_share, transact
from intercom_assets.warehouse.duckdb_views import make_views
from intercom_assets.warehouse.file_lock import table_lock
from intercom_assets.warehouse.questions import (
    Answer,
    OfParents,
    Question,
    Rows,
    answered,
    sampled,
)
from intercom_assets.warehouse.sql import (
    CURSORS,
    cursor_values,
    known_columns,
    overtaken,
    quote,
    refuse_foreign,
    refuse_other_types,
    stored_cursor,
)
from intercom_assets.warehouse.views import Outcome, View
from intercom_assets.warehouse.warehouse import (
    Commit,
    Committed,
    ParentVersion,
    StagedFile,
    StoredCursor,
    TableState,
    Target,
)

if TYPE_CHECKING:
    import pyarrow as pa

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_ROWS = 5_000


class DuckDBWarehouse:
    """Tables and cursors in a DuckDB file.

    Args:
        database: The file; created with its folder when missing.
        connect: Opens it; a seam for tests.
        patience: Seconds to wait for another process that has the file open.
        lock_patience: Seconds to wait for another sync of the same table.
        now: Tells the time; a seam for tests.
    """

    def __init__(
        self,
        database: Path,
        *,
        connect: Connect = connect,
        patience: float = 60.0,
        lock_patience: float = 10.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.database = database
        self._file = DuckDBFile(database, connect, patience)
        self._lock_patience = lock_patience
        self._now = now

    def describe(self) -> str:
        """Name the file."""
        return str(self.database)

    def held(self) -> AbstractContextManager[None]:
        """Keep the file open for a block; without it each question opens it anew."""
        # What does not exist yet is not made by looking.
        return self._file.held() if self.database.exists() else nullcontext()

    def lock(self, target: Target, run_id: str) -> AbstractContextManager[None]:
        """Keep other processes' syncs away from a table by a file beside the database."""
        self._file.make_folder()
        folder = self.database.with_name(f"{self.database.name}.locks")
        return table_lock(folder, target, run_id, self._lock_patience)

    def inspect(self, target: Target) -> TableState:
        """Look at a table before anything is requested."""
        if not self.database.exists():
            self._file.make_folder()
            return TableState(exists=False)
        with self._file.session() as connection:
            types = column_types(connection, target.schema, target.name)
            if not types:
                return TableState(exists=False)
            refuse_foreign(target, types, Statements(target).rename())
            missing = tuple(c for c in target.table.all_columns if c.name not in types)
            refuse_other_types(target, types, DUCKDB_TYPES)
            counted = connection.execute(Statements(target).count(live=True)).fetchall()
            return TableState(exists=True, missing=missing, row_count=counted[0][0])

    def cursors(self, schema: str, prefix: str) -> dict[str, StoredCursor]:
        """Read all cursors of a prefix, by resource."""
        if not self.database.exists():
            return {}
        statements = CursorStatements(schema, prefix)
        with self._file.session() as connection:
            known = column_types(connection, schema, f"{prefix}{CURSORS}")
            if not known:
                return {}
            # An earlier release may have made the table.
            for addition in statements.add_columns(known):
                connection.execute(addition)
            rows = connection.execute(statements.select()).fetchall()
        return {row[0]: stored_cursor(row) for row in rows}

    def commit_share(self, rows: int, size: int) -> float:
        """Say how much of a commit some rows make: it takes tenths of a second in little memory."""
        return commit_share(rows, size)

    def commit(self, prefix: str, commit: Commit) -> Committed:
        """Merge, mark and move the cursor in one transaction."""
        cursors, target = CursorStatements(commit.target.schema, prefix), commit.target
        with self._file.session() as connection:
            make_schema(connection, f"CREATE SCHEMA IF NOT EXISTS {quote(target.schema)}")
            return transact(
                connection,
                partial(self._apply, connection, cursors, commit),
                str(target),
                tidy=commit.cursor.complete,
            )

    def due_parents(
        self, parent: Target, after: tuple[datetime, str] | None, limit: int
    ) -> list[ParentVersion]:
        """List parents by (`_synced_at`, key) from after a position on."""
        with self._reading(parent) as connection:
            statement = Statements(parent).due(after=after is not None)
            rows = connection.execute(statement, [*bound(after), limit]).fetchall()
        return [ParentVersion(key, synced_at, deleted) for key, synced_at, deleted in rows]

    def count_due(self, parent: Target, after: tuple[datetime, str] | None) -> int:
        """Count the parents that `due_parents` would list."""
        with self._reading(parent) as connection:
            statement = Statements(parent).count_due(after=after is not None)
            counted: int = connection.execute(statement, bound(after)).fetchall()[0][0]
        return counted

    def cells(self, asked: Rows) -> Iterator[list[tuple[Any, ...]]]:
        """Go through the rows that are asked for, with the columns that are; JSON as text."""
        with self._file.session() as connection:
            result = connection.execute(asked.query(DuckDBDialect()))
            while rows := result.fetchmany(_ROWS):
                yield rows

    def unseen(
        self, target: Target, seen: Sequence[str], since: datetime, until: datetime | None
    ) -> list[str]:
        """List keys of unmarked rows dated in [since, until) that are not among the seen ones."""
        bound = [list(seen), since] if until is None else [list(seen), since, until]
        with self._reading(target) as connection:
            statement = Statements(target).unseen(until=until is not None)
            return [key for (key,) in connection.execute(statement, bound).fetchall()]

    def add_columns(
        self, target: Target, columns: Sequence[Column], fill: StagedFile | None
    ) -> None:
        """Add declared columns to an existing table, and fill them, in one transaction."""
        statements = Statements(target)
        with self._file.session() as connection:

            def add() -> None:
                for column in columns:
                    connection.execute(statements.add_column(column))
                if fill is not None:
                    connection.execute(statements.fill(columns, fill), [str(fill.path)])

            transact(connection, add, str(target))

    def read(self, target: Target, columns: Sequence[str] | None = None) -> "pa.Table":
        """Read a table, marked rows included; JSON columns as text."""
        table = target.table
        chosen = [table.column(name) for name in columns] if columns else table.all_columns
        with self._reading(target) as connection:
            return connection.sql(Statements(target).select(chosen)).to_arrow_table()

    def values(self, target: Target, columns: Sequence[str]) -> list[tuple[Any, ...]]:
        """Read columns of a table as Python's own values; JSON columns as text."""
        statement = Statements(target).select([target.table.column(name) for name in columns])
        with self._reading(target) as connection:
            return connection.execute(statement).fetchall()

    def ask(self, question: Question, limit: int) -> Answer:
        """Ask which rows are not as they should be; at most `limit` of them are read."""
        dialect = DuckDBDialect()
        with self._reading(question.target) as connection:
            if isinstance(question, OfParents):
                self._require(connection, question.parent)
            rows = connection.execute(sampled(question, dialect, limit)).fetchall()
        return answered(question, dialect, rows)

    def make_views(self, views: Sequence[View]) -> list[Outcome]:
        """Create views, and replace those of ours whose definition changed, in one transaction."""
        if not views:
            return []
        with self._file.session() as connection:
            made = partial(make_views, connection, views)
            return transact(connection, made, "views")

    def count(self, target: Target) -> int:
        """Count the rows of a table or view."""
        with self._reading(target) as connection:
            return number(connection, Statements(target).count())

    def read_view(self, target: Target, columns: Sequence[str] | None = None) -> "pa.Table":
        """Read a view whose columns may be others than it was made with; JSON columns as text."""
        with self._reading(target) as connection:
            types = column_types(connection, target.schema, target.name)
            chosen = known_columns(target, types, columns)
            selected = ", ".join(
                f"CAST({quote(c)} AS VARCHAR) AS {quote(c)}" if types[c] == "JSON" else quote(c)
                for c in chosen
            )
            name = qualified(target.schema, target.name)
            return connection.sql(f"SELECT {selected} FROM {name}").to_arrow_table()

    def query(self, statement: str) -> "pa.Table":
        """Answer a question in SQL; what it changes is not kept. No answer is an empty table.

        Raises:
            WarehouseError: The statement is wrong, or there is no database.
        """
        if not self.database.exists():
            raise WarehouseError(f"{self.database} does not exist yet. Run a sync first")
        with self._file.session() as connection:
            connection.execute("BEGIN TRANSACTION")
            try:
                # Statements without an answer give None, whatever the stubs say.
                answer = cast("duckdb.DuckDBPyRelation | None", connection.sql(statement))
                if answer is None:
                    import pyarrow as pa  # noqa: PLC0415 - a sync needs none of it

                    return pa.table({})
                return answer.to_arrow_table()
            except duckdb.Error as error:
                wrong = "DuckDB cannot answer this query. Change it as DuckDB says:"
                raise WarehouseError(f"{wrong}\n{str(error).strip()}") from error
            finally:
                roll_back(connection)

    def check(self, schema: str) -> None:
        """Find out whether tables could be made, and leave no trace.

        Raises:
            WarehouseError: They could not; says why.
        """
        if self.database.exists():
            with self._file.session() as connection:
                connection.execute("BEGIN TRANSACTION")
                try:
                    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quote(schema)}")
                    connection.execute(
                        f"CREATE TABLE {qualified(schema, '_intercom_check')} (a INT)"
                    )
                except duckdb.Error as error:
                    raise WarehouseError(refused(f"a table in {self.database}", error)) from error
                finally:
                    roll_back(connection)
            return
        folder = next(one for one in self.database.parents if one.exists())
        if not (folder.is_dir() and os.access(folder, os.W_OK)):
            raise WarehouseError(
                f"{self.database} cannot be made: {folder} is not writable. Set DUCKDB_DATABASE to "
                "a path that may be written"
            )

    def _apply(
        self, connection: duckdb.DuckDBPyConnection, cursors: CursorStatements, commit: Commit
    ) -> Committed:
        target = commit.target
        statements = Statements(target)
        connection.execute(cursors.create())
        connection.execute(statements.create())
        synced_at = self._swap_cursor(connection, cursors, commit)
        if commit.rewrite is not None:
            file = commit.rewrite.file
            connection.execute(statements.fill(commit.rewrite.columns, file), [str(file.path)])
        before = number(connection, statements.count())
        staged = inserted = updated = deleted = 0
        if commit.rows is not None:
            staging = statements.stage(commit.rows)
            connection.execute(staging, [synced_at, str(commit.rows.path)])
            connection.execute(statements.keep_newest())
            staged = number(connection, f"SELECT count(*) FROM {STAGE}")
            [(new, newer, back)] = connection.execute(statements.compare()).fetchall()
            updated = number(connection, statements.update()) if newer else 0
            updated += number(connection, statements.unmark()) if back else 0
            inserted = number(connection, statements.insert()) if new else 0
        if commit.seen is not None:
            marks = [synced_at, synced_at, str(commit.seen.path)]
            deleted += number(connection, statements.mark_unseen(commit.seen), marks)
        if commit.whole is not None:
            missing = statements.mark_missing_children(
                commit.whole, any_staged=commit.rows is not None
            )
            marks = [synced_at, synced_at, str(commit.whole.file.path)]
            deleted += number(connection, missing, marks)
        if commit.gone is not None:
            marks = [synced_at, synced_at, str(commit.gone.path)]
            missing = statements.mark_gone(commit.gone, any_staged=commit.rows is not None)
            deleted += number(connection, missing, marks)
        connection.execute(f"DROP TABLE IF EXISTS {STAGE}")
        return Committed(
            inserted=inserted,
            updated=updated,
            unchanged=staged - inserted - updated,
            deleted=deleted,
            row_count=before + inserted,
            synced_at=synced_at,
        )

    def _swap_cursor(
        self, connection: duckdb.DuckDBPyConnection, cursors: CursorStatements, commit: Commit
    ) -> datetime:
        # The version must be the one that this sync started from: the guarantee of rule 1.
        stored = {
            row[0]: stored_cursor(row) for row in connection.execute(cursors.select()).fetchall()
        }.get(commit.cursor.resource, StoredCursor(resource=commit.cursor.resource))
        expected = commit.cursor.version - 1
        if stored.version != expected:
            raise overtaken(commit.target, stored.version, expected)
        # Later than the last commit, and than what was read, however slow our clock is.
        now = max(self._now(), commit.cursor.at or EPOCH)
        if stored.synced_at is not None:
            now = max(now, stored.synced_at + timedelta(microseconds=1))
        values = cursor_values(replace(commit.cursor, synced_at=now))
        if stored.version == 0:
            connection.execute(cursors.insert(), values)
        else:
            connection.execute(cursors.swap(), [*values[1:], values[0], expected])
        return now

    @contextmanager
    def _reading(self, target: Target) -> Iterator[duckdb.DuckDBPyConnection]:
        if not self.database.exists():
            raise SchemaError(
                f"There is no table {target}: {self.database} does not exist yet. Run a sync first"
            )
        with self._file.session() as connection:
            self._require(connection, target)
            try:
                yield connection
            except duckdb.Error as error:
                raise WarehouseError(refused(f"a statement on {target}", error)) from error

    def _require(self, connection: duckdb.DuckDBPyConnection, target: Target) -> None:
        if not column_types(connection, target.schema, target.name):
            raise SchemaError(
                f"There is no table {target} in {self.database}. Run a sync of it first"
            )

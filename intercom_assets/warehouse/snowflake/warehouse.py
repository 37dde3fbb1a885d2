"""Snowflake: tables and cursors in a schema, changed by joins with staged files.

A commit uploads its files into transient tables first, because DDL ends a transaction there; the
transaction itself is updates and inserts only. `MERGE` is not used: within a transaction its
counts and its locks are the same, and what happens to each kind of row is plainer to review.
"""

import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
from snowflake.connector import errors

from intercom_assets.catalog.table import Column
from intercom_assets.errors import SchemaError, WarehouseError
from intercom_assets.warehouse.questions import (
    Answer,
    OfParents,
    Question,
    Rows,
    answered,
    sampled,
)
from intercom_assets.warehouse.snowflake.answers import EPOCH, instant, python_values, shaped
from intercom_assets.warehouse.snowflake.cursors import (
    CursorStatements,
    LeaseStatements,
    stored_cursors,
)
from intercom_assets.warehouse.snowflake.dialect import SnowflakeDialect
from intercom_assets.warehouse.snowflake.errors import NOT_THERE, Login
from intercom_assets.warehouse.snowflake.lease import Lease, LeaseTerms
from intercom_assets.warehouse.snowflake.schemas import create_table, has_schema
from intercom_assets.warehouse.snowflake.session import Connect, Patience, Runner, Session
from intercom_assets.warehouse.snowflake.staging import staged_files, uploaded
from intercom_assets.warehouse.snowflake.statements import (
    DESCRIBED_TYPES,
    Statements,
    described_type,
    identifier,
    qualified,
)
from intercom_assets.warehouse.snowflake.views import make_views, read_view
from intercom_assets.warehouse.sql import (
    CURSOR_COLUMNS,
    MERGED_INTO,
    cursor_values,
    folded,
    overtaken,
    refuse_foreign,
    refuse_other_types,
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

_COMMIT_BYTES = 100_000_000

_READS = re.compile(r"\s*(select|with|show|desc|describe|explain|values|table)\b", re.IGNORECASE)


class SnowflakeWarehouse:
    """Tables and cursors in a Snowflake database.

    One session serves all that a sync does; it is opened when it is first needed.

    Args:
        connect: Logs in, with qmark binding and `SESSION_PARAMETERS`.
        login: Who logs in where, for messages.
        patience: How often Snowflake is tried.
        terms: How long the lease of a table lasts.
        now: Tells the time; a seam for tests.
    """

    def __init__(
        self,
        connect: Connect,
        login: Login,
        *,
        patience: Patience | None = None,
        terms: LeaseTerms | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.login = login
        self._patience = patience or Patience()
        self._session = Session(connect, login, self._patience)
        self._terms = terms or LeaseTerms()
        self._now = now
        self._leases: dict[str, Lease] = {}

    def close(self) -> None:
        """End the session."""
        self._session.close()

    def describe(self) -> str:
        """Name the account and the database."""
        return str(self.login)

    def held(self) -> AbstractContextManager[None]:
        """Do nothing: the session stays open as it is."""
        return nullcontext()

    @contextmanager
    def lock(self, target: Target, run_id: str) -> Iterator[None]:
        """Keep other syncs away from a table by a row that expires."""
        schema, create = target.schema, LeaseStatements(target.schema).create()
        self._session.work(lambda one: create_table(one, schema, create), f"schema {schema}")
        lease = Lease(self._session, target, run_id, terms=self._terms, sleep=self._patience.sleep)
        with lease.held():
            self._leases[str(target)] = lease
            try:
                yield
            finally:
                del self._leases[str(target)]

    def inspect(self, target: Target) -> TableState:
        """Look at a table before anything is requested."""
        statements = Statements(target)

        def look(running: Runner) -> TableState:
            names = {column.name for column in target.table.all_columns}
            types = _described(running, statements.describe(), names)
            if not types:
                return TableState(exists=False)
            refuse_foreign(target, types, statements.rename())
            missing = tuple(c for c in target.table.all_columns if c.name not in types)
            refuse_other_types(target, types, DESCRIBED_TYPES)
            counted = running.number(statements.count(live=True))
            return TableState(exists=True, missing=missing, row_count=counted)

        return self._session.work(look, str(target))

    def cursors(self, schema: str, prefix: str) -> dict[str, StoredCursor]:
        """Read all cursors of a prefix, by resource."""
        statements = CursorStatements(schema, prefix)

        def read(running: Runner) -> dict[str, StoredCursor]:
            known = _described(running, statements.describe(), set(CURSOR_COLUMNS))
            if not known:
                return {}
            # An earlier release may have made the table.
            for addition in statements.add_columns(known):
                running.run(addition)
            return stored_cursors(running, statements)

        return self._session.work(read, statements.name)

    def commit_share(self, rows: int, size: int) -> float:  # noqa: ARG002 - rows weigh nothing
        """A commit is a dozen statements of Snowflake's, whatever it holds: 100 MB are worth it."""
        return size / _COMMIT_BYTES

    def commit(self, prefix: str, commit: Commit) -> Committed:
        """Merge, mark and move the cursor in one transaction.

        It is tried again where the session was lost. Whether a commit that was not answered
        happened is seen from the cursor, so that none happens twice.
        """
        cursors = CursorStatements(commit.target.schema, prefix)
        attempted: Committed | None = None

        def work(running: Runner) -> Committed:
            nonlocal attempted
            target = commit.target
            create_table(running, target.schema, cursors.create())
            running.run(Statements(target).create())
            with staged_files(running, commit) as staged, running.transaction():
                running.run(cursors.enter())
                stored = stored_cursors(running, cursors).get(commit.cursor.resource)
                if attempted and stored and stored.synced_at == attempted.synced_at:
                    return attempted
                synced_at = self._swap_cursor(running, cursors, commit, stored)
                attempted = _applied(running, commit, staged, synced_at)
            return attempted

        done = self._session.work(work, str(commit.target))
        if lease := self._leases.get(str(commit.target)):
            lease.renew()
        return done

    def due_parents(
        self, parent: Target, after: tuple[datetime, str] | None, limit: int
    ) -> list[ParentVersion]:
        """List parents by (`_synced_at`, key) from after a position on."""
        statement = Statements(parent).due(after=after is not None, limit=limit)
        rows = self._reading(parent, lambda one: one.rows(statement, *_position(after)))
        return [ParentVersion(key, instant(synced_at), gone) for key, synced_at, gone in rows]

    def count_due(self, parent: Target, after: tuple[datetime, str] | None) -> int:
        """Count the parents that `due_parents` would list."""
        statement = Statements(parent).count_due(after=after is not None)
        return int(self._reading(parent, lambda one: one.rows(statement, *_position(after)))[0][0])

    def cells(self, asked: Rows) -> Iterator[list[tuple[Any, ...]]]:
        """Go through the rows that are asked for, with the columns that are; JSON as text."""
        kinds = [column.type for column in asked.read]
        for rows in self._session.stream(asked.query(SnowflakeDialect()), str(asked.target)):
            yield [python_values(row, kinds) for row in rows]

    def unseen(
        self, target: Target, seen: Sequence[str], since: datetime, until: datetime | None
    ) -> list[str]:
        """List keys of unmarked rows dated in [since, until) that are not among the seen ones."""
        statement = Statements(target).unseen(until=until is not None)
        bound = [since, *([until] if until else []), json.dumps(list(seen))]
        return [key for (key,) in self._reading(target, lambda one: one.rows(statement, *bound))]

    def add_columns(
        self, target: Target, columns: Sequence[Column], fill: StagedFile | None
    ) -> None:
        """Add declared columns, fill them, and only then give them their names.

        Snowflake commits each change of a table by itself; an interruption leaves the columns
        missing, and the next sync adds and fills what is not there yet.
        """
        statements = Statements(target)

        def add(running: Runner) -> None:
            names = {column.name for column in columns}
            there = _described(running, statements.describe(), names)
            missing = [column for column in columns if column.name not in there]
            for column in missing:
                running.run(statements.add_column(column))
            if fill is not None and missing:
                with uploaded(running, target.schema, fill) as staged:
                    running.run(statements.fill(missing, staged))
            for column in missing:
                running.run(statements.name_column(column))

        self._session.work(add, str(target))

    def read(self, target: Target, columns: Sequence[str] | None = None) -> pa.Table:
        """Read a table, marked rows included; JSON columns as text."""
        table = target.table
        chosen = [table.column(name) for name in columns] if columns else list(table.all_columns)
        statement = Statements(target).select(chosen)
        answer = self._reading(target, lambda running: running.table(statement))
        return shaped(answer, {column.name: column.type for column in chosen})

    def values(self, target: Target, columns: Sequence[str]) -> list[tuple[Any, ...]]:
        """Read columns of a table as Python's own values; JSON columns as text."""
        chosen = [target.table.column(name) for name in columns]
        statement = Statements(target).select(chosen)
        rows = self._reading(target, lambda running: running.rows(statement))
        return [python_values(row, [column.type for column in chosen]) for row in rows]

    def ask(self, question: Question, limit: int) -> Answer:
        """Ask which rows are not as they should be; at most `limit` of them are read."""
        dialect = SnowflakeDialect()
        if isinstance(question, OfParents):
            self._reading(question.parent, lambda _: None)
        query = sampled(question, dialect, limit)
        rows = self._reading(question.target, lambda one: one.rows(query))
        return answered(question, dialect, rows)

    def make_views(self, views: Sequence[View]) -> list[Outcome]:
        """Create views, and replace those of ours whose definition changed, each by itself."""
        return self._session.work(lambda one: make_views(one, views), "views") if views else []

    def count(self, target: Target) -> int:
        """Count the rows of a table or view."""
        statement = Statements(target).count()
        return int(self._reading(target, lambda one: one.number(statement)))

    def read_view(self, target: Target, columns: Sequence[str] | None = None) -> pa.Table:
        """Read a view whose columns may be others than it was made with; JSON columns as text."""
        return self._reading(target, lambda one: read_view(one, target, columns))

    def query(self, statement: str) -> pa.Table:
        """Answer a question in SQL.

        Raises:
            WarehouseError: It is no question: Snowflake could not take a change of tables back.
        """
        if not _READS.match(statement):
            raise WarehouseError(
                "Only queries are answered here. Begin with SELECT, WITH, SHOW or DESCRIBE"
            )
        answer = self._session.work(lambda running: running.table(statement), "query")
        return pa.table({}) if answer is None else answer

    def check(self, schema: str) -> None:
        """Find out whether tables could be made, and leave no trace."""
        name = f"rudder__check_{secrets.token_hex(4)}"

        def make(running: Runner) -> None:
            if has_schema(running, schema):
                running.run(f"CREATE TRANSIENT TABLE {qualified(schema, name)} (A NUMBER(38,0))")
                running.run(f"DROP TABLE {qualified(schema, name)}")
            else:
                running.run(f"CREATE SCHEMA {identifier(name)}")
                running.run(f"DROP SCHEMA {identifier(name)}")

        self._session.work(make, f"schema {schema}")

    def _swap_cursor(
        self,
        running: Runner,
        cursors: CursorStatements,
        commit: Commit,
        stored: StoredCursor | None,
    ) -> datetime:
        # The version must be the one that this sync started from: the guarantee of rule 1.
        stored = stored or StoredCursor(resource=commit.cursor.resource)
        expected = commit.cursor.version - 1
        # Later than the last commit, and than what was read, however slow our clock is.
        now = max(self._now(), commit.cursor.at or EPOCH)
        if stored.synced_at is not None:
            now = max(now, stored.synced_at + timedelta(microseconds=1))
        values = cursor_values(replace(commit.cursor, synced_at=now))
        swapped = 0
        if stored.version == expected == 0:
            swapped = running.run(cursors.insert(), *values)
        elif stored.version == expected:
            swapped = running.run(cursors.swap(), *values[1:], values[0], expected)
        if swapped != 1:
            raise overtaken(commit.target, stored.version, expected)
        return now

    def _reading(self, target: Target, work: Callable[[Runner], Any]) -> Any:  # noqa: ANN401
        def read(running: Runner) -> Any:  # noqa: ANN401 - whatever the work gives
            if not _described(running, Statements(target).describe(), set()):
                raise SchemaError(
                    f"There is no table {target} in {self.login}. Run a sync of it first"
                )
            return work(running)

        return self._session.work(read, str(target))


def _applied(
    running: Runner, commit: Commit, staged: Mapping[str, str], synced_at: datetime
) -> Committed:
    statements, marks = Statements(commit.target), [synced_at, synced_at]
    count = inserted = changed = deleted = 0
    if commit.rewrite is not None:
        running.run(statements.rewrite(commit.rewrite.columns, staged["rewrite"]))
    if rows := staged.get("rows"):
        count = running.number(f"SELECT COUNT(*) FROM {rows}")
        changed = running.run(statements.update(rows), synced_at)
        changed += running.run(statements.unmark(rows), synced_at)
        inserted = running.run(statements.insert(rows), synced_at)
    row_count = running.number(statements.count())
    if seen := staged.get("seen"):
        deleted += running.run(statements.mark_unseen(seen), *marks)
    if commit.whole is not None:
        whole = statements.mark_missing_children(
            staged["whole"], commit.whole.parent_key, commit.whole.newest, rows
        )
        deleted += running.run(whole, *marks)
    if gone := staged.get("gone"):
        _keep_merged(running, statements, gone)
        deleted += running.run(statements.mark_gone(gone, rows), *marks)
    return Committed(
        inserted=inserted,
        updated=changed,
        unchanged=count - inserted - changed,
        deleted=deleted,
        row_count=row_count,
        synced_at=synced_at,
    )


def _keep_merged(running: Runner, statements: Statements, gone: str) -> None:
    """Note in `_extra` what a record was merged into; such records are few."""
    for key, extra, merged_into in running.rows(statements.gone(gone)):
        if merged_into is not None:
            kept = json.loads(extra) if extra else {}
            noted = kept if isinstance(kept, dict) else {"_unparsed": kept}
            text = json.dumps({**noted, MERGED_INTO: merged_into})
            running.run(statements.replace_extra(), text, text, key)


def _described(running: Runner, statement: str, names: set[str]) -> dict[str, str]:
    """Give the type of each column of a table by our name for it; nothing where there is none."""
    try:
        rows = running.rows(statement)
    except errors.ProgrammingError as error:
        if error.errno in NOT_THERE:
            return {}
        raise
    ours = {folded(name): name for name in names}
    return {ours.get(row[0], row[0]): described_type(row[1]) for row in rows}


def _position(after: tuple[datetime, str] | None) -> list[object]:
    return [] if after is None else [after[0], after[0], after[1]]

"""What a sync does with tables and cursors, written once for all databases."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from intercom_assets.catalog.table import ROW_HASH, SYNCED_AT, Column
from intercom_assets.catalog.types import ColumnType
from intercom_assets.errors import SchemaError
from intercom_assets.warehouse.base import (
    Adapter,
    Childless,
    Commit,
    Committed,
    ParentVersion,
    Session,
    StagedFile,
    StoredCursor,
    TableState,
    Target,
)
from intercom_assets.warehouse.commits import CommitWork, number, stored_cursors
from intercom_assets.warehouse.cursors import CURSORS, CursorStatements
from intercom_assets.warehouse.dialects import Dialect
from intercom_assets.warehouse.erasure import Erasing, Naming
from intercom_assets.warehouse.queries import Answer, OfParents, Query, Rows, answered, sampled
from intercom_assets.warehouse.statements import Statements, qualified, rename
from intercom_assets.warehouse.views import Made, Outcome, View, is_ours, mark_of, select

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")

Position = tuple[datetime, str]
"""Where a list of parents resumes: `_synced_at` and key of the last one."""


class Warehouse:
    """A database with tables and cursors, which it changes in one transaction.

    Every method raises `WarehouseError` if the database cannot be reached or refuses a statement,
    and `SchemaError` if a table is missing or is not as declared.
    """

    def __init__(
        self,
        adapter: Adapter,
        dialect: Dialect,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._adapter = adapter
        self._dialect = dialect
        self._now = now

    def describe(self) -> str:
        """Return the database's path or account, for messages."""
        return self._adapter.describe()

    def close(self) -> None:
        """Disconnect."""
        self._adapter.close()

    def connected(self) -> AbstractContextManager[None]:
        """Keep the connection open for the duration of a block; end it before calling Intercom."""
        # Connecting would create a missing database.
        return self._adapter.connected() if self._adapter.exists() else nullcontext()

    def lock(self, target: Target, run_id: str) -> AbstractContextManager[None]:
        """Lock a table against other syncs; correctness does not depend on it.

        Raises:
            WarehouseError: Another sync of the table is running; names it if known.
        """
        return self._adapter.lock(target, run_id)

    def commit_share(self, rows: int, size: int) -> float:
        """Return how full a commit is, where 1.0 means it should be flushed."""
        return self._adapter.commit_share(rows, size)

    def query(self, statement: str) -> "pa.Table":
        """Run a user's SQL, without keeping any changes; no result is an empty table."""
        return self._adapter.query(statement)

    def check(self, schema: str) -> None:
        """Verify that tables can be created, without leaving a trace."""
        self._adapter.check(schema)

    def inspect(self, target: Target) -> TableState:
        """Inspect a table before anything is requested.

        Raises:
            SchemaError: The table is not ours, or a column has a different type than declared.
        """
        if not self._adapter.exists():
            return TableState(exists=False)

        def look(session: Session) -> TableState:
            types = session.columns(target.schema, target.name)
            if not types:
                return TableState(exists=False)
            self._refuse_foreign(target, types)
            self._refuse_other_types(target, types)
            missing = tuple(c for c in target.table.all_columns if c.name not in types)
            count = number(session, self._statements(target).count(live=True))
            return TableState(exists=True, missing=missing, row_count=count)

        return self._adapter.read(look, str(target))

    def cursors(self, schema: str, prefix: str) -> dict[str, StoredCursor]:
        """Return all cursors of a prefix, by resource."""
        if not self._adapter.exists():
            return {}
        statements = CursorStatements(schema, prefix, self._dialect)

        def read(session: Session) -> dict[str, StoredCursor]:
            known = session.columns(schema, f"{prefix}{CURSORS}")
            if not known:
                return {}
            # An older release may have created the table.
            for addition in statements.add_columns(known):
                session.run(addition)
            return stored_cursors(session, statements)

        return self._adapter.read(read, statements.name)

    def commit(self, prefix: str, commit: Commit) -> Committed:
        """Merge, mark and move the cursor in one transaction.

        Raises:
            WarehouseError: Another sync moved the cursor meanwhile, or a statement failed.
        """
        work = CommitWork(commit, prefix, self._dialect, self._now)
        return self._adapter.write(work.run, str(commit.target), compact=commit.cursor.complete)

    def due_parents(
        self,
        parent: Target,
        after: Position | None,
        limit: int,
        *,
        value: str | None = None,
        childless: Childless | None = None,
    ) -> list[ParentVersion]:
        """Return the parents after a position, ordered by `_synced_at` and key.

        `value` names a column that is returned, too.
        """
        statement = self._statements(parent).due(
            after=after is not None, limit=limit, value=value, childless=childless
        )
        text, time, flag = ColumnType.TEXT, ColumnType.TIMESTAMP, ColumnType.BOOLEAN
        kinds = [text, time, flag, time, text, flag]
        rows = self._read(parent, lambda one: one.rows(statement, *_bound(after)))
        return [ParentVersion(*row) for row in self._dialect.python(rows, kinds)]

    def count_due(self, parent: Target, after: Position | None) -> int:
        """Count the parents that `due_parents` returns without a limit."""
        statement = self._statements(parent).count_due(after=after is not None)
        return self._read(parent, lambda one: number(one, statement, *_bound(after)))

    def unseen(
        self, target: Target, seen: Sequence[str], since: datetime, until: datetime | None
    ) -> list[str]:
        """Return keys of unmarked rows dated in [since, until), except those in `seen`.

        An open-ended interval includes undated rows.
        """
        statement = self._statements(target).unseen(until=until is not None)
        bound = [since, *([until] if until else []), json.dumps(list(seen))]
        return [key for (key,) in self._read(target, lambda one: one.rows(statement, *bound))]

    def cells(self, asked: Rows) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows of a query in portions, with JSON as text."""
        kinds = [column.type for column in asked.read]
        for rows in self._adapter.stream(asked.query(self._dialect), str(asked.target)):
            yield list(self._dialect.python(rows, kinds))

    def naming(self, asked: Naming, ids: Collection[str]) -> list[tuple[str, str, str]]:
        """Return the rows that name somebody: their first key, who it is, and the column."""
        statement, bound = asked.query(self._dialect), json.dumps(list(ids))
        rows = self._read(asked.table, lambda one: one.rows(statement, bound))
        return [(key, who, cell) for key, who, cell in rows]

    def erasable(self, erasing: Erasing) -> dict[str, int]:
        """Count the rows that an erasure would change, by what they are found by."""
        statement, bound = erasing.found(self._dialect)
        rows = self._read(erasing.table, lambda one: one.rows(statement, bound))
        return {found: int(count) for found, count in rows}

    def erase(self, target: Target, erasures: Iterable[Erasing]) -> None:
        """Erase from a table and its history, in one transaction."""

        def erase(session: Session) -> None:
            with session.transaction():
                for one in erasures:
                    for statement, *bound in one.statements(self._dialect):
                        session.run(statement, *bound)

        self._adapter.write(erase, str(target), compact=True)

    def stored_columns(self, targets: Sequence[Target]) -> list[Collection[str]]:
        """Return the names of each table's columns; none if it is missing or not ours."""
        if not self._adapter.exists():
            return [() for _ in targets]
        stored = self._adapter.read(
            lambda session: [session.columns(one.schema, one.name) for one in targets], "tables"
        )
        return [names if ROW_HASH in names else () for names in stored]

    def add_columns(
        self, target: Target, columns: Sequence[Column], fill: StagedFile | None
    ) -> None:
        """Add declared columns to an existing table and fill them, or leave them missing.

        Args:
            target: The table.
            columns: Columns that it lacks.
            fill: The primary key and the new values of these columns and `_extra`.
        """
        statements = self._statements(target)

        def add(session: Session) -> None:
            known = session.columns(target.schema, target.name)
            missing = [column for column in columns if column.name not in known]
            with self._ddl_transaction(session):
                for column in missing:
                    session.run(statements.add_column(column))
                if fill is not None and missing:
                    with session.staged(target.schema, fill) as cells:
                        session.run(statements.fill(missing, cells))
                for column in missing:
                    session.run(statements.name_column(column))

        self._adapter.write(add, str(target))

    def read(self, target: Target, columns: Sequence[str] | None = None) -> "pa.Table":
        """Read a table, including marked rows, with JSON columns as text."""
        names = columns or [column.name for column in target.table.all_columns]
        kinds = {name: target.table.column(name).type for name in names}
        statement = self._statements(target).select(kinds)
        return self._read(target, lambda one: one.arrow(statement, kinds))

    def read_view(self, target: Target, columns: Sequence[str] | None = None) -> "pa.Table":
        """Read a view by its current columns, with JSON columns as text.

        Raises:
            SchemaError: There is no such view or column.
        """
        kinds = {written: kind for kind, written in self._dialect.described.items()}
        kinds[self._dialect.without_zone] = ColumnType.TIMESTAMP

        def read(session: Session) -> "pa.Table":
            types = session.columns(target.schema, target.name)
            if not types:
                raise self._missing(target)
            names = _known_columns(target, list(types), columns)
            chosen = {name: kinds.get(types[name], ColumnType.TEXT) for name in names}
            return session.arrow(self._statements(target).select(chosen), chosen)

        return self._read(target, read)

    def values(self, target: Target, columns: Sequence[str]) -> list[tuple[Any, ...]]:
        """Read columns of a table as Python values, with JSON columns as text."""
        kinds = {name: target.table.column(name).type for name in columns}
        statement = self._statements(target).select(kinds)
        rows = self._read(target, lambda one: one.rows(statement))
        return list(self._dialect.python(rows, list(kinds.values())))

    def count(self, target: Target) -> int:
        """Count the rows of a table or view."""
        return self._read(target, lambda one: number(one, self._statements(target).count()))

    def run(self, query: Query, limit: int) -> Answer:
        """Run a query and return at most `limit` of its rows."""
        statement = sampled(query, self._dialect, limit)
        parents = [query.parent] if isinstance(query, OfParents) else []
        rows = self._read(query.target, lambda one: one.rows(statement), *parents)
        return answered(query, self._dialect, rows)

    def make_views(self, views: Sequence[View], *, together: bool = False) -> list[Outcome]:
        """Create views in one schema, and replace ours whose definition changed.

        Relations that are not ours and unchanged views are left alone. With `together`, one
        relation that is not ours refuses all views.
        """
        if not views:
            return []

        def make(session: Session) -> list[Outcome]:
            names = [view.target.name for view in views]
            there = session.relations(views[0].target.schema, names)
            foreign = {name: kind for name, (kind, text) in there.items() if not is_ours(text)}
            if together and foreign:
                return [self._refused(view, foreign.get(view.target.name)) for view in views]
            with self._ddl_transaction(session):
                return [self._make_view(session, one, there.get(one.target.name)) for one in views]

        return self._adapter.write(make, "views")

    def drop_views(self, schema: str, names: Sequence[str], mentions: Sequence[str]) -> list[str]:
        """Drop those of our views whose text has one of some mentions; return their names."""

        def find(session: Session) -> list[str]:
            there = session.relations(schema, names).items()
            ours = [(name, text) for name, (_, text) in there if is_ours(text)]
            return [name for name, text in ours if any(one in text for one in mentions)]

        def drop(session: Session) -> list[str]:
            for name in (found := find(session)):
                session.run(f"DROP VIEW {self._dialect.name(schema)}.{self._dialect.name(name)}")
            return found

        # Most often there is nothing to write.
        some = self._adapter.exists() and self._adapter.read(find, "views")
        return self._adapter.write(drop, "views") if some else []

    def _refused(self, view: View, kind: str | None) -> Outcome:
        return Outcome(Made.REFUSED, rename(view.target, self._dialect, kind) if kind else "")

    def _make_view(self, session: Session, view: View, there: tuple[str, str] | None) -> Outcome:
        shown = select(view.definition, self._dialect)
        mark = mark_of(view, shown)
        if there is not None:
            kind, text = there
            if not is_ours(text):
                return self._refused(view, kind)
            if mark in text:
                return Outcome(Made.UNCHANGED)
        name, new = qualified(view.target, self._dialect), there is None
        create, *others = self._dialect.view(name, shown, about=view.about, mark=mark, new=new)
        session.create_table(view.target.schema, create)
        for statement in others:
            session.run(statement)
        return Outcome(Made.CREATED if new else Made.REPLACED)

    def _ddl_transaction(self, session: Session) -> AbstractContextManager[None]:
        return session.transaction() if self._dialect.ddl_in_transactions else nullcontext()

    def _statements(self, target: Target) -> Statements:
        return Statements(target, self._dialect)

    def _read(self, target: Target, work: Callable[[Session], T], *others: Target) -> T:
        # A missing table is looked for when the work failed: most reads are of tables that exist.
        if not self._adapter.exists():
            raise self._missing(target)

        def read(session: Session) -> T:
            try:
                return work(session)
            except Exception:
                for one in (target, *others):
                    if not session.columns(one.schema, one.name):
                        raise self._missing(one) from None
                raise

        return self._adapter.read(read, str(target))

    def _missing(self, target: Target) -> SchemaError:
        return SchemaError(
            f"There is no table {target} in {self.describe()}. Run a sync of it first"
        )

    def _refuse_foreign(self, target: Target, columns: Mapping[str, str]) -> None:
        if ROW_HASH in columns and SYNCED_AT in columns:
            return
        raise SchemaError(
            f"The table {target} exists and was not made by intercom_assets (it has no {ROW_HASH} "
            "column; RudderStack may have left it), so nothing was read or written. Rename it and "
            f"run again: {rename(target, self._dialect)}"
        )

    def _refuse_other_types(self, target: Target, columns: Mapping[str, str]) -> None:
        for column in target.table.all_columns:
            declared = self._dialect.described[column.type]
            stored = columns.get(column.name, declared)
            if stored != declared:
                raise SchemaError(
                    f"Column {column.name!r} of {target} is {stored}, but {declared} is declared. "
                    "Change it back, or rename the table and sync again to rebuild it"
                )


def _bound(after: Position | None) -> list[object]:
    return [] if after is None else [after[0], after[0], after[1]]


def _known_columns(
    target: Target, known: Sequence[str], columns: Sequence[str] | None
) -> Sequence[str]:
    if unknown := [name for name in columns or () if name not in known]:
        raise SchemaError(
            f"{target} has no column {', '.join(map(repr, unknown))}. Choose among "
            f"{', '.join(known)}"
        )
    return columns or known

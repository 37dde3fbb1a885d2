"""One commit: rows, marks and the cursor in one transaction."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from intercom_assets.catalog.types import EPOCH
from intercom_assets.errors import WarehouseError
from intercom_assets.warehouse.base import MERGED_INTO, Commit, Committed, Session, StoredCursor
from intercom_assets.warehouse.cursors import (
    CURSOR_COLUMNS,
    CursorStatements,
    cursor_values,
    stored_cursor,
)
from intercom_assets.warehouse.dialects import Dialect
from intercom_assets.warehouse.statements import Statements


class CommitWork:
    """Makes a commit in a session; safe to repeat from the start.

    Args:
        prefix: Table prefix of the source, for its table of cursors.
    """

    def __init__(
        self, commit: Commit, prefix: str, dialect: Dialect, now: Callable[[], datetime]
    ) -> None:
        self._commit = commit
        self._dialect = dialect
        self._now = now
        self._statements = Statements(commit.target, dialect)
        self._cursors = CursorStatements(commit.target.schema, prefix, dialect)
        self._attempted: Committed | None = None
        self._archived = 0

    def run(self, session: Session) -> Committed:
        """Commit, unless an earlier attempt succeeded and its response was lost.

        Raises:
            WarehouseError: Another sync moved the cursor meanwhile.
        """
        with self._transaction(session) as staged:
            stored = stored_cursors(session, self._cursors).get(self._commit.cursor.resource)
            attempted = self._attempted
            if attempted and stored and stored.synced_at == attempted.synced_at:
                return attempted
            synced_at = self._swap_cursor(session, stored)
            self._attempted = self._apply(session, staged, synced_at)
        return self._attempted

    @contextmanager
    def _transaction(self, session: Session) -> Iterator[Mapping[str, str]]:
        """Yield the relations of the commit's files within its transaction.

        Where DDL would end a transaction, tables are created and files staged before it.
        """
        schema = self._commit.target.schema
        with ExitStack() as stack:
            if self._dialect.ddl_in_transactions:
                stack.enter_context(session.transaction())
            session.create_table(schema, self._cursors.create())
            session.create_table(schema, self._statements.create())
            if self._commit.archives:
                history = Statements(self._commit.target.history, self._dialect)
                session.create_table(schema, history.create())
            staged = self._staged(session, stack)
            if not self._dialect.ddl_in_transactions:
                stack.enter_context(session.transaction())
            if not self._dialect.enforces_keys:
                session.run(self._cursors.enter())
            yield staged

    def _staged(self, session: Session, stack: ExitStack) -> dict[str, str]:
        commit, schema = self._commit, self._commit.target.schema
        files = {
            "rows": commit.rows,
            "seen": commit.seen,
            "seen_in": commit.seen_in.file if commit.seen_in else None,
            "whole": commit.whole.file if commit.whole else None,
            "gone": commit.gone,
            **{str(one.target): one.file for one in commit.rewrites},
        }
        staged = {
            name: stack.enter_context(session.staged(schema, file))
            for name, file in files.items()
            if file is not None
        }
        if "rows" in staged:
            table = stack.enter_context(session.temporary(schema))
            for statement in self._statements.stage(table, staged["rows"]):
                session.run(statement)
            staged["rows"] = table
        return staged

    def _swap_cursor(self, session: Session, stored: StoredCursor | None) -> datetime:
        # Rule 1: the stored version must be the one that this sync started from.
        cursor = self._commit.cursor
        stored = stored or StoredCursor(resource=cursor.resource)
        expected = cursor.version - 1
        # Later than the last commit and than what was read, even if our clock is slow.
        now = max(self._now(), cursor.at or EPOCH)
        if stored.synced_at is not None:
            now = max(now, stored.synced_at + timedelta(microseconds=1))
        values, swapped = cursor_values(replace(cursor, synced_at=now)), 0
        if stored.version == expected == 0:
            swapped = session.run(self._cursors.insert(), *values.values())
        elif stored.version == expected:
            resource = values.pop("resource")
            swapped = session.run(self._cursors.swap(), *values.values(), resource, expected)
        if swapped != 1:
            raise WarehouseError(
                f"Another sync of {self._commit.target} committed meanwhile, so nothing of this "
                "commit was kept. Run the sync again when the other one has ended. "
                f"[Version {stored.version} is stored, this sync started from {expected}]"
            )
        return now

    def _apply(self, session: Session, staged: Mapping[str, str], synced_at: datetime) -> Committed:
        commit, statements = self._commit, self._statements
        self._archived = 0
        for one in commit.rewrites:
            rewritten = Statements(one.target, self._dialect)
            session.run(rewritten.rewrite(one.columns, staged[str(one.target)]))
        before = number(session, statements.count())
        staged_rows = inserted = updated = 0
        if rows := staged.get("rows"):
            # Most commits only insert or find little changed, so run only what has rows.
            [(staged_rows, new, newer, back)] = session.rows(statements.compare(rows))
            if newer or back:
                self._archive(session, statements.archive_replaced(rows), synced_at)
            updated += session.run(statements.update(rows), synced_at) if newer else 0
            updated += session.run(statements.unmark(rows), synced_at) if back else 0
            inserted = session.run(statements.insert(rows), synced_at) if new else 0
        deleted = self._mark(session, staged, synced_at)
        if commit.archives:
            self._forget(session, synced_at)
        return Committed(
            inserted=inserted,
            updated=updated,
            unchanged=staged_rows - inserted - updated,
            deleted=deleted,
            archived=self._archived,
            row_count=before + inserted,
            synced_at=synced_at,
        )

    def _mark(self, session: Session, staged: Mapping[str, str], synced_at: datetime) -> int:
        statements, rows = self._statements, staged.get("rows")
        deleted = 0
        if seen := staged.get("seen"):
            lists = self._commit.seen_in
            unseen = (
                statements.unseen_rows(seen)
                if lists is None
                else statements.unseen_in(seen, staged["seen_in"], lists.parent_key)
            )
            self._archive(session, statements.archive(unseen), synced_at)
            deleted += session.run(statements.mark(unseen), synced_at, synced_at)
        if (lists := self._commit.whole) is not None:
            missing = statements.missing_children(
                staged["whole"], lists.parent_key, lists.newest, rows
            )
            self._archive(session, statements.archive(missing), synced_at)
            deleted += session.run(statements.mark(missing), synced_at, synced_at)
        if gone := staged.get("gone"):
            found = statements.gone_rows(gone, rows)
            self._archive(session, statements.archive(found), synced_at)
            self._keep_merged(session, statements.merged(gone, rows))
            deleted += session.run(statements.mark(found), synced_at, synced_at)
        return deleted

    def _archive(self, session: Session, statement: str, synced_at: datetime) -> None:
        """Keep what the next statement replaces, if there is a history."""
        if self._commit.archives:
            self._archived += session.run(statement, synced_at)

    def _forget(self, session: Session, synced_at: datetime) -> None:
        """Remove from the history what was redacted, or replaced too long ago."""
        commit, redacted = self._commit, self._commit.target.table.redacted
        # At the end of a sync too, for what was redacted while no history was kept.
        if redacted and (self._archived or commit.cursor.complete):
            session.run(self._statements.erase_redacted(*redacted))
        if commit.history_days is not None:
            # From midnight on, so that the syncs of one day delete once.
            day = synced_at.replace(hour=0, minute=0, second=0, microsecond=0)
            session.run(self._statements.expire(), day - timedelta(days=commit.history_days))

    def _keep_merged(self, session: Session, merged: str) -> None:
        """Store in `_extra` which record another one was merged into; such records are few."""
        for key, extra, merged_into in session.rows(merged):
            kept = json.loads(extra) if extra else {}
            noted = kept if isinstance(kept, dict) else {"_unparsed": kept}
            text = json.dumps({**noted, MERGED_INTO: merged_into})
            session.run(self._statements.replace_extra(), text, key)


def stored_cursors(session: Session, statements: CursorStatements) -> dict[str, StoredCursor]:
    """Return all cursors of a prefix, by resource."""
    rows = session.rows(statements.select())
    values = statements.dialect.python(rows, list(CURSOR_COLUMNS.values()))
    cursors = [stored_cursor(dict(zip(CURSOR_COLUMNS, row, strict=True))) for row in values]
    return {cursor.resource: cursor for cursor in cursors}


def number(session: Session, statement: str, *values: object) -> int:
    """Return the single number that a query selects."""
    return int(session.rows(statement, *values)[0][0])

"""Loading of batches: spooled to files, and committed with their marks and cursor."""

import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace

from intercom_assets.catalog.replication import ByParent
from intercom_assets.catalog.types import ColumnType
from intercom_assets.engine.concurrency import iterate_in_thread, relaxed_gc
from intercom_assets.engine.cursor import Batch, Checkpoint
from intercom_assets.engine.extract import Extract, ReadContext
from intercom_assets.engine.progress import Pace, Progress, Report
from intercom_assets.engine.rows import RowSpool, encode_row
from intercom_assets.errors import IntercomError
from intercom_assets.warehouse.base import Commit, Committed, StoredCursor, WholeLists
from intercom_assets.warehouse.warehouse import Warehouse

_WHOLE = {"parent": ColumnType.TEXT, "newer_than": ColumnType.TIMESTAMP}
_GONE = {"key": ColumnType.TEXT, "merged_into": ColumnType.TEXT}


class Loader:
    """Spools batches, and commits them with the cursor that they reach.

    Attributes:
        cursor: The cursor that the next commit will store, or the last one stored.
    """

    def __init__(
        self, extract: Extract, warehouse: Warehouse, context: ReadContext, report: Report
    ) -> None:
        self.cursor = self._planned = context.window.stored
        # A backfill makes nothing complete that was not; until it ends it is an interrupted sync.
        self._completes = extract.until is None or self.cursor.complete
        if extract.until is not None:
            self.cursor = replace(self.cursor, complete=False)
        self.report = report
        self._extract = extract
        self._warehouse = warehouse
        self._folder = context.folder
        self._shaper = context.shaper
        self._began = time.monotonic()
        self._pace = Pace(extract.portions.commit_seconds)
        self._files = 0
        self._open_spools()
        self._seen = self._spool("seen", self._shaper.key_columns)
        self._complete = False
        self._complete_of = self._spool("complete_of", _WHOLE)
        self._unread: dict[str, IntercomError | None] = dict.fromkeys(self.cursor.unread)
        self._reached = False

    def run(self, batches: AsyncGenerator[Batch]) -> None:
        """Load all batches of a read, and end it; if it fails, commit what it reached.

        Raises:
            IntercomAssetsError: Reading or loading failed; what was committed is kept.
        """
        with (
            relaxed_gc(),
            iterate_in_thread(self._extract.connection.portal, batches) as arriving,
        ):
            try:
                for batch in arriving:
                    self.take(batch)
            except IntercomError:
                if self._reached:
                    self._commit()
                raise
        self.finish()

    def take(self, batch: Batch) -> None:
        """Spool a batch, and commit if a commit is due."""
        self._rows.add(batch.rows)
        self._seen.add(map(encode_row, batch.seen))
        self._whole.add(
            encode_row({"parent": one.parent, "newer_than": one.newer_than}) for one in batch.whole
        )
        self._gone.add(
            encode_row({"key": one.key, "merged_into": one.merged_into}) for one in batch.gone
        )
        self._complete = self._complete or batch.complete
        self._complete_of.add(
            encode_row({"parent": value, "newer_than": None}) for value in batch.complete_of
        )
        self.report.records_returned += batch.returned
        self._note_unread(batch)
        if batch.deletions_at is not None:
            self.cursor = replace(self.cursor, deletions_at=batch.deletions_at)
        portions, rows = self._extract.portions, self._rows
        full = self._warehouse.commit_share(rows.rows, rows.size)
        if batch.checkpoint is not None:
            self.cursor, self._reached = self._moved(batch.checkpoint), True
            if batch.reconciled_at is not None:
                ended = batch.reconciled_at
                self.cursor = replace(self.cursor, reconciling=None, reconciled_at=ended)
            if rows.rows >= portions.commit_rows or full >= 1 or self._pace.due():
                self._commit()
        elif rows.rows >= portions.ahead_rows or full >= 2:
            self._commit()
        self._tell(batch)

    def finish(self) -> None:
        """Commit the rest, mark what a complete read did not see, and end the sync."""
        if self._extract.until is None:
            # What was due from earlier syncs was requested, or covered by a read of everything.
            self._unread = dict(self.unread)
        self.report.unread = len(self._unread)
        self.cursor = replace(self.cursor, complete=self._completes)
        self._commit(last=True)
        self.report.sample = self._shaper.sample
        self.report.misfits = self._shaper.fields.misfits
        self.report.unmodelled = self._shaper.fields.unmodelled

    def skip(self, reason: str, message: str) -> None:
        """Warn that the resource is skipped, and store why beside its cursor, which stays."""
        extract, report = self._extract, self.report
        extract.listener.warning(f"{report.resource} is skipped: {message}")
        # What is stored, and not what the read had reached without committing it.
        cursors = self._warehouse.cursors(extract.source.schema, extract.source.prefix)
        stored = cursors.get(report.resource, self._planned)
        version, run_id = stored.version + 1, extract.request.run_id
        cursor = replace(stored, version=version, run_id=run_id, skipped=reason)
        commit = Commit(target=extract.target, cursor=cursor)
        done = self._warehouse.commit(extract.source.prefix, commit)
        report.skipped, report.row_count = reason, done.row_count

    @property
    def unread(self) -> dict[str, IntercomError]:
        """What this sync could not read, and why."""
        return {key: error for key, error in self._unread.items() if error is not None}

    def _note_unread(self, batch: Batch) -> None:
        for key in (*batch.settled, *(one.key for one in batch.gone)):
            self._unread.pop(key, None)
        self._unread.update((one.key, one.error) for one in batch.passed_over)

    def _moved(self, checkpoint: Checkpoint) -> StoredCursor:
        synced_at, key = checkpoint.parent or (None, None)
        return replace(
            self.cursor,
            start_date=self._extract.source.start_date,
            at=checkpoint.at,
            parent_synced_at=synced_at,
            parent_key=key,
            reconciling=checkpoint.reconciled or self.cursor.reconciling,
            complete=False,
        )

    def _commit(self, *, last: bool = False) -> None:
        rows, whole, gone = self._rows, self._whole, self._gone
        link, each = self._extract.resource.replication, self._extract.resource.each
        # The warehouse compares and swaps the version, so that no other sync moved the cursor.
        self.cursor = replace(
            self.cursor,
            version=self.cursor.version + 1,
            run_id=self._extract.request.run_id,
            unread=tuple(self._unread),
        )
        commit = Commit(
            target=self._extract.target,
            cursor=self.cursor,
            rows=rows.close() if rows.rows else None,
            seen=self._seen.close() if last and self._complete else None,
            seen_in=WholeLists(file=self._complete_of.close(), parent_key=each)
            if last and self._complete and each
            else None,
            whole=WholeLists(file=whole.close(), parent_key=link.key, newest=link.order_column)
            if isinstance(link, ByParent) and whole.rows
            else None,
            gone=gone.close() if gone.rows else None,
            archives=self._extract.archives,
            history_days=self._extract.source.history_days if last else None,
        )
        done = self._warehouse.commit(self._extract.source.prefix, commit)
        self.cursor, self._reached = replace(self.cursor, synced_at=done.synced_at), False
        self._count(done)
        for spool in (rows, whole, gone):
            spool.discard()
        self._open_spools()

    def _count(self, done: Committed) -> None:
        report = self.report
        report.inserted += done.inserted
        report.updated += done.updated
        report.unchanged += done.unchanged
        report.deleted += done.deleted
        report.archived += done.archived
        report.row_count = done.row_count
        report.commits += 1

    def _open_spools(self) -> None:
        self._rows = self._spool("rows", self._shaper.columns)
        self._whole = self._spool("whole", _WHOLE)
        self._gone = self._spool("gone", _GONE)

    def _spool(self, name: str, columns: Mapping[str, ColumnType]) -> RowSpool:
        self._files += 1
        return RowSpool(self._folder / f"{name}-{self._files}.jsonl", columns)

    def _tell(self, batch: Batch) -> None:
        self._extract.listener.on_progress(
            Progress.of(self.report, done=batch.done, total=batch.total, began=self._began)
        )

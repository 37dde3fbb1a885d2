"""From an extract to the warehouse: batches are spooled, and committed with their cursor."""

import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

import pyarrow as pa

from intercom_assets.catalog.resource import ByParent
from intercom_assets.errors import ConfigurationError, SchemaError
from intercom_assets.intercom.workspace import Workspace
from intercom_assets.sync.batch import Batch, Checkpoint
from intercom_assets.sync.bridge import from_loop
from intercom_assets.sync.cursor import Start, start
from intercom_assets.sync.evolve import evolve
from intercom_assets.sync.extract import Extract, read
from intercom_assets.sync.progress import Pace, Progress
from intercom_assets.sync.reading import Reading
from intercom_assets.sync.report import Report
from intercom_assets.sync.rows import Shaper
from intercom_assets.sync.spool import ParquetSpool
from intercom_assets.warehouse.warehouse import (
    Commit,
    Committed,
    ParentVersion,
    StoredCursor,
    Target,
    Warehouse,
    WholeLists,
)

_WHOLE = pa.schema([("parent", pa.string()), ("newer_than", pa.timestamp("us", tz="UTC"))])


def load(extract: Extract, warehouse: Warehouse) -> Report:
    """Sync one resource: read what changed, merge it, mark what is gone, move the cursor.

    Nothing is requested before the table and the stored cursors were looked at.

    Raises:
        IntercomAssetsError: The sync failed; rows up to the last commit are kept, with the
            cursor that they reach.
    """
    target = extract.target
    report = Report(resource=extract.resource.name, table=str(target))
    began = time.monotonic()
    with warehouse.lock(target, extract.request.run_id):
        state = warehouse.inspect(target)
        evolve(warehouse, target, state.missing)
        source = extract.source
        cursors = warehouse.cursors(source.schema, source.prefix)
        stored = cursors.get(report.resource, StoredCursor(resource=report.resource))
        if not state.exists:
            # A renamed or dropped table is built anew: its cursor has lost its rows.
            stored = replace(stored, at=None, parent_synced_at=None, parent_key=None)
        begin = start(stored, extract.request, source.start_date, source.lookback)
        due = _count_due(extract, warehouse, begin)
        session = extract.connection.session(
            meter=report.meter, scope=extract.resource.scope, note=extract.listener.noted
        )
        workspace = extract.connection.workspace(session)
        _refuse_other_workspace(cursors, workspace, extract)
        report.cursor_before = stored.at or stored.parent_synced_at
        with tempfile.TemporaryDirectory(prefix="intercom_assets_") as folder:
            reading = Reading(
                resource=extract.resource,
                session=session,
                workspace=workspace,
                start=begin,
                folder=Path(folder),
                stored_rows=state.row_count,
                due=partial(_due, extract, warehouse),
                due_total=due,
                warn=extract.listener.warned,
                note=extract.listener.noted,
                scroll_patience=extract.connection.scroll_patience,
                slice_records=extract.portions.slice_records,
            )
            loading = _Loading(extract, warehouse, workspace, stored, report, Path(folder), began)
            with from_loop(extract.connection.portal, read(reading)) as batches:
                for batch in batches:
                    loading.take(batch)
            loading.finish()
    report.seconds = time.monotonic() - began
    return report


class _Loading:
    """Takes batches, and commits them with the cursor that they reach."""

    def __init__(  # noqa: PLR0917 - made once, right above
        self,
        extract: Extract,
        warehouse: Warehouse,
        workspace: Workspace,
        stored: StoredCursor,
        report: Report,
        folder: Path,
        began: float,
    ) -> None:
        self._extract = extract
        self._warehouse = warehouse
        self._cursor = replace(
            stored,
            source=extract.source.name,
            workspace_id=workspace.id,
            region=extract.connection.region,
        )
        self._report = report
        self._folder = folder
        self._began = began
        self._shaper = Shaper(extract.resource.table)
        self._files = 0
        self._pace = Pace(extract.portions.commit_seconds)
        self._rows = self._spool("rows", self._shaper.schema)
        self._whole = self._spool("whole", _WHOLE)
        self._seen = self._spool("seen", self._shaper.key_schema)
        self._complete = False

    def take(self, batch: Batch) -> None:
        """Spool a batch; commit where a checkpoint is due."""
        self._rows.add(self._shaper.shape(record) for record in batch.records)
        self._seen.add(self._shaper.key(record) for record in batch.seen)
        self._whole.add([one.parent, one.newer_than] for one in batch.whole)
        self._complete = self._complete or batch.complete
        self._report.records_returned += batch.returned
        self._report.vanished += batch.vanished
        portions = self._extract.portions
        if batch.checkpoint is not None:
            self._cursor = self._moved(batch.checkpoint)
            if self._rows.rows >= portions.commit_rows or self._pace.due():
                self._commit()
        elif self._rows.rows >= portions.ahead_rows:
            self._commit()
        self._tell(batch)

    def finish(self) -> None:
        """Commit what is left, mark what a complete read did not see, and end the sync."""
        self._cursor = replace(self._cursor, complete=True)
        self._commit(last=True)
        self._report.cursor_after = self._cursor.at or self._cursor.parent_synced_at
        self._report.misfits = self._shaper.fields.misfits
        self._report.unmodelled = self._shaper.fields.unmodelled

    def _moved(self, checkpoint: Checkpoint) -> StoredCursor:
        synced_at, key = checkpoint.parent or (None, None)
        return replace(
            self._cursor,
            start_date=self._extract.source.start_date,
            at=checkpoint.at,
            parent_synced_at=synced_at,
            parent_key=key,
            complete=False,
        )

    def _commit(self, *, last: bool = False) -> None:
        rows, whole = self._rows, self._whole
        link = self._extract.resource.replication
        self._cursor = replace(
            self._cursor,
            version=self._cursor.version + 1,
            run_id=self._extract.request.run_id,
        )
        commit = Commit(
            target=self._extract.target,
            cursor=self._cursor,
            rows=rows.close() if rows.rows else None,
            seen=self._seen.close() if last and self._complete else None,
            whole=WholeLists(file=whole.close(), parent_key=link.key, newest=link.newest)
            if isinstance(link, ByParent) and whole.rows
            else None,
        )
        done = self._warehouse.commit(self._extract.source.prefix, commit)
        self._cursor = replace(self._cursor, synced_at=done.synced_at)
        self._count(done)
        rows.discard()
        whole.discard()
        self._rows = self._spool("rows", self._shaper.schema)
        self._whole = self._spool("whole", _WHOLE)

    def _count(self, done: Committed) -> None:
        report = self._report
        report.inserted += done.inserted
        report.updated += done.updated
        report.unchanged += done.unchanged
        report.deleted += done.deleted
        report.row_count = done.row_count
        report.commits += 1

    def _spool(self, name: str, schema: pa.Schema) -> ParquetSpool:
        self._files += 1
        return ParquetSpool(self._folder / f"{name}-{self._files}.parquet", schema)

    def _tell(self, batch: Batch) -> None:
        meter = self._report.meter
        self._extract.listener.progressed(
            Progress(
                resource=self._report.resource,
                done=batch.done,
                total=batch.total,
                requests=meter.requests,
                quota_seconds=meter.quota_seconds,
                seconds=time.monotonic() - self._began,
            )
        )


def _parent(extract: Extract) -> Target:
    assert extract.parent is not None, f"{extract.resource.name} has no parent"
    return extract.source.target(extract.parent)


def _due(
    extract: Extract, warehouse: Warehouse, after: tuple[datetime, str] | None, limit: int
) -> list[ParentVersion]:
    return warehouse.due_parents(_parent(extract), after, limit)


def _count_due(extract: Extract, warehouse: Warehouse, begin: Start) -> int:
    if extract.parent is None:
        return 0
    try:
        return warehouse.count_due(_parent(extract), begin.after)
    except SchemaError as error:
        raise SchemaError(
            f"{extract.resource.name} is read per record of {extract.parent.name}. {error}. "
            f"Sync {extract.parent.name} first, or both together"
        ) from error


def _refuse_other_workspace(
    cursors: Mapping[str, StoredCursor], workspace: Workspace, extract: Extract
) -> None:
    for cursor in cursors.values():
        if cursor.workspace_id and cursor.workspace_id != workspace.id:
            raise ConfigurationError(
                f"The tables {extract.source.schema}.{extract.source.prefix}rudder_… hold "
                f"workspace {cursor.workspace_id} (region {cursor.region}), but the access token "
                f"belongs to workspace {workspace.id} ({workspace.name}). Nothing was read. Use "
                "the token of that workspace, or another table_prefix for this one"
            )

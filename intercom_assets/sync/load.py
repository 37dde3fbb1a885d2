"""One sync of one resource: from the stored cursor to the next one."""

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from intercom_assets.catalog.resource import ByParent, Search
from intercom_assets.errors import (
    ConfigurationError,
    IntercomError,
    SchemaError,
    WarehouseError,
)
from intercom_assets.intercom.search import count_records
from intercom_assets.intercom.workspace import Workspace
from intercom_assets.schema.table import Column
from intercom_assets.sync.batch import Batch
from intercom_assets.sync.copies import copies_of, followed_originals
from intercom_assets.sync.cursor import EPOCH, Start, start
from intercom_assets.sync.evolve import evolve
from intercom_assets.sync.extract import Extract, read
from intercom_assets.sync.hiding import hide_stored, remembered
from intercom_assets.sync.loading import Loading
from intercom_assets.sync.progress import Progress
from intercom_assets.sync.reading import Reading
from intercom_assets.sync.reconcile import reconcile
from intercom_assets.sync.report import Report
from intercom_assets.sync.rows import Shaper
from intercom_assets.sync.source import Source
from intercom_assets.sync.unread import Unread, told
from intercom_assets.warehouse.base import ParentVersion, StoredCursor, TableState, Target
from intercom_assets.warehouse.warehouse import Warehouse


def load(extract: Extract, warehouse: Warehouse) -> Report:
    """Sync one resource: read what changed, merge it, mark what is gone, move the cursor.

    Nothing is requested before the table and the stored cursors were looked at.

    Raises:
        IntercomAssetsError: The sync failed; rows up to the last commit are kept, with the
            cursor that they reach.
    """
    report = Report(resource=extract.resource.name, table=str(extract.target))
    extract.listener.began(report)
    began = time.monotonic()
    with (
        warehouse.lock(extract.target, extract.request.owner),
        _spool_folder() as folder,
    ):
        reading = _prepare(extract, warehouse, report, Path(folder))
        report.cursor_before = _shown(reading.start.stored)
        loading = Loading(
            extract=extract,
            warehouse=warehouse,
            cursor=reading.start.stored,
            report=report,
            shaper=reading.shaper,
            folder=Path(folder),
        )
        extract.listener.noted(_intention(reading))
        counted = _count(extract, reading)
        loading.run(read(reading))
        if extract.request.reconcile and not reading.start.from_beginning:
            _reconcile(extract, warehouse, reading, loading)
        _follow_originals(warehouse, reading, loading)
        if counted is not None:
            report.missing = _missing_rows(extract, warehouse, reading, counted)
        report.cursor_after = _shown(loading.cursor)
        if loading.unread:
            extract.listener.warned(told(extract.resource, loading.unread))
    report.seconds = time.monotonic() - began
    return report


@contextmanager
def _spool_folder() -> Iterator[str]:
    try:
        with tempfile.TemporaryDirectory(prefix="intercom_assets_") as folder:
            yield folder
    except OSError as error:
        # Not `gettempdir()`: it looks for a folder by writing, and fails where all disks are full.
        where = tempfile.tempdir or "a temporary folder"
        raise WarehouseError(
            f"Rows cannot be spooled to {where}: {error}. Free some space there, "
            "or set TMPDIR to another folder; what was committed is kept, and the next sync goes "
            "on from there"
        ) from error


def _prepare(extract: Extract, warehouse: Warehouse, report: Report, folder: Path) -> Reading:
    source, target = extract.source, extract.target
    with warehouse.connected():
        state = warehouse.inspect(extract.declared)
        cursors = warehouse.cursors(source.schema, source.prefix)
        _refuse_other_source(cursors, source)
        stored = _stored(cursors, report.resource, state)
        # Before new columns are filled from `_extra`, which may hold what is hidden now.
        stored = hide_stored(extract, warehouse, state=state, stored=stored, folder=folder)
        evolve(warehouse, target, _missing(target, state))
        due = _count_due(extract, warehouse, _start(extract, stored))
        copies = copies_of(extract, warehouse, cursors)
    session = extract.connection.session(
        meter=report.meter, scope=extract.resource.scope, note=extract.listener.noted
    )
    workspace = extract.connection.workspace(session)
    _refuse_other_workspace(cursors, workspace, extract)
    region = extract.connection.region
    owned = replace(
        stored,
        source=source.name,
        workspace_id=workspace.id,
        region=region,
        hidden=remembered(extract),
    )
    return Reading(
        resource=extract.resource,
        session=session,
        workspace=workspace,
        start=_start(extract, owned),
        folder=folder,
        stored_rows=state.row_count,
        due=partial(_due, extract, warehouse),
        due_total=due,
        unread=Unread(stored.unread),
        copies=copies,
        warn=extract.listener.warned,
        note=extract.listener.noted,
        spooled=partial(_tell_spooled, extract, report, time.monotonic()),
        scroll_patience=extract.connection.scroll_patience,
        slice_records=extract.portions.slice_records,
        shaper=Shaper(extract.resource.table, extract.mask),
    )


def _stored(cursors: Mapping[str, StoredCursor], resource: str, state: TableState) -> StoredCursor:
    stored = cursors.get(resource, StoredCursor(resource=resource))
    if state.exists:
        return stored
    # A renamed or dropped table is built anew: its cursor has lost its rows.
    return replace(
        stored, at=None, parent_synced_at=None, parent_key=None, reconciling=None, unread=()
    )


def _missing(target: Target, state: TableState) -> list[Column]:
    """Give the columns that the table lacks and should have: not those that are excluded."""
    missing = {column.name for column in state.missing}
    return [column for column in target.table.all_columns if column.name in missing]


def _tell_spooled(extract: Extract, report: Report, began: float, done: int) -> None:
    extract.listener.progressed(Progress.of(report, done=done, total=None, began=began))


def _start(extract: Extract, stored: StoredCursor) -> Start:
    request, link = extract.request, extract.resource.replication
    if request.reconcile and isinstance(link, ByParent) and link.drifts:
        # Its lists change without their parents, so all parents are due.
        request = replace(request, full_refresh=True)
    return start(stored, request, extract.source.start_date, extract.source.lookback)


def _reconcile(extract: Extract, warehouse: Warehouse, reading: Reading, loading: Loading) -> None:
    if not isinstance(extract.resource.endpoint, Search):
        return
    start_date = reading.start.start_date
    begin = loading.cursor.reconciling or start_date or EPOCH
    again = Start(
        stored=loading.cursor, forgotten=False, since=begin, after=None, start_date=start_date
    )
    report = loading.report
    before, marked = report.inserted + report.updated, report.deleted
    loading.run(
        reconcile(
            replace(reading, start=again),
            unseen=partial(warehouse.unseen, extract.target),
            force=extract.request.force,
        )
    )
    report.found = report.inserted + report.updated - before
    report.gone = report.deleted - marked


def _follow_originals(warehouse: Warehouse, reading: Reading, loading: Loading) -> None:
    if reading.copies is None:
        return
    total, followed = reading.due_total, False
    for rows in followed_originals(warehouse, reading.copies, reading.shaper):
        loading.take(Batch(rows=rows, done=total, total=total))
        followed = True
    if followed:
        loading.finish()


def _intention(reading: Reading) -> str:
    if isinstance(reading.resource.replication, ByParent):
        return f"reading the lists of {reading.due_total:,} {reading.resource.parent} that changed"
    if reading.start.since is None or not isinstance(reading.resource.endpoint, Search):
        return "reading everything"
    return f"reading what was updated since {reading.start.since:%Y-%m-%d %H:%M:%S} UTC"


def _count(extract: Extract, reading: Reading) -> int | None:
    """Count what Intercom has, where all of it is to be stored; None where it is not, or unknown.

    With a start date older records are left out, and Intercom counts them all the same.
    """
    search, start = extract.resource.endpoint, reading.start
    whole = start.must_balance or extract.request.reconcile
    if not isinstance(search, Search) or not whole or start.start_date is not None:
        return None
    try:
        return extract.connection.call(count_records, reading.session, search)
    except IntercomError as error:
        # Nothing else hangs on this count: what fails for good fails at the next request, too.
        reading.note(error.but("the rows are not compared with a count"))
        return None


def _missing_rows(extract: Extract, warehouse: Warehouse, reading: Reading, before: int) -> int:
    """Name the rows that are missing by Intercom's own count; the lesser of two is certain."""
    after = _count(extract, reading)
    counted = before if after is None else min(before, after)
    stored = warehouse.inspect(extract.target).row_count
    missing = max(counted - stored, 0)
    if missing:
        reading.warn(
            f"Intercom counts {counted:,} {extract.resource.name}, and {stored:,} are stored: "
            f"{missing:,} are missing, which none of its lists and searches returned. Run a "
            "reconcile; if they stay missing, ask Intercom's support why its list counts more "
            "than it shows"
        )
    return missing


def _shown(cursor: StoredCursor) -> datetime | None:
    return cursor.at or cursor.parent_synced_at


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
            f"{extract.resource.name} is read per record of {extract.parent.name}, and there is no "
            f"table {_parent(extract)}. Sync {extract.parent.name} first, or both together"
        ) from error


def _refuse_other_source(cursors: Mapping[str, StoredCursor], source: Source) -> None:
    others = {cursor.source for cursor in cursors.values()} - {"", source.name}
    if not others:
        return
    owner = min(others)
    raise ConfigurationError(
        f"The tables {source.schema}.{source.prefix}rudder_… belong to the Intercom source "
        f"{owner!r}, but this one is named {source.name!r}. Write `name: {owner}` into its "
        "defs.yaml, if it is the same source under a new name; else give this one another "
        "table_prefix. Nothing was read"
    )


def _refuse_other_workspace(
    cursors: Mapping[str, StoredCursor], workspace: Workspace, extract: Extract
) -> None:
    for cursor in cursors.values():
        if cursor.workspace_id and cursor.workspace_id != workspace.id:
            raise ConfigurationError(
                f"The tables {extract.source.schema}.{extract.source.prefix}rudder_… hold "
                f"workspace {cursor.workspace_id} (region {cursor.region}), but the access token "
                f"belongs to workspace {workspace.id} ({workspace.name}). Use the token of that "
                "workspace, or another table_prefix for this one. Nothing was read"
            )

"""One sync of one resource, from the stored cursor to the next: prepare, read, load."""

import tempfile
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import assert_never

from intercom_assets.catalog.endpoints import (
    Child,
    ChildSearch,
    Export,
    Listing,
    ReportExport,
    Search,
)
from intercom_assets.catalog.replication import (
    AddedByParent,
    ByParent,
    Exported,
    FullRefresh,
    Incremental,
    NewestFirst,
    PerParent,
    SemiIncremental,
    Windowed,
)
from intercom_assets.catalog.types import EPOCH
from intercom_assets.engine.cursor import Batch, Window, plan_window
from intercom_assets.engine.extract import Extract, ReadContext, local_now
from intercom_assets.engine.loader import Loader
from intercom_assets.engine.parents import (
    childless_parents,
    count_due,
    due_parents,
    parents_again,
    parents_in_range,
)
from intercom_assets.engine.progress import Progress, Report
from intercom_assets.engine.reads.added import read_added_by_parent
from intercom_assets.engine.reads.changes import read_incremental, read_range
from intercom_assets.engine.reads.children import read_by_parent
from intercom_assets.engine.reads.each import read_each
from intercom_assets.engine.reads.exported import read_exported
from intercom_assets.engine.reads.full import (
    is_limited,
    read_full,
    read_newest_first,
    read_windowed,
)
from intercom_assets.engine.reads.reconcile import (
    count_all,
    missing_rows,
    reconcile,
    unless_limited,
)
from intercom_assets.engine.reads.searched import read_searched
from intercom_assets.engine.rewrite import (
    copies_of,
    evolve,
    evolve_history,
    followed_originals,
    hide_stored,
    mask_state,
)
from intercom_assets.engine.rows import Shaper
from intercom_assets.engine.unread import Unread, unread_message
from intercom_assets.errors import PermanentError, WarehouseError
from intercom_assets.warehouse.base import (
    ParentVersion,
    StoredCursor,
    TableState,
)
from intercom_assets.warehouse.queries import Copies
from intercom_assets.warehouse.warehouse import Warehouse

_SKIPPED = "read by the first sync that may, as only `everything` selects it"


def load(extract: Extract, warehouse: Warehouse) -> Report:
    """Sync one resource: read what changed, merge it, mark what is gone, move the cursor.

    Nothing is requested before the table and the stored cursors have been inspected.

    Raises:
        IntercomAssetsError: The sync failed; what was committed is kept, with its cursor.
    """
    report = Report(resource=extract.resource.name, table=str(extract.target))
    extract.listener.on_start(report)
    began = time.monotonic()
    with (
        warehouse.lock(extract.target, extract.request.owner),
        _spool_folder() as folder,
    ):
        plan = _prepare(extract, warehouse, report, Path(folder))
        context = plan.context
        loader = Loader(extract, warehouse, context, report)
        report.cursor_before = loader.cursor.position
        try:
            _read_and_load(extract, warehouse, plan, loader)
        except PermanentError as error:
            # After GET /me: the token as such is accepted.
            if not (extract.optional and error.is_withheld):
                raise
            loader.skip(error.wrong, error.but(_SKIPPED))
        report.cursor_after = loader.cursor.position
    report.seconds = time.monotonic() - began
    return report


def _read_and_load(extract: Extract, warehouse: Warehouse, plan: "_Plan", loader: Loader) -> None:
    context = plan.context
    if plan.skipped is not None:
        loader.skip(plan.skipped, plan.skipped)
        return
    context.note(_intention(context))
    counted = count_all(extract, context)
    batches = read(context)
    if is_limited(context) and context.stored_rows and not extract.request.force:
        unseen = partial(warehouse.unseen, extract.target)
        batches = unless_limited(context, batches, unseen)
    loader.run(batches if extract.until is None else _merged_only(batches))
    if extract.request.reconcile and not context.window.from_beginning:
        _reconcile(extract, warehouse, context, loader)
    if plan.copies is not None:
        _follow_originals(warehouse, context, plan.copies, loader)
    if counted is not None:
        loader.report.missing = missing_rows(extract, warehouse, context, counted)
    if loader.unread:
        context.warn(unread_message(extract.resource, loader.unread))


def read(context: ReadContext) -> AsyncGenerator[Batch]:
    """Read a resource as its replication and endpoint declare."""
    resource = context.resource
    match resource.replication, resource.endpoint:
        case FullRefresh() | SemiIncremental(), Listing(each=str()) as listing:
            return read_each(context, listing)
        case FullRefresh() | SemiIncremental(), Listing() as listing:
            return read_full(context, listing)
        case Incremental(), Search() as search if context.window.until is not None:
            return read_range(context, search)
        case Incremental(deletions=deletions), Search() as search:
            return read_incremental(context, search, deletions)
        case Windowed() as windowed, Listing() as listing:
            return read_windowed(context, listing, windowed)
        case NewestFirst(), Listing() as listing:
            return read_newest_first(context, listing)
        case Exported() as link, (Export() | ReportExport()) as export:
            return read_exported(context, export, link)
        case (ByParent() | AddedByParent()) as link, (Child() | ChildSearch()) as child:
            return _read_lists(context, child, link)
        case (
            FullRefresh()
            | SemiIncremental()
            | Incremental()
            | Windowed()
            | NewestFirst()
            | Exported()
            | AddedByParent()
            | ByParent(),
            Listing() | Search() | Child() | ChildSearch() | Export() | ReportExport(),
        ):
            raise ValueError(f"resource {resource.name!r}: no way to read this declaration")
        case unknown:
            assert_never(unknown)


def _read_lists(
    context: ReadContext, child: Child | ChildSearch, link: PerParent
) -> AsyncGenerator[Batch]:
    match link, child:
        case AddedByParent(), Child():
            return read_added_by_parent(context, child, link)
        case ByParent(), ChildSearch():
            return read_searched(context, child, link)
        case ByParent(), Child():
            return read_by_parent(context, child, link)
        case _:
            raise ValueError(f"resource {context.resource.name!r}: a search is not added to")


async def _merged_only(batches: AsyncGenerator[Batch]) -> AsyncGenerator[Batch]:
    """Yield what a backfill may commit: rows, but no mark and no claim on what was read.

    What was due stays due, since it may also be marked once it is read.
    """
    async with aclosing(batches):
        async for batch in batches:
            yield replace(batch, checkpoint=None, whole=[], settled=[])


@contextmanager
def _spool_folder() -> Iterator[str]:
    try:
        with tempfile.TemporaryDirectory(prefix="intercom_assets_") as folder:
            yield folder
    except OSError as error:
        # Not `gettempdir()`, which tests folders by writing and fails if all disks are full.
        where = tempfile.tempdir or "a temporary folder"
        raise WarehouseError(
            f"Rows cannot be spooled to {where}: {error}. Free some space there, "
            "or set TMPDIR to another folder; what was committed is kept, and the next sync goes "
            "on from there"
        ) from error


@dataclass(frozen=True, slots=True)
class _Table:
    """What the warehouse contains, after it was brought in line with the settings."""

    cursors: Mapping[str, StoredCursor]
    cursor: StoredCursor
    rows: int
    due_total: int
    due: Iterator[list[ParentVersion]]
    copies: Copies | None


@dataclass(frozen=True, slots=True)
class _Plan:
    """A prepared sync: where it starts, and what its read needs.

    Attributes:
        skipped: Why the parent was skipped, and with it what nobody needs.
    """

    context: ReadContext
    copies: Copies | None
    skipped: str | None = None


def _prepare(extract: Extract, warehouse: Warehouse, report: Report, folder: Path) -> _Plan:
    """Inspect the table, then the workspace, and decide where to start."""
    table, resource = _open_table(extract, warehouse, folder), extract.resource
    # The warehouse is released before Intercom is called, so that others can use the file.
    listener = extract.listener
    session = extract.connection.session(
        meter=report.meter, scope=resource.scope, note=listener.info
    )
    workspace = extract.connection.workspace(session)
    extract.refuse_other_workspace(table.cursors, workspace)
    cursor = replace(
        table.cursor,
        source=extract.source.name,
        workspace_id=workspace.id,
        region=extract.connection.region,
        hidden=mask_state(extract),
        skipped=None,
    )
    window = _window(extract, cursor)
    context = ReadContext(
        resource=resource,
        session=session,
        workspace=workspace,
        window=window,
        folder=folder,
        stored_rows=table.rows,
        due=table.due,
        due_total=table.due_total,
        again=parents_again(extract, warehouse, window, workspace.date or local_now()),
        unread=Unread(cursor.unread),
        warn=listener.warning,
        note=listener.info,
        spooled=partial(_tell_spooled, extract, report, time.monotonic()),
        slice_records=extract.portions.slice_records,
        shaper=Shaper(resource.table, extract.mask, resource.reduced, resource.made_key),
        declared=extract.declared.table.columns,
        exports=extract.connection.exports,
        rewind=extract.source.export_rewind,
        values=extract.source.custom_object_types,
    )
    parent = table.cursors.get(extract.parent.name) if extract.parent else None
    skipped = parent.skipped if parent and extract.optional else None
    return _Plan(context, table.copies, skipped)


def _open_table(extract: Extract, warehouse: Warehouse, folder: Path) -> _Table:
    source = extract.source
    with warehouse.connected():
        state = warehouse.inspect(extract.declared)
        cursors = warehouse.cursors(source.schema, source.prefix)
        extract.refuse_other_source(cursors)
        stored = _stored(cursors, extract.resource.name, state)
        # Before new columns are filled from `_extra`, which may contain what is hidden now.
        stored = hide_stored(extract, warehouse, state=state, stored=stored, folder=folder)
        # Not those that are excluded.
        declared = extract.target.table.all_columns
        evolve(warehouse, extract.target, [one for one in declared if one.name in state.lacking])
        evolve_history(extract, warehouse)
        window = _window(extract, stored)
        due_total = count_due(extract, warehouse, window)
        copies = copies_of(extract, warehouse, cursors)
        if window.until is None:
            childless = childless_parents(extract, warehouse, is_stored=state.exists)
            due = due_parents(extract, warehouse, window, childless)
            # The first portion, most often the only one, while the warehouse is open.
            first = next(due, [])
        else:
            due, first = iter(()), parents_in_range(extract, warehouse)
            due_total = len(first)
    return _Table(cursors, stored, state.row_count, due_total, chain([first], due), copies)


def _stored(cursors: Mapping[str, StoredCursor], resource: str, state: TableState) -> StoredCursor:
    stored = cursors.get(resource, StoredCursor(resource=resource))
    if state.exists:
        return stored
    # A renamed or dropped table is built anew: the rows of its cursor are lost.
    return replace(
        stored, at=None, parent_synced_at=None, parent_key=None, reconciling=None, unread=()
    )


def _window(extract: Extract, stored: StoredCursor) -> Window:
    request, link = replace(extract.request, until=extract.until), extract.resource.replication
    if request.reconcile and isinstance(link, ByParent) and link.changes_without_parent:
        # Lists change without their parents, so all parents are due.
        request = replace(request, full_refresh=True)
    source = extract.source
    lookback = source.export_rewind if isinstance(link, Exported) else source.lookback
    return plan_window(stored, request, source.start_date, lookback)


def _tell_spooled(extract: Extract, report: Report, began: float, done: int) -> None:
    extract.listener.on_progress(Progress.of(report, done=done, total=None, began=began))


def _reconcile(
    extract: Extract, warehouse: Warehouse, context: ReadContext, loader: Loader
) -> None:
    if not isinstance(extract.resource.endpoint, Search):
        return
    start_date, report = context.window.start_date, loader.report
    begin = loader.cursor.reconciling or start_date or EPOCH
    window = Window(
        stored=loader.cursor, forgotten=False, since=begin, after=None, start_date=start_date
    )
    before, marked = report.inserted + report.updated, report.deleted
    loader.run(
        reconcile(
            replace(context, window=window),
            unseen=partial(warehouse.unseen, extract.target),
            force=extract.request.force,
        )
    )
    report.found = report.inserted + report.updated - before
    report.gone = report.deleted - marked


def _follow_originals(
    warehouse: Warehouse, context: ReadContext, copies: Copies, loader: Loader
) -> None:
    total, followed = context.due_total, False
    for rows in followed_originals(warehouse, copies, context.shaper):
        loader.take(Batch(rows=rows, done=total, total=total))
        followed = True
    if followed:
        loader.finish()


def _intention(context: ReadContext) -> str:
    if isinstance(context.resource.replication, ByParent):
        which = "that changed" if context.window.until is None else "of the range"
        return f"reading the lists of {context.due_total:,} {context.resource.parent} {which}"
    replication = context.resource.replication
    if context.window.since is None or isinstance(replication, FullRefresh | SemiIncremental):
        return "reading everything"
    what = "updated" if isinstance(replication, Incremental) else "added"
    until = context.window.until
    upto = f" and before {until:%Y-%m-%d %H:%M:%S}" if until else ""
    return f"reading what was {what} since {context.window.since:%Y-%m-%d %H:%M:%S}{upto} UTC"

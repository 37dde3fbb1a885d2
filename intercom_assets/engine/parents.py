"""Which stored parents a sync asks for the lists of."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from intercom_assets.catalog.endpoints import ChildSearch
from intercom_assets.catalog.replication import AddedByParent, ByParent, Unfinished
from intercom_assets.catalog.table import DELETED_AT
from intercom_assets.engine.cursor import Window
from intercom_assets.engine.extract import Extract
from intercom_assets.errors import SchemaError
from intercom_assets.warehouse.base import Childless, ParentVersion
from intercom_assets.warehouse.queries import Cells
from intercom_assets.warehouse.warehouse import Warehouse

_DUE = 5_000
"""Due parents listed at a time."""


def due_parents(
    extract: Extract, warehouse: Warehouse, window: Window, childless: Childless | None
) -> Iterator[list[ParentVersion]]:
    """Yield due parents in the order of their versions, a portion at a time."""
    after, more = _after(extract, window), extract.parent is not None
    while more:
        due = warehouse.due_parents(
            extract.parent_target, after, _DUE, value=_value(extract), childless=childless
        )
        if due:
            yield due
            after = (due[-1].synced_at, due[-1].key)
        more = len(due) == _DUE


def childless_parents(
    extract: Extract, warehouse: Warehouse, *, is_stored: bool
) -> Childless | None:
    """Return how to recognize parents that need no request; None if each needs one.

    A full refresh and a reconcile request all lists, because a count can be stale.
    """
    link, request = extract.resource.replication, extract.request
    if not isinstance(link, ByParent) or not link.counted_in:
        return None
    if request.full_refresh or request.reconcile:
        return None
    column, *path = link.counted_in
    if column in warehouse.inspect(extract.parent_target).lacking:
        return None
    return Childless(column, tuple(path), extract.target if is_stored else None, link.key)


def count_due(extract: Extract, warehouse: Warehouse, window: Window) -> int:
    """Count due parents.

    Raises:
        SchemaError: The parents have no table.
    """
    if extract.parent is None:
        return 0
    try:
        return warehouse.count_due(extract.parent_target, _after(extract, window))
    except SchemaError as error:
        raise SchemaError(
            f"{extract.resource.name} is read per record of {extract.parent.name}, and there is no "
            f"table {extract.parent_target}. Sync {extract.parent.name} first, or both together"
        ) from error


def parents_in_range(extract: Extract, warehouse: Warehouse) -> list[ParentVersion]:
    """Return the stored parents that were last updated within the range of a backfill."""
    parent, since, until = extract.parent, extract.request.since, extract.until
    if parent is None or since is None or until is None:
        return []
    target = extract.parent_target
    assert parent.cursor is not None
    columns = (target.table.column(parent.cursor), target.table.column(DELETED_AT))
    return [
        ParentVersion(key, updated, deleted=False, updated_at=updated)
        for rows in warehouse.cells(Cells(target, columns))
        for key, updated, deleted_at in rows
        if deleted_at is None and updated is not None and since <= updated < until
    ]


def parents_again(
    extract: Extract, warehouse: Warehouse, window: Window, now: datetime
) -> list[ParentVersion]:
    """Return the parents whose rows are unfinished, or could not be read by earlier syncs."""
    link, parent, by = extract.resource.replication, extract.parent, _value(extract)
    if not isinstance(link, ByParent) or parent is None or by is None or window.after is None:
        return []
    unread, target = set(window.stored.unread), extract.parent_target
    since, dated = now, DELETED_AT
    if (unfinished := link.unfinished) is not None:
        since, dated = now - timedelta(days=unfinished.days), unfinished.dated
    columns = tuple(map(target.table.column, (by, dated, DELETED_AT)))
    found = [
        ParentVersion(key, now, deleted=deleted is not None, value=value)
        for rows in warehouse.cells(Cells(target, columns))
        for key, value, date, deleted in rows
        if key in unread or (deleted is None and date is not None and date >= since)
    ]
    finished = _finished(extract, warehouse, unfinished) if unfinished and found else set()
    return [one for one in found if one.key in unread or one.key not in finished]


def _finished(extract: Extract, warehouse: Warehouse, unfinished: Unfinished) -> set[str]:
    status = extract.resource.table.column(unfinished.column)
    return {
        key
        for rows in warehouse.cells(Cells(extract.target, (status,)))
        for key, value in rows
        if value == unfinished.final
    }


def _value(extract: Extract) -> str | None:
    endpoint = extract.resource.endpoint
    return endpoint.by if isinstance(endpoint, ChildSearch) else None


def _after(extract: Extract, window: Window) -> tuple[datetime, str] | None:
    """Return the version after which parents are due; all are where their lists are added to."""
    return None if isinstance(extract.resource.replication, AddedByParent) else window.after

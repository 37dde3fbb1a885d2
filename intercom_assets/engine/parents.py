"""Which stored parents a sync asks for the lists of."""

from collections.abc import Iterator
from datetime import datetime

from intercom_assets.catalog.resource import AddedByParent
from intercom_assets.catalog.table import DELETED_AT
from intercom_assets.engine.cursor import Window
from intercom_assets.engine.extract import Extract
from intercom_assets.errors import SchemaError
from intercom_assets.warehouse.base import ParentVersion
from intercom_assets.warehouse.queries import Cells
from intercom_assets.warehouse.warehouse import Warehouse

_DUE = 5_000
"""Due parents listed at a time."""


def due_parents(
    extract: Extract, warehouse: Warehouse, window: Window
) -> Iterator[list[ParentVersion]]:
    """Yield due parents in the order of their versions, a portion at a time."""
    after, more = _after(extract, window), extract.parent is not None
    while more:
        due = warehouse.due_parents(extract.parent_target, after, _DUE)
        if due:
            yield due
            after = (due[-1].synced_at, due[-1].key)
        more = len(due) == _DUE


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


def _after(extract: Extract, window: Window) -> tuple[datetime, str] | None:
    """Return the version after which parents are due; all are where their lists are added to."""
    return None if isinstance(extract.resource.replication, AddedByParent) else window.after

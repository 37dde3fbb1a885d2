"""Which parents are due for a child, and which of them need no request."""

from collections.abc import Iterator
from datetime import datetime

from intercom_assets.catalog.resource import ByParent
from intercom_assets.engine.extract import Extract
from intercom_assets.warehouse.base import Childless, ParentVersion
from intercom_assets.warehouse.warehouse import Warehouse

_PORTION = 5_000
"""Due parents listed at a time."""


def due_parents(
    extract: Extract,
    warehouse: Warehouse,
    after: tuple[datetime, str] | None,
    childless: Childless | None,
) -> Iterator[list[ParentVersion]]:
    """Yield due parents in the order of their versions, a portion at a time."""
    more = extract.parent is not None
    while more:
        due = warehouse.due_parents(extract.parent_target, after, _PORTION, childless)
        if due:
            yield due
            after = (due[-1].synced_at, due[-1].key)
        more = len(due) == _PORTION


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
    if column in {one.name for one in warehouse.inspect(extract.parent_target).missing}:
        return None
    return Childless(column, tuple(path), extract.target if is_stored else None, link.key)

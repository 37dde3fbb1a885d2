"""What a sync of a resource costs in requests, from its declaration and a count of its records."""

from dataclasses import dataclass
from typing import assert_never

from intercom_assets.catalog.endpoints import (
    Child,
    ChildSearch,
    Export,
    Linked,
    Numbered,
    Pagination,
    ParentSearch,
    Scroll,
    SinglePage,
    StartingAfter,
)
from intercom_assets.catalog.replication import (
    AddedByParent,
    ByParent,
    Exported,
    FullRefresh,
    Incremental,
    NewestFirst,
    SemiIncremental,
    Windowed,
)
from intercom_assets.catalog.resource import ApiVersion, Resource

_SCROLLED = 100
"""Records of a page of the scroll, whose size is Intercom's."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Requests of a sync; None where they depend on a count that is not known.

    Attributes:
        first: Of a sync that reads everything. Lists that Intercom cuts within a record, the
            slices of a search, and several lists make it an estimate; parents that count no
            children make it less.
        quiet: Of a later sync that finds nothing new.
    """

    first: int | None
    quiet: int | None


def cost_of(resource: Resource, records: int | None, version: ApiVersion, page_size: int) -> Cost:
    """Return what a sync costs; `records` are a child's parents."""
    pages = _pages(resource.pagination, records, page_size)
    match resource.replication:
        case FullRefresh() | SemiIncremental():
            return Cost(pages, pages)
        case Incremental(deletions=deletions):
            quiet = 1 + (deletions is not None and deletions.since <= version)
            # A slice's last page is seldom full; counts before and after find undated records.
            return Cost(None if pages is None else pages + -(-pages // 2) + 5 + quiet, quiet)
        case Windowed():
            # Intercom counts only what lies in a window.
            return Cost(None, 1)
        case NewestFirst():
            return Cost(pages, 1)
        case AddedByParent(after=after):
            # Intercom does not count what a list gained.
            return Cost(records if after is None else None, records)
        case Exported():
            # The job, its state, its file; of a report, also the list of datasets. How many windows
            # the workspace's age takes is not known.
            return Cost(None, 3 if isinstance(resource.endpoint, Export) else 4)
        case ByParent():
            size = min(at_once(resource), page_size)
            return Cost(None if records is None else -(-records // size), 0)
        case _:
            assert_never(resource.replication)


def least_cost(resource: Resource, records: int | None, version: ApiVersion, size: int) -> Cost:
    """Return what a sync costs at least; a first one costs no less than a quiet one."""
    least = cost_of(resource, records or 0, version, size)
    return least if least.first is not None else Cost(least.quiet, least.quiet)


def per_page(pagination: Pagination) -> int | None:
    """Return the most records of a page; None if all are on one."""
    match pagination:
        case SinglePage():
            return None
        case Scroll():
            return _SCROLLED
        case StartingAfter(size) | Numbered(size) | Linked(size):
            return size
        case _:
            assert_never(pagination)


def _pages(pagination: Pagination, records: int | None, page_size: int) -> int | None:
    if (most := per_page(pagination)) is None:
        return 1
    if records is None:
        return None
    if isinstance(pagination, Scroll):
        # Its size cannot be changed, and an empty page ends it.
        return -(-records // most) + 1
    return max(-(-records // min(most, page_size)), 1)


def at_once(resource: Resource) -> int:
    """Return how many parents one request shows the lists of."""
    match resource.endpoint:
        case ChildSearch(at_once=at_once):
            return at_once
        case Child(search=ParentSearch(per_page=per_page)):
            return per_page
        case _:
            return 1

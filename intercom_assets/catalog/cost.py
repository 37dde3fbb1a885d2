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
            size = min(_at_once(resource), page_size)
            return Cost(None if records is None else -(-records // size), 0)
        case _:
            assert_never(resource.replication)


def least_cost(resource: Resource, records: int | None, version: ApiVersion, size: int) -> Cost:
    """Return what a sync costs at least; a first one costs no less than a quiet one."""
    least = cost_of(resource, records or 0, version, size)
    return least if least.first is not None else Cost(least.quiet, least.quiet)


def _pages(pagination: Pagination, records: int | None, page_size: int) -> int | None:
    match pagination:
        case SinglePage():
            return 1
        case Scroll():
            return None if records is None else -(-records // _SCROLLED) + 1
        case StartingAfter(per_page) | Numbered(per_page) | Linked(per_page):
            return None if records is None else max(-(-records // min(per_page, page_size)), 1)
        case _:
            assert_never(pagination)


def _at_once(resource: Resource) -> int:
    """Return how many parents one request shows the lists of."""
    match resource.endpoint:
        case ChildSearch(at_once=at_once):
            return at_once
        case Child(search=ParentSearch(per_page=per_page)):
            return per_page
        case _:
            return 1


def quiet_cost(resource: Resource) -> str:
    """Describe what a sync costs that finds nothing new, and what is new, in words."""
    page = _page(resource.pagination)
    match resource.replication:
        case FullRefresh() | SemiIncremental():
            each = f" of each {resource.each}" if resource.each else ""
            return "1" if page is None else f"1 per {page}{each}"
        case Incremental(deletions=deletions):
            listed = "" if deletions is None else f", 2 from API {deletions.since} on"
            return f"1{listed}; 1 per {page} that changed"
        case Windowed() | NewestFirst():
            return (
                "1; 1 per page of what is new" if page is None else f"1; 1 per {page} that are new"
            )
        case AddedByParent(parent, after=after):
            some = f"1 of each of the {parent}"
            return some if after is None or page is None else f"{some}; 1 per {page} that are new"
        case Exported():
            shared = isinstance(resource.endpoint, Export)
            some = "3 for all exports of content in a run together" if shared else "4"
            return f"{some}; 1 a minute while Intercom works"
        case ByParent(parent):
            size = _at_once(resource)
            some = "of each of the" if size == 1 else f"per {size}"
            counted = " and count any" if resource.replication.counted_in else ""
            return f"0; 1 {some} {parent} that changed{counted}"
        case _:
            assert_never(resource.replication)


def _page(pagination: Pagination) -> int | None:
    match pagination:
        case SinglePage():
            return None
        case Scroll():
            return _SCROLLED
        case StartingAfter(per_page) | Numbered(per_page) | Linked(per_page):
            return per_page
        case _:
            assert_never(pagination)

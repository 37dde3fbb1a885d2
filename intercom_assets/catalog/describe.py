"""Descriptions of resources in words, for asset pages and documents."""

from typing import assert_never

from intercom_assets.catalog.endpoints import (
    Child,
    ChildSearch,
    Export,
    Listing,
    ParentSearch,
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
    SemiIncremental,
    Windowed,
)
from intercom_assets.catalog.resource import Resource


def request_line(resource: Resource) -> str:
    """Return the request for a resource's records, such as `GET /teams`."""
    match resource.endpoint:
        case (
            Child(search=ParentSearch(path))
            | Search(path=path)
            | ChildSearch(path=path)
            | Export(path=path)
            | ReportExport(path=path)
        ):
            return f"POST {path}"
        case Listing(path, each=str(each)):
            return f"GET {path.replace('{id}', f'{{{each}}}')}"
        case Listing(path, params=params) | Child(path, params=params):
            query = "&".join(f"{name}={value}" for name, value in params.items())
            return f"GET {path}{'?' if query else ''}{query}"
        case _:
            assert_never(resource.endpoint)


def sync_type(resource: Resource) -> str:
    """Return the name of a resource's replication."""
    match resource.replication:
        case FullRefresh():
            return "full refresh"
        case SemiIncremental():
            return "semi-incremental"
        case Incremental():
            return "incremental"
        case Windowed() | NewestFirst():
            return "append-only"
        case Exported():
            return "exported"
        case AddedByParent(parent):
            return f"append-only, by parent: {parent}"
        case ByParent(parent):
            return f"by parent: {parent}"
        case _:
            assert_never(resource.replication)


def how_synced(resource: Resource) -> str:
    """Return a sentence about what a sync reads."""
    match resource.replication:
        case FullRefresh():
            return "Each sync reads the whole list."
        case SemiIncremental():
            which = f"list of each {resource.each}" if resource.each else "list"
            return f"Each sync reads the whole {which} and writes what changed."
        case Incremental(deletions=deletions):
            told = "Each sync reads what was updated since the last one"
            if deletions is not None:
                told += f" and, from version {deletions.since} of the API on, what was deleted"
            return f"{told}; a reconcile finds the rest."
        case Windowed() | NewestFirst():
            return "Each sync reads what was added since the last one; no row is marked."
        case Exported():
            what = "was sent" if isinstance(resource.endpoint, Export) else "began"
            return (
                f"Each sync reads an export of what {what} since the last one, and in the days "
                "before; no row is marked."
            )
        case AddedByParent(parent, after=after):
            told = f"Each sync reads what was added to the lists of all {parent}"
            if after is None:
                told = f"Each sync reads what all {parent} show then, and adds it with its time"
            return f"{told}; no row is marked."
        case ByParent(parent) as link:
            told = f"Each sync reads the lists of the {parent} that changed since the last one"
            told += ", unless they count none" if link.counted_in else ""
            told += "; a reconcile reads all of them." if link.changes_without_parent else "."
            told += " No row is marked." if link.append_only else ""
            copied = resource.copied
            return f"{told} A row follows the stored {copied.of} at once." if copied else told
        case _:
            assert_never(resource.replication)

"""Descriptions of resources in words, for asset pages and documents."""

from typing import assert_never

from intercom_assets.catalog.endpoints import Child, ChildSearch, Listing, ParentSearch, Search
from intercom_assets.catalog.resource import (
    AddedByParent,
    ByParent,
    FullRefresh,
    Incremental,
    NewestFirst,
    Resource,
    SemiIncremental,
    Windowed,
)


def request_line(resource: Resource) -> str:
    """Return the request for a resource's records, such as `GET /teams`."""
    match resource.endpoint:
        case Listing(path, _, params):
            query = "&".join(f"{name}={value}" for name, value in params.items())
            return f"GET {path}{'?' if query else ''}{query}"
        case Child(search=ParentSearch(path)) | Search(path) | ChildSearch(path):
            return f"POST {path}"
        case Child(path):
            return f"GET {path}"
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
            return "Each sync reads the whole list and writes what changed."
        case Incremental(deletions=deletions):
            told = "Each sync reads what was updated since the last one"
            if deletions is not None:
                told += f" and, from version {deletions.since} of the API on, what was deleted"
            return f"{told}; a reconcile finds the rest."
        case Windowed() | NewestFirst():
            return "Each sync reads what was added since the last one; no row is marked."
        case AddedByParent(parent, after=after):
            told = f"Each sync reads what was added to the lists of all {parent}"
            if after is None:
                told = f"Each sync reads what all {parent} show then, and adds it with its time"
            return f"{told}; no row is marked."
        case ByParent(parent, changes_without_parent=changes_without_parent):
            told = f"Each sync reads the lists of the {parent} that changed since the last one"
            told += "; a reconcile reads all of them." if changes_without_parent else "."
            copied = resource.copied
            return f"{told} A row follows the stored {copied.of} at once." if copied else told
        case _:
            assert_never(resource.replication)

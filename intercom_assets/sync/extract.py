"""From a resource's declaration to the way it is read: one lazy `Extract` per sync."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from typing import assert_never

from intercom_assets.catalog.resource import (
    ByParent,
    Child,
    FullRefresh,
    Incremental,
    Listing,
    Resource,
    Search,
    SemiIncremental,
)
from intercom_assets.intercom.connection import Connection
from intercom_assets.sync.batch import Batch, Portions
from intercom_assets.sync.by_parent import read_by_parent
from intercom_assets.sync.by_time import read_by_time
from intercom_assets.sync.cursor import Request
from intercom_assets.sync.deletions import after_deletions
from intercom_assets.sync.lookup import with_unread
from intercom_assets.sync.mask import Mask
from intercom_assets.sync.progress import Listener
from intercom_assets.sync.reading import Reading
from intercom_assets.sync.source import Preview, Source
from intercom_assets.sync.whole import read_whole
from intercom_assets.warehouse.base import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """A sync that is about to happen: nothing is requested until it is loaded.

    Attributes:
        source: The source's settings.
        resource: What is read, as its table is.
        parent: The parent resource of a child.
        connection: How Intercom is reached.
        request: What the user asks of this sync.
        listener: Told what happens.
        portions: How much is read and committed at a time.
        mask: Takes out of records what is hidden, None where nothing is.
        preview: What is shown of the rows that were read.
    """

    source: Source
    resource: Resource
    parent: Resource | None
    connection: Connection
    request: Request
    listener: Listener
    portions: Portions = field(default_factory=Portions)
    mask: Mask | None = None
    preview: Preview = Preview.MASKED

    @property
    def target(self) -> Target:
        """The table that the records land in."""
        return self.source.target(self.resource)

    @property
    def declared(self) -> Target:
        """The same table with the columns that are excluded: it may have been made with them."""
        return self.target if self.mask is None else replace(self.target, table=self.mask.table)


def read(reading: Reading) -> AsyncGenerator[Batch]:
    """Read a resource in the way that its replication and endpoint say."""
    resource = reading.resource
    match resource.replication, resource.endpoint:
        case FullRefresh() | SemiIncremental(), Listing() as listing:
            return read_whole(reading, listing)
        case Incremental(deletions=deletions), Search() as search:
            found = with_unread(reading, read_by_time(reading, search))
            return after_deletions(reading, deletions, found)
        case ByParent() as link, Child() as child:
            return read_by_parent(reading, child, link)
        case (
            (FullRefresh() | SemiIncremental() | Incremental() | ByParent()),
            (Listing() | Search() | Child()),
        ):
            raise ValueError(f"resource {resource.name!r}: no way to read this declaration")
        case unknown:
            assert_never(unknown)

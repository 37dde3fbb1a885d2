"""Lists that are read whole at each sync: full lists and the scroll."""

from collections.abc import AsyncGenerator, AsyncIterator
from datetime import datetime

from intercom_assets.catalog.resource import FullRefresh, Listing, Scroll
from intercom_assets.errors import PermanentError, Request
from intercom_assets.intercom.client import Call
from intercom_assets.intercom.pagination import Page, paged, read_pages
from intercom_assets.intercom.scroll import Restarted, read_scroll
from intercom_assets.sync.batch import Batch, Checkpoint
from intercom_assets.sync.cursor import reached
from intercom_assets.sync.reading import Reading
from intercom_assets.sync.spool import RecordSpool


async def read_whole(reading: Reading, listing: Listing) -> AsyncGenerator[Batch]:
    """Read a list to its end; an unexpectedly empty one is read a second time.

    Raises:
        PermanentError: The list is empty though it cannot be.
    """
    with RecordSpool(reading.folder / f"{reading.resource.name}.jsonl") as spool:
        opened = await _fill(reading, listing, spool)
        if not spool.records and (reading.stored_rows or not _may_be_empty(reading)):
            opened = await _fill(reading, listing, spool)
            if not spool.records:
                _explain_empty(reading, listing)
        newest: datetime | None = None
        done = 0
        for records in spool.read():
            done += len(records)
            newest = reading.newest(records, newest)
            yield Batch(
                rows=reading.shaper.lines(reading.kept(records), masked=True),
                seen=reading.shaper.keys(records, masked=True),
                returned=len(records),
                total=spool.records,
                done=done,
            )
        yield Batch(
            checkpoint=Checkpoint(at=reached(reading.start, newest, opened)),
            complete=True,
            total=done,
            done=done,
        )


async def _fill(reading: Reading, listing: Listing, spool: RecordSpool) -> datetime | None:
    # The spool takes pages as fast as they come: nothing slow stands between two scroll calls.
    spool.clear()
    opened: datetime | None = None
    async for page in _pages(reading, listing):
        if isinstance(page, Restarted):
            spool.clear()
            continue
        opened = opened or page.date
        if page.records:
            spool.add(list(reading.shaper.masked(page.records)))
            reading.spooled(spool.records)
    return opened


def _pages(reading: Reading, listing: Listing) -> AsyncIterator[Page | Restarted]:
    call = Call(path=listing.path, params=listing.params, needs=((listing.records,),))
    if isinstance(reading.resource.pagination, Scroll):
        return read_scroll(reading.session, call, reading.scroll_patience)
    return read_pages(reading.session, call, paged(reading.resource.pagination))


def _may_be_empty(reading: Reading) -> bool:
    replication = reading.resource.replication
    return not isinstance(replication, FullRefresh) or replication.may_be_empty


def _explain_empty(reading: Reading, listing: Listing) -> None:
    name = reading.resource.name
    if not _may_be_empty(reading):
        raise PermanentError(
            Request(method="GET", path=listing.path, status=200),
            f"The list of {name} is empty, which it never is in a workspace",
            "Run again, and check that the access token may read it; nothing was changed",
        )
    reading.warn(
        f"Intercom returned no {name} twice, where {reading.stored_rows:,} are stored: they are "
        "marked as deleted now, and unmarked when they come back"
    )

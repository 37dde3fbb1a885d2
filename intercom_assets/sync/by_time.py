"""Records that are asked for by time: a window is one walk when it is small, slices when large."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime

from intercom_assets.catalog.resource import Search
from intercom_assets.intercom.search import Order
from intercom_assets.sync.batch import Batch
from intercom_assets.sync.ordered import following
from intercom_assets.sync.reading import Reading
from intercom_assets.sync.undated import read_undated
from intercom_assets.sync.walk import (
    EARLY,
    Walk,
    first_slices,
    newest_first,
    opened,
    read_slices,
)


async def read_by_time(reading: Reading, search: Search) -> AsyncGenerator[Batch]:
    """Read every record updated since the window's start.

    A window of few records is one walk, newest first. A larger one is cut into slices, oldest
    first, with a checkpoint after each, so that an interrupted read resumes there.
    """
    since = reading.start.since
    begin = int(since.timestamp()) if since else 0
    walk = Walk(reading, search)
    async with aclosing(walk.pages(walk.early(begin), None, Order.NEWEST_FIRST)) as pages:
        first = await opened(walk, pages)
        if first is not None and not _is_large(walk, since):
            async for batch in newest_first(walk, following(first, pages), begin):
                yield batch
            async for batch in _undated(walk):
                yield batch
            yield walk.reached(last=True)
            return
    async for batch in read_slices(walk, await first_slices(walk, begin)):
        yield batch
    tail = walk.tail()
    reading.note(
        f"reading what changed meanwhile, since {datetime.fromtimestamp(tail, UTC):%Y-%m-%d %H:%M} "
        "UTC"
    )
    pages = walk.pages(tail, None, Order.NEWEST_FIRST)
    # Read to its end, since days begin earlier than the tail where the zone is unknown.
    async for batch in newest_first(walk, pages, walk.early(tail)):
        yield batch
    async for batch in _undated(walk):
        yield batch
    yield walk.reached(last=True)


async def _undated(walk: Walk) -> AsyncGenerator[Batch]:
    if walk.reading.start.must_balance:
        async for batch in read_undated(walk):
            yield batch


def _is_large(walk: Walk, since: datetime | None) -> bool:
    if walk.total is None or walk.total <= walk.reading.slice_records:
        return False
    # The count of a search by days holds days before the window too, so it says nothing there.
    return not walk.by_day or since is None or walk.opened - since > EARLY

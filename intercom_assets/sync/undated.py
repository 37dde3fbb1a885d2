"""Records that no search by `updated_at` returns: those where it is null, or 0.

Intercom's own counts tell how many there are, and where: a span of `created_at` holds as many as
the search counts there less those that have an `updated_at` too. Spans are halved until they are
small enough to be read, so that a few undated records among a million cost a few dozen requests.
What has no `created_at` either is found in the list without a filter.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial

from intercom_assets.catalog.resource import SinglePage
from intercom_assets.errors import IntercomError, PermanentError
from intercom_assets.intercom.client import CONNECTIONS, Call
from intercom_assets.intercom.pagination import read_pages
from intercom_assets.intercom.retry import LARGEST
from intercom_assets.intercom.search import count_found, count_records
from intercom_assets.sync.batch import Batch
from intercom_assets.sync.ordered import in_order
from intercom_assets.sync.slices import Slice
from intercom_assets.sync.walk import Walk, read_slices


@dataclass(frozen=True, slots=True)
class _Span:
    """A span of `created_at`, and Intercom's counts in it.

    Attributes:
        slice: The span.
        total: Records created in it.
        undated: Those of them that no search by `updated_at` returns.
    """

    slice: Slice
    total: int
    undated: int


async def read_undated(walk: Walk) -> AsyncGenerator[Batch]:
    """Read the records that the searches of a walk cannot return; none costs four requests.

    Where Intercom refuses to count, rows that were not seen may exist: nothing is marked then.

    Raises:
        TransientError: Intercom cannot answer: the next sync looks for them again.
    """
    try:
        async for batch in _read_undated(walk):
            yield batch
    except PermanentError as error:
        walk.give_up(error.but("records without updated_at may be missing"))


async def _read_undated(walk: Walk) -> AsyncGenerator[Batch]:
    name, note = walk.reading.resource.name, walk.reading.note
    everything = await _count(walk, Slice(0, int(walk.opened.timestamp())))
    if everything.undated > 0:
        note(f"reading {everything.undated:,} {name} without updated_at, by created_at")
        spans = await _spans_with_undated(walk, everything)
        undated = replace(walk, undated=True, total=sum(span.total for span in spans), done=0)
        async for batch in read_slices(undated, [span.slice for span in spans]):
            yield replace(batch, checkpoint=None)
        walk.whole = walk.whole and undated.whole
    if await _list_shows_more(walk, everything.undated):
        note(f"reading the list of all {name}: it counts more of them than searches do")
        async for batch in _read_list(walk):
            yield batch


async def _count(walk: Walk, one: Slice) -> _Span:
    session, created = walk.reading.session, (one.since, one.until)
    total, dated = await asyncio.gather(
        count_found(session, walk.search, created=created, updated=False),
        count_found(session, walk.search, created=created, updated=True),
    )
    return _Span(one, total, total - dated)


async def _spans_with_undated(walk: Walk, whole: _Span) -> list[_Span]:
    """Halve spans until those that hold undated records are worth reading."""
    found: list[_Span] = []
    counted = [whole]
    while counted:
        halves: list[Slice] = []
        for span in counted:
            smaller = walk.cut(span.slice, 2)
            # Where each page would hold an undated record, counting on costs more than reading.
            enough = span.total <= max(walk.reading.slice_records, span.undated * LARGEST)
            if span.undated > 0 and (enough or len(smaller) < 2):
                found.append(span)
            elif span.undated > 0:
                halves += smaller
        counted = [one async for one in in_order(partial(_count, walk), halves, CONNECTIONS)]
    return sorted(found, key=lambda span: span.slice.since)


async def _list_shows_more(walk: Walk, undated: int) -> bool:
    # In this order: what is created between the two counts must not look like a difference.
    try:
        listed = await count_records(walk.reading.session, walk.search)
    except IntercomError as error:
        # The list is another endpoint than the search: its failure must not keep back what came.
        walk.give_up(error.but("records without any date may be missing"))
        return False
    dated = await count_found(walk.reading.session, walk.search, created=None, updated=True)
    return listed is not None and listed > dated + undated


async def _read_list(walk: Walk) -> AsyncGenerator[Batch]:
    search, session = walk.search, walk.reading.session
    params = {"per_page": str(min(LARGEST, session.client.page_size))}
    call = Call(path=search.list_path, params=params, needs=((search.records,),))
    # Not declared as paged by a cursor: old versions number the pages of this list.
    pages = read_pages(session, call, SinglePage())
    async with aclosing(pages):
        async for page in pages:
            yield walk.counted(await walk.shaped(page))

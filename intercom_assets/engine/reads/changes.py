"""What an incremental sync reads: all that changed since the last one, in four parts.

1. What Intercom lists as deleted, if the API version has that list. It comes first, so that what
   search returns afterwards exists: a row that came back, or one that search still shows.
2. What earlier syncs could not read, requested by id.
3. What search returns: the window (`incremental`).
4. What no search by `updated_at` returns, because it is null or 0. Intercom's own counts show how
   many such records there are, and where: a span of `created_at` contains as many as search counts
   there, less those that also have an `updated_at`. Spans are halved until they are small enough to
   read, so that a few undated records among a million cost a few dozen requests.
"""

import asyncio
import math
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial

from intercom_assets.catalog.endpoints import Listing, Search, SinglePage, record_path
from intercom_assets.catalog.resource import Resource
from intercom_assets.catalog.types import Record, instant_at
from intercom_assets.engine.concurrency import map_ordered
from intercom_assets.engine.cursor import Batch, Gone, PassedOver
from intercom_assets.engine.extract import ReadContext
from intercom_assets.engine.reads.full import Descent, list_call
from intercom_assets.engine.reads.incremental import (
    IncrementalRead,
    open_window,
    read_slices,
    read_window,
)
from intercom_assets.engine.reads.nested import completed
from intercom_assets.engine.slices import Slice, slices_from
from intercom_assets.engine.unread import TRIES_AGAIN, refuse_others
from intercom_assets.errors import IntercomError, PermanentError, RequestInfo, TransientError
from intercom_assets.intercom.client import CONNECTIONS, Call
from intercom_assets.intercom.pagination import paged, read_page, read_pages
from intercom_assets.intercom.retry import LARGEST
from intercom_assets.intercom.search import Order, count_found, count_records, record_call

_RUN = 150
_HALF_DAY = 12 * 3_600


async def read_incremental(
    context: ReadContext, search: Search, deletions: Resource | None
) -> AsyncGenerator[Batch]:
    """Read what changed, and end with the cursor that was reached."""
    read = IncrementalRead(context, search)
    parts = [_deletions(context, deletions), _due(context), read_window(read)]
    if context.window.must_balance:
        parts.append(read_undated(read))
    for part in parts:
        async with aclosing(part):
            async for batch in part:
                yield batch
    yield read.reached(last=True)


async def read_range(context: ReadContext, search: Search) -> AsyncGenerator[Batch]:
    """Read what was last updated within the range of a backfill."""
    since, until = context.window.since, context.window.until
    assert since is not None
    assert until is not None
    read = IncrementalRead(context, search)
    begin, end = int(since.timestamp()), math.ceil(until.timestamp()) - 1
    if read.by_day:
        # Slices of days end at a noon, which in another zone than assumed may come too early.
        end += _HALF_DAY
    async with aclosing(read.pages(begin, end, Order.NEWEST_FIRST)) as pages:
        await open_window(read, pages)
    zone = context.workspace.zone
    slices = slices_from(begin, begin, end, search.granularity, zone=zone)
    async with aclosing(read_slices(read, slices)) as batches:
        async for batch in batches:
            yield batch


async def _deletions(context: ReadContext, deletions: Resource | None) -> AsyncGenerator[Batch]:
    """Read from the newest deletion back to the known ones.

    Deletions within `lookback` of the last reading are yielded again, until search shows them too.
    The position moves only if the list was read that far, and is stored with the marks.
    """
    if deletions is None or context.session.client.version < deletions.since:
        return
    endpoint, pagination = deletions.endpoint, paged(deletions.pagination)
    assert isinstance(endpoint, Listing), "the catalogue holds that newest first is a list"
    path = deletions.table.column(deletions.cursor or "").path
    descent = Descent(partial(instant_at, path=path), context.window.deletions_since)
    pages = descent.pages(read_pages(context.session, list_call(endpoint), pagination))
    try:
        async with aclosing(pages):
            async for page in pages:
                if context.stored_rows == 0:
                    # There is no row to mark: what was deleted before is of no interest.
                    descent.since = descent.since or descent.opened
                news = [record for record in page.records if not descent.is_known(record)]
                yield Batch(gone=[Gone(str(one["id"])) for one in news if one.get("id")])
    except IntercomError as error:
        context.warn(error.but("what was deleted is looked for again by the next sync"))
    else:
        yield Batch(deletions_at=None if descent.shrunk else descent.opened)


async def _due(context: ReadContext) -> AsyncGenerator[Batch]:
    """Request what earlier syncs could not read; a read of everything covers it anyway."""
    if context.window.from_beginning:
        return
    keys = context.unread.before
    for begin in range(0, len(keys), _RUN):
        yield await _again(context, keys[begin : begin + _RUN])


async def _again(context: ReadContext, keys: tuple[str, ...]) -> Batch:
    # Records whose lists cannot be read would be requested in vain.
    ended = [judge.end for judge in context.unread.lists.values() if judge.end is not None]

    async def look(key: str) -> Record | PassedOver:
        if ended:
            return context.unread.passed_over(key, ended[0])
        try:
            return await look_up(context, key, TRIES_AGAIN)
        except IntercomError as error:
            refuse_others(error)
            return context.unread.passed_over(key, error)

    found = [record async for record in map_ordered(look, keys, CONNECTIONS)]
    passed_over = [record for record in found if isinstance(record, PassedOver)]
    records = [record for record in found if not isinstance(record, PassedOver)]
    whole = await completed(context, records, TRIES_AGAIN)
    return Batch(
        rows=context.shaper.lines(whole.records),
        passed_over=[*passed_over, *whole.passed_over],
        settled=whole.settled,
    )


async def look_up(context: ReadContext, key: str, most: float) -> Record:
    """Request one record, `most` times at most, with what the settings ask for.

    What only the search shows is added from there: a row must not lose it to a lookup.

    Raises:
        NotFound: Intercom itself says that it is gone.
        IntercomError: It cannot be read.
    """
    lookup = context.resource.lookup
    assert lookup is not None, "the catalogue holds that each search has one"
    path = record_path(lookup.path, key)
    answer = await context.session.ask(Call(path=path, params=lookup.params, most=most))
    if not answer.body.get("id"):
        raise TransientError(
            RequestInfo(method="GET", path=path, status=200),
            "An answer of Intercom is no record: it has no id, so it may have been cut off",
            "Run again; if it persists, report the request in brackets",
        )
    search = context.resource.endpoint
    if isinstance(search, Search) and not search.params.keys() <= lookup.params.keys():
        call = replace(record_call(search, key), most=most)
        found = read_page(await context.session.ask(call), call.needs).records
        shown = next((one for one in found if str(one.get("id")) == key), None)
        if shown is None:
            raise TransientError(
                call.answered(),
                "A search does not return a record that Intercom shows by its id",
                "Run again; if it persists, report the request in brackets",
            )
        only = {one.column for one in context.resource.on_request if one.searched}
        return {**answer.body, **{name: shown[name] for name in only & shown.keys()}}
    return answer.body


@dataclass(frozen=True, slots=True)
class _Span:
    """A span of `created_at`, with Intercom's counts of all its records and the undated ones."""

    slice: Slice
    total: int
    undated: int


async def read_undated(read: IncrementalRead) -> AsyncGenerator[Batch]:
    """Read the records that a read's searches cannot return, in four requests if there are none.

    If Intercom refuses to count, unseen rows may exist, so nothing is marked.

    Raises:
        TransientError: Intercom cannot answer; the next sync looks for them again.
    """
    try:
        async for batch in _read_undated(read):
            yield batch
    except PermanentError as error:
        read.give_up(error.but("records without updated_at may be missing"))


async def _read_undated(read: IncrementalRead) -> AsyncGenerator[Batch]:
    name, note = read.context.resource.name, read.context.note
    everything = await _count(read, Slice(0, int(read.opened.timestamp())))
    if everything.undated > 0:
        note(f"reading {everything.undated:,} {name} without updated_at, by created_at")
        spans = await _spans_with_undated(read, everything)
        undated = replace(read, undated=True, total=sum(span.total for span in spans), done=0)
        async for batch in read_slices(undated, [span.slice for span in spans]):
            yield replace(batch, checkpoint=None)
        read.whole = read.whole and undated.whole
    if await _list_shows_more(read, everything.undated):
        # What has no `created_at` either is found only in the unfiltered list.
        note(f"reading the list of all {name}: it counts more of them than searches do")
        async for batch in _read_list(read):
            yield batch


async def _count(read: IncrementalRead, one: Slice) -> _Span:
    session, created = read.context.session, (one.since, one.until)
    total, dated = await asyncio.gather(
        count_found(session, read.search, created=created, updated=False),
        count_found(session, read.search, created=created, updated=True),
    )
    return _Span(one, total, total - dated)


async def _spans_with_undated(read: IncrementalRead, whole: _Span) -> list[_Span]:
    """Halve spans until those with undated records are worth reading."""
    found: list[_Span] = []
    counted = [whole]
    while counted:
        halves: list[Slice] = []
        for span in counted:
            smaller = read.cut(span.slice, 2)
            # If each page would contain an undated record, more counting costs more than reading.
            enough = span.total <= max(read.context.slice_records, span.undated * LARGEST)
            if span.undated > 0 and (enough or len(smaller) < 2):
                found.append(span)
            elif span.undated > 0:
                halves += smaller
        count = partial(_count, read)
        counted = [span async for span in map_ordered(count, halves, CONNECTIONS)]
    return sorted(found, key=lambda span: span.slice.since)


async def _list_shows_more(read: IncrementalRead, undated: int) -> bool:
    if not read.search.listed:
        return False
    # In this order, so that what is created between the two counts is not taken as a difference.
    session = read.context.session
    try:
        listed = await count_records(session, read.search)
    except IntercomError as error:
        # The list is another endpoint than search: its failure must not hold back what came.
        read.give_up(error.but("records without any date may be missing"))
        return False
    dated = await count_found(session, read.search, created=None, updated=True)
    return listed is not None and listed > dated + undated


async def _read_list(read: IncrementalRead) -> AsyncGenerator[Batch]:
    search, session = read.search, read.context.session
    lookup = read.context.resource.lookup
    asked = {} if lookup is None else lookup.params
    params = {**asked, "per_page": str(min(LARGEST, session.client.page_size))}
    call = Call(path=search.list_path, params=params, needs=((search.records,),))
    # Not declared as paged by a cursor, since old versions number the pages of this list.
    async with aclosing(read_pages(session, call, SinglePage())) as pages:
        async for page in pages:
            yield read.counted(await read.shaped(page))

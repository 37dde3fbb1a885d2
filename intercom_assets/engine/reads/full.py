"""Reads of lists: whole, in windows of time, or from the newest record down to known ones."""

import math
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from intercom_assets.catalog.endpoints import Listing, Scroll, record_path
from intercom_assets.catalog.replication import FullRefresh, Windowed
from intercom_assets.catalog.types import Record, instant_at, micros_at
from intercom_assets.engine.cursor import Batch, Checkpoint, reached
from intercom_assets.engine.extract import ReadContext, ends_before, local_now
from intercom_assets.engine.rows import RecordSpool, hash_record
from intercom_assets.errors import (
    CutOff,
    PermanentError,
    RateLimited,
    RequestInfo,
    TransientError,
)
from intercom_assets.intercom.client import Call
from intercom_assets.intercom.pagination import Page, paged, read_pages
from intercom_assets.intercom.scroll import Restarted, read_scroll

_UNBOUNDED: Mapping[str, str] = MappingProxyType({})
_DAY = timedelta(days=1)


async def read_full(
    context: ReadContext, listing: Listing, of: str | None = None
) -> AsyncGenerator[Batch]:
    """Read a list to its end, twice if it is unexpectedly empty.

    Where there are several lists, it is that of a value, `of`, which is added to each record.

    Raises:
        PermanentError: The list is empty, but cannot be.
    """
    with RecordSpool(context.folder / f"{context.resource.name}.jsonl") as spool:
        opened, moved = await _fill(context, listing, of, spool)
        if not spool.records and (context.stored_rows or not _may_be_empty(context)):
            opened, moved = await _fill(context, listing, of, spool)
            if not spool.records:
                explain_empty(context, listing, of)
        newest: datetime | None = None
        done = 0
        for page in spool.read():
            records = _one_of_each_key(context, page)
            done += len(page)
            newest = context.newest(records, newest)
            yield Batch(
                rows=context.shaper.lines(context.kept(records), masked=True),
                seen=context.shaper.keys(records, masked=True),
                returned=len(page),
                total=spool.records,
                done=done,
            )
        if moved:
            context.note("records were removed while they were read; the next sync marks them")
        yield Batch(
            checkpoint=Checkpoint(at=reached(context.window, newest, opened)),
            complete=not moved,
            total=done,
            done=done,
        )


def is_limited(context: ReadContext) -> bool:
    """Return whether a list shows only what the teammate behind the token may see."""
    replication = context.resource.replication
    return isinstance(replication, FullRefresh) and replication.limited


async def _fill(
    context: ReadContext, listing: Listing, of: str | None, spool: RecordSpool
) -> tuple[datetime, bool]:
    """Spool a list; return when it was opened, and whether records may have slipped between pages.

    What is deleted meanwhile moves the records behind it to pages that were read before.
    """
    # Pages are only spooled here: nothing slow may come between two scroll requests.
    spool.clear()
    began, opened = local_now(), None
    first = last = came = 0
    moved, added = False, set[str]()
    async for page in _pages(context, listing, of):
        if isinstance(page, Restarted):
            spool.clear()
            first = last = came = 0
            moved, added = False, set[str]()
            continue
        opened = opened or page.date
        came = page.came or came + len(page.records)
        added |= _created_since(page, opened)
        # A count of this page alone says nothing of the others.
        if (count := page.total_count or 0) > len(page.records):
            moved = moved or count < last
            first, last = first or count, count
        if page.records:
            records = _without(listing.secret, page.records)
            if listing.each is not None:
                records = [{**one, listing.each: of} for one in records]
            spool.add(list(context.shaper.masked(records)))
            context.spooled(spool.records)
    # Something added in front comes twice, at the end once: neither may hide what slipped.
    return opened or began, moved or came - len(added) < first


def _created_since(page: Page, opened: datetime | None) -> set[str]:
    """Return the ids of records that were created after a list was opened."""
    if opened is None or page.date is None:
        return set()
    created = {str(one.get("id")): instant_at(one, ("created_at",)) for one in page.records}
    return {key for key, at in created.items() if at is not None and opened < at <= page.date}


def _without(secret: tuple[str, ...], records: list[Record]) -> list[Record]:
    if not secret:
        return records
    return [{name: one[name] for name in one if name not in secret} for one in records]


def _one_of_each_key(context: ReadContext, records: list[Record]) -> list[Record]:
    """Keep one of several records that share a key, whatever their order, and warn of it.

    Records that share an id are one record that came twice; the commit keeps the newer.
    """
    resource = context.resource
    if "id" in resource.primary_key:
        return records
    sharing: dict[tuple[object, ...], list[Record]] = {}
    for record in records:
        sharing.setdefault(tuple(context.shaper.key(record).values()), []).append(record)
    for key, same in sharing.items():
        same.sort(key=_precedence, reverse=True)
        if len({hash_record(record) for record in same}) > 1:
            kept, *others = (f"id {record.get('id') or 'none'}" for record in same)
            context.warn(
                f"{len(same)} {resource.name} share the {' and '.join(resource.primary_key)} "
                f"{', '.join(map(repr, key))}, which identifies a row: kept is {kept}, left out "
                f"{', '.join(others)}. One in use goes before an archived one, then the one that "
                "was updated last"
            )
    return [same[0] for same in sharing.values()]


def _precedence(record: Record) -> tuple[bool, int, str, str]:
    return (
        record.get("archived") is not True,
        micros_at(record, ("updated_at",)) or 0,
        str(record.get("id")),
        hash_record(record),
    )


def _pages(
    context: ReadContext, listing: Listing, of: str | None
) -> AsyncIterator[Page | Restarted]:
    if of is not None:
        listing = replace(listing, path=record_path(listing.path, of))
    if isinstance(context.resource.pagination, Scroll):
        return read_scroll(context.session, list_call(listing))
    return _list(context, listing)


def _list(
    context: ReadContext, listing: Listing, bounds: Mapping[str, str] = _UNBOUNDED
) -> AsyncGenerator[Page]:
    return _pages_of(context, list_call(listing, bounds))


def _pages_of(context: ReadContext, call: Call) -> AsyncGenerator[Page]:
    return read_pages(context.session, call, paged(context.resource.pagination))


def list_call(listing: Listing, bounds: Mapping[str, str] = _UNBOUNDED) -> Call:
    """Return the request for a list."""
    return Call(path=listing.path, params={**listing.params, **bounds}, needs=((listing.records,),))


def _may_be_empty(context: ReadContext) -> bool:
    replication = context.resource.replication
    return not isinstance(replication, FullRefresh) or replication.may_be_empty


def explain_empty(context: ReadContext, listing: Listing, of: str | None = None) -> None:
    """Say what an empty list means where one is not expected.

    Raises:
        PermanentError: The list cannot be empty.
    """
    name = context.resource.name
    if of is not None:
        context.note(
            f"Intercom returned no {name} of the {listing.each} {of!r} twice: what is stored of it "
            "is marked as deleted"
        )
        return
    if is_limited(context):
        return
    if not _may_be_empty(context):
        raise PermanentError(
            RequestInfo(method="GET", path=listing.path, status=200),
            f"The list of {name} is empty, which it never is in a workspace",
            "Run again, and check that the access token may read it; nothing was changed",
        )
    context.warn(
        f"Intercom returned no {name} twice, where {context.stored_rows:,} are stored: they are "
        "marked as deleted now, and unmarked when they come back"
    )


async def read_windowed(
    context: ReadContext, listing: Listing, windowed: Windowed
) -> AsyncGenerator[Batch]:
    """Read what was added in a window, in slices, oldest first, with a checkpoint after each.

    A slice is requested with a second more at its begin: whether bounds are inclusive is not
    documented. The last one has no end, unless a backfill has. Where Intercom cannot answer for a
    slice, shorter ones are requested. Slices without a record move no cursor: a token that is shown
    nothing may be shown them later.
    """
    added, until = _Added(context), context.window.until
    now = context.workspace.date or local_now()
    begin, is_last = context.beginning, False
    span = longest = timedelta(days=windowed.days)
    quiet = until is None and not context.window.must_balance
    if quiet and begin + span <= now and (page := await _only_page(context, listing, windowed)):
        yield added.take(page)
        yield added.reached()
        return
    while not is_last:
        end, newest = begin + span, added.newest
        end = end if until is None else min(end, until)
        is_last = end == until or end > now
        bounds = _after(begin, windowed)
        if until is not None or not is_last:
            bounds[windowed.before] = str(math.ceil(end.timestamp()))
        try:
            async with aclosing(_list(context, listing, bounds)) as pages:
                async for page in pages:
                    yield added.take(page)
        except (TransientError, CutOff) as error:
            if isinstance(error, RateLimited) or span <= _DAY:
                raise
            context.note(error.but("asking for a day at a time"))
            # What came is merged, but the cursor must not pass what may be missing.
            span, added.newest, is_last = _DAY, newest, False
            continue
        yield added.reached()
        begin, span = end, min(span * 2, longest)


async def _only_page(context: ReadContext, listing: Listing, windowed: Windowed) -> Page | None:
    """Return all that was added in a long window, if one response shows it."""
    bounds = _after(context.beginning, windowed)
    # Tried once, since slices are the other way.
    call = replace(list_call(listing, bounds), most=1)
    try:
        async with aclosing(_pages_of(context, call)) as pages:
            page = await anext(pages, None)
            return page if await anext(pages, None) is None else None
    except (TransientError, CutOff):
        return None


def _after(begin: datetime, windowed: Windowed) -> dict[str, str]:
    return {windowed.after: str(int(begin.timestamp()) - 1)}


async def read_newest_first(context: ReadContext, listing: Listing) -> AsyncGenerator[Batch]:
    """Read a list from its newest record down to known ones; the cursor moves at the end."""
    added = _Added(context)
    descent = Descent(context.dated, context.window.since)
    async with aclosing(descent.pages(_list(context, listing))) as pages:
        async for page in pages:
            yield added.take(page)
    if descent.shrunk:
        context.note("records were removed while they were read; the next sync reads them again")
    else:
        yield added.reached()


@dataclass(slots=True)
class _Added:
    """What a read of added records has seen so far."""

    context: ReadContext
    opened: datetime = field(default_factory=local_now)
    newest: datetime | None = None
    done: int = 0
    pages: int = 0

    def take(self, page: Page) -> Batch:
        """Return the rows of a page."""
        if self.pages == 0:
            self.opened = page.date or self.opened
        self.pages += 1
        self.newest = self.context.newest(page.records, self.newest)
        self.done += len(page.records)
        rows = self.context.shaper.lines(self.context.kept(page.records))
        return Batch(rows=rows, returned=len(page.records), done=self.done)

    def reached(self) -> Batch:
        """Return the batch with the cursor of what was read."""
        cursor = reached(self.context.window, self.newest, self.opened)
        return Batch(checkpoint=Checkpoint(at=cursor), done=self.done)


@dataclass(slots=True)
class Descent:
    """A list with its newest record first, read down to `since`.

    Attributes:
        since: Records before this are known; None if none is.
        opened: How far the list goes: Intercom's clock, or without one the newest date.
        shrunk: Whether entries disappeared, so that one may have slipped between two pages.
    """

    dated: Callable[[Record], datetime | None]
    since: datetime | None
    opened: datetime | None = None
    shrunk: bool = False

    async def pages(self, pages: AsyncGenerator[Page]) -> AsyncGenerator[Page]:
        """Yield pages up to the first that ends with a known record."""
        total = 0
        async with aclosing(pages):
            async for page in pages:
                self.opened = self.opened or page.date or self._newest(page)
                count = page.total_count or 0
                self.shrunk, total = self.shrunk or count < total, count
                yield page
                # If a page is out of order, so may be the rest.
                dates = [self.dated(record) for record in page.records]
                if self.since is not None and ends_before(dates, self.since):
                    return

    def is_known(self, record: Record) -> bool:
        """Return whether a record lies before `since`."""
        date = self.dated(record)
        return date is not None and self.since is not None and date < self.since

    def _newest(self, page: Page) -> datetime | None:
        newest = max(filter(None, map(self.dated, page.records)), default=None)
        return newest and min(newest, local_now())

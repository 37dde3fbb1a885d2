"""Incremental reads: their pages, and what makes a slice or a window complete.

Records move while they are paged: Intercom sorts by `updated_at`, which an update changes. An
updated record leaves its slice, and the rows behind it shift by one, so that one of them is missed
between two pages. Therefore a slice has an end, its `total_count` is compared from page to page,
and a slice that moved is read again. A list with the newest first is immune to updates, which only
repeat rows, so the last part of a window, which has no end, is read that way.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from intercom_assets.catalog.endpoints import Granularity, Search
from intercom_assets.catalog.types import EPOCH
from intercom_assets.engine.concurrency import SliceQueue, SliceResult, chain
from intercom_assets.engine.cursor import Batch, Checkpoint, ShapedPage, reached
from intercom_assets.engine.extract import ReadContext, ends_before, local_now
from intercom_assets.engine.reads.nested import completed
from intercom_assets.engine.slices import Slice, cut, slices_from, tail
from intercom_assets.errors import CutOff, NotFound, PermanentError
from intercom_assets.intercom.pagination import Page, paged, read_pages
from intercom_assets.intercom.search import CREATED, UPDATED, Order, search_call

_ATTEMPTS = 5
_FEW = 5
_PASSED_OVER = 50
_EMPTY = 1_000
"""A Unix second long before Intercom existed: no record has this date."""

EARLY = timedelta(days=2)


@dataclass(slots=True)
class IncrementalRead:
    """One incremental read, and what it has seen so far.

    Attributes:
        comparing: Whether stored rows are compared with the records returned.
        opened: Intercom's clock when the window opened.
        total: Records in the window when it opened.
        newest: Latest update in what was read completely.
        whole: Whether nothing can have been missed, so that unseen rows are gone.
        undated: Whether to search by `created_at`, and keep only what no search by `updated_at`
            returns.
        checked: Whether search was found to work after a 404.
        passed_over: Slices skipped because Intercom answers 404 to them.
    """

    context: ReadContext
    search: Search
    comparing: bool = False
    opened: datetime = EPOCH
    total: int | None = None
    newest: datetime | None = None
    done: int = 0
    whole: bool = True
    undated: bool = False
    checked: bool = False
    passed_over: int = 0

    @property
    def by_day(self) -> bool:
        """Whether search compares calendar days."""
        return self.search.granularity is Granularity.DAY

    @property
    def keyed(self) -> bool:
        """Whether to collect the keys of records: unseen rows are gone, or may be."""
        return self.comparing or self.context.window.from_beginning

    def pages(self, since: int, until: int | None, order: Order) -> AsyncGenerator[Page]:
        """Yield the pages of an interval."""
        field = CREATED if self.undated else UPDATED
        call = search_call(self.search, since, until, order, field=field)
        return read_pages(self.context.session, call, paged(self.context.resource.pagination))

    def pages_of(self, one: Slice) -> AsyncGenerator[Page]:
        """Yield the pages of a slice, oldest first."""
        return self.pages(one.since, one.until, Order.OLDEST_FIRST)

    def smaller(self, one: Slice, total: int | None) -> list[Slice]:
        """Cut a slice that is too large; return the slice itself if it is not."""
        parts = -(-(total or 0) // self.context.slice_records)
        return self.cut(one, parts) if parts > 1 else [one]

    def newest_pages(self, begin: int) -> AsyncGenerator[Page]:
        """Yield the pages since `early(begin)`, newest first."""
        return self.pages_since(self.early(begin))

    def pages_since(self, since: int) -> AsyncGenerator[Page]:
        """Yield the pages since an exact bound, newest first."""
        return self.pages(since, None, Order.NEWEST_FIRST)

    async def shaped(self, page: Page) -> ShapedPage:
        """Shape a page's kept records into rows, completing their nested lists."""
        records, shaper = page.records, self.context.shaper
        if self.undated:
            records = [record for record in records if self.context.is_undated(record)]
        # Before anything is awaited: a later response may be shaped before this one.
        first = shaper.reserve(len(records))
        whole = await completed(self.context, self.context.kept(records))
        batch = Batch(
            rows=shaper.lines(whole.records, first=first),
            seen=shaper.keys(records) if self.keyed else [],
            returned=len(page.records),
            passed_over=whole.passed_over,
            settled=whole.settled,
        )
        return ShapedPage(batch, self.context.newest(records, None), page.total_count)

    def counted(self, shaped: ShapedPage) -> Batch:
        """Count a page, and return its batch."""
        if shaped.newest is not None:
            self.newest = max(self.newest or shaped.newest, shaped.newest)
        self.done += shaped.batch.returned
        return replace(shaped.batch, total=self.total, done=self.done)

    def reached(self, covered: Slice | None = None, *, last: bool = False) -> Batch:
        """Return the batch that ends what was read so far, with the cursor reached."""
        cursor = reached(self.context.window, self.newest, self.opened)
        return Batch(
            checkpoint=Checkpoint(at=cursor),
            covered=covered,
            complete=last and self.whole and self.context.window.from_beginning,
            total=self.total,
            done=self.done,
        )

    async def check_search(self, error: NotFound) -> None:
        """Make sure that a 404 is about one record, before every second is searched for it.

        Raises:
            PermanentError: Intercom answers 404 even for a second without records.
        """
        if self.checked:
            return
        self.checked = True
        async with aclosing(self.pages(_EMPTY, _EMPTY, Order.OLDEST_FIRST)) as pages:
            try:
                await anext(pages)
            except NotFound:
                raise PermanentError(
                    error.request,
                    "Intercom answers 404 to every search of this resource",
                    _CHECK_SETTINGS,
                ) from None

    def pass_over(self, one: Slice, missing: NotFound | None) -> None:
        """Skip a slice that keeps changing, or that Intercom does not list.

        Raises:
            PermanentError: Too many are not listed.
        """
        self.passed_over += missing is not None
        self.checked = False
        if missing is not None and self.passed_over > _PASSED_OVER:
            raise PermanentError(
                missing.request,
                f"Intercom answers 404 to more than {_PASSED_OVER} searches of one second or day",
                _CHECK_SETTINGS,
            )
        self.give_up(f"{one}: {_MOVING}")

    def give_up(self, reason: str) -> None:
        """Warn that a record may have been missed, so that nothing is marked."""
        self.whole = False
        self.context.warn(reason)

    def came_short(self, one: Slice, error: CutOff) -> None:
        """Report that Intercom counts records it does not return: a warning once, then notes.

        Raises:
            CutOff: They are more than a few, and the cursor must not pass them.
        """
        # Records that are counted but never returned would hold back all others for good.
        if error.missing > max(_FEW, error.came // 10) and not self.comparing:
            raise error
        tell = self.context.warn if self.whole else self.context.note
        self.whole = False
        tell(f"{one}: {error}")

    def early(self, begin: int) -> int:
        """Return the bound to request: two days early for days; the read stops by itself."""
        return max(begin - int(EARLY.total_seconds()), 0) if self.by_day else begin

    def is_past(self, page: Page, begin: int) -> bool:
        """Return whether a page, newest first, ends before the window; False if out of order."""
        if not self.by_day:
            return False
        dates = [self.context.dated(record) for record in page.records]
        return ends_before(dates, datetime.fromtimestamp(begin, UTC))

    def cut(self, one: Slice, parts: int) -> list[Slice]:
        """Cut a slice into smaller ones."""
        return cut(one, parts, self.search.granularity, self.context.workspace.zone)

    def tail(self) -> int:
        """Return where the last part begins: now, or today if days are compared."""
        return tail(self.opened, self.search.granularity, self.context.workspace.zone)


async def open_window(read: IncrementalRead, pages: AsyncGenerator[Page]) -> Page | None:
    """Read the first page, newest first; return None if Intercom answers 404."""
    read.opened = local_now()
    try:
        first = await anext(pages)
    except NotFound as error:
        read.context.note(error.but("reading around it"))
        return None
    read.opened, read.total = first.date or read.opened, first.total_count
    return first


@dataclass(slots=True)
class _Pass:
    """One pass from the newest record back to `begin`, and how it went.

    Attributes:
        shrunk: Whether records were removed, so that one may have slipped between two pages.
    """

    read: IncrementalRead
    begin: int
    opened: datetime
    pages: int = 0
    shrunk: bool = False

    async def batches(self, pages: AsyncGenerator[Page]) -> AsyncGenerator[Batch]:
        """Yield pages up to the first that ends before `begin`, or shows a removal."""
        total: int | None = None
        async with aclosing(pages):
            async for page in pages:
                self.pages += 1
                if self.pages == 1:
                    self.opened = page.date or self.opened
                # An update repeats a row, and a new record adds one: only a removal hides a row.
                self.shrunk = _less(page.total_count, total)
                total = page.total_count
                yield self.read.counted(await self.read.shaped(page))
                if self.shrunk or self.read.is_past(page, self.begin):
                    return


async def newest_first(
    read: IncrementalRead, pages: AsyncGenerator[Page], begin: int
) -> AsyncGenerator[Batch]:
    """Read from the newest record back to `begin`, again whenever records were removed.

    A record that is updated before its page is read moves ahead of what was read. The next sync
    finds it, so one pass is enough, except for a read that marks unseen rows as gone: it looks
    among what was updated since its last pass began.
    """
    marks = read.context.window.from_beginning
    try:
        for _ in range(_ATTEMPTS):
            current = _Pass(read, begin, read.opened)
            async for batch in current.batches(pages):
                yield batch
            if current.shrunk:
                read.context.note("records were deleted while they were read; reading them again")
            elif marks and current.pages > 1:
                begin = int(current.opened.timestamp())
            else:
                return
            pages = read.newest_pages(begin)
        read.give_up(_MOVING)
    except (NotFound, CutOff) as error:
        async for batch in _read_around(read, begin, error):
            yield batch


async def _read_around(
    read: IncrementalRead, begin: int, error: NotFound | CutOff
) -> AsyncGenerator[Batch]:
    """Read in slices what cannot be listed at once.

    One deleted message makes Intercom answer 404 to the whole page that would show it. Updates
    made meanwhile are not seen, so nothing may be marked and no cursor stored.
    """
    read.context.note(error.but("reading around it"))
    read.whole = False
    until = max(begin, int(read.opened.timestamp()))
    async for batch in read_slices(read, [Slice(begin, until)]):
        yield replace(batch, checkpoint=None)


async def read_slices(read: IncrementalRead, slices: list[Slice]) -> AsyncGenerator[Batch]:
    """Read slices completely, oldest first, each with a checkpoint; cut those too large."""
    queue = SliceQueue(read, slices)
    attempts = 0
    try:
        while (current := queue.next()) is not None:
            newest = read.newest
            async with aclosing(current.pages()) as pages:
                async for page in pages:
                    yield read.counted(page)
            result = await current.result()
            if result.cut:
                continue
            again = await _again(read, current.slice, result, attempts)
            queue.replace(again)
            attempts = attempts + 1 if again else 0
            if again:
                # What came is merged, but the cursor must not pass what may be missing.
                read.newest = newest
            else:
                yield read.reached(current.slice)
    finally:
        await queue.stop()


async def _again(
    read: IncrementalRead, one: Slice, result: SliceResult, attempts: int
) -> list[Slice]:
    """Return what to read again of a slice; nothing if it is done or skipped.

    Raises:
        PermanentError: The failure is not about one record.
    """
    if result.missing is not None:
        read.context.note(result.missing.but("reading around it"))
        await read.check_search(result.missing)
    smaller = read.cut(one, 2) if result.moved else []
    if result.broken is not None:
        read.context.note(result.broken.but("reading around it"))
        if len(smaller) == 1:
            raise result.broken
    # A second or a day cannot be cut: it is tried again a few times, but after a 404 only once.
    may_repeat = attempts < (_ATTEMPTS if result.missing is None else 1)
    if result.moved and (may_repeat or len(smaller) > 1):
        read.context.note(f"{one} changed while it was read; reading it again")
        return smaller
    if result.moved:
        read.pass_over(one, result.missing)
    if result.short is not None:
        read.came_short(one, result.short)
    return []


async def first_slices(read: IncrementalRead, begin: int) -> list[Slice]:
    """Cut the window at its oldest record, so that empty years cost one request.

    The slice before that record is read too: only the order of a response says that it is empty.
    """
    try:
        async with aclosing(read.pages(begin, None, Order.OLDEST_FIRST)) as pages:
            first = (await anext(pages)).records
    except NotFound:
        first = []
    dates = [dated for record in first if (dated := read.context.dated(record))]
    oldest = int(min(dates, default=read.opened).timestamp())
    end = read.tail() - 1
    zone = read.context.workspace.zone
    return slices_from(begin, oldest, end, read.search.granularity, zone=zone)


def _less(count: int | None, than: int | None) -> bool:
    return count is not None and than is not None and count < than


_CHECK_SETTINGS = (
    "Check api_version, region and base_url; if they are right, ask Intercom's support"
)
_MOVING = (
    "records changed again and again while they were read, or Intercom refused to list them, so "
    "one may have been passed over; a reconcile finds it"
)


async def read_window(read: IncrementalRead) -> AsyncGenerator[Batch]:
    """Read every record updated since the window's start.

    A small window takes one pass, newest first. A larger one is cut into slices, oldest first,
    with a checkpoint after each, from which an interrupted read resumes.
    """
    since = read.context.window.since
    begin = int(since.timestamp()) if since else 0
    async with aclosing(read.newest_pages(begin)) as pages:
        first = await open_window(read, pages)
        if first is not None and not _is_large(read, since):
            async for batch in newest_first(read, chain(first, pages), begin):
                yield batch
            return
    async for batch in read_slices(read, await first_slices(read, begin)):
        yield batch
    tail = read.tail()
    began = f"{datetime.fromtimestamp(tail, UTC):%Y-%m-%d %H:%M}"
    read.context.note(f"reading what changed meanwhile, since {began} UTC")
    # Read to the list's end, since days begin earlier than the tail if the zone is unknown.
    async for batch in newest_first(read, read.pages_since(tail), read.early(tail)):
        yield batch


def _is_large(read: IncrementalRead, since: datetime | None) -> bool:
    if read.total is None or read.total <= read.context.slice_records:
        return False
    # A search by days also counts days before a short window, so its count says nothing.
    return not read.by_day or since is None or read.opened - since > EARLY

"""One read by time: its pages, and what makes a slice or a window whole.

Rows move while they are paged. A record that is updated leaves its slice for the end, and where
positions are offsets the rows behind it shift and one is missed: so a slice has an end, its
`total_count` is compared from page to page, and a slice that moved is read again. A list with
the newest first is immune to updates (they only repeat rows), so the last piece of a window,
which has no end, is read that way.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from intercom_assets.catalog.resource import Granularity, Search
from intercom_assets.errors import CutOff, NotFound, PermanentError
from intercom_assets.intercom.pagination import Page, paged, read_pages
from intercom_assets.intercom.search import CREATED, UPDATED, Order, search_call
from intercom_assets.sync.batch import Batch, Checkpoint, Shaped
from intercom_assets.sync.cursor import EPOCH, reached
from intercom_assets.sync.nested import completed
from intercom_assets.sync.reading import Reading, now
from intercom_assets.sync.side_by_side import Line
from intercom_assets.sync.slices import Slice, cut, slices_from, tail

_ATTEMPTS = 5
_FEW = 5
_PASSED_OVER = 50
_EMPTY = 1_000
"""Unix second long before Intercom: no record is dated so."""

EARLY = timedelta(days=2)


@dataclass(slots=True)
class Walk:
    """One read by time: what is asked, and what was seen so far.

    Attributes:
        reading: What is read.
        search: Where and how finely to search.
        comparing: Whether stored rows are compared with what is returned.
        opened: Intercom's clock when the window opened.
        total: Records in the window when it opened.
        newest: Latest update seen in what was read whole.
        done: Records returned.
        whole: Whether nothing can have been passed over, so that unseen rows are gone.
        undated: Whether to search by `created_at`, and keep only what no search by `updated_at`
            returns.
        checked: Whether searches are known to work where one was answered with 404.
        passed_over: Slices that were left out because Intercom answers 404 to them.
    """

    reading: Reading
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
        """Whether the search compares calendar days."""
        return self.search.granularity is Granularity.DAY

    @property
    def keyed(self) -> bool:
        """Whether it matters which records were returned: others are gone, or may be."""
        return self.comparing or self.reading.start.from_beginning

    def pages(self, since: int, until: int | None, order: Order) -> AsyncGenerator[Page]:
        """Ask for the pages of an interval."""
        field = CREATED if self.undated else UPDATED
        call = search_call(self.search, since, until, order, field=field)
        return read_pages(self.reading.session, call, paged(self.reading.resource.pagination))

    def pages_of(self, one: Slice) -> AsyncGenerator[Page]:
        """Ask for the pages of a slice, oldest first."""
        return self.pages(one.since, one.until, Order.OLDEST_FIRST)

    def smaller(self, one: Slice, total: int | None) -> list[Slice]:
        """Cut a slice that holds too much; itself where it does not."""
        parts = -(-(total or 0) // self.reading.slice_records)
        return self.cut(one, parts) if parts > 1 else [one]

    async def shaped(self, page: Page) -> Shaped:
        """Make rows of a page's records that are kept, with their nested lists whole."""
        records, shaper = page.records, self.reading.shaper
        if self.undated:
            records = [record for record in records if self.reading.is_undated(record)]
        # Before anything is waited for: a later answer may be shaped before this one.
        first = shaper.reserve(len(records))
        whole = await completed(self.reading, self.reading.kept(records))
        return Shaped(
            rows=shaper.lines(whole.records, first=first),
            keys=shaper.keys(records) if self.keyed else [],
            returned=len(page.records),
            newest=self.reading.newest(records, None),
            total_count=page.total_count,
            passed_over=whole.passed_over,
            settled=whole.settled,
        )

    def counted(self, shaped: Shaped) -> Batch:
        """Count a page."""
        if shaped.newest is not None:
            self.newest = max(self.newest or shaped.newest, shaped.newest)
        self.done += shaped.returned
        return Batch(
            rows=shaped.rows,
            seen=shaped.keys,
            returned=shaped.returned,
            passed_over=shaped.passed_over,
            settled=shaped.settled,
            total=self.total,
            done=self.done,
        )

    def reached(self, covered: Slice | None = None, *, last: bool = False) -> Batch:
        """Say that everything up to the newest record seen was read."""
        cursor = reached(self.reading.start, self.newest, self.opened)
        return Batch(
            checkpoint=Checkpoint(at=cursor),
            covered=covered,
            complete=last and self.whole and self.reading.start.from_beginning,
            total=self.total,
            done=self.done,
        )

    async def check_search(self, error: NotFound) -> None:
        """Stop where a 404 is no matter of one record: it would be looked for in every second.

        Raises:
            PermanentError: Intercom answers 404 for a second without records, too.
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
        """Go on without a slice that keeps changing, or that Intercom does not list.

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
        """Warn that a record may have been passed over; nothing is marked then."""
        self.whole = False
        self.reading.warn(reason)

    def came_short(self, one: Slice, error: CutOff) -> None:
        """Say that Intercom counts what it does not return: once in a warning, then in notes.

        Raises:
            CutOff: That is more than a few records, which the cursor must not pass.
        """
        if error.missing > max(_FEW, error.came // 10) and not self.comparing:
            raise error
        tell = self.reading.warn if self.whole else self.reading.note
        self.whole = False
        tell(f"{one}: {error}")

    def early(self, begin: int) -> int:
        """Ask two days early where days are compared: the walk stops by itself."""
        return max(begin - int(EARLY.total_seconds()), 0) if self.by_day else begin

    def is_past(self, page: Page, begin: int) -> bool:
        """Whether a page, newest first, ends before the window; never if it is out of order."""
        if not self.by_day:
            return False
        dates = [self.reading.dated(record) for record in page.records]
        known = [dated for dated in dates if dated is not None]
        in_order = len(known) == len(dates) and known == sorted(known, reverse=True)
        return in_order and bool(known) and known[-1].timestamp() < begin

    def cut(self, one: Slice, parts: int) -> list[Slice]:
        """Cut a slice into smaller ones."""
        return cut(one, parts, self.search.granularity, self.reading.workspace.zone)

    def tail(self) -> int:
        """Where the last piece begins: now, or today where days are compared."""
        return tail(self.opened, self.search.granularity, self.reading.workspace.zone)


async def opened(walk: Walk, pages: AsyncGenerator[Page]) -> Page | None:
    """Read the first page, newest first; None where Intercom answers 404 to it."""
    walk.opened = now()
    try:
        first = await anext(pages)
    except NotFound as error:
        walk.reading.note(error.but("reading around it"))
        return None
    walk.opened, walk.total = first.date or walk.opened, first.total_count
    return first


async def newest_first(
    walk: Walk, pages: AsyncGenerator[Page], begin: int
) -> AsyncGenerator[Batch]:
    """Walk from the newest record back to `begin`, again whenever records were taken away.

    A record that is updated before its page is read moves ahead of what was read. The next sync
    finds it; a read whose unseen rows are gone looks for it at once.
    """
    marks = walk.reading.start.from_beginning
    try:
        for _ in range(_ATTEMPTS):
            total: int | None = None
            shrunk, count, opened_at = False, 0, walk.opened
            async with aclosing(pages):
                async for page in pages:
                    count += 1
                    opened_at = (page.date or opened_at) if count == 1 else opened_at
                    shrunk = _less(page.total_count, total)
                    total = page.total_count
                    yield walk.counted(await walk.shaped(page))
                    if shrunk or walk.is_past(page, begin):
                        break
            if shrunk:
                walk.reading.note("records were deleted while they were read; reading them again")
            elif marks and count > 1:
                begin = int(opened_at.timestamp())
            else:
                return
            pages = walk.pages(walk.early(begin), None, Order.NEWEST_FIRST)
        walk.give_up(_MOVING)
    except (NotFound, CutOff) as error:
        # One deleted message makes Intercom answer 404 to a whole page: read around it. What is
        # updated meanwhile is not seen, so that nothing may be marked.
        walk.reading.note(error.but("reading around it"))
        walk.whole = False
        until = max(begin, int(walk.opened.timestamp()))
        async for batch in read_slices(walk, [Slice(begin, until)]):
            yield replace(batch, checkpoint=None)


async def read_slices(walk: Walk, slices: list[Slice]) -> AsyncGenerator[Batch]:
    """Read slices whole, oldest first; those that are too large are cut."""
    line = Line(walk, slices)
    attempts = 0
    try:
        while (piece := line.following()) is not None:
            one, before = piece.slice, walk.newest
            async with aclosing(piece.taken()) as pages:
                async for shaped in pages:
                    yield walk.counted(shaped)
            ended = await piece.ended()
            if ended.cut:
                continue
            if ended.missing:
                walk.reading.note(ended.missing.but("reading around it"))
                await walk.check_search(ended.missing)
            smaller = walk.cut(one, 2) if ended.moved else []
            if ended.broken is not None:
                walk.reading.note(ended.broken.but("reading around it"))
                if len(smaller) == 1:
                    raise ended.broken
            again = attempts < (_ATTEMPTS if ended.missing is None else 1)
            if ended.moved and (again or len(smaller) > 1):
                attempts += 1
                walk.newest = before
                walk.reading.note(f"{one} changed while it was read; reading it again")
                line.replace(smaller)
                continue
            if ended.moved:
                walk.pass_over(one, ended.missing)
            if ended.short is not None:
                walk.came_short(one, ended.short)
            attempts = 0
            line.replace([])
            yield walk.reached(one)
    finally:
        await line.stop()


async def first_slices(walk: Walk, begin: int) -> list[Slice]:
    """Cut the window at its oldest record, so that empty years cost one request.

    The slice before that record is read too: that it is empty rests on the order of an answer.
    """
    try:
        async with aclosing(walk.pages(begin, None, Order.OLDEST_FIRST)) as pages:
            first = (await anext(pages)).records
    except NotFound:
        first = []
    dates = [dated for record in first if (dated := walk.reading.dated(record))]
    oldest = int(min(dates, default=walk.opened).timestamp())
    end = walk.tail() - 1
    zone = walk.reading.workspace.zone
    return slices_from(begin, oldest, end, walk.search.granularity, zone=zone)


def _less(count: int | None, than: int | None) -> bool:
    return count is not None and than is not None and count < than


_CHECK_SETTINGS = (
    "Check api_version, region and base_url; if they are right, ask Intercom's support"
)
_MOVING = (
    "records changed again and again while they were read, or Intercom refused to list them, so "
    "one may have been passed over; a reconcile finds it"
)

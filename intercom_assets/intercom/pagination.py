"""Pagination of lists: a single page, a cursor, or page numbers.

https://developers.intercom.com/docs/build-an-integration/learn-more/rest-apis/pagination-cursor

Lists end and break off in more forms than the documents show. A list is known to be complete when
there are as many distinct ids as `total_count` says.

| form of a response | taken for |
|---|---|
| `pages` or `next` absent, null, empty or without a value | the end, unless another row applies |
| `next` is a URL (also relative), an object, a cursor or a number | the next page |
| no next page, but `page` < `total_pages` (also outside `pages`) | page + 1, unless by cursor |
| the same in a list with cursors, or fewer records than `total_count` | broken off |
| `next` names a page again, or has an unknown form | the end if complete, else broken off |
| a later page is refused: 400, 422, for a GET also 404 | the end if complete, else broken off |
| an empty page that names a next one | not the end; 100 in a row are an error |
| the same in a list by links | the end if it names nothing new, or if it is the second in a row |
| an empty page where `total_pages` counts more | not the end, unless it is the tenth in a row |
| the list is null beside a `total_count` of 0 | an empty list |
| a response of type `list` with its only list under another key | its records |

A list that breaks off is read again from the start, and in the end raises `CutOff`. A search by
time then continues in smaller slices, whose records fit on one page.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from datetime import datetime

from intercom_assets.catalog.endpoints import (
    Child,
    Linked,
    Numbered,
    Pagination,
    SinglePage,
    StartingAfter,
)
from intercom_assets.catalog.types import Json, Record, as_int, value_at
from intercom_assets.errors import CutOff, NotFound, PermanentError, RequestInfo, TransientError
from intercom_assets.intercom.client import Call, ResourceSession
from intercom_assets.intercom.position import (
    Paged,
    Position,
    dividing,
    named_position,
    next_named,
    page_at,
    page_numbers,
    page_size,
    says_something,
)
from intercom_assets.intercom.responses import Places, Response, came_without, records_at
from intercom_assets.intercom.retry import FAILURES, may_be_too_large

_REPORT = "Run again; if it persists, report the request to Intercom's support"
_IDLE_PAGES = 100
"""Consecutive pages without a new record after which a list is considered endless."""

_EMPTY_PAGES = 10
"""Consecutive empty pages after which a list ends that counts more pages, but names none."""

_REFUSED = "it refuses the next page that it named itself"
_READINGS = 3
"""How often a list that breaks off is read from the start."""


@dataclass(frozen=True, slots=True)
class Page:
    """The records of one response.

    `total_count` is that of all pages, if Intercom says so; `came` counts the distinct records of
    the list up to here, 0 if they were not compared.
    """

    records: list[Record]
    total_count: int | None
    date: datetime | None
    body: Record
    came: int = 0


_FIRST = Position(1)


class _BrokenOff(Exception):  # noqa: N818 - reads as what happened
    """A list broke off and has to be read again from the start.

    Attributes:
        ended: Whether it reached its last page, but with fewer records than it counts.
    """

    def __init__(self, why: str, request: RequestInfo, *, ended: bool = False) -> None:
        self.why = why
        self.request = request
        self.ended = ended
        super().__init__(why)


async def read_list(session: ResourceSession, call: Call, paged: Paged) -> Page:
    """Read a complete list into its first page, without duplicates.

    Raises:
        IntercomError: As `read_pages`.
    """
    pages = [page async for page in read_pages(session, call, paged)]
    records: dict[str, Record] = {}
    for record in (one for page in pages for one in page.records):
        # Keep the last place: the order is that of the last reading.
        records.pop(key_of(record, paged), None)
        records[key_of(record, paged)] = record
    return replace(pages[0], records=list(records.values()))


async def read_children(
    session: ResourceSession, call: Call, child: Child, pagination: Pagination
) -> Page:
    """Read the complete list of a parent's children.

    Raises:
        IntercomError: As `read_pages`; or the response lacks the only child, and null in its place.
    """
    keys = child.records
    if not child.single:
        return await read_list(session, replace(call, needs=(keys,)), paged(pagination))
    answer = await session.ask(call)
    above = value_at(answer.body, keys[:-1])
    found = above.get(keys[-1], keys) if isinstance(above, dict) else keys
    if found is not None and not isinstance(found, dict):
        raise came_without(call.answered(), keys)
    return Page([] if found is None else [found], None, answer.date, answer.body)


async def read_pages(session: ResourceSession, call: Call, paged: Paged) -> AsyncGenerator[Page]:
    """Yield the pages of a list, starting over if it breaks off.

    Records are then yielded again; the consumer merges them by key.

    Raises:
        CutOff: The list keeps breaking off, or ends with fewer records than it counts.
        PermanentError: It does not end.
    """
    reading = _Reading(session, call, paged)
    while not reading.ended:
        try:
            if (page := await reading.next()) is not None:
                yield page
                reading.go_on(page)
        except _BrokenOff as broken:
            reading = reading.again(broken)


@dataclass(slots=True)
class _Reading:
    """One reading of a list from the start.

    Attributes:
        number: How many readings came before.
        known: Keys of the records that they returned.
    """

    session: ResourceSession
    call: Call
    paged: Paged
    number: int = 0
    known: frozenset[str] = frozenset()
    ended: bool = False
    _position: Position | None = None
    _asked: set[Position | None] = field(default_factory=set)
    _here: set[str] = field(default_factory=set)
    _counted: int | None = None
    _idle: int = 0
    _size: int = 0
    _sizes: set[int] = field(default_factory=set)

    async def next(self) -> Page | None:
        """Request the next page; return None if one was named but does not exist.

        Raises:
            _BrokenOff: Intercom refuses the position that it named.
        """
        try:
            answer = await self._ask()
        except PermanentError as error:
            if not self._is_refused(error):
                raise
            if not self._is_whole():
                raise _BrokenOff(_REFUSED, error.request) from None
            self.ended = True
            return None
        page = read_page(answer, self.call.needs)
        self._note(page)
        return replace(page, came=len(self._here))

    def go_on(self, page: Page) -> None:
        """Find the next page.

        Raises:
            _BrokenOff: There must be one, but it cannot be requested.
            PermanentError: The list does not end.
        """
        named = next_named(page.body)
        position = named_position(named, self.paged, self._size) or self._following(page)
        over = position in self._asked or not page.records
        self.ended = position is None or (over and self._is_whole())
        if isinstance(self.paged, Linked) and not page.records:
            # Nothing is older. A document's example of an empty page has a link that leads nowhere.
            self.ended = self.ended or position in self._asked or self._idle > 1
        elif self.ended:
            self._end(named, page)
        elif self._idle >= _IDLE_PAGES:
            wrong = f"Intercom's list does not end: {self._idle} pages in a row bring nothing new"
            raise PermanentError(self.call.answered(), wrong, _REPORT)
        elif position in self._asked:
            again = f"it named the next page {str(position)!r} twice"
            raise _BrokenOff(again, self.call.answered())
        self._position = position

    def again(self, broken: _BrokenOff) -> "_Reading":
        """Return a new reading.

        Raises:
            CutOff: The list was read often enough.
        """
        came = len(self._here)
        of = "" if self._counted is None else f"of {self._counted:,} "
        wrong = f"Intercom's list breaks off after {came:,} {of}records: {broken.why}"
        if self.number + 1 >= (2 if broken.ended else _READINGS):
            missing = self._missing() if broken.ended else 0
            raise CutOff(broken.request, wrong, _REPORT, came=came, missing=missing) from None
        self.session.note(f"{wrong}; reading it again [{broken.request}]")
        self.session.meter.retries += 1
        known = self.known | self._here
        return _Reading(self.session, self.call, self.paged, self.number + 1, known)

    async def _ask(self) -> Response:
        """Request the page at the position, with fewer records after repeated failures."""
        most = 1 if isinstance(self.paged, SinglePage) else self.paged.per_page
        shared = self.session.page_size(most)
        size, failed = shared.size, 0

        def instead(error: TransientError) -> Call:
            nonlocal size, failed
            failed += may_be_too_large(error)
            if failed >= FAILURES and (smaller := shared.failed(size)) < size:
                size, failed = smaller, 0
                self.session.note(f"asking for pages of {size} from now on")
            size = min(size, shared.size)
            return self._at(size)

        try:
            answer = await self.session.ask(self._at(size), instead=instead)
        except TransientError as error:
            raise self._unanswered(error, size) from None
        shared.came(size, answer.size)
        return answer

    def _at(self, size: int) -> Call:
        self._size = dividing(self._position, size)
        self._sizes.add(self._size)
        return page_at(self.call, self.paged, self._position, self._size)

    def _unanswered(self, error: TransientError, size: int) -> TransientError:
        if size > 1 or isinstance(self.paged, SinglePage) or not may_be_too_large(error):
            return error
        place = f" at {str(self._position)!r}" if self._position else ""
        return TransientError(
            error.request,
            f"Intercom cannot answer for the record after the first {len(self._here):,} of a list"
            f"{place}, not even for it alone",
            "Run again when https://www.intercomstatus.com shows no incident; if it persists, "
            "report the request to Intercom's support",
        )

    def _note(self, page: Page) -> None:
        keys = {key_of(record, self.paged) for record in page.records}
        # Intercom may answer smaller pages than it was asked for; the next begins after those.
        self._size = page_size(page.body, self._size, len(page.records))
        self._idle = 0 if keys - self._here else self._idle + 1
        self._here |= keys
        self._asked.add(self._position)
        # A page beyond the end may count nothing, and deletions lower the count meanwhile.
        if page.total_count is not None and (page.records or self._counted is None):
            before = page.total_count if self._counted is None else self._counted
            self._counted = min(page.total_count, before)

    def _is_refused(self, error: PermanentError) -> bool:
        gone = isinstance(error, NotFound) and self.call.method == "GET"
        return self._position is not None and (gone or error.status in {400, 422})

    def _is_whole(self) -> bool:
        return self._counted is not None and self._missing() == 0

    def _missing(self) -> int:
        seen = len(self._here | self.known)
        return 0 if self._counted is None else max(self._counted - seen, 0)

    def _following(self, page: Page) -> Position | None:
        """Return the next numbered page if none is named but one must follow."""
        number = self._page_number(page) or 1
        full = isinstance(self.paged, Numbered) and len(page.records) >= self._size
        follows = self._is_left(page) or (full and self._missing() > 0)
        if isinstance(self.paged, StartingAfter) or self._is_whole() or not follows:
            return None
        return Position(number + 1, self._size if isinstance(self.paged, Numbered) else 0)

    def _end(self, named: Json, page: Page) -> None:
        """Check that nothing follows the last page."""
        if self._is_whole():
            return
        if says_something(named):
            unknown = f"it names the next page in a form that is not known: {str(named)[:80]!r}"
            raise _BrokenOff(unknown, self.call.answered())
        left = self._is_left(page)
        if left or self._missing():
            full = not isinstance(self.paged, SinglePage) and len(page.records) >= self._size
            ended = not (left or full)
            why = "that is its last page" if ended else "it names no next page"
            raise _BrokenOff(why, self.call.answered(), ended=ended)

    def _is_left(self, page: Page) -> bool:
        """Return whether a response counts more pages; with cursors, only if all had one size."""
        number, pages = self._page_number(page), page_numbers(page.body)[1]
        if isinstance(self.paged, StartingAfter) and len(self._sizes) > 1:
            return False
        if not page.records and self._idle >= _EMPTY_PAGES:
            return False
        return number is not None and pages is not None and number < pages

    def _page_number(self, page: Page) -> int | None:
        """Return the number of a page: as it says, or as it was requested."""
        number = page_numbers(page.body)[0]
        if number is None and not isinstance(self.paged, StartingAfter):
            number = (self._position or _FIRST).number
        return number


def read_page(answer: Response, places: Places) -> Page:
    """Extract the records from a response, ignoring anything that is not an object."""
    found = records_at(answer.body, places) or []
    return Page(
        [record for record in found if isinstance(record, dict)],
        as_int(answer.body.get("total_count")),
        answer.date,
        answer.body,
    )


def key_of(record: Record, paged: Paged) -> str:
    """Return what tells the records of a list apart."""
    # What is listed by links may share an id: it is documented as the contact's.
    return str(record if isinstance(paged, Linked) else record.get("id") or record)


def paged(pagination: Pagination) -> Paged:
    """Narrow a pagination to what `read_pages` accepts.

    Raises:
        ValueError: The pagination is the scroll.
    """
    if isinstance(pagination, SinglePage | StartingAfter | Numbered | Linked):
        return pagination
    raise ValueError("a scroll has no pages to ask for")

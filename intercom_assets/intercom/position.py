"""Positions of pages: the forms in which Intercom names the next one, and how to request it."""

from dataclasses import dataclass, replace
from typing import assert_never
from urllib.parse import parse_qs, parse_qsl, urlsplit

from intercom_assets.catalog.endpoints import Linked, Numbered, SinglePage, StartingAfter
from intercom_assets.catalog.types import Json, Record, as_int
from intercom_assets.intercom.client import Call

Paged = SinglePage | StartingAfter | Numbered | Linked
"""All paginations except the scroll, which `scroll` reads."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page begins, as named by the page before it.

    Attributes:
        per_page: Page size on which `number` is based, 0 if we do not set one.
        link: Parameters of a URL that names the page.
    """

    number: int | None = None
    per_page: int = 0
    cursor: str | None = None
    link: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """Return what Intercom named, shortened."""
        linked = " ".join(f"{name}={value}" for name, value in self.link)
        return (self.cursor or linked or str(self.number))[:40]


def page_numbers(body: Record) -> tuple[int | None, int | None]:
    """Return a response's page number and its count of pages."""
    return _told(body, "page"), _told(body, "total_pages")


def page_size(body: Record, size: int, came: int) -> int:
    """Return the size of the pages of a response: as asked for, unless fewer came as it says."""
    told = _told(body, "per_page")
    return told if told and came <= told < size else size


def _told(body: Record, name: str) -> int | None:
    """Return a number of a response, inside or outside `pages`."""
    pages = body.get("pages")
    found = _number(pages.get(name)) if isinstance(pages, dict) else None
    return _number(body.get(name)) if found is None else found


def next_named(body: Record) -> Json:
    """Return what a response says about the next page."""
    pages = body.get("pages")
    return pages.get("next") if isinstance(pages, dict) else None


def named_position(following: Json, paged: Paged, size: int) -> Position | None:
    """Parse `pages.next`: absent, null, a URL, a number, a cursor or an object with either.

    A list documented as a single page is followed, too, if it names a next one: stopping there
    would lose rows. An object can contain both, and then both are sent: the documents show a
    cursor beside a page number.
    """
    number: Json = None
    cursor: Json = None
    match following:
        case dict():
            number, cursor = following.get("page"), following.get("starting_after")
        case str() if "?" in following or following.startswith(("http://", "https://")):
            if isinstance(paged, Linked) and (link := parse_qsl(urlsplit(following).query)):
                return Position(link=tuple(link))
            query = {
                name: values[0] for name, values in parse_qs(urlsplit(following).query).items()
            }
            number, cursor = query.get("page"), query.get("starting_after")
        case _ if not isinstance(paged, StartingAfter) and _number(following) is not None:
            number = following
        case _:
            cursor = following
    text = str(cursor) if isinstance(cursor, str | int) and not isinstance(cursor, bool) else ""
    page = None if isinstance(paged, StartingAfter) else _number(number)
    if not text and page is None:
        return None
    return Position(page, size if isinstance(paged, Numbered) else 0, text or None)


def says_something(following: Json) -> bool:
    """Return whether what a response says about the next page contains any value."""
    values = following.values() if isinstance(following, dict) else [following]
    return any(value not in (None, "", False) for value in values)


def _number(value: Json) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    return as_int(value)


def dividing(position: Position | None, size: int) -> int:
    """Return the largest size up to `size` in which a numbered page begins at the same record."""
    if position is None or position.number is None or not position.per_page:
        return size
    before = (position.number - 1) * position.per_page
    return next(one for one in range(size, 0, -1) if before % one == 0)


def page_at(call: Call, paged: Paged, position: Position | None, size: int) -> Call:
    """Return the request for the page at a position, in a size that `dividing` returned."""
    place: dict[str, str] = {}
    if position is not None and position.number is not None:
        before = (position.number - 1) * position.per_page
        place["page"] = str(before // size + 1 if position.per_page else position.number)
    if position is not None and position.cursor is not None:
        place["starting_after"] = position.cursor
    match paged:
        case SinglePage():
            return replace(call, params={**call.params, **place})
        case Linked():
            # Its other parameters are ours: an example of Intercom's ends in a stray quote.
            params = {**dict(position.link if position else ()), **place, **call.params}
            return replace(call, params={**params, "per_page": str(size)})
        case Numbered():
            begin = {} if position else {"page": "1"}
            params = {**call.params, **begin, **place, "per_page": str(size)}
            return replace(call, params=params)
        case StartingAfter():
            if call.body is None:
                return replace(call, params={**call.params, **place, "per_page": str(size)})
            # A search reads its position from the body only, and would repeat page one otherwise.
            return replace(call, body={**call.body, "pagination": {**place, "per_page": size}})
        case _:
            assert_never(paged)

"""How answers continue: one page, a cursor, page numbers, or the scroll.

https://developers.intercom.com/docs/build-an-integration/learn-more/rest-apis/pagination-cursor
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never
from urllib.parse import parse_qs, urlsplit

from intercom_assets.catalog.resource import Numbered, Pagination, SinglePage, StartingAfter
from intercom_assets.errors import PermanentError, Request
from intercom_assets.intercom.answers import Answer
from intercom_assets.intercom.client import Call, Places, Session, records_at
from intercom_assets.schema.types import Json, Record

_REPORT = "Run again; if it stays, report the request to Intercom's support"
_EMPTY_PAGES = 100
"""Empty pages in a row that are followed: more than that is no list that ends."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer's records.

    Attributes:
        records: JSON objects, in Intercom's order.
        total_count: Records in all pages, where Intercom says so.
        date: Intercom's clock when it answered.
        body: The whole answer.
    """

    records: list[Record]
    total_count: int | None
    date: datetime | None
    body: Record


Paged = SinglePage | StartingAfter | Numbered
"""Every pagination but the scroll, which `scroll` reads."""


async def read_pages(session: Session, call: Call, paged: Paged) -> AsyncGenerator[Page]:
    """Read page after page until Intercom names no next one.

    An empty page is not the end where a next one is named.

    Raises:
        PermanentError: Intercom names a page again that was read already, or names the next
            one in a form that is not known.
    """
    position: str | None = None
    seen: set[str] = set()
    empty = 0
    while True:
        answer = await session.ask(_at(call, paged, position))
        page = read_page(answer, call.needs)
        yield page
        empty = 0 if page.records else empty + 1
        request = Request(method=call.method, path=call.path, status=200)
        try:
            position = next_position(answer.body, paged)
        except ValueError as error:
            wrong = f"Intercom names the next page in a form that is not known: {error}"
            raise PermanentError(request, wrong, _REPORT) from None
        if position is None:
            return
        if empty >= _EMPTY_PAGES:
            wrong = f"Intercom's list does not end: {empty} empty pages in a row name a next one"
            raise PermanentError(request, wrong, _REPORT)
        if position in seen:
            wrong = f"Intercom's list does not end: it named the next page {position[:40]!r} twice"
            raise PermanentError(request, wrong, _REPORT)
        seen.add(position)


def read_page(answer: Answer, places: Places) -> Page:
    """Take the records out of an answer; what is no object is no record."""
    found = records_at(answer.body, places) or []
    total = answer.body.get("total_count")
    return Page(
        [record for record in found if isinstance(record, dict)],
        total if isinstance(total, int) and not isinstance(total, bool) else None,
        answer.date,
        answer.body,
    )


def next_position(body: Record, paged: Paged) -> str | None:
    """Find the next page in `pages.next`: absent, null, a URL, a number or an object.

    A list that is documented as one page is followed too where a next page is named: to take
    its first page for the whole would lose rows.

    Returns:
        A cursor, or the number of a page, or None at the end.

    Raises:
        ValueError: A next page is named in a form that is not known.
    """
    pages = body.get("pages")
    following = pages.get("next") if isinstance(pages, dict) else None
    if following is None:
        return None
    # An object can hold both: the documents show a cursor beside the number of a page.
    names = (
        ("page", "starting_after") if isinstance(paged, Numbered) else ("starting_after", "page")
    )
    match following:
        case dict():
            found = _text(following.get(names[0])) or _text(following.get(names[1]))
        case str() if following.startswith(("http://", "https://", "/")):
            query = parse_qs(urlsplit(following).query)
            found = next((query[name][0] for name in names if name in query), None)
        case _:
            found = _text(following)
    if found is None:
        raise ValueError(f"pages.next is {str(following)[:80]!r}")
    return found


def _text(value: Json) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value) or None


def _at(call: Call, paged: Paged, position: str | None) -> Call:
    match paged:
        case SinglePage():
            if position is None:
                return call
            name = "page" if position.isdigit() else "starting_after"
            return replace(call, params={**call.params, name: position})
        case Numbered(per_page):
            number = position or "1"
            return replace(call, params={**call.params, "page": number, "per_page": str(per_page)})
        case StartingAfter(per_page):
            return _after(call, per_page, position)
        case _:
            assert_never(paged)


def _after(call: Call, per_page: int, position: str | None) -> Call:
    # A search reads its position from the body alone and would repeat page one otherwise.
    if call.body is not None:
        place: Record = {"per_page": per_page}
        if position is not None:
            place["starting_after"] = position
        return replace(call, body={**call.body, "pagination": place})
    params = {**call.params, "per_page": str(per_page)}
    if position is not None:
        params["starting_after"] = position
    return replace(call, params=params)


def paged(pagination: Pagination) -> Paged:
    """Narrow a declaration to what `read_pages` reads.

    Raises:
        ValueError: The pagination is the scroll.
    """
    if isinstance(pagination, SinglePage | StartingAfter | Numbered):
        return pagination
    raise ValueError("a scroll has no pages to ask for")

"""Searches by time, with the operators that the documents allow.

Conversations compare seconds. The documents define `>` and `<` both as exclusive and as "or equal",
so the bounds find every record of the interval under either reading. Contacts compare calendar
days in the workspace's zone, and allow only `=`, `<` and `>`: `>` begins on the next day and `<`
ends before the day, so each bound is `OR(=)`.

https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/searchcontacts
https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/searchconversations
"""

from collections.abc import Iterable
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from enum import Enum
from typing import assert_never

from intercom_assets.catalog.endpoints import ChildSearch, Granularity, ParentSearch, Search
from intercom_assets.catalog.types import Json, Record
from intercom_assets.intercom.client import Call, ResourceSession
from intercom_assets.intercom.pagination import read_page, read_pages
from intercom_assets.intercom.position import Paged

UPDATED, CREATED = "updated_at", "created_at"


class Order(Enum):
    """Order in which a search returns records."""

    OLDEST_FIRST = "ascending"
    NEWEST_FIRST = "descending"


def search_call(
    search: Search, since: int, until: int | None, order: Order, *, field: str = UPDATED
) -> Call:
    """Return a search for records with `field` in [since, until], and perhaps a few around it."""
    return _call(search, _bounds(search, field, since, until), field, order)


async def count_records(session: ResourceSession, search: Search) -> int | None:
    """Count all records, dated or not; None if Intercom does not say.

    Only the unfiltered list counts records whose `updated_at` is null: no search by it does.
    """
    if not search.listed:
        return await count_found(session, search, created=(0, None), updated=False)
    call = Call(path=search.list_path, params={"per_page": "1"}, needs=((search.records,),))
    return read_page(await session.ask(call), call.needs).total_count


async def count_found(
    session: ResourceSession,
    search: Search,
    *,
    created: tuple[int, int | None] | None,
    updated: bool,
) -> int:
    """Count records created in an interval; with `updated`, only those with an `updated_at`."""
    bounds = [] if created is None else _bounds(search, CREATED, *created)
    bounds += _bounds(search, UPDATED, 0, None) if updated else []
    call = _call(search, bounds, UPDATED, Order.NEWEST_FIRST)
    call = replace(call, body={**(call.body or {}), "pagination": {"per_page": 1}})
    return read_page(await session.ask(call), call.needs).total_count or 0


def parents_call(search: ParentSearch, keys: Iterable[str]) -> Call:
    """Return a search for the parents with these ids."""
    query: Record = {"field": "id", "operator": "IN", "value": [*keys]}
    body: Record = {"query": query}
    return Call(method="POST", path=search.path, body=body, needs=((search.records,),))


def record_call(search: Search, key: str) -> Call:
    """Return a search for the record with this id."""
    return _call(
        search, [{"field": "id", "operator": "=", "value": key}], UPDATED, Order.NEWEST_FIRST
    )


def children_call(search: ChildSearch, values: Iterable[str]) -> Call:
    """Return a search for the records of the parents with these values."""
    body: Record = {search.values: [*values]}
    return Call(method="POST", path=search.path, body=body, needs=((search.records,),))


async def count_since(
    session: ResourceSession, search: Search, pagination: Paged, *, since: datetime, until: datetime
) -> int:
    """Count the records created in (since, until].

    They are listed, newest first, because a search of contacts compares whole days.
    """
    call = search_call(search, int(since.timestamp()), None, Order.NEWEST_FIRST, field=CREATED)
    found = 0
    async with aclosing(read_pages(session, call, pagination)) as pages:
        async for page in pages:
            dates = [date for one in page.records if isinstance(date := one.get(CREATED), int)]
            found += sum(since.timestamp() < date <= until.timestamp() for date in dates)
            if any(date <= since.timestamp() for date in dates):
                break
    return found


def _call(search: Search, bounds: list[Json], field: str, order: Order) -> Call:
    body: Record = {
        "query": {"operator": "AND", "value": bounds},
        "sort": {"field": field, "order": order.value},
    }
    return Call(
        method="POST",
        path=search.path,
        params=search.params,
        body=body,
        needs=((search.records,),),
    )


def _bounds(search: Search, field: str, since: int, until: int | None) -> list[Json]:
    match search.granularity:
        case Granularity.SECOND:
            bounds = [_compare(field, ">", max(since - 1, 0))]
            if until is not None:
                bounds.append(_compare(field, "<", until + 1))
        case Granularity.DAY:
            bounds = [_or_equal(field, ">", max(since, 0))]
            if until is not None:
                bounds.append(_or_equal(field, "<", until))
        case _:
            assert_never(search.granularity)
    return bounds


def _compare(field: str, operator: str, seconds: int) -> Json:
    return {"field": field, "operator": operator, "value": seconds}


def _or_equal(field: str, operator: str, seconds: int) -> Json:
    either = [_compare(field, operator, seconds), _compare(field, "=", seconds)]
    return {"operator": "OR", "value": either}

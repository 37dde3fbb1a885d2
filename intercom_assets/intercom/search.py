"""Bodies of searches by time, in the operators that the documents allow.

Conversations compare seconds; the documents gloss `>` and `<` both as exclusive and as "or equal",
so bounds are set such that either reading finds every record of the interval. Contacts compare
calendar days in the workspace's zone, where only `=`, `<` and `>` are allowed: `>` begins at the
next day and `<` ends before the day, so each bound is `OR(=)`.

https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/searchcontacts
https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/searchconversations
"""

from enum import Enum
from typing import assert_never

from intercom_assets.catalog.resource import Granularity, Search
from intercom_assets.intercom.client import Call
from intercom_assets.schema.types import Json, Record

FIELD = "updated_at"


class Order(Enum):
    """In which order a search returns records."""

    OLDEST_FIRST = "ascending"
    NEWEST_FIRST = "descending"


def search_call(search: Search, since: int, until: int | None, order: Order) -> Call:
    """Ask for all records updated in [since, until], and perhaps some around it.

    Args:
        search: Where and how finely to search.
        since: Unix seconds.
        until: Unix seconds, None for no end.
        order: Order of the records by `updated_at`.
    """
    match search.granularity:
        case Granularity.SECOND:
            bounds = [_compare(">", max(since - 1, 0))]
            if until is not None:
                bounds.append(_compare("<", until + 1))
        case Granularity.DAY:
            bounds = [_or_equal(">", max(since, 0))]
            if until is not None:
                bounds.append(_or_equal("<", until))
        case _:
            assert_never(search.granularity)
    body: Record = {
        "query": {"operator": "AND", "value": bounds},
        "sort": {"field": FIELD, "order": order.value},
    }
    return Call(method="POST", path=search.path, body=body, needs=((search.records,),))


def _compare(operator: str, seconds: int) -> Json:
    return {"field": FIELD, "operator": operator, "value": seconds}


def _or_equal(operator: str, seconds: int) -> Json:
    return {"operator": "OR", "value": [_compare(operator, seconds), _compare("=", seconds)]}

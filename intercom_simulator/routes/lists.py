"""Lists that are read and nothing else: a line of the table below each.

How each is paged, by how many records, and since which version, is as documented.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from intercom_simulator.calls import Call, Handler
from intercom_simulator.paging import PageRequest, cursor_page, whole_number
from intercom_simulator.records import Json, Record
from intercom_simulator.refusals import parameter_invalid
from intercom_simulator.versions import Version

_UNDOCUMENTED = 150
"""The most records of a page where no document says how many; clients ask for as many."""


@dataclass(frozen=True, slots=True)
class PlainList:
    """How a list of records is served, under `data`.

    Attributes:
        paging: `one` page, `numbered` ones, numbered with the numbers beside the list (`flat`),
            or by `cursor`.
        size: Records of a page that asks for no number of them.
        archived: Whether archived records are shown only when asked for.
    """

    kind: str
    paging: Literal["one", "numbered", "flat", "cursor"] = "one"
    since: Version = (2, 0)
    size: int = 50
    maximum: int = _UNDOCUMENTED
    archived: bool = False


LISTS: dict[str, PlainList] = {
    "/articles": PlainList("articles", "numbered", size=25),
    "/help_center/collections": PlainList("collections", "numbered", size=20),
    "/help_center/help_centers": PlainList("help_centers"),
    "/internal_articles": PlainList("internal_articles", "numbered", (2, 13), size=25),
    "/content_snippets": PlainList("content_snippets", "flat", (2, 16), maximum=50),
    "/ai/external_pages": PlainList("external_pages", "numbered", (2, 12)),
    "/ai/content_import_sources": PlainList("content_import_sources", "numbered", (2, 12)),
    "/audiences": PlainList("audiences", "flat", (2, 16), maximum=50),
    "/subscription_types": PlainList("subscription_types"),
    "/news/news_items": PlainList("news_items", "numbered", size=10),
    "/news/newsfeeds": PlainList("newsfeeds", "numbered", size=10),
    "/conversations/attributes": PlainList(
        "conversation_attributes", "one", (2, 16), archived=True
    ),
    "/macros": PlainList("macros", "cursor", (2, 16)),
    "/brands": PlainList("brands", "one", (2, 15)),
    "/emails": PlainList("email_senders", "one", (2, 15)),
    "/away_status_reasons": PlainList("away_status_reasons", "one", (2, 14)),
    "/calls": PlainList("calls", "numbered", (2, 14), size=25, maximum=25),
    "/data_connectors": PlainList("data_connectors", "cursor", (2, 16), size=20, maximum=50),
}


def handlers() -> dict[str, Handler]:
    """Returns a handler for each list, by path."""
    return {path: _handler(plain) for path, plain in LISTS.items()}


def _handler(plain: PlainList) -> Handler:
    serve = _SERVED[plain.paging]

    def respond(call: Call) -> Json:
        call.requires(plain.since)
        return serve(call, plain)

    return respond


def _one(call: Call, plain: PlainList) -> Json:
    return call.listed([call.shaped(plain.kind, record) for record in _records(call, plain)])


def _numbered(call: Call, plain: PlainList) -> Json:
    found = _records(call, plain)
    records, pages = call.numbered(found, plain.size, plain.maximum)
    return _answer(call, plain, records) | {"pages": pages, "total_count": len(found)}


def _flat(call: Call, plain: PlainList) -> Json:
    answer = _numbered(call, plain)
    pages = answer.pop("pages")
    return answer | {name: pages[name] for name in ("page", "per_page", "total_pages")}


def _cursor(call: Call, plain: PlainList) -> Json:
    collection = call.workspace.collection(plain.kind)
    per_page = whole_number(call.query.get("per_page"), "per_page", plain.size, plain.maximum)
    since = whole_number(call.query.get("updated_since"), "updated_since", 1)
    keys = [
        key
        for key in collection.ordered("updated_at")
        if _moment(collection.searchable(key[2])) >= since
    ]
    asked = PageRequest(per_page, call.query.get("starting_after"))
    ids, cut = cursor_page(keys, asked)
    following = {"starting_after": cut["next"]["starting_after"]} if "next" in cut else None
    answer = _answer(call, plain, [collection.searchable(one) for one in ids])
    return answer | {"pages": {"type": "pages", "per_page": per_page, "next": following}}


def _answer(call: Call, plain: PlainList, records: list[Record]) -> Record:
    return {"type": "list", "data": [call.shaped(plain.kind, record) for record in records]}


def _records(call: Call, plain: PlainList) -> list[Record]:
    """Returns the records of a list, those that changed last first."""
    shown = plain.archived and not call.flag("include_archived")
    records = [
        record
        for record in call.workspace.collection(plain.kind)
        if not (shown and record.get("archived"))
    ]
    return sorted(records, key=_moment, reverse=True)


def _moment(record: Record) -> float:
    changed = record.get("updated_at") or 0
    if not isinstance(changed, str):
        return float(changed)
    try:
        return datetime.fromisoformat(changed).timestamp()
    except ValueError as error:
        raise parameter_invalid(f"updated_at {changed!r} of a record is no time") from error


_SERVED: dict[str, Callable[[Call, PlainList], Json]] = {
    "one": _one,
    "numbered": _numbered,
    "flat": _flat,
    "cursor": _cursor,
}

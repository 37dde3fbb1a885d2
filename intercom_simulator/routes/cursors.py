"""Pages of contacts and conversations by cursor, listed or searched."""

from typing import TypeAlias

import msgspec

from intercom_simulator.calls import Call
from intercom_simulator.paging import PageRequest, cursor_page, whole_number
from intercom_simulator.records import Json, Record
from intercom_simulator.refusals import parameter_invalid
from intercom_simulator.search import compile_query, sort_order
from intercom_simulator.search_span import EVERYWHERE, span_of
from intercom_simulator.store import SortKey

MAX_PER_PAGE = 150
_DATES = frozenset({"created_at", "updated_at"})

FoundPage: TypeAlias = tuple[list[Record], Record, int]
"""The records of a page, its `pages`, and the count over all pages."""


def listed_page(call: Call, kind: str, default: int) -> FoundPage:
    """Cuts a page of all records, most recently updated first."""
    per_page = whole_number(call.query.get("per_page"), "per_page", default, MAX_PER_PAGE)
    keys = call.workspace.collection(kind).ordered("updated_at")
    return _page(call, kind, keys, PageRequest(per_page, call.query.get("starting_after")))


def found_page(call: Call, kind: str, default: int) -> FoundPage:
    """Cuts a page of the records that the body's query matches."""
    body = _object(call.body, "the body")
    # Paging parameters count in the body only; in the query string they are ignored.
    asked = _object(body.get("pagination") or {}, "pagination")
    per_page = whole_number(asked.get("per_page"), "per_page", default, MAX_PER_PAGE)
    matches = compile_query(call.workspace, kind, body.get("query"))
    field, descending = sort_order(body.get("sort"))
    span = span_of(body.get("query"), field) if field in _DATES else EVERYWHERE
    keys = call.workspace.collection(kind).matching(field, _cache_key(call), matches, span)
    return _page(call, kind, keys, PageRequest(per_page, asked.get("starting_after"), descending))


def _page(call: Call, kind: str, keys: list[SortKey], asked: PageRequest) -> FoundPage:
    collection, behaviour = call.workspace.collection(kind), call.workspace.behaviour
    ids, pages = cursor_page(keys, asked, by_offset=behaviour.paging == "offset")
    shown = [one for one in ids if one not in behaviour.hidden.get(kind, ())]
    return [collection.searchable(record_id) for record_id in shown], pages, len(keys)


def _cache_key(call: Call) -> str:
    workspace = call.workspace
    query = msgspec.json.encode(call.body["query"]).decode()
    return f"{workspace.timezone} {workspace.behaviour.inclusive_bounds} {query}"


def _object(value: Json, name: str) -> Record:
    if not isinstance(value, dict):
        raise parameter_invalid(f"{name} must be a JSON object")
    return value

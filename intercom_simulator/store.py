"""Records of one kind: what GET by id sees, and what search sees later.

Records are never changed in place: a change stores a new dictionary, so that
an older version can stay visible to search until Intercom has indexed the new.
"""

import time
import uuid
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from intercom_simulator.records import Record, lookup
from intercom_simulator.search_span import EVERYWHERE, Span

SortKey: TypeAlias = tuple[int, float | str, str]
"""Rank of the type (null, number, text), the value, the id that breaks ties."""

PLAIN = (
    *("articles", "collections", "help_centers", "internal_articles", "content_snippets"),
    *("external_pages", "content_import_sources", "audiences"),
    *("subscription_types", "news_items", "newsfeeds", "conversation_attributes", "macros"),
    *("brands", "email_senders", "away_status_reasons", "data_connectors"),
    "calls",
)
"""The kinds of records that have a list, and nothing else."""

KEYS = {
    "admins": "id",
    "teams": "id",
    "tags": "id",
    "company_attributes": "full_name",
    "contact_attributes": "full_name",
    "conversation_data_attributes": "full_name",
    "segments": "id",
    "companies": "id",
    "contacts": "id",
    "conversations": "id",
    "tickets": "id",
    "ticket_types": "id",
    "ticket_states": "id",
    **dict.fromkeys(PLAIN, "id"),
    "activity_logs": "id",
    "office_hours_schedules": "id",
    "custom_objects": "id",
}
"""The kinds of records, and the field that tells those of a kind apart."""

_DELAYED = frozenset({"contacts", "conversations", "tickets"})
_CACHED_SEARCHES = 64
_NUMBER = 1
_LAST_ID = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class _Change:
    due: float
    id: str
    record: Record | None


def sort_key(record: Record, field: str, record_id: str) -> SortKey:
    """Orders null first, then numbers, then text; the id breaks ties."""
    value = lookup(record, field)
    if value is None:
        return (0, 0, record_id)
    if isinstance(value, int | float):
        return (_NUMBER, value, record_id)
    return (2, str(value), record_id)


class Collection:
    """Holds the records of one kind in the order in which they were added."""

    def __init__(self, key: str = "id") -> None:
        self.key = key
        self._live: dict[str, Record] = {}
        self._searchable: dict[str, Record] = {}
        self._pending: list[_Change] = []
        self._orders: dict[str, list[SortKey]] = {}
        self._found: dict[tuple[str, str], list[SortKey]] = {}

    def __len__(self) -> int:
        return len(self._live)

    def __contains__(self, record_id: str) -> bool:
        return record_id in self._live

    def __iter__(self) -> Iterator[Record]:
        return iter(self._live.values())

    def ids(self) -> list[str]:
        """Lists the ids in the order in which records were added."""
        return list(self._live)

    def find(self, record_id: str) -> Record | None:
        """Returns the live record, or None."""
        return self._live.get(record_id)

    def fill(self, records: Iterable[Record]) -> None:
        """Adds many records at once, visible to search at once."""
        for record in records:
            self._live[str(record[self.key])] = record
        self._searchable = dict(self._live)
        self._forget_orders()

    def put(self, record: Record, due: float) -> str:
        """Stores a record now, for search from the moment `due` on."""
        record_id = str(record[self.key])
        self._live[record_id] = record
        self._pending.append(_Change(due, record_id, record))
        return record_id

    def remove(self, record_id: str, due: float) -> None:
        """Removes a record now, from search at the moment `due`."""
        del self._live[record_id]
        self._pending.append(_Change(due, record_id, None))

    def settle(self, now: float) -> None:
        """Lets search see every change that is due."""
        if not self._pending:
            return
        waiting = []
        for change in self._pending:
            if change.due > now:
                waiting.append(change)
            else:
                self._index(change)
        self._pending = waiting

    def searchable(self, record_id: str) -> Record:
        """Returns the version of a record that search sees."""
        return self._searchable[record_id]

    def ordered(self, field: str) -> list[SortKey]:
        """Returns the sort keys of all searchable records, ascending."""
        if field not in self._orders:
            self._orders[field] = sorted(
                sort_key(record, field, record_id) for record_id, record in self._searchable.items()
            )
        return self._orders[field]

    def matching(
        self, field: str, query: str, matches: Callable[[Record], bool], span: Span = EVERYWHERE
    ) -> list[SortKey]:
        """Filters the ordered keys; remembers the answer until a record changes.

        Args:
            field: The field that they are ordered by.
            query: Names the search.
            matches: Whether a record is found.
            span: Values of the field outside of which no record is found.
        """
        if (field, query) not in self._found:
            if len(self._found) >= _CACHED_SEARCHES:
                self._found.clear()
            self._found[field, query] = [
                key for key in self._within(field, span) if matches(self._searchable[key[2]])
            ]
        return self._found[field, query]

    def _within(self, field: str, span: Span) -> list[SortKey]:
        keys = self.ordered(field)
        if span == EVERYWHERE:
            return keys
        begin = bisect_left(keys, (_NUMBER, span[0], ""))
        end = bisect_right(keys, (_NUMBER, span[1], _LAST_ID))
        return keys[begin:end]

    def _index(self, change: _Change) -> None:
        old = self._searchable.pop(change.id, None)
        if change.record is not None:
            self._searchable[change.id] = change.record
        for name, order in self._orders.items():
            if old is not None:
                del order[bisect_left(order, sort_key(old, name, change.id))]
            if change.record is not None:
                insort(order, sort_key(change.record, name, change.id))
        self._found.clear()

    def _forget_orders(self) -> None:
        self._orders.clear()
        self._found.clear()


def _collections() -> dict[str, Collection]:
    return {kind: Collection(key) for kind, key in KEYS.items()}


@dataclass(kw_only=True, repr=False, eq=False)
class Store:
    """The records of every kind, dated by one clock.

    Attributes:
        clock: Tells the time of every change, and when search sees it.
        index_delay: Seconds until lists and searches of contacts, conversations and tickets
            show a change. GET by id shows it at once.
        collections: The records, by kind.
    """

    clock: Callable[[], float] = time.time
    index_delay: float = 0.0
    collections: dict[str, Collection] = field(default_factory=_collections)

    def collection(self, kind: str) -> Collection:
        """Returns the records of a kind, with every due change indexed."""
        if kind not in self.collections:
            raise KeyError(f"no records of kind {kind!r}; known are {', '.join(KEYS)}")
        collection = self.collections[kind]
        collection.settle(self.clock())
        return collection

    def find(self, kind: str, record_id: str) -> Record:
        """Returns the live record; raises `KeyError` where there is none."""
        record = self.collection(kind).find(record_id)
        if record is None:
            raise KeyError(f"{kind} has no record {record_id!r}")
        return record

    def now(self) -> int:
        """Reads the clock in whole seconds."""
        return int(self.clock())

    def add(self, kind: str, record: Record) -> str:
        """Adds a record as given; fills in a missing key, type and times."""
        key = self.collection(kind).key
        times = {"created_at": self.now(), "updated_at": self.now()}
        kind_type = {"companies": "company"}.get(kind, kind.removesuffix("s"))
        return self._put(kind, {"type": kind_type, key: uuid.uuid4().hex[:24], **times} | record)

    def touch(self, kind: str, record_id: str) -> None:
        """Sets a record's `updated_at` to now and changes nothing else."""
        self.patch(kind, record_id, {})

    def patch(self, kind: str, record_id: str, fields: Record, *, bump: bool = True) -> None:
        """Replaces fields of a record; `bump` sets `updated_at` to now."""
        times = {"updated_at": self.now()} if bump else {}
        self._put(kind, self.find(kind, record_id) | times | fields)

    def undate(self, kind: str, share: float) -> list[str]:
        """Takes `updated_at` from a share of the records, evenly spread; returns their ids.

        Real workspaces have such contacts and conversations; no search by that field finds them.
        """
        ids = self.collection(kind).ids()
        chosen = ids[:: max(round(1 / share), 1)] if share > 0 else []
        for record_id in chosen:
            self.patch(kind, record_id, {"updated_at": None}, bump=False)
        return chosen

    def remove(self, kind: str, record_id: str) -> None:
        """Removes a record and nothing else."""
        self.find(kind, record_id)
        self.collection(kind).remove(record_id, self._due(kind))

    def _put(self, kind: str, record: Record) -> str:
        return self.collection(kind).put(record, self._due(kind))

    def _due(self, kind: str) -> float:
        return self.clock() + (self.index_delay if kind in _DELAYED else 0.0)

"""Records of one kind: what GET by id sees, and what search sees later.

Records are never changed in place: a change stores a new dictionary, so that
an older version can stay visible to search until Intercom has indexed the new.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from intercom_simulator.records import Record, lookup
from intercom_simulator.search_span import EVERYWHERE, Span

SortKey: TypeAlias = tuple[int, float | str, str]
"""Rank of the type (null, number, text), the value, the id that breaks ties."""

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
        for field, order in self._orders.items():
            if old is not None:
                del order[bisect_left(order, sort_key(old, field, change.id))]
            if change.record is not None:
                insort(order, sort_key(change.record, field, change.id))
        self._found.clear()

    def _forget_orders(self) -> None:
        self._orders.clear()
        self._found.clear()

"""Unreadable records, which are skipped, reported, and due until they are read.

One record that Intercom cannot show holds back no other, whatever the response: a temporary 404, an
error, a refusal, an unknown shape. Many at once are an incident of Intercom's: the sync stops, and
its cursor stays before them.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from math import inf
from typing import TypeVar

from intercom_assets.catalog.resource import Resource
from intercom_assets.engine.cursor import PassedOver
from intercom_assets.engine.progress import counted
from intercom_assets.errors import IntercomError, NotFound, RateLimited, RequestInfo, TransientError

T = TypeVar("T")

TRIES = 3
"""Tries of a record that fails while others can be read."""

TRIES_AGAIN = 2
"""Tries of a record that an earlier sync could not read either."""

IN_A_ROW = 20
"""Consecutive failures after which single records are no longer blamed."""

MANY = 5
"""Failures that are blamed on Intercom if nothing at all was read."""

_UNPROVEN = 100
"""Failures to await before that is concluded: more than there are requests in flight."""

_MOST = 1_000
"""Records that one sync may add to those due: each costs later syncs a request."""

_MOST_REFUSED = 100_000
"""The same for refused lists, which are soon no longer requested; also the limit of all due."""

_REFUSED = frozenset({401, 403})
_SHOWN = 5


@dataclass(slots=True)
class Judge:
    """Distinguishes a record that cannot be read from an outage of Intercom.

    Args:
        ask: Requests a record, with few tries.

    Attributes:
        known: A record that was read, or is listed.
        failed: How many records could not be read.
    """

    ask: Callable[[str], Awaitable[object]]
    known: str | None = None
    failed: int = 0
    _in_a_row: int = 0
    _first: IntercomError | None = None

    @property
    def unproven(self) -> bool:
        """Whether records failed, and none was read to show that the fault is theirs."""
        return self.known is None and self.failed > 0

    @property
    def end(self) -> IntercomError | None:
        """Why requesting more would be useless; None if it would not be."""
        return self._first if self._in_a_row >= IN_A_ROW else None

    async def read(self, key: str, ask: Callable[[float], Awaitable[T]]) -> T:
        """Request a record a few times, or as often as the retry policy allows if none is read."""
        try:
            found = await ask(TRIES)
        except RateLimited:
            raise
        except TransientError:
            # Once more if others can be read: the trouble may just have ended.
            found = await ask(1 if await self.answers() else inf)
        self.known, self._in_a_row, self._first = key, 0, None
        return found

    def note(self, error: IntercomError) -> None:
        """Count a record that could not be read."""
        self.failed += 1
        self._in_a_row += 1
        self._first = self._first or error

    async def excuse(self, error: IntercomError) -> None:
        """Accept a record's failure.

        Raises:
            IntercomError: The fault is Intercom's, or the token's.
        """
        refuse_others(error)
        self.note(error)
        if error.status is None and not await self.answers():
            raise error
        if self.known is None:
            self.close(_UNPROVEN)
        elif self._in_a_row == IN_A_ROW:
            if not await self.answers():
                raise incident(self._first or error)
            self._in_a_row, self._first = 0, None

    async def answers(self) -> bool:
        """Return whether a known record can still be read; False if none is known."""
        if self.known is None:
            return False
        try:
            await self.ask(self.known)
        except IntercomError:
            return False
        return True

    def close(self, allowed: int = MANY) -> None:
        """End a read.

        Raises:
            IntercomError: Several records failed, and none was read.
        """
        if self.unproven and self.failed >= allowed and self._first is not None:
            raise incident(self._first)


class Unread:
    """What a sync could not read so far.

    Args:
        before: Keys that earlier syncs could not read.

    Attributes:
        lists: Judges of the lists inside records, by their path.
    """

    def __init__(self, before: tuple[str, ...]) -> None:
        self.before = before
        self.lists: dict[str, Judge] = {}
        self._due = set(before)
        self._added: set[str] = set()

    def passed_over(self, key: str, error: IntercomError) -> PassedOver:
        """Skip a record.

        Raises:
            IntercomError: Too many were skipped to blame single records.
        """
        # Tracebacks, this one's and an earlier try's, would keep the record's data alive.
        error.with_traceback(None).__context__ = None
        if key not in self._due:
            self._due.add(key)
            self._added.add(key)
        allowed = _MOST_REFUSED if error.status in _REFUSED else _MOST
        if len(self._added) > allowed or len(self._due) > _MOST_REFUSED:
            raise incident(error)
        return PassedOver(key, error)

    def noted(self, key: str, error: IntercomError) -> PassedOver | None:
        """Skip a record that was read incompletely, unless too many are skipped."""
        return self.passed_over(key, error) if len(self._added) < _MOST else None

    def settled(self, keys: Iterable[str]) -> list[str]:
        """Return those of the keys that were due, now that they have been read."""
        found = [key for key in keys if key in self._due]
        self._due.difference_update(found)
        self._added.difference_update(found)
        return found


def refuse_others(error: IntercomError) -> None:
    """Raise an error that cannot be the fault of one record.

    Raises:
        IntercomError: The token or the quota is refused.
    """
    if isinstance(error, RateLimited) or error.status == 401:
        raise error


def incident(error: IntercomError) -> IntercomError:
    """Turn the failure of one record into an incident; refusals explain themselves."""
    if not isinstance(error, NotFound | TransientError):
        return error
    return TransientError(
        error.request,
        "Intercom does not show records that it lists, one after the other, so it has an incident",
        "Run again when https://www.intercomstatus.com shows none: they are read then. If they "
        "were deleted, a reconcile marks them",
    )


def too_short(request: RequestInfo) -> TransientError:
    """Return the error for a list that lacks what its record counts or shows."""
    return TransientError(
        request,
        "A list of Intercom's is shorter than it says itself",
        "Run again; if it persists, report the request in brackets to Intercom's support",
    )


def unread_message(resource: Resource, due: Mapping[str, IntercomError]) -> str:
    """Return a line on what could not be read, why, and what happens next."""
    records = f"{counted(len(due), 'record')} of {resource.parent or resource.name}"
    shown = ", ".join([*list(due)[:_SHOWN], *(["…"] if len(due) > _SHOWN else [])])
    why = next(iter(due.values())).but("asked for again at each sync")
    return f"{records} could not be read whole: {shown}. {why}"

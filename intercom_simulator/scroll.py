"""The scroll over companies: one at a time, lost after a minute unused."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from intercom_simulator.records import Record
from intercom_simulator.refusals import ApiError, not_found

PAGE_SIZE = 100
IDLE_SECONDS = 60.0


@dataclass(slots=True)
class _OpenScroll:
    token: str
    records: list[Record]
    last_used: float
    position: int = 0


class Scroll:
    """Walks a snapshot of all companies; every page carries the same token."""

    def __init__(self) -> None:
        self._open: _OpenScroll | None = None

    @property
    def is_open(self) -> bool:
        """Tells whether a scroll was begun and neither ended nor expired in use."""
        return self._open is not None

    def begin(self, records: Iterable[Record], now: float) -> tuple[str, list[Record]]:
        """Opens the scroll and returns its first page; refuses a second one."""
        if self._current(now) is not None:
            raise ApiError(400, "scroll_exists", "scroll already exists for this workspace")
        self._open = _OpenScroll(str(uuid.uuid4()), list(records), now)
        return self.advance(self._open.token, now)

    @property
    def is_used_up(self) -> bool:
        """Tells whether every record of the open scroll was returned."""
        return self._open is None or self._open.position >= len(self._open.records)

    def advance(self, token: str, now: float, *, renew: bool = False) -> tuple[str, list[Record]]:
        """Returns the next page; an empty one is the end and closes the scroll."""
        scroll = self._current(now)
        if scroll is None or scroll.token != token:
            raise not_found("scroll parameter not found")
        page = scroll.records[scroll.position : scroll.position + PAGE_SIZE]
        scroll.position += PAGE_SIZE
        scroll.last_used = now
        if renew:
            scroll.token = str(uuid.uuid4())
        if not page:
            self._open = None
        return scroll.token, page

    def expire(self) -> None:
        """Loses the open scroll, as a minute of silence would."""
        self._open = None

    def _current(self, now: float) -> _OpenScroll | None:
        if self._open is not None and now - self._open.last_used > IDLE_SECONDS:
            self._open = None
        return self._open

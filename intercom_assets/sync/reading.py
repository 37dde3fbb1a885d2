"""What every way of reading gets: the resource, the session, where to start."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from intercom_assets.catalog.resource import Resource
from intercom_assets.intercom.client import Session
from intercom_assets.intercom.scroll import ScrollPatience
from intercom_assets.intercom.workspace import Workspace
from intercom_assets.schema.coerce import to_timestamp
from intercom_assets.schema.types import Record
from intercom_assets.sync.cursor import EPOCH, Start
from intercom_assets.sync.rows import Shaper, value_at
from intercom_assets.sync.unread import Unread
from intercom_assets.warehouse.base import ParentVersion
from intercom_assets.warehouse.queries import Copies

_CLOCK_SKEW = timedelta(minutes=5)
"""How far this machine's clock may be ahead of Intercom's."""

Due = Callable[[tuple[datetime, str] | None, int], list[ParentVersion]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One resource's read.

    Attributes:
        resource: What is read.
        session: Sends requests.
        workspace: Whose records they are.
        start: Where the read starts.
        folder: Where spools may be written.
        stored_rows: Rows in the table that are not marked as gone: an empty answer is
            unexpected when there are some.
        due: Lists due parents after a position; blocks.
        due_total: How many parents are due.
        unread: What cannot be read, and is due from before.
        copies: Rows of the table that repeat those of another one; None where none can follow it.
        warn: Told what the user should know.
        note: Told in a line what is being done.
        spooled: Told how many records came so far, where none is handed on before the last.
        scroll_patience: How long the scroll is tried.
        slice_records: A slice of time that holds more records is cut.
        shaper: Makes rows of records as soon as they come, while they are still in the processor's
            cache.
    """

    resource: Resource
    session: Session
    workspace: Workspace
    start: Start
    folder: Path
    stored_rows: int
    due: Due
    due_total: int
    unread: Unread
    copies: Copies | None
    warn: Callable[[str], None]
    note: Callable[[str], None]
    spooled: Callable[[int], None]
    scroll_patience: ScrollPatience
    slice_records: int
    shaper: Shaper

    def dated(self, record: Record) -> datetime | None:
        """When a record was updated, None where it does not say."""
        micros = self._micros(record, self._path())
        return None if micros is None else _instant(micros)

    def is_undated(self, record: Record) -> bool:
        """Tell whether no search by `updated_at` finds a record: it is null, or 0."""
        micros = self._micros(record, self._path())
        return micros is None or micros <= 0

    def kept(self, records: list[Record]) -> list[Record]:
        """Drop records that were updated before the start date; undated ones pass."""
        start_date = self.start.start_date
        if start_date is None or self.resource.cursor is None:
            return records
        return [
            record
            for record in records
            if (dated := self.dated(record)) is None or dated >= start_date
        ]

    def newest(self, records: list[Record], than: datetime | None) -> datetime | None:
        """Give the latest update among records and a former latest."""
        path = self._path()
        dates = [at for record in records if (at := self._micros(record, path)) is not None]
        if not dates:
            return than
        latest = _instant(max(dates))
        return latest if than is None else max(latest, than)

    def _path(self) -> tuple[str, ...]:
        cursor = self.resource.cursor
        return () if cursor is None else self.resource.table.column(cursor).path

    def _micros(self, record: Record, path: tuple[str, ...]) -> int | None:
        micros = to_timestamp(value_at(record, path)) if path else None
        return micros if isinstance(micros, int) else None


def _instant(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)


def now() -> datetime:
    """Return the time by this machine's clock, less its skew, for answers without a date."""
    return datetime.now(UTC) - _CLOCK_SKEW

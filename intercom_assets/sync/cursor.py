"""Where a sync starts and what cursor it may store: rules 2, 7 and 8 of the design."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from intercom_assets.warehouse.base import StoredCursor

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user asks of one sync.

    Attributes:
        full_refresh: Forget the cursor, read all, mark what is gone.
        since: Read from here on at least; it can widen a window, never narrow it.
        reconcile: Afterwards compare every row with Intercom: what incremental syncs missed is
            fetched, what is gone is confirmed and marked.
        force: Let a reconcile mark more than a tenth of the rows.
        run_id: Dagster run.
        first_run_id: First of the runs that this one is a retry of; empty for none.
    """

    full_refresh: bool = False
    since: datetime | None = None
    reconcile: bool = False
    force: bool = False
    run_id: str = ""
    first_run_id: str = ""

    @property
    def owner(self) -> str:
        """Who holds the table's lock: a retry takes the place of the run that it retries."""
        return self.first_run_id or self.run_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where a sync starts.

    Attributes:
        stored: The cursor as stored.
        forgotten: Whether the stored cursor does not count: full refresh, or a start date that
            moved to an earlier time.
        since: Records updated before this are not asked for; None for the beginning.
        after: The last processed version of a parent; None for all parents.
        start_date: Records updated before this are not kept.
        deletions_since: Deletions before this are marked already; None where none was read.
    """

    stored: StoredCursor
    forgotten: bool
    since: datetime | None
    after: tuple[datetime, str] | None
    start_date: datetime | None
    deletions_since: datetime | None = None

    @property
    def from_beginning(self) -> bool:
        """Whether the read covers everything, so that what it does not see is gone."""
        return self.since is None and self.start_date is None

    @property
    def must_balance(self) -> bool:
        """Whether Intercom's own count must be reached: by a first read, or a full refresh.

        A first read that was interrupted goes on as an incremental one, and is not complete yet.
        """
        return self.forgotten or not self.stored.complete


def start(
    stored: StoredCursor, request: Request, start_date: datetime | None, lookback: timedelta
) -> Start:
    """Decide where a sync starts.

    Args:
        stored: The cursor as stored; version 0 when there is none.
        request: What the user asks.
        start_date: The setting.
        lookback: How far before the cursor the window starts, since search indexes late.
    """
    forgotten = request.full_refresh or _moved_earlier(stored, start_date)
    since = start_date
    if stored.at is not None and not forgotten:
        begin = _before(stored.at, lookback)
        if request.since is not None:
            begin = min(begin, request.since)
        since = begin if start_date is None else max(begin, start_date)
    after = None
    # Children are never filtered by the start date, so a start date that moves spares them.
    if stored.parent_synced_at and stored.parent_key is not None and not request.full_refresh:
        after = (stored.parent_synced_at, stored.parent_key)
    return Start(
        stored=stored,
        forgotten=forgotten,
        since=since,
        after=after,
        start_date=start_date,
        # Marks stay when the cursor is forgotten, so what was read of deletions counts.
        deletions_since=_before(stored.deletions_at, lookback) if stored.deletions_at else None,
    )


def _before(moment: datetime, lookback: timedelta) -> datetime:
    return moment - min(lookback, moment - EPOCH)


def _moved_earlier(stored: StoredCursor, start_date: datetime | None) -> bool:
    if stored.version == 0 or stored.start_date is None:
        return False
    return start_date is None or start_date < stored.start_date


def reached(start: Start, newest: datetime | None, opened: datetime) -> datetime | None:
    """Give the cursor that may be stored: never beyond Intercom's clock, never moved back.

    Args:
        start: Where the sync started.
        newest: Greatest `updated_at` of the records read whole so far.
        opened: Intercom's clock when the window opened, or ours where it did not say: one record
            dated 2056 must not make every later window empty.
    """
    before = None if start.forgotten else start.stored.at
    if newest is None:
        return before
    cursor = min(newest, opened)
    return cursor if before is None else max(cursor, before)

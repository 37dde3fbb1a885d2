"""Where a sync starts, which cursor it may store, and the batches that carry it with their rows.

Rules 2, 7 and 8 of ARCHITECTURE.md.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from intercom_assets.catalog.resource import Resource
from intercom_assets.catalog.types import EPOCH, Row
from intercom_assets.engine.slices import Slice
from intercom_assets.errors import ConfigurationError, IntercomError
from intercom_assets.warehouse.base import StoredCursor, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The settings of a source that a sync needs.

    Attributes:
        prefix: Prefix of its tables, verbatim.
        start_date: Records updated before this are dropped.
        lookback: How far before the cursor a window starts.
        export_rewind: The same for exports.
        history: Names of resources whose former versions of rows are kept.
        history_days: For how many days after they were replaced; None for ever.
        custom_object_types: Types of custom objects, each of which has a list of its own.
    """

    name: str
    schema: str
    prefix: str
    start_date: datetime | None = None
    lookback: timedelta = timedelta(hours=1)
    export_rewind: timedelta = timedelta(days=30)
    history: frozenset[str] = frozenset()
    history_days: int | None = None
    custom_object_types: tuple[str, ...] = ()

    def target(self, resource: Resource) -> Target:
        """Return the table of a resource."""
        return Target(self.schema, f"{self.prefix}rudder_{resource.name}", resource.table)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncOptions:
    """What the user requests of one sync.

    Attributes:
        since: Read at least from here; widens a window, never narrows it.
        until: With `since`, a backfill: read only what was updated from there until before this.
        reconcile: Afterwards compare every row with Intercom, fetch what incremental syncs missed,
            and mark what is confirmed as gone.
        force: Let a reconcile, or a list limited by permissions, mark more than a tenth of the
            rows.
        first_run_id: First of the runs that this one retries; empty if none.
    """

    full_refresh: bool = False
    since: datetime | None = None
    until: datetime | None = None
    reconcile: bool = False
    force: bool = False
    run_id: str = ""
    first_run_id: str = ""

    def __post_init__(self) -> None:
        """Reject options that contradict each other.

        Raises:
            ConfigurationError: The range has no beginning, is empty, or is not all that is wanted.
        """
        if self.until is None:
            return
        if self.since is None:
            raise ConfigurationError(
                "until is set without since. Set since too, where the range begins"
            )
        if self.until <= self.since:
            raise ConfigurationError(
                f"until ({self.until:%Y-%m-%d %H:%M:%S}) is not after since "
                f"({self.since:%Y-%m-%d %H:%M:%S}). Set a later one, or an earlier since"
            )
        if self.full_refresh or self.reconcile:
            raise ConfigurationError(
                "until limits a sync to a range, but full_refresh and reconcile cover everything. "
                "Run them apart"
            )

    @property
    def owner(self) -> str:
        """Owner of the table's lock: a retry takes over from the run that it retries."""
        return self.first_run_id or self.run_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Where a sync starts.

    Attributes:
        forgotten: Whether to ignore the stored cursor: full refresh, or start date moved back.
        since: Records updated before this are not requested; None for the beginning.
        until: Of a backfill, which requests nothing updated from then on and moves no cursor.
        after: The last processed version of a parent; None for all parents.
        deletions_since: Deletions before this are marked already; None if none was read.
    """

    stored: StoredCursor
    forgotten: bool
    since: datetime | None
    after: tuple[datetime, str] | None
    start_date: datetime | None
    until: datetime | None = None
    deletions_since: datetime | None = None

    @property
    def from_beginning(self) -> bool:
        """Whether the read covers everything, so that unseen rows are gone."""
        return self.since is None and self.start_date is None

    @property
    def must_balance(self) -> bool:
        """Whether Intercom's own count must be reached: by a first read, or a full refresh.

        An interrupted first read resumes as an incremental one, and is not complete yet.
        """
        return self.until is None and (self.forgotten or not self.stored.complete)


def plan_window(
    stored: StoredCursor, request: SyncOptions, start_date: datetime | None, lookback: timedelta
) -> Window:
    """Decide where a sync starts: `lookback` before the cursor, since search indexes late.

    Raises:
        ConfigurationError: A backfill ends before the start date.
    """
    if request.until is not None:
        return _range(stored, request, start_date)
    forgotten = request.full_refresh or _moved_earlier(stored, start_date)
    since = start_date
    if stored.at is not None and not forgotten:
        begin = _before(stored.at, lookback)
        if request.since is not None:
            begin = min(begin, request.since)
        since = begin if start_date is None else max(begin, start_date)
    after = None
    # Children are never filtered by the start date, so moving it does not affect them.
    if stored.parent_synced_at and stored.parent_key is not None and not request.full_refresh:
        after = (stored.parent_synced_at, stored.parent_key)
    return Window(
        stored=stored,
        forgotten=forgotten,
        since=since,
        after=after,
        start_date=start_date,
        # Marks stay when the cursor is forgotten, so the position in the deletions still holds.
        deletions_since=_before(stored.deletions_at, lookback) if stored.deletions_at else None,
    )


def _range(stored: StoredCursor, request: SyncOptions, start_date: datetime | None) -> Window:
    assert request.since is not None
    assert request.until is not None
    if start_date is not None and request.until <= start_date:
        raise ConfigurationError(
            f"until ({request.until:%Y-%m-%d %H:%M:%S}) lies before the start date of "
            f"{stored.resource} ({start_date:%Y-%m-%d %H:%M:%S}), and nothing older is kept. Set a "
            "later one, or an earlier start_date"
        )
    return Window(
        stored=stored,
        forgotten=False,
        since=max(request.since, start_date or request.since),
        until=request.until,
        after=None,
        start_date=start_date,
    )


def _before(moment: datetime, lookback: timedelta) -> datetime:
    return moment - min(lookback, moment - EPOCH)


def _moved_earlier(stored: StoredCursor, start_date: datetime | None) -> bool:
    if stored.version == 0 or stored.start_date is None:
        return False
    return start_date is None or start_date < stored.start_date


def reached(window: Window, newest: datetime | None, opened: datetime) -> datetime | None:
    """Return the cursor that may be stored: never beyond Intercom's clock, never moved back.

    `newest` is the greatest `updated_at` that was read completely, `opened` Intercom's clock when
    the window opened: one record dated 2056 must not empty every later window.
    """
    before = None if window.forgotten else window.stored.at
    if newest is None:
        return before
    cursor = min(newest, opened)
    return cursor if before is None else max(cursor, before)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLimits:
    """How much is read and committed at a time.

    Attributes:
        slice_records: A slice with more is cut, so that it is read before it moves.
        commit_rows: Rows to commit at the next checkpoint, unless their bytes suffice earlier.
        commit_seconds: Seconds after which to commit at the next checkpoint.
        ahead_rows: Rows to commit without a checkpoint, leaving the cursor behind; so are twice
            the bytes that suffice for the warehouse.
    """

    slice_records: int = 750
    commit_rows: int = 100_000
    commit_seconds: float = 60.0
    ahead_rows: int = 200_000


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A cursor that may be stored once all rows up to here are committed.

    Attributes:
        at: For a resource that is read by time, or dated.
        parent: For a child: the last processed parent's (`_synced_at`, key).
        reconciled: For a reconcile: rows updated before this were compared.
    """

    at: datetime | None = None
    parent: tuple[datetime, str] | None = None
    reconciled: datetime | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """A row whose record Intercom says is gone.

    Attributes:
        merged_into: Id of the record that it was merged into, None if it was deleted.
    """

    key: str
    merged_into: str | None = None


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A record that could not be read completely, and stays due.

    Attributes:
        key: Its key; for a child, its parent's.
    """

    key: str
    error: IntercomError


@dataclass(frozen=True, slots=True)
class WholeList:
    """A parent whose children were read completely.

    Attributes:
        newer_than: Microseconds since 1970: only newer children were returned; None for all.
    """

    parent: str
    newer_than: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows on their way to the warehouse, with the cursor that they reach.

    Attributes:
        seen: Keys of the records that were returned, before any filter; they exist.
        checkpoint: The cursor that may be stored after this batch; None inside a slice.
        covered: The slice of time that this batch completes.
        complete: The read has ended and saw everything: unseen rows are gone.
        complete_of: Of several lists those that were read whole: only their rows can be gone.
        reconciled_at: The reconcile has ended, and compared everything up to then.
        settled: Keys that were due, and are read with this batch.
        deletions_at: All that Intercom listed as deleted until then was yielded.
        total: Records or parents that the whole read is expected to cover.
    """

    rows: list[bytes] = field(default_factory=list)
    seen: list[Row] = field(default_factory=list)
    returned: int = 0
    checkpoint: Checkpoint | None = None
    whole: list[WholeList] = field(default_factory=list)
    gone: list[Gone] = field(default_factory=list)
    covered: Slice | None = None
    complete: bool = False
    complete_of: tuple[str, ...] = ()
    reconciled_at: datetime | None = None
    passed_over: list[PassedOver] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)
    deletions_at: datetime | None = None
    total: int | None = None
    done: int = 0


@dataclass(frozen=True, slots=True)
class ShapedPage:
    """A page shaped into rows.

    Attributes:
        newest: The latest update among its records, None if none is dated.
        total_count: Records in all pages, if Intercom says so.
    """

    batch: Batch
    newest: datetime | None
    total_count: int | None

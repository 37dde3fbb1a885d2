"""What a sync reads and how: the `Extract` that an asset returns, and the context of its read."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from intercom_assets.catalog.preview import Preview
from intercom_assets.catalog.replication import Incremental, Windowed
from intercom_assets.catalog.resource import Resource
from intercom_assets.catalog.table import Column
from intercom_assets.catalog.types import Record, instant, instant_at, micros_at
from intercom_assets.engine.cursor import BatchLimits, Source, SyncOptions, Window
from intercom_assets.engine.mask import Mask
from intercom_assets.engine.progress import Listener
from intercom_assets.engine.rows import Shaper
from intercom_assets.engine.unread import Unread
from intercom_assets.errors import ConfigurationError
from intercom_assets.intercom.client import ResourceSession
from intercom_assets.intercom.connection import Connection
from intercom_assets.intercom.exports.job import Exports
from intercom_assets.intercom.workspace import Workspace
from intercom_assets.warehouse.base import ParentVersion, StoredCursor, Target

_CLOCK_SKEW = timedelta(minutes=5)
"""How far this machine's clock may be ahead of Intercom's."""

FOUNDED = datetime(2011, 1, 1, tzinfo=UTC)
"""No workspace is older than Intercom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """A sync to be made: nothing is requested until it is loaded.

    Attributes:
        resource: The resource, without excluded columns.
        mask: Removes from records what is hidden, None if nothing is.
        optional: Whether it is skipped if the token may not read it.
    """

    source: Source
    resource: Resource
    parent: Resource | None
    connection: Connection
    request: SyncOptions
    listener: Listener
    portions: BatchLimits = field(default_factory=BatchLimits)
    mask: Mask | None = None
    optional: bool = False
    preview: Preview = Preview.MASKED

    @property
    def until(self) -> datetime | None:
        """End of the backfill; None for a resource that Intercom does not filter by time."""
        dated = self.parent or self.resource
        return self.request.until if isinstance(dated.replication, Incremental | Windowed) else None

    @property
    def target(self) -> Target:
        """The table that receives the records."""
        return self.source.target(self.resource)

    @property
    def declared(self) -> Target:
        """The same table with excluded columns: it may have been created with them."""
        return self.target if self.mask is None else replace(self.target, table=self.mask.table)

    @property
    def archives(self) -> bool:
        """Whether former versions of rows are kept."""
        return self.resource.name in self.source.history

    @property
    def parent_target(self) -> Target:
        """The table of a child's parents."""
        assert self.parent is not None, f"{self.resource.name} has no parent"
        return self.source.target(self.parent)

    def refuse_other_source(self, cursors: Mapping[str, StoredCursor]) -> None:
        """Refuse tables that another source wrote.

        Raises:
            ConfigurationError: They are not this source's; names the other one.
        """
        source, owners = self.source, {cursor.source for cursor in cursors.values()}
        if others := owners - {"", source.name}:
            owner = min(others)
            raise ConfigurationError(
                f"The tables {source.schema}.{source.prefix}rudder_… belong to the Intercom source "
                f"{owner!r}, but this one is named {source.name!r}. Write `name: {owner}` into its "
                "defs.yaml, if it is the same source under a new name; else give this one another "
                "table_prefix. Nothing was read"
            )

    def refuse_other_workspace(
        self, cursors: Mapping[str, StoredCursor], workspace: Workspace
    ) -> None:
        """Refuse tables of another workspace than the token's.

        Raises:
            ConfigurationError: They hold another one; names both.
        """
        for cursor in cursors.values():
            if cursor.workspace_id and cursor.workspace_id != workspace.id:
                raise ConfigurationError(
                    f"The tables {self.source.schema}.{self.source.prefix}rudder_… hold "
                    f"workspace {cursor.workspace_id} (region {cursor.region}), but the access "
                    f"token belongs to workspace {workspace.id} ({workspace.name}). Use the token "
                    "of that workspace, or another table_prefix for this one. Nothing was read"
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadContext:
    """What every kind of read needs.

    Attributes:
        folder: For spooled files.
        stored_rows: Rows not marked as gone: if there are any, an empty list is unexpected.
        due: Portions of due parents, in the order of their versions; `next` blocks.
        again: Parents that are not due, and whose records are asked for again.
        unread: What could not be read, now or by earlier syncs.
        warn: Shows the user a line that may need attention.
        note: Shows the user a line about what is being done.
        spooled: Receives the number of records so far while none can be yielded before the last.
        slice_records: A slice of time with more records is cut.
        shaper: Shapes records as soon as they arrive, while they are in the processor's cache.
        declared: All declared columns, those that are excluded too.
        exports: The files that all resources of the connection share.
        rewind: By how much the windows of exports overlap.
        values: What there is a list of each for, where a resource has several.
    """

    resource: Resource
    session: ResourceSession
    workspace: Workspace
    window: Window
    folder: Path
    stored_rows: int
    due: Iterator[list[ParentVersion]]
    due_total: int
    again: list[ParentVersion]
    unread: Unread
    warn: Callable[[str], None]
    note: Callable[[str], None]
    spooled: Callable[[int], None]
    slice_records: int
    shaper: Shaper
    declared: tuple[Column, ...]
    exports: Exports
    rewind: timedelta
    values: tuple[str, ...] = ()

    @property
    def oldest(self) -> datetime:
        """When the first record to be read can have been created.

        A wrong date of the workspace's creation must not hide what there is.
        """
        created, now = self.workspace.created_at, self.workspace.date or local_now()
        first = created if created is not None and created < now else FOUNDED
        return max(self.window.start_date or first, FOUNDED)

    @property
    def beginning(self) -> datetime:
        """When the window begins, which without a start is when records can first exist."""
        return max(self.window.since or self.oldest, FOUNDED)

    def dated(self, record: Record) -> datetime | None:
        """Return when a record was updated, None if it does not say."""
        return instant_at(record, self._path())

    def is_undated(self, record: Record) -> bool:
        """Return whether `updated_at` is null or 0, so that no search by it finds the record."""
        micros = micros_at(record, self._path())
        return micros is None or micros <= 0

    def kept(self, records: list[Record]) -> list[Record]:
        """Drop records updated before the start date; keep undated ones."""
        start_date = self.window.start_date
        if start_date is None or self.resource.cursor is None:
            return records
        return [
            record
            for record in records
            if (dated := self.dated(record)) is None or dated >= start_date
        ]

    def newest(self, records: list[Record], than: datetime | None) -> datetime | None:
        """Return the latest update among the records and `than`."""
        path = self._path()
        dates = [at for record in records if (at := micros_at(record, path)) is not None]
        if not dates:
            return than
        latest = instant(max(dates))
        return latest if than is None else max(latest, than)

    def _path(self) -> tuple[str, ...]:
        cursor = self.resource.cursor
        return () if cursor is None else self.resource.table.column(cursor).path


def ends_before(dates: list[datetime | None], limit: datetime) -> bool:
    """Return whether dates, newest first, end before a limit; False if they are out of order."""
    known = [date for date in dates if date is not None]
    in_order = len(known) == len(dates) and known == sorted(known, reverse=True)
    return in_order and bool(known) and known[-1] < limit


def just_changed(record: Record, date: datetime | None) -> bool:
    """Return whether a record changed in the very second in which Intercom answered."""
    updated = micros_at(record, ("updated_at",))
    answered = (date or local_now()).timestamp()
    return updated is not None and updated >= int(answered) * 1_000_000


def local_now() -> datetime:
    """Return this machine's time less its possible skew, for responses without a date."""
    return datetime.now(UTC) - _CLOCK_SKEW

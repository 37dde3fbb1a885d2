"""The report of a sync, its progress while it runs, and the listeners that receive both."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, Self

from intercom_assets.intercom.metrics import RequestMetrics

if TYPE_CHECKING:
    from intercom_assets.catalog.types import Row


@dataclass(slots=True, kw_only=True)
class Report:
    """The figures of one resource's sync.

    Attributes:
        records_returned: Records in the resource's own lists, before filters, including overlap
            and duplicates: what RudderStack counted as events.
        deleted: Rows marked as gone.
        archived: Former versions of rows that were kept.
        unread: Records (for a child, parents) that could not be read completely, and stay due.
        found: Missing or outdated rows that a reconcile fetched.
        missing: Rows that Intercom counts but that are not stored; None if not compared.
        misfits: Values that did not fit their column, by column.
        unmodelled: Fields that no column declares, by path.
        sample: The last rows read.
        skipped: Why nothing, or no more, was read; empty if all was.
    """

    resource: str
    table: str
    records_returned: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    archived: int = 0
    row_count: int = 0
    unread: int = 0
    found: int = 0
    gone: int = 0
    missing: int | None = None
    commits: int = 0
    seconds: float = 0.0
    cursor_before: datetime | None = None
    cursor_after: datetime | None = None
    meter: RequestMetrics = field(default_factory=RequestMetrics)
    misfits: Counter[str] = field(default_factory=Counter)
    unmodelled: Counter[str] = field(default_factory=Counter)
    sample: "Sequence[Row]" = ()
    skipped: str = ""

    def __str__(self) -> str:
        """Return one line for a log."""
        return (
            f"{self.table}: {counted(self.records_returned, 'record')} returned, "
            f"{self.inserted:,} inserted, {self.updated:,} updated, {self.unchanged:,} unchanged, "
            f"{self.deleted:,} marked deleted; {counted(self.row_count, 'row')} now; "
            f"{counted(self.meter.requests, 'request')} in {self.seconds:.1f} s"
        )


def counted(number: int, noun: str) -> str:
    """Return `1 row` or `2,000 rows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a resource's sync has come.

    Attributes:
        done: Records (for a child, parents) read.
        quota_seconds: Seconds waited for the quota.
    """

    resource: str
    done: int = 0
    total: int | None = None
    requests: int = 0
    quota_seconds: float = 0.0
    seconds: float = 0.0

    @classmethod
    def of(cls, report: Report, *, done: int, total: int | None, began: float) -> Self:
        """Return how far a sync has come, and what it has cost."""
        return cls(
            resource=report.resource,
            done=done,
            total=total,
            requests=report.meter.requests,
            quota_seconds=report.meter.quota_seconds,
            seconds=time.monotonic() - began,
        )

    def __str__(self) -> str:
        """Return one line for a log."""
        of = f" of {self.total:,}" if self.total is not None else ""
        parts = [f"{self.done:,}{of} read", counted(self.requests, "request")]
        if self.seconds >= 1:
            parts.append(f"{self.done / self.seconds:,.0f}/s")
            if self.total and 0 < self.done < self.total:
                left = (self.total - self.done) * self.seconds / self.done
                parts.append(f"about {spell(left)} left")
        if self.quota_seconds >= 1:
            parts.append(f"waited {spell(self.quota_seconds)} for quota")
        return f"{self.resource}: {', '.join(parts)}"


def spell(seconds: float) -> str:
    """Format a duration: 0.4s, 12s, 3m05s, 2h07m."""
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02}m"
    return f"{minutes}m{rest:02}s" if minutes else f"{rest}s"


def figures(report: Report) -> dict[str, float]:
    """Return the figures of a sync, under their names in Dagster's UI and JSON."""
    return {
        "records_returned": report.records_returned,
        "rows_inserted": report.inserted,
        "rows_updated": report.updated,
        "rows_unchanged": report.unchanged,
        "rows_deleted": report.deleted,
        "rows_archived": report.archived,
        "records_still_due": report.unread,
        "row_count": report.row_count,
        "requests": report.meter.requests,
        "retries": report.meter.retries,
        "throttled_seconds": round(report.meter.quota_seconds, 3),
    }


class Listener(Protocol):
    """Receives the events of a sync."""

    def on_start(self, report: Report) -> None:
        """Note that a sync begins; its report fills as it runs."""
        ...

    def on_progress(self, progress: Progress) -> None:
        """Note progress; called often."""
        ...

    def info(self, line: str) -> None:
        """Show the user a line."""
        ...

    def warning(self, line: str) -> None:
        """Show the user a line that may need attention."""
        ...

    def on_finish(self, report: Report) -> None:
        """Note that a sync has succeeded."""
        ...


class Pace:
    """Permits something at most once per interval."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._next = clock() + seconds

    def due(self) -> bool:
        """Return whether the interval has passed; if so, start the next one."""
        now = self._clock()
        if now < self._next:
            return False
        self._next = now + self._seconds
        return True


_LOG_SECONDS = 5.0


class LogListener:
    """Logs the sync of a resource, its progress every few seconds; tells a watcher everything."""

    def __init__(self, log: logging.Logger, resource: str, watcher: Listener | None = None) -> None:
        self._log = log
        self._resource = resource
        self._pace = Pace(_LOG_SECONDS)
        self._watcher = watcher

    def on_start(self, report: Report) -> None:
        """Pass on the report, which is still filling; the log gets it at the end."""
        if self._watcher is not None:
            self._watcher.on_start(report)

    def on_progress(self, progress: Progress) -> None:
        """Log progress every few seconds."""
        if self._pace.due():
            self._log.info(str(progress))
        if self._watcher is not None:
            self._watcher.on_progress(progress)

    def info(self, line: str) -> None:
        """Log a line."""
        self._log.info(f"{self._resource}: {line}")
        if self._watcher is not None:
            self._watcher.info(f"{self._resource}: {line}")

    def warning(self, line: str) -> None:
        """Log a warning."""
        self._log.warning(f"{self._resource}: {line}")
        if self._watcher is not None:
            self._watcher.warning(f"{self._resource}: {line}")

    def on_finish(self, report: Report) -> None:
        """Log the final report."""
        self._log.info(str(report))
        if self._watcher is not None:
            self._watcher.on_finish(report)

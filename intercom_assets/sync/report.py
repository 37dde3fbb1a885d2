"""What a sync did, in numbers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from intercom_assets.intercom.client import Meter

if TYPE_CHECKING:
    from intercom_assets.catalog.types import Row


@dataclass(slots=True, kw_only=True)
class Report:
    """The figures of one resource's sync.

    Attributes:
        resource: Name of the resource.
        table: Full name of the table.
        records_returned: Records in the resource's own list answers, before filters, overlap and
            duplicates included: what RudderStack counted as events.
        inserted: New rows.
        updated: Rows whose record changed or that came back.
        unchanged: Rows that were read and already stored.
        deleted: Rows marked as gone.
        row_count: Rows in the table afterwards, marked ones included.
        unread: Records that could not be read whole, and stay due: of a child, parents.
        found: Rows that a reconcile found missing or outdated, and fetched.
        missing: Rows that Intercom counts and that are not stored; None where it was not compared.
        gone: Rows whose records a reconcile found gone.
        commits: Transactions.
        seconds: Duration.
        cursor_before: The stored cursor when the sync began.
        cursor_after: The stored cursor when it ended.
        meter: What the requests cost.
        misfits: Values that did not fit their column, by column.
        unmodelled: Fields that no column declares, by path.
        sample: The last rows that were read.
    """

    resource: str
    table: str
    records_returned: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    row_count: int = 0
    unread: int = 0
    found: int = 0
    gone: int = 0
    missing: int | None = None
    commits: int = 0
    seconds: float = 0.0
    cursor_before: datetime | None = None
    cursor_after: datetime | None = None
    meter: Meter = field(default_factory=Meter)
    misfits: Counter[str] = field(default_factory=Counter)
    unmodelled: Counter[str] = field(default_factory=Counter)
    sample: "Sequence[Row]" = ()

    def __str__(self) -> str:
        """Read as one line of a log."""
        return (
            f"{self.table}: {counted(self.records_returned, 'record')} returned, "
            f"{self.inserted:,} inserted, {self.updated:,} updated, {self.unchanged:,} unchanged, "
            f"{self.deleted:,} marked deleted; {counted(self.row_count, 'row')} now; "
            f"{counted(self.meter.requests, 'request')} in {self.seconds:.1f} s"
        )


def counted(number: int, noun: str) -> str:
    """Read as `1 row` or `2,000 rows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"

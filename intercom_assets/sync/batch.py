"""What extraction hands to loading."""

from dataclasses import dataclass, field
from datetime import datetime

from intercom_assets.catalog.types import Row
from intercom_assets.errors import IntercomError
from intercom_assets.sync.slices import Slice


@dataclass(frozen=True, slots=True, kw_only=True)
class Portions:
    """How much is read and committed at a time.

    Attributes:
        slice_records: A slice that holds more is cut, so that it is read before it moves.
        commit_rows: Rows that are committed at the next checkpoint, where the warehouse has not
            enough bytes of them before.
        commit_seconds: Seconds after which what was read is committed at the next checkpoint.
        ahead_rows: Rows that are committed without a checkpoint: the cursor stays behind. So is
            twice what is enough for the warehouse.
    """

    slice_records: int = 750
    commit_rows: int = 100_000
    commit_seconds: float = 60.0
    ahead_rows: int = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shaped:
    """What is kept of a page.

    Attributes:
        rows: Rows to merge, as they are written to a file.
        keys: Keys of the records that were returned, where it matters which.
        returned: How many records Intercom returned.
        newest: The latest update among them, None where none is dated.
        total_count: Records in all pages, where Intercom says so.
        passed_over: Records whose lists could not be completed.
        settled: Keys of records that were due, and are read whole now.
    """

    rows: list[bytes]
    keys: list[Row]
    returned: int
    newest: datetime | None
    total_count: int | None
    passed_over: "list[PassedOver]" = field(default_factory=list)
    settled: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A cursor that may be stored once all rows up to here are committed.

    Attributes:
        at: For a resource that is asked for by time, or dated.
        parent: For a child: the last processed parent's (`_synced_at`, key).
        reconciled: For a reconcile: rows updated before this were compared.
    """

    at: datetime | None = None
    parent: tuple[datetime, str] | None = None
    reconciled: datetime | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """A row whose record was asked for and is gone.

    Attributes:
        key: The row's primary key.
        merged_into: Id of the record that it was merged into, None when it was deleted.
    """

    key: str
    merged_into: str | None = None


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A record that could not be read, or not whole: it stays due.

    Attributes:
        key: Its key; of a child, its parent's.
        error: Why.
    """

    key: str
    error: IntercomError


@dataclass(frozen=True, slots=True)
class WholeList:
    """A parent whose children were read whole.

    Attributes:
        parent: The parent's key.
        newer_than: Microseconds since 1970: only newer children were returned; None for all.
    """

    parent: str
    newer_than: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows on their way to the warehouse, with the cursor that they reach.

    Attributes:
        rows: Rows to merge, as they are written to a file.
        seen: Keys of the records that were returned, before any filter; they exist.
        returned: How many records Intercom returned, overlap and duplicates included.
        checkpoint: The cursor that may be stored after this batch; None inside a slice.
        whole: Children's lists that were read whole.
        gone: Rows whose records are gone for certain.
        covered: The slice of time that was read whole with this batch.
        complete: The read has ended, and saw everything: unseen rows are gone.
        reconciled_at: The reconcile has ended, and compared everything up to then.
        passed_over: What could not be read, and stays due.
        settled: Keys of what was due, and is read with this batch.
        deletions_at: Everything that Intercom listed as deleted until then was given.
        total: Records or parents that the whole read is expected to cover.
        done: How many of them are covered so far.
    """

    rows: list[bytes] = field(default_factory=list)
    seen: list[Row] = field(default_factory=list)
    returned: int = 0
    checkpoint: Checkpoint | None = None
    whole: list[WholeList] = field(default_factory=list)
    gone: list[Gone] = field(default_factory=list)
    covered: Slice | None = None
    complete: bool = False
    reconciled_at: datetime | None = None
    passed_over: list[PassedOver] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)
    deletions_at: datetime | None = None
    total: int | None = None
    done: int = 0

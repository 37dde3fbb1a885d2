"""The values exchanged by a sync and a warehouse, and the protocols that a database implements.

`Warehouse` is written once, over an `Adapter` (reaches a database) and a `Dialect` (spells its
SQL). Neither knows Intercom.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from intercom_assets.catalog.table import DELETED_AT, SYNCED_AT, Column, Table
from intercom_assets.catalog.types import ColumnType

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")

SEQUENCE = "_sequence"
"""Column of a staged file with the order in which rows were read; never stored."""

SET_BY_COMMIT = (SYNCED_AT, DELETED_AT)
"""Metadata columns that a commit sets and staged files lack."""

MERGED_INTO = "_merged_into"
"""Key in `_extra` for the id of the record that a deleted one was merged into."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedFile:
    """Rows in a file of one JSON object per line, where nulls may be omitted.

    Instants are microseconds since 1970, JSON is text.

    Attributes:
        longest: Bytes of the longest line.
    """

    path: Path
    columns: Mapping[str, ColumnType]
    rows: int
    longest: int


@dataclass(frozen=True, slots=True)
class Target:
    """A table or view in the warehouse. Schema and name are verbatim and include any prefix."""

    schema: str
    name: str
    table: Table

    @property
    def history(self) -> "Target":
        """The table of former versions of this one's rows."""
        return Target(self.schema, f"{self.name}_history", self.table.history)

    def __str__(self) -> str:
        """Return `schema.name`."""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCursor:
    """Where a resource's next sync starts, as stored beside its rows.

    Attributes:
        workspace_id: Intercom's `app.id_code`.
        start_date: The start date with which the rows were read.
        at: The cursor of an incremental resource.
        parent_synced_at: With `parent_key`, the last processed version of a parent.
        version: Incremented by each commit; 0 before the first.
        synced_at: `_synced_at` of the last commit.
        run_id: Dagster run of the last commit.
        complete: Whether the last sync finished, rather than stopped at a checkpoint.
        reconciling: The unfinished reconcile has compared rows updated before this time.
        reconciled_at: When a reconcile last finished.
        hidden: What the settings hid from the stored rows; empty if nothing.
        unread: Keys of records, or of parents of children, that could not be read yet and stay due.
        deletions_at: Deletions that Intercom listed up to this time are marked.
        skipped: Why the last sync could not read the resource, if nobody needs it.
    """

    resource: str
    source: str = ""
    workspace_id: str = ""
    region: str = ""
    start_date: datetime | None = None
    at: datetime | None = None
    parent_synced_at: datetime | None = None
    parent_key: str | None = None
    version: int = 0
    synced_at: datetime | None = None
    run_id: str = ""
    complete: bool = False
    reconciling: datetime | None = None
    reconciled_at: datetime | None = None
    hidden: str | None = None
    unread: tuple[str, ...] = ()
    deletions_at: datetime | None = None
    skipped: str | None = None

    @property
    def position(self) -> datetime | None:
        """Where the next sync starts."""
        return self.at or self.parent_synced_at


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeLists:
    """Lists of children that were read completely, so a child missing from them is gone.

    Attributes:
        file: Columns `parent` and `newer_than`; if the latter is set, the list contains only
            children newer than it.
        parent_key: Column with the parent's key.
        newest: Column that `newer_than` is compared with.
    """

    file: StagedFile
    parent_key: str
    newest: str | None = None


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Replacement values for stored rows. `_synced_at` stays, as their meaning does not change.

    Attributes:
        file: The primary key and the new values of these columns and `_extra`.
        columns: Columns to replace in addition to `_extra`.
    """

    target: Target
    file: StagedFile
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One transaction: rows, marks and the cursor that they reach.

    Attributes:
        cursor: The cursor after the commit; its version is the stored one plus one.
        rows: Rows with `_sequence`.
        seen: The keys of a complete read; rows missing from it are marked.
        seen_in: The lists that were read whole: rows of others are not marked.
        gone: `key` and `merged_into` of rows whose records are confirmed as gone.
        archives: Whether former versions of rows are kept in the table's history.
        history_days: Versions replaced more days ago are deleted; None to leave them.
    """

    target: Target
    cursor: StoredCursor
    rows: StagedFile | None = None
    seen: StagedFile | None = None
    seen_in: WholeLists | None = None
    whole: WholeLists | None = None
    gone: StagedFile | None = None
    rewrites: tuple[Rewrite, ...] = ()
    archives: bool = False
    history_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """The result of a commit.

    Attributes:
        updated: Rows whose record changed or reappeared.
        unchanged: Staged rows that were already stored.
        deleted: Rows marked as gone.
        archived: Former versions of rows that were kept.
        row_count: Rows in the table afterwards, including marked ones.
    """

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    archived: int = 0
    row_count: int = 0
    synced_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ParentVersion:
    """A stored version of a parent whose children are due; it may be marked as gone.

    Attributes:
        childless: Whether it counts no children, and none is stored.
        value: What its children are searched by; None if they are not, or if it has none.
    """

    key: str
    synced_at: datetime
    deleted: bool
    updated_at: datetime | None = None
    value: str | None = None
    childless: bool = False


@dataclass(frozen=True, slots=True)
class Childless:
    """How to recognize parents that count no children, and of which none is stored.

    Attributes:
        column: JSON column of the parents, in which `path` leads to their count.
        children: The table of children, None if there is none yet.
        key: Column of the children with the parent's key.
    """

    column: str
    path: tuple[str, ...]
    children: Target | None
    key: str


@dataclass(frozen=True, slots=True)
class TableState:
    """A table before a sync, with missing declared columns and the number of unmarked rows."""

    exists: bool
    missing: tuple[Column, ...] = ()
    row_count: int = 0

    @property
    def lacking(self) -> frozenset[str]:
        """Names of the missing columns."""
        return frozenset(column.name for column in self.missing)


class Session(Protocol):
    """A database connection used for one unit of work."""

    def run(self, statement: str, *values: object) -> int:
        """Run a statement and return the number of changed rows."""
        ...

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a query and return its rows."""
        ...

    def arrow(self, statement: str, kinds: Mapping[str, ColumnType]) -> "pa.Table":
        """Run a query of `Dialect.cell`s and return a table with the given names and types."""
        ...

    def columns(self, schema: str, name: str) -> dict[str, str]:
        """Return the type of each column of a table or view, or nothing if it does not exist."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """Commit the statements of a block together, or none of them."""
        ...

    def create_table(self, schema: str, statement: str) -> None:
        """Create a table or view, and its schema if missing."""
        ...

    def staged(self, schema: str, file: StagedFile) -> AbstractContextManager[str]:
        """Make a file readable for a block, yielding a relation with its typed columns."""
        ...

    def temporary(self, schema: str) -> AbstractContextManager[str]:
        """Yield a quoted table name to create; the table is dropped after the block."""
        ...

    def relations(self, schema: str, names: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Return the kind of each existing relation, and the text that contains a view's mark."""
        ...


class Adapter(Protocol):
    """Reaches a database, and raises failures of its driver as `WarehouseError`."""

    def describe(self) -> str:
        """Return the database's path or account, for messages."""
        ...

    def close(self) -> None:
        """Disconnect."""
        ...

    def exists(self) -> bool:
        """Return whether the database exists, without creating it."""
        ...

    def connected(self) -> AbstractContextManager[None]:
        """Keep the connection open for a block if connecting is expensive."""
        ...

    def lock(self, target: Target, run_id: str) -> AbstractContextManager[None]:
        """Lock a table against other syncs for a block."""
        ...

    def commit_share(self, rows: int, size: int) -> float:
        """Return how full a commit is, where 1.0 means it should be flushed."""
        ...

    def read(self, work: Callable[[Session], T], what: str) -> T:
        """Run work that only reads; `what` names its subject in messages."""
        ...

    def write(self, work: Callable[[Session], T], what: str, *, compact: bool = False) -> T:
        """Run work that writes. It may be repeated from the start, e.g. after a lost session.

        With `compact`, the database may compact its storage afterwards.
        """
        ...

    def stream(self, statement: str, what: str) -> Iterator[list[tuple[Any, ...]]]:
        """Run a query and yield its rows in portions."""
        ...

    def query(self, statement: str) -> "pa.Table":
        """Run a user's SQL without keeping any changes; columns of JSON are marked as such."""
        ...

    def check(self, schema: str) -> None:
        """Verify that tables can be created, without leaving a trace."""
        ...

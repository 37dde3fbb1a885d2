"""The values that pass between a sync and a warehouse, and what a database must offer.

`Warehouse` is written once, over an `Adapter` (how a database is reached) and a `Dialect` (how its
SQL is spelled). Neither knows Intercom.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from intercom_assets.catalog.table import DELETED_AT, SYNCED_AT, Column, Table
from intercom_assets.catalog.types import ColumnType

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")

SEQUENCE = "_sequence"
"""Column of a staged file: the order in which rows were read; never stored."""

SET_BY_COMMIT = (SYNCED_AT, DELETED_AT)
"""Metadata columns that a staged file does not hold."""

MERGED_INTO = "_merged_into"
"""Where `_extra` keeps the id of the record that a deleted one was merged into."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedFile:
    """Rows in a file: one JSON object a line, which may leave nulls out.

    Instants are microseconds since 1970, JSON is text.

    Attributes:
        columns: The objects' fields and their types.
        longest: Bytes of the longest line.
    """

    path: Path
    columns: Mapping[str, ColumnType]
    rows: int
    longest: int


@dataclass(frozen=True, slots=True)
class Target:
    """A table or view in the warehouse; schema and name are verbatim, with any prefix."""

    schema: str
    name: str
    table: Table

    def __str__(self) -> str:
        """Read as `schema.name`."""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCursor:
    """Where a resource's next sync starts, as stored beside its rows.

    Attributes:
        source: Name of the source that wrote it.
        workspace_id: Intercom's id of the workspace (`app.id_code`).
        start_date: The start date that the rows were read with.
        at: The cursor of a resource that is asked for by time.
        parent_synced_at: With `parent_key`, the last processed version of a parent.
        version: Grows by one with each commit; 0 before the first.
        synced_at: `_synced_at` of the last commit.
        run_id: Dagster run of the last commit.
        complete: Whether the last sync ended well, rather than at a checkpoint.
        reconciling: Rows updated before this were compared by a reconcile under way.
        reconciled_at: When the last whole reconcile ended.
        hidden: What the rows were stored without; empty where nothing is hidden.
        unread: Keys of what could not be read so far, and is due until it is: parents of children,
            or the records themselves.
        deletions_at: Deletions that Intercom listed until then are marked.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeLists:
    """Children's lists that were read completely, so that a child they lack is gone.

    Attributes:
        file: `parent` and `newer_than`: where that is set, only children newer than it were
            returned.
        parent_key: Column that holds the parent's key.
        newest: Column that `newer_than` is compared with.
    """

    file: StagedFile
    parent_key: str
    newest: str | None


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Stored rows whose values are replaced: `_synced_at` stays, the rows mean what they meant.

    Attributes:
        file: The primary key, these columns and `_extra`, as they are after.
        columns: Columns that are replaced beside `_extra`.
    """

    file: StagedFile
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One transaction: rows, marks and the cursor that they reach.

    Attributes:
        cursor: The cursor after the commit; its version follows the stored one.
        rows: Rows with `_sequence`.
        seen: The keys of a complete read: every row that it lacks is marked.
        gone: `key` and `merged_into` of rows whose records are gone for certain.
    """

    target: Target
    cursor: StoredCursor
    rows: StagedFile | None = None
    seen: StagedFile | None = None
    whole: WholeLists | None = None
    gone: StagedFile | None = None
    rewrite: Rewrite | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """What a commit did.

    Attributes:
        updated: Rows whose record changed, or that came back.
        unchanged: Rows that were staged and already stored.
        deleted: Rows marked as gone.
        row_count: Rows in the table afterwards, marked ones included.
    """

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    row_count: int = 0
    synced_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ParentVersion:
    """A stored version of a parent whose children are due; the parent may be marked as gone."""

    key: str
    synced_at: datetime
    deleted: bool


@dataclass(frozen=True, slots=True)
class TableState:
    """A table before a sync: declared columns that it lacks, rows that are not marked as gone."""

    exists: bool
    missing: tuple[Column, ...] = field(default=())
    row_count: int = 0


class Session(Protocol):
    """A connection to a database, for one piece of work."""

    def run(self, statement: str, *values: object) -> int:
        """Run a statement and return the number of rows that it changed."""
        ...

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a query and return its rows."""
        ...

    def arrow(self, statement: str, kinds: Mapping[str, ColumnType]) -> "pa.Table":
        """Run a query of `Dialect.cell`s and return a table with these names and types."""
        ...

    def columns(self, schema: str, name: str) -> dict[str, str]:
        """Return the type of each column of a table or view; nothing where there is none."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """Do all of a block or nothing of it."""
        ...

    def create_table(self, schema: str, statement: str) -> None:
        """Create a table, and its schema where there is none."""
        ...

    def staged(self, schema: str, file: StagedFile) -> AbstractContextManager[str]:
        """Make a file readable for a block; yields a relation with its columns, typed."""
        ...

    def temporary(self, schema: str) -> AbstractContextManager[str]:
        """Yield the quoted name of a table that may be created, and is dropped after the block."""
        ...

    def relations(self, schema: str, names: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Return what exists of these names: its kind, and the text that holds a view's mark."""
        ...


class Adapter(Protocol):
    """How a database is reached. Every failure of the driver leaves it as a `WarehouseError`."""

    def describe(self) -> str:
        """Name the database for people: a path or an account."""
        ...

    def close(self) -> None:
        """Disconnect."""
        ...

    def exists(self) -> bool:
        """Tell whether there is a database yet; looking at it must not create one."""
        ...

    def connected(self) -> AbstractContextManager[None]:
        """Stay connected for a block, where connecting costs something."""
        ...

    def lock(self, target: Target, run_id: str) -> AbstractContextManager[None]:
        """Keep other syncs away from a table for a block."""
        ...

    def commit_share(self, rows: int, size: int) -> float:
        """Return how full a commit of so many rows and bytes is: at 1.0 it is worth its cost."""
        ...

    def read(self, work: Callable[[Session], T], what: str) -> T:
        """Do work that reads, in a `Session`; `what` it is about stands in messages."""
        ...

    def write(self, work: Callable[[Session], T], what: str, *, compact: bool = False) -> T:
        """Do work that writes; it may be repeated from its beginning, as when a session was lost.

        With `compact`, the database may tidy its storage up afterwards.
        """
        ...

    def stream(self, statement: str, what: str) -> Iterator[list[tuple[Any, ...]]]:
        """Run a query and yield its rows in portions."""
        ...

    def query(self, statement: str) -> "pa.Table":
        """Answer SQL of a person's; what it changes is not kept."""
        ...

    def check(self, schema: str) -> None:
        """Find out whether tables could be created, and leave no trace."""
        ...

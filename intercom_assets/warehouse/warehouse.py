"""What the sync needs of a warehouse, and the values that pass between them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from intercom_assets.catalog.table import Column, Table
from intercom_assets.catalog.types import ColumnType

if TYPE_CHECKING:
    import pyarrow as pa

    from intercom_assets.warehouse.questions import Answer, Question, Rows
    from intercom_assets.warehouse.views import Outcome, View

SEQUENCE = "_sequence"
"""Column of a staged file: the order in which rows were read; never stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedFile:
    """Rows in a file: one JSON object a line, which may leave nulls out.

    Instants are microseconds since 1970, JSON is text.

    Attributes:
        path: The file.
        columns: The objects' fields, and what they hold.
        rows: How many there are.
        longest: Bytes of the longest line.
    """

    path: Path
    columns: Mapping[str, ColumnType]
    rows: int
    longest: int


@dataclass(frozen=True, slots=True)
class Target:
    """A table in the warehouse.

    Attributes:
        schema: Schema, verbatim.
        name: Name, verbatim, with its prefix.
        table: Columns and keys.
    """

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
        resource: Name of the resource.
        source: Name of the source that wrote it.
        workspace_id: Intercom's id of the workspace (`app.id_code`).
        region: Region of the workspace.
        start_date: The start date that the rows were read with.
        at: The cursor of a resource that is asked for by time.
        parent_synced_at: With `parent_key`, the last processed version of a parent.
        parent_key: Key of that parent.
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
    """Children's lists that were read whole, so that what they lack is gone.

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
        target: The table.
        cursor: The cursor after the commit; its version follows the stored one.
        rows: Rows with `_sequence`, None when there are none.
        seen: The keys of a complete read: every row that it lacks is marked.
        whole: Children's lists that were read whole.
        gone: `key` and `merged_into` of rows whose records are gone for certain.
        rewrite: Stored rows whose values are replaced.
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
        inserted: Rows that are new.
        updated: Rows whose record changed, or that came back.
        unchanged: Rows that were staged and already stored.
        deleted: Rows marked as gone.
        row_count: Rows in the table afterwards, marked ones included.
        synced_at: `_synced_at` of the rows written.
    """

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    row_count: int = 0
    synced_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ParentVersion:
    """A stored version of a parent whose children are due.

    Attributes:
        key: The parent's key.
        synced_at: When this version was committed.
        deleted: Whether the parent is marked as gone.
    """

    key: str
    synced_at: datetime
    deleted: bool


@dataclass(frozen=True, slots=True)
class TableState:
    """What stands in the warehouse before a sync.

    Attributes:
        exists: Whether the table exists.
        missing: Declared columns that it lacks.
        row_count: Rows that are not marked as gone.
    """

    exists: bool
    missing: tuple[Column, ...] = field(default=())
    row_count: int = 0


class Warehouse(Protocol):
    """A database that holds tables and cursors and changes both in one transaction."""

    def describe(self) -> str:
        """Name the database for people: a path or an account."""
        ...

    def held(self) -> AbstractContextManager[None]:
        """Stay connected for a block, where that costs something; not while Intercom is asked.

        Raises:
            WarehouseError: The warehouse cannot be reached.
        """
        ...

    def lock(self, target: Target, run_id: str) -> AbstractContextManager[None]:
        """Keep other syncs away from a table; correctness does not rest on it.

        Raises:
            WarehouseError: Another sync of the table is running; names it where known.
        """
        ...

    def inspect(self, target: Target) -> TableState:
        """Look at a table before anything is requested.

        Raises:
            SchemaError: It is not ours, or a column has another type than declared.
            WarehouseError: The warehouse cannot be reached.
        """
        ...

    def cursors(self, schema: str, prefix: str) -> dict[str, StoredCursor]:
        """Read all cursors of a prefix, by resource."""
        ...

    def commit_share(self, rows: int, size: int) -> float:
        """Say how much of a commit that is worth its cost, and not too large, some rows make.

        Args:
            rows: How many.
            size: Their bytes, as they are staged.
        """
        ...

    def commit(self, prefix: str, commit: Commit) -> Committed:
        """Merge, mark and move the cursor, or change nothing.

        Raises:
            WarehouseError: Another sync moved the cursor meanwhile, or a statement failed.
        """
        ...

    def due_parents(
        self, parent: Target, after: tuple[datetime, str] | None, limit: int
    ) -> list[ParentVersion]:
        """List parents by (`_synced_at`, key) from after a position on.

        Raises:
            SchemaError: There is no table of parents.
        """
        ...

    def unseen(
        self, target: Target, seen: Sequence[str], since: datetime, until: datetime | None
    ) -> list[str]:
        """List keys of unmarked rows dated in [since, until) that are not among the seen ones.

        Without an end, undated rows belong to the interval too.
        """
        ...

    def count_due(self, parent: Target, after: tuple[datetime, str] | None) -> int:
        """Count the parents that `due_parents` would list."""
        ...

    def cells(self, asked: "Rows") -> Iterator[list[tuple[Any, ...]]]:
        """Go through the rows that are asked for, with the columns that are; JSON as text."""
        ...

    def add_columns(
        self, target: Target, columns: Sequence[Column], fill: StagedFile | None
    ) -> None:
        """Add declared columns to an existing table, and fill them, in one transaction.

        Args:
            target: The table.
            columns: Columns that it lacks.
            fill: The primary key, these columns and `_extra` as it is after; None when there
                is nothing to fill in.
        """
        ...

    def read(self, target: Target, columns: Sequence[str] | None = None) -> "pa.Table":
        """Read a table, marked rows included; JSON columns as text.

        Raises:
            SchemaError: There is no such table.
        """
        ...

    def values(self, target: Target, columns: Sequence[str]) -> list[tuple[Any, ...]]:
        """Read columns of a table as Python's own values; JSON columns as text.

        Raises:
            SchemaError: There is no such table.
        """
        ...

    def ask(self, question: "Question", limit: int) -> "Answer":
        """Ask which rows are not as they should be; at most `limit` of them are read.

        Raises:
            SchemaError: There is no such table.
            WarehouseError: The warehouse cannot be reached, or a statement failed.
        """
        ...

    def make_views(self, views: Sequence["View"]) -> list["Outcome"]:
        """Create views, and replace those of ours whose definition changed.

        What is not ours is left as it is, and so is what did not change.

        Args:
            views: Views of one schema.

        Raises:
            WarehouseError: A statement failed.
        """
        ...

    def count(self, target: Target) -> int:
        """Count the rows of a table or view.

        Raises:
            SchemaError: There is no such table or view.
        """
        ...

    def read_view(self, target: Target, columns: Sequence[str] | None = None) -> "pa.Table":
        """Read a view whose columns may be others than it was made with; JSON columns as text.

        Raises:
            SchemaError: There is no such view or column.
        """
        ...

    def query(self, statement: str) -> "pa.Table":
        """Answer a question in SQL; what it changes is not kept. No answer is an empty table.

        Raises:
            WarehouseError: The statement is wrong, or changes what could not be taken back.
        """
        ...

    def check(self, schema: str) -> None:
        """Find out whether tables could be made, and leave no trace.

        Raises:
            WarehouseError: They could not; says why.
        """
        ...

"""How unit tests of a warehouse store: a small table, commits of a few rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from intercom_assets.catalog.table import Table, integer, text, timestamp
from intercom_assets.catalog.types import ColumnType, Record
from intercom_assets.engine.rows import RowSpool, Shaper, encode_row
from intercom_assets.warehouse.base import (
    Commit,
    Committed,
    StagedFile,
    StoredCursor,
    Target,
    WholeLists,
)
from intercom_assets.warehouse.duckdb import DuckDBWarehouse
from intercom_assets.warehouse.warehouse import Warehouse

THINGS = Table(
    columns=(
        *text(id="Key.", name="Name."),
        *integer(size="Size."),
        *timestamp(updated_at="When it last changed."),
    ),
    primary_key=("id",),
    version="updated_at",
)

Row = dict[str, Any]


def thing(key: str, name: str = "a", updated_at: int | None = 1_700_000_000) -> Record:
    """Make a record of the table of things."""
    return {"id": key, "name": name, "size": 1, "updated_at": updated_at}


@dataclass
class Store:
    """Commits records to one table of a warehouse, version after version.

    Attributes:
        warehouse: Where they land.
        folder: Where staged files are written.
        target: The table.
        prefix: Prefix of the table of cursors.
    """

    warehouse: Warehouse
    folder: Path
    target: Target = field(default_factory=lambda: Target("s", "t", THINGS))
    prefix: str = ""
    version: int = 0
    files: int = 0

    def cursor(self) -> StoredCursor | None:
        """Read the stored cursor."""
        return self.warehouse.cursors(self.target.schema, self.prefix).get("things")

    def stored_version(self) -> int:
        """Read the version of the stored cursor, 0 before the first commit."""
        cursor = self.cursor()
        return cursor.version if cursor else 0

    def commit(
        self,
        records: Iterable[Record] = (),
        *,
        seen: Iterable[Record] | None = None,
        seen_in: Iterable[str] | None = None,
        at: datetime | None = None,
        complete: bool = False,
    ) -> Committed:
        """Commit records, and the keys of a complete read; perhaps the last ones of a sync."""
        commit = self.prepared(records, seen=seen, at=at)
        if seen_in is not None:
            lists = RowSpool(self._path(), {"parent": ColumnType.TEXT})
            lists.add(encode_row({"parent": value}) for value in seen_in)
            commit = replace(commit, seen_in=WholeLists(file=lists.close(), parent_key="name"))
        ended = replace(commit, cursor=replace(commit.cursor, complete=complete))
        done = self.warehouse.commit(self.prefix, ended)
        self.version += 1
        return done

    def prepared(
        self,
        records: Iterable[Record] = (),
        *,
        seen: Iterable[Record] | None = None,
        at: datetime | None = None,
        unread: tuple[str, ...] = (),
    ) -> Commit:
        """Write the files of a commit."""
        shaper = Shaper(self.target.table)
        commit = Commit(
            target=self.target,
            cursor=StoredCursor(
                resource="things",
                at=at or datetime(2025, 1, 1, tzinfo=UTC),
                version=self.version + 1,
                unread=unread,
            ),
            rows=self._file(shaper.columns, shaper.lines(list(records))),
        )
        if seen is None:
            return commit
        keys = RowSpool(self._path(), shaper.key_columns)
        keys.add(encode_row(shaper.key(record)) for record in seen)
        return replace(commit, seen=keys.close())

    def rows(self) -> list[Row]:
        """Read the table in the order of its keys."""
        rows: list[Row] = self.warehouse.read(self.target).to_pylist()
        return sorted(rows, key=lambda row: str(row["id"]))

    def names(self) -> dict[str, str]:
        """Read the name of each row that is not marked."""
        return {row["id"]: row["name"] for row in self.rows() if row["_deleted_at"] is None}

    def _file(self, columns: Mapping[str, ColumnType], rows: list[bytes]) -> StagedFile | None:
        if not rows:
            return None
        spool = RowSpool(self._path(), columns)
        spool.add(rows)
        return spool.close()

    def _path(self) -> Path:
        self.files += 1
        return self.folder / f"{self.files}.jsonl"


def store_at(
    tmp_path: Path, schema: str = "s", prefix: str = "", *, patience: float = 0.0
) -> Store:
    """Make a store with a schema and a prefix."""
    warehouse = DuckDBWarehouse(tmp_path / "x.duckdb", patience=patience, lock_patience=0.0)
    return Store(warehouse, tmp_path, Target(schema, f"{prefix}rudder_things", THINGS), prefix)


def file_of(store: Store) -> Path:
    """Give the file of a store."""
    assert isinstance(store.warehouse, DuckDBWarehouse)
    return store.warehouse.database

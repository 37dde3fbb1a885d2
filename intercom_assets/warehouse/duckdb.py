"""Embedded DuckDB: a file that is opened only to commit or to look something up.

While one process has the file open, no other can open it.
"""

import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import duckdb
from typing_extensions import override

from intercom_assets.catalog.types import ColumnType
from intercom_assets.errors import WarehouseError
from intercom_assets.warehouse.base import Adapter, Session, StagedFile, Target
from intercom_assets.warehouse.dialects import DUCKDB_TYPES, DuckDBDialect, literal, quote
from intercom_assets.warehouse.duckdb_file import make_folder, private, table_lock
from intercom_assets.warehouse.duckdb_memory import (
    little_memory,
    low_memory,
    with_enough_memory,
    write_file,
)
from intercom_assets.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")

Connect = Callable[[Path], duckdb.DuckDBPyConnection]
"""Opens the file."""

_COMMIT_BYTES = 24_000_000
_WIDE_COMMIT_BYTES = 8_000_000
_AT_A_TIME = 2_048
"""Rows that DuckDB processes at a time; it cannot move its copies of them to disk."""
_WIDE = 13_000_000
"""Bytes of that many rows above which they use up a commit's memory."""

_PORTION = 5_000
_LEAST_BUFFER = 1 << 20
_FILE_TYPES = {**DUCKDB_TYPES, ColumnType.TIMESTAMP: "BIGINT", ColumnType.JSON: "VARCHAR"}

# DuckDB distinguishes these only by message. The last of `_BUSY` means that another thread of this
# process is closing the file.
_BUSY = ("Could not set lock on file", "Conflicting lock", "Unique file handle conflict")
_CONFLICT = ("onflict on ", "Duplicate key", "PRIMARY KEY or UNIQUE constraint")
_INTERRUPTED = "Query interrupted"
_SAY_AFTER = 2.0

_logger = logging.getLogger("intercom_assets")


def connect(database: Path) -> duckdb.DuckDBPyConnection:
    """Open the file with the configuration shared by all connections of the process."""
    return duckdb.connect(str(database), config={"custom_user_agent": "dagster"})


class DuckDBWarehouse(Warehouse):
    """Tables and cursors in a DuckDB file.

    Args:
        database: The file; created with its folder if missing.
        patience: Seconds to wait for another process that has the file open.
        lock_patience: Seconds to wait for another sync of the same table.
    """

    def __init__(
        self,
        database: Path,
        *,
        connect: Connect = connect,
        patience: float = 60.0,
        lock_patience: float = 10.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.database = database
        adapter = DuckDBAdapter(database, connect, patience=patience, lock_patience=lock_patience)
        super().__init__(adapter, DuckDBDialect(), now=now)


class DuckDBSession(Session):
    """A session with an open file, in UTC."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    @override
    def run(self, statement: str, *values: object) -> int:
        rows = self.rows(statement, *values)
        return int(rows[0][0]) if rows and isinstance(rows[0][0], int) else 0

    @override
    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement, list(values)).fetchall()

    @override
    def arrow(self, statement: str, kinds: Mapping[str, ColumnType]) -> "pa.Table":
        return self._connection.sql(statement).to_arrow_table()

    @override
    def columns(self, schema: str, name: str) -> dict[str, str]:
        # duckdb_columns() takes six times as long, because it lists the columns of all tables.
        statement = "SELECT name, type FROM pragma_table_info(?)"
        try:
            return dict(self.rows(statement, f"{quote(schema)}.{quote(name)}"))
        except duckdb.CatalogException:
            return {}

    @override
    def relations(self, schema: str, names: Sequence[str]) -> dict[str, tuple[str, str]]:
        # DuckDB ignores the case of names, even quoted ones.
        statement = (
            "SELECT lower(view_name), 'VIEW', coalesce(comment, '') FROM duckdb_views()\n"
            "WHERE database_name = current_database() AND lower(schema_name) = lower($1)\n"
            "UNION ALL SELECT lower(table_name), 'TABLE', '' FROM duckdb_tables()\n"
            "WHERE database_name = current_database() AND lower(schema_name) = lower($1)"
        )
        known = {name: (kind, text) for name, kind, text in self.rows(statement, schema)}
        return {name: known[name.lower()] for name in names if name.lower() in known}

    @override
    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN TRANSACTION")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            self.roll_back()
            raise

    def roll_back(self) -> None:
        """Roll back the transaction, if any."""
        # A failed COMMIT has already ended it.
        with suppress(duckdb.Error):
            self._connection.execute("ROLLBACK")

    @override
    def create_table(self, schema: str, statement: str) -> None:
        self._connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quote(schema)}")
        self._connection.execute(statement)

    @override
    def staged(self, schema: str, file: StagedFile) -> AbstractContextManager[str]:
        dialect, columns = DuckDBDialect(), file.columns.items()
        typed = (f"{dialect.typed(quote(one), kind)} AS {quote(one)}" for one, kind in columns)
        # Otherwise DuckDB reads ahead and guesses types from the text.
        declared = (f"{literal(one)}: '{_FILE_TYPES[kind]}'" for one, kind in columns)
        return nullcontext(
            f"(SELECT {', '.join(typed)}\nFROM read_json({literal(str(file.path))}, "
            "auto_detect = false, format = 'newline_delimited', compression = 'uncompressed', "
            f"maximum_object_size = {max(file.longest, _LEAST_BUFFER)},\n"
            f"columns = {{{', '.join(declared)}}}))"
        )

    @override
    @contextmanager
    def temporary(self, schema: str) -> Iterator[str]:
        table = "_intercom_stage"
        try:
            yield table
        finally:
            # A failed transaction allows only a rollback, which drops the table too.
            with suppress(duckdb.Error):
                self._connection.execute(f"DROP TABLE IF EXISTS {table}")


class DuckDBAdapter(Adapter):
    """Opens the file for each use, or once for a block."""

    def __init__(
        self, path: Path, connect: Connect = connect, *, patience: float, lock_patience: float
    ) -> None:
        self._path = path
        self._connect = connect
        self._patience = patience
        self._lock_patience = lock_patience
        self._of_thread = threading.local()

    @override
    def describe(self) -> str:
        return str(self._path)

    @override
    def close(self) -> None:
        """Do nothing, as the file is closed after each use."""

    @override
    def exists(self) -> bool:
        # Path.exists() raises an error where a folder may not be entered.
        return os.access(self._path, os.F_OK)

    @override
    @contextmanager
    def connected(self) -> Iterator[None]:
        # Opening takes about 12 ms. A connection serves one thread.
        with self._opened() as connection:
            outer = getattr(self._of_thread, "connection", None)
            self._of_thread.connection = connection
            try:
                yield
            finally:
                self._of_thread.connection = outer

    @override
    def lock(self, target: Target, run_id: str) -> AbstractContextManager[None]:
        self._make_folder()
        folder = self._path.with_name(f"{self._path.name}.locks")
        return table_lock(folder, target, run_id, self._lock_patience)

    @override
    def commit_share(self, rows: int, size: int) -> float:
        wide = size * _AT_A_TIME > _WIDE * rows
        return size / (_WIDE_COMMIT_BYTES if wide else _COMMIT_BYTES)

    @override
    def read(self, work: Callable[[Session], T], what: str) -> T:
        with self._opened() as connection, little_memory(connection):
            try:
                return with_enough_memory(connection, lambda: work(DuckDBSession(connection)))[0]
            except duckdb.Error as error:
                raise WarehouseError(_refused(f"a statement on {what}", error)) from error

    @override
    def write(self, work: Callable[[Session], T], what: str, *, compact: bool = False) -> T:
        with (
            self._opened() as connection,
            private(self._path),
            low_memory(connection, compact=compact),
        ):
            session = DuckDBSession(connection)
            try:
                result, lacked = with_enough_memory(connection, lambda: work(session))
            except duckdb.Error as error:
                raise _failed(what, error) from error
            write_file(connection, compact=compact and not lacked)
            return result

    @override
    def stream(self, statement: str, what: str) -> Iterator[list[tuple[Any, ...]]]:
        with self._opened() as connection:
            result = connection.execute(statement)
            while rows := result.fetchmany(_PORTION):
                yield rows

    @override
    def query(self, statement: str) -> "pa.Table":
        import pyarrow as pa  # noqa: PLC0415 - a sync needs none of it

        from intercom_assets.warehouse.arrow import mark_json  # noqa: PLC0415

        if not self.exists():
            raise WarehouseError(f"{self._path} does not exist yet. Run a sync first")
        with self._rolled_back() as connection:
            try:
                # Despite the stubs, statements without a result return None.
                answer = cast("duckdb.DuckDBPyRelation | None", connection.sql(statement))
                if answer is not None:
                    kinds = [str(kind) for kind in answer.types]
                    return mark_json(answer.to_arrow_table(), [kind == "JSON" for kind in kinds])
            except duckdb.Error as error:
                wrong = "DuckDB cannot answer this query. Change it as DuckDB says:"
                raise WarehouseError(f"{wrong}\n{str(error).strip()}") from error
        return pa.table({})

    @override
    def check(self, schema: str) -> None:
        create = f"CREATE TABLE {quote(schema)}.{quote('_intercom_check')} (a INT)"
        try:
            folder = next(one for one in self._path.parents if one.exists())
            with tempfile.TemporaryDirectory(prefix=".intercom_check_", dir=folder) as trial:
                if not self.exists():
                    # Not the path itself: a sync may be making it, and a check leaves no trace.
                    path = Path(trial) / self._path.relative_to(folder)
                    DuckDBAdapter(path, self._connect, patience=0, lock_patience=0).write(
                        lambda session: session.create_table(schema, create), str(path)
                    )
                    return
        except OSError as error:
            raise WarehouseError(
                f"The folder of {self._path} cannot be written: {error.strerror}. "
                "Set DUCKDB_DATABASE to a path that may be written"
            ) from error
        with self._rolled_back() as connection:
            try:
                DuckDBSession(connection).create_table(schema, create)
            except duckdb.Error as error:
                raise WarehouseError(_refused(f"a table in {self._path}", error)) from error

    @contextmanager
    def _rolled_back(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._opened() as connection:
            connection.execute("BEGIN TRANSACTION")
            try:
                yield connection
            finally:
                DuckDBSession(connection).roll_back()

    @contextmanager
    def _opened(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the file for a block, or use the connection that this thread keeps open."""
        kept: duckdb.DuckDBPyConnection | None = getattr(self._of_thread, "connection", None)
        connection = kept or self._open()
        try:
            if kept is None:
                connection.execute("SET TimeZone = 'UTC'")
            yield connection
        except duckdb.Error as error:
            raise WarehouseError(_refused(f"a statement on {self._path}", error)) from error
        except RuntimeError as error:
            # DuckDB swallows the exception of the signal handler when Ctrl-C ends a statement.
            if str(error) == _INTERRUPTED:
                raise KeyboardInterrupt from error
            raise
        finally:
            if kept is None:
                connection.close()

    def _open(self) -> duckdb.DuckDBPyConnection:
        self._make_folder()
        began, pause, said = time.monotonic(), 0.05, False
        while True:
            try:
                with nullcontext() if self.exists() else private(self._path):
                    return self._connect(self._path)
            except duckdb.Error as error:
                waited = time.monotonic() - began
                self._refuse(error, waited)
                if waited >= _SAY_AFTER and not said:
                    _logger.warning("Waiting for %s: %s", self._path, _first_line(error))
                    said = True
            time.sleep(pause)
            pause = min(pause * 2, 1.0)

    def _refuse(self, error: duckdb.Error, waited: float) -> None:
        reason = _first_line(error)
        if not any(sign in reason for sign in _BUSY):
            raise WarehouseError(
                f"{self._path} cannot be opened. Check that the path is a DuckDB file (or does not "
                f"exist yet) and that it may be written. [DuckDB: {reason}]"
            ) from error
        if waited >= self._patience:
            raise WarehouseError(
                f"{self._path} is in use by another process. Close the other program, or point it "
                f"at a copy: DuckDB lets one process write. [Waited {self._patience:.0f} s. "
                f"DuckDB: {reason}]"
            ) from error

    def _make_folder(self) -> None:
        try:
            make_folder(self._path.parent)
        except OSError as error:
            raise WarehouseError(
                f"The folder of {self._path} cannot be created: {error.strerror}. "
                "Set DUCKDB_DATABASE to a path that may be written"
            ) from error


def _failed(what: str, error: duckdb.Error) -> WarehouseError:
    reason = _first_line(error)
    if any(sign in reason for sign in _CONFLICT):
        return WarehouseError(
            f"Another sync of {what} committed meanwhile, so nothing of this commit was kept. Run "
            f"the sync again when the other one has ended. [DuckDB: {reason}]"
        )
    return WarehouseError(_refused(f"a commit to {what}", error))


def _refused(what: str, error: duckdb.Error) -> str:
    return (
        f"DuckDB refused {what}, so nothing of it was kept. "
        f"Fix what DuckDB reports, then run again. [DuckDB: {_first_line(error)}]"
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0][:500]

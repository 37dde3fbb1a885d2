"""A DuckDB file, opened for moments: while one process has it open, no other can open it at all."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from intercom_assets.errors import WarehouseError
from intercom_assets.warehouse.duckdb_statements import qualified

Connect = Callable[[Path], duckdb.DuckDBPyConnection]
"""Opens the file; a seam for tests."""

# The last one: another thread of this process is just closing the file.
_BUSY = ("Could not set lock on file", "Conflicting lock", "Unique file handle conflict")
_SAY_AFTER = 2.0

_logger = logging.getLogger("intercom_assets")


def connect(database: Path) -> duckdb.DuckDBPyConnection:
    """Open the file with the configuration that all connections of the process share."""
    return duckdb.connect(str(database), config={"custom_user_agent": "dagster"})


@dataclass(slots=True)
class DuckDBFile:
    """The file and how it is opened.

    Attributes:
        path: The file; created with its folder when missing.
        connect: Opens it.
        patience: Seconds to wait for another process that has it open.
    """

    path: Path
    connect: Connect
    patience: float
    _held: threading.local = field(default_factory=threading.local, repr=False)

    @contextmanager
    def session(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the file for a block, in UTC, or use the one that this thread holds.

        Raises:
            WarehouseError: It cannot be opened, or a statement failed.
            BaseException: What Ctrl-C raises, also where it ended a statement.
        """
        held: duckdb.DuckDBPyConnection | None = getattr(self._held, "connection", None)
        connection = held or self._open()
        try:
            if held is None:
                connection.execute("SET TimeZone = 'UTC'")
            yield connection
        except duckdb.Error as error:
            raise WarehouseError(refused(f"a statement on {self.path}", error)) from error
        finally:
            if held is None:
                connection.close()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the file open for a block in this thread: opening it takes a dozen milliseconds.

        Raises:
            WarehouseError: It cannot be opened.
        """
        with self.session() as connection:
            outer = getattr(self._held, "connection", None)
            self._held.connection = connection
            try:
                yield
            finally:
                self._held.connection = outer

    def make_folder(self) -> None:
        """Make the file's folder.

        Raises:
            WarehouseError: It cannot be made.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WarehouseError(
                f"The folder of {self.path} cannot be created: {error.strerror}. "
                "Set DUCKDB_DATABASE to a path that may be written"
            ) from error

    def _open(self) -> duckdb.DuckDBPyConnection:
        self.make_folder()
        began, pause, told = time.monotonic(), 0.05, False
        while True:
            try:
                return self.connect(self.path)
            except duckdb.Error as error:
                waited = time.monotonic() - began
                self._refuse(error, waited)
                if waited >= _SAY_AFTER and not told:
                    _logger.warning("Waiting for %s: %s", self.path, first_line(error))
                    told = True
            time.sleep(pause)
            pause = min(pause * 2, 1.0)

    def _refuse(self, error: duckdb.Error, waited: float) -> None:
        told = first_line(error)
        if not any(sign in told for sign in _BUSY):
            raise WarehouseError(
                f"{self.path} cannot be opened. Check that the path is a DuckDB file (or does not "
                f"exist yet) and that it may be written. [DuckDB: {told}]"
            ) from error
        if waited >= self.patience:
            raise WarehouseError(
                f"{self.path} is in use by another process. Close the other program, or point it "
                f"at a copy: DuckDB lets one process write. [Waited {self.patience:.0f} s. "
                f"DuckDB: {told}]"
            ) from error


def make_schema(connection: duckdb.DuckDBPyConnection, statement: str) -> None:
    """Create a schema by itself: two sources may do so at the same time, and only one can."""
    try:
        connection.execute(statement)
    except duckdb.TransactionException:
        # The other one has made it, or is about to: the statement then finds it.
        time.sleep(0.05)
        connection.execute(statement)


def column_types(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> dict[str, str]:
    """Give DuckDB's types of a table's or view's columns; nothing where there is none."""
    # Not duckdb_columns(): it lists the columns of all tables first, six times as slow.
    try:
        rows = connection.execute(
            "SELECT name, type FROM pragma_table_info(?)", [qualified(schema, name)]
        ).fetchall()
    except duckdb.CatalogException:
        return {}
    return dict(rows)


def number(
    connection: duckdb.DuckDBPyConnection, statement: str, values: list[object] | None = None
) -> int:
    """Give the one number that a statement answers with."""
    counted: int = connection.execute(statement, values or []).fetchall()[0][0]
    return counted


def roll_back(connection: duckdb.DuckDBPyConnection) -> None:
    """End a transaction without a trace."""
    try:
        connection.execute("ROLLBACK")
    except duckdb.Error:
        # A failed COMMIT has ended the transaction already.
        return


def refused(what: str, error: duckdb.Error) -> str:
    """Say that DuckDB failed at something, in its words at the end."""
    return (
        f"DuckDB refused {what}, so nothing of it was kept. Mend what DuckDB says, then run again. "
        f"[DuckDB: {first_line(error)}]"
    )


def first_line(error: Exception) -> str:
    """Give the part of a driver's message that people read."""
    return str(error).strip().split("\n", 1)[0][:500]

"""Transactions in a DuckDB file: all of some work or nothing of it, in little memory."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

import duckdb

from intercom_assets.errors import WarehouseError
from intercom_assets.warehouse.duckdb_file import first_line, refused, roll_back

T = TypeVar("T")

_CONFLICT = ("onflict on ", "Duplicate key", "PRIMARY KEY or UNIQUE constraint")

FRUGAL = "128MB"
"""Memory of a commit: enough for twice what `commit_share` takes for a whole one; what rewriting
older rows takes beyond is kept on disk meanwhile."""

_COMMIT_BYTES = 24_000_000
_WIDE_COMMIT_BYTES = 8_000_000
_AT_A_TIME = 2_048
"""Rows that DuckDB works on at a time; all copies of them that it makes are in memory."""

_WIDE = 13_000_000
"""Bytes of so many rows with which a commit takes all of its memory, however few they are."""

_TIDYING = "80MB"
"""Memory of writing the file, which takes as much as it may where groups are put together."""

_TIDIED = 10
"""Groups of 122,880 rows that one commit may make of smaller ones: some seconds for wide rows."""


# DuckDB's settings are of all connections of a process to a file.
_turns = threading.RLock()


def transact(
    connection: duckdb.DuckDBPyConnection,
    work: Callable[[], T],
    what: str,
    *,
    tidy: bool = False,
) -> T:
    """Do all of some work or nothing of it, in little memory where that does.

    Commits of one process take turns, for they would share the memory of one. When it writes a file
    DuckDB puts small groups of rows together, whole groups of 122,880 at a time and several at
    once: with wide rows that is half a gigabyte that nothing else needs, and in a load of many
    commits each row is written again and again. A commit's few thousand rows are merged by one
    thread as soon as by two, for less work in all.

    Args:
        connection: An open connection.
        work: Executes the statements; called once more where they need more memory.
        what: What is changed, for messages.
        tidy: Whether some small groups of rows are put together.

    Raises:
        WarehouseError: A statement failed; nothing was kept.
    """
    with _turns, _frugal(connection, tidy=tidy):
        try:
            try:
                result = _transacted(connection, work)
            except duckdb.Error as error:
                if not _needs_memory(error):
                    raise
                connection.execute("RESET memory_limit")
                result = _transacted(connection, work)
                tidy = False
        except duckdb.Error as error:
            raise _failed(what, error) from error
        _write(connection, tidy=tidy)
        return result


def _transacted(connection: duckdb.DuckDBPyConnection, work: Callable[[], T]) -> T:
    connection.execute("BEGIN TRANSACTION")
    try:
        result = work()
        connection.execute("COMMIT")
    except BaseException:
        roll_back(connection)
        raise
    return result


def _needs_memory(error: duckdb.Error) -> bool:
    # A COMMIT that lacks memory says so in an error of transactions.
    lacking = isinstance(error, duckdb.TransactionException) and "failed to pin" in str(error)
    return lacking or isinstance(error, duckdb.OutOfMemoryException)


def _failed(what: str, error: duckdb.Error) -> WarehouseError:
    told = first_line(error)
    if any(sign in told for sign in _CONFLICT):
        return WarehouseError(
            f"Another sync of {what} committed meanwhile, so nothing of this commit was kept. Run "
            f"the sync again when the other one has ended. [DuckDB: {told}]"
        )
    return WarehouseError(refused(f"a commit to {what}", error))


def commit_share(rows: int, size: int) -> float:
    """Say how much of a commit some rows make: wide ones take more of its memory.

    Args:
        rows: How many.
        size: Their bytes, as they are staged.
    """
    wide = size * _AT_A_TIME > _WIDE * rows
    return size / (_WIDE_COMMIT_BYTES if wide else _COMMIT_BYTES)


@contextmanager
def _frugal(connection: duckdb.DuckDBPyConnection, *, tidy: bool) -> Iterator[None]:
    """Let DuckDB do little for a block beyond what it is asked for.

    Afterwards others of the process that have the file open have DuckDB's defaults again.
    """
    settings = {"max_vacuum_tasks": _TIDIED if tidy else 0, "threads": 1, "memory_limit": FRUGAL}
    try:
        # Where others of the process use more memory already, the limit stays as it was.
        with suppress(duckdb.OutOfMemoryException):
            for name, value in settings.items():
                connection.execute(f"SET {name} = '{value}'")
        yield
    finally:
        with suppress(duckdb.Error):
            for name in settings:
                connection.execute(f"RESET {name}")


def _write(connection: duckdb.DuckDBPyConnection, *, tidy: bool) -> None:
    # All is committed: nothing that fails from here on may be told as a commit that failed.
    with suppress(duckdb.Error):
        if tidy:
            connection.execute(f"SET memory_limit = '{_TIDYING}'")
    # Where somebody else uses the file in this process, the last one to close it writes it. So
    # does the next one to open it where what is stored is too wide for this memory: what was
    # committed is in the log beside the file until then.
    with suppress(duckdb.Error):
        connection.execute("CHECKPOINT")

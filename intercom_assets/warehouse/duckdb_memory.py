"""Limits DuckDB's memory, and compacts the file at the end of a sync.

DuckDB keeps what it has read, up to four fifths of the machine's memory: looks at all tables and
views of a large workspace would keep most of the file.

When DuckDB writes its file, it merges small row groups into groups of 122,880 rows, several at
once. With wide rows that takes half a gigabyte, and a load of many commits rewrites each row again
and again. One thread merges a commit's few thousand rows as fast as two, with less CPU.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TypeVar

import duckdb

from intercom_assets.warehouse.duckdb_file import turn_if_free

T = TypeVar("T")

_MEMORY = "128MB"
"""Enough for twice a full commit by `commit_share`; older rows and large queries spill to disk."""

_COMPACTION_MEMORY = "80MB"
"""Limit for writing the file; merging row groups takes all it can get."""

_COMPACTED_GROUPS = 10
"""Groups of 122,880 rows that one commit may merge: some seconds for wide rows."""


@contextmanager
def low_memory(connection: duckdb.DuckDBPyConnection, *, compact: bool) -> Iterator[None]:
    """Limit DuckDB's memory, threads and background merges for a commit."""
    tasks = _COMPACTED_GROUPS if compact else 0
    with _set(connection, {"max_vacuum_tasks": tasks, "threads": 1, "memory_limit": _MEMORY}):
        yield


@contextmanager
def little_memory(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Limit DuckDB's memory for a query, unless a commit of this process has set its own limit."""
    with turn_if_free() as free, _set(connection, {"memory_limit": _MEMORY} if free else {}):
        yield


@contextmanager
def _set(
    connection: duckdb.DuckDBPyConnection, settings: Mapping[str, int | str]
) -> Iterator[None]:
    """Change settings for a block.

    They apply to the file, not to a connection, so other users of it in this process get DuckDB's
    defaults back afterwards.
    """
    try:
        # If others in the process already use more memory, the limit stays as it was.
        with suppress(duckdb.OutOfMemoryException):
            for name, value in settings.items():
                connection.execute(f"SET {name} = '{value}'")
        yield
    finally:
        with suppress(duckdb.Error):
            for name in settings:
                connection.execute(f"RESET {name}")


def with_enough_memory(
    connection: duckdb.DuckDBPyConnection, work: Callable[[], T]
) -> tuple[T, bool]:
    """Call `work`, once more without the limit if it lacks memory; return whether that was so."""
    try:
        return work(), False
    except duckdb.Error as error:
        if not _needs_memory(error):
            raise
    connection.execute("RESET memory_limit")
    return work(), True


def _needs_memory(error: duckdb.Error) -> bool:
    # A COMMIT that runs out of memory raises a TransactionException.
    lacking = isinstance(error, duckdb.TransactionException) and "failed to pin" in str(error)
    return lacking or isinstance(error, duckdb.OutOfMemoryException)


def write_file(connection: duckdb.DuckDBPyConnection, *, compact: bool) -> None:
    """Write committed rows from the log into the file; failures do not fail the commit."""
    if compact:
        with suppress(duckdb.Error):
            connection.execute(f"SET memory_limit = '{_COMPACTION_MEMORY}'")
    # If others in this process use the file, the last to close it writes it. If rows are too wide
    # for this memory, the next to open it does. Until then commits are in the log beside the file.
    with suppress(duckdb.Error):
        connection.execute("CHECKPOINT")

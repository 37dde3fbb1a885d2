"""DuckDB's memory: commits are made in little of it, and the file is tidied up at the end.

When it writes its file DuckDB puts small groups of rows together, whole groups of 122,880 at a time
and several at once: with wide rows that is half a gigabyte that nothing else needs, and in a load
of many commits each row is written again and again. A commit's few thousand rows are merged by one
thread as soon as by two, for less work in all.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb

_COMMIT_MEMORY = "128MB"
"""Enough for twice what `commit_share` takes for a full commit; what rewriting older rows takes
beyond is kept on disk meanwhile."""

_COMPACTION_MEMORY = "80MB"
"""Memory of writing the file, which takes as much as it may where groups are put together."""

_COMPACTED_GROUPS = 10
"""Groups of 122,880 rows that one commit may make of smaller ones: some seconds for wide rows."""


@contextmanager
def low_memory(connection: duckdb.DuckDBPyConnection, *, compact: bool) -> Iterator[None]:
    """Let DuckDB take little memory for a block, and do little beyond what it is asked for.

    Afterwards others of the process that have the file open have DuckDB's defaults again: its
    settings are of the file, not of a connection.
    """
    tasks = _COMPACTED_GROUPS if compact else 0
    settings = {"max_vacuum_tasks": tasks, "threads": 1, "memory_limit": _COMMIT_MEMORY}
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


def needs_memory(error: duckdb.Error) -> bool:
    """Tell whether a commit failed for want of memory; without the limit it may be made."""
    # A COMMIT that lacks memory says so in an error of transactions.
    lacking = isinstance(error, duckdb.TransactionException) and "failed to pin" in str(error)
    return lacking or isinstance(error, duckdb.OutOfMemoryException)


def write_file(connection: duckdb.DuckDBPyConnection, *, compact: bool) -> None:
    """Write what was committed into the file itself; nothing that fails here fails the commit."""
    if compact:
        with suppress(duckdb.Error):
            connection.execute(f"SET memory_limit = '{_COMPACTION_MEMORY}'")
    # Where somebody else uses the file in this process, the last one to close it writes it. So
    # does the next one to open it where what is stored is too wide for this memory: what was
    # committed is in the log beside the file until then.
    with suppress(duckdb.Error):
        connection.execute("CHECKPOINT")

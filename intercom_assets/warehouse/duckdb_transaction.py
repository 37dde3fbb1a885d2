"""Transactions in a DuckDB file: all of some work or nothing of it, in little memory."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import duckdb

from intercom_assets.errors import WarehouseError
from intercom_assets.uninterrupted import uninterrupted
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


def transact(
    connection: duckdb.DuckDBPyConnection,
    database: Path,
    work: Callable[[], T],
    what: str,
    *,
    tidy: bool = False,
) -> T:
    """Do all of some work or nothing of it, in little memory where that does.

    Args:
        connection: An open connection.
        database: Its file.
        work: Executes the statements; called once more where they need more memory.
        what: What is changed, for messages.
        tidy: Whether some small groups of rows are put together.

    Raises:
        WarehouseError: A statement failed; nothing was kept.
    """
    with frugal(connection, database, tidy=tidy):
        try:
            try:
                return _transacted(connection, work)
            except duckdb.Error as error:
                if not _needs_memory(error):
                    raise
                _lift(connection, database.resolve())
            return _transacted(connection, work)
        except duckdb.Error as error:
            raise _failed(what, error) from error


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
def frugal(connection: duckdb.DuckDBPyConnection, database: Path, *, tidy: bool) -> Iterator[None]:
    """Let DuckDB do little for a block beyond what it is asked for, and write the file within it.

    When it writes a file DuckDB puts small groups of rows together, whole groups of 122,880 at a
    time and several at once: with wide rows that is half a gigabyte that nothing else needs, and
    in a load of many commits each row is written again and again. A commit's few thousand rows are
    merged by one thread as soon as by two, for less work in all.

    Args:
        connection: The connection that is used in the block.
        database: Its file.
        tidy: Whether some small groups of rows are put together. Of blocks that overlap the first
            one decides.
    """
    file = database.resolve()
    tasks = _TIDIED if tidy else 0
    counted: list[_Saved] = []
    try:
        with uninterrupted(), _changing:
            saved = _saved.setdefault(file, _Saved())
            saved.blocks += 1
            counted.append(saved)
        settings = {"max_vacuum_tasks": tasks, "threads": 1, "memory_limit": FRUGAL}
        _save(connection, saved, settings)
        yield
        _write(connection, saved, tidy=tidy)
    finally:
        if counted:
            with uninterrupted():
                _put_back(connection, file)


@dataclass(slots=True)
class _Saved:
    """Settings of a file's connections that `frugal` blocks change.

    Attributes:
        before: What they were; the first block saves them, the last one puts them back.
        blocks: Blocks that are open.
        lifted: Whether one of them needs more memory.
    """

    before: Mapping[str, object] = field(default_factory=dict)
    blocks: int = 0
    lifted: bool = False


# By file, for settings are of all its connections in the process.
_saved: dict[Path, _Saved] = {}
_changing = threading.RLock()


def _save(
    connection: duckdb.DuckDBPyConnection, saved: _Saved, settings: Mapping[str, object]
) -> None:
    with _changing:
        if saved.blocks > 1:
            return
        # Who was interrupted while he put them back has left what they were.
        if not saved.before:
            asked = ", ".join(f"current_setting('{name}')" for name in settings)
            [values] = connection.execute(f"SELECT {asked}").fetchall()
            saved.before = dict(zip(settings, map(_settable, values), strict=True))
        # Where others of the process use more memory already, the limit stays as it was.
        with suppress(duckdb.OutOfMemoryException):
            _set(connection, settings)


def _lift(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Give DuckDB the memory that it may use outside of `frugal` blocks, for all that are open."""
    with _changing:
        saved = _saved[file]
        saved.lifted = True
        _set(connection, {"memory_limit": saved.before["memory_limit"]})


def _write(connection: duckdb.DuckDBPyConnection, saved: _Saved, *, tidy: bool) -> None:
    # All is committed: nothing that fails from here on may be told as a commit that failed.
    with _changing, suppress(duckdb.Error):
        if tidy and saved.blocks == 1 and not saved.lifted:
            _set(connection, {"memory_limit": _TIDYING})
    # Where somebody else uses the file in this process, the last one to close it writes it. So
    # does the next one to open it where what is stored is too wide for this memory: what was
    # committed is in the log beside the file until then.
    with suppress(duckdb.Error):
        connection.execute("CHECKPOINT")


def _put_back(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    with _changing:
        saved = _saved[file]
        saved.blocks -= 1
        if not saved.blocks:
            with suppress(duckdb.Error):
                _set(connection, saved.before)
            # Another block may have come and gone meanwhile.
            _saved.pop(file, None)


def _settable(value: object) -> object:
    """Give the value of a setting as it can be set again and again.

    DuckDB tells a size cut to a tenth: set so, it would be told as a tenth less the next time.
    """
    number, _, unit = str(value).partition(" ")
    return f"{float(number) + 0.05:.2f} {unit}" if unit else value


def _set(connection: duckdb.DuckDBPyConnection, settings: Mapping[str, object]) -> None:
    for name, value in settings.items():
        connection.execute(f"SET {name} = '{value}'")

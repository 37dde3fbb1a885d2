"""The file of a database, which holds customers' data: who may read it, its folder, its locks."""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from filelock import FileLock, Timeout

from intercom_assets.errors import WarehouseError
from intercom_assets.warehouse.base import Target

# The umask is the process's, and so are DuckDB's settings of a file: commits that shared its memory
# limit would fail and be repeated without it.
_turns = threading.RLock()


@contextmanager
def private(path: Path) -> Iterator[None]:
    """Make a new file readable by its owner only, and what is beside a file by its readers only.

    One thread of the process at a time.
    """
    with _turns:
        mode = path.stat().st_mode if path.exists() else 0
        before = os.umask(0o077 & ~mode)
        try:
            yield
        finally:
            os.umask(before)


def make_folder(folder: Path) -> None:
    """Make a folder that Git ignores; one that is there is left as it is."""
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")


@contextmanager
def turn_if_free() -> Iterator[bool]:
    """Keep commits of this process waiting for a block; False if one is under way."""
    free = _turns.acquire(blocking=False)
    try:
        yield free
    finally:
        if free:
            _turns.release()


@contextmanager
def table_lock(folder: Path, target: Target, run_id: str, patience: float) -> Iterator[None]:
    """Hold the lock of a table between processes, which the OS releases however they end.

    `folder` is that of the lock files; `run_id` is named in the other process's message, after
    `patience` seconds.

    Raises:
        WarehouseError: Another sync of the table is running.
    """
    # Hashed, because prefixes may contain characters that file names cannot.
    name = sha256(f"{target.schema}\0{target.name}".encode()).hexdigest()[:32]
    holder = folder / f"{name}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / f"{name}.lock")
        lock.acquire(timeout=patience)
    except Timeout:
        raise WarehouseError(
            f"Another sync of {target} is running{_holder(holder)}. Wait until it ends, or end it"
        ) from None
    except OSError as error:
        raise WarehouseError(
            f"The lock of {target} cannot be taken in {folder}: {error.strerror}. "
            "Make the folder of the database writable"
        ) from error
    try:
        since = datetime.now(UTC).isoformat(timespec="seconds")
        # Only for the other process's message: a full disk must not stop this sync.
        with suppress(OSError):
            holder.write_text(json.dumps({"pid": os.getpid(), "run": run_id, "since": since}))
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _holder(file: Path) -> str:
    try:
        holder = json.loads(file.read_text())
        return f" (process {holder['pid']}, run {holder['run']}, since {holder['since']})"
    except (OSError, ValueError, KeyError):
        return ""

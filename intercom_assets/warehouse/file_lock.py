"""A lock per table between processes of one machine, based on a file that the OS unlocks."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from filelock import FileLock, Timeout

from intercom_assets.errors import WarehouseError
from intercom_assets.warehouse.base import Target


@contextmanager
def table_lock(folder: Path, target: Target, run_id: str, patience: float) -> Iterator[None]:
    """Hold the lock of a table, which the OS releases however the process ends.

    Args:
        folder: Directory of the lock files, beside the database.
        target: The table.
        run_id: Dagster run, named in the other process's error message.
        patience: Seconds to wait for another holder.

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

"""The file of a database, which holds customers' data: who may read it, and its folder."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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

"""Files between Intercom and the warehouse, so that memory holds a few pages at most."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from intercom_assets.schema.coerce import encode_json
from intercom_assets.schema.types import ColumnType, Record
from intercom_assets.warehouse.base import StagedFile

GROUP_BYTES = 1 << 20
"""Bytes of rows held in memory before they are written: a row may be as long as an e-mail."""

line = msgspec.json.Encoder().encode
"""Encodes a row as a line of a file."""


class RowSpool:
    """Rows written to a file, a group at a time.

    Args:
        path: The file; made when the first row comes.
        columns: The rows' columns, and what they hold.

    Attributes:
        rows: Rows that were taken.
    """

    def __init__(self, path: Path, columns: Mapping[str, ColumnType]) -> None:
        self.rows = 0
        self._path = path
        self._columns = columns
        self._pending: list[bytes] = []
        self._held = 0
        self._written = 0
        self._longest = 0

    def add(self, lines: Iterable[bytes]) -> None:
        """Take rows of these columns, each as `line` encodes it."""
        for row in lines:
            self._pending.append(row)
            self._held += len(row) + 1
            self.rows += 1
            if self._held >= GROUP_BYTES:
                self._flush()

    @property
    def size(self) -> int:
        """Bytes of the rows that were taken."""
        return self._written + self._held

    def close(self) -> StagedFile:
        """Write what is left and finish the file; it exists afterwards even without rows."""
        self._flush()
        self._path.touch()
        return StagedFile(
            path=self._path, columns=self._columns, rows=self.rows, longest=self._longest
        )

    def discard(self) -> None:
        """Forget all rows and remove the file."""
        self._pending.clear()
        self._path.unlink(missing_ok=True)

    def _flush(self) -> None:
        if not self._pending:
            return
        self._longest = max(self._longest, *map(len, self._pending))
        with self._path.open("ab") as file:
            self._written += file.write(b"\n".join([*self._pending, b""]))
        self._pending.clear()
        self._held = 0


class RecordSpool:
    """Records written to a file as fast as they come, and read back page by page.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.records = 0
        self._file = path.open("w+b")

    def __enter__(self) -> Self:
        """Use the spool in a `with`."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the file."""
        self._file.close()
        self.path.unlink(missing_ok=True)

    def add(self, records: list[Record]) -> None:
        """Append a page."""
        self._file.write(encode_json(records) + b"\n")
        self.records += len(records)

    def clear(self) -> None:
        """Forget all pages."""
        self._file.seek(0)
        self._file.truncate()
        self.records = 0

    def read(self) -> Iterator[list[Record]]:
        """Give the pages in the order in which they came."""
        self._file.flush()
        self._file.seek(0)
        for line in self._file:
            page: list[Record] = msgspec.json.decode(line)
            yield page

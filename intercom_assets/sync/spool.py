"""Files between Intercom and the warehouse, so that memory holds a few pages at most."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from intercom_assets.schema.coerce import Value, encode_json
from intercom_assets.schema.types import Record

GROUP_ROWS = 2_000
"""Rows held in memory before they are written."""


class ParquetSpool:
    """Rows written to a parquet file, a group at a time.

    Args:
        path: The file; made when the first row comes.
        schema: Arrow schema of the rows.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path = path
        self.rows = 0
        self._schema = schema
        self._pending: list[list[Value]] = []
        self._writer: pq.ParquetWriter | None = None

    def add(self, rows: Iterable[list[Value]]) -> None:
        """Take rows; each is a list in the order of the schema."""
        for row in rows:
            self._pending.append(row)
            self.rows += 1
            if len(self._pending) >= GROUP_ROWS:
                self._flush()

    def close(self) -> Path:
        """Write what is left and finish the file; it exists afterwards even without rows."""
        self._flush()
        if self._writer is None:
            self._writer = pq.ParquetWriter(self.path, self._schema)
        self._writer.close()
        return self.path

    def discard(self) -> None:
        """Forget all rows and remove the file."""
        self._pending.clear()
        if self._writer is not None:
            self._writer.close()
        self.path.unlink(missing_ok=True)

    def _flush(self) -> None:
        if not self._pending:
            return
        if self._writer is None:
            self._writer = pq.ParquetWriter(self.path, self._schema, compression="zstd")
        columns = zip(*self._pending, strict=True)
        arrays = [
            pa.array(values, type=field.type)
            for field, values in zip(self._schema, columns, strict=True)
        ]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        self._pending.clear()


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

"""Rows made of records: every field goes into its column, or unchanged into `_extra`."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias

import msgspec

from intercom_assets.catalog.table import EXTRA, ROW_HASH, Column, Table
from intercom_assets.catalog.types import (
    COERCIONS,
    MISFIT,
    PLAIN,
    Coercion,
    ColumnType,
    Json,
    Misfit,
    Record,
    Row,
    encode_json,
    is_null,
    value_at,
)
from intercom_assets.engine.mask import Mask
from intercom_assets.warehouse.base import SEQUENCE, StagedFile

SAMPLE = 5
"""Rows kept for display."""

_Leaf: TypeAlias = tuple[str, type | None, Coercion, Json]
_Plan: TypeAlias = dict[str, "_Leaf | _Plan"]

_ITSELF = ""
"""Key in a plan for a value that older API versions send instead of an object."""


class Fields:
    """Places the fields of records in columns, and counts what did not fit.

    Attributes:
        unmodelled: Occurrences of fields that no column declares, by path.
    """

    def __init__(self, columns: tuple[Column, ...]) -> None:
        self.misfits: Counter[str] = Counter()
        self.unmodelled: Counter[str] = Counter()
        self._plan = _plan(columns)
        self._legacy = [
            (column.name, COERCIONS[column.type], column.legacy)
            for column in columns
            if column.legacy and column.legacy.type is not None
        ]

    def fill(self, row: Row, record: Record) -> Record:
        """Set the values of a row, and return what has no place, under its path."""
        extra = self._fill(row, self._plan, record, "")
        for column, coerce, legacy in self._legacy:
            old = record.get(legacy.field)
            if column not in row and isinstance(old, dict) and old.get("type") == legacy.type:
                fitted = coerce(old.get("id"))
                if not isinstance(fitted, Misfit):
                    row[column] = fitted
        return extra

    def _fill(self, row: Row, plan: _Plan, fields: Record, path: str) -> Record:
        extra: Record = {}
        for name, value in fields.items():
            if value is None:
                continue
            step = plan.get(name)
            if step is None:
                self.unmodelled[path + name] += 1
                extra[name] = value
            elif isinstance(step, tuple):
                column, plain, coerce, null_value = step
                if null_value is not None and is_null(value, null_value):
                    continue
                fitted = value if type(value) is plain else coerce(value)
                if fitted is MISFIT:
                    self.misfits[column] += 1
                    extra[name] = value
                else:
                    row[column] = fitted  # type: ignore[assignment]  # MISFIT is the only one
            elif isinstance(value, dict):
                if rest := self._fill(row, step, value, f"{path}{name}."):
                    extra[name] = rest
            elif _ITSELF in step:
                extra |= self._fill(row, {name: step[_ITSELF]}, {name: value}, path)
            else:
                self.misfits[path + name] += 1
                extra[name] = value
        return extra


class Shaper:
    """Shapes records into rows of a table, and keeps the last as a sample."""

    def __init__(
        self,
        table: Table,
        mask: Mask | None = None,
        reduced: Mapping[str, tuple[str, ...]] | None = None,
        made_key: tuple[str, ...] = (),
    ) -> None:
        self._reduced = reduced or {}
        self._made_key = made_key
        self.fields = Fields(table.columns)
        self.sample: deque[Row] = deque(maxlen=SAMPLE)
        self._mask = mask
        self.columns = {
            **{column.name: column.type for column in table.columns},
            EXTRA: ColumnType.JSON,
            ROW_HASH: ColumnType.TEXT,
            SEQUENCE: ColumnType.INTEGER,
        }
        self._key_columns = tuple(table.column(name) for name in table.primary_key)
        self.key_columns = {column.name: column.type for column in self._key_columns}
        self._sequence = 0

    def reserve(self, count: int) -> int:
        """Reserve row numbers in the order in which records arrived; return the first."""
        first = self._sequence + 1
        self._sequence += count
        return first

    def lines(
        self, records: list[Record], *, masked: bool = False, first: int | None = None
    ) -> list[bytes]:
        """Encode each record as a row of a file, masking it unless it is `masked` already.

        `first` is the number of the first row, if numbers were reserved before.
        """
        lines = []
        number = self.reserve(len(records)) if first is None else first
        shown = records if masked else self.masked(records)
        for place, record in enumerate(shown, start=number):
            row = self.shape(record)
            row[SEQUENCE] = place
            self.sample.append(row)
            lines.append(encode_row(row))
        return lines

    def keys(self, records: Iterable[Record], *, masked: bool = False) -> list[Row]:
        """Return the primary keys of the rows that `lines` makes of these records."""
        return [self.key(record) for record in (records if masked else self.masked(records))]

    def masked(self, records: Iterable[Record]) -> Iterable[Record]:
        """Remove from records what other tables hold, and what is hidden."""
        if self._reduced:
            records = (reduce_record(record, self._reduced) for record in records)
        return records if self._mask is None else map(self._mask.record, records)

    def shape(self, record: Record) -> Row:
        """Return one row: the columns, `_extra` and `_row_hash`; `lines` numbers it.

        A hash replaces a missing key, so that the record keeps a row of its own.
        """
        row: Row = {}
        extra = self.fields.fill(row, record)
        row_hash = hash_record(record)
        made = self._made(record) if self._made_key else row_hash
        for name in self.key_columns:
            row.setdefault(name, made)
        if extra:
            row[EXTRA] = encode_json(extra).decode()
        row[ROW_HASH] = row_hash
        return row

    def key(self, record: Record) -> Row:
        """Return the values of a record's primary key, as `shape` stores them."""
        row: Row = {}
        for column in self._key_columns:
            value = value_at(record, column.path)
            fitted = MISFIT if value is None else COERCIONS[column.type](value)
            row[column.name] = self._made(record) if isinstance(fitted, Misfit) else fitted
        return row

    def _made(self, record: Record) -> str:
        fields = self._made_key or tuple(record)
        return hash_record({name: record[name] for name in fields if name in record})


def reduce_record(record: Record, reduced: Mapping[str, tuple[str, ...]]) -> Record:
    """Return a record without the fields of its objects that other tables hold."""
    for name, kept in reduced.items():
        if name not in record:
            continue
        inner = record[name]
        if not kept:
            # Whatever it is: a lookup may show it where a search does not, and hashes must agree.
            record = {key: value for key, value in record.items() if key != name}
        elif isinstance(inner, dict):
            record = {**record, name: {key: inner[key] for key in inner if key in kept}}
    return record


def hash_record(record: Record) -> str:
    """Hash a record in canonical form, independent of our columns and of the order of keys."""
    return blake2b(encode_json(record), digest_size=16).hexdigest()


def _plan(columns: tuple[Column, ...]) -> _Plan:
    plan: _Plan = {}
    for column in columns:
        level = plan
        for key in column.path[:-1]:
            deeper = level.setdefault(key, {})
            assert isinstance(deeper, dict), f"{column.name}: {key} is a column and an object"
            level = deeper
        leaf = (column.name, PLAIN.get(column.type), COERCIONS[column.type], column.null_value)
        assert column.path[-1] not in level, f"{column.name}: its path is declared twice"
        level[column.path[-1]] = leaf
        if column.legacy is not None and column.legacy.type is None:
            there = plan.setdefault(column.legacy.field, leaf)
            if isinstance(there, dict):
                there[_ITSELF] = leaf
    return plan


GROUP_BYTES = 1 << 20
"""Bytes of rows buffered before they are written: a row may be as long as an e-mail."""

encode_row = msgspec.json.Encoder().encode
"""Encodes a row as a line of a file."""


class RowSpool:
    """Rows written to a file in groups."""

    def __init__(self, path: Path, columns: Mapping[str, ColumnType]) -> None:
        self.rows = 0
        self._path = path
        self._columns = columns
        self._pending: list[bytes] = []
        self._held = 0
        self._written = 0
        self._longest = 0

    def add(self, lines: Iterable[bytes]) -> None:
        """Add rows, each encoded by `encode_row`."""
        for row in lines:
            self._pending.append(row)
            self._held += len(row) + 1
            self.rows += 1
            if self._held >= GROUP_BYTES:
                self._flush()

    @property
    def size(self) -> int:
        """Bytes of the rows added."""
        return self._written + self._held

    def close(self) -> StagedFile:
        """Write what is buffered, and return the file; it exists even without rows."""
        self._flush()
        self._path.touch()
        return StagedFile(
            path=self._path, columns=self._columns, rows=self.rows, longest=self._longest
        )

    def discard(self) -> None:
        """Drop all rows and remove the file."""
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
    """Records written to a file as they arrive, and read back page by page."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.records = 0
        self._file = path.open("w+b")

    def __enter__(self) -> Self:
        """Return the spool."""
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
        """Drop all pages."""
        self._file.seek(0)
        self._file.truncate()
        self.records = 0

    def read(self) -> Iterator[list[Record]]:
        """Yield the pages in the order in which they arrived."""
        self._file.flush()
        self._file.seek(0)
        for encode_row in self._file:
            page: list[Record] = msgspec.json.decode(encode_row)
            yield page

"""Records become rows: every field lands in its column or in `_extra`, and nothing is bent."""

from collections import Counter, deque
from collections.abc import Iterable
from hashlib import blake2b
from typing import TypeAlias

from intercom_assets.schema.coerce import (
    COERCIONS,
    MISFIT,
    PLAIN,
    Coercion,
    Misfit,
    Row,
    encode_json,
)
from intercom_assets.schema.table import EXTRA, ROW_HASH, Column, Table
from intercom_assets.schema.types import ColumnType, Json, Record
from intercom_assets.sync.mask import Mask
from intercom_assets.sync.spool import line
from intercom_assets.warehouse.base import SEQUENCE

SAMPLE = 5
"""Rows that are kept to be shown."""

_Leaf: TypeAlias = tuple[str, type | None, Coercion, Json]
_Plan: TypeAlias = dict[str, "_Leaf | _Plan"]


class Fields:
    """Places the fields of records in columns, and counts what did not fit.

    Args:
        columns: The columns.

    Attributes:
        misfits: How often a value did not fit its column, by column.
        unmodelled: How often a field came that no column declares, by path.
    """

    def __init__(self, columns: tuple[Column, ...]) -> None:
        self.misfits: Counter[str] = Counter()
        self.unmodelled: Counter[str] = Counter()
        self._plan = _plan(columns)
        self._formerly = [
            (column.name, COERCIONS[column.type], column.formerly)
            for column in columns
            if column.formerly
        ]

    def fill(self, row: Row, record: Record) -> Record:
        """Set the values of a row; give back what found no place, under its path."""
        extra = self._fill(row, self._plan, record, "")
        for column, coerce, formerly in self._formerly:
            old = record.get(formerly.field)
            if column not in row and isinstance(old, dict) and old.get("type") == formerly.type:
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
                column, plain, coerce, unset = step
                if unset is not None and value == unset and value is not False:
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
            else:
                self.misfits[path + name] += 1
                extra[name] = value
        return extra


class Shaper:
    """Shapes records to rows of a table.

    Args:
        table: The table's columns and key.
        mask: Takes out of records what is hidden, None where nothing is.

    Attributes:
        fields: Places the fields, and counts what did not fit.
        sample: The last rows that were made.
        columns: Columns of shaped rows, and what they hold.
        key_columns: Columns of keys, and what they hold.
    """

    def __init__(self, table: Table, mask: Mask | None = None) -> None:
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
        """Number rows by when their records came; gives the first of so many numbers."""
        first = self._sequence + 1
        self._sequence += count
        return first

    def lines(
        self, records: list[Record], *, masked: bool = False, first: int | None = None
    ) -> list[bytes]:
        """Make of each record a row as it is written to a file, without what is hidden.

        Args:
            records: The records.
            masked: Whether what is hidden was taken out already.
            first: Number of the first row, where the numbers were reserved before.
        """
        lines = []
        number = self.reserve(len(records)) if first is None else first
        shown = records if masked else self.masked(records)
        for place, record in enumerate(shown, start=number):
            row = self.shape(record)
            row[SEQUENCE] = place
            self.sample.append(row)
            lines.append(line(row))
        return lines

    def keys(self, records: Iterable[Record], *, masked: bool = False) -> list[Row]:
        """Give the primary keys of the rows that `lines` makes of these records."""
        return [self.key(record) for record in (records if masked else self.masked(records))]

    def masked(self, records: Iterable[Record]) -> Iterable[Record]:
        """Take what is hidden out of records."""
        return records if self._mask is None else map(self._mask.record, records)

    def shape(self, record: Record) -> Row:
        """Give one row: the columns, `_extra`, `_row_hash`; `lines` numbers it.

        A record without its key keeps a row of its own: the hash stands in for the key.
        """
        row: Row = {}
        extra = self.fields.fill(row, record)
        row_hash = hash_record(record)
        for name in self.key_columns:
            row.setdefault(name, row_hash)
        if extra:
            row[EXTRA] = encode_json(extra).decode()
        row[ROW_HASH] = row_hash
        return row

    def key(self, record: Record) -> Row:
        """Give the values of a record's primary key, as `shape` stores them."""
        row: Row = {}
        for column in self._key_columns:
            value = value_at(record, column.path)
            fitted = MISFIT if value is None else COERCIONS[column.type](value)
            row[column.name] = hash_record(record) if isinstance(fitted, Misfit) else fitted
        return row


def hash_record(record: Record) -> str:
    """Hash a record in canonical form, independent of our columns and of the order of keys."""
    return blake2b(encode_json(record), digest_size=16).hexdigest()


def value_at(record: Record, path: tuple[str, ...]) -> Json:
    """Follow a column's path into a record; None where it leads nowhere."""
    value: Json = record
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def _plan(columns: tuple[Column, ...]) -> _Plan:
    plan: _Plan = {}
    for column in columns:
        level = plan
        for key in column.path[:-1]:
            deeper = level.setdefault(key, {})
            assert isinstance(deeper, dict), f"{column.name}: {key} is a column and an object"
            level = deeper
        leaf = (column.name, PLAIN.get(column.type), COERCIONS[column.type], column.unset)
        assert column.path[-1] not in level, f"{column.name}: its path is declared twice"
        level[column.path[-1]] = leaf
    return plan

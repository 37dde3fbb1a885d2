"""Rows that repeat another resource's records follow what its own list said last.

Nothing is asked of Intercom. A row becomes what its list would return now, with the hash of that
record, so that reading it again writes nothing. Of two versions the newer one counts, of two that
are dated alike the original's. A row whose original is gone stays: its own list tells that.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.hidden import Path, within
from intercom_assets.errors import SchemaError
from intercom_assets.schema.table import Column
from intercom_assets.schema.types import ColumnType, Json, Record
from intercom_assets.sync.extract import Extract
from intercom_assets.sync.mask import Memory
from intercom_assets.sync.rows import Shaper
from intercom_assets.warehouse.base import StoredCursor
from intercom_assets.warehouse.queries import Copies
from intercom_assets.warehouse.warehouse import Warehouse


def copies_of(
    extract: Extract, warehouse: Warehouse, cursors: Mapping[str, StoredCursor]
) -> Copies | None:
    """Say what a resource's rows repeat; None where the original is not there to be followed.

    It is not where its columns are hidden in another way: neither may tell the other's values.
    """
    copied = extract.resource.copied
    if copied is None or copied.of not in cursors:
        return None
    original = extract.source.target(CATALOG[copied.of])
    try:
        state = warehouse.inspect(original)
    except SchemaError:
        return None
    ours = extract.mask.memory if extract.mask else Memory()
    theirs = Memory.read(cursors[copied.of].hidden)
    columns = [original.table.column(name) for name in copied.columns]
    if not state.exists or any(
        one in state.missing or _hidden_as(one.path, ours) != _hidden_as(one.path, theirs)
        for one in columns
    ):
        return None
    return Copies(target=extract.target, original=original, key=copied.key, columns=copied.columns)


def followed_originals(
    warehouse: Warehouse, copies: Copies, shaper: Shaper
) -> Iterator[list[bytes]]:
    """Give the rows that are older than what they repeat, as they are now."""
    for rows in warehouse.cells(copies):
        yield shaper.lines([_followed(copies, row) for row in rows], masked=True)


def _hidden_as(path: Path, memory: Memory) -> str:
    if within(path, memory.hidden.excluded):
        return "excluded"
    return memory.fingerprint if within(path, memory.hidden.hashed) else ""


def _followed(copies: Copies, cells: Sequence[Any]) -> Record:
    width = len(copies.own)
    copy = _record(copies.own, cells[:width])
    original = _record(copies.repeated, cells[width:])
    kept = {name: value for name, value in copy.items() if name not in copies.columns}
    return kept | {name: original[name] for name in copies.columns if name in original}


def _record(columns: Sequence[Column], cells: Sequence[Any]) -> Record:
    """Rebuild a record of its cells, the last of which is `_extra`."""
    extra = cells[-1]
    record: Record = msgspec.json.decode(extra) if extra else {}
    for column, value in zip(columns[:-1], cells[:-1], strict=True):
        if value is not None:
            record[column.name] = _as_sent(column, value)
    return record


def _as_sent(column: Column, value: Any) -> Json:  # noqa: ANN401 - a cell as the driver gives it
    if column.type is ColumnType.JSON:
        decoded: Json = msgspec.json.decode(value)
        return decoded
    if isinstance(value, datetime):
        return value.isoformat() if value.microsecond else int(value.timestamp())
    sent: Json = value
    return sent

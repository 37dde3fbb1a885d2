"""Stored rows follow the settings: what is hidden from now on is taken out of them, locally.

One commit replaces the values and notes with the cursor what is hidden now, so that nothing is
hashed twice, whatever interrupts a sync. A value that is no longer hidden in the same way becomes
null: a column holds clear text or hashes of one key, never both. Hashes of rows that changed are
forgotten, as they could confirm a guess; the next read of the record writes the row once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path as File
from typing import Any

import msgspec

from intercom_assets.catalog.hidden import Hidden, Path, within
from intercom_assets.errors import ConfigurationError
from intercom_assets.schema.coerce import Row, encode_json
from intercom_assets.schema.table import EXTRA, ROW_HASH, Column
from intercom_assets.schema.types import ColumnType, Json, Record
from intercom_assets.sync.extract import Extract
from intercom_assets.sync.mask import Mask, Memory
from intercom_assets.sync.rows import value_at
from intercom_assets.sync.spool import RowSpool, line
from intercom_assets.warehouse.base import Commit, Rewrite, StoredCursor, TableState
from intercom_assets.warehouse.queries import Cells
from intercom_assets.warehouse.warehouse import Warehouse


def remembered(extract: Extract) -> str:
    """Say what is hidden, as it is stored with the cursor; nothing where nothing is."""
    return str(extract.mask.memory) if extract.mask else ""


def hide_stored(
    extract: Extract,
    warehouse: Warehouse,
    *,
    state: TableState,
    stored: StoredCursor,
    folder: File,
) -> StoredCursor:
    """Take what is newly hidden out of the stored rows; give the cursor after that.

    Raises:
        ConfigurationError: Values were hashed with another key.
        WarehouseError: The rows could not be replaced; they are as they were.
    """
    if not state.exists or (stored.hidden or "") == remembered(extract):
        return stored
    before = Memory.read(stored.hidden)
    after = extract.mask.memory if extract.mask else Memory()
    stored = _with_key(extract, before, after, stored)
    _tell_shown(extract, before.hidden, after.hidden)
    rows = _Rows(extract, state, _masks(extract, before, after))
    spool = RowSpool(folder / "hidden.jsonl", rows.held)
    try:
        if rows.masks:
            for portion in warehouse.cells(Cells(extract.declared, rows.columns)):
                spool.add(map(line, rows.changed(portion)))
        if not spool.rows:
            return stored
        return _replaced(extract, warehouse, stored, Rewrite(spool.close(), rows.written))
    finally:
        spool.discard()


def _replaced(
    extract: Extract, warehouse: Warehouse, stored: StoredCursor, rewrite: Rewrite
) -> StoredCursor:
    cursor = replace(
        stored,
        version=stored.version + 1,
        run_id=extract.request.run_id,
        hidden=remembered(extract),
    )
    commit = Commit(target=extract.declared, cursor=cursor, rewrite=rewrite)
    done = warehouse.commit(extract.source.prefix, commit)
    extract.listener.noted(
        f"{rewrite.file.rows:,} stored rows now hide what the settings hide; docs/privacy.md says "
        "what old copies of them remain"
    )
    return replace(cursor, synced_at=done.synced_at)


def _with_key(
    extract: Extract, before: Memory, after: Memory, stored: StoredCursor
) -> StoredCursor:
    """Refuse another key, but for a full refresh, which then begins anew until it has ended."""
    both = set(before.hidden.hashed) & set(after.hidden.hashed)
    if not both or before.fingerprint == after.fingerprint:
        return stored
    if not extract.request.full_refresh:
        raise ConfigurationError(
            f"{extract.target} holds values that were hashed with another hash_salt: "
            f"{_named(both)}. Set the former salt again, or run a full refresh, which reads "
            "everything again and hashes it with the new one. Nothing was read"
        )
    return replace(stored, at=None, parent_synced_at=None, parent_key=None, reconciling=None)


def _tell_shown(extract: Extract, before: Hidden, after: Hidden) -> None:
    shown = {
        *(path for path in before.paths if not within(path, after.paths)),
        *(path for path in before.excluded if not within(path, after.excluded)),
    }
    if shown and not extract.request.full_refresh:
        extract.listener.warned(
            f"{extract.resource.name}: {_named(shown)} no longer hidden as before, and null in "
            "rows that were stored before; a full refresh fills them"
        )


def _masks(extract: Extract, before: Memory, after: Memory) -> tuple[Mask, ...]:
    """Make the masks that turn rows as they were stored into rows as they are stored now."""
    table, same_key = extract.declared.table, before.fingerprint == after.fingerprint
    kept = set(after.hidden.hashed) if same_key else set()
    gone = [path for path in before.hidden.hashed if path not in kept]
    newly = [path for path in after.hidden.excluded if path not in before.hidden.excluded]
    hashed = [path for path in after.hidden.hashed if path not in before.hidden.hashed]
    # What was hashed goes first, so that nothing of it is hashed again with what is around it.
    masks = [Mask(table, Hidden(excluded=(*gone, *newly)))] if gone or newly else []
    if hashed and extract.mask:
        masks.append(extract.mask.of(tuple(hashed)))
    return tuple(masks)


@dataclass(frozen=True)
class _Rows:
    """Rows of the table whose columns hold, or held, what is hidden.

    Attributes:
        extract: The sync.
        state: The table.
        masks: What is done to them, in this order.
    """

    extract: Extract
    state: TableState
    masks: tuple[Mask, ...]

    @property
    def keys(self) -> tuple[Column, ...]:
        """Columns of the primary key."""
        table = self.extract.declared.table
        return tuple(table.column(name) for name in table.primary_key)

    @property
    def columns(self) -> tuple[Column, ...]:
        """Columns that are looked at: those that a mask touches, then `_extra`."""
        table, missing = self.extract.declared.table, {one.name for one in self.state.missing}
        touched = tuple(
            column
            for column in table.columns
            if column.name not in missing and any(mask.touches(column.path) for mask in self.masks)
        )
        return (*touched, table.column(EXTRA))

    @property
    def written(self) -> tuple[Column, ...]:
        """Columns that are replaced beside `_extra`."""
        return (*self.columns[:-1], self.extract.declared.table.column(ROW_HASH))

    @property
    def held(self) -> dict[str, ColumnType]:
        """Columns of replaced rows, and what they hold."""
        return {one.name: one.type for one in (*self.keys, *self.columns, self.written[-1])}

    def changed(self, rows: Sequence[Sequence[Any]]) -> Iterator[Row]:
        """Give the rows that a mask changes, without the hash of their record."""
        names, width = [one.name for one in (*self.keys, *self.columns)], len(self.keys)
        for row in rows:
            cells = [
                self._masked(column, value)
                for column, value in zip(self.columns, row[width:], strict=True)
            ]
            if any(new is not old for new, old in zip(cells, row[width:], strict=True)):
                yield dict(zip(names, [*row[:width], *cells], strict=True))

    def _masked(self, column: Column, value: Any) -> Any:  # noqa: ANN401 - a cell as the driver gives it
        if value is None:
            return None
        held: Json = msgspec.json.decode(value) if column.type is ColumnType.JSON else value
        record = _nested(column.path, held)
        masked = value_at(
            reduce(lambda one, mask: mask.record(one), self.masks, record), column.path
        )
        if masked == held:
            return value
        if masked is None or (column.name == EXTRA and not masked):
            return None
        return encode_json(masked).decode() if column.type is ColumnType.JSON else masked


def _nested(path: Path, value: Json) -> Record:
    """Make the record in which a column finds its value; `_extra` is one itself."""
    for key in reversed(path):
        value = {key: value}
    assert isinstance(value, dict), "_extra is an object"
    return value


def _named(paths: set[Path]) -> str:
    return (
        f"{', '.join(sorted('.'.join(path) for path in paths))} {'are' if len(paths) > 1 else 'is'}"
    )

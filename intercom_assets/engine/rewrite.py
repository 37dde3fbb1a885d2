"""Rewriting of stored rows without requests: hiding values, filling columns, following originals.

What is hidden from now on is removed from them. One commit replaces the values and stores what is
hidden now with the cursor, so that nothing is hashed twice, whatever interrupts a sync. A value no
longer hidden in the same way becomes null: a column contains clear text or hashes of one key, never
both. Row hashes of changed rows are dropped, as they could confirm a guess; the next read of the
record writes the row once.

Columns that a newer release declares are filled from `_extra`, where their values have been stored
all along under their original paths. Row hashes cover records, so they stay, and so does
`_synced_at`: the rows mean the same as before.

Rows that repeat another resource's records become what its list would return now, with the hash of
that record, so that reading it again writes nothing. Of two versions the newer one counts, or the
original's if they have the same date. A row whose original is gone stays: its own list shows that.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce
from pathlib import Path
from typing import Any

import msgspec

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.hidden import FieldPath, HiddenPaths, within
from intercom_assets.catalog.table import EXTRA, ROW_HASH, Column
from intercom_assets.catalog.types import (
    EPOCH,
    ColumnType,
    Json,
    Record,
    Row,
    encode_json,
    value_at,
)
from intercom_assets.engine.extract import Extract
from intercom_assets.engine.mask import Mask, MaskState
from intercom_assets.engine.rows import Fields, RowSpool, Shaper, encode_row
from intercom_assets.errors import ConfigurationError, SchemaError
from intercom_assets.warehouse.base import Commit, Rewrite, StoredCursor, TableState, Target
from intercom_assets.warehouse.queries import Cells, Copies
from intercom_assets.warehouse.warehouse import Warehouse


def mask_state(extract: Extract) -> str:
    """Return the stored form of what is hidden; empty if nothing is."""
    return str(extract.mask.memory) if extract.mask else ""


def hide_stored(
    extract: Extract,
    warehouse: Warehouse,
    *,
    state: TableState,
    stored: StoredCursor,
    folder: Path,
) -> StoredCursor:
    """Remove what is newly hidden from the stored rows, and return the cursor after that.

    Raises:
        ConfigurationError: Values were hashed with another key.
        WarehouseError: The rows could not be replaced, and are unchanged.
    """
    if (stored.hidden or "") == mask_state(extract):
        return stored
    # Former versions too, even if none are added any more.
    history = extract.declared.history
    tables = [(extract.declared, state), (history, warehouse.inspect(history))]
    tables = [(target, found) for target, found in tables if found.exists]
    if not tables:
        return stored
    before = MaskState.read(stored.hidden)
    after = extract.mask.memory if extract.mask else MaskState()
    stored = _with_key(extract, before, after, stored)
    _tell_shown(extract, before.hidden, after.hidden)
    masks = _masks(extract, before, after)
    if not masks:
        return stored
    with tempfile.TemporaryDirectory(dir=folder) as spooled:
        rewrites = [
            _rewritten(
                warehouse, _Rows(target, found, masks), Path(spooled) / f"hidden-{place}.jsonl"
            )
            for place, (target, found) in enumerate(tables)
        ]
        changed = tuple(one for one in rewrites if one.file.rows)
        return _replaced(extract, warehouse, stored, changed) if changed else stored


def _rewritten(warehouse: Warehouse, rows: "_Rows", file: Path) -> Rewrite:
    spool = RowSpool(file, rows.held)
    for portion in warehouse.cells(Cells(rows.target, rows.columns)):
        spool.add(map(encode_row, rows.changed(portion)))
    return Rewrite(rows.target, spool.close(), rows.written)


def _replaced(
    extract: Extract, warehouse: Warehouse, stored: StoredCursor, rewrites: tuple[Rewrite, ...]
) -> StoredCursor:
    cursor = replace(
        stored,
        version=stored.version + 1,
        run_id=extract.request.run_id,
        hidden=mask_state(extract),
    )
    commit = Commit(target=extract.declared, cursor=cursor, rewrites=rewrites)
    done = warehouse.commit(extract.source.prefix, commit)
    count = sum(one.file.rows for one in rewrites)
    extract.listener.info(
        f"{count:,} stored rows now hide what the settings hide; docs/privacy.md says "
        "what old copies of them remain"
    )
    return replace(cursor, synced_at=done.synced_at)


def _with_key(
    extract: Extract, before: MaskState, after: MaskState, stored: StoredCursor
) -> StoredCursor:
    """Refuse another key, except for a full refresh, which starts over until it has ended."""
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


def _tell_shown(extract: Extract, before: HiddenPaths, after: HiddenPaths) -> None:
    shown = {
        *(path for path in before.paths if not within(path, after.paths)),
        *(path for path in before.excluded if not within(path, after.excluded)),
    }
    if shown and not extract.request.full_refresh:
        extract.listener.warning(
            f"{extract.resource.name}: {_named(shown)} no longer hidden as before, and null in "
            "rows that were stored before; a full refresh fills them"
        )


def _masks(extract: Extract, before: MaskState, after: MaskState) -> tuple[Mask, ...]:
    """Return the masks that turn rows as they were stored into rows as they are stored now."""
    table, same_key = extract.declared.table, before.fingerprint == after.fingerprint
    kept = set(after.hidden.hashed) if same_key else set()
    gone = [path for path in before.hidden.hashed if path not in kept]
    newly = [path for path in after.hidden.excluded if path not in before.hidden.excluded]
    hashed = [path for path in after.hidden.hashed if path not in before.hidden.hashed]
    # Former hashes go first, so that they are not hashed again with what surrounds them.
    masks = [Mask(table, HiddenPaths(excluded=(*gone, *newly)))] if gone or newly else []
    if hashed and extract.mask:
        masks.append(extract.mask.of(tuple(hashed)))
    return tuple(masks)


@dataclass(frozen=True)
class _Rows:
    """The table's rows, with the columns that contain, or contained, what is hidden."""

    target: Target
    state: TableState
    masks: tuple[Mask, ...]

    @property
    def keys(self) -> tuple[Column, ...]:
        """Columns of the primary key."""
        table = self.target.table
        return tuple(table.column(name) for name in table.primary_key)

    @property
    def columns(self) -> tuple[Column, ...]:
        """Columns to examine: those that a mask touches, then `_extra`."""
        table, missing = self.target.table, self.state.lacking
        touched = tuple(
            column
            for column in table.columns
            if column.name not in missing and any(mask.touches(column.path) for mask in self.masks)
        )
        return (*touched, table.column(EXTRA))

    @property
    def written(self) -> tuple[Column, ...]:
        """Columns to replace besides `_extra`."""
        return (*self.columns[:-1], self.target.table.column(ROW_HASH))

    @property
    def held(self) -> dict[str, ColumnType]:
        """Columns of the replaced rows, and their types."""
        return {one.name: one.type for one in (*self.keys, *self.columns, self.written[-1])}

    def changed(self, rows: Sequence[Sequence[Any]]) -> Iterator[Row]:
        """Yield the rows that a mask changes, without their row hash."""
        names, width = [one.name for one in (*self.keys, *self.columns)], len(self.keys)
        for row in rows:
            cells = [
                self._masked(column, value)
                for column, value in zip(self.columns, row[width:], strict=True)
            ]
            if any(new is not old for new, old in zip(cells, row[width:], strict=True)):
                yield dict(zip(names, [*map(_staged, row[:width]), *cells], strict=True))

    def _masked(self, column: Column, value: Any) -> Any:  # noqa: ANN401 - a cell from the driver
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


def _nested(path: FieldPath, value: Json) -> Record:
    """Return a record with a value at a column's path; `_extra` is a record itself."""
    for key in reversed(path):
        value = {key: value}
    assert isinstance(value, dict), "_extra is an object"
    return value


def _named(paths: set[FieldPath]) -> str:
    return (
        f"{', '.join(sorted('.'.join(path) for path in paths))} {'are' if len(paths) > 1 else 'is'}"
    )


def evolve(warehouse: Warehouse, target: Target, missing: Sequence[Column]) -> None:
    """Add missing columns, if any, and fill them from `_extra`.

    Raises:
        WarehouseError: The columns could not be added; the table is unchanged.
    """
    if not missing:
        return
    keys = tuple(target.table.column(name) for name in target.table.primary_key)
    fields = Fields(tuple(missing))
    columns = {column.name: column.type for column in (*keys, *missing)} | {EXTRA: ColumnType.JSON}
    with tempfile.TemporaryDirectory(prefix="intercom_assets_") as folder:
        spool = RowSpool(Path(folder) / "fill.jsonl", columns)
        for rows in warehouse.cells(Cells(target, (target.table.column(EXTRA),))):
            spool.add(encode_row(_filled(fields, keys, row)) for row in rows)
        file = spool.close() if spool.rows else None
        warehouse.add_columns(target, missing, file)


def evolve_history(extract: Extract, warehouse: Warehouse) -> None:
    """Add missing columns to the history too, if one is kept."""
    if extract.archives:
        history = extract.target.history
        evolve(warehouse, history, warehouse.inspect(history).missing)


def _filled(fields: Fields, keys: Sequence[Column], cells: Sequence[str]) -> Row:
    row: Row = {}
    extra = msgspec.json.decode(cells[-1], type=dict)
    if rest := fields.fill(row, extra):
        row[EXTRA] = encode_json(rest).decode()
    for column, value in zip(keys, cells[:-1], strict=True):
        row[column.name] = _staged(value)
    return row


def _staged(key: Any) -> Any:  # noqa: ANN401 - a cell from the driver
    """Return a part of a key as staged files hold it."""
    return (key - EPOCH) // timedelta(microseconds=1) if isinstance(key, datetime) else key


def copies_of(
    extract: Extract, warehouse: Warehouse, cursors: Mapping[str, StoredCursor]
) -> Copies | None:
    """Return what a resource's rows repeat; None if the original cannot be followed.

    It cannot if its columns are hidden differently: neither may reveal the other's values.
    """
    copied = extract.resource.copied
    if copied is None or copied.of not in cursors:
        return None
    original = extract.source.target(CATALOG[copied.of])
    try:
        state = warehouse.inspect(original)
    except SchemaError:
        return None
    ours = extract.mask.memory if extract.mask else MaskState()
    theirs = MaskState.read(cursors[copied.of].hidden)
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
    """Yield the rows that are older than what they repeat, brought up to date."""
    for rows in warehouse.cells(copies):
        yield shaper.lines([_followed(copies, row) for row in rows], masked=True)


def _hidden_as(path: FieldPath, memory: MaskState) -> str:
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
    """Rebuild a record from its cells, the last of which is `_extra`."""
    extra = cells[-1]
    record: Record = msgspec.json.decode(extra) if extra else {}
    for column, value in zip(columns[:-1], cells[:-1], strict=True):
        if value is not None:
            record[column.name] = _as_sent(column, value)
    return record


def _as_sent(column: Column, value: Any) -> Json:  # noqa: ANN401 - a cell from the driver
    if column.type is ColumnType.JSON:
        decoded: Json = msgspec.json.decode(value)
        return decoded
    if isinstance(value, datetime):
        return value.isoformat() if value.microsecond else int(value.timestamp())
    sent: Json = value
    return sent

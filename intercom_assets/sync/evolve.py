"""Columns that a newer release declares are added to existing tables: nothing is fetched again.

What they hold has been stored all along in `_extra`, under its original path. Hashes are of the
records, so they stay, and so does `_synced_at`: the rows mean what they meant.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from intercom_assets.schema.coerce import Row, encode_json
from intercom_assets.schema.table import EXTRA, Column
from intercom_assets.schema.types import ColumnType
from intercom_assets.sync.rows import Fields
from intercom_assets.sync.spool import RowSpool, line
from intercom_assets.warehouse.base import Target
from intercom_assets.warehouse.queries import Cells
from intercom_assets.warehouse.warehouse import Warehouse


def evolve(warehouse: Warehouse, target: Target, missing: Sequence[Column]) -> None:
    """Add missing columns and fill them from `_extra`; does nothing when none is missing.

    Raises:
        WarehouseError: The table could not be changed; it is as it was.
    """
    if not missing:
        return
    keys = tuple(target.table.column(name) for name in target.table.primary_key)
    fields = Fields(tuple(missing))
    columns = {column.name: column.type for column in (*keys, *missing)} | {EXTRA: ColumnType.JSON}
    with tempfile.TemporaryDirectory(prefix="intercom_assets_") as folder:
        spool = RowSpool(Path(folder) / "fill.jsonl", columns)
        for rows in warehouse.cells(Cells(target, (target.table.column(EXTRA),))):
            spool.add(line(_filled(fields, keys, row)) for row in rows)
        file = spool.close() if spool.rows else None
        warehouse.add_columns(target, missing, file)


def _filled(fields: Fields, keys: Sequence[Column], cells: Sequence[str]) -> Row:
    row: Row = {}
    extra = msgspec.json.decode(cells[-1], type=dict)
    if rest := fields.fill(row, extra):
        row[EXTRA] = encode_json(rest).decode()
    for column, value in zip(keys, cells[:-1], strict=True):
        row[column.name] = value
    return row

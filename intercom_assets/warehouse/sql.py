"""What the statements of every warehouse share: quoting, and the columns of our own tables.

Values are never written into a statement; they are bound by the warehouse. What differs from one
dialect to the next is in the warehouse's own module.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields

from intercom_assets.catalog.table import DELETED_AT, ROW_HASH, SYNCED_AT
from intercom_assets.catalog.types import ColumnType
from intercom_assets.errors import SchemaError, WarehouseError
from intercom_assets.warehouse.warehouse import StoredCursor, Target

CURSORS = "rudder__cursors"
"""Name of the table of cursors, after the prefix."""

MERGED_INTO = "_merged_into"
"""Where `_extra` keeps the id of the record that a marked one was merged into."""

SET_BY_COMMIT = (SYNCED_AT, DELETED_AT)
"""Metadata columns that a staged file does not hold."""

CURSOR_COLUMNS: Mapping[str, ColumnType] = {
    "resource": ColumnType.TEXT,
    "source": ColumnType.TEXT,
    "workspace_id": ColumnType.TEXT,
    "region": ColumnType.TEXT,
    "start_date": ColumnType.TIMESTAMP,
    "cursor_at": ColumnType.TIMESTAMP,
    "parent_synced_at": ColumnType.TIMESTAMP,
    "parent_key": ColumnType.TEXT,
    "version": ColumnType.INTEGER,
    "synced_at": ColumnType.TIMESTAMP,
    "run_id": ColumnType.TEXT,
    "complete": ColumnType.BOOLEAN,
    "reconciling": ColumnType.TIMESTAMP,
    "reconciled_at": ColumnType.TIMESTAMP,
    "hidden": ColumnType.TEXT,
    "unread": ColumnType.TEXT,
    "deletions_at": ColumnType.TIMESTAMP,
}
"""Columns of the table of cursors, in the order of the fields of `StoredCursor`."""

_CURSOR_FIELDS = tuple(field.name for field in fields(StoredCursor))


def quote(identifier: str) -> str:
    """Quote an identifier verbatim, whatever it contains."""
    return '"' + identifier.replace('"', '""') + '"'


def folded(name: str) -> str:
    """Give the name under which Snowflake knows one of ours: upper case where it is plain.

    Unquoted SQL then finds it, which Snowflake reads in upper case.
    """
    return name.upper() if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else name


def unfolded(name: str) -> str:
    """Give our name of what Snowflake knows under a folded one."""
    return name.lower() if re.fullmatch(r"[A-Z_][A-Z0-9_]*", name) else name


def cursor_values(cursor: StoredCursor) -> list[object]:
    """Give a cursor's values in the order of the columns; what is unread as JSON."""
    unread = json.dumps(cursor.unread) if cursor.unread else None
    return [unread if name == "unread" else getattr(cursor, name) for name in _CURSOR_FIELDS]


def stored_cursor(row: Sequence[object]) -> StoredCursor:
    """Make a cursor of a row of the table."""
    values = dict(zip(_CURSOR_FIELDS, row, strict=True))
    unread = tuple(json.loads(str(values["unread"] or "[]")))
    return StoredCursor(**{**values, "unread": unread})  # type: ignore[arg-type]


def refuse_foreign(target: Target, columns: Mapping[str, str], rename: str) -> None:
    """Refuse a table that is not ours.

    Args:
        target: The table.
        columns: Type of each of its columns.
        rename: Statement that renames it.

    Raises:
        SchemaError: It lacks our columns; says how to rename it.
    """
    if ROW_HASH in columns and SYNCED_AT in columns:
        return
    raise SchemaError(
        f"The table {target} exists and was not made by intercom_assets (it has no {ROW_HASH} "
        "column; RudderStack may have left it), so nothing was read or written. Rename it and run "
        f"again: {rename}"
    )


def overtaken(target: Target, stored: int, expected: int) -> WarehouseError:
    """Say that another sync moved the cursor since this one read it."""
    return WarehouseError(
        f"Another sync of {target} committed meanwhile, so nothing of this commit was kept. Run "
        f"the sync again when the other one has ended. [Version {stored} is stored, this sync "
        f"started from {expected}]"
    )


def known_columns(target: Target, types: Iterable[str], columns: Sequence[str] | None) -> list[str]:
    """Give the columns that are asked for, by default all that there are.

    Raises:
        SchemaError: One is not there; names those that are.
    """
    known = list(types)
    if unknown := [name for name in columns or () if name not in known]:
        raise SchemaError(
            f"{target} has no column {', '.join(map(repr, unknown))}. Choose among "
            f"{', '.join(known)}"
        )
    return list(columns or known)


def refuse_other_types(
    target: Target, columns: Mapping[str, str], types: Mapping[ColumnType, str]
) -> None:
    """Refuse a table whose columns have other types than declared.

    Args:
        target: The table.
        columns: Type of each of its columns, as the warehouse writes it.
        types: How the warehouse writes each declared type.

    Raises:
        SchemaError: Names the column and both types.
    """
    for column in target.table.all_columns:
        declared = types[column.type]
        stored = columns.get(column.name, declared)
        if stored != declared:
            raise SchemaError(
                f"Column {column.name!r} of {target} is {stored}, but {declared} is declared. "
                "Change it back, or rename the table and sync again to rebuild it"
            )

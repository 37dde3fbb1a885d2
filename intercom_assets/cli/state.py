"""`intercom-assets state`: show, copy or reset where the next syncs of a source start."""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from datetime import datetime
from itertools import chain
from typing import Any, assert_never

import click

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.replication import (
    AddedByParent,
    ByParent,
    Exported,
    FullRefresh,
    Incremental,
    NewestFirst,
    SemiIncremental,
    Windowed,
)
from intercom_assets.catalog.table import SYNCED_AT
from intercom_assets.cli.demo import only_source
from intercom_assets.cli.display.output import print_json
from intercom_assets.errors import ConfigurationError
from intercom_assets.orchestration.warehouses import open_warehouse
from intercom_assets.settings.source import Settings
from intercom_assets.warehouse.base import Commit, StoredCursor, Target
from intercom_assets.warehouse.queries import Cells
from intercom_assets.warehouse.warehouse import Warehouse

_OF_COMMIT = {"version", "synced_at", "run_id"}
"""What belongs to a commit in one warehouse, not to the position in Intercom."""

_NAMES = {field.name for field in fields(StoredCursor)} - _OF_COMMIT
_TIMES = {"start_date", "at", "parent_synced_at", "reconciling", "reconciled_at", "deletions_at"}


def work_on_state(source: str | None, file: str | None, reset: str | None, *, sure: bool) -> None:
    """Print the cursors, or store those of a file, or reset one."""
    settings = only_source(source)
    with open_warehouse(settings.warehouse) as warehouse:
        stored = warehouse.cursors(settings.schema, settings.table_prefix)
        if file is not None:
            _import(settings, warehouse, stored, file)
        elif reset is not None:
            _reset(settings, warehouse, stored, reset, sure=sure)
        else:
            shown = [
                {name: value for name, value in asdict(cursor).items() if name in _NAMES}
                for cursor in stored.values()
            ]
            print_json({"source": settings.name, "cursors": shown})


def _reset(
    settings: Settings,
    warehouse: Warehouse,
    stored: Mapping[str, StoredCursor],
    resource: str,
    *,
    sure: bool,
) -> None:
    if resource not in stored:
        known = ", ".join(stored) or "none"
        raise ConfigurationError(f"{resource} has no cursor. Choose one that has ({known})")
    if not sure:
        click.confirm(
            f"Forget the cursor of {resource}? Its rows stay, and its next sync reads everything",
            abort=True,
            err=True,
        )
    kept = ("resource", "source", "workspace_id", "region", "hidden")
    cursor = StoredCursor(**{name: getattr(stored[resource], name) for name in kept})
    _store(settings, warehouse, cursor, stored)
    click.echo(f"The next sync of {resource} reads everything.", err=True)


def _import(
    settings: Settings, warehouse: Warehouse, stored: Mapping[str, StoredCursor], file: str
) -> None:
    cursors = [replace(cursor, source=settings.name) for cursor in _read(file)]
    exported = {one.name for one in CATALOG if isinstance(one.replication, Exported)}
    for cursor in [one for one in cursors if one.resource in exported]:
        # No row shows how far an export was read.
        click.echo(f"Left out {cursor.resource}: its next sync reads everything.", err=True)
        cursors.remove(cursor)
    for cursor in cursors:
        # A cursor without its rows would skip them for good.
        there = stored.get(cursor.resource)
        if not warehouse.inspect(_table(settings, cursor.resource)).exists:
            raise ConfigurationError(
                f"{cursor.resource} has no rows here, and its cursor would skip them. Copy the "
                "tables first, or leave it out of the file"
            )
        if there and there.workspace_id != cursor.workspace_id:
            raise ConfigurationError(
                f"The rows of {cursor.resource} are of workspace {there.workspace_id}, the cursor "
                f"is of {cursor.workspace_id}. Choose the source of that workspace"
            )
        _refuse_ahead(settings, warehouse, cursor)
    for cursor in cursors:
        there = stored.get(cursor.resource)
        # What is hidden in the rows that are here, not in those that the file was made of.
        hidden = there.hidden if there else cursor.hidden
        _store(settings, warehouse, replace(cursor, hidden=hidden), stored)
        click.echo(f"Stored the cursor of {cursor.resource}.", err=True)


def _refuse_ahead(settings: Settings, warehouse: Warehouse, cursor: StoredCursor) -> None:
    """Refuse a cursor that no stored row reaches: rows are committed with the cursor they reach."""
    resource, at = CATALOG[cursor.resource], cursor.at
    match resource.replication:
        case (
            Incremental(cursor=name)
            | Windowed(cursor=name)
            | NewestFirst(cursor=name)
            | AddedByParent(cursor=name)
        ):
            target = settings.source.target(resource)
        case ByParent(parent=parent):
            target, name, at = (
                settings.source.target(CATALOG[parent]),
                SYNCED_AT,
                cursor.parent_synced_at,
            )
        case FullRefresh() | SemiIncremental() | Exported():
            return
        case _:
            assert_never(resource.replication)
    rows = chain.from_iterable(warehouse.cells(Cells(target, (target.table.column(name),))))
    if at is not None and not any(row[-1] is not None and row[-1] >= at for row in rows):
        raise ConfigurationError(
            f"No row of {target} is as new as the cursor of {cursor.resource}, {at:%Y-%m-%d %X} "
            "UTC, which would skip what is in between. Copy tables and cursors of the same moment, "
            "or leave it out of the file, so that everything is read"
        )


def _read(file: str) -> list[StoredCursor]:
    try:
        with click.open_file(file, encoding="utf-8") as written:
            return [_cursor(values) for values in json.load(written)["cursors"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            f"{file} holds no cursors. Write it with intercom-assets state > {file} "
            f"[{type(error).__name__}: {error}]"
        ) from None


def _cursor(values: Mapping[str, Any]) -> StoredCursor:
    if unknown := set(values) - _NAMES:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    times = {name: datetime.fromisoformat(values[name]) for name in _TIMES if values.get(name)}
    return StoredCursor(**{**values, **times, "unread": tuple(values.get("unread", ()))})


def _table(settings: Settings, resource: str) -> Target:
    found = [one for one in settings.resources if one.name == resource]
    if not found:
        raise ConfigurationError(
            f"Source {settings.name} does not select {resource}. Choose among "
            f"{', '.join(one.name for one in settings.resources)}"
        )
    return settings.source.target(found[0])


def _store(
    settings: Settings,
    warehouse: Warehouse,
    cursor: StoredCursor,
    stored: Mapping[str, StoredCursor],
) -> None:
    before, target = stored.get(cursor.resource), _table(settings, cursor.resource)
    following = replace(cursor, version=(before.version if before else 0) + 1)
    with warehouse.lock(target, "state"):
        warehouse.commit(settings.table_prefix, Commit(target=target, cursor=following))

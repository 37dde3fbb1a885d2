"""Views of the rows of several sources, `<schema>.intercom_<resource>_all`, of what is stored."""

from collections.abc import Collection, Iterator, Sequence

from intercom_assets.catalog import CATALOG, Resource
from intercom_assets.catalog.hidden import hide
from intercom_assets.catalog.table import Column
from intercom_assets.settings.source import Settings
from intercom_assets.warehouse.base import Target
from intercom_assets.warehouse.views import Made, SourceTable, UnionView, View
from intercom_assets.warehouse.warehouse import Warehouse


def union_target(schema: str, resource: Resource) -> Target:
    """Return the view of a resource."""
    return Target(schema, f"intercom_{resource.name}_all", resource.table)


def union_resources(sources: Sequence[Settings]) -> list[Resource]:
    """Return the resources that any of the sources selects."""
    selected = {resource.name for source in sources for resource in source.resources}
    return [resource for resource in CATALOG if resource.name in selected]


def union_columns(sources: Sequence[Settings], resource: Resource) -> tuple[Column, ...]:
    """Return the columns of a table that any of the sources shows."""
    shown = {column.name for one in sources for column in _table(one, resource).table.all_columns}
    return tuple(column for column in resource.table.all_columns if column.name in shown)


def make_unions(
    sources: Sequence[Settings], warehouse: Warehouse, run_id: str
) -> tuple[list[str], list[str]]:
    """Create the views of several sources and drop all others; return changes and problems."""
    schema = sources[0].schema
    # Another of the sources may be at the same step.
    with warehouse.lock(union_target(schema, CATALOG["contacts"]), run_id):
        views = list(_views(sources, warehouse))
        outcomes = warehouse.make_views(views)
        made = {view.target: one for view, one in zip(views, outcomes, strict=True)}
        dropped = warehouse.drop_views(schema, _others(made), ("",))
    refused = [
        f"{target} exists and was not made by intercom_assets (or was changed since), so it is "
        f"left as it is. Rename it and run the source again: {one.rename} Or leave union_views out"
        for target, one in made.items()
        if one.made is Made.REFUSED
    ]
    changed = [
        f"{one.made.value} {target}"
        for target, one in made.items()
        if one.made in {Made.CREATED, Made.REPLACED}
    ]
    return [*changed, *(f"dropped {name}" for name in dropped)], refused


def drop_unions(source: Settings, warehouse: Warehouse) -> list[str]:
    """Drop the views that show the rows of a source; return changes."""
    # Named in DuckDB's comment, and as a literal in Snowflake's definition.
    named = (f'"{source.name}"', f"'{source.name}'")
    dropped = warehouse.drop_views(source.schema, _others(), named)
    return [f"dropped {name}" for name in dropped]


def _others(made: Collection[Target] = ()) -> list[str]:
    names = {view.name for view in made}
    known = (union_target("", resource).name for resource in CATALOG)
    return [name for name in known if name not in names]


def _views(sources: Sequence[Settings], warehouse: Warehouse) -> Iterator[View]:
    workspaces = [_workspace(one, warehouse) for one in sources]
    for resource in union_resources(sources):
        # Also of a source that no longer selects the resource: its rows stand.
        targets = [_table(one, resource) for one in sources]
        stored = warehouse.stored_columns(targets)
        tables = tuple(
            SourceTable(target, one.name, workspace, _shown(target, columns))
            for one, workspace, target, columns in zip(
                sources, workspaces, targets, stored, strict=True
            )
            if columns
        )
        if tables:
            yield _view(sources[0].schema, resource, tables)


def _view(schema: str, resource: Resource, tables: tuple[SourceTable, ...]) -> View:
    stored = frozenset[str]().union(*(one.columns for one in tables))
    columns = tuple(one for one in resource.table.all_columns if one.name in stored)
    names = ", ".join(f'"{one.source}"' for one in tables)
    about = f"The rows of {resource.name} of the Intercom sources {names}."
    return View(union_target(schema, resource), about, UnionView(tables, columns))


def _shown(target: Target, stored: Collection[str]) -> frozenset[str]:
    return frozenset(one.name for one in target.table.all_columns if one.name in stored)


def _table(source: Settings, resource: Resource) -> Target:
    """Return a source's table, without the columns that it excludes."""
    return source.source.target(hide(resource, source.privacy.of(resource.name)))


def _workspace(source: Settings, warehouse: Warehouse) -> str | None:
    cursors = warehouse.cursors(source.schema, source.table_prefix).values()
    return next((one.workspace_id for one in cursors if one.workspace_id), None)

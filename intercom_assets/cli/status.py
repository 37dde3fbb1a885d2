"""`intercom-assets status`: what stands in the warehouse, and how old it is."""

import sys
from datetime import UTC, datetime

import click

from intercom_assets.cli.demo import demo_or_real, has_token
from intercom_assets.cli.project import find_project
from intercom_assets.cli.tables import print_table
from intercom_assets.errors import IntercomAssetsError
from intercom_assets.orchestration.settings import Settings
from intercom_assets.orchestration.warehouses import open_warehouse
from intercom_assets.warehouse.warehouse import StoredCursor, Warehouse


@click.command()
@click.option(
    "--source", multiple=True, metavar="NAME", help="Source to show; default: every source."
)
def status(source: tuple[str, ...]) -> None:
    """Show rows, cursor, last sync and age of each resource.

    Nothing is asked of Intercom. Without an access token this shows the demo's database. "rows"
    leaves out rows that are marked as deleted. A sync that was interrupted says so: the next run
    goes on from its cursor.
    """
    try:
        for one in find_project().sources(source):
            _show(demo_or_real(one))
    except IntercomAssetsError as error:
        click.echo(f"intercom-assets: {error}", err=True)
        sys.exit(2)


def _show(settings: Settings) -> None:
    with open_warehouse(settings.warehouse) as warehouse:
        _show_tables(settings, warehouse)


def _show_tables(settings: Settings, warehouse: Warehouse) -> None:
    cursors = warehouse.cursors(settings.schema, settings.table_prefix)
    owner = next((cursor for cursor in cursors.values() if cursor.workspace_id), None)
    demo = "" if has_token(settings) else " (demo: no access token is set)"
    click.echo(f"Source {settings.name} in {warehouse.describe()}{demo}")
    if owner:
        click.echo(f"Workspace {owner.workspace_id}, region {owner.region}")
    rows = []
    for resource in settings.resources:
        state = warehouse.inspect(settings.source.target(resource))
        cursor = cursors.get(resource.name)
        rows.append([resource.name, *_cells(cursor, state.row_count if state.exists else None)])
    print_table(("resource", "rows", "cursor", "last sync", "age", ""), rows)


def _cells(cursor: StoredCursor | None, rows: int | None) -> list[object]:
    if cursor is None or cursor.synced_at is None:
        return [rows, "", "never", "", ""]
    reached = cursor.at or cursor.parent_synced_at
    return [
        rows,
        _instant(reached),
        _instant(cursor.synced_at),
        _age((datetime.now(UTC) - cursor.synced_at).total_seconds()),
        "" if cursor.complete else "interrupted",
    ]


def _instant(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if at else ""


def _age(seconds: float) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{max(seconds, 0):.0f} s"

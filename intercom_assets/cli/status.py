"""`intercom-assets status`: show what is in the warehouse, and how old it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import click

from intercom_assets.cli.demo import demo_or_real, has_token
from intercom_assets.cli.display.tables import Heading, print_table
from intercom_assets.cli.display.terminal import command_line
from intercom_assets.cli.output import FAILED, REFUSED, instant, print_json
from intercom_assets.cli.project import find_project
from intercom_assets.errors import ConfigurationError, IntercomAssetsError
from intercom_assets.orchestration.warehouses import open_warehouse
from intercom_assets.settings.source import Settings
from intercom_assets.warehouse.base import StoredCursor
from intercom_assets.warehouse.warehouse import Warehouse

_COLUMNS = (
    Heading("resource"),
    Heading("rows", number=True),
    Heading("cursor", number=True, drop=2),
    Heading("last sync", number=True, drop=1),
    Heading("age", number=True),
    Heading("state", shout=True),
)
_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))


@dataclass(frozen=True, slots=True)
class Standing:
    """The status of a resource.

    Attributes:
        rows: Number of rows not marked as deleted; None if there is no table.
        cursor: Where the next sync starts.
        synced_at: When rows or the cursor were last committed; None if never.
        complete: Whether the last sync succeeded.
    """

    name: str
    table: str
    rows: int | None
    cursor: datetime | None
    synced_at: datetime | None
    complete: bool

    @property
    def state(self) -> str:
        """The state: never, interrupted or synced."""
        if self.synced_at is None:
            return "never"
        return "synced" if self.complete else "interrupted"


@dataclass(frozen=True, slots=True)
class _Source:
    """The status of a source.

    Attributes:
        database: Display name of the database.
        owner: A cursor that names the workspace; None if no cursor does.
    """

    settings: Settings
    database: str
    owner: StoredCursor | None
    standings: Sequence[Standing]


def show_status(names: tuple[str, ...], *, as_json: bool) -> int:
    """Print the status of the sources and return the exit code."""
    try:
        sources = [_read(demo_or_real(source)) for source in find_project().sources(names)]
    except IntercomAssetsError as error:
        click.echo(f"intercom-assets: {error}", err=True)
        code = REFUSED if isinstance(error, ConfigurationError) else FAILED
        if as_json:
            print_json({"status": "failed", "exit_code": code, "error": str(error), "sources": []})
        return code
    now = datetime.now(UTC)
    if as_json:
        shown = [_document(source, now) for source in sources]
        print_json({"status": "ok", "exit_code": 0, "error": None, "sources": shown})
        return 0
    for source in sources:
        _show(source, now)
    return 0


def _read(settings: Settings) -> _Source:
    with open_warehouse(settings.warehouse) as warehouse, warehouse.connected():
        cursors = warehouse.cursors(settings.schema, settings.table_prefix)
        owner = next((cursor for cursor in cursors.values() if cursor.workspace_id), None)
        return _Source(
            settings, warehouse.describe(), owner, _standings(settings, warehouse, cursors)
        )


def _standings(
    settings: Settings, warehouse: Warehouse, cursors: dict[str, StoredCursor]
) -> list[Standing]:
    standings = []
    for resource in settings.resources:
        target = settings.source.target(resource)
        state = warehouse.inspect(target)
        cursor = cursors.get(resource.name, StoredCursor(resource=resource.name))
        standings.append(
            Standing(
                name=resource.name,
                table=str(target),
                rows=state.row_count if state.exists else None,
                cursor=cursor.at or cursor.parent_synced_at,
                synced_at=cursor.synced_at,
                complete=cursor.complete,
            )
        )
    return standings


def _show(source: _Source, now: datetime) -> None:
    demo = "" if has_token(source.settings) else " (demo: no access token is set)"
    click.echo(f"Source {source.settings.name} in {source.database}{demo}")
    if source.owner:
        click.echo(f"Workspace {source.owner.workspace_id}, region {source.owner.region}")
    click.echo()
    print_table(_COLUMNS, [_cells(standing, now) for standing in source.standings])
    if following := next_action(source.standings):
        click.echo(f"\nNext  {following}")
    click.echo()


def _cells(standing: Standing, now: datetime) -> list[object]:
    age = (
        "" if standing.synced_at is None else spell_age((now - standing.synced_at).total_seconds())
    )
    shown = "" if standing.state == "synced" else standing.state
    return [
        standing.name,
        standing.rows,
        _second(standing.cursor),
        _second(standing.synced_at),
        age,
        shown,
    ]


def next_action(standings: Sequence[Standing]) -> str:
    """Return the next thing to do, or an empty string if there is nothing."""
    never = [standing.name for standing in standings if standing.state == "never"]
    begun = [standing.name for standing in standings if standing.state == "interrupted"]
    if len(never) == len(standings):
        return f"{command_line('run')} syncs for the first time"
    if begun:
        return f"{command_line('run')} goes on with {', '.join(begun)}"
    if never:
        return command_line("run", "--select", ",".join(never))
    return ""


def spell_age(seconds: float) -> str:
    """Spell out an age, as in "3 hours ago"."""
    for unit, size in _UNITS:
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"


def _second(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if at else ""


def _document(source: _Source, now: datetime) -> dict[str, object]:
    settings = source.settings
    return {
        "source": settings.name,
        "demo": not has_token(settings),
        "warehouse": settings.warehouse.kind,
        "database": source.database,
        "schema": settings.schema,
        "workspace_id": source.owner.workspace_id if source.owner else None,
        "region": source.owner.region if source.owner else None,
        "resources": [_figures(standing, now) for standing in source.standings],
        "next_action": next_action(source.standings) or None,
    }


def _figures(standing: Standing, now: datetime) -> dict[str, object]:
    age = (
        None if standing.synced_at is None else round((now - standing.synced_at).total_seconds(), 1)
    )
    return {
        "resource": standing.name,
        "status": standing.state,
        "table": standing.table,
        "rows": standing.rows,
        "cursor": instant(standing.cursor),
        "synced_at": instant(standing.synced_at),
        "age_seconds": age,
    }

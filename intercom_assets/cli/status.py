"""`intercom-assets status`: show what is in the warehouse, and how old it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import click

from intercom_assets.cli.demo import settings_to_read
from intercom_assets.cli.display.output import exit_code_of, instant, print_document
from intercom_assets.cli.display.tables import Heading, print_mark, print_table
from intercom_assets.cli.display.terminal import command_line
from intercom_assets.errors import IntercomAssetsError
from intercom_assets.orchestration.warehouses import open_warehouse
from intercom_assets.settings.source import Settings
from intercom_assets.warehouse.base import StoredCursor

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
class _Standing:
    """The status of a resource; its age in seconds is that of the last commit."""

    name: str
    table: str
    rows: int | None
    cursor: StoredCursor
    age: float | None
    skipped: str | None

    @property
    def state(self) -> str:
        """The state: skipped, never, interrupted or synced."""
        if self.skipped:
            return "skipped"
        if self.age is None:
            return "never"
        return "synced" if self.cursor.complete else "interrupted"


@dataclass(frozen=True, slots=True)
class _Source:
    """The status of a source; a cursor names the workspace, if there is one."""

    settings: Settings
    database: str
    owner: StoredCursor | None
    standings: Sequence[_Standing]

    demo: bool


def show_status(names: tuple[str, ...], *, as_json: bool, demo: bool) -> None:
    """Print the status of the sources."""
    try:
        sources = [_read(settings, demo) for settings in settings_to_read(names, demo=demo)]
    except IntercomAssetsError as error:
        if as_json:
            print_document(exit_code_of(error), str(error), [])
        raise
    if as_json:
        print_document(0, None, [_document(source) for source in sources])
        return
    for source in sources:
        _show(source)


def _read(settings: Settings, demo: bool) -> _Source:  # noqa: FBT001 - of the source
    with open_warehouse(settings.warehouse) as warehouse, warehouse.connected():
        cursors = warehouse.cursors(settings.schema, settings.table_prefix)
        owner = next((cursor for cursor in cursors.values() if cursor.workspace_id), None)
        now = datetime.now(UTC)
        standings = []
        for resource in settings.resources:
            target = settings.source.target(resource)
            state = warehouse.inspect(target)
            cursor = cursors.get(resource.name, StoredCursor(resource=resource.name))
            rows = state.row_count if state.exists else None
            age = (now - cursor.synced_at).total_seconds() if cursor.synced_at else None
            skipped = cursor.skipped if resource.name in settings.optional else None
            standings.append(_Standing(resource.name, str(target), rows, cursor, age, skipped))
        return _Source(settings, warehouse.describe(), owner, standings, demo)


def _show(source: _Source) -> None:
    demo = " (demo)" if source.demo else ""
    click.echo(f"Source {source.settings.name} in {source.database}{demo}")
    if source.owner:
        click.echo(f"Workspace {source.owner.workspace_id}, region {source.owner.region}")
    click.echo()
    rows = [
        (
            standing.name,
            standing.rows,
            _second(standing.cursor.position),
            _second(standing.cursor.synced_at),
            "" if standing.age is None else _spell_age(standing.age),
            "" if standing.state == "synced" else standing.state,
        )
        for standing in source.standings
    ]
    print_table(_COLUMNS, rows)
    for standing in source.standings:
        if standing.skipped:
            print_mark(f"{standing.name} is skipped: {standing.skipped}", good=None)
    if action := _next_action(source):
        click.echo(f"\nNext  {action}")
    click.echo()


def _next_action(source: _Source) -> str:
    standings, sync = source.standings, "demo" if source.demo else "run"
    never = [standing.name for standing in standings if standing.state == "never"]
    begun = [standing.name for standing in standings if standing.state == "interrupted"]
    if len(never) == len(standings):
        return f"{command_line(sync)} syncs for the first time"
    if begun:
        return f"{command_line(sync)} resumes {', '.join(begun)}"
    if never:
        return command_line(sync, "--select", ",".join(never))
    return ""


def _spell_age(seconds: float) -> str:
    for unit, size in _UNITS:
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"


def _second(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if at else ""


def _document(source: _Source) -> dict[str, object]:
    settings = source.settings
    return {
        "source": settings.name,
        "demo": source.demo,
        "warehouse": settings.warehouse.kind,
        "database": source.database,
        "schema": settings.schema,
        "workspace_id": source.owner.workspace_id if source.owner else None,
        "region": source.owner.region if source.owner else None,
        "resources": [
            {
                "resource": standing.name,
                "status": standing.state,
                "skipped": standing.skipped,
                "table": standing.table,
                "rows": standing.rows,
                "cursor": instant(standing.cursor.position),
                "synced_at": instant(standing.cursor.synced_at),
                "age_seconds": None if standing.age is None else round(standing.age, 1),
            }
            for standing in source.standings
        ],
        "next_action": _next_action(source) or None,
    }

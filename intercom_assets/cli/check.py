"""`intercom-assets check`: everything that a sync needs, a line each, with what to do."""

import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import TypeVar

import click

from intercom_assets.catalog import Resource
from intercom_assets.cli.demo import has_token
from intercom_assets.cli.project import SourceFile, find_project
from intercom_assets.errors import ConfigurationError, IntercomAssetsError
from intercom_assets.intercom.client import Session
from intercom_assets.intercom.connection import Connection
from intercom_assets.intercom.meter import Meter
from intercom_assets.intercom.probe import probe
from intercom_assets.intercom.retry import Patience
from intercom_assets.orchestration.settings import Settings
from intercom_assets.orchestration.warehouses import open_warehouse

T = TypeVar("T")

_PATIENCE = Patience(attempts=3, quota_attempts=3)


@click.command()
@click.option(
    "--source", multiple=True, metavar="NAME", help="Source to check; default: every source."
)
def check(source: tuple[str, ...]) -> None:
    """Check settings, token, region, version, permissions and warehouse.

    Asks Intercom for next to nothing, about one request per resource, and changes nothing.

    Exit code: 0 when a sync would work, 1 when something has to be mended.
    """
    try:
        sources = find_project().sources(source)
    except ConfigurationError as error:
        click.echo(f"✗ {error}")
        sys.exit(1)
    bad = [one for one in sources if not _check_source(one)]
    sys.exit(1 if bad else 0)


class _Lines:
    """Lines of findings, and whether all are good."""

    def __init__(self) -> None:
        self.good = True

    def say(self, what: str, found: str, *, good: bool = True) -> None:
        """Print one finding."""
        self.good = self.good and good
        click.echo(f"{'✓' if good else '✗'} {what:<20} {found}")

    def find(self, what: str, work: Callable[[], T], shown: Callable[[T], str]) -> T | None:
        """Do something and print what it found, or why it failed; give None then."""
        try:
            found = work()
        except IntercomAssetsError as error:
            self.say(what, str(error), good=False)
            return None
        self.say(what, shown(found))
        return found


def _check_source(source: SourceFile) -> bool:
    lines = _Lines()
    click.echo(f"Source {source.path.parent.name} ({source.path})")
    settings = lines.find(
        "settings", source.settings, lambda one: f"{len(one.resources)} resources selected"
    )
    if settings is None:
        return False
    for warning in settings.warnings:
        click.echo(f"! {warning}")
    with open_warehouse(settings.warehouse, patience=5.0) as warehouse:
        lines.find(
            "warehouse",
            lambda: warehouse.check(settings.schema),
            lambda _: f"{warehouse.describe()}, schema {settings.schema}",
        )
    if has_token(settings):
        _check_intercom(settings, lines)
    else:
        lines.say(
            "access token",
            f"{settings.token_variable} is not set: put it into .env (README: Your workspace)",
            good=False,
        )
    return lines.good


def _check_intercom(settings: Settings, lines: _Lines) -> None:
    with ExitStack() as stack:
        connection = lines.find(
            "access token", lambda: stack.enter_context(_connect(settings)), lambda _: "is set"
        )
        if connection is None:
            return
        workspace = lines.find(
            "workspace",
            lambda: connection.workspace(_session(connection, "")),
            lambda one: f"{one.id} ({one.name}), time zone {one.zone or 'unknown'}",
        )
        if workspace is None:
            return
        lines.say("region", f"{settings.region}, {connection.base_url}")
        lines.say("api version", str(settings.api_version))
        for resource in settings.resources:
            session = _session(connection, resource.scope)
            lines.find(
                resource.name,
                partial(connection.portal.call, probe, session, resource),
                partial(_readable, resource),
            )


def _readable(resource: Resource, _: None) -> str:
    return f'may be read ("{resource.scope}")'


def _connect(settings: Settings) -> Connection:
    return Connection(
        token=os.environ[settings.token_variable],
        region=settings.region,
        version=settings.api_version,
        base_url=settings.base_url,
        rate_limit_share=settings.rate_limit_share,
        patience=_PATIENCE,
    )


def _session(connection: Connection, scope: str) -> Session:
    return connection.session(meter=Meter(), scope=scope, note=lambda _: None)

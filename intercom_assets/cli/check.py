"""`intercom-assets check`: test everything a sync needs, and say how to fix what is wrong."""

import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TypeVar

import click

from intercom_assets.cli.demo import has_token
from intercom_assets.cli.display.output import FAILED, REFUSED, print_document
from intercom_assets.cli.display.tables import print_mark
from intercom_assets.cli.display.terminal import command_line, marks_for
from intercom_assets.cli.plan import Planned, connect, plan, session_of
from intercom_assets.cli.project import choose, find_project
from intercom_assets.engine.progress import counted
from intercom_assets.errors import ConfigurationError, IntercomAssetsError
from intercom_assets.orchestration.warehouses import open_warehouse
from intercom_assets.settings.privacy import hash_key
from intercom_assets.settings.source import Settings
from intercom_assets.warehouse.warehouse import Warehouse

T = TypeVar("T")

_WIDTH = 30
_STATUS = {True: "ok", False: "failed", None: "skipped"}


def show_findings(names: tuple[str, ...], *, as_json: bool) -> int:
    """Check the sources and return the exit code."""
    # Definitions that do not load have to be fixed; a name that is unknown was mistyped.
    code = FAILED
    try:
        found = find_project().sources()
        code = REFUSED
        sources = choose(found, names)
    except ConfigurationError as error:
        if as_json:
            print_document(code, str(error), [])
        if code == FAILED and not as_json:
            print_mark(f"{'settings':<{_WIDTH}} {error}", good=False, indent=_WIDTH + 3)
        else:
            click.echo(f"intercom-assets: {error}", err=True)
        return code
    checked = [_check_source(source, aloud=not as_json) for source in sources]
    code = 0 if all(lines.good for lines in checked) else FAILED
    if as_json:
        print_document(code, None, [_document(lines) for lines in checked])
    else:
        fix = f"fix what is marked {marks_for(sys.stdout).bad}, then {command_line('check')}"
        click.echo(f"Next  {fix if code else command_line('run')}")
    return code


@dataclass(frozen=True, slots=True)
class _Finding:
    """What was found of something that a sync needs; `good` is None if it is skipped."""

    what: str
    found: str
    good: bool | None


@dataclass(slots=True)
class _Lines:
    """The findings and warnings about a source, printed at once if `aloud`."""

    settings: Settings
    aloud: bool
    findings: list[_Finding] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether a sync would work."""
        return all(finding.good is not False for finding in self.findings)

    def say(self, what: str, found: str, *, good: bool | None = True) -> None:
        """Add a finding."""
        self.findings.append(_Finding(what, found, good))
        if self.aloud:
            print_mark(f"{what:<{_WIDTH}} {found}", good=good, indent=_WIDTH + 3)

    def warn(self, warning: str) -> None:
        """Add a warning: something worth knowing that does not stop a sync."""
        self.warnings.append(warning)
        if self.aloud:
            print_mark(warning, good=None)

    def find(self, what: str, work: Callable[[], T], shown: Callable[[T], str]) -> T | None:
        """Call `work` and add what it found. If it fails, add the error and return None."""
        try:
            found = work()
        except IntercomAssetsError as error:
            self.say(what, str(error), good=False)
            return None
        self.say(what, shown(found))
        return found


def _document(lines: _Lines) -> dict[str, object]:
    return {
        "source": lines.settings.name,
        "status": "ok" if lines.good else "failed",
        "file": str(lines.settings.file) if lines.settings.file else None,
        "warnings": lines.warnings,
        "findings": [
            {"subject": one.what, "status": _STATUS[one.good], "found": one.found}
            for one in lines.findings
        ],
    }


def _check_source(settings: Settings, *, aloud: bool) -> _Lines:
    lines = _Lines(settings, aloud)
    if aloud:
        click.echo(f"Source {settings.name} ({settings.file or 'set by variables'})")
    _check(settings, lines)
    if aloud:
        click.echo()
    return lines


def _check(settings: Settings, lines: _Lines) -> None:
    lines.say("settings", f"{len(settings.resources)} resources selected")
    for warning in settings.warnings:
        lines.warn(warning)
    with open_warehouse(settings.warehouse, patience=5.0) as warehouse:
        if lines.find("warehouse", lambda: _reach(warehouse, settings), str):
            _check_tables(warehouse, settings, lines)
    if settings.privacy.salt_variable is not None:
        lines.find("hash salt", lambda: hash_key(settings.privacy), lambda _: "is set")
    if has_token(settings):
        _check_intercom(settings, lines)
    else:
        lines.say(
            "access token",
            f"{settings.token_variable} is not set. Put it into .env, or look around without a "
            "token first: intercom-assets demo",
            good=False,
        )


def _reach(warehouse: Warehouse, settings: Settings) -> str:
    warehouse.check(settings.schema)
    return f"{warehouse.describe()}, schema {settings.schema}"


def _check_tables(warehouse: Warehouse, settings: Settings, lines: _Lines) -> None:
    """Add what a sync would refuse: a table of another tool, a column of another type."""
    with warehouse.connected():
        for target in map(settings.source.target, settings.resources):
            try:
                warehouse.inspect(target)
            except IntercomAssetsError as error:
                lines.say(str(target), str(error), good=False)


def _check_intercom(settings: Settings, lines: _Lines) -> None:
    with ExitStack() as stack:
        connection = lines.find(
            "access token", lambda: stack.enter_context(connect(settings)), lambda _: "is set"
        )
        if connection is None:
            return
        workspace = lines.find(
            "workspace",
            lambda: connection.workspace(session_of(connection, "")),
            lambda workspace: (
                f"{workspace.id} ({workspace.name}), time zone {workspace.zone or 'unknown'}"
            ),
        )
        if workspace is None:
            return
        lines.say("region", f"{settings.region}, {connection.base_url}")
        lines.say("api version", str(settings.api_version))
        for planned in plan(settings, connection, settings.resources):
            _say_planned(planned, lines)


def _say_planned(planned: Planned, lines: _Lines) -> None:
    resource, cost = planned.resource, planned.cost
    if planned.error is None:
        has = "" if planned.records is None else f", {counted(planned.records, 'record')}"
        quiet = "" if cost.quiet is None else f", {counted(cost.quiet, 'request')} per quiet sync"
        lines.say(resource.name, f'may be read ("{resource.scope}"){has}{quiet}')
    elif planned.skipped:
        lines.say(resource.name, f"is skipped: {planned.error}", good=None)
    else:
        lines.say(resource.name, str(planned.error), good=False)

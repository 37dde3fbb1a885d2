"""`intercom-assets run`: one sync of every selected resource through Dagster, in this process."""

import importlib
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

import click
from rich.console import Console

from intercom_assets.cli.demo import demo_workspace, has_token
from intercom_assets.cli.display import Display, display
from intercom_assets.cli.project import Project, SourceFile, find_project
from intercom_assets.cli.tables import named, print_failures, print_findings, print_reports
from intercom_assets.errors import ConfigurationError
from intercom_assets.orchestration.settings import Settings, parse_instant
from intercom_assets.orchestration.warehouses import DuckDBSettings, SnowflakeSettings
from intercom_assets.sync.report import Report

if TYPE_CHECKING:
    import dagster as dg

_EXAMPLES = {
    "conversations": "SELECT state, count(*) AS conversations FROM {} GROUP BY ALL",
    "contacts": "SELECT role, count(*) AS contacts FROM {} GROUP BY ALL",
}


@click.command()
@click.option(
    "--select",
    "-s",
    metavar="NAMES",
    help="Resources to sync, separated by commas: contacts,conversations. Default: all that the "
    "settings select.",
)
@click.option(
    "--full-refresh",
    is_flag=True,
    help="Forget the cursors, read everything again, and mark what is gone as deleted. No reader "
    "of the tables misses a row meanwhile.",
)
@click.option(
    "--reconcile",
    is_flag=True,
    help="Afterwards compare every stored row with Intercom: fetch what syncs missed, and mark "
    "what Intercom confirms as gone.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Let a reconcile go on where more than a tenth of the rows are missing.",
)
@click.option(
    "--since",
    metavar="TIME",
    help="Read what was updated from this UTC date or time on, if that is earlier than the "
    "cursor: 2024-01-31 or 2024-01-31T12:00:00Z.",
)
@click.option(
    "--source",
    multiple=True,
    metavar="NAME",
    help="Source to sync, by the name of its folder under defs/; repeat it for several. "
    "Default: every source.",
)
def run(
    select: str | None,
    since: str | None,
    source: tuple[str, ...],
    *,
    full_refresh: bool,
    reconcile: bool,
    force: bool,
) -> None:
    """Sync once: only what changed since the last time is read.

    With INTERCOM_ACCESS_TOKEN set (or in .env) this syncs that workspace. Without, it starts the
    bundled simulator on this machine and syncs that into data/demo.duckdb, so that you can look
    at the tables before you have a token.

    Exit code: 0 when every resource was synced, 1 when one failed, 2 for wrong settings.
    """
    console = Console(stderr=True)
    try:
        project = find_project()
        flags = {"full_refresh": full_refresh, "reconcile": reconcile, "force": force}
        options = _Options(select, since, flags)
        failed = sum(_run_source(project, one, options, console) for one in project.sources(source))
    except ConfigurationError as error:
        click.echo(f"intercom-assets: {error}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        click.echo(
            "\nInterrupted. What was committed is kept; the next run goes on from there.", err=True
        )
        sys.exit(130)
    sys.exit(1 if failed else 0)


class _Options:
    """What the command line asks of a run."""

    def __init__(self, select: str | None, since: str | None, flags: dict[str, bool]) -> None:
        self.select = [name.strip() for name in (select or "").split(",") if name.strip()]
        self.config = {**flags, "since": _instant(since).isoformat() if since else ""}

    def chosen(self, settings: Settings) -> list[str]:
        """Give the names of the resources to sync.

        Raises:
            ConfigurationError: A name is not among the source's resources.
        """
        names = [resource.name for resource in settings.resources]
        if unknown := [name for name in self.select if name not in names]:
            raise ConfigurationError(
                f"--select {', '.join(unknown)}: source {settings.name} has {', '.join(names)}"
            )
        return [name for name in names if not self.select or name in self.select]


def _instant(since: str) -> datetime:
    try:
        return parse_instant(since)
    except ValueError as error:
        raise ConfigurationError(f"--since {since}: {error}") from None


def _run_source(project: Project, source: SourceFile, options: _Options, console: Console) -> bool:
    with ExitStack() as stack:
        settings = source.settings()
        options.chosen(settings)
        if not has_token(settings):
            demo = stack.enter_context(demo_workspace(source, settings.region))
            stack.enter_context(_variables(demo))
            settings = source.settings()
            click.echo(
                f"{settings.token_variable} is not set, so this is a demo: a simulated Intercom "
                f"at {settings.base_url}, synced into {_shown(settings)}.",
                err=True,
            )
        else:
            click.echo(f"Syncing source {settings.name} into {_shown(settings)}", err=True)
        watcher = stack.enter_context(display(console))
        failures, findings = _execute(project, settings, options, watcher)
    print_reports(watcher.reports, options.chosen(settings))
    print_failures(failures)
    print_findings(findings)
    _conclude(settings, watcher.reports)
    return bool(failures)


@contextmanager
def _variables(values: dict[str, str]) -> Iterator[None]:
    """Set environment variables for a block: another source may read the same ones."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _execute(
    project: Project, settings: Settings, options: _Options, watcher: Display
) -> tuple[dict[str, str], list[str]]:
    """Run the source's job; give the reason of each failure by resource, and what checks found."""
    import dagster as dg  # noqa: PLC0415 - takes seconds; --help and wrong options need it not

    from intercom_assets.orchestration.jobs import op_name  # noqa: PLC0415 - as Dagster
    from intercom_assets.orchestration.listener import WATCHER  # noqa: PLC0415 - as Dagster

    names = options.chosen(settings)
    job = _definitions(project).resolve_job_def(f"{settings.name}_sync")
    token = WATCHER.set(watcher)
    try:
        with dg.DagsterInstance.get() as instance:
            result = job.execute_in_process(
                run_config={
                    "ops": {
                        op_name(settings.name, name): {"config": options.config} for name in names
                    },
                    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                },
                instance=instance,
                raise_on_error=False,
                asset_selection=[dg.AssetKey([settings.name, name]) for name in names],
            )
    except dg.DagsterExecutionInterruptedError:
        raise KeyboardInterrupt from None
    finally:
        WATCHER.reset(token)
    if result.filter_events(_is_interrupt):
        raise KeyboardInterrupt
    done = [report.resource for report in watcher.reports]
    return _failures(result, names, done), _findings(result)


def _definitions(project: Project) -> "dg.Definitions":
    sys.path.insert(0, str(project.home))
    found = importlib.import_module(project.module).defs
    definitions: dg.Definitions = found() if callable(found) else found
    return definitions


def _is_interrupt(event: "dg.DagsterEvent") -> bool:
    """Tell whether Ctrl-C ended the run, which Dagster takes for a failure like others."""
    error = event.job_failure_data.error if event.is_job_failure else None
    return error is not None and error.cls_name == "DagsterExecutionInterruptedError"


def _failures(
    result: "dg.ExecuteInProcessResult", names: list[str], done: list[str]
) -> dict[str, str]:
    failures: dict[str, str] = {}
    for event in result.filter_events(lambda event: event.is_step_failure):
        told = event.step_failure_data.user_failure_data
        error = event.step_failure_data.error
        reason = (told.description if told else None) or (error.message if error else "")
        failures[str(event.step_key).rpartition("__")[2]] = reason or "failed"
    for name in names:
        if name not in done and name not in failures:
            failures[name] = "not run, because the resource that it depends on failed"
    return failures


def _findings(result: "dg.ExecuteInProcessResult") -> list[str]:
    """Give a line for each check that failed: they end no run and change no exit code."""
    return [
        f"{one.asset_key.path[-1]}: {one.check_name}: {one.description}"
        for one in result.get_asset_check_evaluations()
        if not one.passed
    ]


def _conclude(settings: Settings, reports: list[Report]) -> None:
    click.echo(f"\nDatabase  {_shown(settings)}")
    if reports:
        click.echo(f"Try       {shlex.join([_command(), 'query', _example(settings, reports)])}")


def _example(settings: Settings, reports: list[Report]) -> str:
    names = {report.resource for report in reports}
    name = next((one for one in _EXAMPLES if one in names), reports[0].resource)
    select = _EXAMPLES.get(name, "SELECT * FROM {} LIMIT 5")
    return select.format(named(settings.schema, f"{settings.table_prefix}rudder_{name}"))


def _command() -> str:
    return os.path.relpath(sys.argv[0]) if Path(sys.argv[0]).is_file() else "intercom-assets"


def _shown(settings: Settings) -> str:
    match settings.warehouse:
        case DuckDBSettings(database=database):
            here = Path.cwd()
            return str(database.relative_to(here) if database.is_relative_to(here) else database)
        case SnowflakeSettings(account=account, database=name):
            return f"Snowflake account {account}, database {name}"
        case _:
            assert_never(settings.warehouse)

"""`intercom-assets run`: sync every selected resource once and report the outcome."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import assert_never

import click

from intercom_assets.cli.demo import (
    demo_project,
    demo_variables,
    demo_workspace,
    require_token,
)
from intercom_assets.cli.display.board import Board
from intercom_assets.cli.display.metrics import SourceRun, document
from intercom_assets.cli.display.screen import shown
from intercom_assets.cli.display.tables import print_board, print_failures, print_findings
from intercom_assets.cli.display.terminal import command_line, relative
from intercom_assets.cli.job import JobRequest, execute
from intercom_assets.cli.output import FAILED, INTERRUPTED, REFUSED, print_json
from intercom_assets.cli.project import Project, SourceFile, find_project, make_dagster_home
from intercom_assets.engine.cursor import SyncOptions
from intercom_assets.errors import ConfigurationError
from intercom_assets.settings.fields import option_instant
from intercom_assets.settings.privacy import require_salt
from intercom_assets.settings.source import Settings
from intercom_assets.settings.values import closest
from intercom_assets.settings.warehouse import DuckDBSettings, Snowflake, SnowflakeSettings
from intercom_assets.warehouse.dialects import quote

_EXAMPLES = {
    "conversations": "SELECT state, count(*) AS conversations FROM {} GROUP BY ALL",
    "contacts": "SELECT role, count(*) AS contacts FROM {} GROUP BY ALL",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """The options of `intercom-assets run`.

    Attributes:
        select: Comma-separated names of resources and models; None for all.
        since: Latest time at which windows start; None to start from the cursors.
        until: With `since`, end of the range to backfill.
        sources: Names of sources; empty for all.
        flags: Boolean run config of each sync, such as `full_refresh`.
        demo: Whether the simulator is synced.
        dry: Whether only what the syncs would cost is shown.
    """

    select: str | None
    since: str | None
    until: str | None
    sources: tuple[str, ...]
    flags: Mapping[str, bool]
    quiet: bool
    as_json: bool
    demo: bool = False
    dry: bool = False

    @property
    def config(self) -> dict[str, object]:
        """The run config of each sync.

        Raises:
            ConfigurationError: The options contradict each other.
        """
        since, until = option_instant("--since", self.since), option_instant("--until", self.until)
        SyncOptions(
            since=since,
            until=until,
            full_refresh=self.flags["full_refresh"],
            reconcile=self.flags["reconcile"],
        )
        times = {"since": since, "until": until}
        return {
            **self.flags,
            **{name: one.isoformat() if one else "" for name, one in times.items()},
        }

    def chosen(self, settings: Settings) -> tuple[str, ...]:
        """Return the names of the resources to sync, followed by the models to create."""
        return tuple(name for name in _assets(settings) if not self.names or name in self.names)

    @property
    def names(self) -> list[str]:
        """The names given to `--select`."""
        return [name.strip() for name in (self.select or "").split(",") if name.strip()]

    def refuse_unknown(self, sources: Sequence[Settings]) -> None:
        """Reject names that no source has.

        Raises:
            ConfigurationError: Lists them, and the names that there are.
        """
        known = list(dict.fromkeys(name for source in sources for name in _assets(source)))
        if unknown := [name for name in self.names if name not in known]:
            whose = (
                f"source {sources[0].name} does not have" if len(sources) == 1 else "no source has"
            )
            raise ConfigurationError(
                f"--select names {', '.join(unknown)}, which {whose}. "
                f"Choose another name: {closest(unknown, known)}allowed are {', '.join(known)}"
            )


def _assets(settings: Settings) -> list[str]:
    resources = [resource.name for resource in settings.resources]
    return [*resources, *(model.name for model in settings.models)]


@dataclass(slots=True)
class _RunSummary:
    """The outcome of the command so far.

    Attributes:
        error: Why nothing, or no further source, was run.
    """

    options: RunOptions
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    runs: list[SourceRun] = field(default_factory=list)
    error: str | None = None

    def end(self, code: int) -> int:
        """Print the JSON if requested, and return the exit code."""
        if self.options.as_json:
            print_json(document(self.runs, self.began, code, self.error))
        return code


def run_sources(options: RunOptions) -> int:
    """Run the sources in turn and return the exit code."""
    summary = _RunSummary(options)
    try:
        with _prepared(options) as (project, environment):
            # Report any source's mistakes before reading anything.
            read = [(one, one.settings(environment)) for one in project.sources(options.sources)]
            options.refuse_unknown([settings for _, settings in read])
            chosen = [(one, settings) for one, settings in read if options.chosen(settings)]
            sources = [one for one, _ in chosen]
            for _, settings in chosen:
                require_token(settings, environment)
                require_salt(settings.privacy, environment)
            config = options.config
            if options.dry:
                return _plan(chosen, options, environment)
            environment["DAGSTER_HOME"] = make_dagster_home(project)
            for source in sources:
                run = _run_source(project, source, options, config=config, environment=environment)
                summary.runs.append(run)
                if run.board.interrupted or (run.board.heard and source is not sources[-1]):
                    return summary.end(_interrupted(at_once=run.board.heard > 1))
    except ConfigurationError as error:
        summary.error = str(error)
        click.echo(f"intercom-assets: {error}", err=True)
        return summary.end(REFUSED)
    except KeyboardInterrupt:
        return summary.end(_interrupted())
    failed = sum(len(run.board.failed) for run in summary.runs)
    broken = failed or any(run.board.error for run in summary.runs)
    if options.quiet and failed:
        total = sum(len(run.board.lines) for run in summary.runs)
        click.echo(f"{failed} of {total} failed or were not run.", err=True)
    return summary.end(FAILED if broken else 0)


def _plan(
    chosen: Sequence[tuple[SourceFile, Settings]],
    options: RunOptions,
    environment: Mapping[str, str],
) -> int:
    from intercom_assets.cli.plan import show_plans  # noqa: PLC0415 - a run needs no HTTP

    sources = []
    for _, settings in chosen:
        names = options.chosen(settings)
        sources.append((settings, tuple(one for one in settings.resources if one.name in names)))
    return show_plans(sources, environment, as_json=options.as_json)


def _interrupted(*, at_once: bool = False) -> int:
    stopped = "Interrupted. What was committed is kept; the next sync resumes from there."
    click.echo("Ended at once. What was committed is kept." if at_once else stopped, err=True)
    return INTERRUPTED


@contextmanager
def _prepared(options: RunOptions) -> Iterator[tuple[Project, dict[str, str]]]:
    """Yield the project and the environment of its runs."""
    project = find_project()
    with ExitStack() as stack:
        environment = dict(os.environ)
        if options.demo:
            project = demo_project(project)
            environment |= demo_variables(project.root) | stack.enter_context(demo_workspace())
        yield project, environment


def _run_source(
    project: Project,
    source: SourceFile,
    options: RunOptions,
    *,
    config: Mapping[str, object],
    environment: Mapping[str, str],
) -> SourceRun:
    board, settings = Board(), source.settings(environment)
    if not options.quiet:
        click.echo(_opening(settings, demo=options.demo), err=True)
    names = options.chosen(settings)
    for name in names:
        board.line(name)
    request = JobRequest(
        home=str(project.home),
        module=project.module,
        source=settings.name,
        resources=[asset.name for asset in settings.resources if asset.name in names],
        models=[asset.name for asset in settings.models if asset.name in names],
        whole=len(names) == len(_assets(settings)),
        config=config,
    )
    with shown(board, quiet=options.quiet) as screen:
        execute(request, board, screen, environment)
    if not board.interrupted:
        several = len(project.sources()) > 1
        _conclude(settings, board, options, ("--source", settings.name) if several else ())
    return SourceRun(settings, _database(settings), options.demo, board)


def _opening(settings: Settings, *, demo: bool) -> str:
    if not demo:
        return f"Syncing source {settings.name} into {_database(settings)}"
    return (
        f"This is a demo: a simulated Intercom at {settings.base_url}, synced into "
        f"{_database(settings)}."
    )


def _conclude(
    settings: Settings, board: Board, options: RunOptions, source: tuple[str, ...]
) -> None:
    if not options.quiet and not options.as_json:
        print_board(board)
    print_failures(board)
    if options.quiet:
        return
    print_findings(board)
    if options.as_json:
        return
    click.echo(f"\nDatabase  {_database(settings)}")
    demo = ("--demo",) if options.demo else ()
    if failed := [line.name for line in board.failed]:
        own = set(_assets(settings))
        again = ["--select", ",".join(failed)] if own.issuperset(failed) else []
        command = "demo" if options.demo else "run"
        click.echo(f"Next      fix what failed, then {command_line(command, *source, *again)}")
    elif board.reports:
        click.echo(f"Try       {command_line('query', *demo, *source, _example(settings, board))}")


def _example(settings: Settings, board: Board) -> str:
    names = [report.resource for report in board.reports]
    name = next((resource for resource in _EXAMPLES if resource in names), names[0])
    path = (settings.schema, f"{settings.table_prefix}rudder_{name}")
    plain = re.compile(r"[a-z_][a-z0-9_]*")
    table = ".".join(part if plain.fullmatch(part) else quote(part) for part in path)
    return _EXAMPLES.get(name, "SELECT * FROM {} LIMIT 5").format(table)


def _database(settings: Settings) -> str:
    match settings.warehouse:
        case DuckDBSettings(database=database):
            return relative(database)
        case SnowflakeSettings(login=Snowflake(account=account, database=name)):
            return f"Snowflake account {account}, database {name}"
        case _:
            assert_never(settings.warehouse)

"""`intercom-assets run`: sync every selected resource once and report the outcome."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import click

from intercom_assets.catalog import CATALOG
from intercom_assets.cli.demo import (
    demo_variables,
    demo_workspace,
    require_token,
    settings_to_read,
)
from intercom_assets.cli.display.board import Board
from intercom_assets.cli.display.metrics import SourceDetails, SourceRun, document
from intercom_assets.cli.display.output import FAILED, INTERRUPTED, REFUSED, print_json
from intercom_assets.cli.display.screen import Screen, shown, waiting
from intercom_assets.cli.display.tables import print_board, print_failures, print_findings
from intercom_assets.cli.display.terminal import command_line
from intercom_assets.cli.job import JobRequest, Worker
from intercom_assets.cli.project import (
    Project,
    Selectable,
    choose,
    find_project,
    make_dagster_home,
    standalone,
)
from intercom_assets.engine.cursor import SyncOptions
from intercom_assets.errors import ConfigurationError
from intercom_assets.settings.fields import option_instant
from intercom_assets.settings.values import closest
from intercom_assets.warehouse.dialects import quote

_EXAMPLES = {
    "conversations": "SELECT state, count(*) AS conversations FROM {} GROUP BY ALL",
    "contacts": "SELECT role, count(*) AS contacts FROM {} GROUP BY ALL",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """The options of `intercom-assets run`, of which a demo has a few."""

    select: str | None
    quiet: bool
    as_json: bool
    since: str | None = None
    until: str | None = None
    source: tuple[str, ...] = ()
    full_refresh: bool = False
    reconcile: bool = False
    force: bool = False
    dry_run: bool = False
    demo: bool = False

    @property
    def config(self) -> dict[str, object]:
        """The run config of each sync."""
        since, until = option_instant("--since", self.since), option_instant("--until", self.until)
        SyncOptions(
            since=since,
            until=until,
            full_refresh=self.full_refresh,
            reconcile=self.reconcile,
        )
        return {
            "full_refresh": self.full_refresh,
            "reconcile": self.reconcile,
            "force": self.force,
            "since": since.isoformat() if since else "",
            "until": until.isoformat() if until else "",
        }

    def chosen(self, source: Selectable) -> list[str]:
        """Return the names of the resources to sync, followed by the models to create."""
        return [name for name in source.assets if not self.names or name in self.names]

    @property
    def names(self) -> list[str]:
        """The names given to `--select`."""
        return [name.strip() for name in (self.select or "").split(",") if name.strip()]

    def refuse_unknown(self, sources: Sequence[Selectable]) -> None:
        """Reject names that no source has."""
        known = list(dict.fromkeys(name for source in sources for name in source.assets))
        if unknown := [name for name in self.names if name not in known]:
            whose = (
                f"source {sources[0].name} does not have" if len(sources) == 1 else "no source has"
            )
            catalogue = {resource.name for resource in CATALOG}
            unselected = [name for name in unknown if name in catalogue]
            select = f", or put {', '.join(unselected)} into the setting resources"
            raise ConfigurationError(
                f"--select names {', '.join(unknown)}, which {whose}. "
                f"Choose another name{select if unselected else ''}: "
                f"{closest(unknown, known)}allowed are {', '.join(known)}"
            )


@dataclass(slots=True)
class _RunSummary:
    """The outcome of the command so far."""

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
        config = options.config
        if options.dry_run:
            return _plan(options)
        with _prepared(options) as (project, worker):
            with waiting("Loading the project", quiet=options.quiet):
                known = worker.sources()
            named = choose(known, options.source)
            options.refuse_unknown(named)
            sources = [source for source in named if options.chosen(source)]
            _refuse_problems(sources)
            home = make_dagster_home(project)
            for source in sources:
                board, request = Board(), _request(source, options, config, home)
                with _shown(source, board, options, several=len(known) > 1) as screen:
                    worker.execute(request, board, screen)
                summary.runs.append(SourceRun(source, options.demo, board))
                if board.interrupted or (board.heard and source is not sources[-1]):
                    return summary.end(_interrupted(at_once=board.heard > 1))
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


def _refuse_problems(sources: Sequence[SourceDetails]) -> None:
    # Before anything is read.
    if problem := next((source.problem for source in sources if source.problem), None):
        raise ConfigurationError(problem)


def _plan(options: RunOptions) -> int:
    from intercom_assets.cli.plan import show_plans  # noqa: PLC0415 - a run needs no HTTP

    named = settings_to_read(options.source, demo=False)
    options.refuse_unknown(named)
    sources = []
    for settings in named:
        names = options.chosen(settings)
        if resources := tuple(one for one in settings.resources if one.name in names):
            require_token(settings)
            sources.append((settings, resources))
    return show_plans(sources, as_json=options.as_json)


def _interrupted(*, at_once: bool = False) -> int:
    stopped = "Interrupted. What was committed is kept; the next sync resumes from there."
    click.echo("Ended at once. What was committed is kept." if at_once else stopped, err=True)
    return INTERRUPTED


@contextmanager
def _prepared(options: RunOptions) -> Iterator[tuple[Project, Worker]]:
    """Yield the project and the process that runs its jobs."""
    project = find_project()
    with ExitStack() as stack:
        environment = dict(os.environ)
        if options.demo:
            # Which knows no source of the real one.
            project = standalone(project.root)
            environment |= demo_variables(project.root) | stack.enter_context(demo_workspace())
        yield project, stack.enter_context(Worker(project, environment))


def _request(
    source: SourceDetails, options: RunOptions, config: Mapping[str, object], home: str
) -> JobRequest:
    names = options.chosen(source)
    return JobRequest(
        source=source.name,
        resources=[name for name in source.tables if name in names],
        models=[name for name in source.models if name in names],
        whole=names == source.assets,
        config=config,
        dagster_home=home,
    )


@contextmanager
def _shown(
    source: SourceDetails, board: Board, options: RunOptions, *, several: bool
) -> Iterator[Screen]:
    """Show the run of a source, and what comes next once it has ended."""
    if not options.quiet:
        click.echo(_opening(source, demo=options.demo), err=True)
    for name in options.chosen(source):
        board.line(name)
    with shown(board, quiet=options.quiet) as screen:
        yield screen
    if not board.interrupted:
        _conclude(source, board, options, ("--source", source.name) if several else ())


def _opening(source: SourceDetails, *, demo: bool) -> str:
    if not demo:
        return f"Syncing source {source.name} into {source.database}"
    return (
        f"This is a demo: a simulated Intercom at {source.base_url}, synced into {source.database}."
    )


def _conclude(
    source: SourceDetails, board: Board, options: RunOptions, named: tuple[str, ...]
) -> None:
    if not options.quiet and not options.as_json:
        print_board(board)
    print_failures(board)
    if options.quiet:
        return
    print_findings(board)
    if options.as_json:
        return
    click.echo(f"\nDatabase  {source.database}")
    demo = ("--demo",) if options.demo else ()
    if failed := [line.name for line in board.failed]:
        own = set(source.assets)
        again = ["--select", ",".join(failed)] if own.issuperset(failed) else []
        command = "demo" if options.demo else "run"
        click.echo(f"Next      fix what failed, then {command_line(command, *named, *again)}")
    elif board.reports:
        click.echo(f"Try       {command_line('query', *demo, *named, _example(source, board))}")


def _example(source: SourceDetails, board: Board) -> str:
    names = [report.resource for report in board.reports]
    name = next((resource for resource in _EXAMPLES if resource in names), names[0])
    path = (source.schema, source.tables[name].removeprefix(f"{source.schema}."))
    plain = re.compile(r"[a-z_][a-z0-9_]*")
    table = ".".join(part if plain.fullmatch(part) else quote(part) for part in path)
    return _EXAMPLES.get(name, "SELECT * FROM {} LIMIT 5").format(table)

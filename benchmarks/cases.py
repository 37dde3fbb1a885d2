"""The cases: what is done to a workspace, and which processes are measured."""

import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.other_client import half_the_quota
from benchmarks.projects import Project
from benchmarks.simulator import UNLIMITED, Simulator, Size, serving
from benchmarks.values import Measurement, Run, Traffic
from intercom_assets.catalog import CATALOG, NEWEST, Level
from intercom_assets.quality.checks import checks_of

QUOTA = 1_667
"""Requests in ten seconds: 10,000 a minute."""

LATENCY = 0.08
CHANGED = 0.01
MANY_CHANGED = 0.4


@dataclass(slots=True)
class Series:
    """Measurements that grow round by round.

    Attributes:
        tell: Told about each run.
        runs: Runs by case.
        titles: Titles by case.
        traffic: Last traffic by case.
        facts: Facts by case.
    """

    tell: Callable[[str], None]
    runs: dict[str, list[Run]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    traffic: dict[str, Traffic] = field(default_factory=dict)
    facts: dict[str, dict[str, float]] = field(default_factory=dict)

    def add(
        self,
        case: str,
        title: str,
        run: Run,
        traffic: Traffic | None = None,
        **facts: float,
    ) -> None:
        """Keep a run of a case."""
        self.runs.setdefault(case, []).append(run)
        self.titles[case] = title
        self.traffic[case] = traffic or Traffic()
        self.facts[case] = facts
        asked = f", {traffic.requests} requests" if traffic else ""
        self.tell(
            f"{case}: {run.wall:.1f} s wall, {run.cpu:.1f} s CPU, {run.peak_mib:.0f} MiB{asked}"
        )

    def measured(self) -> list[Measurement]:
        """Give what was measured, in the order of the first runs."""
        return [
            Measurement(
                case=case,
                title=self.titles[case],
                runs=runs,
                traffic=self.traffic[case],
                facts=self.facts[case],
            )
            for case, runs in self.runs.items()
        ]


def start_up(series: Series, rounds: int) -> None:
    """Measure what starting costs: Dagster alone, ours with one small resource, commands."""
    with _fresh(Size(contacts=1, companies=1, conversations=1)) as (simulator, project):
        simulator.act("settings", rate_limit=UNLIMITED, latency=0)
        small = Project(project.folder, project.url, {"INTERCOM_RESOURCES": "tags"})
        for _ in range(rounds):
            series.add("empty", "empty project of Dagster", project.start_empty())
            series.add("idle", "Dagster, as many assets and checks", project.start_idle(*_ours()))
            series.add("load", "ours, a job that syncs nothing", project.start_ours())
            series.add("start", "ours, one small resource", small.sync())
            series.add("help", "intercom-assets --help", project.call("intercom-assets", "--help"))
            series.add("status", "intercom-assets status", small.call("intercom-assets", "status"))


def _ours() -> tuple[int, int]:
    resources = CATALOG.up_to(Level.CORE, NEWEST)
    return len(resources), sum(len(checks_of(resource, None)) for resource in resources)


def unlimited(series: Series, rounds: int, size: Size) -> None:
    """Measure syncs without latency and without a quota that binds."""
    with _fresh(size) as (simulator, project):
        simulator.act("settings", rate_limit=UNLIMITED)
        for _ in range(rounds):
            _Place(series, simulator, project).three("unlimited", "", 0)


def limited(series: Series, rounds: int, size: Size) -> None:
    """Measure syncs at 80 ms of latency within Intercom's default quota, all of it used."""
    with _fresh(size) as (simulator, project):
        greedy = Project(project.folder, project.url, {"INTERCOM_RATE_LIMIT_SHARE": "1.0"})
        simulator.act("settings", rate_limit=QUOTA)
        for _ in range(rounds):
            place = _Place(series, simulator, greedy)
            place.three("limited", "80 ms, 1,667 requests in 10 s: ", LATENCY)


def bulk(series: Series, rounds: int, size: Size) -> None:
    """Measure a sync of contacts after a change of very many, as an import makes it."""
    with _fresh(size) as (simulator, project):
        simulator.act("settings", rate_limit=UNLIMITED, latency=0)
        contacts = Project(project.folder, project.url, {"INTERCOM_RESOURCES": "contacts"})
        for _ in range(rounds):
            place = _Place(series, simulator, contacts)
            place.first("bulk", "contacts: first sync")
            changed = _change(simulator, MANY_CHANGED, "contacts")
            place.again("bulk-changed", "contacts: two fifths changed", **changed)


def shared(series: Series, rounds: int, size: Size) -> None:
    """Measure how much of the quota is used with a share of 0.9, alone and beside another."""
    with _fresh(size) as (simulator, project):
        simulator.act("settings", rate_limit=QUOTA, latency=LATENCY)
        for _ in range(rounds):
            for case, title in (
                ("alone", "share 0.9, alone"),
                ("beside", "share 0.9, beside another"),
            ):
                project.forget()
                simulator.act("clear_requests")
                if case == "alone":
                    run = project.sync()
                else:
                    with half_the_quota(simulator.url, QUOTA):
                        run = project.sync()
                series.add(case, title, run, simulator.traffic(QUOTA))


def host(series: Series, rounds: int, size: Size) -> None:
    """Measure "Materialize all" with the executor that a project has, and in one process."""
    with _fresh(size) as (simulator, project):
        simulator.act("settings", rate_limit=UNLIMITED, latency=0)
        for _ in range(rounds):
            for case, title, definitions in (
                ("host", "materialize all, Dagster's default executor", "defs"),
                ("host-one", "materialize all, in_process_executor", "in_one_process"),
            ):
                project.forget()
                series.add(case, title, project.materialize_all(definitions))


def growing(series: Series, size: Size) -> None:
    """Measure first syncs of workspaces from a tenth of the size to ten times the size."""
    for factor in (0.1, 0.3, 3.0, 10.0):
        with _fresh(size.scaled(factor)) as (simulator, project):
            simulator.act("settings", rate_limit=UNLIMITED, latency=0)
            place = _Place(series, simulator, project)
            place.first(f"growth-{factor:g}", f"{factor:g} x the data")


@contextmanager
def _fresh(size: Size) -> Iterator[tuple[Simulator, Project]]:
    with serving(size) as simulator, tempfile.TemporaryDirectory() as folder:
        yield simulator, Project(Path(folder), simulator.url)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where syncs are measured.

    Attributes:
        series: Keeps what is measured.
        simulator: Intercom.
        project: The project.
    """

    series: Series
    simulator: Simulator
    project: Project

    def first(self, case: str, title: str) -> None:
        """Measure a first sync."""
        self.project.forget()
        self.simulator.act("clear_requests")
        run = self.project.sync()
        kinds = self.simulator.look("state?ids=false")["kinds"]
        named = ("contacts", "companies", "conversations", "conversation_parts")
        rows = sum(kinds[kind]["count"] for kind in named)
        self.series.add(case, title, run, self.simulator.traffic(QUOTA), rows=rows)

    def again(self, case: str, title: str, **facts: float) -> None:
        """Measure a sync that follows another."""
        self.simulator.act("clear_requests")
        run = self.project.sync()
        self.series.add(case, title, run, self.simulator.traffic(QUOTA), **facts)

    def three(self, name: str, prefix: str, latency: float) -> None:
        """Measure a first sync, one of nothing and one of few changes."""
        self.simulator.act("settings", latency=latency)
        self.first(name, f"{prefix}first sync")
        self.again(f"{name}-again", f"{prefix}nothing changed")
        self.simulator.act("settings", latency=0)
        changed = _change(self.simulator, CHANGED, "contacts", "companies", "conversations")
        self.simulator.act("settings", latency=latency)
        self.again(f"{name}-changed", f"{prefix}one per cent changed", **changed)


def _change(simulator: Simulator, part: float, *kinds: str) -> dict[str, float]:
    state = simulator.look("state")["kinds"]
    changed: dict[str, float] = {}
    for kind in kinds:
        ids = state[kind]["ids"]
        # In no order, so that they come in another one than their rows have in the table.
        chosen = random.Random(kind).sample(ids, round(len(ids) * part))  # noqa: S311
        for each in chosen:
            if kind == "conversations":
                simulator.act("reply", conversation_id=each)
            else:
                simulator.act("touch", kind=kind, record_id=each)
        changed[kind] = len(chosen)
    return changed

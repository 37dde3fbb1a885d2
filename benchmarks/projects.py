"""The projects that are measured: ours on a fresh warehouse, and an empty one of Dagster."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import processes
from benchmarks.processes import BIN, ROOT
from benchmarks.values import Run

_EMPTY = """\
import dagster as dg


@dg.asset
def nothing() -> None: ...


defs = dg.Definitions(
    assets=[nothing], jobs=[dg.define_asset_job("all")], executor=dg.in_process_executor
)
"""
_IDLE = """\
import dagster as dg

NAMES = [f"asset_{number}" for number in range(ASSETS)]


def checked(name: str, number: int) -> dg.AssetChecksDefinition:
    specs = [dg.AssetCheckSpec(f"check_{each}", asset=name) for each in range(number)]

    @dg.multi_asset_check(name=f"{name}_checks", specs=specs)
    def checks():
        for spec in specs:
            yield dg.AssetCheckResult(asset_key=spec.asset_key, check_name=spec.name, passed=True)

    return checks


def asset(name: str) -> dg.AssetsDefinition:
    @dg.asset(name=name)
    def nothing() -> None: ...

    return nothing


counts = [CHECKS // ASSETS + (place < CHECKS % ASSETS) for place in range(ASSETS)]
defs = dg.Definitions(
    assets=[asset(name) for name in NAMES],
    asset_checks=[checked(name, number) for name, number in zip(NAMES, counts)],
    jobs=[dg.define_asset_job("all")],
    executor=dg.in_process_executor,
)
"""
_HOST = """\
import dagster as dg

from intercom_assets import IntercomSource

source = IntercomSource(
    access_token={"env": "INTERCOM_ACCESS_TOKEN"},
    base_url={"env": "INTERCOM_BASE_URL"},
    database={"env": "DUCKDB_DATABASE"},
)
defs = source.definitions()
in_one_process = dg.Definitions.merge(defs, dg.Definitions(executor=dg.in_process_executor))
"""
_OURS = ("INTERCOM_", "DAGSTER_", "DUCKDB_", "WAREHOUSE_", "SNOWFLAKE_")


@dataclass(frozen=True, slots=True)
class Project:
    """The project on a machine of its own.

    Attributes:
        folder: Where its Dagster home, its warehouse and its log are.
        url: The simulator.
        settings: Variables of the source beyond those that make it run.
    """

    folder: Path
    url: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        """The DuckDB file."""
        return self.folder / "benchmark.duckdb"

    def forget(self) -> None:
        """Remove the warehouse."""
        for file in self.folder.glob("benchmark.duckdb*"):
            shutil.rmtree(file) if file.is_dir() else file.unlink()

    def sync(self) -> Run:
        """Execute the job of the source."""
        job = ["job", "execute", "-m", "intercom_assets.definitions", "-j", "intercom_sync"]
        return self.call("dagster", *job)

    def call(self, program: str, *arguments: str) -> Run:
        """Run one of the installed programs."""
        return self._run([program, *arguments], ROOT)

    def start_empty(self) -> Run:
        """Execute the job of a project that does nothing."""
        return self._execute_all("empty_project.py", _EMPTY)

    def start_idle(self, assets: int, checks: int) -> Run:
        """Execute a job of so many assets and checks that do nothing."""
        text = _IDLE.replace("ASSETS", str(assets)).replace("CHECKS", str(checks))
        return self._execute_all("idle_project.py", text)

    def start_ours(self) -> Run:
        """Execute the shortest job of ours: all definitions are loaded, one step does little."""
        job = ["job", "execute", "-m", "intercom_assets.definitions", "-j", "forget_old_runs"]
        return self.call("dagster", *job)

    def materialize_all(self, definitions: str) -> Run:
        """Materialize all assets of a source in a project of somebody else."""
        folder = self.folder / "host"
        folder.mkdir(exist_ok=True)
        (folder / "host_project.py").write_text(_HOST, encoding="utf-8")
        names = ["-f", "host_project.py", "-a", definitions]
        return self._run(["dagster", "asset", "materialize", *names, "--select", "*"], folder)

    def _execute_all(self, file: str, text: str) -> Run:
        # An instance of its own, as Dagster is without a line of ours.
        folder = self.folder / "other"
        folder.mkdir(exist_ok=True)
        (folder / file).write_text(text, encoding="utf-8")
        (folder / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
        job = ["dagster", "job", "execute", "-f", file, "-j", "all"]
        return self._run(job, folder, DAGSTER_HOME=str(folder))

    def _run(self, command: list[str], folder: Path, **variables: str) -> Run:
        program, *arguments = command
        return processes.run(
            [str(BIN / program), *arguments],
            environment=self._environment() | variables,
            folder=folder,
            log=self.folder / "output.log",
        )

    def _environment(self) -> dict[str, str]:
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        shutil.copy(ROOT / "dagster.yaml", home)
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(_OURS)
        }
        return inherited | {
            "DAGSTER_HOME": str(home),
            "DUCKDB_DATABASE": str(self.database),
            "INTERCOM_ACCESS_TOKEN": "simulated-token",
            "INTERCOM_BASE_URL": self.url,
            "PATH": os.pathsep.join([str(BIN), os.environ.get("PATH", "")]),
            "PYTHONWARNINGS": "ignore",
            **self.settings,
        }

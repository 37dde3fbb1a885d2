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

    def call(self, program: str, *arguments: str, folder: Path = ROOT) -> Run:
        """Run one of the installed programs."""
        return processes.run(
            [str(BIN / program), *arguments],
            environment=self._environment(),
            folder=folder,
            log=self.folder / "output.log",
        )

    def start_empty(self) -> Run:
        """Execute the job of a project that does nothing."""
        (self.folder / "empty_project.py").write_text(_EMPTY, encoding="utf-8")
        job = ["job", "execute", "-f", "empty_project.py", "-j", "all"]
        return self.call("dagster", *job, folder=self.folder)

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

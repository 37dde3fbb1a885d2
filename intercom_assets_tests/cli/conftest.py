"""A simulated workspace, and the command line pointed at it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pytest
from click.testing import CliRunner

from intercom_assets.cli import main
from intercom_assets.engine.cursor import Source
from intercom_assets_tests.world import make_world

ROOT = Path(__file__).resolve().parents[2]
READY = "simulator ready "


Done: TypeAlias = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class CommandLine:
    """Runs `intercom-assets` with these variables, and no others, in a folder."""

    environment: dict[str, str]
    folder: Path = ROOT

    def __call__(self, *arguments: str, **variables: str) -> Done:
        """Run a command in this process, which saves most of what a command costs."""
        before = dict(os.environ)
        os.environ.clear()
        os.environ.update({**self.environment, **variables})
        try:
            with chdir(self.folder):
                result = CliRunner().invoke(main, arguments)
        finally:
            os.environ.clear()
            os.environ.update(before)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return subprocess.CompletedProcess(
            arguments, result.exit_code, result.stdout, result.stderr
        )

    def process(self, *arguments: str, **variables: str) -> Done:
        """Run a command in a process of its own, with modules that no other test may import."""
        return subprocess.run(
            [sys.executable, "-m", "intercom_assets", *arguments],
            cwd=self.folder,
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


@pytest.fixture(scope="module")
def simulator() -> Iterator[str]:
    """Serve a small simulated workspace; gives its address."""
    command = [sys.executable, "-m", "intercom_simulator", "--port", "0"]
    size = ["--contacts", "60", "--companies", "8", "--conversations", "12", "--exit-with-parent"]
    with subprocess.Popen(
        [*command, *size], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip().removeprefix(READY)
        process.terminate()


@pytest.fixture
def commands(tmp_path: Path) -> CommandLine:
    """Run commands without a token, in a project home and database of the test's own."""
    return command_line(tmp_path)


def command_line(folder: Path, **variables: str) -> CommandLine:
    """Run commands without a token, with home and database in a folder."""
    home = folder / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text((ROOT / "dagster.yaml").read_text())
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return CommandLine(
        {
            **kept,
            "PYTHONWARNINGS": "error::ResourceWarning",
            "DAGSTER_HOME": str(home),
            "DUCKDB_DATABASE": str(folder / "cli.duckdb"),
            "INTERCOM_ACCESS_TOKEN": "",
            **variables,
        }
    )


@pytest.fixture
def workspace(commands: CommandLine, simulator: str) -> CommandLine:
    """Run commands with a token of the simulated workspace."""
    return CommandLine({**commands.environment, **token_of(simulator)})


def token_of(simulator: str) -> dict[str, str]:
    """Give the variables that let commands into the simulated workspace."""
    return {"INTERCOM_ACCESS_TOKEN": "simulated-token", "INTERCOM_BASE_URL": simulator}


@pytest.fixture
def with_teams(workspace: CommandLine) -> CommandLine:
    """Run commands where teams were synced before, by nobody's command."""
    database = Path(workspace.environment["DUCKDB_DATABASE"])
    world = make_world(database)
    world.source = Source(name="intercom", schema="intercom", prefix="")
    world.sync("teams")
    return workspace

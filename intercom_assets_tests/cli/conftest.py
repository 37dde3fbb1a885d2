"""A simulated workspace, and the command line pointed at it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
READY = "simulator ready "


@dataclass(frozen=True)
class CommandLine:
    """Runs `intercom-assets` in a process of its own."""

    environment: dict[str, str]

    def __call__(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command with further environment variables."""
        return subprocess.run(
            [sys.executable, "-m", "intercom_assets", *arguments],
            cwd=ROOT,
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
    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text((ROOT / "dagster.yaml").read_text())
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return CommandLine(
        {
            **kept,
            "PYTHONWARNINGS": "error::ResourceWarning",
            "DAGSTER_HOME": str(home),
            "DUCKDB_DATABASE": str(tmp_path / "cli.duckdb"),
            "INTERCOM_ACCESS_TOKEN": "",
        }
    )


@pytest.fixture
def workspace(commands: CommandLine, simulator: str) -> CommandLine:
    """Run commands with a token of the simulated workspace."""
    return CommandLine(
        {
            **commands.environment,
            "INTERCOM_ACCESS_TOKEN": "simulated-token",
            "INTERCOM_BASE_URL": simulator,
        }
    )

"""How these tests start Dagster's own programs: in processes, as a user does."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import dagster as dg
import httpx

from intercom_assets_tests.dagster_project.running import ROOT, TOKEN, TOKEN_VARIABLE

T = TypeVar("T")

BIN = Path(sys.executable).parent
"""Where Dagster's programs are installed: not resolved, the interpreter is a link."""

DEADLINE = 120.0
"""Seconds after which something that should happen is taken not to happen."""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A machine that the project is set up on: its environment, its Dagster home.

    Attributes:
        url: The simulated Intercom.
        folder: Where Dagster's home, the database and logs are.
        variables: Settings of the source beyond those that make the test run.
        poll_seconds: How often the daemon looks for killed workers.
    """

    url: str
    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    poll_seconds: int = 30

    @property
    def database(self) -> Path:
        """The DuckDB file."""
        return self.folder / "launched.duckdb"

    @property
    def home(self) -> Path:
        """DAGSTER_HOME, with the project's own dagster.yaml; the daemon looks more often."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        shipped = (ROOT / "dagster.yaml").read_text()
        polled = f"poll_interval_seconds: {self.poll_seconds}"
        sooner = shipped.replace("poll_interval_seconds: 30", polled)
        sooner += "run_queue:\n  dequeue_interval_seconds: 1\n"
        (home / "dagster.yaml").write_text(sooner)
        return home

    def environment(self) -> dict[str, str]:
        """Give the environment of a process: ours, with this machine's settings only."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("INTERCOM_", "DAGSTER_", "DUCKDB_", "WAREHOUSE_"))
        }
        return inherited | {
            TOKEN_VARIABLE: TOKEN,
            "INTERCOM_BASE_URL": self.url,
            "DUCKDB_DATABASE": str(self.database),
            "DAGSTER_HOME": str(self.home),
            "DAGSTER_EVENT_LOG_CONSUMER_DAEMON_INTERVAL_SECONDS": "1",
            "PATH": os.pathsep.join([str(BIN), os.environ.get("PATH", "")]),
            "PYTHONWARNINGS": "ignore",
            **self.variables,
        }

    def call(self, program: str, *arguments: str, cwd: Path = ROOT) -> str:
        """Run a program to its end, which must be a good one; gives what it printed."""
        done = subprocess.run(
            [str(BIN / program), *arguments],
            cwd=cwd,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=DEADLINE,
        )
        assert done.returncode == 0, f"{program} {arguments}: {done.stdout}\n{done.stderr}"
        return done.stdout

    @contextmanager
    def background(self, program: str, *arguments: str) -> Iterator[None]:
        """Run a program until the block ends; it and what it started are then killed."""
        log = self.folder / f"{program}.log"
        with (
            log.open("w", encoding="utf-8") as file,
            subprocess.Popen(
                [str(BIN / program), *arguments],
                cwd=ROOT,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            ) as process,
        ):
            try:
                yield
            finally:
                os.killpg(process.pid, signal.SIGKILL)


def free_port() -> int:
    """Find a port of loopback that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def until(look: Callable[[], T | None], what: str) -> T:
    """Look again and again until there is something to see.

    Raises:
        AssertionError: The deadline passed.
    """
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        if seen := look():
            return seen
        time.sleep(0.1)
    raise AssertionError(f"{what} did not happen in {DEADLINE:.0f} s")


class GraphQL:
    """Dagster's webserver, asked as its pages ask it.

    Args:
        url: Where it listens.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, query: str, **variables: object) -> dict[str, object] | None:
        """Answer a query; None while the server cannot be reached."""
        try:
            answer = httpx.post(
                f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=60
            )
        except httpx.TransportError:
            return None
        body = answer.json()
        assert not body.get("errors"), body["errors"]
        found: dict[str, object] = body["data"]
        return found

    def launch(self, job: str, **selector: object) -> None:
        """Launch a job as the button of a page does."""
        answer = self.ask(
            """
            mutation Launch($params: ExecutionParams!) {
              launchPipelineExecution(executionParams: $params) {
                __typename
                ... on PythonError { message }
              }
            }
            """,
            params={
                "selector": {
                    "repositoryName": "__repository__",
                    "repositoryLocationName": "intercom_assets",
                    "pipelineName": job,
                    **selector,
                },
                "mode": "default",
                "runConfigData": "{}",
            },
        )
        assert answer == {"launchPipelineExecution": {"__typename": "LaunchRunSuccess"}}, answer


@dataclass(frozen=True)
class Deployment:
    """Dagster's webserver and daemon at work on one machine."""

    machine: Machine
    ui: GraphQL


@contextmanager
def deployed(machine: Machine) -> Iterator[Deployment]:
    """Start the webserver and the daemon as workspace.yaml tells them, until the block ends."""
    port = free_port()
    # Two processes that make Dagster's storage at once can end one of them, so it is made here.
    with dg.DagsterInstance.from_config(str(machine.home)) as instance:
        assert instance.get_runs_count() == 0
        assert not instance.all_instigator_state()
        assert not instance.get_asset_keys()
    with (
        machine.background("dagster-daemon", "run", "-w", "workspace.yaml"),
        machine.background(
            "dagster-webserver", "-w", "workspace.yaml", "-h", "127.0.0.1", "-p", str(port)
        ),
    ):
        ui = GraphQL(f"http://127.0.0.1:{port}")
        until(lambda: ui.ask("{ version }"), "the webserver's first answer")
        yield Deployment(machine, ui)

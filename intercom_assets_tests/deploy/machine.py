"""The services of the Compose files as processes of this machine, by the files' own commands."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from intercom_assets_tests.dagster_project.processes import (
    BIN,
    DEADLINE,
    GraphQL,
    free_port,
    until,
)
from intercom_assets_tests.dagster_project.running import ROOT, query
from intercom_assets_tests.deploy.files import DEPLOY, interpolated, services
from intercom_assets_tests.deploy.servers import PASSWORD
from intercom_simulator import Workspace

HOME = "/opt/dagster/dagster_home"

SOURCE = """
type: intercom_assets.IntercomSource
attributes:
  access_token: {{env: {token}}}
  base_url: {url}
  database: data/warehouse.duckdb
  table_prefix: "{name}_"
"""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """What Compose would start, started without containers.

    Addresses of containers become ports of loopback, folders of the image become folders here.
    Everything else is taken from the files: commands, environment, what is mounted, health checks.

    Attributes:
        folder: Holds the image's /app, and DAGSTER_HOME.
        names: The Compose files, in their order.
        variables: What the project's .env holds: passwords, and the tokens of the sources.
        ports: Ports here, by the port in a container.
    """

    folder: Path
    names: tuple[str, ...]
    variables: Mapping[str, str]
    ports: Mapping[str, int]
    services: Mapping[str, dict[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        """Lay out the folders as the image and the mounts do."""
        object.__setattr__(self, "services", services(*self.names))
        shutil.copytree(ROOT / "intercom_assets", self.app / "intercom_assets")
        shutil.rmtree(self.app / "intercom_assets" / "defs" / "intercom")
        shutil.copy(ROOT / "pyproject.toml", self.app)
        self.home.mkdir()
        for service in self.services.values():
            for volume in service["volumes"]:
                source, target = volume.split(":")[:2]
                if Path(target).parent == Path(HOME):
                    shutil.copy(DEPLOY / "compose" / source, self.home)
        workspace = self.home / "workspace.yaml"
        read = yaml.safe_load(workspace.read_text())
        server = read["load_from"][0]["grpc_server"]
        server |= {"host": "127.0.0.1", "port": self.ports[str(server["port"])]}
        workspace.write_text(yaml.safe_dump(read), encoding="utf-8")

    @property
    def app(self) -> Path:
        """The project's root."""
        return self.folder / "app"

    @property
    def home(self) -> Path:
        """DAGSTER_HOME."""
        return self.folder / "home"

    @property
    def ui(self) -> GraphQL:
        """The webserver."""
        return GraphQL(f"http://127.0.0.1:{self.ports['3000']}")

    def add_source(self, name: str, url: str, token: str) -> None:
        """Add a source as docs/deploy.md says: a folder under defs/ with a file in it."""
        folder = self.app / "intercom_assets" / "defs" / name
        folder.mkdir()
        text = SOURCE.format(name=name, url=url, token=token)
        (folder / "defs.yaml").write_text(text, encoding="utf-8")

    def environment(self, service: str) -> dict[str, str]:
        """Give the environment of a service, and nothing of ours that a container would lack."""
        given = self.services[service]
        own = {
            name: self.here(interpolated(str(value), self.variables))
            for name, value in given.get("environment", {}).items()
        }
        own |= {"POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": str(self.ports["5432"])}
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("INTERCOM_", "DAGSTER_", "DUCKDB_", "WAREHOUSE_", "CELERY_"))
        }
        file = dict(self.variables) if "env_file" in given else {}
        image = {
            "DAGSTER_HOME": str(self.home),
            "PYTHONPATH": str(self.app),
            "PYTHONWARNINGS": "ignore",
            "PATH": os.pathsep.join([str(BIN), os.environ.get("PATH", "")]),
        }
        return inherited | image | file | own

    def here(self, text: str) -> str:
        """Write an address of a container as one of this machine."""
        for port, mapped in self.ports.items():
            text = text.replace(f"@redis:{port}", f"@127.0.0.1:{mapped}")
            text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{mapped}")
            text = str(mapped) if text == port else text
        return "127.0.0.1" if text == "0.0.0.0" else text

    def directory(self, service: str) -> Path:
        """Give the working directory of a service."""
        return self.home if self.services[service].get("working_dir") == HOME else self.app

    def call(self, service: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command beside a service."""
        return subprocess.run(
            [str(BIN / command[0]), *command[1:]],
            cwd=self.directory(service),
            env=self.environment(service),
            capture_output=True,
            text=True,
            check=False,
            timeout=DEADLINE,
        )

    def is_healthy(self, service: str) -> bool | None:
        """Ask the service's own check; None while it says no."""
        kind, *command = self.services[service]["healthcheck"]["test"]
        assert kind == "CMD", service
        done = self.call(service, *(self.here(part) for part in command))
        return True if done.returncode == 0 else None

    @contextmanager
    def running(self, service: str, *more: str, name: str | None = None) -> Iterator[Path]:
        """Run a service by its command until the block ends; gives its log."""
        command = [self.here(part) for part in self.services[service]["command"]]
        log = self.folder / f"{name or service}.log"
        with (
            log.open("w", encoding="utf-8") as file,
            subprocess.Popen(
                [str(BIN / command[0]), *command[1:], *more],
                cwd=self.directory(service),
                env=self.environment(service),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            ) as process,
        ):
            try:
                yield log
            finally:
                process.terminate()
                try:
                    process.wait(15)
                except subprocess.TimeoutExpired:
                    process.kill()
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    @contextmanager
    def started(self, *order: str) -> Iterator[None]:
        """Start services one after the other, each when the one before is healthy."""
        with ExitStack() as stack:
            for service in order:
                log = stack.enter_context(self.running(service))
                try:
                    until(partial(self.is_healthy, service), f"health of {service}")
                except AssertionError as error:
                    raise AssertionError(f"{error}\n{log.read_text()[-3000:]}") from None
            yield

    def launch(self, job: str) -> None:
        """Launch a job as the UI's button does."""
        self.ui.launch(job)

    def runs(self) -> list[dict[str, str]]:
        """List the runs, newest first."""
        answer = self.ui.ask("{ runsOrError { ... on Runs { results { runId jobName status } } } }")
        assert answer is not None
        found: Any = answer["runsOrError"]
        runs: list[dict[str, str]] = found["results"]
        return runs

    def ended(self, count: int) -> list[dict[str, str]] | None:
        """List the runs when so many have ended, None before."""
        runs = self.runs()
        over = [run for run in runs if run["status"] in {"SUCCESS", "FAILURE", "CANCELED"}]
        return runs if len(over) >= count else None

    def ids(self, source: str, resource: str) -> set[str]:
        """Read the ids of a source's table."""
        database = self.app / "data" / "warehouse.duckdb"
        rows = query(database, f"SELECT id FROM intercom.{source}_rudder_{resource}")
        return {row["id"] for row in rows}


def deployment(
    folder: Path, *names: str, postgres: int, redis: int | None = None, **tokens: str
) -> Deployment:
    """Make a deployment beside the servers that listen on these ports."""
    return Deployment(
        folder=folder,
        names=names,
        variables={
            "POSTGRES_PASSWORD": PASSWORD,
            "REDIS_PASSWORD": quote(PASSWORD, safe=""),
            **tokens,
        },
        ports={"3000": free_port(), "4000": free_port(), "5432": postgres, "6379": redis or 0},
    )


def ids_of(workspace: Workspace, resource: str) -> set[str]:
    """Give the ids that a perfect sync stores."""
    return {str(one["id"]) for one in workspace.truth(resource, include_archived=True)}

"""deploy/celery as processes: runs of several sources go through Redis to two workers."""

import shlex
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from intercom_assets_tests.dagster_project.processes import until
from intercom_assets_tests.dagster_project.running import serving
from intercom_assets_tests.deploy.machine import Deployment, deployment, ids_of
from intercom_assets_tests.deploy.servers import (
    PASSWORD,
    POSTGRES,
    REDIS,
    missing,
    postgres,
    redis,
)
from intercom_assets_tests.guarantees.budget import TORTURE
from intercom_simulator import Access, Workspace, generate

NEEDED = missing(("postgresql", POSTGRES), ("redis-server", REDIS))
pytestmark = [
    pytest.mark.skipif(not TORTURE, reason="make torture runs it"),
    pytest.mark.skipif(NEEDED is not None, reason=NEEDED or ""),
]

SOURCES = ("acme", "beta", "gamma", "delta")
WORKERS = ("one", "two")


@dataclass(frozen=True)
class Cluster:
    """Two workers beside webserver, daemon and code server.

    Attributes:
        machine: The services.
        workspaces: The simulated Intercom of each source.
        logs: Log of each worker.
    """

    machine: Deployment
    workspaces: dict[str, Workspace]
    logs: dict[str, Path]

    def is_ready(self, worker: str) -> bool | None:
        """Whether a worker takes runs; None while it does not."""
        return " ready." in self.logs[worker].read_text() or None

    def done_by(self, worker: str) -> int | None:
        """Count the runs that a worker has finished, None where there are none."""
        return self.logs[worker].read_text().count("succeeded in") or None


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Start everything that the two Compose files name."""
    with ExitStack() as stack:
        machine = deployment(
            tmp_path_factory.mktemp("celery"),
            "compose",
            "celery",
            postgres=stack.enter_context(postgres()),
            redis=stack.enter_context(redis(PASSWORD)),
            **{f"{source.upper()}_TOKEN": f"token-of-{source}" for source in SOURCES},
        )
        workspaces = {}
        for seed, source in enumerate(SOURCES):
            workspace = Workspace(id_code=source, access=Access(tokens={f"token-of-{source}"}))
            generate(seed=seed, contacts=40, companies=4, conversations=8, workspace=workspace)
            url = stack.enter_context(serving(workspace))
            machine.add_source(source, url, f"{source.upper()}_TOKEN")
            workspaces[source] = workspace
        stack.enter_context(machine.started("code", "webserver", "daemon"))
        logs = {
            worker: stack.enter_context(machine.running("worker", "-n", worker, name=worker))
            for worker in WORKERS
        }
        found = Cluster(machine, workspaces, logs)
        for worker in WORKERS:
            until(partial(found.is_ready, worker), f"start of worker {worker}")
        yield found


def test_runs_of_several_sources_are_spread_over_the_workers(cluster: Cluster) -> None:
    """Every source's rows land in one DuckDB file, and both workers had a part in it."""
    machine = cluster.machine

    for source in SOURCES:
        machine.launch(f"{source}_sync")
    runs = until(lambda: machine.ended(len(SOURCES)), "the end of all runs")

    assert {f"{source}_sync": "SUCCESS" for source in SOURCES} == {
        run["jobName"]: run["status"] for run in runs
    }
    for source, workspace in cluster.workspaces.items():
        for resource in ("contacts", "conversations", "companies", "tags"):
            assert ids_of(workspace, resource) == machine.ids(source, resource), source
    done = [until(partial(cluster.done_by, one), f"a run on worker {one}") for one in WORKERS]
    assert len(SOURCES) == sum(done)


@pytest.mark.parametrize(("worker", "found"), [("one", True), ("nobody", False)])
def test_the_check_of_a_worker_tells_whether_it_is_there(
    cluster: Cluster, worker: str, *, found: bool
) -> None:
    """The health check asks one worker, by its name, and fails where it does not answer."""
    kind, line = cluster.machine.services["worker"]["healthcheck"]["test"]
    command = shlex.split(line.replace("celery@$$HOSTNAME", f"{worker}@{socket.gethostname()}"))

    done = cluster.machine.call("worker", *command)

    assert "CMD-SHELL" == kind
    assert found == (done.returncode == 0), done.stdout + done.stderr


def test_a_cancelled_run_ends_and_frees_its_worker(cluster: Cluster) -> None:
    """What "Force termination immediately" sends reaches the worker; the next run completes.

    Dagster's plain "Terminate" reaches it too, but dagster-celery does not tell Dagster that a
    person asked for it, so the run counts as failed and is started again.
    """
    machine, workspace = cluster.machine, cluster.workspaces["acme"]
    before = len(machine.runs())
    workspace.log.clear()
    workspace.behaviour.latency = 0.5
    try:
        machine.launch("acme_sync")
        until(lambda: workspace.log.total() >= 2 or None, "the run's first requests")
        answer = machine.ui.ask(
            """
            mutation End($id: String!) {
              terminateRun(runId: $id, terminatePolicy: MARK_AS_CANCELED_IMMEDIATELY) { __typename }
            }
            """,
            id=machine.runs()[0]["runId"],
        )
        cancelled = until(lambda: machine.ended(before + 1), "the end of the cancelled run")[0]
    finally:
        workspace.behaviour.latency = 0.0
    workspace.add("tags", {"id": "after-cancel", "name": "Added after the cancelled run"})

    machine.launch("acme_sync")
    runs = until(lambda: machine.ended(before + 2), "the end of the next run")

    assert {"terminateRun": {"__typename": "TerminateRunSuccess"}} == answer
    assert "CANCELED" == cancelled["status"]
    assert ["SUCCESS", "CANCELED"] == [run["status"] for run in runs[: len(runs) - before]]
    assert "after-cancel" in machine.ids("acme", "tags")


def test_no_password_is_written_to_a_file(cluster: Cluster) -> None:
    """What Dagster, Celery and the workers write names neither password nor token."""
    machine = cluster.machine
    secrets = {PASSWORD, machine.variables["REDIS_PASSWORD"], "token-of-acme"}

    holding = [
        (file.name, secret)
        for file in (*machine.home.rglob("*"), *cluster.logs.values())
        if file.is_file()
        for secret in secrets
        if secret.encode() in file.read_bytes()
    ]

    assert [] == holding

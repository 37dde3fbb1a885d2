"""The same rows land whichever way a sync is launched: CLI, dg, daemon, UI."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from intercom_assets_tests.dagster_project.landing import (
    assert_all_landed,
    assert_landed,
    stored,
    workspace_ids,
)
from intercom_assets_tests.dagster_project.processes import (
    Deployment,
    GraphQL,
    Machine,
    deployed,
    until,
)
from intercom_assets_tests.dagster_project.running import query, serving
from intercom_simulator import Workspace, generate

FEW = ("companies", "company_segments", "contacts", "tags")
"""What is synced where the rule is how a run begins and ends."""

MODULE = ["-m", "intercom_assets.definitions"]


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    """Generate one workspace for all launches."""
    return generate(contacts=20, companies=4, conversations=6, parts_per_conversation=3)


@pytest.fixture(scope="module")
def url(workspace: Workspace) -> Iterator[str]:
    """Serve it."""
    with serving(workspace) as url:
        yield url


@pytest.fixture
def machine(url: str, tmp_path: Path) -> Machine:
    """Set up a machine on which nothing was synced yet."""
    return Machine(url=url, folder=tmp_path)


@pytest.fixture
def small_machine(url: str, tmp_path: Path) -> Machine:
    """Set up a machine that syncs a few resources."""
    return Machine(url=url, folder=tmp_path, variables={"INTERCOM_RESOURCES": ",".join(FEW)})


@pytest.fixture(scope="module")
def deployment(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Start the webserver and the daemon as workspace.yaml tells them."""
    machine = Machine(
        url=url,
        folder=tmp_path_factory.mktemp("deployment"),
        variables={"INTERCOM_RESOURCES": ",".join(FEW)},
    )
    with deployed(machine) as deployment:
        yield deployment


def test_the_cli_executes_the_job(workspace: Workspace, machine: Machine) -> None:
    """`dagster job execute` syncs everything in its own process."""
    machine.call("dagster", "job", "execute", *MODULE, "-j", "intercom_sync")

    assert_all_landed(machine, workspace)


def test_the_cli_materializes_one_asset(workspace: Workspace, machine: Machine) -> None:
    """`dagster asset materialize --select` syncs what is selected and nothing else."""
    machine.call("dagster", "asset", "materialize", *MODULE, "--select", "intercom/contacts")

    assert stored(machine, "contacts") == workspace_ids(workspace, "contacts")
    tables = query(machine.database, "SELECT table_name FROM duckdb_tables() ORDER BY 1")
    assert [row["table_name"] for row in tables] == ["rudder__cursors", "rudder_contacts"]


def test_dg_launches_the_job(workspace: Workspace, small_machine: Machine) -> None:
    """`dg launch` works in the project's folder without the module being named."""
    small_machine.call("dg", "launch", "--job", "intercom_sync")

    assert_landed(small_machine, workspace, *FEW)


def test_the_daemon_runs_a_launched_job(workspace: Workspace, deployment: Deployment) -> None:
    """`dagster job launch` queues a run, and the daemon runs it."""
    machine = deployment.machine

    before = len(ended_runs(deployment.ui, 0) or [])

    machine.call("dagster", "job", "launch", "-j", "intercom_sync", "-w", "workspace.yaml")

    run = until(lambda: ended_runs(deployment.ui, before + 1), "the end of the launched run")[0]
    assert (run["status"], run["jobName"]) == ("SUCCESS", "intercom_sync")
    assert_landed(machine, workspace, *FEW)


def test_a_run_that_is_cancelled_in_the_ui_leaves_the_rest_to_the_next(
    workspace: Workspace, deployment: Deployment
) -> None:
    """What "Terminate" sends ends the run; what was committed stays, and the next run completes."""
    ui, machine = deployment.ui, deployment.machine
    before = len(ended_runs(ui, 0) or [])
    workspace.add("tags", {"id": "before-cancel", "name": "Added before the cancelled run"})
    workspace.log.clear()
    workspace.behaviour.latency = 0.5
    try:
        launch(ui)
        until(lambda: workspace.log.total() >= 2 or None, "the run's first requests")
        answer = ui.ask(
            "mutation End($id: String!) { terminateRun(runId: $id) { __typename } }",
            id=newest_run(ui)["runId"],
        )
        cancelled = until(lambda: ended_runs(ui, before + 1), "the end of the cancelled run")[0]
    finally:
        workspace.behaviour.latency = 0.0

    launch(ui)
    completed = until(lambda: ended_runs(ui, before + 2), "the end of the next run")[0]

    assert answer == {"terminateRun": {"__typename": "TerminateRunSuccess"}}
    assert (cancelled["status"], completed["status"]) == ("CANCELED", "SUCCESS")
    assert completed["jobName"] == "__ASSET_JOB"
    assert "before-cancel" in stored(machine, "tags")
    assert_landed(machine, workspace, *FEW)


def launch(ui: GraphQL) -> None:
    """Launch the implicit job over all assets, as the asset graph's button does."""
    nodes = ui.ask("{ assetNodes { assetKey { path } isMaterializable } }")
    assert nodes is not None
    listed: Any = nodes["assetNodes"]
    answer = ui.ask(
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
                "pipelineName": "__ASSET_JOB",
                "assetSelection": [node["assetKey"] for node in listed if node["isMaterializable"]],
            },
            "mode": "default",
            "runConfigData": "{}",
            "executionMetadata": {"tags": []},
        },
    )
    assert answer == {"launchPipelineExecution": {"__typename": "LaunchRunSuccess"}}


def newest_run(ui: GraphQL) -> dict[str, str]:
    """Give the run that was launched last."""
    return all_runs(ui)[0]


def all_runs(ui: GraphQL) -> list[dict[str, str]]:
    """List the runs, newest first."""
    answer = ui.ask("{ runsOrError { ... on Runs { results { runId jobName status } } } }")
    assert answer is not None
    found: Any = answer["runsOrError"]
    runs: list[dict[str, str]] = found["results"]
    return runs


def ended_runs(ui: GraphQL, at_least: int) -> list[dict[str, str]] | None:
    """List the runs, newest first; None while one is under way or fewer were started."""
    runs = all_runs(ui)
    ended = all(run["status"] in {"SUCCESS", "FAILURE", "CANCELED"} for run in runs)
    return runs if ended and len(runs) >= at_least else None

"""The same rows land whichever way a sync is launched: CLI, dg, daemon, UI."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from playwright.sync_api import Page, sync_playwright

from intercom_assets.simulator import Workspace, generate
from intercom_assets_tests.dagster_project.processes import (
    DEADLINE,
    GraphQL,
    Machine,
    free_port,
    until,
)
from intercom_assets_tests.dagster_project.running import query, serving

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MODULE = ["-m", "intercom_assets.definitions"]
RESOURCES = (
    "admins",
    "companies",
    "company_attributes",
    "company_segments",
    "contact_attributes",
    "contacts",
    "conversation_parts",
    "conversations",
    "segments",
    "tags",
    "teams",
)


@dataclass(frozen=True)
class Deployment:
    """Dagster's webserver and daemon at work on one machine."""

    machine: Machine
    ui: GraphQL


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


@pytest.fixture(scope="module")
def deployment(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Start the webserver and the daemon as workspace.yaml tells them."""
    machine = Machine(url=url, folder=tmp_path_factory.mktemp("deployment"))
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


def test_dg_launches_all_assets(workspace: Workspace, machine: Machine) -> None:
    """`dg launch` works in the project's folder without options."""
    machine.call("dg", "launch", "--assets", "*")

    assert_all_landed(machine, workspace)


def test_the_daemon_runs_a_launched_job(workspace: Workspace, deployment: Deployment) -> None:
    """`dagster job launch` queues a run, and the daemon runs it."""
    machine = deployment.machine

    before = len(ended_runs(deployment.ui, 0) or [])

    machine.call("dagster", "job", "launch", "-j", "intercom_sync", "-w", "workspace.yaml")

    run = until(lambda: ended_runs(deployment.ui, before + 1), "the end of the launched run")[0]
    assert (run["status"], run["jobName"]) == ("SUCCESS", "intercom_sync")
    assert_all_landed(machine, workspace)


def test_the_ui_materializes_all(workspace: Workspace, deployment: Deployment) -> None:
    """What "Materialize all" sends, a run of the implicit job, syncs every asset."""
    before = len(ended_runs(deployment.ui, 0) or [])
    workspace.add("tags", {"id": "by-graphql", "name": "Added before the UI's run"})

    launch(deployment.ui)

    run = until(lambda: ended_runs(deployment.ui, before + 1), "the end of the UI's run")[0]
    assert (run["status"], run["jobName"]) == ("SUCCESS", "__ASSET_JOB")
    assert "by-graphql" in stored(deployment.machine, "tags")
    assert_all_landed(deployment.machine, workspace)


def test_a_run_that_is_cancelled_in_the_ui_leaves_the_rest_to_the_next(
    workspace: Workspace, deployment: Deployment
) -> None:
    """What "Terminate" sends ends the run; what was committed stays, and the next run completes."""
    ui, machine = deployment.ui, deployment.machine
    before = len(ended_runs(ui, 0) or [])
    workspace.add("tags", {"id": "before-cancel", "name": "Added before the cancelled run"})
    workspace.log.clear()
    workspace.latency = 0.5
    try:
        launch(ui)
        until(lambda: workspace.log.total() >= 2 or None, "the run's first requests")
        answer = ui.ask(
            "mutation End($id: String!) { terminateRun(runId: $id) { __typename } }",
            id=newest_run(ui)["runId"],
        )
        cancelled = until(lambda: ended_runs(ui, before + 1), "the end of the cancelled run")[0]
    finally:
        workspace.latency = 0.0

    launch(ui)
    completed = until(lambda: ended_runs(ui, before + 2), "the end of the next run")[0]

    assert answer == {"terminateRun": {"__typename": "TerminateRunSuccess"}}
    assert (cancelled["status"], completed["status"]) == ("CANCELED", "SUCCESS")
    assert "before-cancel" in stored(machine, "tags")
    assert_all_landed(machine, workspace)


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
def test_a_person_presses_materialize(workspace: Workspace, deployment: Deployment) -> None:
    """On the asset's page a person presses Materialize, and rows land."""
    before = len(ended_runs(deployment.ui, 0) or [])
    workspace.add("tags", {"id": "by-hand", "name": "Added before the button"})

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        press_materialize(page, f"{deployment.ui.url}/assets/intercom/tags")
        browser.close()

    run = until(lambda: ended_runs(deployment.ui, before + 1), "the end of the run")[0]
    assert run["status"] == "SUCCESS"
    assert "by-hand" in stored(deployment.machine, "tags")


def press_materialize(page: Page, address: str) -> None:
    """Open an asset's page, press the button, and wait until the page tells the new rows."""
    wait = DEADLINE * 1000
    page.goto(address)
    page.get_by_text("One row per tag of the workspace.").first.wait_for(timeout=wait)
    page.get_by_role("button", name="Materialize").first.click(timeout=wait)
    page.get_by_text("Starting run").or_(page.get_by_text("Launched run")).first.wait_for(
        timeout=wait
    )


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


def assert_all_landed(machine: Machine, workspace: Workspace) -> None:
    """Compare the keys of every table with what the workspace holds."""
    for resource in RESOURCES:
        assert stored(machine, resource) == workspace_ids(workspace, resource), resource


def stored(machine: Machine, resource: str) -> set[str]:
    """Read the keys of a table."""
    rows = query(machine.database, f"SELECT * FROM intercom.rudder_{resource}")
    return {key_of(resource, row) for row in rows}


def workspace_ids(workspace: Workspace, resource: str) -> set[str]:
    """Give the keys that a perfect sync sees."""
    return {key_of(resource, one) for one in workspace.truth(resource, include_archived=True)}


def key_of(resource: str, record: dict[str, Any]) -> str:
    """Give what identifies a record of a resource."""
    if resource.endswith("_attributes"):
        return str(record["full_name"])
    parent = record.get("conversation_id") or record.get("company_id")
    has_parent = resource in {"conversation_parts", "company_segments"}
    return f"{parent}/{record['id']}" if has_parent else str(record["id"])

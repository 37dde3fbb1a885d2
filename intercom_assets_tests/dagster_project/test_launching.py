"""The same rows land whichever way a sync is launched: CLI, dg; browser/ has daemon and UI."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from intercom_assets_tests.dagster_project.landing import assert_landed, stored, workspace_ids
from intercom_assets_tests.dagster_project.processes import Machine
from intercom_assets_tests.dagster_project.running import query, serving
from intercom_simulator import Workspace, generate

FEW = ("companies", "company_segments", "contacts", "tags")

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
    return Machine(url=url, folder=tmp_path, variables={"INTERCOM_RESOURCES": ",".join(FEW)})


def test_the_cli_executes_the_job(workspace: Workspace, machine: Machine) -> None:
    """`dagster job execute` syncs what is selected in its own process."""
    machine.call("dagster", "job", "execute", *MODULE, "-j", "intercom_sync")

    assert_landed(machine, workspace, *FEW)


def test_the_cli_materializes_one_asset(workspace: Workspace, machine: Machine) -> None:
    """`dagster asset materialize --select` syncs what is selected and nothing else."""
    machine.call("dagster", "asset", "materialize", *MODULE, "--select", "intercom/contacts")

    assert stored(machine, "contacts") == workspace_ids(workspace, "contacts")
    tables = query(machine.database, "SELECT table_name FROM duckdb_tables() ORDER BY 1")
    assert [row["table_name"] for row in tables] == ["rudder__cursors", "rudder_contacts"]


def test_dg_launches_the_job(workspace: Workspace, machine: Machine) -> None:
    """`dg launch` works in the project's folder without the module being named."""
    machine.call("dg", "launch", "--job", "intercom_sync")

    assert_landed(machine, workspace, *FEW)

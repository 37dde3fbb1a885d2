"""deploy/compose as processes: webserver, daemon and code server over a real PostgreSQL."""

from collections.abc import Iterator

import pytest
from sqlalchemy import URL, create_engine, text

from intercom_assets_tests.dagster_project.processes import until
from intercom_assets_tests.dagster_project.running import TOKEN, serving
from intercom_assets_tests.deploy.machine import Deployment, deployment, ids_of
from intercom_assets_tests.deploy.servers import PASSWORD, POSTGRES, missing, postgres
from intercom_assets_tests.guarantees.budget import TORTURE
from intercom_simulator import Workspace, generate

NEEDED = missing(("postgresql", POSTGRES))
pytestmark = [
    pytest.mark.skipif(not TORTURE, reason="make torture runs it"),
    pytest.mark.skipif(NEEDED is not None, reason=NEEDED or ""),
]


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    """Generate a workspace."""
    return generate(contacts=30, companies=5, conversations=8, parts_per_conversation=3)


@pytest.fixture(scope="module")
def stack(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Start the services of compose.yaml in the order that it tells, each when it is healthy."""
    with postgres() as port, serving(workspace) as url:
        machine = deployment(
            tmp_path_factory.mktemp("compose"), "compose", postgres=port, ACME_TOKEN=TOKEN
        )
        machine.add_source("acme", url, "ACME_TOKEN")
        with machine.started("code", "webserver", "daemon"):
            yield machine


def test_a_launched_run_lands_and_is_recorded_in_postgresql(
    stack: Deployment, workspace: Workspace
) -> None:
    """The daemon starts the run in the code server; rows land, its events are in PostgreSQL."""
    stack.launch("acme_sync")

    (run,) = until(lambda: stack.ended(1), "the end of the run")

    assert ("SUCCESS", "acme_sync") == (run["status"], run["jobName"])
    for resource in ("contacts", "conversations", "tags", "companies"):
        assert ids_of(workspace, resource) == stack.ids("acme", resource), resource
    told = recorded(stack, "SELECT status FROM runs")
    assert [("SUCCESS",)] == told
    kind = "dagster_event_type = 'ASSET_MATERIALIZATION'"
    [(events,)] = recorded(stack, f"SELECT count(*) FROM event_logs WHERE {kind}")
    assert 11 + 8 == events, "tables, and the views made of them"
    assert [] == list(stack.home.glob("history/**/*.db"))


def test_tokens_are_in_none_of_dagsters_tables(stack: Deployment) -> None:
    """What Dagster keeps of runs and code locations holds no token."""
    stack.launch("acme_sync")
    until(lambda: stack.ended(len(stack.runs())), "the end of the run")

    tables = recorded(stack, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    holding = [
        table
        for (table,) in tables
        if recorded(stack, f"SELECT 1 FROM \"{table}\" t WHERE t::text LIKE '%{TOKEN}%'")
    ]

    assert len(tables) > 10
    assert [] == holding


def test_commands_work_beside_the_server(stack: Deployment, workspace: Workspace) -> None:
    """`dagster instance` and `intercom-assets run` in the code server's container do their work."""
    workspace.add("tags", {"id": "later", "name": "Added before the command"})

    told = stack.call("code", "dagster", "instance", "info")
    migrated = stack.call("code", "dagster", "instance", "migrate")
    ran = stack.call("code", "intercom-assets", "run", "--select", "tags")

    assert (0, 0) == (told.returncode, migrated.returncode), told.stderr + migrated.stderr
    assert 0 == ran.returncode, ran.stdout + ran.stderr
    assert "granularity: run" in told.stdout
    assert PASSWORD not in told.stdout + told.stderr
    assert "later" in stack.ids("acme", "tags")


def recorded(stack: Deployment, statement: str) -> list[tuple[object, ...]]:
    """Ask PostgreSQL."""
    url = URL.create(
        "postgresql+psycopg2", "dagster", PASSWORD, "127.0.0.1", stack.ports["5432"], "dagster"
    )
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(text(statement))]
    engine.dispose()
    return rows

"""Intercom allows one scroll per app: syncs of several processes take turns."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from intercom_assets_tests.dagster_project.hosting import Host
from intercom_assets_tests.dagster_project.processes import BIN, DEADLINE, Machine, until
from intercom_assets_tests.dagster_project.running import query, serving
from intercom_simulator import Behaviour, Workspace, generate

SOURCES = ("us", "eu")
SCROLL = "/companies/scroll"


@pytest.fixture
def workspace() -> Workspace:
    """Make a workspace whose scroll lasts for most of a minute while it is slow."""
    workspace = Workspace(behaviour=Behaviour(latency=1.0))
    return generate(contacts=0, companies=5050, conversations=0, workspace=workspace)


@pytest.fixture
def host(workspace: Workspace, tmp_path: Path) -> Iterator[Host]:
    """Make a project with two sources of that workspace."""
    host = Host(folder=tmp_path / "host")
    with serving(workspace) as url:
        for name in SOURCES:
            host.add(name, table_prefix=f"{name}_", base_url=url, database="data/both.duckdb")
        yield host


@contextmanager
def running(host: Host, source: str) -> Iterator["subprocess.Popen[str]"]:
    """Sync the companies of a source in a process of its own."""
    command = [str(BIN / "intercom-assets"), "run", "--select", "companies", "--source", source]
    with subprocess.Popen(
        command,
        cwd=host.folder,
        env=Machine(url="", folder=host.folder).environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def refused(workspace: Workspace) -> int:
    """Count the scrolls that Intercom refused because another one was open."""
    return sum(one.path == SCROLL and one.status == 400 for one in list(workspace.log.entries))


def test_two_processes_take_turns_with_the_scroll(workspace: Workspace, host: Host) -> None:
    """The second waits, says so, and both tables are whole; no scroll of the first is lost."""
    with ExitStack() as stack:
        first = stack.enter_context(running(host, "us"))
        until(lambda: workspace.scroll.is_open or None, "the first scroll")
        second = stack.enter_context(running(host, "eu"))
        until(lambda: refused(workspace) >= 2 or None, "the second process's wait")
        workspace.behaviour.latency = 0.0
        said = [process.communicate(timeout=DEADLINE) for process in (first, second)]

    assert (0, 0) == (first.returncode, second.returncode), said
    assert "another scroll of companies is open; waiting for it" in said[1][1]
    true = set(workspace.collection("companies").ids())
    for source in SOURCES:
        table = f"intercom.{source}_rudder_companies"
        rows = query(host.folder / "data" / "both.duckdb", f"SELECT id, _deleted_at FROM {table}")
        assert sorted(true) == sorted(row["id"] for row in rows)
        assert {None} == {row["_deleted_at"] for row in rows}
    begun = [one for one in workspace.log.entries if one.path == SCROLL and not one.query]
    assert 2 == len([one for one in begun if one.status == 200])

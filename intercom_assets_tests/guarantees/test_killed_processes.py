"""Rules 1 and 14 with real processes: killed, interrupted, cancelled, and on a full disk."""

import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest

from intercom_assets.engine.cursor import Source
from intercom_assets.warehouse.duckdb import DuckDBWarehouse
from intercom_assets_tests.dagster_project.hosting import shipped_project
from intercom_assets_tests.dagster_project.processes import DEADLINE, Machine
from intercom_assets_tests.dagster_project.running import ROOT, query, serving
from intercom_assets_tests.guarantees.budget import TORTURE, budget
from intercom_assets_tests.guarantees.figures import count
from intercom_assets_tests.guarantees.killing import hash_of, repeatable
from intercom_assets_tests.places import DuckDBPlace
from intercom_assets_tests.world import Clock, World
from intercom_simulator import Workspace, generate

RUN = ("intercom_assets", "run")
DEMO = ("intercom_assets", "demo")
JOB = ("dagster", "job", "execute", "-m", "intercom_assets.definitions", "-j", "intercom_sync")
NAMES = ("contacts", "conversations", "conversation_parts", "companies", "company_segments", "tags")
NEEDED = 80
"""Requests of a whole first sync of the workspace, at the least."""


@pytest.fixture
def workspace() -> Workspace:
    """Generate a workspace whose answers take their time."""
    workspace = generate(contacts=80, companies=12, conversations=70, parts_per_conversation=2)
    workspace.behaviour.latency = 0.02
    return workspace


@pytest.fixture
def machine(workspace: Workspace, tmp_path: Path) -> Iterator[Machine]:
    """Set up a machine on which nothing was synced yet."""
    with serving(workspace) as url:
        yield Machine(url=url, folder=tmp_path)


@contextmanager
def running(
    machine: Machine, *command: str, cwd: Path = ROOT, variables: Mapping[str, str] = {}
) -> Iterator[subprocess.Popen[str]]:
    """Run a command in a process group of its own until the block ends."""
    with subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=cwd,
        env=machine.environment() | {"INTERCOM_RESOURCES": ",".join(NAMES)} | dict(variables),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def wait_for_requests(workspace: Workspace, process: subprocess.Popen[str], count: int) -> None:
    """Wait until Intercom was asked so often, or the process has ended."""
    deadline = time.monotonic() + DEADLINE
    while workspace.log.total() < count and process.poll() is None:
        assert time.monotonic() < deadline, f"{workspace.log.total()} of {count} requests came"
        time.sleep(0.005)


def stored(machine: Machine, name: str) -> list[str]:
    """Read the hashes of a table."""
    rows = query(machine.database, f"SELECT _row_hash FROM intercom.rudder_{name}")
    return sorted(row["_row_hash"] for row in rows)


def complete(machine: Machine, workspace: Workspace) -> None:
    """Sync to the end in this process, and compare every table with the workspace."""
    world = World(
        workspace=workspace,
        place=DuckDBPlace(machine.database),
        warehouse=DuckDBWarehouse(machine.database, lock_patience=0.0),
        clock=Clock(),
        source=Source(name="intercom", schema="intercom", prefix=""),
    )
    world.sync_all(*NAMES)
    for name in NAMES:
        truth = workspace.truth(name, include_archived=True)
        assert sorted(hash_of(one) for one in truth) == stored(machine, name), name


def test_killed_processes_go_on(machine: Machine, workspace: Workspace) -> None:
    """Runs that are killed at any instant leave readable rows and no lock; the last one ends."""
    killed = 0
    for seed in range(budget(3, 25)):
        chance = random.Random(seed)
        with repeatable(seed):
            workspace.log.clear()
            before = stored(machine, "contacts") if killed and contacts_exist(machine) else []
            with running(machine, *chance.choice([RUN, JOB] if TORTURE else [RUN])) as process:
                wait_for_requests(workspace, process, chance.randrange(1, NEEDED))
                time.sleep(chance.random() * 0.05)
                process.kill()
                process.communicate(timeout=DEADLINE)
            killed += process.returncode == -signal.SIGKILL
            if contacts_exist(machine):
                assert set(before) <= set(stored(machine, "contacts"))

    count("processes killed", killed)
    assert killed
    complete(machine, workspace)


def contacts_exist(machine: Machine) -> bool:
    """Whether the table of contacts was made; the database can be read at any rate."""
    if not machine.database.exists():
        return False
    tables = query(machine.database, "SELECT table_name FROM duckdb_tables()")
    return {"table_name": "rudder_contacts"} in tables


@pytest.mark.parametrize("requests", [5, 20, 40, 60] if TORTURE else [30])
def test_ctrl_c_ends_the_command_line(
    machine: Machine, workspace: Workspace, requests: int
) -> None:
    """Ctrl-C ends a run with code 130 and a message; the next run completes."""
    with running(machine, *RUN) as process:
        wait_for_requests(workspace, process, requests)
        process.send_signal(signal.SIGINT)
        printed = process.communicate(timeout=DEADLINE)[0]

    assert 130 == process.returncode
    assert "Interrupted. What was committed is kept; the next sync resumes from there." in printed
    assert "Traceback" not in printed
    complete(machine, workspace)


def test_ctrl_c_during_an_import_is_ctrl_c(tmp_path: Path) -> None:
    """Code that is run from text, as named tuples are, meets Ctrl-C: the code is 130 all the same.

    Python would end a `-m` by the signal, though the interrupt was handled.
    """
    machine = Machine(url="http://127.0.0.1:9", folder=tmp_path)
    shipped_project(tmp_path, 'exec("raise KeyboardInterrupt")\n')

    with running(machine, *RUN, cwd=tmp_path) as process:
        printed = process.communicate(timeout=DEADLINE)[0]

    assert 130 == process.returncode
    assert "Interrupted. What was committed is kept" in printed


def test_ctrl_c_ends_the_simulator_too(tmp_path: Path) -> None:
    """A demo that is interrupted leaves no simulator behind."""
    machine = Machine(url="", folder=tmp_path)
    shipped_project(tmp_path)

    with running(machine, *DEMO, cwd=tmp_path) as process:
        assert process.stdout is not None
        told = process.stdout.readline()
        port = int(re.findall(r"at http://127\.0\.0\.1:(\d+)", told)[0])
        socket.create_connection(("127.0.0.1", port), 5).close()
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=DEADLINE)

    assert 130 == process.returncode
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 5).close()


def test_a_terminated_job_goes_on(machine: Machine, workspace: Workspace) -> None:
    """A run that Dagster terminates is no success, keeps its rows, and the next one completes."""
    with running(machine, *JOB) as process:
        wait_for_requests(workspace, process, 40)
        process.send_signal(signal.SIGTERM)
        printed = process.communicate(timeout=DEADLINE)[0]

    assert 0 != process.returncode, printed
    with dg.DagsterInstance.from_config(str(machine.home)) as instance:
        statuses = {record.dagster_run.status for record in instance.get_run_records()}
    assert {dg.DagsterRunStatus.FAILURE} == statuses
    complete(machine, workspace)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a disk of 1 MB; skips where that is not allowed."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("only root may mount a disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.skipif(not TORTURE, reason="test_crash_truth fills a disk in less time")
def test_a_full_disk_is_told(machine: Machine, workspace: Workspace, tmp_path: Path) -> None:
    """Where spools find no room the error says what to do; no row is lost, the next sync completes.

    What found room is committed: the contact that changed is, and the companies are not.
    """
    complete(machine, workspace)
    before = {name: stored(machine, name) for name in NAMES}
    workspace.touch("contacts", workspace.collection("contacts").ids()[0])
    with small_disk(tmp_path / "disk") as disk:
        (disk / "other").write_bytes(bytes(1024 * 1024 - 8192))
        with running(machine, *RUN, variables={"TMPDIR": str(disk)}) as process:
            printed = process.communicate(timeout=DEADLINE)[0]

    assert 1 == process.returncode, printed
    assert "set TMPDIR to another folder" in printed
    assert "Traceback" not in printed
    for name in NAMES:
        after, truth = stored(machine, name), workspace.truth(name, include_archived=True)
        assert len(before[name]) == len(after), name
        assert set(after) <= {*before[name], *map(hash_of, truth)}, name
    complete(machine, workspace)

"""The daemon at work, with the shipped dagster.yaml: missed ticks, overlap, killed workers.

A schedule that was switched on hours ago, and whose daemon was down since, has a tick that is due
when the daemon starts, so nothing here waits for the clock. Nor does it meet the clock: schedules
tick at a minute that has just passed.
"""

import os
import re
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from intercom_assets_tests.dagster_project.landing import assert_landed
from intercom_assets_tests.dagster_project.processes import Machine, until
from intercom_assets_tests.dagster_project.running import serving
from intercom_simulator import Workspace, generate

SLOW = 0.3
STANDSTILL = 3.0


@pytest.fixture
def workspace() -> Workspace:
    """Generate a few records of each kind."""
    return generate(contacts=20, companies=4, conversations=6, parts_per_conversation=3)


@pytest.fixture
def url(workspace: Workspace) -> Iterator[str]:
    """Serve them."""
    with serving(workspace) as url:
        yield url


@pytest.fixture(scope="module")
def hourly() -> str:
    """Give a schedule that ticks each hour, and not while these tests run."""
    passed = datetime.now(UTC) - timedelta(minutes=5)
    return f"every 1h starting {passed:%H:%M}"


@pytest.fixture
def syncing(hourly: str, url: str, tmp_path: Path) -> Machine:
    """Set up a machine on which syncs are scheduled."""
    return scheduled(tmp_path, url, sync=hourly, reconcile="manual")


@pytest.fixture
def reconciling(hourly: str, url: str, tmp_path: Path) -> Machine:
    """Set up a machine on which syncs and reconciles are scheduled."""
    return scheduled(tmp_path, url, sync=hourly, reconcile=hourly)


def scheduled(folder: Path, url: str, *, sync: str, reconcile: str) -> Machine:
    """Set up a machine with schedules."""
    variables = {
        "INTERCOM_SCHEDULE": sync,
        "INTERCOM_RECONCILE": reconcile,
        "INTERCOM_RESOURCES": "admins,contacts,conversations,conversation_parts",
    }
    return Machine(url=url, folder=folder, variables=variables, poll_seconds=1)


@pytest.fixture(scope="module")
def switched_on(hourly: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Switch both schedules on as if it had been done hours ago, without a daemon since."""
    folder = tmp_path_factory.mktemp("switched")
    machine = scheduled(folder, "", sync=hourly, reconcile=hourly)
    with dg.DagsterInstance.from_config(str(machine.home)) as instance:
        assert not instance.get_runs()
        machine.call("dagster", "schedule", "start", "--start-all", "-w", "workspace.yaml")
        since = (datetime.now(UTC) - timedelta(hours=5)).timestamp()
        states = [
            state for state in instance.all_instigator_state() if state.name.startswith("intercom_")
        ]
        for state in states:
            told: Any = state.instigator_data
            begun = told._replace(start_timestamp=since)
            instance.update_instigator_state(state.with_data(begun))
    assert {"intercom_schedule", "intercom_reconcile_schedule"} == {one.name for one in states}
    return machine.home


def test_the_shipped_instance_keeps_to_itself_and_forgets_ticks(tmp_path: Path) -> None:
    """Storage is in the folder, nothing is reported to anyone, ticks do not pile up for ever."""
    home = Machine(url="", folder=tmp_path).home

    with dg.DagsterInstance.from_config(str(home)) as instance:
        settings = instance.get_settings

        assert {"enabled": False} == settings("telemetry") == settings("nux")
        assert home.is_relative_to(tmp_path)
        assert str(home) == instance.root_directory
        days = settings("retention")["schedule"]["purge_after_days"]
        assert {"skipped": 7, "success": 30, "failure": 30, "started": 30} == days


def test_a_missed_tick_runs_once_and_a_killed_worker_is_replaced(
    workspace: Workspace, syncing: Machine, switched_on: Path
) -> None:
    """After hours of downtime one run starts; when it is killed, a retry does what was left."""
    workspace.behaviour.latency = SLOW

    with storage(syncing, switched_on) as instance, daemon(syncing):
        until(lambda: finished_steps(instance), "the first asset and its checks")
        [first] = instance.get_runs()
        os.kill(worker(instance, first), signal.SIGKILL)
        workspace.behaviour.latency = 0.0
        retry, killed = until(lambda: ended(instance, 2), "the end of the retry")
        ticks = ticks_of(instance, "intercom_schedule")

    assert [first.run_id, dg.DagsterRunStatus.FAILURE] == [killed.run_id, killed.status]
    assert [first.run_id, dg.DagsterRunStatus.SUCCESS] == [retry.parent_run_id, retry.status]
    assert [("SUCCESS", None)] == ticks
    assert 1 == workspace.log.counts["GET /admins"]
    assert_landed(syncing, workspace, "admins", "contacts", "conversations", "conversation_parts")


def finished_steps(instance: dg.DagsterInstance) -> list[dg.EventLogEntry]:
    """List the ends of steps that went well."""
    kind = dg.DagsterEventType.STEP_SUCCESS
    return [
        entry
        for run in instance.get_runs()
        for entry in instance.all_logs(run.run_id, of_type=kind)
    ]


def test_a_tick_adds_no_second_sync_and_runs_of_a_source_never_overlap(
    workspace: Workspace, reconciling: Machine, switched_on: Path
) -> None:
    """A tick beside a queued sync is skipped and says why; a reconcile waits until it is over."""
    workspace.behaviour.latency = STANDSTILL

    with storage(reconciling, switched_on) as instance:
        reconciling.call("dagster", "job", "launch", "-j", "intercom_sync", "-w", "workspace.yaml")
        [launched] = instance.get_runs()
        with daemon(reconciling):
            until(lambda: decided(instance, "intercom_schedule"), "the sync's tick")
            until(lambda: decided(instance, "intercom_reconcile_schedule"), "the reconcile's tick")
            workspace.behaviour.latency = 0.0
            until(lambda: ended(instance, 2), "the end of both runs")
        reconcile, sync = instance.get_run_records()
        left_the_queue = dequeued(instance, reconcile.dagster_run)
        [(skipped, reason)] = ticks_of(instance, "intercom_schedule")
        [(started, _)] = ticks_of(instance, "intercom_reconcile_schedule")

    assert ("SKIPPED", "SUCCESS") == (skipped, started)
    assert f"Run {launched.run_id[:8]} (intercom_sync) is " in str(reason)
    jobs = [record.dagster_run.job_name for record in (sync, reconcile)]
    assert ["intercom_sync", "intercom_reconcile"] == jobs
    assert sync.end_time is not None
    assert reconcile.create_timestamp.timestamp() < sync.end_time
    assert sync.end_time <= left_the_queue
    assert_landed(reconciling, workspace, "contacts", "conversations")


def test_a_failure_that_explains_itself_is_not_repeated(
    workspace: Workspace, syncing: Machine, switched_on: Path
) -> None:
    """A refused token ends the run for good: the next tick tries again, the daemon does not."""
    workspace.access.tokens.clear()

    with storage(syncing, switched_on) as instance, daemon(syncing):
        [run] = until(lambda: ended(instance, 1), "the end of the run")
        told = until(lambda: message(instance, run, "Not retrying run"), "the daemon's decision")

    assert dg.DagsterRunStatus.FAILURE == run.status
    assert "failed due to an asset or op failure" in told


@contextmanager
def storage(machine: Machine, switched_on: Path) -> Iterator[dg.DagsterInstance]:
    """Give a machine the storage of one whose schedules are switched on."""
    shutil.copytree(switched_on, machine.home, dirs_exist_ok=True)
    with dg.DagsterInstance.from_config(str(machine.home)) as instance:
        yield instance


@contextmanager
def daemon(machine: Machine) -> Iterator[None]:
    """Run the daemon until the block ends."""
    with machine.background("dagster-daemon", "run", "-w", "workspace.yaml"):
        yield


def ended(instance: dg.DagsterInstance, number: int) -> list[dg.DagsterRun] | None:
    """List the runs, newest first; None while one is under way or fewer were started."""
    runs = list(instance.get_runs())
    return runs if len(runs) >= number and all(run.is_finished for run in runs) else None


def dequeued(instance: dg.DagsterInstance, run: dg.DagsterRun) -> float:
    """Say when a run left the queue."""
    starting = dg.DagsterEventType.PIPELINE_STARTING
    [event] = instance.all_logs(run.run_id, of_type=starting)
    return event.timestamp


def ticks_of(instance: dg.DagsterInstance, schedule: str) -> list[tuple[str, str | None]]:
    """List how the ticks of a schedule ended, and why one was skipped."""
    [state] = [one for one in instance.all_instigator_state() if one.name == schedule]
    ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id)
    return [(tick.status.value, tick.skip_reason) for tick in ticks]


def decided(instance: dg.DagsterInstance, schedule: str) -> bool:
    """Say whether a schedule's tick is over."""
    ticks = ticks_of(instance, schedule)
    return bool(ticks) and all(status != "STARTED" for status, _ in ticks)


def message(instance: dg.DagsterInstance, run: dg.DagsterRun, begin: str) -> str | None:
    """Find an event of a run by how its message begins."""
    told = [entry.message for entry in instance.all_logs(run.run_id)]
    return next((one for one in told if begin in one), None)


def worker(instance: dg.DagsterInstance, run: dg.DagsterRun) -> int:
    """Give the process that a run is executed by."""
    told = message(instance, run, "Started process for run (pid:")
    found = re.search(r"pid: (\d+)", told or "")
    assert found is not None
    return int(found[1])

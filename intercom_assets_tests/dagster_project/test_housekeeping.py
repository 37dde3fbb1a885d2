"""Records of old runs are deleted, and nothing that anyone still needs."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from intercom_assets.orchestration.housekeeping import (
    build_housekeeping,
    forget_old_runs,
    forget_runs_before,
)


@dg.asset
def thing() -> None:
    """Be materialized."""


@dg.op
def nothing() -> None:
    """Do nothing."""


@dg.job(executor_def=dg.in_process_executor)
def idle() -> None:
    """Materialize nothing."""
    nothing()


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """Keep records in files, as a project does."""
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        yield instance


def later() -> datetime:
    """Give a time after every run so far."""
    return datetime.now(UTC) + timedelta(hours=1)


def test_old_runs_are_forgotten(instance: dg.DagsterInstance) -> None:
    """Finished runs that are older are deleted with their logs; younger ones stay."""
    runs = [idle.execute_in_process(instance=instance).run_id for _ in range(3)]

    none = forget_runs_before(instance, datetime.now(UTC) - timedelta(hours=1))
    all_of_them = forget_runs_before(instance, later())

    assert (0, 3) == (none, all_of_them)
    assert [None] * 3 == [instance.get_run_by_id(run_id) for run_id in runs]
    assert [] == list(instance.all_logs(runs[0]))


def test_the_last_materialization_of_an_asset_stays(instance: dg.DagsterInstance) -> None:
    """The run of an asset's last materialization is kept, so that the UI still shows it."""
    first, last = (dg.materialize([thing], instance=instance).run_id for _ in range(2))

    assert 1 == forget_runs_before(instance, later())
    assert instance.get_run_by_id(first) is None
    assert instance.get_run_by_id(last) is not None
    event = instance.get_latest_materialization_event(thing.key)
    assert event is not None
    assert last == event.run_id


def test_a_run_that_is_not_finished_stays(instance: dg.DagsterInstance) -> None:
    """A run that is queued or under way is not forgotten, however old."""
    run = instance.create_run_for_job(idle, status=dg.DagsterRunStatus.STARTED)

    assert 0 == forget_runs_before(instance, later())
    assert instance.get_run_by_id(run.run_id) is not None


def test_the_job_does_it(instance: dg.DagsterInstance) -> None:
    """The job forgets what is older than its config says, and nothing of today."""
    idle.execute_in_process(instance=instance)

    done = forget_old_runs.execute_in_process(
        instance=instance, run_config={"ops": {"forget_runs": {"config": {"days": 1}}}}
    )

    assert done.success
    assert 2 == instance.get_runs_count()


@pytest.mark.parametrize("runs", [True, False])
def test_the_schedule_runs_when_the_setting_says_so(*, runs: bool) -> None:
    """The daily schedule is switched as those of the syncs are."""
    schedule = build_housekeeping(runs=runs).resolve_schedule_def("forget_old_runs_schedule")

    assert runs == (schedule.default_status is dg.DefaultScheduleStatus.RUNNING)
    assert "10 4 * * *" == schedule.cron_schedule

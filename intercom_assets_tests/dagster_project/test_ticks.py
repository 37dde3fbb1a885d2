"""What a tick does: it starts a run, or skips beside one that does its work, and says why."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pytest

from intercom_assets.component import build_definitions
from intercom_assets_tests.dagster_project.reading import problems, read

NAMES = ("intercom_schedule", "intercom_reconcile_schedule")


@pytest.fixture(scope="module")
def storage() -> Iterator[dg.DagsterInstance]:
    """Make Dagster's storage in files once: a tick opens it by its configuration."""
    with dg.instance_for_test() as instance:
        yield instance


@pytest.fixture
def instance(storage: dg.DagsterInstance) -> dg.DagsterInstance:
    """Give a storage without runs."""
    storage.wipe()
    assert not storage.get_runs()
    return storage


@pytest.mark.parametrize(
    ("status", "expected"), [(None, "STOPPED"), ("Stopped", "STOPPED"), ("running", "RUNNING")]
)
def test_schedules_run_from_the_start_only_when_a_setting_says_so(
    status: str | None, expected: str
) -> None:
    """Both schedules wait to be switched on in the UI, unless `schedule_status` is running."""
    made = schedules(schedule="every 1h", schedule_status=status)

    assert {expected} == {schedule.default_status.value for schedule in made.values()}
    assert set(NAMES) == set(made)


def test_another_status_is_refused() -> None:
    """A status that is neither is never taken for one."""
    (problem,) = problems(schedule_status="on")

    assert "schedule_status is 'on': allowed are stopped, running" == problem


@pytest.mark.parametrize(
    ("job", "select", "ticks"),
    [
        ("intercom_sync", [], ["skips", "runs"]),
        ("intercom_reconcile", [], ["skips", "skips"]),
        ("intercom_sync", ["tags"], ["runs", "runs"]),
        ("another_job", [], ["runs", "runs"]),
    ],
)
@pytest.mark.parametrize("status", ["NOT_STARTED", "STARTING", "STARTED", "CANCELING"])
def test_a_tick_skips_beside_a_run_that_does_its_work(
    instance: dg.DagsterInstance, *, job: str, select: list[str], ticks: list[str], status: str
) -> None:
    """Runs of one job never pile up; a run of some resources, or of others, replaces no sync."""
    stored(instance, job, select, status)

    told = [outcome(tick(hourly()[name], instance)) for name in NAMES]

    assert ticks == told


@pytest.mark.parametrize("status", ["SUCCESS", "FAILURE", "CANCELED"])
def test_a_tick_runs_after_a_run_that_ended(instance: dg.DagsterInstance, status: str) -> None:
    """However the last run ended, the next tick starts one."""
    stored(instance, "intercom_reconcile", [], status)

    told = {outcome(tick(made, instance)) for made in hourly().values()}

    assert {"runs"} == told


def test_materializing_all_is_a_sync(instance: dg.DagsterInstance) -> None:
    """What "Materialize all" started does the work of a tick; only a reconcile still adds to it."""
    everything = [resource.name for resource in read().resources]
    stored(instance, "__ASSET_JOB", everything, "STARTED")

    told = [outcome(tick(hourly()[name], instance)) for name in NAMES]

    assert ["skips", "runs"] == told


@pytest.mark.parametrize(
    ("job", "select", "expected"),
    [
        ("intercom_conversations_sync", [], "skips"),
        ("intercom_sync", [], "skips"),
        ("__ASSET_JOB", ["conversations", "conversation_parts", "tags"], "skips"),
        ("__ASSET_JOB", ["conversations"], "runs"),
        ("intercom_contacts_sync", [], "runs"),
    ],
)
def test_a_tick_of_one_resource_skips_beside_a_run_that_syncs_it(
    instance: dg.DagsterInstance, job: str, select: list[str], expected: str
) -> None:
    """A resource's own schedule runs it with its children, unless a run already does."""
    made = schedules(schedules={"conversations": "every 15m", "contacts": "every 30m"})
    stored(instance, job, select, "STARTED")

    told = tick(made["intercom_conversations_schedule"], instance)

    assert {"intercom_conversations_schedule", "intercom_contacts_schedule"} == set(made)
    assert expected == outcome(told)


def test_a_resource_with_a_schedule_has_a_job_of_it_and_its_children() -> None:
    """The job leaves out what is not selected, and other resources."""
    alone = build_definitions(read(schedules="conversations=every 15m", resources="conversations"))
    whole = build_definitions(read(schedules="conversations=cron 0,30 6 * * *,tags=every 1h"))

    selected = [
        {
            key.path[-1]
            for key in definitions.resolve_job_def(
                "intercom_conversations_sync"
            ).asset_layer.selected_asset_keys
        }
        for definitions in (alone, whole)
    ]

    assert [{"conversations"}, {"conversations", "conversation_parts"}] == selected


def test_a_skipped_tick_names_the_run_and_what_to_do(instance: dg.DagsterInstance) -> None:
    """The tick in the UI says which run it met, since when, and how to end one that is dead."""
    run = stored(instance, "intercom_sync", [], "STARTING")

    told = tick(hourly()["intercom_schedule"], instance).skip_message

    assert told is not None
    assert told.startswith(f"Run {run.run_id[:8]} (intercom_sync) is queued already; the next tick")
    assert told.endswith("terminate it under Runs.")


def test_whatever_starts_a_run_it_is_in_the_pool_of_its_source(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A run that "Materialize" starts, without a job's tags, waits for others of the source too."""
    monkeypatch.setenv("MY_TOKEN", "never sent")
    definitions = build_definitions(read(name="eu"))
    everything = definitions.resolve_implicit_global_asset_job_def()
    sync = definitions.resolve_job_def("eu_sync")
    with dg.DagsterInstance.ephemeral() as instance:
        runs = [instance.create_run_for_job(job_def=job) for job in (everything, sync)]

    assert [{"intercom/eu"}] * 2 == [
        run.run_op_concurrency.all_pools for run in runs if run.run_op_concurrency
    ]


def schedules(**raw: object) -> dict[str, dg.ScheduleDefinition]:
    """Build a source's schedules, by name."""
    made = build_definitions(read(**raw)).schedules or ()
    return {one.name: one for one in made if isinstance(one, dg.ScheduleDefinition)}


def hourly() -> dict[str, dg.ScheduleDefinition]:
    """Build the schedules of a source that syncs and reconciles."""
    return schedules(schedule="every 1h", reconcile="every 24h")


def stored(instance: dg.DagsterInstance, job: str, select: list[str], status: str) -> dg.DagsterRun:
    """Store a run of some resources, or of the whole job."""
    keys = frozenset(dg.AssetKey(["intercom", name]) for name in select)
    return instance.add_run(
        dg.DagsterRun(
            job_name=job, asset_selection=keys or None, status=dg.DagsterRunStatus[status]
        )
    )


def tick(schedule: dg.ScheduleDefinition, instance: dg.DagsterInstance) -> Any:  # noqa: ANN401
    """Evaluate a tick as the daemon does; the type of what it gives has no public name."""
    at = datetime(2026, 11, 23, 12, tzinfo=UTC)
    # Left here, it would be the current instance of a later test: whenever it is collected.
    with dg.build_schedule_context(instance=instance, scheduled_execution_time=at) as context:
        return schedule.evaluate_tick(context)


def outcome(told: Any) -> str:  # noqa: ANN401 - as `tick`
    """Say in a word what a tick did."""
    return "runs" if told.run_requests else "skips"

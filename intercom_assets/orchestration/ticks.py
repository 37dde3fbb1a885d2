"""What a tick of a schedule does: it starts a run, or says in the UI why it does not.

Runs never pile up. Dagster's queue lets one run of a source go at a time (the pool, see
dagster.yaml), and a tick adds none while one that does its work is queued or under way.
"""

from collections.abc import Callable
from datetime import UTC, datetime

import dagster as dg

from intercom_assets.orchestration.jobs import asset_keys
from intercom_assets.orchestration.settings import Settings

_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def build_schedules(settings: Settings, sync: str, reconcile: str) -> list[dg.ScheduleDefinition]:
    """Make the schedules of a source's two jobs; none for what is manual.

    Args:
        settings: When they run, and whether they are switched on from the start.
        sync: Name of the sync job.
        reconcile: Name of the reconcile job.
    """
    keys = frozenset(asset_keys(settings))

    def syncs(run: dg.DagsterRun) -> bool:
        # A reconcile begins with a sync, and "Materialize all" is one too; a run of some
        # resources is not, so the tick's run waits behind it.
        if run.asset_selection is None:
            return run.job_name in {sync, reconcile}
        return run.asset_selection >= keys

    def reconciles(run: dg.DagsterRun) -> bool:
        return run.job_name == reconcile

    planned = [
        (settings.schedule, f"{settings.name}_schedule", sync, syncs),
        (settings.reconcile, f"{settings.name}_reconcile_schedule", reconcile, reconciles),
    ]
    running, stopped = dg.DefaultScheduleStatus.RUNNING, dg.DefaultScheduleStatus.STOPPED
    return [
        dg.ScheduleDefinition(
            name=name,
            job_name=job,
            cron_schedule=schedule.cron,
            execution_timezone=schedule.timezone,
            execution_fn=_tick(does_its_work),
            default_status=running if settings.schedules_run else stopped,
            description=f"Runs {job} by itself; skips while such a run is queued or under way.",
        )
        for schedule, name, job, does_its_work in planned
        if schedule is not None
    ]


def _tick(
    does_its_work: Callable[[dg.DagsterRun], bool],
) -> Callable[[dg.ScheduleEvaluationContext], dg.RunRequest | dg.SkipReason]:
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        # The oldest first: a run that is under way says more than what is queued behind it.
        unfinished = context.instance.get_run_records(
            dg.RunsFilter(statuses=_UNFINISHED), ascending=True
        )
        for record in unfinished:
            if does_its_work(record.dagster_run):
                return dg.SkipReason(_skipped(record))
        return dg.RunRequest()

    return tick


def _skipped(record: dg.RunRecord) -> str:
    run = record.dagster_run
    if record.start_time is None:
        state = "is queued already"
    else:
        since = datetime.fromtimestamp(record.start_time, UTC)
        state = f"is under way since {since:%Y-%m-%d %H:%M} UTC"
    return (
        f"Run {run.run_id.split('-')[0]} ({run.job_name}) {state}; the next tick syncs what "
        "changes meanwhile. If the machine of that run went down, terminate it under Runs."
    )

"""The job that deletes records of old runs, which Dagster keeps forever, and its schedule.

Rows and cursors in the warehouse are not touched.
"""

from datetime import UTC, datetime, timedelta

import dagster as dg
from pydantic import Field

_FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


class Retention(dg.Config):
    """How long records of runs are kept."""

    days: int = Field(default=30, ge=1, description="Days after which a finished run is forgotten.")


@dg.op(description="Deletes the records of finished runs that are older than some days.")
def forget_runs(context: dg.OpExecutionContext, config: Retention) -> None:
    """Delete the records of old runs, except each asset's last materialization."""
    before = datetime.now(UTC) - timedelta(days=config.days)
    forgotten = forget_runs_before(context.instance, before)
    context.log.info("Forgot %d runs that ended before %s", forgotten, before.date())


@dg.job(
    executor_def=dg.in_process_executor,
    description="Deletes the records of finished runs that are older than 30 days: logs, events, "
    "figures. Each asset's last materialization stays.",
)
def forget_old_runs() -> None:
    """Keep Dagster's storage from growing forever."""
    forget_runs()


def forget_runs_before(instance: dg.DagsterInstance, before: datetime) -> int:
    """Delete finished runs created before a time, and return how many were deleted.

    The run with the last materialization of an asset is kept; without it the asset would look as
    if it had never been synced.
    """
    old = instance.get_run_ids(dg.RunsFilter(statuses=_FINISHED, created_before=before))
    # Finding the last materializations takes a query per asset.
    kept = _last_runs(instance) if old else set()
    forgotten = [run_id for run_id in old if run_id not in kept]
    for run_id in forgotten:
        instance.delete_run(run_id)
    return len(forgotten)


def _last_runs(instance: dg.DagsterInstance) -> set[str]:
    events = (instance.get_latest_materialization_event(key) for key in instance.all_asset_keys())
    return {event.run_id for event in events if event is not None}


def build_housekeeping(*, runs: bool) -> dg.Definitions:
    """Build the job and its daily schedule; `runs` says whether the schedule starts switched on."""
    status = dg.DefaultScheduleStatus
    return dg.Definitions(
        jobs=[forget_old_runs],
        schedules=[
            dg.ScheduleDefinition(
                name="forget_old_runs_schedule",
                job=forget_old_runs,
                cron_schedule="10 4 * * *",
                execution_timezone="UTC",
                description="Keeps Dagster's storage from growing for ever.",
                default_status=status.RUNNING if runs else status.STOPPED,
            )
        ],
    )

"""Schedules: what a tick does, and when an asset counts as overdue.

A tick starts a run, or says in the UI why it does not. Runs never pile up: a source's pool allows
one run at a time (see dagster.yaml), and a tick is skipped while a run that does the same work is
queued or under way.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import dagster as dg

from intercom_assets.settings.source import Settings

_LEAST_SLACK = timedelta(minutes=30)
_MOST_SLACK = timedelta(hours=6)

_MIDNIGHT = datetime(2004, 1, 1, tzinfo=UTC)  # of a leap year
_DAY = timedelta(days=1)
_YEAR = timedelta(days=400)
_CALENDAR = timedelta(days=28 * 366)  # after 28 years weekdays and leap years repeat
_FORMAT = "%Y-%m-%dT%H:%M%z"

_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def build_schedules(
    settings: Settings,
    tables: Callable[[str | None], Iterable[dg.AssetKey]],
    sync: str,
    reconcile: str,
) -> list[dg.ScheduleDefinition]:
    """Build the schedules of a source's jobs; a job that is started by hand gets none."""

    def syncs(*jobs: str, of: str | None = None) -> Callable[[dg.DagsterRun], bool]:
        keys = frozenset(tables(of))

        def does_its_work(run: dg.DagsterRun) -> bool:
            # A reconcile starts with a sync, and "Materialize all" is one. A run of only some
            # resources is not, so the tick queues its run behind it.
            if run.asset_selection is None:
                return run.job_name in jobs
            return run.asset_selection >= keys

        return does_its_work

    def reconciles(run: dg.DagsterRun) -> bool:
        return run.job_name == reconcile

    planned = [
        (settings.schedule, f"{settings.name}_schedule", sync, syncs(sync, reconcile)),
        (settings.reconcile, f"{settings.name}_reconcile_schedule", reconcile, reconciles),
    ]
    for name, schedule in settings.schedules.items():
        job = f"{settings.name}_{name}_sync"
        does_its_work = syncs(sync, reconcile, job, of=name)
        planned.append((schedule, f"{settings.name}_{name}_schedule", job, does_its_work))
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
        # Oldest first: a run under way is a better reason than one queued behind it.
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


def freshness_of(settings: Settings) -> dg.FreshnessPolicy | None:
    """Derive from the schedule how old an asset may be, or return None without a schedule.

    `FreshnessPolicy.cron` does not fit: a run would have to end before the tick that starts it,
    and a deadline minutes later cannot be derived from a cron expression. Both jobs
    materialize every asset, so a reconcile schedule counts if it is the only one.
    """
    schedule = settings.schedule or settings.reconcile
    if schedule is None:
        return None
    gaps = (later - earlier for earlier, later in neighbouring_ticks(schedule.cron))
    gap = max(gaps, default=_CALENDAR)
    # Allows for runs that wait or take long, and for clocks that are set back.
    slack = min(max(gap / 2, _LEAST_SLACK), _MOST_SLACK)
    return dg.FreshnessPolicy.time_window(fail_window=gap + slack, warn_window=gap + slack / 2)


def neighbouring_ticks(cron: str) -> Iterator[tuple[datetime, datetime]]:
    """Yield pairs of consecutive ticks that cover every gap that occurs.

    Every day that an expression matches has the same times, so one day shows the gaps within a day
    and a year of midnights those between days. Listing all ticks would take seconds.

    Raises:
        ValueError: No day matches.
    """
    minute, hour, *date = cron.split()
    times = _ticks(f"{minute} {hour} * * *", _DAY)
    yield from pairwise(times)
    midnights = f"0 0 {' '.join(date)}"
    try:
        days = _ticks(midnights, _YEAR)
        if len(days) < 2:
            days = _ticks(midnights, _CALENDAR)
    except ValueError:
        raise ValueError(
            f"{cron!r} names a date that no year has; choose another day or month"
        ) from None
    for day, next_day in pairwise(days):
        yield day + (times[-1] - _MIDNIGHT), next_day + (times[0] - _MIDNIGHT)


def _ticks(cron: str, span: timedelta) -> list[datetime]:
    # Partitions are Dagster's public way to list the ticks of a cron expression. The span is
    # doubled because a partition is listed only if it ends within it. UTC, because a change to or
    # from daylight saving time moves single ticks, not the schedule.
    windows = dg.TimeWindowPartitionsDefinition(
        start=_MIDNIGHT, end=_MIDNIGHT + 2 * span, fmt=_FORMAT, cron_schedule=cron, timezone="UTC"
    )
    ticks = (datetime.fromisoformat(key) for key in windows.get_partition_keys())
    return [tick for tick in ticks if tick < _MIDNIGHT + span]

"""Somebody is told when a run of a source fails, or when rows prove wrong.

Not Dagster's sensor of run failures: it forgets a run whose message was not taken. This one keeps
its place until the receiver takes the message, for a day.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import dagster as dg

from intercom_assets.intercom.webhook import Refusal, is_slack, post
from intercom_assets.orchestration.jobs import SOURCE_TAG
from intercom_assets.orchestration.messages import Alert, Trouble, as_json, for_slack
from intercom_assets.settings.source import Settings

PATIENCE = timedelta(days=1)
"""Age at which an alert that nobody took is given up."""

_INTERVAL = 30
_EVENTS = 100

_BUDGET = 20.0
"""Seconds that a tick may take: Dagster gives up after sixty, and forgets what was sent."""

_FAILED: Final = dg.DagsterEventType.RUN_FAILURE
_ENDED: Final = dg.DagsterEventType.RUN_SUCCESS
_TOLD = {
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
}


@dataclass(frozen=True, slots=True)
class _Place:
    """The events that were dealt with: the last of each kind."""

    failed: int
    ended: int


def build_alerts(
    settings: Settings, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> list[dg.SensorDefinition]:
    """Make the sensor that tells; none where the settings name no webhook.

    Args:
        settings: The webhook, and whose runs are watched.
        now: Tells the time; a seam for tests.
    """
    variable = settings.alerts
    if variable is None:
        return []

    @dg.sensor(
        name=f"{settings.name}_alerts",
        minimum_interval_seconds=_INTERVAL,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Tells the webhook of {variable} when a run of {settings.name} fails, and "
        "when a check of severity ERROR does. What the webhook does not take is sent again at the "
        "next tick, for a day.",
    )
    def alerts(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        webhook = os.environ.get(variable, "").strip()
        return _tick(context, settings, webhook, now() - PATIENCE)

    return [alerts]


def _tick(
    context: dg.SensorEvaluationContext, settings: Settings, webhook: str, oldest: datetime
) -> dg.SkipReason:
    instance = context.instance
    if context.cursor is None:
        _keep(context, _Place(*(_newest(instance, kind) for kind in (_FAILED, _ENDED))))
        return dg.SkipReason("Watching from now on.")
    place = _Place(**json.loads(context.cursor))
    told, until = 0, time.monotonic() + _BUDGET
    for record in _events(instance, place):
        alert = _alert(instance, settings, record)
        if alert is not None:
            refusal = post(webhook, for_slack(alert) if is_slack(webhook) else as_json(alert))
            if refusal is not None:
                given_up = refusal.final or alert.at < oldest
                reason = _refused(settings, alert, refusal, given_up=given_up)
                context.log.warning(reason)
                if not given_up:
                    return dg.SkipReason(reason)
            else:
                context.log.info("The alert of run %s was taken", alert.run_id)
                told += 1
        place = _after(place, record)
        _keep(context, place)
        if time.monotonic() > until:
            break
    return dg.SkipReason(f"Alerts sent: {told}." if told else "Nothing has failed.")


def _events(instance: dg.DagsterInstance, place: _Place) -> Iterator[dg.EventLogRecord]:
    for wanted in (
        dg.RunStatusChangeRecordsFilter(_FAILED, after_storage_id=place.failed),
        dg.RunStatusChangeRecordsFilter(_ENDED, after_storage_id=place.ended),
    ):
        yield from instance.fetch_run_status_changes(wanted, limit=_EVENTS, ascending=True).records


def _newest(instance: dg.DagsterInstance, kind: dg.DagsterEventType) -> int:
    records = instance.fetch_run_status_changes(kind, limit=1).records
    return records[0].storage_id if records else -1


def _after(place: _Place, record: dg.EventLogRecord) -> _Place:
    if record.event_log_entry.dagster_event_type == _FAILED:
        return _Place(record.storage_id, place.ended)
    return _Place(place.failed, record.storage_id)


def _keep(context: dg.SensorEvaluationContext, place: _Place) -> None:
    context.update_cursor(json.dumps(asdict(place)))


def _refused(settings: Settings, alert: Alert, refusal: Refusal, *, given_up: bool) -> str:
    return (
        f"The webhook of {settings.alerts} did not take the alert of run {alert.run_id}: "
        f"{refusal.reason}. It is {'given up' if given_up else 'sent again at the next tick'}."
    )


def _alert(
    instance: dg.DagsterInstance, settings: Settings, record: dg.EventLogRecord
) -> Alert | None:
    """Say what is wrong with a run that ended; None where it is well, or not the source's."""
    event = record.event_log_entry
    run = instance.get_run_by_id(event.run_id)
    if run is None or not _is_of(run, settings.name):
        return None
    failed = event.dagster_event_type == _FAILED
    if failed and run.tags.get("dagster/will_retry") == "true":
        # A killed worker: Dagster starts the run again, and only the last failure counts.
        return None
    entries = instance.all_logs(run.run_id, of_type=_TOLD)
    troubles = [one for entry in entries if (one := _trouble(entry.dagster_event))]
    if failed and not any(one.check is None for one in troubles):
        troubles.insert(0, Trouble(_shown_job(run), _first_line(event.message)))
    if not troubles:
        return None
    return Alert(
        source=settings.name,
        job=_shown_job(run),
        run_id=run.run_id,
        failed=failed,
        at=datetime.fromtimestamp(event.timestamp, UTC),
        troubles=tuple(troubles),
        url=f"{settings.ui_url}/runs/{run.run_id}" if settings.ui_url else None,
    )


def _is_of(run: dg.DagsterRun, source: str) -> bool:
    if run.tags.get(SOURCE_TAG) == source:
        return True
    return any(key.path[0] == source for key in run.asset_selection or ())


def _shown_job(run: dg.DagsterRun) -> str:
    # "Materialize" in the UI runs a job without a name for people.
    return "Materialize" if run.job_name.startswith("__") else run.job_name


def _trouble(event: dg.DagsterEvent | None) -> Trouble | None:
    if event is None:
        return None
    if event.event_type == dg.DagsterEventType.STEP_FAILURE:
        return Trouble(_resource(event.step_key or ""), _reason(event))
    found = event.asset_check_evaluation_data
    if found.passed or found.severity is not dg.AssetCheckSeverity.ERROR:
        return None
    told = _first_line(found.description or "failed")
    return Trouble(found.asset_key.path[-1], told, found.check_name)


def _resource(step: str) -> str:
    return step.split("__")[1] if "__" in step else step


def _reason(event: dg.DagsterEvent) -> str:
    failure = event.step_failure_data
    if failure.user_failure_data is not None and failure.user_failure_data.description:
        return _first_line(failure.user_failure_data.description)
    error = failure.error
    return _first_line((error.cause or error).message) if error is not None else "failed"


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")

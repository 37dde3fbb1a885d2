"""The sensor that sends an alert when a run of a source fails, or finds wrong rows or new fields.

Content is decided here; `intercom.webhook` sends it. Dagster's own run-failure sensor is not used,
because it moves on when the receiver is down. This one keeps its position in the events of ended
runs until the receiver accepts the message, for up to a day. The cursor also remembers the fields
that were reported, by resource, so that each is reported once.
"""

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import dagster as dg

from intercom_assets.catalog.types import Json, Record
from intercom_assets.intercom.webhook import is_slack, post
from intercom_assets.orchestration.jobs import SOURCE_TAG
from intercom_assets.orchestration.specs import SourceSpecs
from intercom_assets.quality.checks import no_undeclared_fields

PATIENCE = timedelta(days=1)
"""Age at which an undelivered alert is given up."""

_INTERVAL = 30
_EVENTS = 100

_BUDGET = 20.0
"""Seconds a tick may take. Dagster aborts it after sixty and forgets what was sent."""

_LISTED = 6
_LONGEST = 450
"""Maximum characters of a reason; six of these are as much as Slack accepts."""

_FAILED: Final = dg.DagsterEventType.RUN_FAILURE
_ENDED: Final = dg.DagsterEventType.RUN_SUCCESS


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem of a resource: a failed check, or if `check` is None a failed sync."""

    resource: str
    reason: str
    check: str | None = None

    def __str__(self) -> str:
        place = self.resource if self.check is None else f"{self.resource}, {self.check}"
        cut = self.reason if len(self.reason) <= _LONGEST else f"{self.reason[:_LONGEST]}…"
        return f"• {place}: {cut}"


@dataclass(frozen=True, slots=True)
class NewField:
    """A field of a resource that Intercom sends, that no column declares and nobody knows yet."""

    resource: str
    name: str

    def __str__(self) -> str:
        return f"• {self.resource}: new field {self.name[:_LONGEST]}, kept in _extra"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """The content of an alert about a run that failed, or succeeded with something to report."""

    source: str
    job: str
    run_id: str
    failed: bool
    ended_at: datetime
    problems: tuple[Problem, ...]
    fields: tuple[NewField, ...] = ()
    url: str | None

    @property
    def event(self) -> str:
        """The kind of alert, by its most serious part."""
        if self.failed:
            return "run_failed"
        return "check_failed" if self.problems else "new_fields"

    @property
    def headline(self) -> str:
        """A one-line summary."""
        return f"Intercom source {self.source}: {self.job} {_HEADLINES[self.event]}"

    @property
    def lines(self) -> list[str]:
        """The first problems and new fields, one per line, and the number of others."""
        reported = [*self.problems, *self.fields]
        lines = [str(one) for one in reported[:_LISTED]]
        more = len(reported) - _LISTED
        return [*lines, f"• and {more} more"] if more > 0 else lines


_HEADLINES = {
    "run_failed": "failed",
    "check_failed": "ended well, but its checks found rows that are wrong",
    "new_fields": "ended well; Intercom sends fields that are new",
}


def build_alerts(
    specs: SourceSpecs, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> list[dg.SensorDefinition]:
    """Build the alert sensor, or nothing if no webhook is configured."""
    settings, variable = specs.settings, specs.settings.alerts
    if variable is None:
        return []

    @dg.sensor(
        name=f"{settings.name}_alerts",
        minimum_interval_seconds=_INTERVAL,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Tells the webhook of {variable} when a run of {settings.name} fails, "
        "when a check of severity ERROR does, and once of each new field that Intercom sends. What "
        "the webhook does not take is sent again at the next tick, for a day.",
    )
    def alerts(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        webhook = os.environ.get(variable, "").strip()
        return _tick(context, specs, webhook, now() - PATIENCE)

    return [alerts]


def _tick(
    context: dg.SensorEvaluationContext, specs: SourceSpecs, webhook: str, oldest: datetime
) -> dg.SkipReason:
    if context.cursor is None:
        instance = context.instance
        newest = {"failed": _newest(instance, _FAILED), "ended": _newest(instance, _ENDED)}
        context.update_cursor(json.dumps(newest))
        return dg.SkipReason("Watching from now on.")
    position = json.loads(context.cursor)
    sent, until = 0, time.monotonic() + _BUDGET
    for kind, record in _ended_runs(context.instance, position):
        known = position.setdefault("fields", {})
        alert = _alert(context.instance, specs, record, known)
        if alert is not None:
            refusal = post(webhook, for_slack(alert) if is_slack(webhook) else as_json(alert))
            if refusal is None:
                sent += 1
            else:
                given_up = refusal.final or alert.ended_at < oldest
                reason = (
                    f"The webhook of {specs.settings.alerts} did not take the alert of run "
                    f"{alert.run_id}: {refusal.reason}. It is "
                    f"{'given up' if given_up else 'sent again at the next tick'}."
                )
                context.log.warning(reason)
                if not given_up:
                    return dg.SkipReason(reason)
            for field in alert.fields:
                known.setdefault(field.resource, []).append(field.name)
        # Store the position after each run, so that a later error does not send this alert twice.
        position[kind] = record.storage_id
        context.update_cursor(json.dumps(position))
        if time.monotonic() > until:
            break
    return dg.SkipReason(f"Alerts sent: {sent}." if sent else "Nothing has failed.")


def _ended_runs(
    instance: dg.DagsterInstance, position: Mapping[str, Any]
) -> Iterator[tuple[str, dg.EventLogRecord]]:
    for kind, wanted in (
        ("failed", dg.RunStatusChangeRecordsFilter(_FAILED, after_storage_id=position["failed"])),
        ("ended", dg.RunStatusChangeRecordsFilter(_ENDED, after_storage_id=position["ended"])),
    ):
        found = instance.fetch_run_status_changes(wanted, limit=_EVENTS, ascending=True)
        yield from ((kind, record) for record in found.records)


def _newest(instance: dg.DagsterInstance, kind: dg.DagsterEventType) -> int:
    records = instance.fetch_run_status_changes(kind, limit=1).records
    return records[0].storage_id if records else -1


def _alert(
    instance: dg.DagsterInstance,
    specs: SourceSpecs,
    record: dg.EventLogRecord,
    known: Mapping[str, Sequence[str]],
) -> Alert | None:
    """Build a run's alert, or return None if it reports nothing or is another source's."""
    event = record.event_log_entry
    run = instance.get_run_by_id(event.run_id)
    if run is None or not _is_of(run, specs):
        return None
    failed = event.dagster_event_type == _FAILED
    if failed and run.tags.get("dagster/will_retry") == "true":
        # A killed worker: Dagster retries the run, and only the last failure counts.
        return None
    # "Materialize" in the UI runs a job that has only an internal name.
    job = "Materialize" if run.job_name.startswith("__") else run.job_name
    kinds = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.ASSET_CHECK_EVALUATION}
    events = [one.get_dagster_event() for one in instance.all_logs(run.run_id, of_type=kinds)]
    problems, fields = list(_problems(specs, events)), tuple(_new_fields(specs, events, known))
    if failed and not any(problem.check is None for problem in problems):
        problems.insert(0, Problem(job, _first_line(event.message)))
    if not problems and not fields:
        return None
    return Alert(
        source=specs.settings.name,
        job=job,
        run_id=run.run_id,
        failed=failed,
        ended_at=datetime.fromtimestamp(event.timestamp, UTC),
        problems=tuple(problems),
        fields=fields,
        url=f"{ui_url}/runs/{run.run_id}" if (ui_url := specs.settings.ui_url) else None,
    )


def _is_of(run: dg.DagsterRun, specs: SourceSpecs) -> bool:
    if run.tags.get(SOURCE_TAG) == specs.settings.name:
        return True
    return any(specs.name_of(key) for key in run.asset_selection or ())


def _problems(specs: SourceSpecs, events: Iterable[dg.DagsterEvent]) -> Iterator[Problem]:
    for event in events:
        if event.is_step_failure:
            step = event.step_key or ""
            yield Problem(step.split("__")[1] if "__" in step else step, _reason(event))
        else:
            check = event.asset_check_evaluation_data
            if not check.passed and check.severity is dg.AssetCheckSeverity.ERROR:
                reason = _first_line(check.description or "failed")
                resource = specs.name_of(check.asset_key) or check.asset_key.path[-1]
                yield Problem(resource, reason, check.check_name)


def _new_fields(
    specs: SourceSpecs, events: Iterable[dg.DagsterEvent], known: Mapping[str, Sequence[str]]
) -> Iterator[NewField]:
    for event in events:
        check = None if event.is_step_failure else event.asset_check_evaluation_data
        if check is None or check.check_name != no_undeclared_fields.name:
            continue
        resource = specs.name_of(check.asset_key) or check.asset_key.path[-1]
        listed = check.metadata.get("fields")
        if isinstance(listed, dg.JsonMetadataValue) and isinstance(listed.data, list):
            names = [str(field["field"]) for field in listed.data]
            yield from (
                NewField(resource, one) for one in names if one not in known.get(resource, ())
            )


def _reason(event: dg.DagsterEvent) -> str:
    failure = event.step_failure_data
    if failure.user_failure_data is not None and failure.user_failure_data.description:
        return _first_line(failure.user_failure_data.description)
    error = failure.error
    return _first_line((error.cause or error).message) if error is not None else "failed"


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def as_json(alert: Alert) -> Record:
    """Return an alert as JSON fields, with a readable text."""
    lines = [alert.headline, *alert.lines, *([alert.url] if alert.url else [])]
    return {
        "text": "\n".join(lines),
        "event": alert.event,
        "source": alert.source,
        "job": alert.job,
        "run_id": alert.run_id,
        "run_url": alert.url,
        "ended_at": alert.ended_at.isoformat(),
        "failed": [
            {"resource": problem.resource, "check": problem.check, "reason": problem.reason}
            for problem in alert.problems
        ],
        "new_fields": [{"resource": one.resource, "field": one.name} for one in alert.fields],
    }


def for_slack(alert: Alert) -> Record:
    """Return an alert in the format of Slack's incoming webhooks."""
    lines = "\n".join(map(_escaped, alert.lines))
    run = _escaped(f"run {alert.run_id[:8]}, {alert.ended_at:%Y-%m-%d %H:%M} UTC")
    link = f"<{_escaped(alert.url)}|{run}>" if alert.url else run
    # Slack rejects texts of more than 3,000 characters.
    text = f"*{_escaped(alert.headline)}*\n{lines}"[:3000]
    blocks: list[Json] = [
        {"type": "section", "text": {"type": "mrkdwn", "text": text}},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": link}]},
    ]
    return {"text": _escaped(alert.headline), "blocks": blocks}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

"""What an alert says, as JSON for a program and as blocks for Slack; without Dagster."""

from dataclasses import dataclass
from datetime import datetime

from intercom_assets.catalog.types import Json, Record

_LISTED = 6
_LONGEST = 450
"""Characters of a reason: six of these are as much as Slack takes."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong.

    Attributes:
        resource: The resource, or the step of somebody else's asset.
        reason: First line of what was found.
        check: The check that failed, None where the sync did.
    """

    resource: str
    reason: str
    check: str | None = None

    @property
    def place(self) -> str:
        """Name the resource, and the check where it is one."""
        return self.resource if self.check is None else f"{self.resource}, {self.check}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What somebody should be told about a run.

    Attributes:
        source: Name of the source.
        job: Job that ran.
        run_id: Dagster's id of the run.
        failed: Whether the run failed; if not, a check did.
        at: When the run ended.
        troubles: What is wrong, at least one.
        url: Page of the run, None where the UI's address is not known.
    """

    source: str
    job: str
    run_id: str
    failed: bool
    at: datetime
    troubles: tuple[Trouble, ...]
    url: str | None

    @property
    def headline(self) -> str:
        """Say what happened in one line."""
        what = "failed" if self.failed else "ended well, but its checks found rows that are wrong"
        return f"Intercom source {self.source}: {self.job} {what}"


def as_json(alert: Alert) -> Record:
    """Give an alert as fields, with a text for people."""
    lines = [alert.headline, *_lines(alert), *([alert.url] if alert.url else [])]
    return {
        "text": "\n".join(lines),
        "event": "run_failed" if alert.failed else "check_failed",
        "source": alert.source,
        "job": alert.job,
        "run_id": alert.run_id,
        "run_url": alert.url,
        "ended_at": alert.at.isoformat(),
        "failed": [
            {"resource": one.resource, "check": one.check, "reason": one.reason}
            for one in alert.troubles
        ],
    }


def for_slack(alert: Alert) -> Record:
    """Give an alert as Slack's incoming webhooks take it."""
    told = "\n".join(_escaped(line) for line in _lines(alert))
    run = _escaped(f"run {alert.run_id[:8]}, {alert.at:%Y-%m-%d %H:%M} UTC")
    where = f"<{_escaped(alert.url)}|{run}>" if alert.url else run
    blocks: list[Json] = [
        _section(f"*{_escaped(alert.headline)}*\n{told}"),
        {"type": "context", "elements": [{"type": "mrkdwn", "text": where}]},
    ]
    return {"text": _escaped(alert.headline), "blocks": blocks}


def _section(text: str) -> Json:
    # Slack refuses more than 3,000 characters.
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:3000]}}


def _lines(alert: Alert) -> list[str]:
    lines = [f"• {one.place}: {_cut(one.reason)}" for one in alert.troubles[:_LISTED]]
    more = len(alert.troubles) - _LISTED
    return [*lines, f"• and {more} more"] if more > 0 else lines


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

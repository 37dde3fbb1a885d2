"""Dagster's rules for settings passed on to it: cron, time zones, owners and tags.

They are tested with Dagster's own definitions, so that whatever passes here also loads. Rules of
ours are defined with the setting.
"""

from datetime import timedelta
from typing import Any

import dagster as dg

from intercom_assets.orchestration.schedules import neighbouring_ticks
from intercom_assets.settings.values import Rules

_SHORTEST = timedelta(minutes=5)  # RudderStack's shortest interval


def check_cron(cron: str, timezone: str) -> None:
    """Raise ValueError unless cron has five fields, a known zone and ticks five minutes apart."""
    fields = cron.split()
    if len(fields) != 5:
        raise ValueError(
            f"cron has five fields (minute, hour, day, month, weekday), such as 0 */3 * * *; "
            f"{cron!r} has {len(fields)}"
        )
    if any(field.lower().startswith("r") for field in fields):
        raise ValueError("R stands for a time at random, which no schedule can keep; name it")
    if not _is_schedule(cron, "UTC"):
        raise ValueError(
            f"Dagster does not understand {cron!r}; the five fields are minute 0-59, hour 0-23, "
            "day 1-31, month 1-12 and weekday 0-6 (0 is Sunday), such as 0 */3 * * *"
        )
    if not _is_schedule(cron, timezone):
        raise ValueError(
            f"there is no time zone {timezone!r}; write it as the IANA database does, such as "
            "Europe/Berlin or UTC"
        )
    for earlier, later in neighbouring_ticks(cron):
        if later - earlier < _SHORTEST:
            raise ValueError(
                f"it would run at {earlier:%H:%M} and again at {later:%H:%M}, and at least 5 "
                "minutes must lie between two runs"
            )


def is_owner(owner: str) -> bool:
    """Return whether an owner is an email address or a team."""
    return _is_spec(owners=[owner])


def is_tag(key: str, value: str) -> bool:
    """Return whether Dagster accepts a tag, and it is not one of Dagster's own."""
    return _is_spec(tags={key: value}) and not key.startswith("dagster/")


def _is_spec(**fields: Any) -> bool:  # noqa: ANN401 - any field of a spec
    try:
        dg.AssetSpec("any", **fields)
    except dg.DagsterInvalidDefinitionError:
        return False
    return True


def _is_schedule(cron: str, timezone: str) -> bool:
    try:
        dg.ScheduleDefinition(
            name="any", job_name="any", cron_schedule=cron, execution_timezone=timezone
        )
    except dg.DagsterInvalidDefinitionError:
        return False
    return True


DAGSTER_RULES = Rules(check_cron, is_owner, is_tag)

"""Schedules as users write them: basic intervals and cron.

Dagster validates cron and time zones; what a tick does is in `orchestration/schedules.py`.
"""

import re
from dataclasses import dataclass

from intercom_assets.catalog import CATALOG
from intercom_assets.settings.fields import by_resource
from intercom_assets.settings.values import TEXT, Info, Reads, Rules, map_of, with_schema

_MINUTES = (5, 10, 15, 30)
_HOURS = (1, 3, 6, 12, 24)
EVERY = {
    **{f"{minutes}m": minutes for minutes in _MINUTES},
    **{f"{hours}h": hours * 60 for hours in _HOURS},
}
"""Minutes of each basic interval."""

ALLOWED = (
    f"allowed are manual; every {', '.join(EVERY)} (with an optional start: every 1h starting "
    "02:30, UTC); cron followed by five fields (cron 0 */3 * * *, and if not in UTC a zone: "
    "cron 0 6 * * * in Europe/Berlin)"
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Five fields of cron and their time zone."""

    cron: str
    timezone: str = "UTC"


def weekly_beside(schedule: Schedule | None) -> Schedule | None:
    """Return the default reconcile, without which scheduled syncs would never find deletions."""
    return Schedule("0 3 * * 0", schedule.timezone) if schedule else None


_AT = {"cron": TEXT, "timezone": TEXT}
_EVERY = {"every": {"enum": [*EVERY]}, "starting_at": TEXT}
_SCHEDULE = {
    "anyOf": [
        TEXT | {"pattern": r"^\s*([Mm]anual|[Ee]very\s|[Cc]ron\s)"},
        {"type": "object", "properties": _EVERY, "required": ["every"]},
        {"type": "object", "properties": _AT, "required": ["cron"]},
    ]
}


@with_schema(_SCHEDULE)
@Reads
def read_schedule(value: object, info: Info) -> Schedule | None:
    """Read `manual`, `{every, starting_at}`, `{cron, timezone}`, or the same as text."""
    rules = info.context.rules
    match value:
        case None:
            return None
        case str():
            return _from_text(" ".join(value.split()), rules)
        case {"every": every, **rest} if set(rest) <= {"starting_at"}:
            return _every(str(every), str(rest.get("starting_at", "00:00")))
        case {"cron": cron, **rest} if set(rest) <= {"timezone"}:
            return _cron(str(cron), str(rest.get("timezone", "UTC")), rules)
        case _:
            raise ValueError(ALLOWED)


@with_schema(map_of(_SCHEDULE))
@Reads
def read_schedules(value: object, info: Info) -> dict[str, Schedule]:
    """Read further schedules of single resources, in the same forms."""
    selected = [one.name for one in info.data.get("selected", CATALOG)]
    found = by_resource(value, selected, lambda one: read_schedule.read(one, info))
    return {name: one for name, one in found.items() if isinstance(one, Schedule)}


def _from_text(value: str, rules: Rules) -> Schedule | None:
    if value.lower() == "manual":
        return None
    if found := re.fullmatch(r"every (\S+)(?: starting (?:at )?(\S+))?", value, re.IGNORECASE):
        return _every(found[1], found[2] or "00:00")
    if found := re.fullmatch(r"cron (.+?)(?: in (\S+))?", value, re.IGNORECASE):
        return _cron(found[1], found[2] or "UTC", rules)
    raise ValueError(ALLOWED)


def _every(interval: str, starting_at: str) -> Schedule:
    minutes = EVERY.get(interval.lower())
    if minutes is None:
        raise ValueError(ALLOWED)
    start = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", starting_at)
    if start is None:
        raise ValueError(f"{starting_at!r} is no time of day; write it as '02:30', in UTC")
    hour, minute = int(start[1]), int(start[2])
    if minutes < 60:
        return Schedule(f"{_step(minute % minutes, minutes, 59)} * * * *")
    hours = minutes // 60
    if hours == 24:
        return Schedule(f"{minute} {hour} * * *")
    return Schedule(f"{minute} {_step(hour % hours, hours, 23)} * * *")


def _step(offset: int, step: int, last: int) -> str:
    """Return every `step`-th value of a cron field, in a form that the UI can describe."""
    if step == 1:
        return "*"
    return f"{offset}-{last}/{step}" if offset else f"*/{step}"


def _cron(fields: str, timezone: str, rules: Rules) -> Schedule:
    cron = " ".join(fields.split())
    rules.check_cron(cron, timezone)
    return Schedule(cron, timezone)

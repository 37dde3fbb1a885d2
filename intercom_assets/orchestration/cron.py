"""Which cron expressions a schedule takes: what Dagster takes, and no sooner than five minutes.

Judged by the ticks that Dagster itself computes. Dagster is imported only where an expression is
checked: the command line reads settings too, and Dagster's import takes seconds.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

SHORTEST = timedelta(minutes=5)
"""Least time between two ticks: RudderStack's shortest interval."""

_BEGIN = datetime(2001, 1, 1, tzinfo=UTC)
_CALENDAR = timedelta(days=28 * 366)  # weekdays and leap years repeat after 28 years
_DAY = timedelta(days=1)
_DAYS = 400
_NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


def check_cron(cron: str, timezone: str) -> None:
    """Accept five fields, a known zone, and ticks at least five minutes apart.

    Raises:
        ValueError: Says what is wrong and what to write instead.
    """
    _check_fields(cron)
    _check_timezone(timezone)
    if (first := next(_ticks(cron), None)) is None:
        raise ValueError(f"{cron!r} names a date that no year has; choose another day or month")
    if soonest := _too_soon(cron, first):
        earlier, later = soonest
        raise ValueError(
            f"it would run at {earlier:%H:%M} and again at {later:%H:%M} (on "
            f"{earlier:%d %B %Y}, for example), and at least 5 minutes must lie between two runs"
        )


def longest_gap(cron: str) -> timedelta:
    """Give the longest time between two ticks of a valid expression."""
    first = next(_ticks(cron))
    day = list(takewhile(lambda tick: tick.date() == first.date(), _ticks(cron)))
    gaps = [later - earlier for earlier, later in pairwise(day)]
    # A year of days has every weekend and month; what comes seldom is all within the calendar.
    days = islice(_ticks(_once_a_day(cron, first)), _DAYS)
    gaps += [later - earlier - (day[-1] - first) for earlier, later in pairwise(days)]
    return max(gaps, default=_CALENDAR)


def _check_fields(cron: str) -> None:
    from dagster._utils.schedules import is_valid_cron_string  # noqa: PLC0415 - takes seconds

    if five := _NICKNAMES.get(cron.lower()):
        raise ValueError(f"write {cron} as five fields: {five}")
    fields = cron.split()
    if len(fields) != 5:
        raise ValueError(
            f"cron has five fields (minute, hour, day, month, weekday), such as 0 */3 * * *; "
            f"{cron!r} has {len(fields)}"
        )
    if any(re.match(r"r(\W|$)", one, re.IGNORECASE) for one in fields):
        raise ValueError("R stands for a time at random, which no schedule can keep; name it")
    if not is_valid_cron_string(cron):
        raise ValueError(
            f"Dagster does not understand {cron!r}; the five fields are minute 0-59, hour 0-23, "
            "day 1-31, month 1-12 and weekday 0-6 (0 is Sunday), such as 0 */3 * * *"
        )


def _check_timezone(timezone: str) -> None:
    try:
        ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):
        raise ValueError(
            f"there is no time zone {timezone!r}; write it as the IANA database does, such as "
            "Europe/Berlin or UTC"
        ) from None


def _ticks(cron: str) -> Iterator[datetime]:
    from dagster._utils.schedules import (  # noqa: PLC0415 - takes seconds
        schedule_execution_time_iterator,
    )
    from dagster._vendored.croniter.croniter import (  # noqa: PLC0415 - the same
        CroniterBadDateError,
    )

    # In UTC: a clock that is put forward or back moves single ticks, not the schedule.
    ticks = schedule_execution_time_iterator(_BEGIN.timestamp(), cron, "UTC")
    try:
        yield from takewhile(lambda tick: tick < _BEGIN + _CALENDAR, ticks)
    except CroniterBadDateError:
        return


def _too_soon(cron: str, first: datetime) -> tuple[datetime, datetime] | None:
    """Find two ticks that lie too near each other.

    Each day that an expression matches has the same ticks, so one day shows all distances but
    that over midnight, and for this one only the days matter.
    """
    day = list(takewhile(lambda tick: tick.date() == first.date(), _ticks(cron)))
    for earlier, later in pairwise(day):
        if later - earlier < SHORTEST:
            return earlier, later
    last = day[-1]
    if first + _DAY - last >= SHORTEST:
        return None
    for earlier, later in pairwise(_ticks(_once_a_day(cron, first))):
        if later - earlier == _DAY:
            return earlier + (last - first), later
    return None


def _once_a_day(cron: str, first: datetime) -> str:
    return " ".join([str(first.minute), str(first.hour), *cron.split()[2:]])

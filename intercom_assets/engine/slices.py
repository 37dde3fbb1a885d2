"""Windows of time cut into slices that can be read completely.

A slice is closed: it contains every record updated in [since, until], in seconds. Contact search
compares calendar days of the workspace's zone, so slices of days begin at a midnight and end at
a noon: Intercom widens both to whole days, and because a noon and the midnight after it lie
less than a day apart, no instant falls between two slices even if the zone is wrong. The right
zone only saves reading days twice.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from intercom_assets.catalog.endpoints import Granularity


@dataclass(frozen=True, slots=True)
class Slice:
    """A closed interval of update times."""

    since: int
    until: int

    def __str__(self) -> str:
        """Return two UTC times."""
        begin, end = (datetime.fromtimestamp(at, UTC) for at in (self.since, self.until))
        return f"{begin:%Y-%m-%d %H:%M:%S} to {end:%Y-%m-%d %H:%M:%S} UTC"


def tail(opened: datetime, granularity: Granularity, zone: ZoneInfo | None) -> int:
    """Return the second at which slices end and the pass over the newest records begins."""
    if granularity is Granularity.SECOND:
        return int(opened.timestamp())
    return _seconds(opened.astimezone(zone or UTC).date(), time.min, zone or UTC)


def slices_from(
    begin: int, oldest: int, end: int, granularity: Granularity, *, zone: ZoneInfo | None
) -> list[Slice]:
    """Cover [begin, end] with a slice before the oldest record and one from it on."""
    if begin > end:
        return []
    if granularity is Granularity.SECOND:
        if begin < oldest <= end:
            return [Slice(begin, oldest - 1), Slice(oldest, end)]
        return [Slice(begin, end)]
    here = zone or UTC
    first = datetime.fromtimestamp(oldest, here).date()
    last = datetime.fromtimestamp(end, here).date()
    before = _seconds(first - timedelta(days=1), time(12), here)
    if begin < before and first <= last:
        return [
            Slice(begin, before),
            Slice(_seconds(first, time.min, here), _seconds(last, time(12), here)),
        ]
    return [Slice(begin, _seconds(last, time(12), here))]


def cut(one: Slice, parts: int, granularity: Granularity, zone: ZoneInfo | None) -> list[Slice]:
    """Cut a slice into at most `parts` slices that cover it, in order.

    Returns:
        The slice itself if it is a single second or day.
    """
    if granularity is Granularity.SECOND:
        return _cut_seconds(one, parts)
    return _cut_days(one, parts, zone or UTC)


def _cut_seconds(one: Slice, parts: int) -> list[Slice]:
    seconds = one.until - one.since + 1
    step = max(-(-seconds // max(parts, 1)), 1)
    return [
        Slice(begin, min(begin + step - 1, one.until))
        for begin in range(one.since, one.until + 1, step)
    ]


def _cut_days(one: Slice, parts: int, zone: tzinfo) -> list[Slice]:
    first, last = (datetime.fromtimestamp(at, zone).date() for at in (one.since, one.until))
    days = (last - first).days + 1
    step = max(-(-days // max(parts, 1)), 1)
    starts = [first + timedelta(days=offset) for offset in range(0, days, step)]
    return [
        Slice(
            _seconds(begin, time.min, zone),
            _seconds(min(begin + timedelta(days=step - 1), last), time(12), zone),
        )
        for begin in starts
    ]


def _seconds(day: date, at: time, zone: tzinfo) -> int:
    return int(datetime.combine(day, at, tzinfo=zone).timestamp())

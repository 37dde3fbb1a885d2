"""When a sync runs by itself: what a person writes becomes ticks, or is refused."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import dagster as dg
import pytest

from intercom_assets.component import build_definitions
from intercom_assets_tests.dagster_project.reading import problems, read


@pytest.mark.parametrize(
    ("schedule", "cron"),
    [
        ("every 5m", "*/5 * * * *"),
        ("every 10m starting 02:33", "3-59/10 * * * *"),
        ("every 15m", "*/15 * * * *"),
        ("every 30m starting 02:30", "*/30 * * * *"),
        ("every 1h", "0 * * * *"),
        ("every 1h starting 02:30", "30 * * * *"),
        ("every 3h starting 02:30", "30 2-23/3 * * *"),
        ("every 6h starting 20:05", "5 2-23/6 * * *"),
        ("every 12h starting at 02:30", "30 2-23/12 * * *"),
        ("every 24h starting 02:30", "30 2 * * *"),
        ("every 24h", "0 0 * * *"),
        ("  EVERY   24h starting 2:30 ", "30 2 * * *"),
        ("cron 0 */3 * * *", "0 */3 * * *"),
        ({"every": "1h", "starting_at": "02:30"}, "30 * * * *"),
        ({"every": "24h"}, "0 0 * * *"),
        ({"cron": "0 6 * * 1-5"}, "0 6 * * 1-5"),
        ("cron 0 6 * * MON", "0 6 * * MON"),
        ("cron 0 6 L * *", "0 6 L * *"),
        ("cron 0 6 * * 5#1", "0 6 * * 5#1"),
        ("cron */5 * * * *", "*/5 * * * *"),
        ("cron 0 6 29 2 *", "0 6 29 2 *"),
        ("cron 58,3 23,0 * * *", "58,3 23,0 * * *"),
        ("cron 58,2 23,0 1,3 * *", "58,2 23,0 1,3 * *"),
    ],
)
def test_a_schedule_becomes_cron(schedule: object, cron: str) -> None:
    """Each interval that RudderStack offered, and any cron expression, is five fields in UTC."""
    read_as = read(schedule=schedule).schedule

    assert read_as is not None
    assert (read_as.cron, read_as.timezone) == (cron, "UTC")


@pytest.mark.parametrize(
    "schedule",
    [
        {"cron": "0 6 * * *", "timezone": "Europe/Berlin"},
        "cron 0 6 * * * in Europe/Berlin",
        "CRON 0 6 * * * IN Europe/Berlin",
    ],
)
def test_cron_may_have_a_zone(schedule: object) -> None:
    """A cron expression is read in the zone that stands beside it."""
    read_as = read(schedule=schedule).schedule

    assert read_as is not None
    assert (read_as.cron, read_as.timezone) == ("0 6 * * *", "Europe/Berlin")


BERLIN_IN_SPRING = "2026-03-29T00:00:00+01:00"
BERLIN_IN_AUTUMN = "2026-10-25T00:00:00+02:00"
NEW_YORK_IN_SPRING = "2026-03-08T00:00:00-05:00"
NEW_YORK_IN_AUTUMN = "2026-11-01T00:00:00-04:00"
LORD_HOWE_IN_SPRING = "2026-10-04T00:00:00+10:30"
LORD_HOWE_IN_AUTUMN = "2026-04-05T00:00:00+11:00"


@pytest.mark.parametrize(
    ("schedule", "after", "ticks"),
    [
        # Over midnight, the end of a month and of a year.
        ("every 5m", "2026-12-31T23:54Z", "23:55+0000 00:00+0000 00:05+0000"),
        ("every 5m starting 00:02", "2026-12-31T23:54Z", "23:57+0000 00:02+0000 00:07+0000"),
        ("every 10m starting 02:33", "2026-06-30T23:44Z", "23:53+0000 00:03+0000 00:13+0000"),
        ("every 15m starting 02:50", "2026-06-30T23:36Z", "23:50+0000 00:05+0000 00:20+0000"),
        ("every 30m starting 02:29", "2026-06-30T23:30Z", "23:59+0000 00:29+0000 00:59+0000"),
        ("every 1h starting 02:30", "2026-06-30T22:31Z", "23:30+0000 00:30+0000 01:30+0000"),
        ("every 3h starting 23:15", "2026-06-30T22:31Z", "23:15+0000 02:15+0000 05:15+0000"),
        ("every 6h starting 02:30", "2026-06-30T19:00Z", "20:30+0000 02:30+0000 08:30+0000"),
        ("every 12h starting 20:05", "2026-06-30T19:00Z", "20:05+0000 08:05+0000 20:05+0000"),
        ("every 24h starting 23:59", "2026-06-30T19:00Z", "23:59+0000 23:59+0000 23:59+0000"),
        # A basic schedule is in UTC, so no clock that is put forward or back moves it.
        (
            "every 1h starting 00:30",
            BERLIN_IN_SPRING,
            "23:30+0000 00:30+0000 01:30+0000 02:30+0000",
        ),
        # A time that spring leaves out is made up for when the gap ends; one that autumn has twice
        # ticks once, the second time.
        ("cron 30 2 * * * in Europe/Berlin", BERLIN_IN_SPRING, "03:00+0200 02:30+0200"),
        ("cron 30 2 * * * in Europe/Berlin", BERLIN_IN_AUTUMN, "02:30+0100 02:30+0100"),
        ("cron 30 2 * * * in America/New_York", NEW_YORK_IN_SPRING, "03:00-0400 02:30-0400"),
        ("cron 30 1 * * * in America/New_York", NEW_YORK_IN_AUTUMN, "01:30-0500 01:30-0500"),
        ("cron 15 2 * * * in Australia/Lord_Howe", LORD_HOWE_IN_SPRING, "02:30+1100 02:15+1100"),
        ("cron 45 1 * * * in Australia/Lord_Howe", LORD_HOWE_IN_AUTUMN, "01:45+1030 01:45+1030"),
        # Within the day the distance stays: what the gap leaves out is left out, and what autumn
        # has twice ticks twice.
        (
            "cron */30 1-23 * * * in Europe/Berlin",
            BERLIN_IN_SPRING,
            "01:00+0100 01:30+0100 03:00+0200 03:30+0200 04:00+0200",
        ),
        (
            "cron */30 * * * * in Europe/Berlin",
            "2026-10-25T01:00:00+02:00",
            "01:30+0200 02:00+0200 02:30+0200 02:00+0100 02:30+0100 03:00+0100",
        ),
        (
            "cron */30 * * * * in America/New_York",
            "2026-11-01T00:30:00-04:00",
            "01:00-0400 01:30-0400 01:00-0500 01:30-0500 02:00-0500",
        ),
        (
            "cron */30 * * * * in Australia/Lord_Howe",
            "2026-10-04T01:00:00+10:30",
            "01:30+1030 02:30+1100 03:00+1100",
        ),
        (
            "cron */30 * * * * in Australia/Lord_Howe",
            "2026-04-05T01:00:00+11:00",
            "01:30+1100 01:30+1030 02:00+1030",
        ),
        ("cron 0 */3 * * * in Europe/Berlin", BERLIN_IN_SPRING, "03:00+0200 06:00+0200"),
        ("cron 0 */3 * * * in Europe/Berlin", BERLIN_IN_AUTUMN, "03:00+0100 06:00+0100"),
        ("cron 0 6 29 2 *", "2026-01-01T00:00Z", "06:00+0000 06:00+0000"),
    ],
)
def test_it_ticks_when_expected(schedule: str, after: str, ticks: str) -> None:
    """What runs when, to the minute: over midnight, and where clocks are put forward or back."""
    expected = ticks.split()

    found = ticks_after(schedule, datetime.fromisoformat(after))

    assert expected == [f"{tick:%H:%M%z}" for tick in islice(found, len(expected))]


def ticks_after(schedule: str, after: datetime) -> Iterator[datetime]:
    """Give the ticks that Dagster computes of the definition's cron, each as a window's start."""
    read_as = read(schedule=schedule, reconcile="manual")
    [made] = build_definitions(read_as).schedules or ()
    assert isinstance(made, dg.ScheduleDefinition)
    assert isinstance(made.cron_schedule, str)
    windows = dg.TimeWindowPartitionsDefinition(
        start=after,
        fmt="%Y-%m-%d %H:%M",
        cron_schedule=made.cron_schedule,
        timezone=made.execution_timezone,
    )
    while True:
        later = after.astimezone(UTC) + timedelta(seconds=1)
        window = windows.get_next_partition_window(later, respect_bounds=False)
        assert window is not None
        after = window.start
        yield after


@pytest.mark.parametrize("schedule", ["manual", "Manual", None, ""])
def test_manual_is_no_schedule(schedule: object) -> None:
    """Without a schedule nothing runs by itself."""
    assert read(schedule=schedule).schedule is None


@pytest.mark.parametrize(
    ("schedule", "reconcile", "cron"),
    [
        (None, None, None),
        ("manual", None, None),
        ("every 1h", None, "0 3 * * 0"),
        ("every 1h", "manual", None),
        ("every 1h", "cron 0 4 1 * *", "0 4 1 * *"),
        (None, "every 24h", "0 0 * * *"),
    ],
)
def test_who_syncs_by_schedule_reconciles_weekly(
    schedule: str | None, reconcile: str | None, cron: str | None
) -> None:
    """Without a setting of its own, reconcile runs on Sundays where a schedule is set."""
    read_as = read(schedule=schedule, reconcile=reconcile).reconcile

    assert (read_as and read_as.cron) == cron


@pytest.mark.parametrize(
    "schedule",
    [
        {"every": "1h", "timezone": "UTC"},
        {"cron": "* * *"},
        {"cron": "0 6 * * *", "timezone": "Mars/Olympus"},
        {"every": "1h", "starting_at": 90},
        {"hourly": True},
        ["every 1h"],
        15,
    ],
)
def test_what_is_no_schedule_is_refused(schedule: Any) -> None:  # noqa: ANN401 - any YAML
    """A schedule that is not understood is never taken for manual."""
    (problem,) = problems(schedule=schedule)

    assert problem.startswith("schedule is ")


@pytest.mark.parametrize(
    ("schedule", "told"),
    [
        ("every 7h", "allowed are manual; every 5m, 10m, 15m, 30m, 1h, 3h, 6h, 12h, 24h"),
        ("every 2m", "allowed are manual; every 5m"),
        ("every 1h starting 25:00", "'25:00' is no time of day; write it as '02:30', in UTC"),
        ("every 1h starting 12:60", "'12:60' is no time of day"),
        ({"every": "24h", "starting_at": 750}, "'750' is no time of day; write it as '02:30'"),
        ("cron 0 0 3 * * *", "five fields (minute, hour, day, month, weekday)"),
        ("cron 0 3 * *", "'0 3 * *' has 4"),
        ("cron @hourly", "five fields (minute, hour"),
        ("@hourly", "allowed are manual"),
        ({"cron": "@daily"}, "five fields (minute, hour"),
        ("cron 61 * * * *", "Dagster does not understand '61 * * * *'"),
        ("cron 0 0 31 2 *", "Dagster does not understand"),
        ("cron 0 0 31 4 *", "names a date that no year has"),
        ("cron R 0 * * *", "at random"),
        ("cron 0 6 * * * in Mars/Olympus", "there is no time zone 'Mars/Olympus'"),
        ({"cron": "0 6 * * *", "timezone": "Europe"}, "there is no time zone 'Europe'"),
        ({"cron": "0 6 * * *", "timezone": "../etc"}, "there is no time zone '../etc'"),
        ("cron * * * * *", "at 00:00 and again at 00:01"),
        ("cron */4 * * * *", "at 00:00 and again at 00:04"),
        ("cron */7 * * * *", "at 00:56 and again at 01:00"),
        ("cron 0,2 3 1 1 *", "at 03:00 and again at 03:02"),
        ("cron 58,2 23,0 * * *", "at 23:58 and again at 00:02"),
        ("cron 58,2 23,0 1 * 1", "at 23:58 and again at 00:02"),
        ("cron 58,2 23,0 1,29 2,3 *", "at 23:58 and again at 00:02"),
    ],
)
@pytest.mark.parametrize("setting", ["schedule", "reconcile"])
def test_a_wrong_schedule_says_what_to_write(setting: str, schedule: object, told: str) -> None:
    """One line names the setting, its value, what is wrong and what to write instead."""
    (problem,) = problems(**{setting: schedule})

    assert problem.startswith(f"{setting} is {schedule!r}: ")
    assert told in problem

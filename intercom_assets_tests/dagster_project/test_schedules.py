"""When a sync runs by itself: what a person writes becomes cron, or is refused."""

from typing import Any

import pytest

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
    ],
)
def test_a_schedule_becomes_cron(schedule: object, cron: str) -> None:
    """Each interval that RudderStack offered, and any cron expression, is five fields in UTC."""
    read_as = read(schedule=schedule).schedule

    assert read_as is not None
    assert (read_as.cron, read_as.timezone) == (cron, "UTC")


def test_cron_may_have_a_zone() -> None:
    """A cron expression is read in the zone that stands beside it."""
    read_as = read(schedule={"cron": "0 6 * * *", "timezone": "Europe/Berlin"}).schedule

    assert read_as is not None
    assert read_as.timezone == "Europe/Berlin"


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
def test_a_wrong_schedule_is_refused(schedule: Any) -> None:  # noqa: ANN401 - any YAML
    """A schedule that is not understood is never taken for manual."""
    (problem,) = problems(schedule=schedule)

    assert problem.startswith("schedule is ")

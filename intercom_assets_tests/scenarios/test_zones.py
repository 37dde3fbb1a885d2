"""Rule 9: contact search compares calendar days of the workspace's zone."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from intercom_assets.engine.cursor import BatchLimits
from intercom_assets_tests.world import HOUR, World, make_world

ZONES = ("Pacific/Auckland", "America/Los_Angeles", "Asia/Kathmandu", "UTC")


def dense_world(database: Path, zone: str, end: datetime, count: int = 320) -> World:
    """Make a world with a contact every quarter of an hour until an end."""
    world = make_world(database)
    world.workspace.timezone = zone
    world.clock.now = end.timestamp()
    contacts = world.workspace.collection("contacts")
    contacts.fill(
        {"type": "contact", "id": f"c{index}", "updated_at": int(end.timestamp()) - 900 * index}
        for index in range(count)
    )
    world.portions = BatchLimits(slice_records=60)
    return world


@pytest.mark.parametrize("hour", [0, 11])
@pytest.mark.parametrize("zone", ZONES)
def test_days_of_any_zone_lose_nothing(database: Path, zone: str, hour: int) -> None:
    """A first read by days and the sync after it equal the truth at any hour in any zone."""
    world = dense_world(database, zone, datetime(2025, 6, 15, hour, 30, tzinfo=UTC))
    world.sync("contacts")
    first = world.stored("contacts") == world.expected("contacts")
    world.clock.forward(HOUR)
    world.workspace.touch("contacts", "c300")

    report = world.sync("contacts")

    assert first
    assert 1 == report.updated
    assert world.expected("contacts") == world.stored("contacts")


@pytest.mark.parametrize(
    ("zone", "month", "day"),
    [
        ("Pacific/Auckland", 9, 28),
        ("Pacific/Auckland", 4, 6),
        ("America/Los_Angeles", 3, 9),
        ("America/Los_Angeles", 11, 2),
    ],
)
def test_days_of_23_and_25_hours_lose_nothing(
    database: Path, zone: str, month: int, day: int
) -> None:
    """A slice that begins or ends at a change of the clocks is whole."""
    end = datetime(2025, month, day, 20, 0, tzinfo=ZoneInfo(zone)) + timedelta(hours=6)
    world = dense_world(database, zone, end)

    world.sync("contacts")

    assert world.expected("contacts") == world.stored("contacts")


@pytest.mark.parametrize("offset", [-11, -3, 1, 11, 14])
@pytest.mark.parametrize("hour", [0])
def test_an_unknown_zone_costs_but_loses_nothing(database: Path, offset: int, hour: int) -> None:
    """Where `/me` names a zone that nobody knows, the truth is read all the same."""
    zone = f"Etc/GMT{-offset:+d}"
    world = dense_world(database, zone, datetime(2025, 6, 15, hour, 50, tzinfo=UTC))
    contacts = world.workspace.collection("contacts")
    # More than a page since midnight, so that the walk over the newest ones has to go on.
    contacts.fill(
        {
            "type": "contact",
            "id": f"d{index}",
            "updated_at": int(world.clock.now) - 60 * index,
        }
        for index in range(600)
    )
    world.hide_zone = True

    world.sync("contacts")

    assert world.expected("contacts") == world.stored("contacts")


def test_an_incremental_read_stops_at_the_cursor(database: Path) -> None:
    """An incremental read of contacts reads from the newest on and stops behind the cursor."""
    world = dense_world(
        database, "America/Los_Angeles", datetime(2025, 6, 15, 12, tzinfo=UTC), count=1500
    )
    world.sync("contacts")
    world.workspace.log.clear()
    world.clock.forward(HOUR)
    world.workspace.touch("contacts", "c9")

    report = world.sync("contacts")

    assert 1 == world.workspace.log.count("POST", "/contacts/search")
    assert (150, 1) == (report.records_returned, report.updated)

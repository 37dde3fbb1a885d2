"""What whole syncs ask of any warehouse: rows that follow others, marks beside rows that came."""

import pytest

from intercom_assets_tests.places import Place
from intercom_assets_tests.world import DAY, HOUR, World, make_world

SEGMENTS = ("segments", "companies", "company_segments")


@pytest.fixture
def world(place: Place) -> World:
    """Make a small world in each warehouse in turn."""
    return make_world(place, companies=6, conversations=9)


def test_copies_follow_their_original(world: World) -> None:
    """A renamed segment has its new name in all rows, as if they were read again, once."""
    world.sync_all(*SEGMENTS)
    segments = {row["id"] for row in world.rows("company_segments")}
    world.clock.forward(HOUR)
    for segment in segments:
        world.workspace.rename("segments", segment, "Renamed")

    followed = world.sync_all(*SEGMENTS)["company_segments"]
    again = world.sync_all(*SEGMENTS)["company_segments"]

    assert (0, followed.row_count, 0) == (followed.inserted, followed.updated, again.updated)
    assert {"Renamed"} == {row["name"] for row in world.rows("company_segments")}
    assert world.expected("company_segments") == world.stored("company_segments")


@pytest.mark.parametrize("place", ["duckdb", "memory"], indirect=True)
def test_an_older_original_is_not_followed(world: World) -> None:
    """A copy that a company's list showed after the list of segments was read stays."""
    world.sync_all(*SEGMENTS)
    segment = world.rows("company_segments")[0]["id"]
    world.clock.forward(HOUR)
    world.workspace.rename("segments", segment, "Renamed")
    for company in world.workspace.collection("companies").ids():
        world.workspace.touch("companies", company)
    world.sync_all("companies", "company_segments")

    report = world.sync("company_segments")

    assert 0 == report.updated
    assert world.expected("company_segments") == world.stored("company_segments")


def test_what_is_listed_as_deleted_is_marked_unless_it_is_read(world: World) -> None:
    """Of two that are listed, the one that search returns in the same commit exists."""
    gone, back = world.workspace.collection("conversations").ids()[:2]
    record = world.workspace.find("conversations", back)
    world.sync("conversations")
    world.clock.forward(DAY)
    for one in (gone, back):
        world.workspace.delete("conversations", one)
    world.workspace.add("conversations", {**record, "updated_at": world.workspace.now()})

    report = world.sync("conversations")
    again = world.sync("conversations")

    assert (1, 1) == (report.deleted, report.updated)
    assert (0, 0) == (again.deleted, again.updated)
    assert {gone} == world.marked("conversations")
    assert world.expected("conversations") == world.stored("conversations")

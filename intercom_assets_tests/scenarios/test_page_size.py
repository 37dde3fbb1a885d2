"""Pages that Intercom cannot answer are asked for in smaller sizes, then in larger ones again."""

from collections import Counter
from itertools import product
from pathlib import Path

import pytest

from intercom_assets.engine.cursor import BatchLimits
from intercom_assets.errors import TransientError
from intercom_assets_tests.guarantees.budget import some
from intercom_assets_tests.world import DAY, World, make_world

SEARCHES = ("contacts", "conversations")
SIZE = 450
"""Records of each kind: three pages."""


@pytest.fixture
def world(database: Path) -> World:
    """Make a world whose first syncs have some pages, and patience with each."""
    world = make_world(
        database, contacts=SIZE, companies=0, conversations=SIZE, parts_per_conversation=0
    )
    world.attempts = 8
    return world


def sizes(world: World) -> list[int]:
    """Say how many records each search asked for, but for those that only count."""
    asked = [
        entry.body["pagination"]
        for entry in world.workspace.log.entries
        if entry.path.endswith("/search")
    ]
    return [one["per_page"] for one in asked if one["per_page"] > 1 or "starting_after" in one]


def is_true(world: World, *names: str) -> bool:
    """Tell whether tables hold what is true."""
    return all(world.expected(name) == world.stored(name) for name in names)


@pytest.mark.parametrize(
    ("kind", "slices"),
    some(
        list(product(["502", "504", "truncated"], [375, 5_000])), ("502", 375), ("truncated", 5_000)
    ),
)
def test_pages_that_are_never_answered_cost_few_requests(
    world: World, kind: str, slices: int
) -> None:
    """Where no page over 50 records is answered, a first sync is whole, and few requests fail."""
    world.portions = BatchLimits(slice_records=slices)
    for name in SEARCHES:
        path = f"/{name}/search"
        world.workspace.faults.on("POST", path, kind, times=10_000, above=50)  # type: ignore[arg-type]

    reports = world.sync_all(*SEARCHES)

    failed = world.workspace.faults.injected[kind]
    assert is_true(world, *SEARCHES)
    assert 4 <= failed <= 24
    assert failed == sum(report.meter.retries for report in reports.values())
    assert {150, 50} == set(sizes(world))


def test_a_page_grows_again(world: World) -> None:
    """Around a page that is not answered pages are small; the others are as large as before."""
    world.workspace.faults.on("POST", "/contacts/search", "504", times=10_000, above=10, page=2)
    world.portions = BatchLimits(slice_records=5_000)

    world.sync("contacts")

    assert is_true(world, "contacts")
    assert [150, 150, 150, 50, 50, 10] == sizes(world)[:6]
    assert 150 == sizes(world)[-1]
    assert 4 == world.workspace.faults.injected["504"]


def test_a_page_that_fails_for_a_while_is_read(world: World) -> None:
    """A page that fails a few times is got over, and nothing is lost or read twice."""
    world.workspace.faults.on("POST", "/conversations/search", "502", call=3, times=7)
    world.portions = BatchLimits(slice_records=5_000)

    report = world.sync("conversations")

    assert is_true(world, "conversations")
    assert (SIZE, 7) == (report.records_returned, report.meter.retries)
    assert 1 in sizes(world)


@pytest.mark.parametrize("kind", ["429_bare", "html404"])
def test_what_no_smaller_page_mends_shrinks_none(world: World, kind: str) -> None:
    """A refusal by the quota or a proxy's page says nothing about the size of a page."""
    world.workspace.faults.on("POST", "/contacts/search", kind, times=3)  # type: ignore[arg-type]

    world.sync("contacts")

    assert is_true(world, "contacts")
    assert {150} == set(sizes(world))


def test_a_record_that_is_never_answered_is_placed(world: World) -> None:
    """Where not even one record is answered the failure says where; what came before is kept."""
    world.portions = BatchLimits(slice_records=30, commit_rows=40)
    world.workspace.faults.on("POST", "/conversations/search", "504", call=25, times=10_000)

    with pytest.raises(TransientError, match=r"for the record after the first [0-9,]+ of a list"):
        world.sync("conversations")
    stored, reached = len(world.rows("conversations")), world.moment_of_cursor("conversations")
    world.workspace.faults.targets.clear()
    report = world.sync("conversations")

    assert stored > 0
    assert reached > 0
    assert is_true(world, "conversations")
    assert report.inserted == SIZE - stored


def test_page_size_is_never_exceeded(world: World) -> None:
    """No page is asked for with more records than `page_size`, of whatever list."""
    world.page_size = 20
    long = world.workspace.collection("contacts").ids()[0]
    companies = [world.workspace.add("companies", {"name": f"c{n}"}) for n in range(130)]
    data = [{"type": "company", "id": one, "url": f"/companies/{one}"} for one in companies]
    nested = {"type": "list", "data": data, "total_count": len(data), "has_more": False}
    world.workspace.patch("contacts", long, {"companies": nested})
    world.workspace.faults.on("GET", "/contacts/*/companies", "504", times=10_000, above=15)

    world.sync_all(*SEARCHES)

    asked = Counter(sizes(world))
    assert {20} == set(asked)
    assert is_true(world, *SEARCHES)
    queries = [e.query for e in world.workspace.log.entries if e.path.endswith("/companies")]
    assert [["per_page=20"], ["per_page=20"], ["per_page=10"]] == [
        [part for part in query.split("&") if "per_page" in part] for query in queries[:3]
    ]
    assert 130 == len(world.workspace.truth("companies"))


def test_the_size_that_worked_is_kept_for_the_sync(world: World) -> None:
    """A later window of the same sync does not begin with pages that were not answered."""
    world.sync_all(*SEARCHES)
    world.clock.forward(DAY)
    for record_id in world.workspace.collection("conversations").ids()[:200]:
        world.workspace.touch("conversations", record_id)
    world.workspace.log.clear()
    world.workspace.faults.on("POST", "/conversations/search", "504", times=10_000, above=50)

    world.sync("conversations", reconcile=True)

    assert is_true(world, "conversations")
    assert [150, 150, 50] == sizes(world)[:3]
    assert sizes(world).count(150) <= 12

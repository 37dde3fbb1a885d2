"""Incremental truth: after any history one quiet sync makes the warehouse equal to Intercom."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import HealthCheck, settings

from intercom_assets.catalog.types import Json
from intercom_assets.engine.cursor import BatchLimits
from intercom_assets.errors import PermanentError
from intercom_assets.intercom.client import Call
from intercom_assets.intercom.metrics import RequestMetrics
from intercom_assets.warehouse.duckdb import connect
from intercom_assets_tests.guarantees.budget import budget, some
from intercom_assets_tests.guarantees.living_workspace import NAMES, LivingWorkspace
from intercom_assets_tests.guarantees.worlds import differences, small_pages
from intercom_assets_tests.world import DAY, HOUR

TestLivingWorkspace = LivingWorkspace.TestCase
TestLivingWorkspace.settings = settings(
    max_examples=budget(3, 120),
    stateful_step_count=budget(9, 30),
    deadline=None,
    print_blob=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Path]:
    """Name the database, and hold it open: that makes each of many looks at it quick."""
    path = tmp_path / "test.duckdb"
    with connect(path):
        yield path


@pytest.mark.parametrize(
    ("kind", "operator"),
    [("contacts", ">="), ("contacts", "<="), ("contacts", "!="), ("conversations", "~")],
)
def test_the_simulator_refuses_operators_that_intercom_does_not_document(
    database: Path, kind: str, operator: str
) -> None:
    """A sync that used an operator which the documents do not allow would fail here."""
    world = small_pages(database, contacts=2, conversations=2)
    query: Json = {"field": "updated_at", "operator": operator, "value": 5}
    call = Call(method="POST", path=f"/{kind}/search", body={"query": query})

    with world.connection() as connection:
        session = connection.session(meter=RequestMetrics(), scope="", note=lambda _: None)
        with pytest.raises(PermanentError, match="HTTP 400"):
            connection.portal.call(session.ask, call)


def test_syncs_search_with_documented_operators_only(database: Path) -> None:
    """Contacts are asked for with `=`, `<`, `>`; conversations with `<`, `>`."""
    world = small_pages(database, contacts=30, conversations=30)
    names = ("contacts", "conversations")
    world.sync_all(*names)
    world.clock.forward(40 * DAY)
    for name in names:
        for record_id in world.workspace.collection(name).ids()[:12]:
            world.clock.forward(DAY)
            world.workspace.touch(name, record_id)
    world.sync_all(*names)
    world.sync_all(*names, full_refresh=True)
    world.sync_all(*names, reconcile=True)

    used: dict[str, set[str]] = {name: set() for name in names}
    for entry in world.workspace.log.entries:
        if entry.method == "POST":
            group = entry.body["query"]
            filters = [one["value"] if "field" not in one else [one] for one in group["value"]]
            assert "AND" == group["operator"]
            assert {"updated_at", "created_at"} >= {
                one["field"] for some in filters for one in some
            }
            used[entry.path.split("/")[1]] |= {one["operator"] for some in filters for one in some}
    assert {"contacts": {"=", "<", ">"}, "conversations": {"<", ">"}} == used


BOUNDARIES = (
    ("Pacific/Auckland", datetime(2025, 9, 28, 1, 59, 59)),  # noqa: DTZ001 - local time
    ("Pacific/Auckland", datetime(2025, 4, 6, 2, 30)),  # noqa: DTZ001
    ("America/Los_Angeles", datetime(2025, 3, 9, 1, 59, 59)),  # noqa: DTZ001
    ("America/Los_Angeles", datetime(2025, 11, 2, 1, 30)),  # noqa: DTZ001
    ("Asia/Kathmandu", datetime(2025, 6, 15, 23, 59, 58)),  # noqa: DTZ001
    ("UTC", datetime(2025, 6, 15, 23, 59, 58)),  # noqa: DTZ001
)
"""Where a clock is put forward, put back, or a day ends."""


@pytest.mark.parametrize(
    ("zone", "local"), some(BOUNDARIES, BOUNDARIES[0], BOUNDARIES[3], BOUNDARIES[4])
)
def test_each_change_around_midnight_and_clock_changes_is_found_by_the_next_sync(
    database: Path, zone: str, local: datetime
) -> None:
    """Changes seconds apart on both sides of a boundary of days each reach the next sync."""
    world = small_pages(database, contacts=9, conversations=9)
    world.workspace.timezone = zone
    world.clock.now = local.replace(tzinfo=ZoneInfo(zone)).timestamp()
    world.source = type(world.source)(
        name="test", schema="main_", prefix="p_", lookback=timedelta()
    )
    ids = {name: world.workspace.collection(name).ids() for name in ("contacts", "conversations")}
    found = []
    for index, step in enumerate((0, 1, 1, 1, HOUR, DAY, 1)):
        world.clock.forward(step)
        for name in ids:
            world.workspace.patch(name, ids[name][index], {"title": f"change {index}"})
        world.sync_all(*ids)
        found.append(differences(world, *ids))

    assert [[]] * 7 == found


@pytest.mark.parametrize("name", ["contacts", "conversations"])
def test_a_record_indexed_later_than_the_lookback_is_found_by_a_reconcile(
    database: Path, name: str
) -> None:
    """What search shows too late for every window is found when all rows are compared."""
    world = small_pages(database, contacts=30, conversations=30)
    world.sync(name)
    world.workspace.index_delay = 5 * DAY
    world.workspace.add(name, {"id": "late"})
    world.workspace.index_delay = 0.0
    world.clock.forward(4 * DAY)
    world.workspace.touch(name, world.workspace.collection(name).ids()[0])
    world.sync(name)
    world.clock.forward(2 * DAY)
    world.sync(name)
    before = {row["id"] for row in world.live(name)}

    report = world.sync(name, reconcile=True)

    assert "late" not in before
    assert 1 == report.found
    assert [] == differences(world, name)


@pytest.mark.parametrize("paging", ["keyset", "offset"])
@pytest.mark.parametrize("name", ["contacts", "conversations"])
@pytest.mark.parametrize("slice_records", [7, 1_500])
def test_a_full_refresh_marks_no_record_that_is_updated_while_it_reads(
    database: Path, name: str, paging: Literal["keyset", "offset"], slice_records: int
) -> None:
    """A record that moves ahead of the pages read so far is not taken for gone."""
    world = small_pages(database, contacts=30, conversations=30)
    world.portions = BatchLimits(slice_records=slice_records)
    world.workspace.behaviour.paging = paging
    world.sync(name)
    ids = [one["id"] for one in sorted(world.workspace.truth(name), key=lambda r: r["updated_at"])]
    world.clock.forward(DAY)
    gone = ids.pop()
    world.workspace.delete(name, gone)
    turn = 0

    def touch_oldest(request: httpx.Request) -> None:
        nonlocal turn
        if request.url.path.endswith("/search"):
            turn += 1
            if turn < 7:
                world.clock.forward(1)
                world.workspace.touch(name, ids[turn])

    world.before = touch_oldest
    world.sync(name, full_refresh=True)

    assert {gone} == world.marked(name)


def test_many_records_of_one_second_are_all_found(database: Path) -> None:
    """A second that holds more records than a page or a slice loses none of them."""
    world = small_pages(database, contacts=5, conversations=5)
    world.sync_all("contacts", "conversations")
    world.clock.forward(HOUR)
    for index in range(budget(30, 1_500)):
        world.workspace.add("contacts", {"id": f"c{index}"})
        world.workspace.add("conversations", {"id": f"v{index}"})

    world.sync_all(*NAMES)

    assert [] == differences(world, "contacts", "conversations")


def test_a_start_date_in_the_future_keeps_what_comes(database: Path) -> None:
    """With a start date nothing older is kept, and everything from then on is."""
    world = small_pages(database, contacts=9, conversations=9, companies=9)
    start_date = datetime.fromtimestamp(world.clock.now + HOUR, UTC)
    world.source = type(world.source)(
        name="test", schema="main_", prefix="p_", start_date=start_date
    )
    world.sync_all(*NAMES)
    before = [len(world.rows(name)) for name in ("contacts", "conversations", "companies")]
    world.clock.forward(HOUR)
    for name in ("contacts", "conversations", "companies"):
        world.workspace.touch(name, world.workspace.collection(name).ids()[0])

    world.sync_all(*NAMES)

    assert [0, 0, 0] == before
    assert [] == differences(world, *NAMES)

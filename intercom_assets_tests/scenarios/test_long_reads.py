"""Rule 3: a long read goes slice by slice, and goes on where it was cut off."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

import httpx
import pytest

from intercom_assets.engine.cursor import BatchLimits
from intercom_assets.errors import TransientError
from intercom_assets_tests.world import DAY, HOUR, World, make_world, nothing

NAMES = ("contacts", "conversations")


@pytest.fixture
def world(database: Path) -> World:
    """Make a world of long reads: slices of 30 records, of which a few are committed at once."""
    world = make_world(database, contacts=260, conversations=260, parts_per_conversation=0)
    world.portions = BatchLimits(slice_records=30, commit_rows=40)
    return world


def cut_off_after(requests: int) -> Callable[[httpx.Request], None]:
    """Lose the line for good after a number of searches."""
    left = requests

    def cut(request: httpx.Request) -> None:
        nonlocal left
        if request.url.path.endswith("/search"):
            left -= 1
            if left < 0:
                raise httpx.ConnectError("the line is cut")

    return cut


@pytest.mark.parametrize("name", NAMES)
def test_a_long_first_read_equals_the_truth(world: World, name: str) -> None:
    """A read in many slices stores every record and commits more than once."""
    report = world.sync(name)

    assert world.expected(name) == world.stored(name)
    assert report.commits > 3


def test_long_records_are_committed_before_they_are_many(world: World) -> None:
    """Records as long as e-mails with pictures in them do not wait in memory to become many."""
    world.portions = BatchLimits()
    # DuckDB takes less at once than Snowflake.
    length = next(n for n in count(320_000, 80_000) if world.warehouse.commit_share(80, 80 * n) > 1)
    for record_id in world.workspace.collection("contacts").ids()[:90]:
        note = {"note": f"{record_id} " + "picture " * (length // len("picture "))}
        world.workspace.patch("contacts", record_id, {"custom_attributes": note})

    report = world.sync("contacts")

    assert world.expected("contacts") == world.stored("contacts")
    assert 260 == report.inserted
    assert report.commits > 1


@pytest.mark.parametrize("name", NAMES)
def test_a_long_first_read_resumes(world: World, name: str) -> None:
    """A first read that is cut off again and again ends with the truth."""
    world.portions = BatchLimits(slice_records=15, commit_rows=15)
    cursors = []
    for _ in range(2):
        world.before = cut_off_after(15)
        with pytest.raises(TransientError, match="ConnectError"):
            world.sync(name)
        cursors.append(world.cursor(name).at)
    world.before = nothing

    report = world.sync(name)

    assert cursors == sorted(set(cursors), key=str)
    assert world.expected(name) == world.stored(name)
    assert not world.marked(name)
    assert report.inserted < 260


@pytest.mark.parametrize("name", NAMES)
def test_what_was_committed_is_not_read_again(world: World, name: str) -> None:
    """A resumed read asks for nothing that was updated long before the checkpoint."""
    world.before = cut_off_after(9)
    with pytest.raises(TransientError):
        world.sync(name)
    saved = len(world.rows(name))
    world.before = nothing

    report = world.sync(name)

    assert saved > 20
    assert report.unchanged < 150 + 60


@pytest.mark.parametrize("name", NAMES)
def test_rows_are_never_behind_the_cursor(world: World, name: str) -> None:
    """Wherever a read is cut off, all records older than the stored cursor are stored."""
    for requests in (8, 10):
        world.before = cut_off_after(requests)
        with pytest.raises(TransientError):
            world.sync(name, full_refresh=True)
        reached = world.moment_of_cursor(name)

        stored = {row["id"] for row in world.live(name)}
        older = {one["id"] for one in world.workspace.truth(name) if one["updated_at"] <= reached}

        assert older <= stored


def test_a_long_window_after_an_outage_is_read_in_slices(world: World) -> None:
    """Many changes since the last sync are found, slice by slice."""
    world.sync_all(*NAMES)
    for name in NAMES:
        for record_id in world.workspace.collection(name).ids()[:80]:
            world.clock.forward(HOUR / 2)
            world.workspace.touch(name, record_id)
    world.clock.forward(3 * DAY)

    reports = world.sync_all(*NAMES)

    assert {80} == {report.updated for report in reports.values()}
    assert all(world.expected(name) == world.stored(name) for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_one_second_of_many_records_is_read_whole(world: World, name: str) -> None:
    """More records in one second or day than a slice should hold are read nevertheless."""
    for record_id in world.workspace.collection(name).ids()[:200]:
        world.workspace.patch(name, record_id, {"updated_at": 1_700_000_000}, bump=False)

    world.sync(name)

    assert world.expected(name) == world.stored(name)


def test_a_record_of_the_future_does_not_hold_slices_up(world: World) -> None:
    """Records of 2056 are read once with the newest, and the cursor is Intercom's clock."""
    for name in NAMES:
        for record_id in world.workspace.collection(name).ids()[:3]:
            world.workspace.patch(name, record_id, {"updated_at": 2_713_000_000}, bump=False)

    world.sync_all(*NAMES)

    assert all(world.expected(name) == world.stored(name) for name in NAMES)
    assert {world.clock.moment()} == {world.cursor(name).at for name in NAMES}


def test_a_full_refresh_in_slices_marks_what_is_gone(world: World) -> None:
    """A full refresh of many slices marks exactly what it did not see."""
    world.sync_all(*NAMES)
    gone = {name: world.workspace.collection(name).ids()[7] for name in NAMES}
    for name, record_id in gone.items():
        world.workspace.delete(name, record_id)

    world.sync_all(*NAMES, full_refresh=True)

    assert {name: {record_id} for name, record_id in gone.items()} == {
        name: world.marked(name) for name in NAMES
    }


def test_a_resumed_full_refresh_marks_nothing(world: World) -> None:
    """A full refresh that was cut off did not see everything, so what follows marks nothing."""
    world.sync("contacts")
    world.workspace.delete("contacts", world.workspace.collection("contacts").ids()[0])
    world.before = cut_off_after(9)
    with pytest.raises(TransientError):
        world.sync("contacts", full_refresh=True)
    world.before = nothing

    report = world.sync("contacts")

    assert 0 == report.deleted
    assert set() == world.marked("contacts")

"""Records that change while a sync pages through them are lost by no sync."""

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from random import Random
from typing import Literal

import httpx
import pytest

from intercom_assets.catalog import ApiVersion
from intercom_assets.engine.cursor import BatchLimits
from intercom_assets.errors import TransientError
from intercom_assets_tests.guarantees.budget import some
from intercom_assets_tests.world import DAY, NOON, World, make_world, nothing

NAMES = ("contacts", "conversations")


def moving_world(database: Path, paging: Literal["keyset", "offset"], slice_records: int) -> World:
    """Make a world of several pages that are read in slices of a given size."""
    world = make_world(database, contacts=310, conversations=310, parts_per_conversation=0)
    world.workspace.behaviour.paging = paging
    world.portions = BatchLimits(slice_records=slice_records)
    return world


def busy(world: World) -> Callable[[httpx.Request], None]:
    """Let people work between the requests: change, add and delete records."""
    chance = Random(11)

    def work(request: httpx.Request) -> None:
        if not request.url.path.endswith("/search"):
            return
        world.clock.forward(1)
        for name in NAMES:
            ids = world.workspace.collection(name).ids()
            for record_id in chance.sample(ids, 3):
                world.workspace.touch(name, record_id)
            world.workspace.add(name, {"note": "added while it was read"})
            world.workspace.delete(name, chance.choice(ids))

    return work


@pytest.mark.parametrize(
    ("paging", "slice_records"),
    some(list(product(["keyset", "offset"], [100, 10_000])), ("keyset", 100), ("offset", 10_000)),
)
@pytest.mark.parametrize("name", NAMES)
def test_a_read_of_moving_records_loses_none(
    database: Path, name: str, paging: Literal["keyset", "offset"], slice_records: int
) -> None:
    """After one more quiet sync every record that exists is stored as it is."""
    world = moving_world(database, paging, slice_records)
    world.before = busy(world)
    world.sync(name)
    world.before = nothing
    world.clock.forward(60)

    world.sync(name)

    assert set(world.expected(name)) <= set(world.stored(name))
    assert not world.marked(name) & set(world.workspace.collection(name).ids())


@pytest.mark.parametrize("paging", ["keyset", "offset"])
@pytest.mark.parametrize("name", NAMES)
def test_a_full_refresh_of_moving_records_marks_no_living_one(
    database: Path, name: str, paging: Literal["keyset", "offset"]
) -> None:
    """A full refresh while people work marks no record that exists."""
    world = moving_world(database, paging, slice_records=100)
    world.sync(name)
    world.clock.forward(DAY)
    world.before = busy(world)
    world.sync(name, full_refresh=True)
    world.before = nothing

    alive = set(world.workspace.collection(name).ids())

    assert not world.marked(name) & alive


def test_a_list_that_never_stands_still_marks_nothing(database: Path) -> None:
    """Where records vanish at each page of each attempt, the sync warns and marks nothing."""
    world = moving_world(database, "offset", slice_records=10_000)
    # Later versions list what was deleted.
    world.version = ApiVersion(2, 15)
    world.sync("conversations")
    first = world.workspace.collection("conversations").ids()
    world.workspace.delete("conversations", first[0])

    def shrink(request: httpx.Request) -> None:
        if request.url.path.endswith("/search"):
            ids = world.workspace.collection("conversations").ids()
            world.workspace.delete("conversations", ids[-1])

    world.before = shrink

    report = world.sync("conversations", full_refresh=True)

    assert 0 == report.deleted
    assert "passed over" in world.ear.warnings[0]


def test_a_slice_that_moved_does_not_move_the_cursor(database: Path) -> None:
    """A slice that changed while it was read is read again before the cursor passes it."""
    world = make_world(database, conversations=420, parts_per_conversation=0)
    world.workspace.behaviour.paging = "offset"
    world.portions = BatchLimits(slice_records=300, commit_rows=1)
    ids = world.workspace.collection("conversations").ids()
    for index, record_id in enumerate(ids):
        moment = int(NOON) - 1000 * (len(ids) - index)
        world.workspace.patch("conversations", record_id, {"updated_at": moment}, bump=False)
    oldest = int(NOON) - 1000 * len(ids)
    shifted = False

    def shift_then_cut(request: httpx.Request) -> None:
        # Between the two pages of the first slice its oldest record leaves it, so one is passed
        # over; what is read again is cut off after its first half.
        nonlocal shifted
        if not request.url.path.endswith("/search"):
            return
        body = json.loads(request.content)
        since, *until = (one["value"] for one in body["query"]["value"])
        is_first = bool(until) and since == oldest - 1
        if shifted and not is_first:
            raise httpx.ConnectError("the line is cut")
        if is_first and "starting_after" in body["pagination"] and not shifted:
            shifted = True
            world.workspace.touch("conversations", ids[0])

    world.before = shift_then_cut
    with pytest.raises(TransientError, match="ConnectError"):
        world.sync("conversations")

    reached = world.moment_of_cursor("conversations")
    truth = world.workspace.truth("conversations")
    older = {one["id"] for one in truth if one["updated_at"] <= reached}
    assert 50 < len(older)
    assert older <= {row["id"] for row in world.live("conversations")}

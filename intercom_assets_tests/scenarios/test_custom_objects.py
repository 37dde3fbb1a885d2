"""Custom objects: a list for each type that the settings name, and only lists read whole mark."""

from dataclasses import replace

import httpx
import pytest

from intercom_assets.catalog import CATALOG
from intercom_assets.errors import IntercomError, NotFound, Unauthorized
from intercom_assets.intercom.metrics import RequestMetrics
from intercom_assets.intercom.workspace import probe
from intercom_assets_tests.world import World

NAME = "custom_objects"


def types(world: World, *names: str) -> None:
    """Set the types that the settings name."""
    world.source = replace(world.source, custom_object_types=names)


def held(world: World, kind: str) -> set[str]:
    """Say which objects of a type there are."""
    return {one["id"] for one in world.workspace.collection(NAME) if one["type"] == kind}


def stored(world: World, kind: str) -> set[str]:
    """Say which objects of a type are stored and not marked."""
    return {row["id"] for row in world.live(NAME) if row["type"] == kind}


def test_each_type_is_read_whole_and_a_quiet_sync_writes_nothing(world: World) -> None:
    """All pages of all types are stored; a sync without changes asks again and writes nothing."""
    world.sync(NAME)
    world.workspace.log.clear()
    quiet = world.sync(NAME)

    assert world.expected(NAME) == world.stored(NAME)
    assert (157, 145) == (len(stored(world, "Order")), len(stored(world, "Subscription")))
    assert (0, 0, 0) == (quiet.inserted, quiet.updated, quiet.deleted)
    assert 3 == world.workspace.log.count("GET", "/custom_object_instances/{id}")


def test_a_changed_object_is_updated_and_one_that_is_gone_is_marked(world: World) -> None:
    """What changed is written, what is no longer listed is marked, nothing else is touched."""
    world.sync(NAME)
    changed, gone = sorted(held(world, "Order"))[:2]
    world.workspace.patch(NAME, changed, {"custom_attributes": {"total_amount": 1}})
    world.workspace.remove(NAME, gone)

    report = world.sync(NAME)

    assert (0, 1, 1) == (report.inserted, report.updated, report.deleted)
    assert {gone} == world.marked(NAME)


def test_objects_of_two_types_may_share_an_id(world: World) -> None:
    """The type is part of the key: a row for each, and losing one marks only that one."""
    shared = next(iter(held(world, "Order")))

    types(world, "Order")
    world.sync(NAME)
    world.workspace.patch(NAME, shared, {"type": "Subscription"})
    types(world, "Order", "Subscription")

    world.sync(NAME)

    rows = {row["type"]: row["_deleted_at"] for row in world.rows(NAME) if row["id"] == shared}
    assert rows.keys() == {"Order", "Subscription"}
    assert rows["Order"] is not None
    assert rows["Subscription"] is None


def test_a_type_that_does_not_exist_is_named_and_marks_nothing(world: World) -> None:
    """Others are read and marked as ever; what is stored of the type stays as it is."""
    world.sync(NAME)
    before, gone = stored(world, "Subscription"), next(iter(held(world, "Order")))
    world.workspace.custom_object_types.remove("Subscription")
    world.workspace.remove(NAME, gone)

    report = world.sync(NAME)

    assert {gone} == world.marked(NAME)
    assert 1 == report.deleted
    assert before == stored(world, "Subscription")
    assert any("'Subscription'" in line for line in world.ear.warnings)


def test_a_misspelt_type_holds_no_other_back(world: World) -> None:
    """Types before and after it are read at the first sync."""
    types(world, "Order", "Ordr", "Subscription")

    world.sync(NAME)

    assert world.expected(NAME) == world.stored(NAME)
    assert ["'Ordr'" in line for line in world.ear.warnings] == [True]


@pytest.mark.parametrize("call", [1, 2])
def test_a_type_that_the_token_may_not_read_holds_no_other_back(world: World, call: int) -> None:
    """Others are read and marked; of this one nothing is lost or marked, also in its middle."""
    world.sync(NAME)
    before, gone = stored(world, "Order"), next(iter(held(world, "Subscription")))
    world.workspace.remove(NAME, gone)
    new = world.workspace.add(NAME, {"type": "Subscription"})
    world.workspace.faults.on("GET", "/custom_object_instances/Order", "403", call=call)

    report = world.sync(NAME)

    assert (1, 1) == (report.inserted, report.deleted)
    assert {gone} == world.marked(NAME)
    assert new in stored(world, "Subscription")
    assert before == stored(world, "Order")
    assert ["'Order' stays as it is" in line for line in world.ear.warnings] == [True]


def test_where_no_type_may_be_read_the_sync_fails(world: World) -> None:
    """The error names the permission, and nothing is marked."""
    world.sync(NAME)
    world.workspace.faults.on("GET", "/custom_object_instances/*", "403", times=None)

    with pytest.raises(Unauthorized, match="lacks"):
        world.sync(NAME)

    assert set() == world.marked(NAME)


def test_where_no_type_exists_the_sync_fails(world: World) -> None:
    """None of the types is an error that names one, and nothing is marked."""
    world.sync(NAME)
    types(world, "Ordr", "Sub")

    with pytest.raises(NotFound, match="no type 'Ordr' of custom_objects"):
        world.sync(NAME)

    assert set() == world.marked(NAME)


def test_counting_names_a_type_that_does_not_exist(world: World) -> None:
    """`check` and a dry run count the objects of all types, and fail for one that is misspelt."""
    with world.connection() as connection:
        session = connection.session(meter=RequestMetrics(), scope="", note=lambda _: None)
        counted = connection.call(probe, session, CATALOG[NAME], ("Order", "Subscription"))
        with pytest.raises(NotFound, match="no type 'Ordr' of custom_objects"):
            connection.call(probe, session, CATALOG[NAME], ("Order", "Ordr"))

    assert 302 == counted


def test_a_type_that_shrinks_while_it_is_read_marks_nothing_of_it(world: World) -> None:
    """Of the others what is gone is marked; the next sync marks the rest."""
    world.sync(NAME)
    order, subscription = min(held(world, "Order")), min(held(world, "Subscription"))
    world.workspace.remove(NAME, subscription)
    asked = list[str]()

    def before(request: httpx.Request) -> None:
        asked.append(request.url.path)
        if len(asked) == 3:
            world.workspace.delete(NAME, order)

    world.before = before
    world.sync(NAME)
    during = world.marked(NAME)
    world.sync(NAME)

    assert {subscription} == during
    assert {subscription, order} == world.marked(NAME)


def test_a_type_that_the_settings_no_longer_name_stays(world: World) -> None:
    """Its rows are neither read nor marked, not by a full refresh either."""
    world.sync(NAME)
    before = stored(world, "Subscription")
    types(world, "Order")

    world.sync(NAME)
    world.sync(NAME, full_refresh=True)

    assert before == stored(world, "Subscription")
    assert set() == world.marked(NAME)


def test_an_empty_list_is_asked_for_twice(world: World) -> None:
    """Where objects are stored, a type without any is asked for again before they are marked."""
    world.sync(NAME)
    for one in held(world, "Subscription"):
        world.workspace.remove(NAME, one)
    world.workspace.log.clear()

    report = world.sync(NAME)

    assert 4 == world.workspace.log.count("GET", "/custom_object_instances/{id}")
    assert 145 == report.deleted
    assert 157 == len(stored(world, "Order"))
    assert any("of the type 'Subscription' twice" in line for line in world.ear.notes)


def test_where_all_lists_are_empty_it_is_told(world: World) -> None:
    """A read that returns nothing at all, where rows are stored, warns as that of any list."""
    world.sync(NAME)
    for one in world.workspace.collection(NAME).ids():
        world.workspace.remove(NAME, one)

    report = world.sync(NAME)

    assert 302 == report.deleted
    assert any("returned no custom_objects twice" in line for line in world.ear.warnings)


def test_a_failure_in_the_second_type_marks_nothing_and_the_next_sync_completes(
    world: World,
) -> None:
    """A sync that ends between two types loses nothing and marks nothing of either."""
    world.sync(NAME)
    gone = next(iter(held(world, "Order")))
    world.workspace.remove(NAME, gone)

    def refuse(request: httpx.Request) -> None:
        if request.url.path.endswith("/Subscription"):
            raise httpx.ConnectError("the line is cut", request=request)

    world.before = refuse
    with pytest.raises(IntercomError):
        world.sync(NAME)
    marked = world.marked(NAME)
    world.before = lambda _request: None
    world.sync(NAME)

    assert set() == marked
    assert {gone} == world.marked(NAME)
    assert world.expected(NAME) == world.stored(NAME)

"""Rule 3: a read from the beginning is complete by Intercom's own count."""

from typing import Literal
from urllib.parse import parse_qs

import httpx
import pytest

from intercom_assets.catalog import ApiVersion
from intercom_assets.errors import PermanentError, TransientError
from intercom_assets_tests.world import DAY, HOUR, World, make_world, nothing
from intercom_simulator import FaultKind

KINDS = ["contacts", "conversations"]


@pytest.fixture
def undated(database: object) -> World:
    """Make a world in which one in ten contacts and conversations has no `updated_at`."""
    world = make_world(database, contacts=60, conversations=40)  # type: ignore[arg-type]
    for kind in KINDS:
        world.workspace.undate(kind, 0.1)
        zero = world.workspace.collection(kind).ids()[7]
        world.workspace.patch(kind, zero, {"updated_at": 0}, bump=False)
    return world


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("inclusive", [False, True])
@pytest.mark.parametrize("slice_records", [5, 750])
def test_records_without_a_date_are_read(
    undated: World, name: str, slice_records: int, *, inclusive: bool
) -> None:
    """A first read finds what no search by `updated_at` returns: null, and 0."""
    undated.portions = type(undated.portions)(slice_records=slice_records)
    undated.workspace.behaviour.inclusive_bounds = inclusive

    report = undated.sync(name)

    assert undated.expected(name) == undated.stored(name)
    assert 0 == report.missing
    assert [] == undated.ear.warnings


@pytest.mark.parametrize("name", KINDS)
def test_an_interrupted_first_read_finds_them_too(undated: World, name: str) -> None:
    """What goes on at a checkpoint looks like an incremental sync, and is complete all the same."""
    undated.portions = type(undated.portions)(slice_records=5, commit_rows=1)

    def fail_after_a_checkpoint(_request: object) -> None:
        if undated.moment_of_cursor(name):
            undated.workspace.access.tokens.clear()

    undated.before = fail_after_a_checkpoint
    with pytest.raises(PermanentError):
        undated.sync(name)
    assert len(undated.live(name)) < len(undated.workspace.truth(name))
    undated.before = nothing
    undated.workspace.access.tokens.add(undated.token)

    undated.sync(name)

    assert undated.expected(name) == undated.stored(name)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("request_", [{"full_refresh": True}, {"reconcile": True}])
def test_they_are_kept_up_to_date_and_marked(
    undated: World, name: str, request_: dict[str, bool]
) -> None:
    """A full refresh and a reconcile fetch what changed among them, and mark what is gone."""
    undated.sync(name)
    ids = undated.workspace.collection(name).ids()
    fresh = undated.workspace.add(name, {"id": "fresh", "updated_at": None})
    undated.workspace.patch(name, ids[10], {"name": "changed", "updated_at": None}, bump=False)
    undated.workspace.delete(name, ids[20])
    undated.clock.forward(HOUR)

    report = undated.sync(name, **request_)

    assert (1, 1, 1) == (report.inserted, report.updated, report.deleted)
    assert {ids[20]} == undated.marked(name)
    assert undated.row(name, fresh)["_deleted_at"] is None
    assert undated.expected(name) == undated.stored(name)


@pytest.mark.parametrize("name", KINDS)
def test_what_has_no_date_at_all_is_found_in_the_list(undated: World, name: str) -> None:
    """Neither `updated_at` nor `created_at`: only the list without a filter returns it."""
    nowhere = undated.workspace.collection(name).ids()[3]
    undated.workspace.patch(name, nowhere, {"updated_at": None, "created_at": None}, bump=False)

    report = undated.sync(name)

    assert undated.expected(name) == undated.stored(name)
    assert 0 == report.missing


@pytest.mark.parametrize("name", KINDS)
def test_a_quiet_sync_does_not_look_for_them(undated: World, name: str) -> None:
    """Only reads from the beginning count: an incremental sync costs what it did."""
    undated.sync(name)
    undated.workspace.log.clear()

    report = undated.sync(name)

    # One is for what was deleted.
    assert report.meter.requests <= 3
    assert 0 == undated.workspace.log.count("GET", f"/{name}")


def test_a_few_among_many_cost_few_requests(database: object) -> None:
    """Spans of `created_at` are halved by Intercom's counts, so that not all is read again."""
    world = make_world(database, conversations=3_000)  # type: ignore[arg-type]
    [one] = world.workspace.undate("conversations", 1 / 3_000)
    world.portions = type(world.portions)(slice_records=100)

    world.sync("conversations")
    read_twice = world.workspace.log.count("POST", "/conversations/search")
    assert world.expected("conversations") == world.stored("conversations")
    world.workspace.delete("conversations", one)
    world.workspace.log.clear()
    world.sync("conversations", full_refresh=True)

    assert read_twice <= 45 + world.workspace.log.count("POST", "/conversations/search")


@pytest.mark.parametrize("name", KINDS)
def test_what_stays_missing_is_named_exactly(world: World, name: str) -> None:
    """Where the list counts one more than anything returns, the sync says so: by one row."""
    hidden = world.workspace.collection(name).ids()[5]
    world.workspace.behaviour.hidden[name] = {hidden}

    report = world.sync(name)

    assert 1 == report.missing
    assert any("1 are missing" in line for line in world.ear.warnings)
    assert {hidden} == {record["id"] for record in world.workspace.truth(name)} - {
        row["id"] for row in world.live(name)
    }


@pytest.mark.parametrize("name", KINDS)
def test_a_start_date_keeps_them_and_counts_nothing(undated: World, name: str) -> None:
    """With a start date a record without a date passes, and no count is compared."""
    undated.source = type(undated.source)(
        name="test", schema="main_", prefix="p_", start_date=undated.clock.moment()
    )

    report = undated.sync(name)

    null = [one for one in undated.workspace.truth(name) if one["updated_at"] is None]
    assert len(null) == len(undated.live(name)) == report.row_count
    assert report.missing is None


@pytest.mark.parametrize("paging", ["keyset", "offset"])
@pytest.mark.parametrize("name", KINDS)
def test_they_are_found_while_records_move(
    undated: World, name: str, paging: Literal["keyset", "offset"]
) -> None:
    """Records that are updated while they are read hide none without a date."""
    undated.workspace.behaviour.paging = paging
    undated.portions = type(undated.portions)(slice_records=5)
    dated = [one["id"] for one in undated.workspace.truth(name) if one["updated_at"]]
    turn = 0

    def touch(_request: object) -> None:
        nonlocal turn
        turn += 1
        if turn % 5 == 0 and turn < 60:
            undated.clock.forward(1)
            undated.workspace.touch(name, dated[turn % len(dated)])

    undated.before = touch
    undated.sync(name)
    undated.clock.forward(DAY)

    undated.sync(name)

    assert undated.expected(name) == undated.stored(name)


@pytest.mark.parametrize("name", KINDS)
def test_a_search_that_fails_meanwhile_leaves_them_to_the_next_sync(
    undated: World, name: str
) -> None:
    """An outage while they are looked for fails the sync, so that the next one looks again."""

    def fail_counts(request: httpx.Request) -> None:
        if b"created_at" in request.content:
            raise httpx.ReadTimeout("no answer")

    undated.before = fail_counts
    with pytest.raises(TransientError):
        undated.sync(name)
    undated.before = nothing

    undated.sync(name)

    assert undated.expected(name) == undated.stored(name)


@pytest.mark.parametrize("kind", ["502", "403", "html404"])
@pytest.mark.parametrize("name", KINDS)
def test_a_list_that_cannot_be_counted_keeps_back_nothing(
    undated: World, name: str, kind: FaultKind
) -> None:
    """The list without a filter is another endpoint: its failure warns, and marks nothing."""
    undated.sync(name)
    gone = undated.workspace.collection(name).ids()[4]
    undated.workspace.delete(name, gone)
    undated.version = ApiVersion(2, 15)
    undated.workspace.faults.on("GET", f"/{name}", kind, times=None)

    report = undated.sync(name, full_refresh=True)

    assert (None, 0) == (report.missing, report.deleted)
    assert any("may be missing" in line for line in undated.ear.warnings)


@pytest.mark.parametrize("way", [{"full_refresh": True}, {"reconcile": True}])
@pytest.mark.parametrize("name", KINDS)
def test_a_date_that_becomes_0_is_no_older_version(
    world: World, name: str, way: dict[str, bool]
) -> None:
    """A record that loses its date, to null or 0, is updated and not taken for an older one."""
    world.sync(name)
    for place, date in enumerate((None, 0)):
        changed = world.workspace.collection(name).ids()[place]
        world.workspace.patch(name, changed, {"name": "new", "updated_at": date}, bump=False)

    world.sync(name, **way)

    assert world.expected(name) == world.stored(name)


def test_the_list_is_read_in_pages_of_the_setting(undated: World) -> None:
    """What only the list returns is asked for in no larger pages than `page_size` allows."""
    nowhere = undated.workspace.collection("contacts").ids()[3]
    undated.workspace.patch(
        "contacts", nowhere, {"updated_at": None, "created_at": None}, bump=False
    )
    undated.page_size = 20

    undated.sync("contacts")

    listed = [one.query for one in undated.workspace.log.entries if one.path == "/contacts"]
    assert {"1", "20"} == {parse_qs(query)["per_page"][0] for query in listed}
    assert undated.expected("contacts") == undated.stored("contacts")

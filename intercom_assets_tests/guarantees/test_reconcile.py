"""Reconcile: what syncs missed is found, what is gone is marked, and nothing else is."""

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from intercom_assets.catalog import NEWEST, ApiVersion
from intercom_assets.engine.cursor import BatchLimits
from intercom_assets.errors import IntercomError, PermanentError, TransientError
from intercom_assets_tests.copies import copied
from intercom_assets_tests.dagster_project.reading import read
from intercom_assets_tests.dagster_project.running import (
    TOKEN,
    TOKEN_VARIABLE,
    Project,
    figures,
    serving,
)
from intercom_assets_tests.guarantees.answering import answering, thinned
from intercom_assets_tests.guarantees.budget import some
from intercom_assets_tests.world import DAY, HOUR, World, make_world, nothing
from intercom_simulator import FaultKind, generate

NAMES = ("contacts", "conversations")
SIZE = 60

_PORTS = itertools.count(30_000)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Make a synced world whose newest records are of yesterday, and which lists no deletions."""
    with copied(tmp_path, synced_yesterday) as world:
        yield world


def synced_yesterday(database: Path) -> World:
    """Make it in a database."""
    world = make_world(
        database, contacts=SIZE, conversations=SIZE, companies=6, parts_per_conversation=2
    )
    world.version = ApiVersion(2, 15)
    world.sync_all(*NAMES)
    world.clock.forward(DAY)
    return world


def looked_up(world: World, name: str) -> int:
    """Count the requests for one record by its id: candidates, and a record that is listed."""
    return world.workspace.log.count("GET", f"/{name}/{{id}}")


def bounds(world: World, name: str) -> list[int]:
    """Give the earliest moment that each search asked for, but for those that only count."""
    found = []
    for entry in world.workspace.log.entries:
        if entry.path == f"/{name}/search" and entry.body["pagination"]["per_page"] > 1:
            first = entry.body["query"]["value"][0]
            leaf = first["value"][0] if first["operator"] == "OR" else first
            found.append(leaf["value"])
    return found


@pytest.mark.parametrize("name", NAMES)
def test_what_is_gone_is_confirmed_and_marked(world: World, name: str) -> None:
    """A deleted record is asked for by its id and marked; no other row is touched."""
    gone = set(world.workspace.collection(name).ids()[5:8])
    before = {row["id"]: row for row in world.rows(name)}
    for record_id in gone:
        world.workspace.delete(name, record_id)
    world.workspace.log.clear()

    report = world.sync(name, reconcile=True)

    assert (4, 3, 3) == (looked_up(world, name), report.gone, report.deleted)
    assert gone == world.marked(name)
    assert all(before[row["id"]] == row for row in world.live(name))
    assert (0, 0) == (world.sync(name, reconcile=True).gone, world.sync(name).updated)


def test_a_merged_contact_names_the_one_that_it_lives_on_in(world: World) -> None:
    """A merged contact is marked, and its `_extra` keeps `_merged_into`: from 2.16 on."""
    world.version = NEWEST
    source, target = world.workspace.collection("contacts").ids()[:2]
    world.workspace.merge_contacts(source, target)

    world.sync("contacts", reconcile=True)

    assert {source} == world.marked("contacts")
    assert target == json.loads(world.row("contacts", source)["_extra"])["_merged_into"]
    assert world.expected("contacts") == world.stored("contacts")


@pytest.mark.parametrize("name", NAMES)
def test_silent_changes_are_found(world: World, name: str) -> None:
    """Records that changed without a new `updated_at` are fetched, and counted as found."""
    for record_id in world.workspace.collection(name).ids()[3:7]:
        world.workspace.patch(name, record_id, {"custom_attributes": {"quiet": 1}}, bump=False)
    assert 0 == world.sync(name).updated

    report = world.sync(name, reconcile=True)

    assert (4, 0) == (report.found, report.gone)
    assert world.expected(name) == world.stored(name)


@pytest.mark.parametrize("name", NAMES)
def test_what_was_indexed_late_is_found(world: World, name: str) -> None:
    """A change that search shows only after the lookback has passed is found."""
    late, prompt = world.workspace.collection(name).ids()[:2]
    world.workspace.index_delay = 9 * DAY
    world.workspace.touch(name, late)
    world.workspace.index_delay = 0.0
    world.clock.forward(4 * DAY)
    world.workspace.touch(name, prompt)
    world.sync(name)
    world.clock.forward(6 * DAY)
    assert 0 == world.sync(name).updated

    report = world.sync(name, reconcile=True)

    assert 1 == report.found
    assert world.expected(name) == world.stored(name)


def test_children_of_a_gone_conversation_are_marked(world: World) -> None:
    """The parts of a conversation that a reconcile marked are marked by their next sync."""
    world.sync("conversation_parts")
    gone = world.workspace.collection("conversations").ids()[0]
    rows = world.rows("conversation_parts")
    parts = {row["id"] for row in rows if row["conversation_id"] == gone}
    world.workspace.delete("conversations", gone)
    world.sync("conversations", reconcile=True)

    report = world.sync("conversation_parts")

    assert parts
    assert parts == world.marked("conversation_parts")
    assert 0 == report.meter.requests - 1
    assert world.expected("conversation_parts") == world.stored("conversation_parts")


def test_the_segments_of_all_companies_are_read_again(world: World) -> None:
    """Segments of a company that did not change itself are found by a reconcile alone."""
    world.sync_all("companies", "company_segments")
    company = world.workspace.collection("companies").ids()[0]
    world.workspace.set_company_segments(company, world.workspace.collection("segments").ids()[:3])
    plain = world.sync("company_segments")

    report = world.sync("company_segments", reconcile=True)

    assert 0 == plain.records_returned
    assert report.inserted
    assert world.expected("company_segments") == world.stored("company_segments")


@pytest.mark.parametrize("name", NAMES)
def test_half_of_the_truth_stops_it(world: World, name: str) -> None:
    """Where search drops half of each answer nothing is marked, and the error names force."""
    before = world.rows(name)
    with (
        answering(world, next(_PORTS), thinned(2)) as connection,
        pytest.raises(PermanentError, match="force"),
    ):
        world.sync_over(connection, name, reconcile=True)

    assert before == world.rows(name)
    assert 0 == looked_up(world, name)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("keep", [2, 0])
def test_force_asks_for_each_and_marks_the_gone_alone(world: World, name: str, keep: int) -> None:
    """With force each missing row is asked for, so bad answers cost requests and no row."""
    gone = world.workspace.collection(name).ids()[9]
    world.workspace.delete(name, gone)
    with answering(world, next(_PORTS), thinned(keep)) as connection:
        report = world.sync_over(connection, name, reconcile=True, force=True)

    assert {gone} == world.marked(name)
    assert 1 == report.gone
    assert looked_up(world, name) >= SIZE // 2 - 1


@pytest.mark.parametrize("name", NAMES)
def test_a_few_missing_rows_are_looked_into(tmp_path: Path, name: str) -> None:
    """In a small table empty answers mark nothing: each row is asked for and stays."""
    world = make_world(tmp_path / "small.duckdb", contacts=12, conversations=12)
    world.sync(name)
    with answering(world, next(_PORTS), thinned(0)) as connection:
        report = world.sync_over(connection, name, reconcile=True)

    assert (0, 0) == (report.gone, report.found)
    assert world.expected(name) == world.stored(name)


@pytest.mark.parametrize(
    "kind", some(["500", "403", "400", "odd200", "garbage200"], "500", "garbage200")
)
@pytest.mark.parametrize("name", NAMES)
def test_a_candidate_that_cannot_be_read_is_passed_over(
    world: World, name: str, kind: FaultKind
) -> None:
    """It is not marked, told, and due; the others are compared, and it is when it can be read."""
    gone, broken = world.workspace.collection(name).ids()[5:7]
    world.workspace.delete(name, gone)
    world.workspace.delete(name, broken)
    fault = world.workspace.faults.on("GET", f"/{name}/{broken}", kind, times=None)

    report = world.sync(name, reconcile=True)

    assert ({gone}, 1) == (world.marked(name), report.unread)
    assert (broken,) == world.cursor(name).unread
    [warning] = world.ear.warnings
    assert f"1 record of {name} could not be read whole: {broken}. " in warning
    assert f"GET /{name}/{broken} " in warning
    world.workspace.faults.targets.remove(fault)
    assert 0 == world.sync(name, reconcile=True).unread
    assert {gone, broken} == world.marked(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_candidate_that_is_a_bare_404_each_time_is_gone(world: World, name: str) -> None:
    """A proxy's page for one record alone, while Intercom shows others, means that it is gone."""
    gone = world.workspace.collection(name).ids()[5]
    world.workspace.delete(name, gone)
    world.workspace.faults.on("GET", f"/{name}/{gone}", "html404", times=None)

    report = world.sync(name, reconcile=True)

    assert ({gone}, 1, 0) == (world.marked(name), report.gone, report.unread)
    assert [] == world.ear.warnings


@pytest.mark.parametrize("kind", some(["404", "html404", "500", "403"], "404", "403"))
@pytest.mark.parametrize("name", NAMES)
def test_where_no_record_can_be_asked_for_nothing_is_gone(
    world: World, name: str, kind: FaultKind
) -> None:
    """Candidates that are gone while listed records are, too, are an incident: none is marked."""
    for record_id in world.workspace.collection(name).ids()[5:12]:
        world.workspace.delete(name, record_id)
    world.workspace.faults.on("GET", f"/{name}/*", kind, times=None)

    with pytest.raises(IntercomError, match=f"GET /{name}/"):
        world.sync(name, reconcile=True)

    assert set() == world.marked(name)
    world.workspace.faults.targets.clear()
    assert 7 == world.sync(name, reconcile=True).gone


def cut_off_after(requests: int) -> Callable[[httpx.Request], None]:
    """Lose the line for good after a number of requests."""
    left = requests

    def cut(_request: httpx.Request) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise httpx.ConnectError("the line is cut")

    return cut


@pytest.mark.parametrize(("name", "requests"), [("contacts", 25), ("conversations", 22)])
def test_an_interrupted_reconcile_goes_on(world: World, name: str, requests: int) -> None:
    """What was compared before an interruption is neither searched nor asked for again."""
    world.portions = BatchLimits(slice_records=10, commit_rows=1)
    by_age = sorted(world.rows(name), key=lambda row: row["updated_at"])
    oldest, newest = by_age[0]["id"], by_age[-1]["id"]
    for record_id in (oldest, newest):
        world.workspace.delete(name, record_id)
    world.before = cut_off_after(requests)
    with pytest.raises(TransientError):
        world.sync(name, reconcile=True)
    world.before = nothing
    half = world.cursor(name)
    marked_halfway = world.marked(name)
    world.workspace.log.clear()

    world.sync(name, reconcile=True)

    assert half.reconciling is not None
    assert {oldest} == marked_halfway
    # Days are compared from two days before on.
    assert min(bounds(world, name)) >= half.reconciling.timestamp() - 2 * DAY - 1
    assert 2 == looked_up(world, name)
    assert {oldest, newest} == world.marked(name)
    ended = world.cursor(name)
    assert ended.reconciling is None
    assert ended.reconciled_at is not None


@pytest.mark.parametrize("name", NAMES)
def test_a_start_date_bounds_it(world: World, name: str) -> None:
    """Rows older than the start date are neither asked for nor marked."""
    by_age = sorted(world.rows(name), key=lambda row: row["updated_at"])
    oldest, newest = by_age[0]["id"], by_age[-1]["id"]
    middle: datetime = by_age[SIZE // 2]["updated_at"]
    world.source = replace(world.source, start_date=middle)
    for record_id in (oldest, newest):
        world.workspace.delete(name, record_id)
    world.workspace.log.clear()

    world.sync(name, reconcile=True)

    assert {newest} == world.marked(name)
    assert 2 == looked_up(world, name)
    assert min(bounds(world, name)) >= middle.timestamp() - 2 * DAY - 1


@pytest.mark.parametrize("name", NAMES)
def test_a_row_that_comes_back_is_unmarked(world: World, name: str) -> None:
    """A record that exists again, unchanged, is unmarked by the next reconcile."""
    back = world.workspace.collection(name).ids()[4]
    record = world.workspace.find(name, back)
    world.workspace.delete(name, back)
    world.sync(name, reconcile=True)
    assert {back} == world.marked(name)
    world.workspace.add(name, record)
    world.sync(name)

    world.sync(name, reconcile=True)

    assert set() == world.marked(name)
    assert world.expected(name) == world.stored(name)


@pytest.mark.parametrize("name", NAMES)
def test_the_cursor_is_never_moved_back(world: World, name: str) -> None:
    """Comparing old rows leaves the cursor where the sync before it came to."""
    world.workspace.touch(name, world.workspace.collection(name).ids()[0])
    world.sync(name)
    before = world.cursor(name).at
    world.portions = BatchLimits(slice_records=5, commit_rows=1)
    world.clock.forward(HOUR)

    cursors = []
    for requests in (6, 12, 30):
        world.before = cut_off_after(requests)
        with pytest.raises(TransientError):
            world.sync(name, reconcile=True)
        cursors.append(world.cursor(name).at)
    world.before = nothing
    world.sync(name, reconcile=True)

    assert [before] * 3 == cursors
    assert before == world.cursor(name).at


def test_the_job_reports_what_it_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`intercom_reconcile` compares every row and plots how many were found and gone."""
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    workspace = generate(contacts=30, companies=4, conversations=8, parts_per_conversation=2)
    with serving(workspace) as url:
        project = Project(workspace=workspace, url=url, folder=tmp_path)
        assert project.run("contacts").success
        by_age = sorted(workspace.truth("contacts"), key=lambda one: int(one["updated_at"]))
        gone, silent = by_age[0]["id"], by_age[1]["id"]
        workspace.delete("contacts", gone)
        workspace.patch("contacts", silent, {"name": "quiet"}, bump=False)

        job = project.definitions(resources="contacts").resolve_job_def("intercom_reconcile")
        told = figures(job.execute_in_process())

    assert (1, 1) == (
        told["contacts"]["rows_found_by_reconcile"],
        told["contacts"]["rows_gone_by_reconcile"],
    )
    assert set(workspace.collection("contacts").ids()) == project.ids("rudder_contacts")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({}, None),
        ({"schedule": "every 1h"}, "0 3 * * 0"),
        ({"schedule": "every 1h", "reconcile": "manual"}, None),
        ({"reconcile": "every 24h"}, "0 0 * * *"),
    ],
)
def test_it_is_weekly_where_a_schedule_is_set(raw: dict[str, Any], expected: str | None) -> None:
    """Who syncs on a schedule reconciles every week, unless told otherwise."""
    schedule = read(**raw).reconcile

    assert expected == (schedule and schedule.cron)


def test_a_reconcile_ends_at_the_clock_of_intercom(world: World) -> None:
    """`reconciled_at` is Intercom's clock when the comparison began."""
    world.sync("contacts", reconcile=True)

    assert datetime.fromtimestamp(world.clock(), UTC) == world.cursor("contacts").reconciled_at

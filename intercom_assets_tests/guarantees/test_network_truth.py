"""Network truth: whatever the line does, a sync ends with the truth or names what failed."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Literal

import httpx
import pytest

from intercom_assets.errors import IntercomError, PermanentError, TransientError, Unauthorized
from intercom_assets.warehouse.duckdb import connect
from intercom_assets_tests.guarantees.broken_lines import (
    GoneMessage,
    endless_gzip,
    endless_pages,
)
from intercom_assets_tests.guarantees.budget import TORTURE, budget, some
from intercom_assets_tests.guarantees.figures import count
from intercom_assets_tests.guarantees.worlds import SmallPages, differences, small_pages
from intercom_assets_tests.telling import parts_of
from intercom_assets_tests.world import DAY
from intercom_simulator import KINDS, MEANT, FaultKind

NAMES = ("admins", "tags", "segments", "companies", "company_segments", "contacts",
         "conversations", "conversation_parts")  # fmt: skip

FAST_KINDS: tuple[FaultKind, ...] = tuple(kind for kind in KINDS if kind not in {"429", *MEANT})
"""What a retry mends, but the refusal that names a reset, for which the limiter really waits."""

CUT_OFF: tuple[FaultKind, ...] = ("empty200", "truncated", "garbage200")

ENDPOINTS = {
    "admins": ("GET", "/admins"),
    "segments": ("GET", "/segments"),
    "companies": ("GET", "/companies/scroll"),
    "company_segments": ("GET", "/companies/*/segments"),
    "contacts": ("POST", "/contacts/search"),
    "conversations": ("POST", "/conversations/search"),
    "conversation_parts": ("GET", "/conversations/*"),
}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Path]:
    """Name the database, and hold it open: that makes each of many looks at it quick."""
    path = tmp_path / "test.duckdb"
    with connect(path):
        yield path


@pytest.fixture
def world(database: Path) -> SmallPages:
    """Make a small world; only refusals speak of a quota, so that no window is waited out."""
    world = small_pages(
        database, contacts=14, companies=6, conversations=12, parts_per_conversation=2
    )
    world.workspace.access.rate_limit = 0
    return world


@pytest.mark.parametrize("seed", range(budget(2, 75)))
def test_a_line_that_fails_at_random_costs_time_and_no_row(world: SmallPages, seed: int) -> None:
    """With faults of every kind in 1 to 20 % of the answers each sync ends with the truth."""
    chance = Random(seed)
    world.workspace.faults = replace(
        world.workspace.faults, kinds=FAST_KINDS, rate=chance.uniform(0.01, 0.2), seed=seed
    )
    world.attempts = 12
    world.sync_all(*NAMES)
    first = differences(world, *NAMES)
    world.clock.forward(DAY)
    gone = world.workspace.collection("companies").ids()[0]
    world.workspace.delete("companies", gone)
    for name in ("contacts", "conversations"):
        world.workspace.touch(name, chance.choice(world.workspace.collection(name).ids()))

    world.sync_all(*NAMES, reconcile=chance.random() < 0.5)

    count("faults injected at random", world.workspace.faults.injected.total())
    assert [] == first, f"seed {seed}"
    assert [] == differences(world, *NAMES), f"seed {seed}"
    assert {gone} == world.marked("companies"), f"seed {seed}"
    assert not world.marked("contacts") | world.marked("conversations"), f"seed {seed}"


@pytest.mark.parametrize(
    "kinds",
    [{call: kind} for kind in FAST_KINDS for call in (1, 2)]
    if TORTURE
    else [
        {1: one, 3: other}
        for one, other in zip(FAST_KINDS[::2], (*FAST_KINDS[1::2], "500"), strict=False)
    ],
    ids=lambda kinds: "-".join(f"{kind}-{call}" for call, kind in kinds.items()),
)
def test_each_kind_of_fault_at_each_endpoint_is_got_over(
    world: SmallPages, kinds: dict[int, FaultKind]
) -> None:
    """One bad answer of any kind, at the first or a later call, is asked for again and counted."""
    faults = world.workspace.faults
    faults.on("GET", "/me", kinds[min(kinds)])
    for call, kind in kinds.items():
        for method, path in ENDPOINTS.values():
            faults.on(method, path, kind, call=call)

    reports = world.sync_all("admins", *NAMES)

    count("faults injected at chosen requests", faults.injected.total())
    assert all(faults.injected[kind] >= 6 for kind in kinds.values())
    assert [] == differences(world, *NAMES)
    retries = sum(report.meter.retries for report in reports.values())
    # The first sync of admins is not in the reports: it is repeated by the second.
    assert retries >= faults.injected.total() - faults.injected["slow"] - 2


@pytest.mark.parametrize(("method", "path"), [ENDPOINTS["contacts"], ENDPOINTS["companies"]])
def test_a_refusal_that_names_its_reset_is_waited_out(
    world: SmallPages, method: str, path: str
) -> None:
    """A request that the quota refuses is sent again after the reset, and nothing is lost."""
    world.workspace.faults.reset_after = 1
    world.workspace.faults.on(method, path, "429", call=2)

    reports = world.sync_all("contacts", "companies")

    assert 1 == sum(report.meter.retries for report in reports.values())
    assert [] == differences(world, "contacts", "companies")


@pytest.mark.parametrize("name", ENDPOINTS)
@pytest.mark.parametrize(
    "kind",
    ["truncated"] if not TORTURE else [kind for kind in FAST_KINDS if kind != "slow"],
)
def test_a_fault_that_stays_is_named_and_then_got_over(
    world: SmallPages, name: str, kind: FaultKind
) -> None:
    """A fault that stays names the request and changes no row; once it ends, all is found."""
    method, path = ENDPOINTS[name]
    parent = {"company_segments": "companies", "conversation_parts": "conversations"}.get(name)
    names = [parent, name] if parent else [name]
    world.sync_all(*names)
    world.clock.forward(DAY)
    for each in ("companies", "contacts", "conversations"):
        for record_id in world.workspace.collection(each).ids()[:6]:
            world.workspace.touch(each, record_id)
    if parent is not None:
        world.sync(parent)
    before = world.rows(name)
    world.attempts = 3
    world.workspace.faults.on(method, path, kind, times=10_000)
    with pytest.raises(IntercomError) as failed:
        world.sync(name)
    after = world.rows(name)
    retried = len(world.ear.notes)
    world.workspace.faults.targets.clear()

    world.sync_all(*names)

    assert (method, path.split("/")[1]) == (
        failed.value.request.method,
        failed.value.request.path.split("/")[1],
    )
    assert before == after
    assert retried >= 2
    assert [] == differences(world, *names)


@pytest.mark.parametrize("kind", some(CUT_OFF, "truncated"))
@pytest.mark.parametrize("name", ["tags", "teams", "companies", "contacts", "conversations"])
def test_a_cut_off_answer_is_never_the_end_of_a_list(
    world: SmallPages, name: str, kind: FaultKind
) -> None:
    """A full refresh whose answers are cut off now and then marks nothing."""
    paths = {"contacts": "/contacts/search", "conversations": "/conversations/search",
             "companies": "/companies/scroll"}  # fmt: skip
    world.sync(name)
    for call in (1, 3, 4, 7):
        method = "POST" if name in {"contacts", "conversations"} else "GET"
        world.workspace.faults.on(method, paths.get(name, f"/{name}"), kind, call=call)

    report = world.sync(name, full_refresh=True)

    assert (0, 0, 0) == (report.inserted, report.updated, report.deleted)
    assert report.meter.retries >= 1
    assert [] == differences(world, name)


@pytest.mark.parametrize("companies", [0, 1, 100, 101, budget(1_200, 50_000)])
def test_a_scroll_of_any_length_is_whole(database: Path, companies: int) -> None:
    """None, a full page or thousands: all are read, though a call fails."""
    world = small_pages(database, companies=companies)
    world.workspace.faults.on("GET", "/companies/scroll", "500", call=max(companies // 200, 1))

    report = world.sync("companies")

    assert (companies, 0) == (report.row_count, report.deleted)
    assert world.expected("companies") == world.stored("companies")


def test_a_scroll_that_expires_between_two_pages_begins_again(database: Path) -> None:
    """Where a minute passes between two calls the scroll begins again, and none is doubled."""
    world = small_pages(database, companies=250)
    calls = 0

    def dawdle(request: httpx.Request) -> None:
        nonlocal calls
        calls += request.url.path == "/companies/scroll"
        if calls == 3:
            world.clock.forward(61)

    world.before = dawdle

    report = world.sync("companies")

    assert (250, 250) == (report.records_returned, report.row_count)
    assert report.meter.retries >= 1


def test_another_clients_scroll_is_waited_out(database: Path) -> None:
    """The scroll of another client delays the sync by minutes and costs no company."""
    world = small_pages(database, companies=120)
    world.workspace.scroll.begin([{"id": "theirs"}] * 500, world.clock())

    world.sync("companies")

    assert world.slept
    assert world.expected("companies") == world.stored("companies")


@pytest.mark.parametrize("slices", [7, 1_500])
def test_a_page_that_answers_404_costs_no_other_conversation(
    world: SmallPages, slices: int
) -> None:
    """Around a conversation that Intercom cannot list every other one lands, with a warning."""
    ids = world.workspace.collection("conversations").ids()
    world.portions = type(world.portions)(slice_records=slices)
    hidden = ids[5]
    world.after = GoneMessage(hidden)
    world.sync("conversations")
    warned = list(world.ear.warnings)
    stored = {row["id"] for row in world.live("conversations")}
    world.after = GoneMessage("")
    world.workspace.touch("conversations", hidden)

    world.sync("conversations")

    assert set(ids) - {hidden} == stored
    assert any("passed over" in line for line in warned)
    assert [] == differences(world, "conversations")


def test_a_conversation_that_goes_away_before_its_parts_are_read_is_counted(
    world: SmallPages,
) -> None:
    """A parent that is gone between list and detail is counted, and due until it is marked."""
    gone = world.workspace.collection("conversations").ids()[3]
    company = world.workspace.collection("companies").ids()[2]
    world.sync_all("conversations", "companies")
    world.workspace.delete("conversations", gone)
    world.workspace.delete("companies", company)

    reports = world.sync_all("conversation_parts", "company_segments")

    assert [1, 1] == [report.unread for report in reports.values()]
    assert world.expected("conversation_parts") == world.stored("conversation_parts")
    assert world.expected("company_segments") == world.stored("company_segments")
    world.sync_all("companies", "company_segments")
    world.sync("conversations", reconcile=True)
    assert 0 == world.sync("conversation_parts").unread
    assert (
        () == world.cursor("conversation_parts").unread == world.cursor("company_segments").unread
    )


def test_a_contact_that_goes_away_before_its_lists_are_read_is_kept_as_listed(
    world: SmallPages,
) -> None:
    """A contact that is gone before its nested lists are whole stops no other contact."""
    long = [
        one["id"] for one in world.workspace.truth("contacts")
        if len(one["tags"]["data"]) > 10 or len(one["companies"]["data"]) > 10
    ]  # fmt: skip

    def vanish(request: httpx.Request) -> None:
        parts = request.url.path.split("/")
        known = world.workspace.collection("contacts")
        if len(parts) == 4 and parts[2] in long and parts[2] in known:
            world.workspace.delete("contacts", parts[2])

    world.before = vanish

    report = world.sync("contacts")

    assert 14 == report.row_count
    assert set(world.expected("contacts")) <= set(world.stored("contacts"))


def test_a_missing_scope_names_it_and_stops_one_resource(world: SmallPages) -> None:
    """A scope that the token lacks is named; the other resources go on over the connection."""
    world.workspace.access.missing_scopes = {"read_conversations"}

    with world.connection() as connection:
        with pytest.raises(Unauthorized, match=r"Read conversations.*POST /conversations/search"):
            world.sync_over(connection, "conversations")
        for name in ("admins", "contacts", "companies", "company_segments"):
            world.sync_over(connection, name)

    assert [] == differences(world, "admins", "contacts", "companies", "company_segments")


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_of_the_first_question_blames_no_resource(
    world: SmallPages, status: Literal[401, 403]
) -> None:
    """Where `GET /me` is refused, the permission of the resource that asked first is not named."""
    world.workspace.access.refused_paths = {"/me": "read_one_admin"}
    world.workspace.access.scope_status = status

    with pytest.raises(Unauthorized) as caught:
        world.sync("tags")

    told = parts_of(str(caught.value))
    named = 'the permission "read_one_admin"' if status == 403 else "a permission"
    assert f"The access token lacks {named}" == told.wrong
    assert "resource" not in told.remedy
    assert "region" not in told.remedy
    assert told.said.startswith(f"GET /me → HTTP {status}")


@pytest.mark.parametrize(
    ("status", "shown"), [(403, "read_labels"), (401, "Read tags")], ids=["named", "unnamed"]
)
def test_a_refusal_of_a_nested_list_names_the_lists_permission(
    world: SmallPages, status: Literal[401, 403], shown: str
) -> None:
    """A contact's tags need another permission than contacts: that one is told."""
    world.workspace.access.refused_paths = {"/contacts/*/tags": "read_labels"}
    world.workspace.access.scope_status = status
    contact = world.workspace.collection("contacts").ids()[0]
    tags = [{"type": "tag", "id": str(one)} for one in range(11)]
    world.workspace.patch("contacts", contact, {"tags": {"type": "list", "data": tags}})

    # One contact's list is no reason to fail: it is a warning.
    world.sync("contacts")

    told = world.ear.warnings
    assert any(f'The access token lacks the permission "{shown}"' in line for line in told)


def test_a_suspended_token_is_told_as_that(world: SmallPages) -> None:
    """A workspace that was closed is no wrong token, and nothing that another region mends."""
    world.workspace.access.refused_tokens = {"simulated-token": "token_suspended"}

    with pytest.raises(Unauthorized) as caught:
        world.sync("tags")

    told = parts_of(str(caught.value))
    assert told.wrong.startswith("Intercom has suspended or blocked the access token's app")
    assert told.remedy.startswith("Ask who administers the workspace")
    assert "region" not in told.remedy
    assert told.said.startswith("GET /me → HTTP 401 token_suspended")


def test_retries_are_bounded_counted_and_noted(world: SmallPages) -> None:
    """A request is tried as often as patience says; each further try is counted and noted."""
    world.attempts = 5
    world.workspace.faults.on("GET", "/tags", "503", times=4)

    report = world.sync("tags")
    noted = [line for line in world.ear.notes if "GET /tags" in line]
    world.workspace.faults.on("GET", "/tags", "503", times=5)
    with pytest.raises(TransientError, match=r"GET /tags → HTTP 503"):
        world.sync("tags")

    assert (4, 4) == (report.meter.retries, len(noted))
    assert 10 == world.workspace.log.count("GET", "/tags")


def test_an_endless_answer_is_refused(world: SmallPages) -> None:
    """A few bytes that unfold without end are refused by name, in bounded memory."""
    world.transport = endless_gzip()

    with pytest.raises(PermanentError, match=r"larger than.*GET /me"):
        world.sync("tags")


@pytest.mark.parametrize("records", [0, 1])
def test_endless_pages_end_with_an_error(world: SmallPages, records: int) -> None:
    """A list that names the same or ever new empty pages is no list; nothing is marked."""
    world.sync("contacts")
    before = world.rows("contacts")
    world.after = endless_pages(records)

    with pytest.raises(PermanentError, match="POST /contacts/search"):
        world.sync("contacts", full_refresh=True)

    assert [row["id"] for row in before] == [row["id"] for row in world.live("contacts")]


@pytest.mark.parametrize("name", ["contacts", "conversations"])
@pytest.mark.parametrize("synced_before", [False, True])
def test_searches_that_all_answer_404_are_told_and_not_bisected(
    world: SmallPages, name: str, *, synced_before: bool
) -> None:
    """After a few disjoint windows the sync stops and says so; no search reaches beyond now."""
    if synced_before:
        world.sync(name)
        world.clock.forward(9 * DAY)
        world.workspace.touch(name, world.workspace.collection(name).ids()[0])
    world.workspace.log.clear()
    target = world.workspace.faults.on("POST", f"/{name}/search", "404", times=10**9)

    with pytest.raises(PermanentError, match="404 to every search"):
        world.sync(name)

    asked = [entry for entry in world.workspace.log.entries if entry.path.endswith("/search")]
    bounds = re.findall(r'"value": (\d+)', " ".join(json.dumps(entry.body) for entry in asked))
    assert len(asked) < 60
    assert max(map(int, bounds)) <= time.time() + 1
    world.workspace.faults.targets.remove(target)
    world.sync(name)
    assert [] == differences(world, name)


def test_searches_that_answer_404_from_some_moment_on_are_told(database: Path) -> None:
    """An endpoint that worked and then answers 404 to everything is no deleted message either."""
    world = small_pages(database, conversations=60)
    world.portions = type(world.portions)(slice_records=7)
    world.workspace.faults.on("POST", "/conversations/search", "404", call=9, times=10**9)

    with pytest.raises(PermanentError, match="404 to every search"):
        world.sync("conversations")

    assert world.workspace.log.count("POST", "/conversations/search") < 80
    world.workspace.faults.targets.clear()
    world.sync("conversations")
    assert [] == differences(world, "conversations")


def test_conversations_that_are_all_refused_end_the_sync(database: Path) -> None:
    """Where only empty searches are answered, no more than some moments are looked into."""
    world = small_pages(database, conversations=60)

    def refuse_records(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path != "/conversations/search" or not response.json()["conversations"]:
            return response
        error = {"code": "not_found", "message": "Message deleted."}
        return httpx.Response(404, json={"type": "error.list", "errors": [error]})

    world.after = refuse_records

    with pytest.raises(PermanentError, match="404 to more than 50 searches"):
        world.sync("conversations")


@pytest.mark.parametrize("name", ["companies", "contacts", "conversations"])
def test_a_date_in_the_future_stops_nothing_where_answers_have_no_date(
    database: Path, name: str
) -> None:
    """Proxies strip `Date`: our own clock is then the cap of cursors and of `_synced_at`."""
    world = small_pages(database, contacts=9, companies=9, conversations=9)
    world.workspace.behaviour.date_header = False
    ids = world.workspace.collection(name).ids()
    future = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())
    world.workspace.patch(name, ids[0], {"updated_at": future}, bump=False)

    world.sync(name)

    now = datetime.now(UTC)
    assert world.moment_of_cursor(name) < now.timestamp()
    assert max(row["_synced_at"] for row in world.rows(name)) < now
    world.clock.now = now.timestamp()
    world.workspace.patch(name, ids[1], {"name": "changed"})
    world.sync(name)
    assert [] == differences(world, name)

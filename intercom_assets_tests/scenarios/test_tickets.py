"""Tickets and their parts: the same searches carry both, and the rules of parts hold for them."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from intercom_assets_tests.guarantees.worlds import SmallPages, as_it_came, differences, small_pages
from intercom_assets_tests.simulator.asking import search
from intercom_assets_tests.world import DAY, HOUR
from intercom_simulator import Record

NAMES = ("tickets", "ticket_parts")
GET, SEARCH = "GET /tickets/{id}", "POST /tickets/search"

Change = Callable[[Record], None]


@pytest.fixture
def world(duckdb_file: Path) -> SmallPages:
    """Make a workspace with tickets, one of which has more parts than Intercom shows."""
    return small_pages(duckdb_file, contacts=6, conversations=2, tickets=30)


def asked(world: SmallPages, *names: str, **request: object) -> dict[str, int]:
    """Sync, and count the requests, but for `/me`."""
    world.workspace.log.clear()
    world.sync_all(*names, **request)
    return {one: count for one, count in world.workspace.log.counts.items() if one != "GET /me"}


def changed(key: str, change: Change) -> Callable[[httpx.Request, httpx.Response], httpx.Response]:
    """Change a ticket wherever an answer shows it."""

    def after(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if not request.url.path.startswith("/tickets"):
            return response
        body = response.json()
        for one in body.get("tickets", [body]):
            if one.get("id") == key:
                change(one)
        headers = {"Date": response.headers["date"]}
        return httpx.Response(response.status_code, headers=headers, json=body)

    return after


def test_parts_cost_no_request_per_ticket(world: SmallPages) -> None:
    """A first sync reads parts by searches for up to fifty tickets, a quiet one not at all."""
    world.sync("tickets")

    first = asked(world, "ticket_parts")
    quiet = asked(world, "ticket_parts")

    assert first == {SEARCH: 1}
    assert quiet == {}
    assert differences(world, *NAMES) == []


def test_a_row_does_not_hold_what_other_tables_hold(world: SmallPages) -> None:
    """A ticket's row has neither bodies of parts nor the form of its type, nor changes with it."""
    world.sync("tickets")
    before = world.rows("tickets")
    kinds = world.workspace.collection("ticket_types")
    for ticket in list(world.workspace.collection("tickets")):
        renamed = {**ticket["ticket_type"], "name": "Other", "icon": "🦁"}
        world.workspace.patch("tickets", ticket["id"], {"ticket_type": renamed}, bump=False)

    report = world.sync("tickets", reconcile=True)

    assert (report.inserted, report.updated) == (0, 0)
    assert {None} == {row["_extra"] for row in before}
    assert {kind["id"] for kind in kinds} == {row["ticket_type_id"] for row in before}
    assert max(len(json.dumps(row, default=str)) for row in before) < 3_000


def test_an_answer_makes_a_ticket_due(world: SmallPages) -> None:
    """A new, a changed and a removed part are merged and marked by the next sync."""
    world.sync_all(*NAMES)
    answered, cut = world.workspace.collection("tickets").ids()[3:5]
    world.clock.forward(DAY)
    added = world.workspace.answer_ticket(answered)
    parts = world.workspace.parts_of_ticket(cut)
    world.workspace.set_ticket_parts(cut, [{**parts[0], "body": "changed"}, *parts[2:]])
    world.clock.forward(1)

    counts = asked(world, *NAMES)

    assert GET not in counts
    assert added in {row["id"] for row in world.live("ticket_parts")}
    assert {parts[1]["id"]} == world.marked("ticket_parts")
    assert differences(world, *NAMES) == []


def test_a_part_beyond_the_cap_is_kept(world: SmallPages) -> None:
    """Of a ticket with over 500 parts the newest are read; one read before stays unmarked."""
    world.sync_all(*NAMES)
    [long] = [
        one["id"]
        for one in world.workspace.collection("tickets")
        if len(world.workspace.parts_of_ticket(one["id"])) > 500
    ]
    parts = world.workspace.parts_of_ticket(long)
    world.clock.forward(DAY)
    world.workspace.answer_ticket(long)
    world.workspace.set_ticket_parts(
        long, [one for one in world.workspace.parts_of_ticket(long) if one is not parts[-1]]
    )
    world.clock.forward(1)

    world.sync_all(*NAMES)

    stored = [row["id"] for row in world.live("ticket_parts") if row["ticket_id"] == long]
    assert parts[-500]["id"] in stored
    assert {parts[-1]["id"]} == world.marked("ticket_parts")
    assert len(stored) == 500


def test_parts_of_a_ticket_that_is_gone_are_marked_with_it(world: SmallPages) -> None:
    """A reconcile marks a deleted ticket, and the next sync of parts its parts."""
    world.sync_all(*NAMES)
    gone = world.workspace.collection("tickets").ids()[2]
    parts = {one["id"] for one in world.workspace.parts_of_ticket(gone)}
    world.workspace.delete("tickets", gone)

    world.sync("tickets", reconcile=True)
    world.sync("ticket_parts")

    assert {gone} == world.marked("tickets")
    assert parts
    assert parts == world.marked("ticket_parts")


def test_a_search_that_is_behind_the_stored_ticket_is_not_believed(world: SmallPages) -> None:
    """A reconcile may store a ticket before search shows that version; its parts come by GET."""
    world.sync_all(*NAMES)
    workspace = world.workspace
    late = workspace.collection("tickets").ids()[4]
    world.clock.forward(DAY)
    workspace.index_delay = HOUR
    added = workspace.answer_ticket(late)
    world.clock.forward(2)
    workspace.behaviour.hidden["tickets"] = {late}
    world.sync("tickets", reconcile=True)
    del workspace.behaviour.hidden["tickets"]

    counts = asked(world, "ticket_parts")

    assert counts == {SEARCH: 1, GET: 1}
    assert added in {row["id"] for row in world.live("ticket_parts")}
    assert set() == world.marked("ticket_parts")


def test_a_list_that_is_shorter_than_it_says_marks_nothing(world: SmallPages) -> None:
    """Where a ticket counts more parts than it lists, what is stored stays, and it stays due."""
    world.sync_all(*NAMES)
    ids = world.workspace.collection("tickets").ids()
    key = next(one for one in ids if 3 < len(world.workspace.parts_of_ticket(one)) < 500)
    world.clock.forward(DAY)
    world.workspace.touch("tickets", key)
    world.clock.forward(2)

    def cut(ticket: Record) -> None:
        ticket["ticket_parts"]["ticket_parts"] = ticket["ticket_parts"]["ticket_parts"][:1]

    world.after = changed(key, cut)
    world.sync_all(*NAMES)
    due = world.cursor("ticket_parts").unread
    marked = world.marked("ticket_parts")
    world.after = as_it_came
    world.sync_all(*NAMES)

    assert (due, marked) == ((key,), set())
    assert world.cursor("ticket_parts").unread == ()
    assert differences(world, *NAMES) == []


@pytest.mark.parametrize("answer", ["refused", "everything", "nothing"])
def test_parts_are_read_whatever_a_search_by_id_returns(world: SmallPages, answer: str) -> None:
    """Where a search by id is refused, or does not filter, lists are read one by one."""

    def after(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path != "/tickets/search" or b'"IN"' not in request.content:
            return response
        headers = {"Date": response.headers["date"]}
        if answer == "refused":
            error = {"type": "error.list", "errors": [{"code": "parameter_invalid"}]}
            return httpx.Response(400, headers=headers, json=error)
        body = response.json()
        if answer == "nothing":
            return httpx.Response(200, headers=headers, json={**body, "tickets": [], "pages": {}})
        other = {**body["tickets"][0], "id": "never asked for"}
        return httpx.Response(200, headers=headers, json={**body, "tickets": [other]})

    world.after = after

    world.sync_all(*NAMES)

    assert differences(world, *NAMES) == []
    assert set() == world.marked("ticket_parts")


def test_heavy_pages_are_followed_by_smaller_ones(duckdb_file: Path) -> None:
    """After a page of many megabytes fewer tickets are requested, so that memory is bounded."""
    world = small_pages(duckdb_file, contacts=2, tickets=60, long_tickets=0)
    world.per_page = 50
    for ticket in list(world.workspace.collection("tickets")):
        parts = [
            {**_PART, "id": f"{ticket['id']}-{number}", "body": "x" * 10_000}
            for number in range(20)
        ]
        world.workspace.set_ticket_parts(ticket["id"], parts)
    world.clock.forward(5)

    for name in NAMES:
        world.workspace.log.clear()
        world.sync(name)
        sizes = [
            one.body["pagination"]["per_page"]
            for one in world.workspace.log.entries
            if one.path == "/tickets/search" and one.body["pagination"]["per_page"] > 1
        ]
        assert sizes[:2] == [50, 10]
    assert differences(world, *NAMES) == []


_PART: Record = {
    "type": "ticket_part",
    "part_type": "comment",
    "created_at": 1_760_000_000,
    "updated_at": 1_760_000_000,
    "author": {"type": "bot", "id": "1", "name": "Fin", "email": "fin@example.com"},
    "attachments": [],
    "redacted": False,
}


def test_tickets_without_a_date_come_too(world: SmallPages) -> None:
    """No search by `updated_at` finds them; Intercom has no list of tickets, so counts do."""
    undated = world.workspace.undate("tickets", 0.2)

    counts = asked(world, *NAMES)

    assert undated
    assert set(counts) == {SEARCH, GET}
    assert differences(world, *NAMES) == []
    assert world.ear.warnings == []


def test_a_search_that_fails_for_a_while_costs_nothing(world: SmallPages) -> None:
    """Users report that Intercom answers 500 in the middle of a list; the page is asked again."""
    world.per_page = 4
    world.workspace.faults.on("POST", "/tickets/search", "500", call=3, times=2)

    world.sync_all(*NAMES)

    assert differences(world, *NAMES) == []


def test_the_simulator_answers_500_to_a_wrong_cursor(world: SmallPages) -> None:
    """As users report of tickets, and of no other search."""
    pagination = {"starting_after": "wrong"}
    query = {"field": "id", "operator": "=", "value": "1"}

    codes = {
        kind: search(world.workspace, kind, query, pagination=pagination).status_code
        for kind in ("tickets", "conversations")
    }

    assert codes == {"tickets": 500, "conversations": 400}

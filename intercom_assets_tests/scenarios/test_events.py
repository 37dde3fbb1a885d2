"""Events of contacts, which Intercom lists for 90 days, and how often each happened."""

import itertools
from pathlib import Path
from typing import Literal

import httpx
import pytest

from intercom_assets.engine.cursor import BatchLimits
from intercom_assets.errors import TransientError
from intercom_assets_tests.guarantees.worlds import as_it_came, small_pages
from intercom_assets_tests.world import DAY, HOUR, World, make_world, nothing

NAMES = ("events", "event_summaries")


@pytest.fixture
def world(database: Path) -> World:
    """Make a world with events on several pages."""
    return make_world(database, contacts=40)


def asked(world: World) -> int:
    """Count the requests for events since the log was cleared."""
    return world.workspace.log.count("GET", "/events")


def busiest(world: World) -> str:
    """Find the contact with the most events."""
    return max(world.workspace.events, key=lambda key: len(world.workspace.events[key]))


def has_all(world: World, name: str) -> bool:
    """Say whether a table holds what a perfect sync sees, nothing of it marked."""
    return world.expected(name) == world.stored(name)


def test_events_of_users_and_leads_are_stored_over_all_pages(world: World) -> None:
    """Each event has one row, whoever's it is; a quiet sync asks for none and writes none."""
    world.sync_all("contacts", *NAMES)
    roles = {one["id"]: one["role"] for one in world.rows("contacts")}
    world.workspace.log.clear()

    reports = world.sync_all(*NAMES)

    assert all(has_all(world, name) for name in NAMES)
    assert 120 == len(world.workspace.events[busiest(world)])
    assert {"user", "lead"} == {roles[row["contact_id"]] for row in world.rows("events")}
    assert [0, 0] == [report.records_returned for report in reports.values()]
    assert 0 == asked(world)


def test_a_contact_that_changed_is_asked_for_again(world: World) -> None:
    """A contact that was seen again has its events read, and nobody else."""
    world.sync_all("contacts", *NAMES)
    contact = world.workspace.collection("contacts").ids()[5]
    world.clock.forward(HOUR)
    world.workspace.track_event(contact, "upgraded-plan")
    world.workspace.patch("contacts", contact, {"last_seen_at": int(world.clock.now)})
    world.clock.forward(1)
    world.workspace.log.clear()

    reports = world.sync_all("contacts", *NAMES)

    assert 2 == asked(world)
    assert [1, 1] == [reports[name].inserted for name in NAMES]
    assert all(has_all(world, name) for name in NAMES)


def test_an_event_beside_its_contact_is_found_by_a_reconcile(world: World) -> None:
    """Whether an event changes its contact is not documented: a reconcile reads all."""
    world.sync_all("contacts", *NAMES)
    world.workspace.track_event(busiest(world), "upgraded-plan")

    quiet = world.sync_all("contacts", *NAMES)
    found = world.sync_all(*NAMES, reconcile=True)

    assert [0, 0] == [quiet[name].inserted for name in NAMES]
    assert [1, 1] == [found[name].inserted for name in NAMES]


@pytest.mark.parametrize("request_of", [{"reconcile": True}, {"full_refresh": True}], ids=str)
def test_an_event_that_is_no_longer_listed_is_never_marked(
    world: World, request_of: dict[str, bool]
) -> None:
    """After 90 days Intercom lists an event no more: its row stays, as its count does."""
    world.sync_all("contacts", *NAMES)
    before = world.stored("events")
    world.workspace.behaviour.event_days = 90
    world.clock.forward(300 * DAY)

    reports = world.sync_all("contacts", *NAMES, **request_of)

    assert 0 == reports["events"].records_returned
    assert [0, 0] == [reports[name].deleted for name in NAMES]
    assert before == world.stored("events")
    assert has_all(world, "event_summaries")


def test_events_of_a_deleted_contact_stay(world: World) -> None:
    """A contact that is gone is marked, and so are its counts; its events are history."""
    contact = busiest(world)
    world.sync_all("contacts", *NAMES)
    world.workspace.delete("contacts", contact)
    world.sync("contacts", reconcile=True)
    world.workspace.log.clear()

    reports = world.sync_all(*NAMES)

    assert {contact} == world.marked("contacts")
    assert {contact} == world.marked("event_summaries", "contact_id")
    assert (0, 0) == (reports["events"].deleted, asked(world))


def test_events_are_told_apart_whatever_their_id_means(world: World) -> None:
    """Documents call `id` the contact's: events that share it keep rows of their own."""
    for contact, events in world.workspace.events.items():
        world.workspace.events[contact] = [{**event, "id": contact} for event in events]

    world.sync_all("contacts", "events")

    assert has_all(world, "events")


def test_a_changed_address_makes_no_second_event(world: World) -> None:
    """An event that shows its contact's new address updates its row."""
    world.sync_all("contacts", "events")
    contact = busiest(world)
    events = world.workspace.events[contact]
    world.workspace.events[contact] = [{**event, "email": "new@x.y"} for event in events]
    world.workspace.touch("contacts", contact)

    report = world.sync_all("contacts", "events")["events"]

    assert (0, 120) == (report.inserted, report.updated)


End = Literal["null", "absent", "no_link", "itself", "older"]


@pytest.mark.parametrize("end", ["null", "absent", "no_link", "itself", "older"])
def test_a_list_by_links_ends_in_any_form(database: Path, end: End) -> None:
    """The last page says so, or is empty beside a link that leads nowhere or to nothing."""
    world = small_pages(database, contacts=20)

    def ended(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path != "/events" or "summary" in request.url.params:
            return response
        body = response.json()
        if "next" not in body["pages"]:
            place = int(request.url.params.get("before", 2_000_000_000_000)) - 1
            oldest = min((one["created_at"] * 1_000 for one in body["events"]), default=place)
            forms = {
                "null": {"next": None},
                "absent": None,
                "no_link": {"next": None if body["events"] else f"{request.url.path}?next page"},
                "itself": {"next": None if body["events"] else str(request.url)},
                "older": {"next": f"{request.url.path}?before={oldest}"},
            }
            body["pages"] = forms[end]
        return httpx.Response(200, headers={"date": response.headers["date"]}, json=body)

    world.after = ended
    world.sync_all("contacts", "events")

    assert has_all(world, "events")
    assert not world.ear.warnings


def test_a_contact_without_a_list_holds_nothing_back(database: Path) -> None:
    """A contact whose events Intercom does not show is named, and due until it does."""
    world = small_pages(database, contacts=20)
    contact = busiest(world)
    refusal = {"type": "error.list", "errors": [{"code": "not_found", "message": "Not found"}]}

    def refused(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.params.get("intercom_user_id") != contact:
            return response
        return httpx.Response(404, headers={"date": response.headers["date"]}, json=refusal)

    world.after = refused
    world.sync_all("contacts", "events")
    told, cursor = world.ear.warnings, world.cursor("events")
    world.after = as_it_came

    world.sync("events")

    assert 1 == len(told)
    assert (contact,) == cursor.unread
    assert has_all(world, "events")
    assert () == world.cursor("events").unread


@pytest.mark.parametrize("name", NAMES)
def test_a_read_that_is_killed_goes_on(database: Path, name: str) -> None:
    """A first read that is cut off goes on behind the contacts that are committed."""
    world = make_world(database, contacts=160)
    world.sync("contacts")
    world.portions = BatchLimits(commit_rows=1)
    requests = itertools.count()

    def cut(_request: httpx.Request) -> None:
        if next(requests) >= 130:
            raise httpx.ConnectError("the line is cut")

    world.before = cut
    with pytest.raises(TransientError, match="ConnectError"):
        world.sync(name)
    world.before = nothing
    world.workspace.log.clear()
    world.sync(name)

    assert 0 < asked(world) < 120
    assert has_all(world, name)

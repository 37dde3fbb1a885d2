"""Ways to lose a row, or to mark a living one, that were tried and do not work."""

import itertools
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.hidden import needs, path_of
from intercom_assets_tests.guarantees.worlds import small_pages
from intercom_assets_tests.hiding import sync_hiding
from intercom_assets_tests.scenarios.test_history import former, keeping
from intercom_assets_tests.world import DAY, HOUR, make_world


@pytest.mark.parametrize("place", [3, 30])
def test_a_deletion_while_a_list_is_read_marks_no_other(database: Path, place: int) -> None:
    """What is deleted moves others to pages that were read: the next sync marks, and only it."""
    world = make_world(database, contacts=3)
    for number in range(60 - len(world.workspace.collection("calls"))):
        world.workspace.add("calls", {"id": f"c{number}"})
    world.sync("calls")
    gone, asked = world.workspace.collection("calls").ids()[place], list[str]()

    def before(request: httpx.Request) -> None:
        asked.append(request.url.path)
        if asked.count("/calls") == 2:
            world.workspace.delete("calls", gone)
            asked.append("/calls")

    world.before = before
    world.clock.forward(HOUR)
    world.sync("calls")
    during = world.marked("calls")
    world.before = lambda _request: None
    world.sync("calls")

    assert [] == list(during)
    assert [gone] == list(world.marked("calls"))


def test_an_addition_does_not_hide_a_deletion_while_a_list_is_read(database: Path) -> None:
    """One object slips to a page that was read, another comes twice: nothing is marked yet."""
    name = "custom_objects"
    world = make_world(database)
    world.page_size = 50
    world.sync(name)
    newest = max(world.live(name), key=lambda row: (row["type"] == "Order", row["updated_at"]))
    added, pages = {"id": "0", "type": "Order"}, itertools.count(1)

    def before(request: httpx.Request) -> None:
        page = next(pages) if request.url.path.endswith("/Order") else 0
        if page == 2:
            world.workspace.delete(name, newest["id"])
        elif page == 3:
            world.workspace.add(name, added)

    world.before = before
    world.clock.forward(HOUR)
    world.sync(name)
    during = world.marked(name)
    world.sync(name)

    assert set() == during
    assert {newest["id"]} == world.marked(name)
    assert world.expected(name) == world.stored(name)


def test_an_addition_at_the_end_does_not_hide_a_deletion_either(database: Path) -> None:
    """As many objects come as were counted, but one of them is new: nothing is marked yet."""
    name = "custom_objects"
    world = make_world(database)
    world.page_size = 50
    world.sync(name)
    newest = max(world.live(name), key=lambda row: (row["type"] == "Order", row["updated_at"]))
    pages = itertools.count(1)
    world.clock.forward(HOUR)

    def before(request: httpx.Request) -> None:
        if request.url.path.endswith("/Order") and next(pages) == 2:
            world.clock.forward(1)
            world.workspace.delete(name, newest["id"])
            last = {"id": "0", "type": "Order", "updated_at": 1_500_000_000}
            world.workspace.add(name, last)

    world.before = before
    world.sync(name)
    during = world.marked(name)
    world.sync(name)

    assert set() == during
    assert {newest["id"]} == world.marked(name)


def test_what_only_search_shows_survives_a_search_without_it(database: Path) -> None:
    """A conversation that both searches leave out keeps its scorecards, and stays due."""
    world = small_pages(database, contacts=10, conversations=30)
    world.include = ("monitors", "scorecards")
    world.sync_all("contacts", "conversations")
    missed = next(iter(world.workspace.scorecards))
    before = world.row("conversations", missed)
    world.clock.forward(2 * DAY)

    def without(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if not request.url.path.endswith("/search"):
            return response
        body = response.json()
        body["conversations"] = [one for one in body["conversations"] if one["id"] != missed]
        headers = {"date": response.headers["date"]}
        return httpx.Response(response.status_code, headers=headers, json=body)

    world.after = without
    world.sync("conversations", reconcile=True)

    assert before == world.row("conversations", missed)
    assert [missed] == list(world.cursor("conversations").unread)


def test_a_transcript_that_a_search_left_out_is_found_by_a_reconcile(database: Path) -> None:
    """A call that a search does not return has no row yet; a reconcile asks for all calls."""
    world = small_pages(database, contacts=10, conversations=10)
    world.sync("calls")
    world.clock.forward(60 * DAY)
    missed = next(row["id"] for row in world.live("calls") if row["conversation_id"])

    def without(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if not request.url.path.endswith("/calls/search"):
            return response
        body = response.json()
        body["data"] = [one for one in body["data"] if str(one["id"]) != missed]
        return httpx.Response(200, headers={"date": response.headers["date"]}, json=body)

    world.after, answered = without, world.after
    world.sync("call_transcripts")
    world.after = answered
    world.sync("call_transcripts", reconcile=True)

    assert missed in {row["id"] for row in world.live("call_transcripts")}


def test_an_event_that_is_listed_twice_holds_nothing_back(database: Path) -> None:
    """Two entries that are the same are one, and the contact is not due for ever."""
    world = make_world(database, contacts=3)
    contact = world.workspace.collection("contacts").ids()[0]
    world.workspace.events.clear()
    world.workspace.track_event(contact, "signed-up")
    [event] = world.workspace.events[contact]
    world.workspace.events[contact] = [event, dict(event)]

    world.sync_all("contacts", "events")

    assert 1 == len(world.rows("events"))
    assert [] == list(world.cursor("events").unread)


def test_what_makes_the_key_of_an_export_cannot_be_hidden() -> None:
    """Without the address two clicks would be one row."""
    clicks = CATALOG["content_clicks"]
    assert {"id", "receipt_id", "clicked_at", "url"} <= {column.name for column, _ in needs(clicks)}


def test_a_question_with_a_dot_can_be_hidden() -> None:
    """A question is one key, whatever is in its text."""
    surveys = CATALOG["content_survey_responses"]
    assert ("answers", "Your phone no. please?") == path_of(
        surveys, "answers.Your phone no. please?"
    )


def test_a_history_whose_cursor_was_lost_is_hidden_too(duckdb_file: Path) -> None:
    """What is excluded later leaves the former versions, although no cursor tells of them."""
    world = make_world(duckdb_file, contacts=3)
    keeping(world, "contacts")
    zoe = world.workspace.add("contacts", {"name": "Zoe", "email": "secret@example.com"})
    world.sync("contacts")
    world.clock.forward(DAY)
    world.workspace.patch("contacts", zoe, {"email": "other@example.com"})
    world.sync("contacts")
    world.source = replace(world.source, start_date=None)
    world.execute(f"DELETE FROM {world.source.schema}.{world.source.prefix}rudder__cursors")

    sync_hiding(world, "contacts", exclude=["email"])

    assert "secret" not in str(former(world, "contacts"))

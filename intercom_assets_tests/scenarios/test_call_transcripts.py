"""Transcripts of calls: searched by twenty conversations, and read again until they are final."""

import json
from pathlib import Path

import httpx
import pytest

from intercom_assets.errors import IntercomError
from intercom_assets_tests.guarantees.worlds import as_it_came, small_pages
from intercom_assets_tests.world import DAY, World
from intercom_simulator import Record

NAME, SEARCH = "call_transcripts", "POST /calls/search"


def searched(world: World) -> list[list[str]]:
    """List what each search asked for."""
    return [
        one.body["conversation_ids"]
        for one in world.workspace.log.entries
        if one.path == "/calls/search"
    ]


def added(world: World, call: str, status: str | None, **fields: object) -> Record:
    """Add a call of now, with a transcript of a status."""
    conversation = world.workspace.collection("conversations").ids()[0]
    record = {"id": call, "state": "completed", "conversation_id": conversation, **fields}
    world.workspace.add("calls", record)
    said: Record = {"transcript": [{"text": "Grüße"}], "transcript_status": status}
    world.workspace.transcripts[call] = said
    return said


def with_calls(world: World) -> World:
    """Add calls of last year, each of a conversation of its own, to those that there are."""
    for number in range(30):
        own = {"id": f"x{number}", "conversation_id": f"c{number}", "created_at": 1_730_000_000}
        world.workspace.add("calls", own)
    world.sync("calls")
    return world


@pytest.fixture
def synced(world: World) -> World:
    """Sync many calls and their transcripts."""
    with_calls(world).sync(NAME)
    return world


def test_transcripts_are_searched_for_twenty_conversations_at_a_time(synced: World) -> None:
    """Each call of a conversation has a row; what the table of calls holds is not repeated."""
    asked = searched(synced)

    assert synced.expected(NAME) == synced.stored(NAME) != []
    assert 3 == len(asked)
    assert all(len(one) == len(set(one)) <= 20 for one in asked)
    assert {None} == {row["_extra"] for row in synced.rows(NAME)}
    said = [json.loads(row["transcript"]) for row in synced.rows(NAME)]
    assert any(said)
    assert [] in said


def test_a_quiet_sync_asks_nothing(synced: World) -> None:
    """Without a new call or an unfinished transcript nothing is requested."""
    synced.workspace.log.clear()

    report = synced.sync(NAME)

    assert [] == searched(synced)
    assert (0, 0, 0) == (report.inserted, report.updated, report.deleted)


def test_only_calls_that_changed_are_searched_for(synced: World) -> None:
    """A changed call is searched for by its conversation; other calls of it stay as they are."""
    call = next(one for one in synced.workspace.collection("calls") if one["conversation_id"])
    said: Record = {"transcript": [{"text": "new"}], "transcript_status": "completed"}
    synced.workspace.transcripts[call["id"]] = said
    synced.workspace.touch("calls", call["id"])
    synced.workspace.log.clear()

    report = synced.sync_all("calls", NAME)[NAME]

    assert [[call["conversation_id"]]] == searched(synced)
    assert (0, 1, 0) == (report.inserted, report.updated, report.deleted)


def test_an_unfinished_transcript_is_read_again(synced: World) -> None:
    """A transcript that is not final changes without its call: later syncs ask again."""
    said = added(synced, "c1", "in_progress")
    synced.sync_all("calls", NAME)
    said["transcript"] = [{"text": "all of it"}]
    said["transcript_status"] = "completed"
    synced.workspace.log.clear()

    report = synced.sync(NAME)
    again = synced.sync(NAME)

    assert (1, 0) == (report.updated, again.updated)
    assert "completed" == synced.row(NAME, "c1")["transcript_status"]
    assert 1 == len(searched(synced))


def test_a_transcript_is_not_waited_for_for_ever(synced: World) -> None:
    """A week after the call it is taken as it is."""
    added(synced, "c1", None)
    synced.sync_all("calls", NAME)
    for days, expected in ((6, 1), (2, 0)):
        synced.clock.forward(days * DAY)
        synced.workspace.log.clear()
        synced.sync(NAME)

        assert expected == len(searched(synced))


def test_a_call_that_search_shows_late_is_asked_for_again(synced: World) -> None:
    """While a call is young, a search that does not show it yet costs no row."""
    said = added(synced, "c1", "completed", conversation_id="later")
    record = synced.workspace.find("calls", "c1")
    synced.sync("calls")
    synced.workspace.remove("calls", "c1")
    synced.sync(NAME)
    synced.workspace.add("calls", record)

    synced.sync(NAME)

    assert said["transcript"] == json.loads(synced.row(NAME, "c1")["transcript"])


def test_what_a_search_does_not_return_is_not_marked(synced: World) -> None:
    """Only the end of a call marks its transcript."""
    first, second = [row["id"] for row in synced.rows(NAME)[:2]]
    record = synced.workspace.find("calls", first)
    synced.workspace.delete("calls", second)
    synced.workspace.touch("calls", first)
    synced.sync("calls")
    synced.workspace.remove("calls", first)

    synced.sync(NAME)

    assert record["conversation_id"] in searched(synced)[-1]
    assert {second} == synced.marked(NAME)


def test_a_conversation_that_is_refused_holds_back_no_other(duckdb_file: Path) -> None:
    """It is found by halving, passed over, and due until it is read."""
    world, bad = small_pages(duckdb_file), "c7"
    with_calls(world)

    def refuse(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path != "/calls/search" or bad not in request.content.decode():
            return response
        error = {"code": "client_error", "message": "odd"}
        return httpx.Response(400, json={"type": "error.list", "errors": [error]})

    world.after = refuse
    world.sync(NAME)
    unread, stored = world.cursor(NAME).unread, len(world.rows(NAME))
    world.after = as_it_came
    world.sync(NAME)

    assert (("x7",), 29) == (unread, stored)
    assert () == world.cursor(NAME).unread
    assert world.expected(NAME) == world.stored(NAME)


def test_an_interrupted_first_read_resumes(world: World) -> None:
    """Searches that were committed are not sent again."""
    with_calls(world)
    world.portions = type(world.portions)(commit_rows=1)
    world.workspace.faults.on("POST", "/calls/search", "500", call=2, times=None)
    with pytest.raises(IntercomError, match="incident"):
        world.sync(NAME)
    world.workspace.faults.targets.clear()
    world.workspace.log.clear()

    world.sync(NAME)

    assert world.expected(NAME) == world.stored(NAME)
    assert 2 == len(searched(world))

"""Rules 6 and 7 for children: due when their parent's stored version changed, read whole."""

import itertools
from pathlib import Path

import httpx
import pytest

from intercom_assets.engine.cursor import BatchLimits
from intercom_assets.errors import TransientError, Unauthorized
from intercom_assets_tests.world import DAY, HOUR, World, make_world, nothing
from intercom_simulator import Record

PARTS = ("conversations", "conversation_parts")
SEGMENTS = ("companies", "company_segments")


def busy(world: World) -> str:
    """Find a conversation with several parts."""
    return next(key for key, parts in world.workspace.parts.items() if len(parts) > 3)


def test_a_child_is_due_when_its_parents_stored_version_changed(world: World) -> None:
    """Only the parts of conversations that changed are asked for, and all of them are."""
    world.sync_all(*PARTS)
    conversation = busy(world)
    world.clock.forward(HOUR)
    world.workspace.reply(conversation)
    world.clock.forward(1)
    world.workspace.log.clear()

    report = world.sync_all(*PARTS)["conversation_parts"]

    assert 1 == world.workspace.log.count("GET", "/conversations/{id}")
    assert len(world.workspace.parts[conversation]) == report.records_returned
    assert (1, report.records_returned - 1) == (report.inserted, report.unchanged)
    assert world.expected("conversation_parts") == world.stored("conversation_parts")


def test_a_reply_with_an_old_date_is_not_filtered(world: World) -> None:
    """A part of a changed conversation is merged whatever its own date is."""
    world.sync_all(*PARTS)
    world.clock.forward(HOUR)
    part = world.workspace.reply(busy(world), part={"created_at": 1, "updated_at": 1})

    world.sync_all(*PARTS)

    assert 1970 == world.row("conversation_parts", part)["updated_at"].year


def test_lookback_never_reads_children_again(world: World) -> None:
    """A parent that is read again without a change has no children to ask for."""
    world.workspace.touch("conversations", busy(world))
    world.sync_all(*PARTS)
    world.workspace.log.clear()

    reports = world.sync_all(*PARTS)

    assert 1 <= reports["conversations"].unchanged
    assert 0 == world.workspace.log.count("GET", "/conversations/{id}")


def test_a_full_refresh_reads_all_children(world: World) -> None:
    """A full refresh of a child asks for the children of every parent."""
    world.sync_all(*SEGMENTS)
    company = world.workspace.collection("companies").ids()[0]
    segment = world.workspace.collection("segments").ids()[0]
    world.workspace.set_company_segments(company, [segment])

    plain = world.sync("company_segments")
    full = world.sync("company_segments", full_refresh=True)

    assert 0 == plain.records_returned
    assert 0 < full.updated + full.inserted + full.deleted
    assert world.expected("company_segments") == world.stored("company_segments")


def test_a_deleted_part_is_marked(world: World) -> None:
    """A part that its conversation no longer lists is marked; its siblings are not."""
    world.sync_all(*PARTS)
    conversation = busy(world)
    part = str(world.workspace.parts[conversation][0]["id"])
    world.clock.forward(HOUR)
    world.workspace.delete_part(conversation, part)

    report = world.sync_all(*PARTS)["conversation_parts"]

    assert 1 == report.deleted
    assert {part} == world.marked("conversation_parts")


def test_a_conversation_without_parts_marks_its_last_ones(world: World) -> None:
    """A conversation whose parts are all gone has them all marked."""
    world.sync_all(*PARTS)
    conversation = busy(world)
    count = len(world.workspace.parts[conversation])
    world.clock.forward(HOUR)
    world.workspace.parts[conversation] = []
    world.workspace.touch("conversations", conversation)

    report = world.sync_all(*PARTS)["conversation_parts"]

    assert count == report.deleted
    assert world.expected("conversation_parts") == world.stored("conversation_parts")


def test_children_of_a_marked_parent_are_marked_with_it(world: World) -> None:
    """The segments of a company that is gone are marked without asking for them."""
    company = next(key for key, rows in world.workspace.company_segments.items() if rows)
    world.sync_all(*SEGMENTS)
    world.workspace.delete("companies", company)
    world.workspace.log.clear()

    report = world.sync_all(*SEGMENTS)["company_segments"]

    assert {company} == world.marked("company_segments", "company_id")
    assert 0 < report.deleted
    assert 0 == world.workspace.log.count("GET", "/companies/{id}/segments")


def test_children_of_a_parent_that_comes_back_are_unmarked(world: World) -> None:
    """A company that comes back brings its segments with it."""
    company = next(key for key, rows in world.workspace.company_segments.items() if rows)
    record = world.workspace.find("companies", company)
    world.sync_all(*SEGMENTS)
    world.workspace.delete("companies", company)
    world.sync_all(*SEGMENTS)
    world.workspace.add("companies", record)

    world.sync_all(*SEGMENTS)

    assert set() == world.marked("company_segments", "company_id")


def test_children_resume_after_the_last_parent_that_was_committed(database: Path) -> None:
    """A read of children that is cut off goes on behind the parents that are committed."""
    world = make_world(database, conversations=120)
    world.sync("conversations")
    world.portions = BatchLimits(commit_rows=1)
    asked = itertools.count()

    def cut(_request: httpx.Request) -> None:
        if next(asked) >= 90:
            raise httpx.ConnectError("the line is cut")

    world.before = cut
    with pytest.raises(TransientError, match="ConnectError"):
        world.sync("conversation_parts")
    world.before = nothing
    world.workspace.log.clear()

    world.sync("conversation_parts")

    assert 0 < world.workspace.log.count("GET", "/conversations/{id}") <= 70
    assert world.expected("conversation_parts") == world.stored("conversation_parts")


def test_the_cap_keeps_parts_that_were_saved_before(database: Path) -> None:
    """Parts beyond Intercom's 500 stay, unmarked; a deleted one among the 500 is marked."""
    world = make_world(database, conversations=1, parts_per_conversation=0)
    conversation = world.workspace.collection("conversations").ids()[0]
    world.workspace.parts[conversation] = [part(index) for index in range(490)]
    world.sync_all(*PARTS)
    world.clock.forward(DAY)
    world.workspace.parts[conversation] += [part(index) for index in range(490, 530)]
    world.workspace.delete_part(conversation, "100")

    report = world.sync_all(*PARTS)["conversation_parts"]

    assert 500 == report.records_returned
    assert 530 == report.row_count
    assert {"100"} == world.marked("conversation_parts")


def test_exactly_the_cap_is_the_whole_list(database: Path) -> None:
    """A conversation of exactly 500 parts is read whole: what it lacks is gone."""
    world = make_world(database, conversations=1, parts_per_conversation=0)
    conversation = world.workspace.collection("conversations").ids()[0]
    world.workspace.parts[conversation] = [part(index) for index in range(501)]
    world.sync_all(*PARTS)
    world.clock.forward(DAY)
    world.workspace.delete_part(conversation, "1")

    world.sync_all(*PARTS)

    assert {"1"} == world.marked("conversation_parts")


def test_a_scope_that_is_missing_stops_one_resource(world: World) -> None:
    """A missing scope fails its resource at once, naming it; the others go on."""
    world.workspace.access.missing_scopes = {"read_conversations"}

    with pytest.raises(Unauthorized, match="Read conversations"):
        world.sync("conversations")
    report = world.sync("contacts")

    assert 1 == world.workspace.log.count("POST", "/conversations/search")
    assert 60 == report.inserted


def part(index: int) -> Record:
    """Make a part; its number is its id and its place in time."""
    return {
        "type": "conversation_part",
        "id": str(index),
        "part_type": "comment",
        "body": f"<p>{index}</p>",
        "created_at": 1_700_000_000 + index,
        "updated_at": 1_700_000_000 + index,
    }


def test_parts_that_change_in_the_second_in_which_they_are_read_are_found(world: World) -> None:
    """A part that goes in the second of its conversation's last change leaves that as it was."""
    world.sync_all(*PARTS)
    conversation = world.workspace.add("conversations", {"id": "new"})
    part = world.workspace.reply(conversation)
    record = world.workspace.find("conversations", conversation)
    world.workspace.log.clear()

    def delete_at_once(_request: httpx.Request) -> None:
        if world.workspace.log.count("GET", "/conversations/{id}") == 1:
            world.workspace.parts[conversation] = []

    # The conversation is asked for, and its part goes while the answer is on its way.
    world.before = delete_at_once
    world.sync_all(*PARTS)
    world.sync_all(*PARTS)

    assert record == world.workspace.find("conversations", conversation)
    assert world.expected("conversation_parts") == world.stored("conversation_parts")
    assert part not in {row["id"] for row in world.live("conversation_parts")}

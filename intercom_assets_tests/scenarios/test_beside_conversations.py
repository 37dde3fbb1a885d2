"""What lies beside conversations: events without an id, and lists whose pages are only counted."""

from intercom_assets_tests.world import World

NAMES = ("handling_events", "side_conversations")


def test_everything_beside_a_conversation_is_stored(world: World) -> None:
    """Each event and side conversation has one row, over all pages; a quiet sync asks nothing."""
    world.sync_all("conversations", *NAMES)
    keys = {row["id"] for row in world.rows("handling_events")}
    world.workspace.log.clear()

    world.sync_all(*NAMES)

    events = world.workspace.truth("handling_events")
    sides = world.workspace.truth("side_conversations")
    assert len(events) == len(keys) > 5
    assert sorted((one["conversation_id"], one["side_conversation_id"]) for one in sides) == sorted(
        (row["conversation_id"], row["side_conversation_id"])
        for row in world.live("side_conversations")
    )
    assert world.expected("side_conversations") == world.stored("side_conversations")
    assert len(sides) > 53
    assert not [one for one in world.workspace.log.counts if one != "GET /me"]


def test_an_event_keeps_its_row(world: World) -> None:
    """An event has no id: the hash of what it says is its key, wherever it stands in the list."""
    world.sync_all("conversations", *NAMES)
    key, events = next(one for one in world.workspace.handling_events.items() if len(one[1]) > 2)
    before = {row["id"] for row in world.live("handling_events")}
    added = {**events[0], "timestamp": "2022-01-01T00:00:00Z"}
    world.workspace.handling_events[key] = [added, *events]
    world.workspace.touch("conversations", key)

    report = world.sync_all("conversations", *NAMES)["handling_events"]

    assert (1, 0, 0) == (report.inserted, report.updated, report.deleted)
    assert before < {row["id"] for row in world.live("handling_events")}
    assert {None} == {row["_extra"] for row in world.rows("handling_events")}


def test_what_changes_beside_its_conversation_is_found_by_a_reconcile(world: World) -> None:
    """Whether a conversation changes with them is not documented: a reconcile reads all."""
    world.sync_all("conversations", *NAMES)
    key, sides = next(iter(world.workspace.side_conversations.items()))
    world.workspace.side_conversations[key] = sides[1:]

    world.sync("side_conversations")
    before = world.marked("side_conversations", "side_conversation_id")
    world.sync("side_conversations", reconcile=True)

    assert set() == before
    assert {sides[0]["side_conversation_id"]} == world.marked(
        "side_conversations", "side_conversation_id"
    )


def test_a_renamed_teammate_makes_a_new_event(world: World) -> None:
    """An event that says something else has another key: its former row is marked."""
    world.sync_all("conversations", *NAMES)
    key, events = next(one for one in world.workspace.handling_events.items() if one[1])
    renamed = {**events[0], "teammate": {**events[0]["teammate"], "name": "Ada"}}
    world.workspace.handling_events[key] = [renamed, *events[1:]]
    world.workspace.touch("conversations", key)

    report = world.sync_all("conversations", *NAMES)["handling_events"]

    assert (1, 0, 1) == (report.inserted, report.updated, report.deleted)

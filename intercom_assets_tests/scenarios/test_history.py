"""A history over whole syncs: what is kept, and what must never be in it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.resource import Resource
from intercom_assets.engine.progress import Report
from intercom_assets.warehouse.duckdb import connect
from intercom_assets_tests.guarantees.versions import broken, versions
from intercom_assets_tests.hiding import hash_of, sync_hiding
from intercom_assets_tests.places import DuckDBPlace, Place
from intercom_assets_tests.scenarios.test_evolving import narrow, sync_as
from intercom_assets_tests.world import DAY, HOUR, Row, World, make_world

NAMES = ("tags", "contacts", "conversations", "conversation_parts")
TAGS = CATALOG["tags"]


def keeping(world: World, *names: str) -> World:
    """Keep a history of some resources from now on, and of no other."""
    world.source = replace(world.source, history=frozenset(names))
    return world


def former(world: World, name: str, resource: Resource | None = None) -> list[Row]:
    """Read the history of a resource."""
    target = world.source.target(resource or CATALOG[name]).history
    rows: list[Row] = world.warehouse.read(target).to_pylist()
    return rows


@pytest.fixture
def world(database: Path | Place) -> World:
    """Make a small world with a history."""
    return keeping(make_world(database, contacts=12, conversations=6, tags=4), *NAMES)


def changes(world: World) -> Iterator[None]:
    """Let things change, and let them be synced before and after each change."""
    contacts = world.workspace.collection("contacts").ids()
    conversations = world.workspace.collection("conversations").ids()
    yield
    for number in range(3):
        world.clock.forward(DAY)
        world.workspace.touch("contacts", contacts[number])
        world.workspace.reply(conversations[number])
        world.workspace.rename("tags", world.workspace.collection("tags").ids()[0], f"t{number}")
        yield


def kept_by(reports: Mapping[str, Report]) -> int:
    """Count what syncs kept."""
    return sum(report.archived for report in reports.values())


def test_a_second_sync_keeps_nothing(world: World) -> None:
    """What did not change is kept by no sync, not even by one that reads everything again."""
    kept = [kept_by(world.sync_all(*NAMES)) for _ in changes(world)]

    again = world.sync_all(*NAMES)
    refreshed = world.sync_all(*NAMES, full_refresh=True)

    assert [0, 3, 3, 3] == kept
    assert {0} == {one.archived for one in (*again.values(), *refreshed.values())}
    assert [] == [key for name in NAMES for key in broken(world, name)]


def test_a_full_refresh_keeps_what_differs(world: World) -> None:
    """A full refresh keeps what a row was that changed in silence, and one that is gone."""
    one, gone, *_ = world.workspace.collection("contacts").ids()
    world.sync("contacts")
    world.workspace.patch("contacts", one, {"name": "Silent"}, bump=False)
    world.workspace.delete("contacts", gone)

    report = world.sync("contacts", full_refresh=True)

    assert (2, {one, gone}) == (report.archived, {row["id"] for row in former(world, "contacts")})
    assert {gone} == world.marked("contacts")


def test_a_history_changes_no_row(world: World, tmp_path: Path) -> None:
    """Tables are the same with a history as without one, to the last value."""
    place = DuckDBPlace(tmp_path / "without.duckdb")
    without = keeping(replace(world, place=place, warehouse=place.warehouse(world.clock.moment)))

    with connect(place.database):
        for _ in changes(world):
            now = world.clock.now
            world.sync_all(*NAMES)
            world.clock.now = now
            without.sync_all(*NAMES)

        for name in NAMES:
            assert sorted(world.rows(name), key=str) == sorted(without.rows(name), key=str)


def test_a_part_that_is_gone_ends_its_version(world: World) -> None:
    """A part that its conversation's list lost has a version until then, and is marked since."""
    conversation = world.workspace.collection("conversations").ids()[0]
    world.sync_all(*NAMES)
    gone = str(world.workspace.parts[conversation].pop()["id"])
    world.clock.forward(HOUR)
    world.workspace.touch("conversations", conversation)

    report = world.sync_all("conversations", "conversation_parts")["conversation_parts"]

    [kept] = former(world, "conversation_parts")
    assert (1, gone, None) == (report.archived, kept["id"], kept["_deleted_at"])
    assert {gone} == world.marked("conversation_parts")


def test_new_columns_are_filled_in_former_versions(world: World) -> None:
    """Columns of a newer release are in both tables, with the values that were in `_extra`."""
    tag = world.workspace.add("tags", {"type": "tag", "name": "before"})
    sync_as(world, narrow(TAGS))
    world.workspace.rename("tags", tag, "between")
    sync_as(world, narrow(TAGS))
    world.workspace.rename("tags", tag, "after")

    world.sync("tags")

    assert ["before", "between", "after"] == [
        row["name"] for row in versions(world, "tags")[(tag,)]
    ]
    assert not [row for row in former(world, "tags") if "name" in json.loads(row["_extra"] or "{}")]


def test_new_columns_come_to_a_history_that_was_off(world: World) -> None:
    """A history that kept nothing for a release gets the columns when it is on again."""
    tag = world.workspace.add("tags", {"type": "tag", "name": "before"})
    sync_as(world, narrow(TAGS))
    world.workspace.rename("tags", tag, "between")
    sync_as(world, narrow(TAGS))
    keeping(world).sync("tags")
    world.workspace.rename("tags", tag, "after")

    keeping(world, "tags").sync("tags")

    assert ["before", "between", "after"] == [
        row["name"] for row in versions(world, "tags")[(tag,)]
    ]


@pytest.mark.parametrize("on", [True, False])
def test_what_is_hidden_leaves_former_versions_too(world: World, *, on: bool) -> None:
    """What is excluded or hashed later is in no former version, even if none is kept any more."""
    zoe = world.workspace.add("contacts", {"name": "Zoe Secret", "email": "secret@x.y"})
    for city in ("Secretville", "Secret City"):
        world.sync("contacts")
        world.workspace.patch("contacts", zoe, {"location": {"city": city}, "nickname": "secret"})
    world.sync("contacts")
    keeping(world, *(["contacts"] if on else []))

    names: dict[str, Any] = {
        "exclude": ["name", "location", "_extra.nickname"],
        "hashed": ["email"],
    }
    sync_hiding(world, "contacts", **names)
    world.workspace.patch("contacts", zoe, {"phone": "1"})
    sync_hiding(world, "contacts", **names)

    rows = versions(world, "contacts")[(zoe,)]
    assert 3 + on * 2 == len(rows)
    assert "ecret" not in json.dumps([*rows, *former(world, "contacts")], default=str)
    assert {hash_of("secret@x.y")} == {row["email"] for row in rows}


def test_a_table_that_was_dropped_begins_anew(world: World) -> None:
    """A table that somebody drops is rebuilt; its former versions stay, and none overlaps."""
    for _ in changes(world):
        world.sync_all(*NAMES)
    before = former(world, "contacts")
    world.execute(f"DROP TABLE {world.source.schema}.{world.source.prefix}rudder_contacts")
    world.clock.forward(DAY)

    world.sync("contacts")
    world.workspace.touch("contacts", world.workspace.collection("contacts").ids()[0])
    world.sync("contacts")

    after = former(world, "contacts")
    assert len(before) + 1 == len(after)
    for rows in versions(world, "contacts").values():
        ends = [row["_valid_to"] for row in rows[:-1]]
        assert all(end <= row["_synced_at"] for end, row in zip(ends, rows[1:], strict=True))


def test_a_redacted_part_leaves_no_text(world: World) -> None:
    """What Intercom redacts is in no former version of the part, nor of the conversation."""
    conversation = world.workspace.collection("conversations").ids()[0]
    part = world.workspace.parts[conversation][-1]
    for body in ("secret", "also secret", None):
        part |= {"body": body, "redacted": body is None}
        source = {**world.workspace.find("conversations", conversation)["source"], "body": body}
        world.workspace.patch(
            "conversations", conversation, {"source": {**source, "redacted": body is None}}
        )
        world.clock.forward(HOUR)
        world.sync_all("conversations", "conversation_parts")

    kept = [*former(world, "conversations"), *former(world, "conversation_parts")]
    assert 4 == len(kept)
    assert "secret" not in json.dumps(kept, default=str)
    assert {conversation} == {row["id"] for row in kept[:2]}
    assert {row["state"] for row in world.rows("conversations") if row["id"] == conversation} == {
        row["state"] for row in kept[:2]
    }

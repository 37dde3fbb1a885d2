"""Who asks to be forgotten leaves no text in any warehouse; no row of others changes."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import httpx
import pytest

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.replication import PerParent
from intercom_assets.engine.forget import PERSONAL, forget, stored_of
from intercom_assets.errors import WarehouseError
from intercom_assets.warehouse.duckdb import DuckDBWarehouse, connect
from intercom_assets_tests.guarantees.budget import TORTURE
from intercom_assets_tests.places import DuckDBPlace, Fate, Place, SnowflakePlace
from intercom_assets_tests.world import DAY, Row, World, make_world

ZOE, ANN = "5ba682d23d7cf92bef87bfd4", "5ba682d23d7cf92bef87bfd5"
BOB = "5ba682d23d7cf92bef87bfd6"
SHARED = "990"
PLANTED = "pl4nt3d"
CHILDREN = tuple(
    one.name
    for one in CATALOG
    if isinstance(one.replication, PerParent) and one.replication.parent == "contacts"
)
KEPT = ("contacts", "conversations", "conversation_parts")
NAMES = (*KEPT[:1], *CHILDREN, *KEPT[1:])
FEW = (*KEPT[:1], "events", *KEPT[1:])
"""Enough for each statement of an erasure; in Snowflake each sync takes a second."""


def person(key: str, said: str) -> dict[str, Any]:
    """Describe somebody who says something everywhere."""
    return {"id": key, "role": "user", "name": said, "email": f"{said}@x.y", "nickname": said}


def conversation(said: str, *people: str, author: str | None = None) -> dict[str, Any]:
    """Describe a conversation of some people."""
    return {
        "title": said,
        "hint": said,
        "source": {"type": "conversation", "body": said, "author": {"id": author, "name": said}},
        "contacts": {
            "type": "contact.list",
            "contacts": [
                {"type": "contact", "id": one, "external_id": PLANTED if one == ZOE else "kept"}
                for one in people
            ],
        },
    }


def names_of(world: World) -> list[str]:
    """Name the resources of a world, parents first."""
    return [name for name in NAMES if name in world.source.history]


def fill(world: World) -> None:
    """Let Zoe, and Ann, have something in every table, and two versions of each."""
    workspace, names = world.workspace, names_of(world)
    theirs: dict[str, list[str]] = {}
    for key, said in ((ZOE, PLANTED), (ANN, "kept")):
        workspace.add("contacts", person(key, said))
        workspace.track_event(key, said)
        theirs[key] = [
            workspace.add("conversations", conversation(said, author=key)),
            workspace.add("conversations", conversation(said, key, author="1")),
        ]
        for one in theirs[key]:
            author = {"type": "user", "id": key, "name": said, "email": said}
            workspace.reply(one, body=said, author=author)
            workspace.reply(one, body="of a teammate")
    world.sync_all(*names)
    world.clock.forward(DAY)
    for key, conversations in theirs.items():
        workspace.touch("contacts", key)
        for one in conversations:
            workspace.patch("conversations", one, {"state": "closed"})
    workspace.add(
        "conversations", {**conversation(PLANTED, ZOE, ANN, BOB, author=ZOE), "id": SHARED}
    )
    # In a former version only: who left the conversation.
    left = conversation("kept", ANN, author="1")["contacts"]
    workspace.patch("conversations", theirs[ZOE][1], {"contacts": left})
    world.sync_all(*names)
    # What changed within the lookback of the newest record is read again.
    world.clock.forward(DAY)
    workspace.touch("contacts", ANN)
    workspace.touch("conversations", theirs[ANN][0])
    world.sync_all(*names)


@pytest.fixture
def world(place: Place) -> Iterator[World]:
    """Sync a world with a history, in which Zoe and Ann have said something."""
    world = make_world(place)
    few = isinstance(place, SnowflakePlace) and not TORTURE
    world.source = replace(world.source, history=frozenset(FEW if few else NAMES))
    with connect(place.database) if isinstance(place, DuckDBPlace) else nullcontext():
        fill(world)
        yield world


def everything(world: World) -> dict[str, list[Row]]:
    """Read all tables and histories."""
    targets = [world.source.target(CATALOG[name]) for name in names_of(world)]
    return {
        one.name: sorted(world.warehouse.read(one).to_pylist(), key=str)
        for table in targets
        for one in (table, table.history)
    }


@pytest.mark.parametrize("place", ["duckdb", "snowflake"], indirect=True)
def test_nothing_of_a_contact_is_left(world: World) -> None:
    """Their rows and texts go from tables and histories; all other rows stay, to the last value.

    A later sync reads and writes nothing, since no row and no cursor was dated anew.
    """
    before = everything(world)
    cursors = world.warehouse.cursors(world.source.schema, world.source.prefix)

    forget(world.source, world.warehouse, [ZOE])

    after = everything(world)
    assert PLANTED in str(before["p_rudder_events"])
    assert PLANTED not in str(after)
    # Of Bob nothing is left but his place in that list.
    assert {ANN, BOB} == stored_of(world.source, world.warehouse, [ZOE, ANN, BOB]).known
    assert cursors == world.warehouse.cursors(world.source.schema, world.source.prefix)
    for name, rows in before.items():
        theirs = [row for row in rows if PLANTED in str(row) or ZOE in str(row)]
        assert [row for row in rows if row not in theirs] == [
            row for row in after[name] if row in rows and row not in theirs
        ]
        deleted = not any(one in name for one in PERSONAL)
        assert len(after[name]) == len(rows) - (len(theirs) if deleted else 0)

    others = {
        str([one["id"] for one in json.loads(row["contacts"])["contacts"]])
        for name in ("p_rudder_conversations", "p_rudder_conversations_history")
        for row in after[name]
        if row["id"] == SHARED
    }
    assert {str([ANN, BOB])} == others

    world.workspace.delete("contacts", ZOE)
    world.clock.forward(DAY)
    reports = world.sync_all(*names_of(world))

    assert {0} == {one.inserted + one.updated + one.deleted for one in reports.values()}
    assert {0} == {one.archived for one in reports.values()}
    assert after == everything(world)


@pytest.mark.parametrize("place", ["duckdb"], indirect=True)
def test_a_table_is_erased_whole_or_not_at_all(world: World, place: Place) -> None:
    """An error at any statement leaves a table and its history alike; running it again ends it."""
    names = [world.source.target(CATALOG[name]).name for name in NAMES]
    before, errors = everything(world), 0
    for fatal in range(1, 200, 2):
        try:
            forget(world.source, place.frail(Fate(fatal), world.clock.moment), [ZOE])
            break
        except WarehouseError:
            errors += 1
        after = everything(world)
        for name in names:
            pair = (name, f"{name}_history")
            changed = {after[one] != before[one] for one in pair if PLANTED in str(before[one])}
            assert len(changed) < 2

    assert errors > 2
    assert PLANTED not in str(everything(world))


@pytest.mark.parametrize("place", ["duckdb"], indirect=True)
def test_what_a_sync_writes_while_it_is_waited_for_is_erased(world: World) -> None:
    """A conversation that is stored just before the lock is free is rid of what is personal."""
    world.clock.forward(DAY)
    key = world.workspace.add("conversations", conversation(PLANTED, ZOE, author=ZOE))
    asked = threading.Event()
    warehouse = DuckDBWarehouse(world.database, now=world.clock.moment, lock_patience=60)
    waiting = threading.Thread(target=forget, args=(world.source, warehouse, [ZOE]))

    def before(request: httpx.Request) -> None:
        if request.url.path == "/conversations/search" and not asked.is_set():
            asked.set()
            waiting.start()
            time.sleep(1)

    world.before = before
    world.sync("conversations")
    waiting.join()

    assert world.row("conversations", key)["title"] is None
    assert PLANTED not in str(everything(world))

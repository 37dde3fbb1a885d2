"""What is hidden later leaves the stored rows of any warehouse whole, or not at all."""

import json
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from intercom_assets.engine.rewrite import hide_stored
from intercom_assets.errors import WarehouseError
from intercom_assets.warehouse.duckdb import connect
from intercom_assets_tests.hiding import hash_of, hidden_of, hiding, stored_text, sync_hiding
from intercom_assets_tests.places import DuckDBPlace, Fate, Place, SnowflakePlace
from intercom_assets_tests.world import World, make_world

PERSON = {
    "role": "user",
    "name": "Zoe Secret",
    "email": "secret@x.y",
    "location": {"city": "Secretville", "country": "Norway"},
    "custom_attributes": {"phone": "secret", "plan": "pro"},
    "avatar": {"image_url": 7},
    "nickname": {"first": "secretive", "other": 1},
}


@pytest.fixture
def world(place: Place) -> Iterator[World]:
    """Sync a person with something to hide everywhere."""
    world = make_world(place)
    world.workspace.add("contacts", {"id": "zoe", **PERSON})
    # A file that is held open is opened quickly.
    with connect(place.database) if isinstance(place, DuckDBPlace) else nullcontext():
        world.sync("contacts")
        yield world


def test_each_statement_may_fail(world: World, place: Place, tmp_path: Path) -> None:
    """An error at any statement leaves rows and memory as they were; the next sync ends it."""
    hidden = hidden_of(
        "contacts",
        ["name", "location_city", "custom_attributes.phone"],
        ["email", "_extra.nickname.first"],
    )
    before = world.rows("contacts")
    errors = 0

    with world.connection() as connection:
        extract = hiding(world.extract(connection, "contacts"), hidden)
        for fatal in range(1, 100, 3 if isinstance(place, SnowflakePlace) else 1):
            state, stored = world.warehouse.inspect(extract.declared), world.cursor("contacts")
            frail = place.frail(Fate(fatal), world.clock.moment)
            try:
                done = hide_stored(extract, frail, state=state, stored=stored, folder=tmp_path)
                break
            except WarehouseError:
                errors += 1
            assert before == world.rows("contacts")
            assert stored == world.cursor("contacts")

    (row,) = world.rows("contacts")
    assert done == world.cursor("contacts")
    assert errors > 2
    assert (None, None, hash_of("secret@x.y")) == (row["name"], row["location_city"], row["email"])
    assert {"plan": "pro"} == json.loads(row["custom_attributes"])
    assert {"first": hash_of("secretive"), "other": 1} == json.loads(row["_extra"])["nickname"]
    assert ("Norway", before[0]["_synced_at"], None) == (
        row["location_country"],
        row["_synced_at"],
        row["_row_hash"],
    )
    assert "ecret" not in stored_text(world, "contacts")


def test_hidden_from_the_start_and_later_are_the_same(world: World) -> None:
    """A table that was made without an excluded column takes commits, and can get it again."""
    settings: dict[str, Any] = {
        "exclude": ["name", "custom_attributes"],
        "hashed": ["location_city"],
    }
    world.execute(f"DROP TABLE {world.source.schema}.{world.source.prefix}rudder_contacts")
    sync_hiding(world, "contacts", **settings)
    again = sync_hiding(world, "contacts", **settings, full_refresh=True)

    shown = sync_hiding(world, "contacts", full_refresh=True)

    (row,) = world.rows("contacts")
    assert (0, 1) == (again.updated, shown.updated)
    assert ("Zoe Secret", "Secretville") == (row["name"], row["location_city"])
    assert PERSON["custom_attributes"] == json.loads(row["custom_attributes"])

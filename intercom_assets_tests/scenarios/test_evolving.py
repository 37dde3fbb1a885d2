"""Section 5: no field disappears, and new columns are filled from what was kept."""

import json
from dataclasses import replace
from typing import Any

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.resource import Resource
from intercom_assets.engine.extract import Extract
from intercom_assets_tests.world import HOUR, World
from intercom_simulator import Record

TAGS = CATALOG["tags"]


def narrow(resource: Resource) -> Resource:
    """Declare a resource as an older release did: with `id` and `type` alone."""
    return replace(
        resource, columns=tuple(one for one in resource.columns if one.name in {"id", "type"})
    )


def sync_as(world: World, resource: Resource) -> None:
    """Sync a resource as declared here."""
    with world.connection() as connection:
        extract: Extract = replace(world.extract(connection, resource.name), resource=resource)
        world.sync_extract(extract)


def add_tag(world: World, **fields: Any) -> str:  # noqa: ANN401 - any JSON
    """Add a tag with any fields."""
    record: Record = {"type": "tag", "name": "x", **fields}
    return world.workspace.add("tags", record)


def test_new_columns_are_filled_from_extra(world: World) -> None:
    """Columns of a newer release are filled locally; hashes and times stay as they are."""
    tag = add_tag(world, applied_by={"type": "admin", "id": 7, "mood": "good"}, colour="red")
    sync_as(world, narrow(TAGS))
    before = {
        row["id"]: (row["_row_hash"], row["_synced_at"]) for row in world.rows_of(narrow(TAGS))
    }
    world.clock.forward(HOUR)

    report = world.sync("tags")

    row = world.row("tags", tag)
    assert ("x", "admin", "7") == (row["name"], row["applied_by_type"], row["applied_by_id"])
    assert {"applied_by": {"mood": "good"}, "colour": "red"} == {
        name: value
        for name, value in json.loads(row["_extra"]).items()
        if name in {"applied_by", "colour"}
    }
    assert (0, 0) == (report.inserted, report.updated)
    assert before == {
        row["id"]: (row["_row_hash"], row["_synced_at"]) for row in world.rows("tags")
    }


def test_a_misfit_stays_in_extra_when_its_column_comes(world: World) -> None:
    """What does not fit a new column stays where it was."""
    tag = add_tag(world, applied_at="long ago")
    sync_as(world, narrow(TAGS))

    world.sync("tags")

    row = world.row("tags", tag)
    assert row["applied_at"] is None
    assert "long ago" == json.loads(row["_extra"])["applied_at"]


def test_a_table_without_rows_to_fill_gets_its_columns(world: World) -> None:
    """Columns are added where nothing has to be filled."""
    for tag in world.workspace.collection("tags").ids():
        world.workspace.delete("tags", tag)
    sync_as(world, narrow(TAGS))

    world.sync("tags")
    tag = add_tag(world)
    world.sync("tags")

    assert "x" == world.row("tags", tag)["name"]


def test_retyped_added_and_removed_fields_fail_no_sync(world: World) -> None:
    """A sync never fails because a field changed its type, came or went."""
    odd: list[Record] = [
        {"name": {"first": "a"}},
        {"name": ["list"], "applied_at": 1_700_000_000_000},
        {"name": None, "applied_by": "somebody", "count": 2**70},
        {"name": "\ud83d cut", "id\u0000": "\u0000"},
        {"name": True, "applied_at": "2024-01-01T00:00:00Z"},
    ]
    for fields in odd:
        add_tag(world, **fields)

    report = world.sync("tags")
    again = world.sync("tags")

    assert 45 == report.inserted == again.unchanged
    assert {"name": 3, "applied_at": 1, "applied_by": 1} == dict(report.misfits)
    assert "\ufffd cut" in {row["name"] for row in world.rows("tags")}


def test_a_record_without_its_key_is_kept(world: World) -> None:
    """A record that Intercom sends without an id has a row, once."""
    world.workspace.collection("tags").fill([{"id": "", "name": "no id"}])

    report = world.sync("tags")
    again = world.sync("tags")

    assert 41 == report.row_count == again.row_count

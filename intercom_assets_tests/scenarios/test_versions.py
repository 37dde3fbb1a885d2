"""Every version of the API from 2.1 on gives the same tables, but for what it does not tell.

What it does not tell is in one table, `docs/api_changes.py`; these tests hold code, simulator and
table to each other. The shapes of versions before 2.7 are unverified.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from intercom_assets.catalog import CATALOG, NEWEST, ApiVersion, Level, Resource
from intercom_assets_tests import copies
from intercom_assets_tests.dagster_project.reading import problems, read
from intercom_assets_tests.docs.api_changes import lacking, partial, respelled
from intercom_assets_tests.guarantees.budget import some
from intercom_assets_tests.places import Place
from intercom_assets_tests.world import COMPARED, HOUR, Row, World, make_world

VERSIONS = tuple(map(ApiVersion.parse, ("2.1", "2.5", "2.7", "2.11", "2.14", "2.16")))
FOLLOWED = ("contacts", "conversations", "conversation_parts")
OURS = {"_row_hash", "_synced_at"}
TICKETS = {"tickets", "ticket_parts", "ticket_types", "ticket_states"}

FEW = map(ApiVersion.parse, ("2.1", "2.11", "2.16"))

every_version = pytest.mark.parametrize("version", some(VERSIONS, *FEW), ids=str)


@every_version
def test_a_version_is_synced_whole_and_then_at_rest(
    copied: Callable[..., World], version: ApiVersion
) -> None:
    """A first sync stores the truth of the version, a second one writes nothing."""
    world = copied(synced_in, version)

    compared = [name for name in names(version) if name in COMPARED]
    stored = {name: world.stored(name) for name in compared}
    world.clock.forward(HOUR)
    again = world.sync_all(*names(version))

    assert {name: world.expected(name) for name in compared} == stored
    assert {(0, 0, 0)} == {(one.inserted, one.updated, one.deleted) for one in again.values()}


@every_version
def test_a_version_is_followed_and_reconciled(
    copied: Callable[..., World], version: ApiVersion
) -> None:
    """What changes and what is deleted is found in every version."""
    world = copied(synced_in, version)
    changed, gone = world.workspace.collection("conversations").ids()[:2]
    lost = world.workspace.collection("contacts").ids()[0]
    world.clock.forward(HOUR)
    world.workspace.reply(changed)
    world.workspace.delete("conversations", gone)
    world.workspace.delete("contacts", lost)

    reports = world.sync_all(*FOLLOWED, reconcile=True)

    assert (1, 1) == (reports["conversations"].updated, reports["conversation_parts"].inserted)
    assert {gone} == world.marked("conversations")
    assert {lost} == world.marked("contacts")
    assert world.expected("conversations") == world.stored("conversations")


@every_version
def test_tables_look_alike_in_every_version(
    copied: Callable[..., World], tmp_path: Path, version: ApiVersion
) -> None:
    """Columns, types and values are those of the newest version, where the version tells them."""
    world = copied(synced_in, version)
    with copies.copied(tmp_path / "newest", synced_in, NEWEST) as other:
        newest = {name: other.rows(name) for name in COMPARED}

    differences = {
        f"{name}.{difference}"
        for name in names(version)
        for difference in compare(CATALOG[name], version, world.rows(name), newest[name])
    }
    assert set() == differences


def test_an_assignee_of_2_1_is_found_in_the_columns_of_later_versions(database: Path) -> None:
    """The object `assignee` of 2.1 is kept, and its id stands where later versions have it."""
    world = world_of(database, ApiVersion(2, 1))
    first, second, third = world.workspace.collection("conversations").ids()[:3]
    for record_id, admin, team in ((first, 7, 8), (second, 0, 8), (third, 0, None)):
        assigned = {"admin_assignee_id": admin, "team_assignee_id": team}
        world.workspace.patch("conversations", record_id, assigned)

    world.sync("conversations")

    rows = [world.row("conversations", record_id) for record_id in (first, second, third)]
    assert [("7", None), (None, "8"), (None, None)] == [
        (row["admin_assignee_id"], row["team_assignee_id"]) for row in rows
    ]
    assert '{"id":"8","type":"team"}' == rows[1]["assignee"]
    assert rows[2]["assignee"] is None


@pytest.mark.parametrize(
    ("version", "missing"),
    [
        ("2.1", {"company_segments", *TICKETS, "deleted_conversations"}),
        ("2.5", {*TICKETS, "deleted_conversations"}),
        ("2.7", {*TICKETS, "deleted_conversations"}),
        ("2.11", {"ticket_states", "deleted_conversations"}),
        ("2.14", {"deleted_conversations"}),
        ("2.16", set()),
    ],
)
def test_all_means_what_the_version_has(version: str, missing: set[str]) -> None:
    """`all` leaves out what a version lacks; naming it is refused when definitions load."""
    defaults = {resource.name for resource in CATALOG if resource.level is Level.CORE}
    chosen = {one.name for one in read(resources="all", api_version=version).resources}
    lacking = set(COMPARED) - set(names(ApiVersion.parse(version)))
    refused = {name for name in lacking if problems(resources=name, api_version=version)}

    assert defaults - missing == chosen
    assert missing <= refused == lacking


def synced_in(database: Path | Place, version: ApiVersion) -> World:
    """Make the same world in a version, and sync what the version has."""
    world = world_of(database, version)
    world.sync_all(*names(version))
    return world


def world_of(database: Path | Place, version: ApiVersion) -> World:
    """Make the same world in a version."""
    world = make_world(
        database, contacts=24, companies=8, conversations=30, parts_per_conversation=4
    )
    world.version = version
    return world


def names(version: ApiVersion) -> tuple[str, ...]:
    """Name the resources that a version has."""
    return tuple(name for name in COMPARED if CATALOG[name].since <= version)


def compare(
    resource: Resource, version: ApiVersion, older: list[Row], newest: list[Row]
) -> set[str]:
    """Name the columns that differ otherwise than the table of changes says."""
    by_key = {tuple(row[name] for name in resource.primary_key): row for row in newest}
    pairs = [(row, by_key[tuple(row[name] for name in resource.primary_key)]) for row in older]
    assert len(newest) == len(pairs)
    columns = [column.name for column in resource.table.all_columns if column.name not in OURS]
    differing = set()
    for column in columns:
        is_alike = likeness(resource.name, column, version)
        if not all(is_alike(old[column], new[column]) for old, new in pairs):
            differing.add(column)
    return differing


def likeness(resource: str, column: str, version: ApiVersion) -> Callable[[object, object], bool]:
    """Say when a cell is what the table of changes leads to expect."""
    if lacking(resource, column, NEWEST):
        return lambda _old, new: new is None
    if lacking(resource, column, version):
        return lambda old, _new: old is None
    if respelled(resource, column, version):
        return lambda old, new: (old is None) == (new is None)
    if partial(resource, column, version):
        return lambda old, new: old is None or old == new
    return lambda old, new: old == new

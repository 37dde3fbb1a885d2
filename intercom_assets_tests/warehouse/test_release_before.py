"""A database that the release before wrote goes on under this one.

`before.duckdb.xz` was written by commit f6725e9, with its own simulator and the helpers of its
tests: the workspace of `before()`, each resource synced once and the contacts once more after one
was deleted, with `phone` excluded and `email` hashed; then every view. A later release must not
write it anew: the file is what stays comparable.
"""

import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from intercom_assets.catalog import CATALOG, NEWEST, Level
from intercom_assets.catalog.views import models_of
from intercom_assets.engine.progress import Report
from intercom_assets.views.build import make_views
from intercom_assets.warehouse.duckdb import connect
from intercom_assets.warehouse.queries import (
    DuplicateKeys,
    ExtraFields,
    IncompleteChildren,
    MissingMembers,
    MissingParents,
    Query,
)
from intercom_assets.warehouse.views import Made
from intercom_assets_tests.hiding import hash_of, sync_hiding
from intercom_assets_tests.world import World, make_world

FILE = Path(__file__).with_name("before.duckdb.xz")

TABLES = [*(one.name for one in CATALOG.up_to(Level.CORE, NEWEST)), "ticket_types", "ticket_states"]
"""What the release before could sync."""

VIEWS = tuple(one for one in models_of(CATALOG.select(TABLES)) if "ticket_types" not in one.sources)

HIDDEN = {"exclude": ["phone"], "hashed": ["email"]}

SIZES = {"contacts": 6, "companies": 3, "conversations": 4, "parts_per_conversation": 3}
SETUP = {"admins": 2, "teams": 2, "tags": 3, "segments": 3}


@pytest.fixture
def before(tmp_path: Path) -> Iterator[World]:
    """Give the workspace as it was, and the database that the release before made of it."""
    database = tmp_path / "test.duckdb"
    database.write_bytes(lzma.decompress(FILE.read_bytes()))
    world = make_world(database, **SIZES, **SETUP)
    world.workspace.delete("contacts", min(world.workspace.collection("contacts").ids()))
    for key in world.workspace.collection("ticket_types").ids():
        # Types of tickets had no attributes then.
        form = {"ticket_type_attributes": {"type": "list", "data": []}}
        world.workspace.patch("ticket_types", key, form, bump=False)
    for key in world.workspace.collection("companies").ids():
        # Companies had no tags.
        none = {"tags": {"type": "tag.list", "tags": []}}
        world.workspace.patch("companies", key, none, bump=False)
    # A file that is held open is opened quickly.
    with connect(database):
        yield world


def sync(world: World, name: str) -> Report:
    """Sync a resource with the settings that it was synced with before."""
    hidden: dict[str, Any] = HIDDEN if name == "contacts" else {}
    return sync_hiding(world, name, **hidden)


def test_a_sync_goes_on_where_the_release_before_stopped(before: World) -> None:
    """Each stored cursor is read and used: nothing is rewritten, and no child is read again."""
    cursors = {name: before.cursor(name) for name in TABLES}
    rows = {name: before.rows(name) for name in TABLES if name != "contacts"}

    reports = {name: sync(before, name) for name in TABLES}

    assert {(0, 0, 0)} == {(one.inserted, one.updated, one.deleted) for one in reports.values()}
    assert rows == {name: before.rows(name) for name in rows}
    for name, cursor in cursors.items():
        after = before.cursor(name)
        assert cursor.version + 1 == after.version
        assert (cursor.at, cursor.hidden) == (after.at, after.hidden)
        assert cursor.at == reports[name].cursor_before or not CATALOG[name].cursor
    assert 0 == reports["conversation_parts"].records_returned


def test_what_changed_since_is_written_and_nothing_else(before: World) -> None:
    """A changed contact is merged into the old table, hidden as before; the deleted one stays."""
    contact = before.workspace.collection("contacts").ids()[0]
    before.clock.forward(60)
    before.workspace.patch("contacts", contact, {"name": "Anew", "email": "a@b.c"})

    report = sync(before, "contacts")

    assert (0, 1) == (report.inserted, report.updated)
    with connect(before.database) as connection:
        [(name, email)] = connection.execute(
            "SELECT name, email FROM main_.p_rudder_contacts WHERE id = ?", [contact]
        ).fetchall()
        deleted = connection.execute(
            "SELECT count(*) FROM main_.p_rudder_contacts WHERE _deleted_at IS NOT NULL"
        ).fetchall()
        columns = [
            row[0] for row in connection.execute("DESCRIBE main_.p_rudder_contacts").fetchall()
        ]
    assert ("Anew", hash_of("a@b.c")) == (name, email)
    assert [(1,)] == deleted
    assert "phone" not in columns


def test_hidden_columns_come_back_when_they_are_shown(before: World) -> None:
    """A column that the release before left out is added, and a full refresh fills it."""
    report = sync_hiding(before, "contacts", full_refresh=True)

    assert 5 == report.updated
    shown = {row["id"]: (row["phone"], row["email"]) for row in before.live("contacts")}
    assert {
        record["id"]: (record["phone"], record["email"])
        for record in before.workspace.truth("contacts")
    } == shown


def test_views_are_known_as_ours(before: World) -> None:
    """Views of the release before are replaced or kept, never refused, and show the same rows."""
    with connect(before.database) as connection:
        counts = {
            model.name: connection.execute(
                f"SELECT count(*) FROM main_.p_rudder_{model.name}"
            ).fetchall()[0][0]
            for model in VIEWS
        }

    reports = make_views(VIEWS, before.source, before.warehouse)

    assert {report.made for report in reports} <= {Made.REPLACED, Made.UNCHANGED}
    assert counts == {report.model.name: report.row_count for report in reports}


def test_checks_pass(before: World) -> None:
    """Queries of checks run on the old tables, and find nothing wrong."""
    target = {name: before.source.target(CATALOG[name]) for name in TABLES}
    key, parts, conversations = "conversation_id", "conversation_parts", "conversations"
    queries: list[Query] = [
        *(DuplicateKeys(one) for name, one in target.items() if name != "contacts"),
        MissingParents(target[parts], key, target[conversations]),
        MissingMembers(target[parts], key, target[conversations]),
        IncompleteChildren(
            target=target[parts],
            key=key,
            parent=target[conversations],
            counted="statistics_count_conversation_parts",
            cap=500,
        ),
    ]

    assert {0} == {before.warehouse.run(query, 5).total for query in queries}
    assert before.warehouse.run(ExtraFields(target["companies"]), 5).statement

"""The views for who comes from RudderStack show the old types, in both warehouses."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import sqlglot

from intercom_assets.catalog import CATALOG, NEWEST, Level
from intercom_assets.catalog.types import ColumnType, Json
from intercom_assets.engine.cursor import Source
from intercom_assets.warehouse.base import Target
from intercom_assets.warehouse.dialects import DuckDBDialect, SnowflakeDialect
from intercom_assets.warehouse.statements import Statements
from intercom_assets_tests.docs.blocks import ROOT
from intercom_assets_tests.docs.rudderstack import NUMBERS
from intercom_assets_tests.places import DuckDBPlace, Place, SnowflakePlace
from intercom_assets_tests.world import World, make_world
from intercom_simulator import generate

SOURCE = Source(name="intercom", schema="intercom", prefix="")
DEFAULTS = [resource for resource in CATALOG if resource.level is Level.CORE]


def statements(dialect: str) -> list[str]:
    """Split the script of a warehouse into its statements."""
    script = (ROOT / "docs" / f"rudderstack-views-{dialect}.sql").read_text()
    parsed = sqlglot.parse(script, dialect=dialect)
    return [one.sql(dialect=dialect) for one in parsed if one is not None]


def world(place: Place, create: Callable[[Target], str]) -> World:
    """Make a world whose tables are named as in the documents, with conversations in them."""
    made = make_world(place, contacts=3, conversations=8)
    made.source = SOURCE
    made.sync("conversations")
    for resource in DEFAULTS:
        made.execute(create(SOURCE.target(resource)))
    return made


def assert_old_types(made: World) -> None:
    """Rows of the view are the stored ones, with whole seconds and numbers; no marked one."""
    rows = {row["id"]: row for row in made.rows("conversations")}
    made.execute(
        "UPDATE intercom.rudder_conversations SET _deleted_at = _synced_at "
        f"WHERE id = '{min(rows)}'"
    )

    shown = made.place.execute(
        "SELECT id, created_at, admin_assignee_id, tags FROM "
        "intercom_rudderstack.rudder_conversations ORDER BY id"
    )

    assert sorted(rows)[1:] == [row[0] for row in shown]
    for key, created, assignee, tags in shown:
        stored = rows[key]
        assert stored["created_at"].timestamp() == created
        assert stored["admin_assignee_id"] == (None if assignee is None else str(assignee))
        assert str(tags).startswith("{")
    assert any(row[2] is not None for row in shown)


def test_the_views_show_the_old_types_in_duckdb(tmp_path: Path) -> None:
    """The script for DuckDB runs on tables that a sync makes, a view for each default one."""
    place = DuckDBPlace(tmp_path / "views.duckdb")
    made = world(place, lambda target: Statements(target, DuckDBDialect()).create())

    for statement in statements("duckdb"):
        made.execute(statement)

    assert_old_types(made)
    views = made.place.execute("SELECT count(*) FROM duckdb_views() WHERE NOT internal")
    assert [(len(DEFAULTS),)] == views


def test_the_views_show_the_old_types_in_snowflake(fakesnow: int) -> None:
    """The script for Snowflake runs on tables that a sync makes there."""
    with closing(SnowflakePlace(fakesnow)) as place:
        made = world(place, lambda target: Statements(target, SnowflakeDialect()).create())

        for statement in statements("snowflake"):
            made.execute(statement)

        assert_old_types(made)


def test_the_views_know_the_ids_that_are_numbers() -> None:
    """Ids that Intercom sends as numbers, and no others, are numbers in the views."""
    workspace = generate(contacts=20, companies=4, conversations=40)
    found = {
        (resource.name, column.name)
        for resource in DEFAULTS
        for record in workspace.truth(resource.name, str(NEWEST), include_archived=True)
        for column in resource.columns
        if column.type is ColumnType.TEXT and isinstance(at(record, column.path), int)
    }

    # The simulator gives nobody a reason for being away.
    assert found == NUMBERS - {("admins", "away_status_reason_id")}


def at(record: Json, path: tuple[str, ...]) -> Json:
    """Give the value at a path of a record, None where there is none."""
    for key in path:
        record = record.get(key) if isinstance(record, dict) else None
    return record

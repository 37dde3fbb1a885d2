"""Fivetran's views, in every warehouse: the columns that dbt's package reads, and their values."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.fivetran import TABLES, fivetran_models
from intercom_assets.catalog.hidden import HiddenPaths, hide
from intercom_assets.catalog.shapes import Bridge, Fivetran, How
from intercom_assets.catalog.views import MODELS
from intercom_assets.views.build import ViewReport, make_views
from intercom_assets.warehouse.base import Target
from intercom_assets.warehouse.views import Made
from intercom_assets_tests.places import Place
from intercom_assets_tests.world import World, make_world

SCHEMA = "intercom_fivetran"
MODELS_OF_FIVETRAN = fivetran_models(SCHEMA, CATALOG)

_TEXT, _TIME, _FLAG, _WHOLE, _SHARE = "text", "time", "flag", "whole", "share"
_HISTORY = {
    "_fivetran_active": _FLAG,
    "_fivetran_start": _TIME,
    "_fivetran_end": _TIME,
    "_fivetran_synced": _TIME,
}
_CURRENT = {"_fivetran_deleted": _FLAG, "_fivetran_synced": _TIME}
_DATED = {"created_at": _TIME, "updated_at": _TIME}


def _texts(names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), _TEXT)


def _times(names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), _TIME)


READ: dict[str, dict[str, str]] = {
    "admin": _texts("id name job_title") | _CURRENT,
    "team": _texts("id name") | _CURRENT,
    "team_admin": _texts("team_id admin_id") | _CURRENT,
    "tag": _texts("id name") | _CURRENT,
    "company_history": _texts("id name website industry plan_id plan_name")
    | {"user_count": _WHOLE, "session_count": _WHOLE, "monthly_spend": _SHARE}
    | _DATED
    | _HISTORY,
    "company_tag_history": _texts("company_id tag_id") | _times("company_updated_at") | _HISTORY,
    "contact_history": _texts("id name role email admin_id")
    | _times("signed_up_at last_replied_at last_contacted_at last_email_clicked_at")
    | {"last_email_opened_at": _TIME, "unsubscribed_from_emails": _FLAG}
    | _DATED
    | _HISTORY,
    "contact_company_history": _texts("contact_id company_id")
    | _times("contact_updated_at")
    | _HISTORY,
    "contact_tag_history": _texts("contact_id tag_id") | _times("contact_updated_at") | _HISTORY,
    "conversation_history": _texts(
        "id state source_author_id source_author_type source_body source_delivered_as "
        "source_subject source_type first_contact_reply_type assignee_id assignee_type "
        "conversation_rating_remark sla_name sla_status"
    )
    | _times("waiting_since snoozed_until first_contact_reply_created_at")
    | {"read": _FLAG, "conversation_rating_value": _WHOLE}
    | _DATED
    | _HISTORY,
    "conversation_part_history": _texts(
        "id conversation_id part_type body author_id author_type assigned_to_id assigned_to_type"
    )
    | _times("conversation_updated_at")
    | _DATED
    | _HISTORY,
    "conversation_tag_history": _texts("conversation_id tag_id")
    | _times("conversation_updated_at")
    | _HISTORY,
    "conversation_contact_history": _texts("conversation_id contact_id")
    | _times("conversation_updated_at")
    | _HISTORY,
    "article_history": _texts(
        "id title description body url type state author_id default_locale workspace_id "
        "collection_id section_id parent_type statistics_type"
    )
    | {f"statistics_{name}": _WHOLE for name in ("views", "conversations", "reactions")}
    | {f"statistics_{kind}_reaction_percentage": _SHARE for kind in ("happy", "neutral", "sad")}
    | _DATED
    | _HISTORY,
    "collection_history": _texts(
        "id help_center_id parent_id name description url icon type default_locale workspace_id"
    )
    | {"order": _WHOLE}
    | _DATED
    | _HISTORY,
    "help_center_history": _texts("id display_name identifier workspace_id")
    | {"website_turned_on": _FLAG}
    | _DATED
    | _HISTORY,
}
"""Every column that the dbt package reads, and of what kind it is here."""

KINDS = {
    "VARCHAR": _TEXT, "TEXT": _TEXT, "TIMESTAMP": _TIME, "TIMESTAMP_NTZ": _TIME, "BOOLEAN": _FLAG,
    "BIGINT": _WHOLE, "NUMBER": _WHOLE, "DOUBLE": _SHARE, "FLOAT": _SHARE,
}  # fmt: skip


@dataclass(frozen=True)
class Scene:
    """A workspace that was synced, with Fivetran's views of it."""

    world: World
    reports: dict[str, ViewReport]

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Read a view."""
        target = self.reports[name].target
        rows: list[dict[str, Any]] = self.world.warehouse.read_view(target).to_pylist()
        return rows

    def truth(self, resource: str) -> dict[str, Any]:
        """Give the records of a resource by id."""
        return {str(one["id"]): one for one in self.world.workspace.truth(resource)}


@pytest.fixture(scope="module")
def scene(place: Place) -> Scene:
    """Sync a workspace, and make all views, twice."""
    world = make_world(place, contacts=20, companies=5, conversations=8)
    read = {name for model in MODELS_OF_FIVETRAN for name in model.sources}
    world.sync_all(*(name for name in CATALOG.names if name in read))
    first = make_views(MODELS_OF_FIVETRAN, world.source, world.warehouse)
    second = make_views(MODELS_OF_FIVETRAN, world.source, world.warehouse)

    assert [Made.CREATED] * 16 == [report.made for report in first]
    assert [Made.UNCHANGED] * 16 == [report.made for report in second]
    return Scene(world, {report.model.name: report for report in second})


@pytest.mark.parametrize("name", TABLES)
def test_a_view_has_what_the_package_reads(scene: Scene, name: str) -> None:
    """Each column that the package reads is there with its kind, and the report lists them all."""
    report = scene.reports[name]

    types = _types(scene.world, report.target)

    assert READ[name] == {one: types.get(one) for one in READ[name]}
    assert list(types) == [one.column.name for one in report.columns]
    assert all(one.column.description for one in report.columns)


def _types(world: World, target: Target) -> dict[str, str]:
    described = world.place.execute(f"DESCRIBE TABLE {target}")
    return {str(one[0]).lower(): KINDS[str(one[1]).partition("(")[0]] for one in described}


@pytest.mark.parametrize(("name", "shape"), TABLES.items())
def test_a_declaration_names_columns_that_there_are(name: str, shape: Fivetran) -> None:
    """Each column of ours that a table is made of is declared in the catalogue."""
    other = CATALOG[shape.lookup.resource].table if shape.lookup else None
    for one in shape.columns:
        table = other if one.how is How.LOOKUP else CATALOG[shape.resource].table
        assert table is not None, name
        assert {table.column(own).name for own in one.names} == set(one.names)


def test_times_are_utc_whatever_the_session_says(scene: Scene) -> None:
    """A time without zone is that of UTC, so a cast in another zone changes nothing."""
    truth = scene.truth("contacts")

    shown = {row["id"]: row["created_at"] for row in scene.rows("contact_history")}

    assert {key: one["created_at"] for key, one in truth.items()} == {
        key: value.replace(tzinfo=UTC).timestamp() for key, value in shown.items()
    }


def test_renamed_columns_have_our_values(scene: Scene) -> None:
    """Owner, assignee, kind of assignee and rating come from the columns of ours that hold them."""
    contacts, conversations = scene.truth("contacts"), scene.truth("conversations")

    for row in scene.rows("contact_history"):
        assert _text(contacts[row["id"]]["owner_id"]) == row["admin_id"]
        assert (True, None) == (row["_fivetran_active"], row["_fivetran_end"])
    for row in scene.rows("conversation_history"):
        one = conversations[row["id"]]
        admin, team = one["admin_assignee_id"], one["team_assignee_id"]
        kind = "admin" if admin else "team" if team else None
        rating = (one["conversation_rating"] or {}).get("rating")
        assert (_text(admin or None), kind, rating) == (
            row["assignee_id"],
            row["assignee_type"],
            row["conversation_rating_value"],
        )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def test_custom_attributes_are_columns_to_pass_through(scene: Scene) -> None:
    """Custom attributes have the names and values that they have in the flat model."""
    truth = scene.truth("contacts")

    for row in scene.rows("contact_history"):
        value = truth[row["id"]]["custom_attributes"].get("seats")
        assert row["custom_seats"] in (None, value)


def test_pairs_are_those_of_the_bridges(scene: Scene) -> None:
    """Each table of pairs shows the pairs of the model that it is made of."""
    bridges = {model.shape: model for model in MODELS if isinstance(model.shape, Bridge)}
    chosen = {name: bridges[one.bridge] for name, one in TABLES.items() if one.bridge}
    made = make_views(chosen.values(), scene.world.source, scene.world.warehouse)
    for (name, model), report in zip(chosen.items(), made, strict=True):
        shape = TABLES[name].bridge
        assert shape
        pairs = scene.world.warehouse.read_view(report.target).to_pylist()
        shown = [(row[shape.key], row[shape.member]) for row in scene.rows(name)]
        assert sorted((row[shape.key], row[shape.member]) for row in pairs) == sorted(shown)
        assert model.shape is shape


def test_a_part_knows_when_its_conversation_changed(scene: Scene) -> None:
    """Parts have the time of their conversation, and an article its figures and collection."""
    truth = scene.truth("conversations")
    articles = scene.truth("articles")

    parts = scene.rows("conversation_part_history")

    assert parts
    for row in parts:
        changed = truth[row["conversation_id"]]["updated_at"]
        assert datetime.fromtimestamp(changed, UTC) == row["conversation_updated_at"].replace(
            tzinfo=UTC
        )
    for row in scene.rows("article_history"):
        parents = articles[row["id"]].get("parent_ids") or [None]
        assert _text(parents[0]) == row["collection_id"]
    assert any(row["statistics_views"] is not None for row in scene.rows("article_history"))


def test_what_is_gone_is_inactive_and_its_parts_and_pairs_are_left_out(tmp_path: Path) -> None:
    """A marked row is shown as inactive or deleted; the package counts parts without looking."""
    scene = _scene(tmp_path, "conversations", "conversation_parts", "tags")
    conversations, parts, tags = (
        scene.world.source.target(CATALOG[name])
        for name in ("conversations", "conversation_parts", "tags")
    )
    key = scene.rows("conversation_history")[0]["id"]
    tag = scene.rows("tag")[0]["id"]
    for target, column, value in (
        (conversations, "id", key),
        (parts, "conversation_id", key),
        (tags, "id", tag),
    ):
        scene.world.place.execute(
            f"UPDATE {target} SET _deleted_at = _synced_at WHERE {column} = '{value}'"
        )

    active = {row["id"]: row["_fivetran_active"] for row in scene.rows("conversation_history")}
    assert {key} == {one for one, is_active in active.items() if not is_active}
    assert {tag} == {row["id"] for row in scene.rows("tag") if row["_fivetran_deleted"]}
    for name in ("conversation_part_history", "conversation_contact_history"):
        found = {row["conversation_id"] for row in scene.rows(name)}
        assert found
        assert key not in found


def _scene(folder: Path, *names: str, excluded: tuple[str, ...] = ()) -> Scene:
    world = make_world(folder / "x.duckdb", contacts=5, companies=2, conversations=4)
    world.sync_all(*names)
    hidden = HiddenPaths(excluded=tuple((name,) for name in excluded))
    resources = [hide(CATALOG[name], hidden) for name in names]
    models = fivetran_models(SCHEMA, resources)
    reports = make_views(models, world.source, world.warehouse, resources)
    return Scene(world, {one.model.name: one for one in reports})


def test_hidden_columns_are_null_and_no_view_breaks(tmp_path: Path) -> None:
    """An excluded column is null; an excluded list leaves out its view, and says so."""
    scene = _scene(tmp_path, "contacts", excluded=("email", "tags"))

    assert {None} == {row["email"] for row in scene.rows("contact_history")}
    assert "has no column tags" in scene.reports["contact_tag_history"].problem
    assert scene.reports["contact_company_history"].stands


def test_what_is_not_stored_is_null_or_left_out(tmp_path: Path) -> None:
    """Without its table a view is left out; without what it looks up, or attributes, it stands."""
    scene = _scene(tmp_path, "contacts", "conversations", "conversation_parts")
    parts = [CATALOG["conversation_parts"]]
    models = fivetran_models(SCHEMA, [*parts, CATALOG["teams"]])

    [left_out, other, made] = make_views(models, scene.world.source, scene.world.warehouse)

    assert {"team", "team_admin"} == {left_out.model.name, other.model.name}
    assert "rudder_teams yet. Sync teams first" in left_out.problem
    assert Made.REPLACED is made.made
    rows = scene.world.warehouse.read_view(made.target).to_pylist()
    assert {None} == {row["conversation_updated_at"] for row in rows}
    assert not [name for name in scene.rows("contact_history")[0] if name.startswith("custom_")]


def test_a_table_of_somebody_elses_refuses_them_all(tmp_path: Path) -> None:
    """Where the schema holds Fivetran's own tables, nothing is made, nor is any of them changed."""
    world = make_world(tmp_path / "x.duckdb", contacts=3)
    world.sync("contacts")
    world.place.execute(f"CREATE SCHEMA {SCHEMA}")
    world.place.execute(f"CREATE TABLE {SCHEMA}.contact_tag_history AS SELECT 1 AS mine")
    models = fivetran_models(SCHEMA, [CATALOG["contacts"]])

    reports = make_views(models, world.source, world.warehouse)

    assert {Made.REFUSED} == {one.made for one in reports}
    [problem] = {one.problem for one in reports}
    assert f"The schema {SCHEMA} has contact_tag_history, not made by intercom_assets" in problem
    assert [("contact_tag_history",)] == world.place.execute(
        f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{SCHEMA}'"
    )
    world.place.execute(f"DROP TABLE {SCHEMA}.contact_tag_history")
    assert {Made.CREATED} == {one.made for one in make_views(models, world.source, world.warehouse)}

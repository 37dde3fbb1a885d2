"""Every model, in every warehouse, shows what Intercom has: one suite over all declarations."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.shapes import Bridge, Entries, Flat, Model, Shape
from intercom_assets.catalog.table import Column
from intercom_assets.catalog.types import ColumnType, value_at
from intercom_assets.catalog.views import MODELS, check
from intercom_assets.quality.view_checks import ViewContext, view_checks_of
from intercom_assets.views.build import ViewReport, make_views
from intercom_assets.warehouse.views import Made
from intercom_assets_tests.places import Place
from intercom_assets_tests.world import World, make_world
from intercom_simulator import Record, Workspace

HOSTILE = {
    "plan_Tier": "folds into the name of another",
    "id": "is the name of a column",
    "ID": "is so too",
    'x"; DROP TABLE y; --': "quotes",
    "it's": "a quote",
    "select": "a word of SQL",
    "🚀": "no letter",
    "a/b~c\\d": "signs that mean something in paths",
    "会社名": "another script",
    "x" * 190: "long",
}
"""Names of custom attributes, and their values."""

NAMES = {
    *(name for model in MODELS for name in model.sources),
    *(model.shape.of for model in MODELS if isinstance(model.shape, Bridge) and model.shape.of),
}


@dataclass(frozen=True)
class Scene:
    """A workspace that was synced, and its models made.

    Attributes:
        world: The workspace and the warehouse.
        reports: What became of each model.
    """

    world: World
    reports: dict[str, ViewReport]

    def rows(self, model: Model) -> list[dict[str, Any]]:
        """Read a view."""
        target = self.reports[model.name].target
        rows: list[dict[str, Any]] = self.world.warehouse.read_view(target).to_pylist()
        return rows

    def truth(self, shape: Shape) -> list[Record]:
        """Give the records that a model is made of."""
        workspace = self.world.workspace
        return [
            record | included(workspace, shape.resource, str(record["id"]))
            for record in workspace.truth(shape.resource)
        ]


def included(workspace: Workspace, resource: str, key: str) -> Record:
    """Give what Intercom sends of a record only on request."""
    if resource == "conversations":
        flagged, judged = workspace.monitor_evaluations, workspace.scorecards
        return {"monitor_evaluations": flagged.get(key, []), "scorecards": judged.get(key, [])}
    history = [
        {**one, "source_contact_id": source, "source_contact_role": one["role"]}
        for source, one in workspace.merges.items()
        if one["target"] == key
    ]
    return {"merge_history": history} if resource == "contacts" else {}


@pytest.fixture(scope="module")
def scene(place: Place) -> Scene:
    """Sync a workspace with attributes of hostile names, and make every model, twice."""
    world = make_world(place, contacts=30, companies=8, conversations=10, tickets=25)
    for model in ("contact", "company"):
        _declare(world, model)
    companies, tags = world.workspace.collection("companies"), world.workspace.collection("tags")
    tagged = {"type": "tag.list", "tags": [{"type": "tag", "id": key} for key in tags.ids()[:2]]}
    world.workspace.patch("companies", companies.ids()[0], {"tags": tagged})
    _fill_lists(world)
    users = [one["id"] for one in world.workspace.truth("contacts") if one["role"] == "user"]
    world.workspace.merges["gone"] = {
        "target": users[0],
        "role": "lead",
        "merged_at": 1_700_000_000,
    }
    world.include = ("merge_history", "monitors", "scorecards")
    world.sync_all(*(name for name in CATALOG.names if name in NAMES))
    first = make_views(MODELS, world.source, world.warehouse)
    second = make_views(MODELS, world.source, world.warehouse)

    assert {Made.CREATED} == {report.made for report in first}
    assert {Made.UNCHANGED} == {report.made for report in second}
    return Scene(world, {report.model.name: report for report in second})


def _fill_lists(world: World) -> None:
    """Fill the lists that made-up records leave empty, as the documents show them."""
    workspace = world.workspace
    contact, conversation = (
        next(iter(workspace.collection(kind))) for kind in ("contacts", "conversations")
    )
    profile = {"type": "social_profile", "name": "Twitter", "url": "http://twitter.com/a"}
    held = {"type": "list", "data": [profile]}
    workspace.patch("contacts", contact["id"], {"social_profiles": held})
    file = {"type": "upload", "name": "ä.png", "url": "https://a.example/1", "filesize": 7}
    used = {"content_type": "article", "url": "/a/1", "title": "Größe", "locale": "en"}
    links = [{"type": "ticket", "id": "7", "category": None}, {"type": "conversation", "id": "8"}]
    fields = {
        "source": {**conversation["source"], "attachments": [file]},
        "ai_agent": {"content_sources": {"total_count": 1, "content_sources": [used]}},
        "linked_objects": {"type": "list", "data": links, "total_count": 2, "has_more": False},
    }
    workspace.patch("conversations", conversation["id"], fields)
    sent = {"type": "from", "email_address": "a@example.com", "name": None}
    mail = {"subject": "A", "email_address_headers": [sent, {**sent, "type": "to"}]}
    part = {"email_message_metadata": mail, "attachments": [file]}
    workspace.reply(conversation["id"], part=part)


def _declare(world: World, model: str) -> None:
    kind = {"contact": "contacts", "company": "companies"}[model]
    sample = next(
        one for one in world.workspace.collection(f"{model}_attributes") if one.get("custom")
    )
    for number, name in enumerate(HOSTILE):
        full_name = f"custom_attributes.{name}"
        made = {"full_name": full_name, "name": name, "id": 900 + number, "data_type": "string"}
        world.workspace.add(f"{model}_attributes", {**sample, **made})
    record = next(iter(world.workspace.collection(kind)))
    held = {**record["custom_attributes"], **HOSTILE}
    world.workspace.patch(kind, str(record["id"]), {"custom_attributes": held})


def models(kind: type[Shape]) -> list[Any]:
    """Give the models of a shape, with their names as ids."""
    return [
        pytest.param(model, model.shape, id=model.name)
        for model in MODELS
        if isinstance(model.shape, kind)
    ]


@pytest.mark.parametrize(("model", "shape"), models(Flat))
def test_a_flat_model_has_a_row_per_record(scene: Scene, model: Model, shape: Flat) -> None:
    """Each record that is not gone is one row, with the columns that its table has."""
    truth = {str(one["id"]): one for one in scene.truth(shape)}

    shown = {row["id"]: row for row in scene.rows(model)}

    assert set(truth) == set(shown)
    hidden = {"_extra", "_row_hash", "_deleted_at", shape.column}
    own = [one.name for one in CATALOG[shape.resource].table.all_columns if one.name not in hidden]
    assert own == [name for name in shown[next(iter(shown))] if not name.startswith("custom_")]
    for key, record in truth.items():
        name = next(one for one in ("name", "title", "ticket_id") if one in record)
        assert (record[name], scene.reports[model.name].live) == (shown[key][name], len(truth))


@pytest.mark.parametrize(("model", "shape"), models(Flat))
def test_a_flat_model_has_a_column_per_attribute(scene: Scene, model: Model, shape: Flat) -> None:
    """Each custom attribute, whatever its name, is a column that shows its values."""
    columns = {
        one.column.path[-1]: one.column
        for one in scene.reports[model.name].columns
        if one.source == shape.column
    }
    declared = scene.world.workspace.truth(shape.attributes, include_archived=True)

    shown = {row["id"]: row for row in scene.rows(model)}

    if shape.within is None:
        keys = {
            str(one["full_name"]).split(".", 1)[1] if "full_name" in one else one["name"]
            for one in declared
            if one.get("custom", True)
        }
    else:
        keys = {one["name"] for kind in declared for one in kind[shape.within]["data"]}
    assert keys == set(columns)
    for record in scene.truth(shape):
        row = shown[str(record["id"])]
        for key, column in columns.items():
            value = record[shape.column].get(key)
            # What does not fit its type is null; the simulator sends some of that.
            assert (
                row[column.name] in (None, value)
                or column.type.value == "timestamp"
                or (isinstance(value, str | list) and row[column.name])
            ), key
    if shape.within is not None or shape.resource == "conversations":
        return
    first = next(iter(scene.truth(shape)))
    assert HOSTILE == {key: shown[str(first["id"])][columns[key].name] for key in HOSTILE}


@pytest.mark.parametrize(("model", "shape"), models(Bridge))
def test_a_membership_model_has_a_row_per_pair(scene: Scene, model: Model, shape: Bridge) -> None:
    """Each record and member of its list is one row, as text."""
    expected = set()
    for record in scene.truth(shape):
        listed: Any = record.get(shape.column)
        for step in shape.path:
            listed = (listed or {}).get(step)
        for one in listed or ():
            expected.add((str(record["id"]), str(one[shape.field] if shape.field else one)))

    found = [(row[shape.key], row[shape.member]) for row in scene.rows(model)]

    assert expected
    assert sorted(expected) == sorted(found)
    assert len(found) == scene.reports[model.name].row_count


@pytest.mark.parametrize(("model", "shape"), models(Entries))
def test_a_model_of_entries_has_a_row_per_entry(scene: Scene, model: Model, shape: Entries) -> None:
    """Each entry of a row's list is one row, with its fields in typed columns."""
    table = CATALOG[shape.resource].table
    expected = [
        (*(str(record[name]) for name in table.primary_key), *_cells(one, shape.columns))
        for record in scene.truth(shape)
        for one in _listed(value_at(record, table.column(shape.column).path), shape.paths[0])
    ]

    names = (*shape.key, *(column.name for column in shape.columns))
    found = [tuple(row[name] for name in names) for row in scene.rows(model)]

    assert expected
    assert sorted(map(repr, expected)) == sorted(map(repr, found))


def _listed(value: Any, path: tuple[str, ...]) -> list[Record]:  # noqa: ANN401 - JSON
    for key in path:
        value = (value or {}).get(key)
    return list(value or ())


def _cells(entry: Record, columns: tuple[Column, ...]) -> list[Any]:
    return [_cell(value_at(entry, tuple(one.path[-1].split("."))), one) for one in columns]


def _cell(value: Any, column: Column) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict | list):
        return json.dumps(value, separators=(",", ":"), sort_keys=True)
    if column.type is ColumnType.TIMESTAMP and value is not None:
        return datetime.fromtimestamp(value, ZoneInfo("UTC"))
    return str(value) if type(value) is int and column.type is ColumnType.TEXT else value


def test_both_keys_of_a_types_attributes_are_read(tmp_path: Path) -> None:
    """Lists of attributes are read by the key of Intercom's answers and by that of its schema."""
    world = make_world(tmp_path / "x.duckdb", tickets=3)
    kind = next(iter(world.workspace.collection("ticket_types")))
    listed = kind["ticket_type_attributes"]["data"]
    other = {"type": "list", "ticket_type_attributes": listed}
    world.workspace.patch("ticket_types", kind["id"], {"ticket_type_attributes": other})
    world.sync_all("ticket_types", "tickets")
    chosen = tuple(one for one in MODELS if set(one.sources) <= {"ticket_types", "tickets"})

    reports = {one.model.name: one for one in make_views(chosen, world.source, world.warehouse)}

    target = reports["ticket_type_attributes"].target
    rows = world.warehouse.read_view(target).to_pylist()
    assert len(listed) == sum(row["ticket_type_id"] == kind["id"] for row in rows)
    columns = {one.column.name for one in reports["tickets_flat"].columns}
    assert {"custom_default_title", "custom_screenshots"} <= columns


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_model_describes_its_columns(scene: Scene, model: Model) -> None:
    """The described columns are those of the view, each made of a column that its table has."""
    report = scene.reports[model.name]
    table = CATALOG[model.shape.resource].table

    assert [one.column.name for one in report.columns] == list(scene.rows(model)[0])
    for one in report.columns:
        assert one.column.description.strip(), one.column.name
        assert one.source in {column.name for column in table.columns} | {"_synced_at"}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_no_check_of_a_model_fails_where_all_is_well(scene: Scene, model: Model) -> None:
    """After a whole sync every check passes."""
    world, checks = scene.world, view_checks_of(model)
    context = ViewContext(scene.reports[model.name], world.source, world.warehouse)
    found = [one.evaluate(context) for one in checks]

    assert found or (isinstance(model.shape, Bridge) and model.shape.of is None)
    assert all(one.passed and one.evaluated for one in found), found


def test_plain_sql_finds_a_model(scene: Scene) -> None:
    """Whoever writes SQL needs no quotes for plain names, in either warehouse."""
    source = scene.world.source
    rows = scene.world.place.execute(
        f"SELECT count(custom_seats), max(custom_seats) FROM {source.schema}.{source.prefix}"
        "rudder_contacts_flat"
    )

    seats = [
        one["custom_attributes"]["seats"]
        for one in scene.world.workspace.truth("contacts")
        if "seats" in one["custom_attributes"]
    ]
    assert [(len(seats), max(seats))] == rows


def test_a_model_that_contradicts_the_catalogue_is_refused() -> None:
    """A declaration that names what is not there fails when it is imported, by its name."""
    flat, other = MODELS[0], MODELS[2]
    shape = Flat("companies", "company_attributes", "no_column")

    with pytest.raises(ValueError, match="model 'companies_flat': there is no 'no_column'"):
        check((replace(flat, shape=shape),), CATALOG)
    with pytest.raises(ValueError, match="model 'contacts' has the name of another asset"):
        check((replace(other, name="contacts"),), CATALOG)


def test_nothing_is_made_of_tables_that_are_not_there(tmp_path: Path) -> None:
    """Before the first sync each model is left out, and says which table it waits for."""
    world = make_world(tmp_path / "x.duckdb", contacts=2)

    before = make_views(MODELS, world.source, world.warehouse)
    world.sync("contacts")
    reports = make_views(MODELS, world.source, world.warehouse)

    assert {None} == {report.made for report in before}
    assert all("There is no table main_.p_rudder_" in report.problem for report in before)
    made = {report.model.name for report in reports if report.made}
    possible = {"contact_companies", "contact_tags", "contact_social_profiles", "merged_contacts"}
    assert possible == made
    [flat] = [report for report in reports if report.model.name == "contacts_flat"]
    assert "p_rudder_contact_attributes yet. Sync contact_attributes first" in flat.problem
    assert json.dumps(flat.problem)

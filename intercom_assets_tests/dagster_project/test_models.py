"""Models in Dagster: one step after the tables, what it tells, and what keeps it from running."""

import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import dagster as dg
import pytest

from intercom_assets.catalog import CATALOG, NEWEST, Level
from intercom_assets.catalog.views import models_of
from intercom_assets.warehouse.duckdb import connect
from intercom_assets_tests.dagster_project.reading import problems, read
from intercom_assets_tests.dagster_project.running import (
    Project,
    execute,
    failures,
    model_figures,
    query,
    run_job,
)

MODELS = models_of(CATALOG.up_to(Level.CORE, NEWEST))
"""The models that `resources: all` allows."""

NAMES = tuple(model.name for model in MODELS)
READ = sorted({name for model in MODELS for name in model.sources})
CONTACTS = ("contacts", "contact_attributes")
OF_CONTACTS = ("contacts_flat", "contact_companies", "contact_tags")


@pytest.fixture(autouse=True)
def held(project: Project) -> Iterator[None]:
    """Hold the database open: that makes each of many looks at it quick."""
    with connect(project.database):
        yield


def steps(result: dg.ExecuteInProcessResult) -> set[str]:
    """Name the steps that ran."""
    return {str(event.step_key) for event in result.all_events if event.is_step_start}


def add_attribute(project: Project, name: str, data_type: str = "integer") -> None:
    """Make a custom attribute of contacts in Intercom."""
    attributes = project.workspace.collection("contact_attributes")
    sample = next(one for one in attributes if one.get("custom"))
    made = {"full_name": f"custom_attributes.{name}", "name": name, "data_type": data_type}
    now = int(time.time())
    dated = {"id": now, "created_at": now, "updated_at": now, "description": "How many."}
    project.workspace.add("contact_attributes", {**sample, **made, **dated})


def columns(project: Project, view: str = "rudder_contacts_flat") -> list[str]:
    """List the columns of a view."""
    found = query(project.database, f"SELECT column_name FROM (DESCRIBE intercom.{view})")
    return [row["column_name"] for row in found]


def test_the_sync_job_makes_every_model_in_one_step(project: Project) -> None:
    """One step makes all views after their tables; a second run changes none of them."""
    first, second = project.run(*READ, *NAMES), project.run(*NAMES)

    assert ({}, {}) == (failures(first), failures(second))
    assert set(NAMES) == set(model_figures(first)) == set(model_figures(second))
    assert {"created"} == {one["view"] for one in model_figures(first).values()}
    assert {"unchanged"} == {one["view"] for one in model_figures(second).values()}
    made = {name for name in steps(first) if "models" in name or name.rpartition("__")[2] in NAMES}
    assert {"intercom__models"} == made


def test_a_materialization_tells_rows_columns_and_lineage(project: Project) -> None:
    """Rows, columns with descriptions, and the column that each is made of."""
    told = model_figures(project.run(*CONTACTS, *OF_CONTACTS))

    flat = told["contacts_flat"]
    assert 30 == flat["dagster/row_count"]
    schema = {one.name: one for one in flat["dagster/column_schema"].columns}
    assert columns(project) == list(schema)
    assert "bigint" == schema["custom_seats"].type
    assert schema["custom_seats"].description.endswith("(integer): seats of a contact")
    assert all(one.description for one in schema.values())
    lineage = flat["dagster/column_lineage"].deps_by_column
    contacts = dg.AssetKey(["intercom", "contacts"])
    assert [dg.TableColumnDep(contacts, "custom_attributes")] == lineage["custom_seats"]
    assert [dg.TableColumnDep(contacts, "email")] == lineage["email"]
    assert set(schema) == set(lineage)
    pairs = told["contact_tags"]["dagster/column_lineage"].deps_by_column
    assert [dg.TableColumnDep(contacts, "tags")] == pairs["tag_id"]


def test_a_new_attribute_is_a_column_after_a_sync(project: Project) -> None:
    """What somebody adds in Intercom is there after the next sync, and renames nothing."""
    project.run(*CONTACTS, *OF_CONTACTS)
    before = columns(project)
    add_attribute(project, "Lucky Number")
    one = project.workspace.collection("contacts").ids()[0]
    held = project.workspace.find("contacts", one)["custom_attributes"]
    project.workspace.patch(
        "contacts",
        one,
        {"custom_attributes": {**held, "Lucky Number": 7}},
    )

    told = model_figures(project.run(*CONTACTS, *OF_CONTACTS))

    assert [*before, "custom_lucky_number"] == columns(project)
    assert "replaced" == told["contacts_flat"]["view"]
    assert "unchanged" == told["contact_tags"]["view"]
    [row] = query(project.database, "SELECT id FROM intercom.rudder_contacts_flat "
                  "WHERE custom_lucky_number = 7")  # fmt: skip
    assert one == row["id"]


def test_models_of_tables_that_were_never_synced_are_left_out(project: Project) -> None:
    """Materialized alone, a model without tables is left out with a warning; nothing fails."""
    empty = replace(project, folder=project.folder / "empty")

    result = empty.run("contacts_flat", "team_admins")

    assert ({}, {}) == (failures(result), model_figures(result))
    assert result.success
    assert not empty.database.exists()


def test_what_the_settings_hide_no_model_shows(project: Project) -> None:
    """Excluded columns are not in views, nor is a view made of an excluded list."""
    hidden = "contacts.email, contacts.tags, contacts.custom_attributes.seats"

    result = project.run(*CONTACTS, *OF_CONTACTS, exclude_columns=hidden)

    assert {} == failures(result)
    assert {"contacts_flat", "contact_companies"} == set(model_figures(result))
    assert not {"email", "tags"} & set(columns(project))
    assert {None} == {one["custom_seats"] for one in project.rows("rudder_contacts_flat")}


def test_a_parent_that_failed_leaves_the_models_as_they_are(project: Project) -> None:
    """Where a table that they read was not synced the step does not run, and nothing is lost."""
    names = ("teams", "conversations", "team_admins", "conversation_contacts")
    project.run(*names)
    project.workspace.access.missing_scopes.add("read_conversations")

    result = project.run(*names)

    assert "intercom__models" not in steps(result)
    assert {"conversations"} == set(failures(result))
    assert 8 == len(project.rows("rudder_conversation_contacts"))


def test_a_foreign_view_is_refused_and_the_others_are_made(project: Project) -> None:
    """A view of somebody's is left alone; the failure says what to do, and that works."""
    project.run(*CONTACTS)
    execute(project.database, "CREATE VIEW intercom.rudder_contact_tags AS SELECT 1 AS mine")

    refused = project.run(*OF_CONTACTS)

    [reason] = failures(refused).values()
    assert "intercom.rudder_contact_tags exists and was not made by intercom_assets" in reason
    assert {"contacts_flat", "contact_companies"} == set(model_figures(refused))
    assert [{"mine": 1}] == project.rows("rudder_contact_tags")
    [statement] = [part for part in reason.split(": ") if part.startswith("ALTER VIEW")]
    execute(project.database, statement.split(";")[0])
    assert set(OF_CONTACTS) == set(model_figures(project.run(*OF_CONTACTS)))


def test_checks_of_models_can_be_run_alone(project: Project) -> None:
    """Checks are made with the views, and again without materializing them."""
    project.run("tags", *CONTACTS, "companies", *OF_CONTACTS)
    job = project.definitions().resolve_job_def("intercom_sync")
    alone = job.get_subset(
        asset_selection=set(),
        asset_check_selection={
            dg.AssetCheckKey(dg.AssetKey(["intercom", "contacts_flat"]), "rows_are_the_tables"),
            dg.AssetCheckKey(dg.AssetKey(["intercom", "contact_tags"]), "members_are_stored"),
        },
    ).execute_in_process()

    found = {one.asset_key.path[-1]: one.passed for one in alone.get_asset_check_evaluations()}
    assert {"contacts_flat": True, "contact_tags": True} == found
    assert {} == model_figures(alone)


def test_members_that_are_not_stored_are_a_warning(project: Project) -> None:
    """A pair that names what its table lacks is told with the query that shows it."""
    project.run("tags", *CONTACTS)
    execute(project.database, "DELETE FROM intercom.rudder_tags")

    result = project.run("contact_tags")

    [found] = result.get_asset_check_evaluations()
    assert result.success
    assert (False, dg.AssetCheckSeverity.WARN) == (found.passed, found.severity)
    sql = str(found.metadata["query"].value).strip("`\n").removeprefix("sql")
    assert found.metadata["not_stored"].value == len(query(project.database, sql))


def test_a_check_that_cannot_look_is_a_warning(project: Project) -> None:
    """Members of a table that was never synced cannot be judged; nothing fails."""
    project.run(*CONTACTS)

    result = project.run("contact_tags")

    [found] = result.get_asset_check_evaluations()
    assert result.success
    assert dg.AssetCheckSeverity.WARN == found.severity
    assert "Not evaluated: There is no table intercom.rudder_tags" in str(found.description)


def test_a_start_date_makes_no_alarm_of_what_it_leaves_out(project: Project) -> None:
    """Members that may be older than the start date are not asked for."""
    graph = project.definitions(start_date="2024-06-01").resolve_asset_graph()
    checked = {key.asset_key.path[-1] for key in graph.asset_check_keys}

    assert {"contact_tags", "contacts_flat"} <= checked
    assert not {"contact_companies", "conversation_contacts"} & checked


def test_a_model_is_a_frame_to_an_asset_downstream(project: Project) -> None:
    """A downstream asset gets a view as a DataFrame, or the columns that it asks for."""
    project.run(*CONTACTS, *OF_CONTACTS)
    frames: list[Any] = []
    key = ["intercom", "contacts_flat"]

    @dg.asset(
        ins={
            "whole": dg.AssetIn(key=["intercom", "contact_tags"]),
            "some": dg.AssetIn(key=key, metadata={"columns": ["id", "custom_trial_ends_at"]}),
        }
    )
    def report(whole: Any, some: Any) -> None:  # noqa: ANN401 - pandas' own
        frames.extend((whole, some))

    merged = dg.Definitions.merge(project.definitions(), dg.Definitions(assets=[report]))
    job = merged.resolve_implicit_global_asset_job_def()
    assert job.execute_in_process(asset_selection=[dg.AssetKey("report")]).success

    assert ["contact_id", "tag_id"] == list(frames[0].columns)
    assert ["id", "custom_trial_ends_at"] == list(frames[1].columns)
    assert "datetime64" in str(frames[1]["custom_trial_ends_at"].dtype)
    assert 30 == len(frames[1])


def test_a_model_is_as_new_as_its_tables(project: Project) -> None:
    """A table that is synced alone is news to what was made of its model, once."""

    @dg.asset(
        deps=[["intercom", "contacts_flat"]],
        automation_condition=dg.AutomationCondition.eager().resolve_through_virtual(),
    )
    def report() -> None: ...

    merged = dg.Definitions.merge(project.definitions(), dg.Definitions(assets=[report]))
    job = merged.resolve_implicit_global_asset_job_def()
    keys = [dg.AssetKey(["intercom", name]) for name in (*CONTACTS, *OF_CONTACTS)]
    cursor, requested = None, []

    with dg.DagsterInstance.ephemeral() as instance:
        for selected in ([*keys, report.key], keys[:1], [report.key], []):
            if selected:
                assert job.execute_in_process(asset_selection=selected, instance=instance).success
            told = dg.evaluate_automation_conditions(merged, instance, cursor=cursor)
            cursor = told.cursor
            requested.append(told.get_num_requested(report.key))

    assert [0, 1, 0, 0] == requested


def test_a_virtual_asset_is_announced_to_nobody(project: Project) -> None:
    """Dagster's warning that such assets are a preview is not shown to who installs this."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Virtual assets")
        graph = project.definitions().resolve_asset_graph()

    assert {key.path[-1] for key in graph.get_all_asset_keys() if graph.get(key).is_virtual} == {
        *NAMES
    }


def test_two_sources_have_models_of_their_own(project: Project) -> None:
    """Views carry the prefix of their source, like tables."""
    other = replace(project, raw={"name": "eu", "table_prefix": "eu_"})
    project.run("teams", "team_admins")

    result = run_job(other.definitions(), "teams", "team_admins", source="eu")

    assert result.success
    assert columns(project, "rudder_team_admins") == columns(other, "eu_rudder_team_admins")
    graph = other.definitions().resolve_asset_graph()
    node = graph.get(dg.AssetKey(["eu", "team_admins"]))
    assert "intercom.eu_rudder_team_admins" == node.metadata["dagster/table_name"]


def test_a_history_has_a_view_and_a_figure(project: Project) -> None:
    """What a sync replaces is counted, in the view of versions, and an input of other assets."""
    kept = replace(project, raw={"history": "tags", "models": "none"})
    tag = project.workspace.collection("tags").ids()[0]
    kept.run("tags", "tags_versions")
    project.workspace.rename("tags", tag, "Renamed")

    result = kept.run("tags", "tags_versions")

    told = model_figures(result)["tags_versions"]
    shown = project.rows("rudder_tags_versions")
    before, now = sorted(
        (one for one in shown if one["id"] == tag), key=lambda one: one["_is_current"]
    )
    assert len(project.rows("rudder_tags")) + 1 == told["dagster/row_count"] == len(shown)
    assert ("Renamed", None) == (now["name"], now["_valid_to"])
    assert before["_valid_to"] == now["_valid_from"] > before["_valid_from"]
    [check] = [one for one in result.get_asset_check_evaluations() if "versions" in one.check_name]
    assert check.passed
    assert 1 == figures(result, "tags")["rows_archived"]
    assert "rows_archived" not in figures(project.run("tags"), "tags")


def figures(result: dg.ExecuteInProcessResult, name: str) -> dict[str, Any]:
    """Give the metadata of a synced table."""
    [sync] = result.asset_materializations_for_node(f"intercom__{name}")
    return {key: getattr(value, "value", None) for key, value in sync.metadata.items()}


def chosen(**raw: object) -> list[str]:
    """Give the models that settings select."""
    return [model.name for model in read(**raw).models]


@pytest.mark.parametrize("value", ["all", ["all"], None, ""])
def test_all_means_what_the_resources_allow(value: object) -> None:
    """A model whose tables are not all synced is left out without a word."""
    assert list(NAMES) == chosen(models=value)
    few = chosen(models=value, resources="contacts,teams")
    assert ["contact_companies", "contact_tags", "team_admins"] == few


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("none", []),
        (["none"], []),
        ("contact_tags, contacts_flat", ["contacts_flat", "contact_tags"]),
        (["team_admins"], ["team_admins"]),
        ("part_attachments", ["part_attachments"]),
        ("all,part_attachments", [*NAMES, "part_attachments"]),
        (
            "everything",
            [one.name for one in models_of(CATALOG.up_to(Level.CORE, NEWEST), Level.COSTLY)],
        ),
    ],
)
def test_models_are_chosen_by_name(value: object, names: list[str]) -> None:
    """None, or some, in the order of their declaration."""
    assert names == chosen(models=value)


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ({"models": "contacts_flat,unicorns"}, "models is 'unicorns': unknown; allowed are all, "),
        (
            {"models": "none,contact_tags"},
            "`all`, `everything`, `none` or a list of names is allowed",
        ),
        ({"models": ","}, "`all`, `everything`, `none` or a list of names is allowed"),
        ({"models": [3]}, "`all`, `everything`, `none` or a list of names is allowed"),
        (
            {"models": "contacts_flat", "resources": "contacts"},
            "models is 'contacts_flat': is made of contact_attributes too, which the setting",
        ),
    ],
)
def test_a_wrong_choice_is_refused(raw: dict[str, object], told: str) -> None:
    """What was asked for explicitly is not left out in silence."""
    (problem,) = problems(**raw)

    assert told in problem


def test_without_models_there_is_no_step(project: Project) -> None:
    """A source that wants none has the assets of its resources only."""
    graph = project.definitions(models="none").resolve_asset_graph()

    assert {one.name for one in CATALOG if one.level is Level.CORE} == {
        key.path[-1] for key in graph.get_all_asset_keys()
    }


def test_every_model_stands_in_the_sources_group(project: Project) -> None:
    """Group, kinds, description, view and tables that it reads stand on each model's page."""
    graph = project.definitions().resolve_asset_graph()
    for model in MODELS:
        node = graph.get(dg.AssetKey(["intercom", model.name]))

        assert ("intercom", {"intercom", "duckdb", "view"}) == (node.group_name, node.kinds)
        assert model.description == node.description
        assert f"intercom.rudder_{model.name}" == node.metadata["dagster/table_name"]
        assert set(model.sources) == {key.path[-1] for key in node.parent_keys}

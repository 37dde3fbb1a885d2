"""Fivetran's views in Dagster: assets of the models' step, and the settings that are refused."""

from typing import Any

import dagster as dg
import pytest

from intercom_assets.catalog.fivetran import TABLES
from intercom_assets.errors import ConfigurationError
from intercom_assets.settings.sharing import refuse_shared_tables
from intercom_assets_tests.dagster_project.running import (
    Project,
    execute,
    failures,
    model_figures,
    query,
)

SCHEMA = "intercom_fivetran"
CONTACTS = ("contacts", "contact_attributes")
OF_CONTACTS = ("contact_history", "contact_tag_history", "contact_company_history")


def test_views_are_assets_of_the_models_step(project: Project) -> None:
    """Their keys are those that dagster-dbt gives the package's sources: source and table."""
    result = project.run(*CONTACTS, *OF_CONTACTS, "contacts_flat", fivetran_schema=SCHEMA)

    assert {} == failures(result)
    told = model_figures(result)
    assert {*OF_CONTACTS, "contacts_flat"} == set(told)
    schema = {
        one.name: one.type for one in told["contact_history"]["dagster/column_schema"].columns
    }
    assert ("timestamp", "boolean") == (schema["updated_at"], schema["_fivetran_active"])
    lineage = told["contact_history"]["dagster/column_lineage"].deps_by_column
    assert [dg.TableColumnDep(dg.AssetKey(["intercom", "contacts"]), "owner_id")] == lineage[
        "admin_id"
    ]
    assert 30 == told["contact_history"]["dagster/row_count"]


def test_no_setting_means_no_view(project: Project) -> None:
    """Without the setting nothing of Fivetran's is in the project."""
    assets = project.definitions().resolve_asset_graph().get_all_asset_keys()
    more = project.definitions(fivetran_schema=SCHEMA, models="none").resolve_asset_graph()

    assert not {key.path[-1] for key in assets} & set(TABLES)
    found = {key.path[-1] for key in more.get_all_asset_keys()} & set(TABLES)
    assert set(TABLES) - {"article_history", "collection_history", "help_center_history"} == found
    spec = more.get(dg.AssetKey(["intercom", "contact_history"]))
    assert f"{SCHEMA}.contact_history" == spec.metadata["dagster/table_name"]
    assert {"contacts", "contact_attributes"} == {key.path[-1] for key in spec.parent_keys}


def test_tables_whose_resources_are_not_selected_are_told(
    project: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    """The log of the step names once which tables have no view, and the resources they need."""
    project.run("teams", "team", fivetran_schema=SCHEMA)

    [line] = [one for one in capfd.readouterr().err.splitlines() if f"Not in {SCHEMA}" in one]
    assert "article_history (articles), collection_history (collections)" in line


def test_fivetrans_own_tables_are_left_as_they_are(project: Project) -> None:
    """In the schema that Fivetran writes nothing is made; models of ours are made all the same."""
    project.run(*CONTACTS)
    execute(project.database, f"CREATE SCHEMA {SCHEMA}")
    execute(project.database, f"CREATE TABLE {SCHEMA}.contact_history AS SELECT 1 AS mine")

    refused = project.run(*OF_CONTACTS, "contact_tags", fivetran_schema=SCHEMA)

    [reason] = failures(refused).values()
    assert f"The schema {SCHEMA} has contact_history, not made by intercom_assets" in reason
    assert 1 == reason.count("not made by intercom_assets")
    assert {"contact_tags"} == set(model_figures(refused))
    listed = query(project.database, "SELECT view_name FROM duckdb_views() WHERE NOT internal")
    assert [{"view_name": "rudder_contact_tags"}] == listed


def test_an_asset_downstream_gets_a_view(project: Project) -> None:
    """An asset that names a view of Fivetran's as an input gets its rows."""
    project.run(*CONTACTS, *OF_CONTACTS, fivetran_schema=SCHEMA)
    frames: list[Any] = []

    @dg.asset(ins={"contacts": dg.AssetIn(key=["intercom", "contact_history"])})
    def report(contacts: Any) -> None:  # noqa: ANN401 - pandas' own
        frames.append(contacts)

    ours = project.definitions(fivetran_schema=SCHEMA)
    merged = dg.Definitions.merge(ours, dg.Definitions(assets=[report]))
    job = merged.resolve_implicit_global_asset_job_def()

    assert job.execute_in_process(asset_selection=[dg.AssetKey("report")]).success
    assert 30 == len(frames[0])
    assert "datetime64" in str(frames[0]["created_at"].dtype)


@pytest.mark.parametrize(
    ("schema", "refused"),
    [
        ("Intercom", "the name of the schema of the tables"),
        ("test", "the name of the DuckDB file"),
        ("a\0b", "no NUL"),
    ],
)
def test_a_schema_of_its_own_is_needed(project: Project, schema: str, refused: str) -> None:
    """The schema of the tables, and the file's name in DuckDB, are refused at load."""
    with pytest.raises(ConfigurationError, match=refused):
        project.settings(fivetran_schema=schema)


def test_two_sources_need_a_schema_each(project: Project) -> None:
    """Two sources that would make the same views are refused when the project loads."""
    first = project.settings(name="us", table_prefix="us_", fivetran_schema=SCHEMA)
    second = project.settings(name="eu", table_prefix="eu_", fivetran_schema=SCHEMA.upper())

    with pytest.raises(ConfigurationError, match="would both make Fivetran's views"):
        refuse_shared_tables([first, second])
    refuse_shared_tables([first, project.settings(table_prefix="eu_", fivetran_schema="eu_views")])

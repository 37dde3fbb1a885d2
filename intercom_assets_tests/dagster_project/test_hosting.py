"""Sources in other people's projects: several of them, and assets downstream of them."""

import itertools
import textwrap
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from intercom_assets.definitions import defs
from intercom_assets_tests.dagster_project.running import (
    TOKEN,
    TOKEN_VARIABLE,
    Project,
    failures,
    query,
    run_job,
    serving,
)
from intercom_simulator import Access, Workspace, generate

_NAMES = (f"host_project_{number}" for number in itertools.count())

SOURCE = """
type: intercom_assets.IntercomSource
attributes:
  access_token: {{env: {variable}}}
  base_url: {url}
  database: data/both.duckdb
  table_prefix: "{prefix}"
  resources: [tags, companies, company_segments]
  {more}
"""


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a Dagster project of somebody else; gives the folder of its sources."""
    module = next(_NAMES)
    (tmp_path / "pyproject.toml").write_text(
        textwrap.dedent(f"""
            [tool.dg]
            directory_type = "project"

            [tool.dg.project]
            root_module = "{module}"
        """),
        encoding="utf-8",
    )
    package = tmp_path / module / "defs"
    package.mkdir(parents=True)
    (tmp_path / module / "__init__.py").touch()
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    return package


@pytest.fixture
def second(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Workspace, str]]:
    """Serve a second workspace with a token of its own."""
    monkeypatch.setenv("SECOND_TOKEN", "second-token")
    workspace = Workspace(id_code="second22", access=Access(tokens={"second-token"}))
    generate(seed=8, contacts=0, companies=3, tags=5, workspace=workspace)
    with serving(workspace) as url:
        yield workspace, url


def add_source(folder: Path, name: str, *, more: str = "", **values: str) -> None:
    """Write the file of a source into a project."""
    source = folder / name
    source.mkdir()
    text = SOURCE.format(**{"variable": TOKEN_VARIABLE, "prefix": "", "more": more, **values})
    (source / "defs.yaml").write_text(text, encoding="utf-8")


def load(folder: Path) -> dg.Definitions:
    """Load a project's component files."""
    return dg.load_from_defs_folder(path_within_project=folder)


def test_two_sources_share_a_project_and_a_schema(
    project: Project, sources: Path, second: tuple[Workspace, str], tmp_path: Path
) -> None:
    """A second folder adds a second workspace: own assets, own job, tables beside the first's."""
    add_source(sources, "intercom_us", url=project.url, prefix="us_")
    add_source(sources, "intercom-eu", url=second[1], prefix="eu_", variable="SECOND_TOKEN")

    definitions = load(tmp_path)
    for source in ("intercom_us", "intercom_eu"):
        assert failures(run_job(definitions, source=source)) == {}

    database = tmp_path / "data" / "both.duckdb"
    tables = query(database, "SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL")
    resources = ("rudder__cursors", "rudder_companies", "rudder_company_segments", "rudder_tags")
    assert [tuple(row.values()) for row in tables] == [
        ("intercom", f"{prefix}{name}") for prefix in ("eu_", "us_") for name in resources
    ]
    for prefix, workspace in (("us_", project.workspace), ("eu_", second[0])):
        stored = query(database, f"SELECT id FROM intercom.{prefix}rudder_tags")
        assert {row["id"] for row in stored} == set(workspace.collection("tags").ids())


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("api_version: 2.10", "write it in quotes"),
        ("start_date: someday", "2024-01-31"),
        ("region: uk\n  lookback: soon", "allowed are us, eu, au"),
    ],
)
def test_a_mistake_in_a_file_names_the_source(
    sources: Path, tmp_path: Path, more: str, said: str
) -> None:
    """What the code location shows when it cannot load is our list of problems."""
    add_source(sources, "acme", url="https://x.example", more=more)

    with pytest.raises(Exception, match="Error while building definitions for acme") as refused:
        load(tmp_path)

    told = "".join(traceback.format_exception(refused.value))
    assert "Settings of the Intercom source 'acme' are wrong. Change each one below:\n  * " in told
    assert said in told


def test_a_file_is_read_as_yaml_means_it(sources: Path, tmp_path: Path) -> None:
    """Dates and schedules may be written in YAML's own forms."""
    more = 'start_date: "2024-01-31"\n  schedule: {every: 1h, starting_at: "02:30"}'
    add_source(sources, "acme", url="https://x.example", more=more)

    definitions = load(tmp_path)

    schedules = definitions.get_repository_def().schedule_defs
    assert {one.name: one.cron_schedule for one in schedules} == {
        "acme_schedule": "30 * * * *",
        "acme_reconcile_schedule": "0 3 * * 0",
    }


def test_a_source_that_is_missing_its_token_loads(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The code location loads where no token is set."""
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    add_source(sources, "acme", url="https://x.example")

    assert load(tmp_path).resolve_job_def("acme_sync").name == "acme_sync"


@pytest.fixture
def shipped(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Point the project as it is shipped to the simulator and to a database of its own."""
    monkeypatch.setenv("INTERCOM_BASE_URL", project.url)
    monkeypatch.setenv("DUCKDB_DATABASE", str(project.database))
    return project


def with_downstream(columns: list[str]) -> dg.Definitions:
    """Add an asset of a user, that reads contacts as a DataFrame, to the project."""

    @dg.asset(
        ins={
            "contacts": dg.AssetIn(key=["intercom", "contacts"], metadata={"columns": columns}),
        },
        key_prefix="reports",
    )
    def report(context: dg.AssetExecutionContext, contacts: pd.DataFrame) -> pd.DataFrame:
        context.add_output_metadata(
            {"columns": list(contacts.columns), "dtypes": [str(one) for one in contacts.dtypes]}
        )
        return contacts

    return dg.Definitions.merge(
        defs(),
        dg.Definitions(assets=[report], jobs=[dg.define_asset_job("everything")]),
    )


def materialize(definitions: dg.Definitions) -> dg.ExecuteInProcessResult:
    """Run contacts and the report."""
    return definitions.resolve_job_def("everything").execute_in_process(
        asset_selection=[dg.AssetKey(["intercom", "contacts"]), dg.AssetKey(["reports", "report"])],
        raise_on_error=False,
    )


def reported(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    """Give the metadata of the user's asset."""
    (event,) = result.asset_materializations_for_node("reports__report")
    return {name: value.value for name, value in event.metadata.items()}


def test_an_asset_of_the_user_reads_a_table_as_a_dataframe(
    shipped: Project,
) -> None:
    """Only the chosen columns come, instants know their zone, and the result lands by default."""
    result = materialize(with_downstream(["id", "updated_at", "tags"]))

    assert result.success
    told = reported(result)
    assert told["columns"] == ["id", "updated_at", "tags"]
    (instant,) = (kind for kind in told["dtypes"] if "datetime" in kind)
    assert instant.endswith(", UTC]")
    landed = query(shipped.database, "SELECT id, updated_at FROM intercom.report")
    assert sorted(map(repr, landed)) == sorted(
        repr({"id": row["id"], "updated_at": row["updated_at"]})
        for row in shipped.rows("rudder_contacts")
    )


@pytest.mark.usefixtures("shipped")
def test_an_unknown_column_is_named() -> None:
    """A column that a table lacks is told together with those that it has."""
    result = materialize(with_downstream(["id", "shoe_size"]))

    (event,) = result.get_step_failure_events()
    failure = event.step_failure_data.user_failure_data
    assert failure is not None
    assert str(failure.description).startswith("intercom.rudder_contacts has no column 'shoe_size'")
    assert "signed_up_at" in str(failure.description)


@pytest.mark.usefixtures("shipped")
def test_a_downstream_asset_fails_when_nothing_was_synced() -> None:
    """A table that does not exist yet is named."""
    definitions = with_downstream(["id"])

    result = definitions.resolve_job_def("everything").execute_in_process(
        asset_selection=[dg.AssetKey(["reports", "report"])], raise_on_error=False
    )

    (event,) = result.get_step_failure_events()
    failure = event.step_failure_data.user_failure_data
    assert failure is not None
    assert str(failure.description).startswith("There is no table intercom.rudder_contacts")


def test_our_io_manager_refuses_what_is_no_extract(project: Project) -> None:
    """An asset of the user that names our IO manager is told which one is meant for it."""

    @dg.asset(io_manager_key="intercom_io_manager")
    def mine() -> pd.DataFrame:
        return pd.DataFrame({"a": [1]})

    definitions = dg.Definitions.merge(
        project.definitions(),
        dg.Definitions(assets=[mine], jobs=[dg.define_asset_job("mine_job", selection=[mine])]),
    )

    result = definitions.resolve_job_def("mine_job").execute_in_process(raise_on_error=False)

    (event,) = result.get_step_failure_events()
    failure = event.step_failure_data.user_failure_data
    assert failure is not None
    assert "io_manager_key='io_manager'" in str(failure.description)
    assert TOKEN not in str(failure.description)

"""Views of the rows of several sources: what is in them, and whose they are."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from intercom_assets.component import IntercomSource
from intercom_assets_tests.dagster_project.hosting import Host
from intercom_assets_tests.dagster_project.reading import problems
from intercom_assets_tests.dagster_project.running import (
    TOKEN_VARIABLE,
    Project,
    execute,
    failures,
    query,
    run_job,
    serving,
)
from intercom_assets_tests.docs.blocks import blocks
from intercom_simulator import generate

VIEW = "intercom.intercom_contacts_all"
KEY = dg.AssetKey(["intercom", "intercom_contacts_all"])
VIEWS = "SELECT view_name FROM duckdb_views() WHERE view_name LIKE 'intercom_%' ORDER BY 1"
COUNTS = f"SELECT _source, _workspace_id, count(*) AS n FROM {VIEW} GROUP BY ALL ORDER BY 1"


@dataclass(frozen=True)
class Two:
    """Two sources of two workspaces in one DuckDB file."""

    project: Project
    eu: str

    def definitions(
        self, us: dict[str, object] | None = None, eu: dict[str, object] | None = None
    ) -> dg.Definitions:
        """Build both as one project, with changed settings."""
        common = {
            "access_token": {"env": TOKEN_VARIABLE},
            "database": str(self.project.database),
            "union_views": True,
            "resources": "contacts,teams,admins",
            "models": "team_admins",
        }
        left: dict[str, Any] = {**common, "name": "us", "base_url": self.project.url, **(us or {})}
        right: dict[str, Any] = {
            **common, "name": "eu", "base_url": self.eu, "table_prefix": "eu_", **(eu or {})
        }  # fmt: skip
        sources = [IntercomSource(**one) for one in (left, right)]
        return dg.Definitions.merge(
            *(one.definitions(self.project.folder, beside=sources) for one in sources)
        )

    def query(self, statement: str) -> list[dict[str, Any]]:
        """Ask the database."""
        return query(self.project.database, statement)


@pytest.fixture
def two(project: Project) -> Iterator[Two]:
    """Serve another workspace beside the project's own."""
    workspace = generate(seed=7, contacts=3, companies=1, conversations=1)
    workspace.id_code = "eu1'\\"
    with serving(workspace) as url:
        yield Two(project, url)


def test_a_view_has_the_rows_of_all_sources(two: Two) -> None:
    """Each row has its source and workspace; a column that one source excludes is null there.

    A source that was not synced yet is left out, and a source alone has its view.
    """
    definitions = two.definitions(eu={"exclude_columns": "contacts.email"})

    us = run_job(definitions, source="us")
    alone = two.query(COUNTS)
    eu = run_job(definitions, source="eu")

    assert [{}, {}] == [failures(us), failures(eu)]
    mine = {"_source": "us", "_workspace_id": two.project.workspace.id_code, "n": 30}
    theirs = {"_source": "eu", "_workspace_id": "eu1'\\", "n": 3}
    assert [mine] == alone
    assert [theirs, mine] == two.query(COUNTS)
    emails = f"SELECT _source, count(email) AS n FROM {VIEW} GROUP BY ALL ORDER BY 1"
    assert [{"_source": "eu", "n": 0}, {"_source": "us", "n": 30}] == two.query(emails)
    assert ["intercom_admins_all", "intercom_contacts_all", "intercom_teams_all"] == [
        row["view_name"] for row in two.query(VIEWS)
    ]
    [example] = [one for one in blocks("sql") if one.document.endswith("several-workspaces.md")]
    assert {"eu", "us"} == {row["_source"] for row in two.query(example.text)}


def test_who_opts_out_is_left_out_and_the_last_one_drops_the_views(two: Two) -> None:
    """The next step of another source makes the views again; nobody else's are dropped."""
    both = two.definitions()
    for name in ("us", "eu"):
        run_job(both, source=name)
    off: dict[str, object] = {"union_views": False}

    run_job(two.definitions(eu=off), "teams", "team_admins", source="eu")
    before = two.query(COUNTS)
    run_job(two.definitions(eu=off), "teams", "team_admins", source="us")
    after = two.query(COUNTS)
    execute(two.project.database, "CREATE VIEW intercom.intercom_tags_all AS SELECT 'us' AS mine")
    run_job(two.definitions(us=off, eu=off), "teams", "team_admins", source="us")

    assert ["eu", "us"] == [row["_source"] for row in before]
    assert ["us"] == [row["_source"] for row in after]
    assert ["intercom_tags_all"] == [row["view_name"] for row in two.query(VIEWS)]


def test_what_is_not_ours_is_refused(two: Two) -> None:
    """A view of somebody else stays; the others are made, and the step fails with a remedy."""
    execute(
        two.project.database, "CREATE SCHEMA intercom", f"CREATE VIEW {VIEW} AS SELECT 1 AS mine"
    )

    [told] = failures(run_job(two.definitions(), source="us")).values()

    assert f"{VIEW} exists and was not made by intercom_assets" in told
    assert "RENAME TO" in told
    assert [{"mine": 1}] == two.query(f"SELECT * FROM {VIEW}")
    assert {"view_name": "intercom_teams_all"} in two.query(VIEWS)


def test_two_steps_at_once_both_end_well(two: Two) -> None:
    """Sources that sync at the same time wait for each other's views."""
    definitions = two.definitions()

    def run(name: str) -> dict[str, str]:
        return failures(run_job(definitions, "teams", "team_admins", source=name))

    with ThreadPoolExecutor(2) as pool:
        assert [{}, {}] == list(pool.map(run, ("us", "eu")))

    sources = "SELECT DISTINCT _source FROM intercom.intercom_teams_all ORDER BY 1"
    assert ["eu", "us"] == [row["_source"] for row in two.query(sources)]


def test_the_asset_is_downstream_of_all_tables(two: Two) -> None:
    """It is one external asset with the columns of the view, and an input like any model."""
    frames: list[Any] = []

    @dg.asset(ins={"teams": dg.AssetIn(key=["intercom", "intercom_teams_all"])})
    def report(teams: Any) -> None:  # noqa: ANN401 - pandas' own
        frames.append(teams)

    ours = two.definitions(eu={"resources": "teams,tags", "models": "team_admins"})
    run_job(ours, "teams", "team_admins", source="us")
    merged = dg.Definitions.merge(ours, dg.Definitions(assets=[report]))
    graph = merged.resolve_asset_graph()
    job = merged.resolve_implicit_global_asset_job_def()

    teams = graph.get(dg.AssetKey(["intercom", "intercom_teams_all"]))
    assert teams.is_external
    assert {("us", "teams"), ("eu", "teams")} == {tuple(key.path) for key in teams.parent_keys}
    assert {("us", "contacts")} == {tuple(key.path) for key in graph.get(KEY).parent_keys}
    schema = [one.name for one in teams.metadata["dagster/column_schema"].columns]
    assert job.execute_in_process(asset_selection=[dg.AssetKey("report")]).success
    assert list(frames[0].columns) == schema


def test_sources_of_a_folder_know_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sources in files need not name each other; one in another schema has a view of its own."""
    host = Host(folder=tmp_path / "host")
    monkeypatch.syspath_prepend(str(host.home))
    host.add("us", union_views=True)
    host.add(
        "eu", union_views="true", table_prefix="eu_", translation={"key": "europe/{{ props.name }}"}
    )
    host.add("old", table_prefix="old_")
    host.add("far", union_views=True, warehouse_schema="far")

    graph = host.load().resolve_asset_graph()

    parents = {tuple(key.path) for key in graph.get(KEY).parent_keys}
    assert {("us", "contacts"), ("europe", "contacts")} == parents
    far = graph.get(dg.AssetKey(["far", "intercom_contacts_all"]))
    assert {("far", "contacts")} == {tuple(key.path) for key in far.parent_keys}


def test_sources_are_not_united_without_the_setting(two: Two) -> None:
    """Without the setting nothing is made, and no asset is there."""
    off: dict[str, object] = {"union_views": False}
    definitions = two.definitions(us=off, eu=off)

    run_job(definitions, "teams", "team_admins", source="us")

    assert [] == two.query(VIEWS)
    assert not definitions.resolve_asset_graph().has(KEY)


def test_the_step_of_the_models_is_needed() -> None:
    """A source without models has no step that could make the views, and is told so."""
    [told] = problems(union_views="true", models="none")

    assert "union_views is 'true': the step of the models makes these views" in told
    [told] = problems(union_views="maybe")
    assert "true or false is allowed" in told

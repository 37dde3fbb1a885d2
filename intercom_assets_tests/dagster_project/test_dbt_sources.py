"""`intercom-assets dbt-sources`: the tables as sources of dbt, with the lineage that follows."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from click.testing import CliRunner

from intercom_assets.cli import main
from intercom_assets_tests.dagster_project.hosting import Host
from intercom_assets_tests.dagster_project.running import TOKEN, TOKEN_VARIABLE

_MODEL = "SELECT id FROM {{ source('eu', 'tags') }} JOIN {{ source('eu', 'contact_tags') }} ON TRUE"
_PROFILE = "acme: {target: dev, outputs: {dev: {type: duckdb, path: dbt.duckdb}}}"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """Make a project with a source whose assets have keys of the user's."""
    host = Host(folder=tmp_path / "host")
    monkeypatch.syspath_prepend(str(host.home))
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    monkeypatch.chdir(host.folder)
    host.add("eu", table_prefix="eu_", fivetran_schema="eu_views",
             translation={"key": "support/{{ props.name }}"})  # fmt: skip
    return host


def printed() -> str:
    """Print the sources of the project."""
    result = CliRunner().invoke(main, ["dbt-sources"])
    assert 0 == result.exit_code, result.output
    return result.stdout


def test_each_table_names_its_asset(host: Host) -> None:
    """Each asset but Fivetran's views is a table with its real name, key and description."""
    read: Any = yaml.safe_load(printed())

    [source] = read["sources"]
    assert ("eu", "intercom") == (source["name"], source["schema"])
    graph = host.load().resolve_asset_graph()
    tables = {tuple(one["config"]["meta"]["dagster"]["asset_key"]): one for one in source["tables"]}
    expected = {tuple(key.path): graph.get(key).metadata["dagster/table_name"]
                for key in graph.get_all_asset_keys()}  # fmt: skip
    assert {key: name for key, name in expected.items() if not name.startswith("eu_views.")} == {
        key: f"intercom.{one['identifier']}" for key, one in tables.items()
    }
    assert all(one["description"] for one in tables.values())
    columns = {one["name"] for one in tables["support", "tags"]["columns"]}
    assert {"id", "name", "_synced_at", "_deleted_at"} <= columns


def test_wrong_settings_are_refused(host: Host) -> None:
    """A project that cannot be loaded is one line and exit code 2."""
    host.add("eu", region="uk")

    result = CliRunner().invoke(main, ["dbt-sources"])

    assert 2 == result.exit_code
    assert "region" in result.stderr
    assert not result.stdout


def test_dbt_models_are_downstream_of_the_tables(host: Host, tmp_path: Path) -> None:
    """In a Dagster project the models that read these sources depend on the source's assets."""
    dagster_dbt = pytest.importorskip("dagster_dbt", reason="dagster-dbt is not installed")
    folder = tmp_path / "acme"
    (folder / "models").mkdir(parents=True)
    (folder / "dbt_project.yml").write_text("name: acme\nprofile: acme\n")
    (folder / "profiles.yml").write_text(_PROFILE)
    (folder / "models" / "sources.yml").write_text(printed())
    (folder / "models" / "tagged.sql").write_text(_MODEL)
    dbt = Path(sys.executable).with_name("dbt")
    subprocess.run([dbt, "parse", "--profiles-dir", "."], cwd=folder, check=True)
    manifest = json.loads((folder / "target" / "manifest.json").read_text())

    def nothing(context: dg.AssetExecutionContext) -> None:
        """Only the lineage is looked at."""

    models = dagster_dbt.dbt_assets(manifest=manifest)(nothing)
    merged = dg.Definitions.merge(host.load(), dg.Definitions(assets=[models]))
    graph = merged.resolve_asset_graph()
    assert {dg.AssetKey(["support", "tags"]), dg.AssetKey(["support", "contact_tags"])} == set(
        graph.get(dg.AssetKey("tagged")).parent_keys
    )

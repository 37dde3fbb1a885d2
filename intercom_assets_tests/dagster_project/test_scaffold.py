"""`dg scaffold defs intercom_assets.IntercomSource eu` writes a file that works."""

import itertools
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from intercom_assets.component import IntercomSource, SourceScaffolder
from intercom_assets.errors import ConfigurationError
from intercom_assets.settings.sharing import refuse_shared_tables
from intercom_assets.settings.source import Settings, read_settings
from intercom_assets_tests.dagster_project.hosting import Host
from intercom_assets_tests.dagster_project.running import (
    Project,
    failures,
    run_job,
)
from intercom_assets_tests.docs.settings_page import described_settings, shipped_settings

TYPE = "intercom_assets.IntercomSource"

SHARED = {"INTERCOM_WAREHOUSE", "DUCKDB_DATABASE", "WAREHOUSE_SCHEMA", "DAGSTER_UI_URL"} | {
    variable for variable in shipped_settings().values() if variable.startswith("SNOWFLAKE_")
}
"""Variables that say where tables are, and where Dagster's UI is, for all sources."""

FOLDERS = [
    "intercom",
    "eu",
    "EU",
    "intercom_eu",
    "acme-eu",
    "acme_eu",
    "2024",
    "no",
    "null",
    "büro",
]


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """Make an empty Dagster project of somebody else."""
    host = Host(folder=tmp_path / "host")
    monkeypatch.syspath_prepend(str(host.home))
    return host


def scaffold(host: Host, folder: str, kind: str = "yaml") -> Path:
    """Scaffold a source into a folder, as `dg` does; gives the folder."""
    place = host.defs / folder
    place.mkdir()
    request = dg.ScaffoldRequest(
        type_name=TYPE,
        target_path=place,
        scaffold_format="yaml" if kind == "yaml" else "python",
        project_root=host.folder,
        params=SourceScaffolder.get_scaffold_params()(),
    )
    SourceScaffolder().scaffold(request)
    return place


def attributes(folder: Path) -> dict[str, Any]:
    """Read the settings of a scaffolded file."""
    document: dict[str, Any] = yaml.safe_load((folder / "defs.yaml").read_text())
    assert TYPE == document["type"]
    found: dict[str, Any] = document["attributes"]
    return found


def variables(settings: dict[str, Any]) -> dict[str, str]:
    """Give the variable of each setting that reads one."""
    flat = dict(settings)
    flat |= {f"snowflake.{name}": value for name, value in flat.pop("snowflake").items()}
    return {name: value["env"] for name, value in flat.items() if isinstance(value, dict)}


def settings_of(folder: Path, environment: dict[str, str]) -> Settings:
    """Check the settings of a scaffolded file."""
    return read_settings(
        attributes(folder),
        name=folder.name,
        project_root=folder.parents[2],
        environment=environment,
    )


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_setting_is_there_and_explained(host: Host, folder: str) -> None:
    """The file holds each setting of the component, under what it means."""
    text = (scaffold(host, folder) / "defs.yaml").read_text()

    words = " ".join(text.replace("#", " ").split())
    for name, description in described_settings().items():
        assert f" {name.rpartition('.')[2]}:" in text
        assert " ".join(description.split()) in words
    assert "  # translation:" in text
    assert set(IntercomSource.model().model_fields) == {
        *attributes(host.defs / folder),
        "translation",
    }
    assert max(map(len, text.splitlines())) <= 100


def test_the_shipped_source_is_what_scaffolding_writes(host: Host) -> None:
    """A source named `intercom` reads the plain variables: those of the shipped file."""
    written = attributes(scaffold(host, "intercom"))

    assert shipped_settings() == variables(written)
    assert "intercom" == written["name"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_without_variables_everything_is_a_default(host: Host, folder: str) -> None:
    """Any folder gives settings that are in order; only where tables are called is its own."""
    place = scaffold(host, folder)

    settings = settings_of(place, {})

    plain = read_settings(
        {"access_token": {"env": settings.token_variable}},
        name=settings.name,
        project_root=host.folder,
        environment={},
    )
    assert {**dict(plain), "table_prefix": settings.table_prefix} == dict(settings)


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(FOLDERS, 2)))
def test_two_sources_share_no_token_unless_they_are_refused(
    host: Host, one: str, other: str
) -> None:
    """Sources have variables and prefixes of their own; names too alike for that are refused."""
    places = [scaffold(host, folder) for folder in (one, other)]
    found = [settings_of(place, {}) for place in places]
    first, second = (set(variables(attributes(place)).values()) - SHARED for place in places)

    if not first & second:
        refuse_shared_tables(found)
        return

    with pytest.raises(ConfigurationError, match="would both write"):
        refuse_shared_tables(found)


def test_variables_of_a_source_begin_with_its_name(host: Host) -> None:
    """The token of `eu` is INTERCOM_EU_ACCESS_TOKEN; where tables are is shared."""
    settings = settings_of(
        scaffold(host, "eu"),
        {"INTERCOM_EU_REGION": "eu", "INTERCOM_REGION": "au", "WAREHOUSE_SCHEMA": "crm"},
    )

    assert "INTERCOM_EU_ACCESS_TOKEN" == settings.token_variable
    assert ("eu", "eu_", "crm") == (settings.region, settings.table_prefix, settings.schema)


def test_two_scaffolded_sources_sync_side_by_side(
    host: Host, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scaffolded files load together, and sync once their tokens are set."""
    for folder, stem in (("intercom", "INTERCOM"), ("eu", "INTERCOM_EU")):
        scaffold(host, folder)
        monkeypatch.setenv(f"{stem}_ACCESS_TOKEN", "simulated-token")
        monkeypatch.setenv(f"{stem}_BASE_URL", project.url)
    monkeypatch.setenv("DUCKDB_DATABASE", str(project.database))

    definitions = host.load()
    told = [failures(run_job(definitions, "tags", source=name)) for name in ("intercom", "eu")]

    assert [{}, {}] == told
    true = set(project.workspace.collection("tags").ids())
    assert [true, true] == [project.ids("rudder_tags"), project.ids("eu_rudder_tags")]


def test_python_may_be_asked_for_instead(host: Host) -> None:
    """`--format python` writes what Dagster writes for any component."""
    place = scaffold(host, "eu", "python")

    assert ["component.py"] == [file.name for file in place.iterdir()]

"""Dagster's own language: translations of assets, variables in templates, `dg check yaml`."""

import re
import subprocess
from pathlib import Path

import dagster as dg
import jsonschema
import pytest

from intercom_assets.component import IntercomSource
from intercom_assets_tests.dagster_project.hosting import Host
from intercom_assets_tests.dagster_project.processes import BIN, Machine
from intercom_assets_tests.dagster_project.running import (
    TOKEN,
    TOKEN_VARIABLE,
    Project,
    query,
    run_job,
)

TRANSLATION = {
    "key": "support/{{ props.name }}",
    "group_name": "support",
    "description": "{{ props.table }} of {{ props.source }}. {{ spec.description }}",
    "tags": {"kind_of_asset": "{{ 'view' if props.is_view else 'table' }}"},
    "owners": ["team:support"],
}
"""A translation that changes everything that it may."""

DOWNSTREAM = """
import dagster as dg
import pandas as pd


@dg.asset(io_manager_key="own", ins={
    "tags": dg.AssetIn(key=["support", "tags"], input_manager_key="eu_io_manager"),
})
def tag_names(tags: pd.DataFrame) -> list[str]:
    return sorted(tags["name"])


@dg.definitions
def defs() -> dg.Definitions:
    return dg.Definitions(assets=[tag_names], resources={"own": dg.mem_io_manager})
"""


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """Make a project that this process can import."""
    host = Host(folder=tmp_path / "host")
    monkeypatch.syspath_prepend(str(host.home))
    return host


def test_a_translation_changes_what_dagster_shows(host: Host, project: Project) -> None:
    """Key, group, description, tags and owners are the file's; dependencies follow the keys.

    The sync, its checks, its views and an asset that reads a table work under the new keys.
    """
    host.add(
        "eu",
        base_url=project.url,
        resources="companies,company_segments,tags",
        translation=TRANSLATION,
    )
    (host.defs / "own.py").write_text(DOWNSTREAM)
    definitions = host.load()

    graph = definitions.resolve_asset_graph()
    segments = graph.get(dg.AssetKey(["support", "company_segments"]))
    assert segments.parent_keys == {dg.AssetKey(["support", "companies"])}
    assert segments.group_name == "support"
    assert segments.owners == ["team:support"]
    assert segments.tags["kind_of_asset"] == "table"
    assert segments.description is not None
    assert segments.description.startswith("rudder_company_segments of eu. ")
    assert {key.path[0] for key in graph.get_all_asset_keys()} == {"support", "tag_names"}

    whole = run_job(definitions, source="eu")
    read = definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        asset_selection=[dg.AssetKey("tag_names")]
    )

    assert whole.success
    checked = {result.asset_key for result in whole.get_asset_check_evaluations()}
    assert dg.AssetKey(["support", "tags"]) in checked
    names = {row["name"] for row in project.workspace.collection("tags")}
    assert sorted(names) == read.output_for_node("tag_names")


def test_a_subclass_changes_specs_in_python(host: Host) -> None:
    """`get_asset_spec` of a subclass gets every table and view, after the file's translation."""
    (host.home / host.module / "own.py").write_text(
        "import intercom_assets\n"
        "class Own(intercom_assets.IntercomSource):\n"
        "    def get_asset_spec(self, props):\n"
        "        spec = super().get_asset_spec(props)\n"
        "        return spec.merge_attributes(tags={'table': props.table})\n"
    )
    file = host.add("eu", table_prefix="eu_", translation={"group_name": "crm"})
    own = file.read_text().replace("intercom_assets.IntercomSource", f"{host.module}.own.Own")
    file.write_text(own)

    specs = {spec.key.path[-1]: spec for spec in host.load().resolve_all_asset_specs()}

    assert specs["contacts"].tags["table"] == "eu_rudder_contacts"
    assert specs["contacts_flat"].tags["table"] == "eu_rudder_contacts_flat"
    assert {spec.group_name for spec in specs.values()} == {"crm"}


INSTANCE = """
import dagster as dg
from intercom_assets import IntercomSource


def renamed(spec, props):
    return spec.replace_attributes(key=["crm", props.name])


@dg.component_instance
def load(context):
    return IntercomSource(access_token={"env": "TOKEN"}, resources="tags", translation=renamed)
"""


def test_a_source_may_be_written_in_python(host: Host) -> None:
    """A component instance takes settings as keywords, and a function as its translation."""
    (host.defs / "eu").mkdir()
    (host.defs / "eu" / "source.py").write_text(INSTANCE)

    definitions = host.load()

    assert [dg.AssetKey(["crm", "tags"])] == [
        spec.key for spec in definitions.resolve_all_asset_specs()
    ]


def test_a_source_needs_no_folder_of_components(project: Project) -> None:
    """`definitions()` is all that a project needs that is written in Python alone."""
    source = IntercomSource(
        access_token={"env": TOKEN_VARIABLE}, base_url=project.url, resources="tags"
    )

    done = run_job(source.definitions(project.folder))

    assert done.success
    rows = query(project.folder / "data" / "warehouse.duckdb", "FROM intercom.rudder_tags")
    assert set(project.workspace.collection("tags").ids()) == {row["id"] for row in rows}


def test_two_assets_of_one_key_are_refused(host: Host) -> None:
    """A translation that forgets the name is told so, with both names."""
    host.add("eu", translation={"key": "support/intercom"})

    told = r"gives \w+ and \w+ the same key, support/intercom\. Use the name in it"
    assert re.search(told, host.refusal())


def test_a_variable_in_a_template_is_a_variable(
    host: Host, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`{{ env.X }}` means what `{env: X}` means, in every setting, the token's too.

    The secret is no part of any definition, and a version stays the text that it is.
    """
    monkeypatch.setenv("EU_TOKEN", TOKEN)
    monkeypatch.setenv("EU_VERSION", "2.10")
    monkeypatch.setenv("EU_TIER", "7")
    host.add(
        "eu",
        access_token="{{ env.EU_TOKEN }}",
        api_version="{{env.EU_VERSION}}",
        region="{{ env.NOT_SET }}",
        tags={"tier": "{{ env.EU_TIER }}_x"},
        base_url=project.url,
        resources="tags",
    )

    definitions = host.load()
    done = run_job(definitions, source="eu")

    connection = (definitions.resources or {})["eu_intercom"]
    assert done.success
    assert connection.api_version == "2.10"
    assert connection.region == "us"
    assert TOKEN not in repr(connection)
    assert TOKEN not in repr(definitions)


@pytest.mark.parametrize("token", ["dG9rOmFiYw==", "{{ env('EU_TOKEN') }}x", 17])
def test_a_token_in_a_file_is_refused_and_not_repeated(
    host: Host, monkeypatch: pytest.MonkeyPatch, token: object
) -> None:
    """The message says what is allowed, and shows neither the text nor what a template gave."""
    monkeypatch.setenv("EU_TOKEN", "dG9rOmFiYw==")
    host.add("eu", access_token=token)

    told = host.refusal()

    assert "access_token must name a variable" in told
    assert "dG9rOmFiYw==" not in told


RIGHT: dict[str, list[object]] = {
    "region": ["eu", "{{ env.X }}", {"env": "X"}, None],
    "api_version": ["2.16"],
    "start_date": ["2024-01-31"],
    "resources": ["all", "all,tags", ["tags", "contacts"]],
    "models": ["none", ["contacts_flat"]],
    "include": ["scorecards", ["monitors", "scorecards"]],
    "schedule": ["manual", "every 1h starting 02:30", {"every": "1h"}, {"cron": "0 6 * * *"}],
    "schedules": [{"tags": "every 1h", "contacts": {"cron": "0 6 * * *"}}, "tags=every 1h"],
    "start_dates": [{"tags": "2025-01-01"}, "tags=2025-01-01"],
    "lookback": ["90s"],
    "rate_limit_share": [0.5, "0.5"],
    "page_size": [50, "50"],
    "history": ["all", ["contacts"]],
    "history_days": [365, "365"],
    "owners": ["team:a", ["team:a"]],
    "tags": ["a=b", {"env": "prod"}],
    "exclude_columns": ["contacts.email", {"contacts": ["email"]}, ["contacts.email"]],
    "translation": [{"group_name": "crm"}],
}

WRONG: dict[str, list[object]] = {
    "region": ["mars", 1],
    "api_version": [2.16],
    "resources": ["contatcs", ["contatcs"]],
    "models": ["contact_flat"],
    "include": ["scorecard"],
    "schedule": ["hourly", {"every": "2h"}],
    "schedules": [{"tags": "hourly"}],
    "lookback": ["an hour"],
    "rate_limit_share": [2],
    "page_size": [500],
    "history": ["contatcs"],
    "history_days": [0],
    "preview": ["all"],
    "warehouse": ["oracle"],
    "access_token": ["dG9rOmFiYw=="],
    "no_such_setting": ["x"],
}


def is_accepted(attributes: dict[str, object]) -> bool:
    """Judge attributes as an editor does, and `dg check yaml`."""
    judge = jsonschema.Draft202012Validator(IntercomSource.model().model_json_schema())
    return judge.is_valid(attributes)


def test_the_schema_of_a_file_accepts_what_a_sync_accepts() -> None:
    """Every form of every setting is valid for editors, and what no sync takes is not."""
    right = {(name, str(value)) for name, values in RIGHT.items() for value in values}
    wrong = {(name, str(value)) for name, values in WRONG.items() for value in values}

    assert right == {
        (name, str(value))
        for name, values in RIGHT.items()
        for value in values
        if is_accepted({name: value})
    }
    assert wrong == {
        (name, str(value))
        for name, values in WRONG.items()
        for value in values
        if not is_accepted({name: value})
    }


def test_dg_refuses_a_wrong_value_with_its_line(tmp_path: Path) -> None:
    """`dg check yaml` names the file and shows the line, before anything is loaded."""
    host = Host(folder=tmp_path / "host")
    file = host.defs / "eu" / "defs.yaml"
    file.parent.mkdir()
    file.write_text(
        "type: intercom_assets.IntercomSource\nattributes:\n"
        "  access_token: '{{ env.EU_TOKEN }}'\n  start_date: 2024-01-31\n  region: mars\n"
    )
    machine = Machine(url="", folder=tmp_path)

    done = subprocess.run(
        [str(BIN / "dg"), "check", "yaml"],
        cwd=host.folder,
        env=machine.environment() | {"PYTHONPATH": str(host.home), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 1
    assert "defs.yaml:5" in done.stdout + done.stderr
    assert "region: mars" in done.stdout + done.stderr
    assert "start_date" not in "".join(
        line for line in (done.stdout + done.stderr).splitlines() if "defs.yaml:" in line
    )

"""Commands know the sources of a project as its definitions have them, however these are made."""

import json
from pathlib import Path

import pytest

from intercom_assets_tests.cli.conftest import CommandLine
from intercom_assets_tests.dagster_project.hosting import Host

_SUBCLASS = """
import dagster as dg
from intercom_assets import IntercomSource


class Support(IntercomSource):
    def get_asset_spec(self, props):
        return super().get_asset_spec(props).replace_attributes(key=["support", props.name])
"""

_COMPONENT = """
import dagster as dg
from intercom_assets import IntercomSource

print("loading sales")


@dg.component_instance
def sales(context):
    return IntercomSource(
        access_token={"env": "INTERCOM_ACCESS_TOKEN"},
        base_url={"env": "INTERCOM_BASE_URL"},
        table_prefix="sales_",
        resources="tags",
    )
"""

_DEFINITIONS = """
from pathlib import Path

import dagster as dg
from intercom_assets import IntercomSource

plain = IntercomSource(
    name="plain",
    access_token={"env": "INTERCOM_ACCESS_TOKEN"},
    base_url={"env": "INTERCOM_BASE_URL"},
    table_prefix="plain_",
    resources="teams",
)


@dg.definitions
def defs():
    found = dg.ComponentTree.for_project(Path(__file__).parents[1]).build_defs(Path())
    return dg.Definitions.merge(found, plain.definitions(project_root=Path(__file__).parents[1]))
"""

_BROKEN = """
import dagster as dg

raise RuntimeError("the warehouse of somebody else is away\\nand more")
"""


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """Make a Dagster project with a subclass in YAML and two sources in Python."""
    host = Host(folder=tmp_path / "a project")
    (host.home / host.module / "support.py").write_text(_SUBCLASS)
    (host.home / host.module / "definitions.py").write_text(_DEFINITIONS)
    (host.defs / "sales").mkdir()
    (host.defs / "sales" / "component.py").write_text(_COMPONENT)
    variables = {"base_url": {"env": "INTERCOM_BASE_URL"}, "resources": "admins"}
    file = host.add("support", **variables)
    file.write_text(
        file.read_text().replace("intercom_assets.IntercomSource", f"{host.module}.support.Support")
    )
    return host


def test_commands_know_every_source(workspace: CommandLine, host: Host) -> None:
    """Subclasses, components in Python and merged definitions are synced, shown and queried."""
    environment = {**workspace.environment, "DUCKDB_DATABASE": ""}
    commands = CommandLine(environment, host.folder)

    ran = commands("run", "--json")
    shown = commands("status", "--json")
    asked = commands(
        "query",
        "--source",
        "plain",
        "-f",
        "csv",
        "SELECT count(*) n FROM intercom.plain_rudder_teams",
    )

    result = json.loads(ran.stdout)
    assert 0 == ran.returncode, ran.stderr
    assert {"support": ["admins"], "sales": ["tags"], "plain": ["teams"]} == {
        one["source"]: [line["resource"] for line in one["resources"]] for one in result["sources"]
    }
    standing = json.loads(shown.stdout)["sources"]
    assert {"support", "sales", "plain"} == {one["source"] for one in standing}
    assert all(one["resources"][0]["rows"] for one in standing)
    assert "n" == asked.stdout.split()[0], asked.stderr


def test_a_project_that_ends_python_is_no_success(commands: CommandLine, host: Host) -> None:
    """A module that ends Python while it is imported is named, whatever its code."""
    (host.defs / "sales" / "component.py").write_text("raise SystemExit(0)\n")

    told = CommandLine(commands.environment, host.folder)("status")

    assert 2 == told.returncode
    assert "[SystemExit: 0, " in told.stderr


def test_a_run_shows_what_settings_warn_of(workspace: CommandLine, host: Host) -> None:
    """Warnings about settings, logged while definitions load, reach the terminal of a run."""
    host.add("support", base_url={"env": "INTERCOM_BASE_URL"}, resources="tags,company_segments")
    commands = CommandLine({**workspace.environment, "DUCKDB_DATABASE": ""}, host.folder)

    ran = commands("run", "--source", "support", "--select", "tags")

    assert 0 == ran.returncode, ran.stderr
    assert "selected without" in ran.stderr


@pytest.mark.parametrize("command", [("run",), ("status",), ("check",), ("query", "SELECT 1")])
def test_a_broken_project_is_one_line(
    commands: CommandLine, host: Host, command: tuple[str, ...]
) -> None:
    """What fails in somebody else's module is named with its place, not in a traceback."""
    (host.defs / "sales" / "component.py").write_text(_BROKEN)
    as_json = () if "query" in command else ("--json",)

    told = CommandLine(commands.environment, host.folder)(*command, *as_json)

    assert (1 if command == ("check",) else 2) == told.returncode
    [line] = told.stderr.splitlines()
    assert (
        "cannot be loaded. Run dg check defs, which shows the whole error, and correct it." in line
    )
    assert "[RuntimeError: the warehouse of somebody else is away, " in line
    assert "component.py:4]" in line
    if as_json:
        assert line.endswith(json.loads(told.stdout)["error"])


def test_a_folder_outside_any_project_is_one_of_its_own(
    workspace: CommandLine, tmp_path: Path
) -> None:
    """What is run there neither reads nor writes the project that the command is installed from."""
    commands = CommandLine({**workspace.environment, "DUCKDB_DATABASE": ""}, tmp_path)

    told = commands("query", "SELECT 1")

    assert 1 == told.returncode
    assert f"{tmp_path / 'data' / 'warehouse.duckdb'} does not exist yet" in told.stderr

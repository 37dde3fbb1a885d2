"""The code location loads everywhere, names what it offers, and imports no more than it needs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import intercom_assets
from intercom_assets.catalog import CATALOG, NEWEST, Level
from intercom_assets.catalog.views import models_of
from intercom_assets.component import IntercomSource
from intercom_assets_tests.dagster_project.processes import Machine
from intercom_assets_tests.dagster_project.running import ROOT, TOKEN_VARIABLE, serving
from intercom_simulator import generate


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Set up a machine whose Intercom cannot be reached: nothing here may ask it."""
    return Machine(url="http://127.0.0.1:9", folder=tmp_path)


def run_python(machine: Machine, code: str) -> str:
    """Run code in a fresh interpreter without a token; gives the last line that it printed."""
    environment = {k: v for k, v in machine.environment().items() if k != TOKEN_VARIABLE}
    done = subprocess.run(
        [sys.executable, "-c", f"import json, sys\n{code}"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


def imported(machine: Machine, code: str, *modules: str) -> set[str]:
    """Run code in a fresh interpreter; give which of the modules it imported."""
    look = f"print(json.dumps([one for one in {modules!r} if one in sys.modules]))"
    return set(json.loads(run_python(machine, f"{code}\n{look}")))


def test_dg_finds_nothing_wrong(machine: Machine) -> None:
    """`dg check` passes in the project's folder, without a token."""
    said = machine.call("dg", "check", "defs", "--check-yaml")

    assert "All component YAML validated successfully" in said
    assert "All definitions loaded successfully" in said


def test_dg_lists_assets_jobs_and_resources(machine: Machine) -> None:
    """`dg list defs` shows what the UI shows."""
    listed = json.loads(machine.call("dg", "list", "defs", "--json"))

    keys = {asset["asset_key"] for asset in listed["assets"]}
    assert "intercom/contacts" in keys
    assert "intercom/contacts_flat" in keys
    assert len(keys) == 11 + len(models_of(CATALOG.up_to(Level.CORE, NEWEST)))
    assert "intercom_sync" in {job["name"] for job in listed["jobs"]}
    assert ["forget_old_runs_schedule"] == [one["name"] for one in listed["schedules"]]


def test_dir_shows_the_public_names_only(machine: Machine) -> None:
    """Who explores the package sees the component, the catalogue and `sync`, and nothing else."""
    shown = run_python(machine, "import intercom_assets as i; print(json.dumps(dir(i)))")

    public = [name for name in json.loads(shown) if not name.startswith("_")]
    assert public == ["CATALOG", "IntercomSource", "sync"]


def test_the_public_names_are_there() -> None:
    """The names in `__all__` are imported when asked for, and no other name is."""
    assert intercom_assets.__all__ == ["CATALOG", "IntercomSource", "sync"]
    assert set(intercom_assets.__all__) <= set(dir(intercom_assets))
    assert intercom_assets.CATALOG is CATALOG
    assert intercom_assets.IntercomSource is IntercomSource
    with pytest.raises(AttributeError, match="has no attribute 'Contacts'"):
        intercom_assets.Contacts  # noqa: B018 - the access is what fails


@pytest.mark.parametrize(
    "module",
    [
        "intercom_assets",
        "intercom_assets.catalog",
        "intercom_assets.settings.source",
        "intercom_simulator",
    ],
)
def test_dagster_is_not_imported_without_need(machine: Machine, module: str) -> None:
    """The package, its catalogue, the settings and the simulator start without Dagster."""
    assert imported(machine, f"import {module}", "dagster", "duckdb") == set()


def test_loading_definitions_imports_no_warehouse_of_others(machine: Machine) -> None:
    """Nor does making all of their jobs: Snowflake takes eleven seconds to import."""
    loaded = imported(
        machine,
        "from intercom_assets.definitions import defs\n"
        "defs().get_repository_def().load_all_definitions()",
        "dagster",
        "snowflake.connector",
        "dagster_snowflake",
        "dagster_snowflake_pandas",
    )

    assert loaded == {"dagster"}


def test_a_run_imports_no_warehouse_of_others(tmp_path: Path) -> None:
    """Nor does a run into DuckDB import Snowflake."""
    code = (
        f"import os; os.environ[{TOKEN_VARIABLE!r}] = 'simulated-token'\n"
        "from intercom_assets.definitions import defs\n"
        "assert defs().resolve_job_def('intercom_sync').execute_in_process().success"
    )

    with serving(generate(contacts=3, companies=2, conversations=2)) as url:
        loaded = imported(
            Machine(url=url, folder=tmp_path, variables={"INTERCOM_RESOURCES": "contacts,tags"}),
            code,
            "duckdb",
            "snowflake.connector",
            "dagster_snowflake",
            "dagster_snowflake_pandas",
        )

    assert loaded == {"duckdb"}

"""The built wheel works in a project of somebody else, without this checkout."""

import re
import subprocess
import sys
import tomllib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from intercom_assets.cli.project import make_dagster_home, standalone
from intercom_assets.errors import ConfigurationError
from intercom_assets_tests.dagster_project.hosting import Host
from intercom_assets_tests.dagster_project.processes import DEADLINE, Machine
from intercom_assets_tests.dagster_project.running import ROOT, TOKEN, Project, query
from intercom_assets_tests.guarantees.budget import TORTURE

WHERE = """
import intercom_assets

specs = intercom_assets.IntercomSource(access_token={"env": "T"}).definitions()
keys = {key for spec in specs.resolve_all_asset_specs() for key in spec.metadata}
print("imported", intercom_assets.__file__)
print("links to code:", {key for key in keys if "code" in key})
"""
PACKAGES = (ROOT / "intercom_assets", ROOT / "intercom_simulator")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, with the build backend of this environment."""
    folder = tmp_path_factory.mktemp("wheel")
    call(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    """Install the wheel into a folder; what it depends on is in this environment."""
    folder = wheel.parent / "site"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    call(*pip, "--no-deps", "--no-index", "--target", str(folder), str(wheel), cwd=folder.parent)
    return folder


@pytest.fixture
def machine(project: Project, installed: Path, tmp_path: Path) -> Machine:
    """Set up a machine that has the wheel, and the token of a source named `eu`."""
    variables = {
        "PYTHONPATH": str(installed),
        "INTERCOM_ACCESS_TOKEN": "",
        "INTERCOM_EU_ACCESS_TOKEN": TOKEN,
        "INTERCOM_EU_BASE_URL": project.url,
        "INTERCOM_EU_RESOURCES": "contacts,tags",
    }
    return Machine(url="", folder=tmp_path, variables=variables)


def call(*command: str, cwd: Path, seconds: float = DEADLINE) -> None:
    """Run a command to a good end."""
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, check=False, timeout=seconds
    )
    assert done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"


def command_line(machine: Machine, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the wheel's own `intercom-assets`."""
    return subprocess.run(
        [str(Path(machine.variables["PYTHONPATH"]) / "bin" / "intercom-assets"), *arguments],
        cwd=cwd,
        env=machine.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE,
    )


def test_the_wheel_holds_the_packages_and_nothing_else(wheel: Path) -> None:
    """Every module, the type marker and the shipped source are in the wheel; tests are not."""
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
        (points,) = (archive.read(name).decode() for name in held if "entry_points" in name)

    files = {
        file
        for package in PACKAGES
        for file in package.rglob("*")
        if file.is_file() and "__pycache__" not in str(file)
    }
    assert {str(file.relative_to(ROOT)) for file in files} == {
        name for name in held if ".dist-info/" not in name
    }
    assert {"intercom_assets/py.typed", "intercom_assets/defs/intercom/defs.yaml"} <= held
    assert any(name.endswith("licenses/LICENSE") for name in held)
    assert "intercom-assets = intercom_assets.cli:main" in points
    assert "[dagster_dg_cli.registry_modules]" in points


def test_an_empty_project_syncs_with_the_wheel(
    project: Project, machine: Machine, installed: Path, tmp_path: Path
) -> None:
    """Install, scaffold, set the token, launch: rows land, and `intercom-assets` goes on there.

    The commands are those that the documents show for several workspaces, as they stand. No asset
    links to code: such a link is for files of the project.
    """
    page = (ROOT / "docs" / "several-workspaces.md").read_text()
    scaffold, launch, run = [line[2:] for line in page.splitlines() if line.startswith("$ ")]
    assert scaffold.startswith("dg scaffold ")
    assert launch.startswith("dg launch ")
    assert run.startswith(".venv/bin/intercom-assets run ")
    for document in (ROOT / "README.md", ROOT / "docs" / "your-dagster-project.md"):
        text = document.read_text()
        assert f"$ {scaffold.replace(' eu', ' intercom')}\n" in text
        assert f"$ {launch.replace('eu_', 'intercom_')}\n" in text
    host = Host(folder=tmp_path / "host", module="acme")
    (host.defs / "where.py").write_text(WHERE)

    made = machine.call(*scaffold.split(), cwd=host.folder)
    launched = machine.call(*launch.split(), cwd=host.folder)
    again = command_line(machine, host.defs, *run.split()[1:])

    assert "Next: set INTERCOM_EU_ACCESS_TOKEN" in made
    assert f"imported {installed / 'intercom_assets'}" in launched
    assert "links to code: set()" in launched
    true = set(project.workspace.collection("contacts").ids())
    rows = query(machine.database, "SELECT id FROM intercom.eu_rudder_contacts")
    assert true == {row["id"] for row in rows}
    assert 0 == again.returncode, again.stderr
    assert f"imported {installed / 'intercom_assets'}" in again.stderr
    assert re.search(r"^contacts +\S+ +\d+ +0 +0 ", again.stdout, re.MULTILINE)


@pytest.fixture
def host(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """Make somebody else's project, with the token of a source named `eu`."""
    host = Host(folder=tmp_path / "host", layout=getattr(request, "param", "."))
    monkeypatch.syspath_prepend(str(host.home))
    monkeypatch.setenv("INTERCOM_EU_ACCESS_TOKEN", TOKEN)
    return host


@pytest.mark.parametrize("host", ["src"], indirect=True)
def test_commands_find_a_project_whose_modules_are_under_src(host: Host, project: Project) -> None:
    """Modules come from src/, paths start at the root, the next command names the source."""
    host.add("eu", access_token={"env": "INTERCOM_EU_ACCESS_TOKEN"}, base_url=project.url)
    host.add("us", access_token={"env": "INTERCOM_US_ACCESS_TOKEN"}, table_prefix="us_")

    run = host.call("run", "--source", "eu", "--select", "tags")

    assert 0 == run.exit_code, run.stderr
    assert "query --source eu 'SELECT" in run.stdout
    rows = query(host.folder / "data" / "warehouse.duckdb", "SELECT id FROM intercom.rudder_tags")
    assert set(project.workspace.collection("tags").ids()) == {row["id"] for row in rows}


def test_no_project_is_needed(
    project: Project, machine: Machine, installed: Path, tmp_path: Path
) -> None:
    """In any folder, here one with a blank and an umlaut, the wheel syncs what a token reads.

    The database and Dagster's records are under that folder, readable by their owner only, and Git
    ignores them. A run without a token writes nothing and names the variable and the demo.
    """
    folder = tmp_path / "müller data"
    folder.mkdir()
    bare = {"DAGSTER_HOME": "", "DUCKDB_DATABASE": "", "HOME": ""}
    mine = bare | {"INTERCOM_ACCESS_TOKEN": TOKEN, "INTERCOM_BASE_URL": project.url}
    without, owner = (
        replace(machine, variables={**machine.variables, **bare}),
        replace(machine, variables={**machine.variables, **mine}),
    )

    refused = command_line(without, folder, "run")
    nothing = list(folder.iterdir())
    run = command_line(owner, folder, "run", "--select", "tags")
    shown = command_line(
        owner, folder, "query", "--format", "csv", "SELECT id FROM intercom.rudder_tags"
    )

    assert 2 == refused.returncode
    assert "The variable INTERCOM_ACCESS_TOKEN is empty." in refused.stderr
    assert "intercom-assets demo" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert [] == nothing
    assert 0 == run.returncode, run.stderr
    assert set(project.workspace.collection("tags").ids()) == set(shown.stdout.split()[1:])
    assert [folder / "data"] == list(folder.iterdir())
    assert (folder / "data" / ".gitignore").read_text() == "*\n"
    assert 0o600 == (folder / "data" / "warehouse.duckdb").stat().st_mode & 0o777
    assert 0o700 == (folder / "data" / ".dagster").stat().st_mode & 0o777
    assert not (installed / "data").exists()


def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Dagster's records cannot be kept, that is said with what to do, and nothing starts."""
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    (tmp_path / "data").touch()

    with pytest.raises(ConfigurationError) as refused:
        make_dagster_home(standalone(tmp_path))

    said = str(refused.value)
    assert f"Dagster's records cannot be kept in {tmp_path / 'data' / '.dagster'}: " in said
    assert "set DAGSTER_HOME" in said


def test_the_demo_needs_nothing(machine: Machine, tmp_path: Path) -> None:
    """`demo` syncs a simulated workspace in any folder; `query --demo` and `status --demo` read it.

    The commands are those of the README's first screen.
    """
    readme = (ROOT / "README.md").read_text()
    assert "$ pip install intercom-assets\n$ intercom-assets demo\n" in readme
    folder = tmp_path / "anywhere"
    folder.mkdir()
    bare = replace(machine, variables={**machine.variables, "DAGSTER_HOME": ""})

    demo = command_line(bare, folder, "demo", "--select", "teams")
    asked = command_line(
        bare, folder, "query", "--demo", "SELECT count(*) AS n FROM intercom.rudder_teams"
    )
    shown = command_line(bare, folder, "status", "--demo")
    real = command_line(bare, folder, "query", "SELECT 1")

    assert 0 == demo.returncode, demo.stderr
    assert "This is a demo: a simulated Intercom" in demo.stderr
    assert "intercom-assets query --demo " in demo.stdout
    assert ["n", "6"] == asked.stdout.split()
    assert re.search(r"^teams +6 ", shown.stdout, re.MULTILINE)
    assert 1 == real.returncode


def test_commands_read_what_dagster_reads(host: Host, project: Project) -> None:
    """A project has either file; its source may use Dagster's templates and a translation."""
    host.add(
        "eu",
        access_token="{{ env.INTERCOM_EU_ACCESS_TOKEN }}",
        base_url=project.url,
        translation={"key": "support/{{ props.name }}"},
    )

    run = host.call("run", "--select", "tags,contact_tags")
    (host.folder / "pyproject.toml").unlink()
    (host.folder / "dg.toml").write_text(
        f'directory_type = "project"\n[project]\nroot_module = "{host.module}"\n'
    )
    status = host.call("status")

    assert 0 == run.exit_code, run.stderr
    assert re.search(r"^tags +intercom.rudder_tags +[1-9]", run.stdout, re.MULTILINE)
    assert f"Source eu in {host.folder / 'data' / 'warehouse.duckdb'}" in status.stdout
    assert re.search(r"^tags +[1-9]", status.stdout, re.MULTILINE)


@pytest.mark.skipif(not TORTURE, reason="installing takes minutes: make torture")
def test_the_lowest_declared_versions_sync(
    project: Project, wheel: Path, machine: Machine, tmp_path: Path
) -> None:
    """With the lowest version of each dependency that we declare, a source syncs from the wheel.

    It needs a package index, and is skipped without one.
    """
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    floors = tmp_path / "floors.txt"
    floors.write_text(
        "\n".join(re.sub(r">=([^,]+).*", r"==\1", requirement) for requirement in declared)
    )
    python = tmp_path / "venv" / "bin" / "python"
    call(sys.executable, "-m", "venv", str(tmp_path / "venv"), cwd=tmp_path)
    pip = (str(python), "-m", "pip", "--disable-pip-version-check", "--retries", "0")
    probe = [*pip, "download", "--quiet", "--no-deps", "--dest", str(tmp_path), "tzdata"]
    if subprocess.run(probe, capture_output=True, check=False, timeout=DEADLINE).returncode:
        pytest.skip("no package index can be reached")
    install = (*pip, "install", "--quiet", "--no-compile", "-c", str(floors))
    call(*install, str(wheel), cwd=tmp_path, seconds=600)
    host = Host(folder=tmp_path / "host", module="acme")
    host.add("eu", access_token={"env": "INTERCOM_EU_ACCESS_TOKEN"}, base_url=project.url)
    environment = {**machine.environment(), "PYTHONPATH": "", "DUCKDB_DATABASE": ""}

    done = subprocess.run(
        [str(python.with_name("intercom-assets")), "run", "--select", "tags,contacts"],
        cwd=host.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE,
    )

    assert 0 == done.returncode, done.stderr
    rows = query(host.folder / "data" / "warehouse.duckdb", "SELECT id FROM intercom.rudder_tags")
    assert set(project.workspace.collection("tags").ids()) == {row["id"] for row in rows}

"""`intercom_assets.sync` syncs into a DuckDB file, and Dagster is not needed for it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from intercom_assets import CATALOG, sync
from intercom_assets.catalog import Level
from intercom_assets.errors import ConfigurationError, SchemaError, Unauthorized, WarehouseError
from intercom_assets_tests.dagster_project.running import TOKEN, query, serving
from intercom_assets_tests.docs.blocks import ROOT, blocks
from intercom_assets_tests.world import Ear
from intercom_simulator import Access, Workspace, generate

PAGE = "docs/in-python.md"


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    """Generate a few records of each kind."""
    return generate(
        contacts=30,
        companies=6,
        conversations=8,
        parts_per_conversation=3,
        workspace=Workspace(access=Access(rate_limit=1_000_000)),
    )


@pytest.fixture(scope="module")
def url(workspace: Workspace) -> Iterator[str]:
    """Serve the workspace."""
    with serving(workspace) as url:
        yield url


@pytest.fixture
def options(url: str, tmp_path: Path) -> dict[str, Any]:
    """Give what every sync needs."""
    return {"token": TOKEN, "database": tmp_path / "lake.duckdb", "base_url": url}


def test_the_default_resources_are_synced_parents_first(
    workspace: Workspace, options: dict[str, Any]
) -> None:
    """Without names the eleven default resources are synced; a second sync finds nothing new."""
    first, second = sync(**options), sync(**options)

    assert [one.name for one in CATALOG if one.level is Level.CORE] == list(first)
    true = set(workspace.collection("contacts").ids())
    rows = query(options["database"], "SELECT id FROM intercom.rudder_contacts")
    assert true == {row["id"] for row in rows}
    assert len(true) == first["contacts"].inserted
    assert 0 < first["contacts"].meter.requests
    assert {0} == {report.inserted + report.updated for report in second.values()}


def test_options_are_the_settings_of_their_names(url: str, tmp_path: Path) -> None:
    """Names are synced in the catalogue's order, into the named tables, less what is excluded."""
    ear = Ear()

    reports = sync(
        token=TOKEN,
        database=str(tmp_path / "made" / "lake.duckdb"),
        resources=["conversations", "contacts"],
        api_version="2.14",
        start_date="2020-01-31",
        schema="raw",
        table_prefix="eu_",
        exclude_columns={"contacts": ["email"]},
        history="all",
        history_days=30,
        base_url=url,
        listener=ear,
    )

    assert ["contacts", "conversations"] == list(reports)
    assert list(reports.values()) == ear.reports
    rows = query(tmp_path / "made" / "lake.duckdb", "SELECT * FROM raw.eu_rudder_contacts")
    assert rows
    assert "email" not in rows[0]
    former = query(tmp_path / "made" / "lake.duckdb", "FROM raw.eu_rudder_contacts_history")
    assert [] == former


def test_a_full_refresh_reads_everything_again(options: dict[str, Any]) -> None:
    """What did not change is read again, and is not written again."""
    first = sync(resources=["contacts"], **options)["contacts"]
    again = sync(resources=["contacts"], full_refresh=True, **options)["contacts"]

    assert (first.inserted, 0) == (again.unchanged, again.inserted)


def test_nothing_imports_dagster(url: str, tmp_path: Path) -> None:
    """A sync of all resources ends in a process that never imported Dagster or pandas."""
    program = (
        "import sys\nfrom intercom_assets import sync\n"
        f"reports = sync(token={TOKEN!r}, base_url={url!r}, database='lake.duckdb')\n"
        "print(len(reports), {'dagster', 'pandas', 'snowflake.connector'} & set(sys.modules))\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert "11 set()\n" == done.stdout
    assert "" == done.stderr


@pytest.mark.parametrize(
    ("wrong", "error", "said"),
    [
        ({"region": "mars"}, ConfigurationError, "region is 'mars': allowed are us, eu, au"),
        ({"resources": ["people"]}, ConfigurationError, "resources is 'people': unknown"),
        ({"resources": []}, ConfigurationError, "names nothing"),
        ({"api_version": 2.1}, ConfigurationError, "write it in quotes"),
        ({"history": ["contcts"]}, ConfigurationError, "history is 'contcts': unknown"),
        ({"schema": "lake"}, ConfigurationError, "may not be named like the schema"),
        ({"token": ""}, ConfigurationError, "The access token is empty"),
        ({"token": "another-token"}, Unauthorized, "access token"),
        ({"resources": ["conversation_parts"]}, SchemaError, "Sync conversations first"),
        ({"database": "/proc/none/lake.duckdb"}, WarehouseError, "cannot be created"),
    ],
)
def test_what_is_wrong_is_raised(
    wrong: dict[str, Any], error: type[Exception], said: str, options: dict[str, Any]
) -> None:
    """Each of our errors comes out as it is, and none of them shows the token."""
    given = {**options, **wrong}

    with pytest.raises(error) as raised:
        sync(**given)

    assert said in str(raised.value)
    assert not given["token"] or given["token"] not in repr(raised.value)


def test_the_page_shows_what_works(
    url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The program of the page runs as it stands, but for the address of the simulator."""
    [block] = [one for one in blocks("python") if one.document == PAGE]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INTERCOM_ACCESS_TOKEN", TOKEN)
    program = block.text.replace("sync(", f"sync(base_url={url!r}, ", 1)
    assert program != block.text

    exec(compile(program, str(ROOT / PAGE), "exec"), {})  # noqa: S102 - our own document

    assert "intercom.rudder_contacts: 30 records returned" in capsys.readouterr().out
    assert (tmp_path / "data" / "intercom_lake.duckdb").exists()

"""Cursors can be looked at, copied to another warehouse with the tables, and reset."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from intercom_assets.cli import main
from intercom_assets.engine.cursor import Source
from intercom_assets_tests.cli.conftest import ROOT
from intercom_assets_tests.dagster_project.running import execute, query
from intercom_assets_tests.world import World, make_world


@dataclass
class Synced:
    """A warehouse in which companies and their segments were synced."""

    world: World
    database: Path

    def state(self, *arguments: str, database: Path | None = None) -> Result:
        """Run the command in this process, on this warehouse or another."""
        variables = {"DUCKDB_DATABASE": str(database or self.database)}
        return CliRunner().invoke(main, ["state", *arguments], env=variables)

    def cursors(self, database: Path | None = None) -> dict[str, dict[str, object]]:
        """Give the cursors by resource."""
        shown = json.loads(self.state(database=database).stdout)
        return {one["resource"]: one for one in shown["cursors"]}


@pytest.fixture
def synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Synced]:
    """Sync companies and what depends on them."""
    monkeypatch.chdir(ROOT)
    world = make_world(tmp_path / "state.duckdb", companies=6, contacts=5)
    world.source = Source(name="intercom", schema="intercom", prefix="")
    world.sync_all("companies", "company_segments")
    yield Synced(world, tmp_path / "state.duckdb")
    world.warehouse.close()


def test_a_reset_resource_is_read_from_the_beginning(synced: Synced) -> None:
    """Nothing happens without a yes; then the cursor is gone, and the next sync reads all."""
    before = synced.cursors()
    unasked = synced.state("--reset", "company_segments")
    unchanged = synced.cursors()
    asked = synced.state("--reset", "company_segments", "--yes")
    after = synced.cursors()

    assert (1, 0) == (unasked.exit_code, asked.exit_code), asked.stderr
    assert before == unchanged
    assert before["companies"] == after["companies"]
    assert before["company_segments"]["parent_synced_at"]
    assert not after["company_segments"]["parent_synced_at"]
    again = synced.world.sync("company_segments")
    assert 0 < again.records_returned == again.unchanged


def test_cursors_move_with_the_tables(synced: Synced, tmp_path: Path) -> None:
    """A copy of the tables has the imported cursors; where there are no rows they are refused."""
    file, copied = tmp_path / "cursors.json", tmp_path / "copy.duckdb"
    file.write_text(synced.state().stdout)
    shutil.copy(synced.database, copied)
    execute(copied, "DELETE FROM intercom.rudder__cursors")

    moved = synced.state("--import", str(file), database=copied)
    refused = synced.state("--import", str(file), database=tmp_path / "empty.duckdb")

    assert (0, 2) == (moved.exit_code, refused.exit_code), moved.stderr
    assert synced.cursors() == synced.cursors(copied)
    assert "companies has no rows here, and its cursor would skip them" in refused.stderr
    [count] = query(copied, "SELECT count(*) AS rows FROM intercom.rudder_companies")
    assert count["rows"]


@pytest.mark.parametrize(
    ("resource", "change"),
    [
        ("contacts", "DELETE FROM intercom.rudder_contacts WHERE updated_at >= '{at}'"),
        ("company_segments", "UPDATE intercom.rudder_companies SET _synced_at = '2020-01-01'"),
        ("company_segments", "DELETE FROM intercom.rudder_companies"),
    ],
)
def test_a_cursor_beyond_the_rows_is_refused(
    synced: Synced, tmp_path: Path, resource: str, change: str
) -> None:
    """Tables that were copied before the cursor lack rows: it would skip them for good."""
    synced.world.sync("contacts")
    file, copied = tmp_path / "cursors.json", tmp_path / "copy.duckdb"
    file.write_text(synced.state().stdout)
    shutil.copy(synced.database, copied)
    execute(copied, change.format(at=synced.cursors()["contacts"]["at"]))
    execute(copied, "DELETE FROM intercom.rudder__cursors")

    refused = synced.state("--import", str(file), database=copied)

    assert 2 == refused.exit_code
    assert f"is as new as the cursor of {resource}" in refused.stderr
    assert {} == synced.cursors(copied)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"workspace_id": "other111"}, "are of workspace "),
        ({"resource": "tickets_of_mars"}, "does not select tickets_of_mars"),
        ({"colour": "red"}, "holds no cursors"),
        ({"at": "yesterday"}, "holds no cursors"),
    ],
)
def test_cursors_of_something_else_are_refused(
    synced: Synced, tmp_path: Path, change: dict[str, str], said: str
) -> None:
    """A cursor of another workspace or of no resource, and what is no cursor, change nothing."""
    before = synced.cursors()
    file = tmp_path / "cursors.json"
    file.write_text(json.dumps({"cursors": [{**before["companies"], **change}]}))

    refused = synced.state("--import", str(file))

    assert 2 == refused.exit_code
    assert said in refused.stderr
    assert before == synced.cursors()

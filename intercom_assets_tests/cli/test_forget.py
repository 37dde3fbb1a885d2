"""`intercom-assets forget` shows what is stored of contacts, asks, and erases it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from intercom_assets.cli import main
from intercom_assets.engine.cursor import Source
from intercom_assets.engine.forget import PERSONAL
from intercom_assets.warehouse.duckdb import connect
from intercom_assets_tests.cli.conftest import ROOT
from intercom_assets_tests.world import DAY, World, make_world

ZOE = "5ba682d23d7cf92bef87bfd4"
PLANTED = "pl4nt3d"
NAMES = ("contacts", "conversations", "conversation_parts")


@dataclass
class Synced:
    """A warehouse in which Zoe is, now and in former versions."""

    world: World
    database: Path

    def forget(self, *arguments: str) -> Result:
        """Run the command in this process."""
        variables = {"DUCKDB_DATABASE": str(self.database)}
        return CliRunner().invoke(main, ["forget", *arguments], env=variables)

    def planted(self, folder: Path) -> int:
        """Count Zoe's words in the bytes of a copy, which has no freed blocks."""
        copy = folder / "copy.duckdb"
        with connect(copy) as connection:
            connection.execute(f"ATTACH '{self.database}' AS old (READ_ONLY)")
            connection.execute("COPY FROM DATABASE old TO copy")
        count = copy.read_bytes().count(PLANTED.encode())
        copy.unlink()
        return count


@pytest.fixture
def synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Synced]:
    """Sync Zoe, and what she wrote, twice."""
    monkeypatch.chdir(ROOT)
    world = make_world(tmp_path / "forget.duckdb", contacts=3, conversations=2)
    world.source = Source(name="intercom", schema="intercom", prefix="", history=frozenset(NAMES))
    author = {"type": "user", "id": ZOE, "name": PLANTED}
    world.workspace.add("contacts", {"id": ZOE, "role": "user", "name": PLANTED})
    theirs = world.workspace.add(
        "conversations",
        {
            "title": PLANTED,
            "source": {"body": PLANTED, "author": author},
            "contacts": {"type": "contact.list", "contacts": [{"type": "contact", "id": ZOE}]},
        },
    )
    world.workspace.reply(theirs, body=PLANTED, author=author)
    world.sync_all(*NAMES)
    world.clock.forward(DAY)
    world.workspace.touch("contacts", ZOE)
    world.workspace.touch("conversations", theirs)
    world.sync_all(*NAMES)
    yield Synced(world, tmp_path / "forget.duckdb")
    world.warehouse.close()


def test_nothing_is_forgotten_without_a_yes(synced: Synced, tmp_path: Path) -> None:
    """What would change is shown with its rows; with a yes it is gone, and cannot be twice."""
    before = synced.planted(tmp_path)
    refused = synced.forget("contacts", ZOE)
    unchanged = synced.planted(tmp_path)
    done = synced.forget("contacts", ZOE, "--yes")
    again = synced.forget("contacts", ZOE, "--yes")

    assert (1, 0, 1) == (refused.exit_code, done.exit_code, again.exit_code), done.stderr
    assert "intercom.rudder_contacts: 1 row to delete" in refused.stderr
    assert "rudder_conversations_history: 1 row to be rid of personal data" in refused.stderr
    assert "rudder_conversations: 1 row whose list contacts loses them" in refused.stderr
    assert "delete it there first" in done.stderr
    assert "Nothing is stored of" in again.stderr
    assert before == unchanged > 0
    assert 0 == synced.planted(tmp_path)
    assert ZOE not in {row["id"] for row in synced.world.rows("contacts")}


def test_an_unknown_id_changes_nothing(synced: Synced, tmp_path: Path) -> None:
    """One id of which nothing is stored keeps the others, too; only contacts are forgotten."""
    before = synced.planted(tmp_path)

    unknown = synced.forget("contacts", ZOE, "nobody", "--yes")
    other = synced.forget("companies", ZOE, "--yes")

    assert (1, 2) == (unknown.exit_code, other.exit_code)
    assert "Nothing is stored of nobody" in unknown.stderr
    assert before == synced.planted(tmp_path)


def test_the_page_names_what_becomes_null() -> None:
    """docs/privacy.md names every column that is made null."""
    page = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")

    assert not [name for names in PERSONAL.values() for name in names if f"`{name}" not in page]

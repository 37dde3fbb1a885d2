"""No byte of what is hidden is in the database file, nor in any file on the way to it."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from intercom_assets.catalog import CATALOG
from intercom_assets.warehouse.base import Commit, Committed
from intercom_assets.warehouse.duckdb import connect
from intercom_assets.warehouse.warehouse import Warehouse
from intercom_assets_tests.hiding import sync_hiding
from intercom_assets_tests.world import DAY, World, make_world

PLANTED = "pl4nt3d"
LONG = f"{PLANTED} " * 2_000

HIDDEN = {
    "contacts": ("name", "email", "location", "custom_attributes.note", "_extra.nickname"),
    "companies": ("name", "website", "custom_attributes"),
    "conversations": ("source_body", "source.author.email", "title", "_extra.source.hint"),
    "conversation_parts": ("body", "author_name", "author_email"),
    "admins": ("name", "email", "avatar"),
}


@dataclass
class Watch:
    """A warehouse whose files are looked through just before they are committed.

    Attributes:
        inner: The warehouse.
        folder: Where files are spooled.
        seen: Kinds of files in which the planted text was found.
        kinds: Kinds of files that were looked through.
    """

    inner: Warehouse
    folder: Path
    seen: set[str] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)

    def commit(self, prefix: str, commit: Commit) -> Committed:
        """Look, then commit."""
        self.look()
        return self.inner.commit(prefix, commit)

    def look(self, _request: httpx.Request | None = None) -> None:
        """Look through all files that are spooled now."""
        for file in self.folder.rglob("*"):
            if file.is_file() and file.stat().st_size:
                kind = f"{file.stem.split('-')[0]}{file.suffix}"
                self.kinds.add(kind)
                if PLANTED.encode() in file.read_bytes():
                    self.seen.add(kind)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - all else is the warehouse's
        return getattr(self.inner, name)


def in_files(database: Path) -> int:
    """Count the planted text in the bytes of the database and of the files beside it."""
    files = [file for file in database.parent.glob(f"{database.name}*") if file.is_file()]
    return sum(file.read_bytes().count(PLANTED.encode()) for file in files)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Make a workspace in which everybody has something to hide, of every form."""
    folder = tmp_path / "spools"
    folder.mkdir()
    former, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield _planted(make_world(tmp_path / "test.duckdb"), folder)
    finally:
        tempfile.tempdir = former


def _planted(world: World, folder: Path) -> World:
    watch = Watch(world.warehouse, folder)
    world.warehouse = cast("Warehouse", watch)
    world.before = watch.look
    workspace, add = world.workspace, world.workspace.add
    add("admins", {"id": "1", "name": PLANTED, "email": [PLANTED], "avatar": {"x": PLANTED}})
    for place in (f"{PLANTED}ville", {"city": f"{PLANTED}ville", "country": {"odd": PLANTED}}):
        add(
            "contacts",
            {
                "role": "user",
                "name": PLANTED,
                "email": {"odd": PLANTED},
                "location": place,
                "custom_attributes": {"note": [PLANTED], "plan": "pro"},
                "nickname": {"deep": [PLANTED]},
            },
        )
    company = {"name": PLANTED, "website": LONG, "custom_attributes": {"a": LONG}}
    # Large beside what is hidden too, so that the spool writes before it is read.
    add("companies", {**company, "industry": "shown " * 2_000})
    source = {"body": PLANTED, "hint": PLANTED, "author": {"email": PLANTED, "type": "user"}}
    conversation = add("conversations", {"title": 7, "source": source})
    author = {"type": "user", "id": "1", "name": PLANTED, "email": PLANTED}
    part = {"id": "1", "author": author}
    workspace.reply(conversation, body=PLANTED, part=part)
    return world


def sync_all(world: World, *, hide: bool) -> None:
    """Sync everything in which something is planted."""
    # Held open, syncs are quick; closed afterwards, all of it is in the file.
    with connect(world.database):
        for name, columns in HIDDEN.items():
            exclude = [one for one in columns if "." in one or one == "location"]
            hashed = [one for one in columns if one not in exclude]
            if hide:
                sync_hiding(world, name, exclude=exclude, hashed=hashed)
            else:
                world.sync(name)


def test_hidden_from_the_start_no_byte_reaches_a_disk(world: World) -> None:
    """Spooled records and rows, the database and its log never hold what is hidden."""
    sync_all(world, hide=True)
    watch: Any = world.warehouse

    assert set() == watch.seen
    assert {"companies.jsonl", "rows.jsonl"} <= watch.kinds
    assert 0 == in_files(world.database)


def test_without_it_the_same_look_finds_everything(world: World) -> None:
    """The look is a real one: it finds the planted text where nothing is hidden."""
    sync_all(world, hide=False)
    watch: Any = world.warehouse

    assert {"companies.jsonl", "rows.jsonl"} <= watch.seen
    assert in_files(world.database) > 5


def test_hidden_later_rows_and_spools_are_clean_and_a_copy_is(world: World, tmp_path: Path) -> None:
    """Rows are clean after the next sync, the file keeps freed blocks, and a copy of it does not.

    That is what docs/privacy.md says of DuckDB; should it forget freed blocks one day, say so.
    """
    sync_all(world, hide=False)
    watch: Any = world.warehouse
    watch.seen.clear()
    world.clock.forward(5 * DAY)

    sync_all(world, hide=True)

    assert set() == watch.seen
    assert "hidden.jsonl" in watch.kinds
    for name in HIDDEN:
        assert PLANTED not in str(world.rows_of(CATALOG[name]))
    assert in_files(world.database) > 0
    copy = tmp_path / "copy.duckdb"
    with connect(copy) as connection:
        connection.execute(f"ATTACH '{world.database}' AS old (READ_ONLY)")
        connection.execute("COPY FROM DATABASE old TO copy")
    assert 0 == in_files(copy)

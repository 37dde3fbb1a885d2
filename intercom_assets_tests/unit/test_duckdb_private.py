"""A database holds customers' data: it is private, and Git does not see a folder made for it."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from intercom_assets.errors import WarehouseError
from intercom_assets.warehouse.base import Session
from intercom_assets.warehouse.duckdb import DuckDBAdapter, DuckDBWarehouse


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    """Let everybody read new files, as most machines do."""
    before = os.umask(0o022)
    yield
    assert os.umask(before) == 0o022


def mode(path: Path) -> int:
    """Give the permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def modes_of_a_commit(path: Path) -> tuple[int, int]:
    """Commit, and give the permissions of the file and of the log beside it meanwhile."""
    adapter = DuckDBAdapter(path, patience=1, lock_patience=1)

    def work(session: Session) -> int:
        with session.transaction():
            session.create_table("s", "CREATE TABLE IF NOT EXISTS s.t AS SELECT 1 AS a")
        with session.transaction():
            session.run("INSERT INTO s.t SELECT 2")
        return mode(path.with_name(f"{path.name}.wal"))

    return adapter.write(work, "s.t"), mode(path)


def test_a_new_file_is_its_owners(tmp_path: Path) -> None:
    """Nobody else may read a database that was made here, nor its log during a commit."""
    assert (0o600, 0o600) == modes_of_a_commit(tmp_path / "x.duckdb")


def test_the_permissions_of_a_file_stay(tmp_path: Path) -> None:
    """A database that was opened to a group stays open to it, and so is its log."""
    path = tmp_path / "x.duckdb"
    modes_of_a_commit(path)
    path.chmod(0o640)

    assert (0o640, 0o640) == modes_of_a_commit(path)


def test_git_ignores_a_folder_that_was_made(tmp_path: Path) -> None:
    """A folder made for a database has a .gitignore; one that was there is left as it is."""
    modes_of_a_commit(tmp_path / "made" / "data" / "x.duckdb")
    modes_of_a_commit(tmp_path / "x.duckdb")

    assert "*\n" == (tmp_path / "made" / "data" / ".gitignore").read_text()
    assert not (tmp_path / ".gitignore").exists()


def test_a_check_writes_and_leaves_nothing(tmp_path: Path) -> None:
    """Where a sync would make folders and a file, a check tries it, and nothing stays."""
    DuckDBWarehouse(tmp_path / "made" / "data" / "x.duckdb").check("intercom")

    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("file/sub/x.duckdb", "cannot be written: Not a directory. Set DUCKDB_DATABASE"),
        ("/proc/none/x.duckdb", "cannot be written: No such file or directory"),
        (f"{'x' * 300}/x.duckdb", "cannot be"),
        ("file", "cannot be opened"),
    ],
)
def test_a_check_fails_where_a_sync_would(tmp_path: Path, path: str, said: str) -> None:
    """A folder that cannot be made and a file of another kind are found before the first sync."""
    (tmp_path / "file").write_text("no database" * 1000)

    with pytest.raises(WarehouseError, match=said):
        DuckDBWarehouse(tmp_path / path).check("intercom")

    assert ["file"] == [one.name for one in tmp_path.iterdir()]

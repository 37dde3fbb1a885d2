"""The DuckDB file: hostile names, foreign tables, other holders, broken files."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from intercom_assets.errors import WarehouseError
from intercom_assets.warehouse.duckdb import DuckDBWarehouse, connect
from intercom_assets_tests.unit.storing import Store, file_of, store_at, thing

HOSTILE = ['a"; drop table x; --', "12_3", "ünï ☃", "select", "two words", "a.b", "'", "%s", "?"]


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_is_kept_verbatim(tmp_path: Path, name: str) -> None:
    """A schema and a prefix may hold anything; tables are named exactly so."""
    store = store_at(tmp_path, schema=name, prefix=name)
    store.commit([thing("1"), thing("2")])

    store.commit([thing("1", "b")], seen=[thing("1")])

    assert {"1": "b"} == store.names()
    assert store.warehouse.inspect(store.target).exists
    assert store.cursor() is not None
    with connect(file_of(store)) as connection:
        made = connection.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
    assert {(name, f"{name}rudder_things"), (name, f"{name}rudder__cursors")} == set(made)


def test_a_lock_of_another_process_is_seen(tmp_path: Path) -> None:
    """The lock of a table holds between processes, and the message names the holder."""
    store = store_at(tmp_path)
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from intercom_assets.warehouse.duckdb import DuckDBWarehouse\n"
        "from intercom_assets.warehouse.base import Target\n"
        "from intercom_assets.catalog.table import Table, text\n"
        "table = Table(columns=text(id='Key.'), primary_key=('id',))\n"
        "warehouse = DuckDBWarehouse(Path(sys.argv[1]))\n"
        "with warehouse.lock(Target('s', 'rudder_things', table), 'theirs'):\n"
        "    print('held', flush=True)\n"
        "    sys.stdin.read()\n"
    )

    with (
        Held(script, file_of(store)),
        pytest.raises(WarehouseError, match="run theirs"),
        store.warehouse.lock(store.target, "ours"),
    ):
        pass


def test_a_file_that_another_process_holds_is_named(tmp_path: Path) -> None:
    """A database that another program has open is a clear error; afterwards it opens."""
    store = store_at(tmp_path)
    store.commit([thing("1")])
    script = (
        "import sys, duckdb\n"
        "connection = duckdb.connect(sys.argv[1])\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )

    with (
        Held(script, file_of(store)),
        pytest.raises(WarehouseError, match="in use by another process"),
    ):
        store.commit([thing("2")])
    store.commit([thing("2")])

    assert {"1": "a", "2": "a"} == store.names()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """A file that is not DuckDB's is refused and left as it is."""
    store = store_at(tmp_path)
    file_of(store).write_text("my thesis" * 1000)

    with pytest.raises(WarehouseError, match=r"x\.duckdb cannot be opened"):
        store.warehouse.inspect(store.target)

    assert file_of(store).read_text().startswith("my thesis")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A path below a file cannot be a folder; the error says what to set."""
    (tmp_path / "file").write_text("")
    store = Store(DuckDBWarehouse(tmp_path / "file" / "x.duckdb"), tmp_path)

    with (
        pytest.raises(WarehouseError, match="DUCKDB_DATABASE"),
        store.warehouse.lock(store.target, "ours"),
    ):
        pass


def test_threads_may_open_the_file_at_once(tmp_path: Path) -> None:
    """Sources in threads of one process begin with an empty file, and none fails of the others."""

    def sync(number: int) -> int:
        folder = tmp_path / str(number)
        folder.mkdir()
        store = replace(store_at(tmp_path, prefix=f"p{number}_", patience=60.0), folder=folder)
        for _ in range(20):
            store.commit([thing("1")])
        return store.stored_version()

    with ThreadPoolExecutor(4) as pool:
        versions = list(pool.map(sync, range(4)))

    assert [20] * 4 == versions


def test_looking_makes_no_file(tmp_path: Path) -> None:
    """Looking at a table before the first sync makes no database."""
    store = store_at(tmp_path)

    assert not store.warehouse.inspect(store.target).exists
    assert store.cursor() is None
    assert not file_of(store).exists()


class Held:
    """Something that another process holds until the end of a `with`."""

    def __init__(self, script: str, database: Path) -> None:
        self._command = [sys.executable, "-c", script, str(database)]

    def __enter__(self) -> None:
        """Wait until the other process holds it."""
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        assert "held\n" == self._process.stdout.readline()

    def __exit__(self, *_: object) -> None:
        """End the other process."""
        self._process.communicate()


def test_a_query_that_is_wrong_is_told_in_duckdbs_words(tmp_path: Path) -> None:
    """What DuckDB says of a wrong query, with what may be meant, reaches who asked it."""
    store = store_at(tmp_path)
    store.commit([thing("1")])

    with pytest.raises(WarehouseError, match="cannot answer this query") as caught:
        store.warehouse.query(f"SELECT nmae FROM {store.target.schema}.{store.target.name}")

    assert '"nmae" not found' in str(caught.value)
    assert 'Candidate bindings: "name"' in str(caught.value)
    assert {"1"} == set(store.names())

"""The DuckDB file: hostile names, foreign tables, other holders, broken files."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from intercom_assets.errors import WarehouseError
from intercom_assets.warehouse.duckdb import DuckDBWarehouse
from intercom_assets.warehouse.duckdb_file import connect, frugal
from intercom_assets.warehouse.warehouse import Target
from intercom_assets_tests.unit.storing import THINGS, Store, thing

HOSTILE = ['a"; drop table x; --', "12_3", "ünï ☃", "select", "two words", "a.b", "'", "%s", "?"]


def store_at(
    tmp_path: Path, schema: str = "s", prefix: str = "", *, patience: float = 0.0
) -> Store:
    """Make a store with a schema and a prefix."""
    warehouse = DuckDBWarehouse(tmp_path / "x.duckdb", patience=patience, lock_patience=0.0)
    return Store(warehouse, tmp_path, Target(schema, f"{prefix}rudder_things", THINGS), prefix)


def file_of(store: Store) -> Path:
    """Give the file of a store."""
    assert isinstance(store.warehouse, DuckDBWarehouse)
    return store.warehouse.database


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
        "from intercom_assets.warehouse.warehouse import Target\n"
        "from intercom_assets.schema.table import Table, text\n"
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

    with pytest.raises(WarehouseError, match="DUCKDB_DATABASE"):
        store.warehouse.inspect(store.target)


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


def test_what_needs_more_memory_gets_it(tmp_path: Path) -> None:
    """A commit is made in little memory; one that does not fit is made in all there is, once."""
    store = store_at(tmp_path)
    store.commit([thing("1"), thing("2")])
    long = "b" * 60_000_000

    done = store.commit([thing("1", long), thing("3")])

    assert (1, 1, 0) == (done.inserted, done.updated, done.unchanged)
    assert {"1": long, "2": "a", "3": "a"} == store.names()
    assert 2 == store.stored_version()


def test_what_needs_more_memory_gets_it_beside_another_commit(tmp_path: Path) -> None:
    """A commit that does not fit is made, also while another one of the process is under way."""
    store = store_at(tmp_path)
    store.commit([thing("1")])
    file = file_of(store)

    with connect(file) as other, frugal(other, file, tidy=False):
        done = store.commit([thing("2", "b" * 60_000_000)])

    assert 1 == done.inserted
    with connect(file) as connection:
        assert [(2,)] == connection.execute("SELECT count(*) FROM s.rudder_things").fetchall()


def test_others_of_the_process_may_use_more_memory(tmp_path: Path) -> None:
    """A commit is made, and no setting changed, where a query beside it uses more than it needs."""
    store = store_at(tmp_path)
    store.commit([thing("1")])

    with connect(file_of(store)) as connection:
        connection.execute("SET memory_limit = '3.01 GiB'")
        before = connection.execute(_SETTINGS).fetchall()
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(
            "CREATE TEMP TABLE large AS SELECT range AS a, hash(range) AS b, "
            "hash(range + 1) AS c FROM range(12_000_000)"
        )
        connection.execute("SET temp_directory = ''")
        store.commit([thing("2")])

        assert before == connection.execute(_SETTINGS).fetchall()
        assert [(2,)] == connection.execute("SELECT count(*) FROM s.rudder_things").fetchall()


_SETTINGS = """SELECT current_setting('memory_limit'), current_setting('threads'),
current_setting('max_vacuum_tasks')"""


@pytest.mark.parametrize("limit", ["64.0 MiB", "2.7 GiB", "3.0 GiB"])
def test_a_commit_leaves_the_settings(tmp_path: Path, limit: str) -> None:
    """Who uses the file in the same process keeps what he allowed DuckDB to use."""
    store = store_at(tmp_path)
    store.commit([thing("1")])

    with connect(file_of(store)) as connection:
        connection.execute(f"SET memory_limit = '{limit.replace(' ', '6 ')}'")
        connection.execute("SET threads = 3")
        connection.execute("SET max_vacuum_tasks = 50")
        for _ in range(3):
            store.commit([thing("2")])

        assert [(limit, 3, 50)] == connection.execute(_SETTINGS).fetchall()
        assert [(2,)] == connection.execute("SELECT count(*) FROM s.rudder_things").fetchall()


def test_commits_that_overlap_leave_the_settings(tmp_path: Path) -> None:
    """The settings of one commit are never taken for the user's by another."""
    store = store_at(tmp_path)
    store.commit([thing("1")])
    file = file_of(store)

    with connect(file) as user, connect(file) as first, connect(file) as second:
        user.execute("SET memory_limit = '3.0 GiB'")
        user.execute("SET threads = 3")
        one, two = ExitStack(), ExitStack()
        one.enter_context(frugal(first, file, tidy=True))
        two.enter_context(frugal(second, file, tidy=False))
        assert [("122.0 MiB", 1, 10)] == user.execute(_SETTINGS).fetchall()
        one.close()
        assert [("122.0 MiB", 1, 10)] == user.execute(_SETTINGS).fetchall()
        two.close()

        assert [("3.0 GiB", 3, 100)] == user.execute(_SETTINGS).fetchall()


def test_only_the_end_of_a_sync_puts_groups_of_rows_together(tmp_path: Path) -> None:
    """A load of many commits writes its rows once; its last commit leaves few groups of them."""
    store = store_at(tmp_path)
    grouped = "SELECT count(DISTINCT row_group_id) FROM pragma_storage_info('s.rudder_things')"
    groups: list[int] = []
    for number in range(4):
        rows = [thing(f"{number}-{row}") for row in range(3_000)]
        commit = store.prepared(rows)
        ending = replace(commit, cursor=replace(commit.cursor, complete=number == 3))
        store.warehouse.commit(store.prefix, ending)
        store.version += 1
        with connect(file_of(store)) as connection:
            groups += connection.execute(grouped).fetchone() or ()

    assert [1, 2, 3] == groups[:3]
    assert groups[3] < 3
    assert 12_000 == len(store.names())


def test_a_commit_is_in_the_file_itself(tmp_path: Path) -> None:
    """After a commit the file holds everything, though somebody in the process has it open."""
    store = store_at(tmp_path)
    store.commit([thing("1")])

    with connect(file_of(store)):
        store.commit([thing("2")])

        copy = tmp_path / "copy.duckdb"
        copy.write_bytes(file_of(store).read_bytes())
    with connect(copy) as connection:
        assert [(2,)] == connection.execute("SELECT count(*) FROM s.rudder_things").fetchall()

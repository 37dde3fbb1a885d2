"""The DuckDB file: hostile names, foreign tables, other holders, broken files."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from intercom_assets.errors import SchemaError, WarehouseError
from intercom_assets.schema.table import integer
from intercom_assets.warehouse.duckdb import DuckDBWarehouse
from intercom_assets.warehouse.duckdb_file import connect
from intercom_assets.warehouse.warehouse import Target
from intercom_assets_tests.unit.storing import THINGS, Store, thing

HOSTILE = ['a"; drop table x; --', "12_3", "ünï ☃", "select", "two words", "a.b", "'", "%s", "?"]


def store_at(tmp_path: Path, schema: str = "s", prefix: str = "") -> Store:
    """Make a store with a schema and a prefix."""
    warehouse = DuckDBWarehouse(tmp_path / "x.duckdb", patience=0.0, lock_patience=0.0)
    return Store(warehouse, tmp_path, Target(schema, f"{prefix}rudder_things", THINGS), prefix)


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_is_kept_verbatim(tmp_path: Path, name: str) -> None:
    """A schema and a prefix may hold anything; tables are named exactly so."""
    store = store_at(tmp_path, schema=name, prefix=name)
    store.commit([thing("1"), thing("2")])

    store.commit([thing("1", "b")], seen=[thing("1")])

    assert {"1": "b"} == store.names()
    assert store.warehouse.inspect(store.target).exists
    assert store.cursor() is not None
    with connect(store.warehouse.database) as connection:
        made = connection.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
    assert {(name, f"{name}rudder_things"), (name, f"{name}rudder__cursors")} == set(made)


def test_a_table_without_our_columns_is_refused(tmp_path: Path) -> None:
    """A table that was not made by us is refused with the statement that renames it."""
    store = store_at(tmp_path, prefix="my_")
    with connect(store.warehouse.database) as connection:
        connection.execute("CREATE SCHEMA s")
        connection.execute("CREATE TABLE s.my_rudder_things (id VARCHAR)")

    with pytest.raises(SchemaError) as caught:
        store.warehouse.inspect(store.target)

    statement = str(caught.value).split("again: ")[1]
    with connect(store.warehouse.database) as connection:
        connection.execute(statement)
    assert not store.warehouse.inspect(store.target).exists


def test_a_column_of_another_type_is_refused(tmp_path: Path) -> None:
    """A column whose type was changed is refused by name, with both types."""
    store = store_at(tmp_path)
    store.commit([thing("1")])
    with connect(store.warehouse.database) as connection:
        connection.execute("ALTER TABLE s.rudder_things ALTER size TYPE VARCHAR")

    with pytest.raises(SchemaError, match=r"'size'.*VARCHAR.*BIGINT"):
        store.warehouse.inspect(store.target)


def test_a_missing_column_is_reported(tmp_path: Path) -> None:
    """A column that a newer release declares is missing, not an error."""
    store = store_at(tmp_path)
    store.commit([thing("1")])
    columns = (*THINGS.columns, *integer(weight="Weight."))

    state = store.warehouse.inspect(replace(store.target, table=replace(THINGS, columns=columns)))

    assert ("weight",) == tuple(column.name for column in state.missing)


def test_users_columns_and_views_stay(tmp_path: Path) -> None:
    """A column that the user added is left alone by a merge."""
    store = store_at(tmp_path)
    store.commit([thing("1")])
    with connect(store.warehouse.database) as connection:
        connection.execute("ALTER TABLE s.rudder_things ADD COLUMN mine VARCHAR DEFAULT 'x'")

    done = store.commit([thing("1", "b"), thing("2")])

    assert (1, 1) == (done.inserted, done.updated)


def test_reading_a_table_that_is_not_there_says_so(tmp_path: Path) -> None:
    """Reading without a file or without the table is a SchemaError that names it."""
    store = store_at(tmp_path)

    with pytest.raises(SchemaError, match=r"s\.rudder_things"):
        store.rows()
    store.commit([thing("1")])
    with pytest.raises(SchemaError, match=r"s\.other"):
        store.warehouse.read(replace(store.target, name="other"))


def test_some_columns_are_read_in_the_order_asked_for(tmp_path: Path) -> None:
    """A read can be restricted to columns."""
    store = store_at(tmp_path)
    store.commit([thing("1")])

    table = store.warehouse.read(store.target, ["name", "id"])

    assert [{"name": "a", "id": "1"}] == table.to_pylist()


def test_a_second_sync_of_a_table_is_refused(tmp_path: Path) -> None:
    """While a table is being synced another sync of it is refused, naming the holder's run."""
    store = store_at(tmp_path)

    with (
        store.warehouse.lock(store.target, "run-1"),
        pytest.raises(WarehouseError, match="run-1"),
        store.warehouse.lock(store.target, "run-2"),
    ):
        pass


def test_a_lock_is_free_after_its_sync(tmp_path: Path) -> None:
    """A lock is given back, also after an error; other tables have locks of their own."""
    store = store_at(tmp_path)
    other = replace(store.target, name="other")

    with pytest.raises(ZeroDivisionError), store.warehouse.lock(store.target, "run-1"):
        raise ZeroDivisionError
    with store.warehouse.lock(store.target, "run-2"), store.warehouse.lock(other, "run-2"):
        pass


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
        Held(script, store.warehouse.database),
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
        Held(script, store.warehouse.database),
        pytest.raises(WarehouseError, match="in use by another process"),
    ):
        store.commit([thing("2")])
    store.commit([thing("2")])

    assert {"1": "a", "2": "a"} == store.names()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """A file that is not DuckDB's is refused and left as it is."""
    store = store_at(tmp_path)
    store.warehouse.database.write_text("my thesis" * 1000)

    with pytest.raises(WarehouseError, match=r"x\.duckdb cannot be opened"):
        store.warehouse.inspect(store.target)

    assert store.warehouse.database.read_text().startswith("my thesis")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A path below a file cannot be a folder; the error says what to set."""
    (tmp_path / "file").write_text("")
    store = Store(DuckDBWarehouse(tmp_path / "file" / "x.duckdb"), tmp_path)

    with pytest.raises(WarehouseError, match="DUCKDB_DATABASE"):
        store.warehouse.inspect(store.target)


def test_looking_makes_no_file(tmp_path: Path) -> None:
    """Looking at a table before the first sync makes no database."""
    store = store_at(tmp_path)

    assert not store.warehouse.inspect(store.target).exists
    assert store.cursor() is None
    assert not store.warehouse.database.exists()


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

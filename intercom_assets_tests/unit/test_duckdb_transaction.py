"""Commits to a DuckDB file: the memory and the CPU that they take, and what they leave."""

import itertools
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import md5
from pathlib import Path
from random import Random
from string import ascii_letters
from typing import cast

import duckdb
import pytest

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.shapes import Bridge
from intercom_assets.catalog.table import Table, text
from intercom_assets.catalog.types import ColumnType, Record
from intercom_assets.engine.rows import RowSpool, encode_row
from intercom_assets.warehouse.base import Rewrite, StagedFile, Target, WholeLists
from intercom_assets.warehouse.duckdb import Connect, DuckDBWarehouse, connect
from intercom_assets.warehouse.views import Definition, View
from intercom_assets_tests.guarantees.budget import some
from intercom_assets_tests.unit.storing import THINGS, Store, file_of, store_at, thing


@pytest.mark.parametrize("width", some([1_000, 3_000, 6_000, 7_000, 10_000, 30_000], 3_000, 7_000))
def test_a_commit_fits_its_memory(tmp_path: Path, width: int) -> None:
    """Twice a whole commit of new rows, or one of changed ones, is made in little memory."""
    heard: list[str] = []
    warehouse = DuckDBWarehouse(
        tmp_path / "x.duckdb",
        connect=overhearing(heard),
    )
    store = Store(warehouse, tmp_path, Target("s", "rudder_contacts", CATALOG["contacts"].table))
    rows = next(n for n in itertools.count(1) if warehouse.commit_share(n, n * width) >= 2)
    letters = "".join(Random(1).choices(ascii_letters + " ", k=3 * width))
    records: list[Record] = [
        {"type": "contact", "id": str(n), "custom_attributes": {"a": letters[n % width :][:width]}}
        for n in range(rows)
    ]

    done = store.commit(records)
    some_changed = Random(2).sample(records, rows // 2)
    changed = store.commit({**record, "name": "changed"} for record in some_changed)

    assert (rows, rows // 2) == (done.inserted, changed.updated)
    assert 2 == heard.count("BEGIN TRANSACTION"), "one was made again with more memory"


def test_rows_that_change_in_another_order_than_the_tables_cost_no_more(tmp_path: Path) -> None:
    """Updates are made in the table's order: in any other one they took twenty times the CPU."""
    contacts = Target("s", "rudder_contacts", CATALOG["contacts"].table)
    store = Store(DuckDBWarehouse(tmp_path / "x.duckdb"), tmp_path, contacts)
    store.commit({"id": str(number), "name": "a"} for number in range(10_000))
    chosen = sorted(Random(1).sample(range(10_000), 4_000))

    def cpu(name: str) -> float:
        before = time.process_time()
        done = store.commit({"id": str(number), "name": name} for number in chosen)
        assert 4_000 == done.updated
        return time.process_time() - before

    ordered = cpu("in the table's order")
    Random(2).shuffle(chosen)

    assert cpu("in any order") < 5 * ordered


def test_every_change_of_rows_is_made_in_the_tables_order(tmp_path: Path) -> None:
    """Whatever changes stored rows, DuckDB sorts what it found by row id before it changes it."""
    plans: list[str] = []
    store = store_at(tmp_path)
    store.warehouse = DuckDBWarehouse(
        file_of(store),
        connect=lambda file: cast("duckdb.DuckDBPyConnection", Explained(connect(file), plans)),
    )
    store.commit([thing("1"), thing("2")])
    store.commit([thing("1", "b")], seen=[thing("1")])
    store.commit([thing("2", updated_at=1)])
    texts = dict.fromkeys(("id", "name", "key", "merged_into", "parent"), ColumnType.TEXT)
    kinds = {**texts, "newer_than": ColumnType.TIMESTAMP, "_extra": ColumnType.JSON}

    def file(name: str, columns: str, row: Record) -> StagedFile:
        spool = RowSpool(tmp_path / name, {column: kinds[column] for column in columns.split()})
        spool.add([encode_row(row)])
        return spool.close()

    cells = file("cells", "id name _extra", {"id": "1", "name": "c"})
    changes = replace(
        store.prepared(),
        rewrites=(Rewrite(store.target, cells, (THINGS.column("name"),)),),
        gone=file("gone", "key merged_into", {"key": "1"}),
        whole=WholeLists(
            file=file("lists", "parent newer_than", {"parent": "b"}), parent_key="name", newest=None
        ),
    )

    store.warehouse.commit("", changes)

    changed = ("update", "mark unseen", "unmark", "fill", "mark children", "mark gone")
    assert len(changed) == len(plans)
    assert all('"ORDER_BY"' in plan and '"_row ASC"' in plan for plan in plans)


class Explained:
    """A connection that explains how it changes rows of the table of things, before it does."""

    def __init__(self, inner: duckdb.DuckDBPyConnection, plans: list[str]) -> None:
        self._inner = inner
        self._plans = plans

    def execute(self, statement: str, *values: object) -> duckdb.DuckDBPyConnection:
        """Execute a statement, perhaps after it was explained."""
        if statement.startswith(('UPDATE "s"."rudder_things"', 'MERGE INTO "s"."rudder_things"')):
            explain = f"EXPLAIN (FORMAT json) {statement}"
            self._plans += [plan for _, plan in self._inner.execute(explain, *values).fetchall()]
        return self._inner.execute(statement, *values)

    def close(self) -> None:
        """Close the connection."""
        self._inner.close()


def overhearing(heard: list[str]) -> Connect:
    """Open files whose statements are written down."""
    return lambda file: cast("duckdb.DuckDBPyConnection", Overheard(connect(file), heard))


class Overheard:
    """A connection whose statements are written down."""

    def __init__(self, inner: duckdb.DuckDBPyConnection, heard: list[str]) -> None:
        self._inner = inner
        self._heard = heard

    def execute(self, statement: str, *values: object) -> duckdb.DuckDBPyConnection:
        """Execute a statement, and write it down."""
        self._heard.append(statement)
        return self._inner.execute(statement, *values)

    def close(self) -> None:
        """Close the connection."""
        self._inner.close()


def test_what_needs_more_memory_gets_it(tmp_path: Path) -> None:
    """A commit is made in little memory; one that does not fit is made in all there is, once."""
    store = store_at(tmp_path)
    store.commit([thing("1"), thing("2")])
    long = "b" * 60_000_000

    done = store.commit([thing("1", long), thing("3")])

    assert (1, 1, 0) == (done.inserted, done.updated, done.unchanged)
    assert {"1": long, "2": "a", "3": "a"} == store.names()
    assert 2 == store.stored_version()


def test_commits_of_one_process_take_turns(tmp_path: Path) -> None:
    """Threads that commit at once each have the memory of a commit, and none is made again."""
    heard: list[str] = []
    stores = [store_at(tmp_path / name, prefix=f"{name}_") for name in "abcd"]
    for store in stores:
        store.folder.mkdir()
        store.warehouse = DuckDBWarehouse(tmp_path / "x.duckdb", connect=overhearing(heard))
    records = [thing(str(number), "b" * 2_000) for number in range(10_000)]

    with connect(tmp_path / "x.duckdb"), ThreadPoolExecutor(len(stores)) as threads:
        done = list(threads.map(lambda store: store.commit(records), stores))

    assert [10_000] * 4 == [one.inserted for one in done]
    assert 4 == heard.count("BEGIN TRANSACTION"), "one was made again with more memory"


def test_very_long_rows_are_kept(tmp_path: Path) -> None:
    """Stored rows may be longer than what little memory can rewrite: syncs go on beside them."""
    store = store_at(tmp_path)
    long = {f"long {n}": Random(n).randbytes(150_000).hex() for n in range(550)}
    store.commit([thing(key, name) for key, name in long.items()], complete=True)

    for number in range(2):
        store.commit([thing(str(number))], complete=True)

    with connect(file_of(store)) as connection:
        stored = connection.execute("SELECT id, md5(name) FROM s.rudder_things").fetchall()
    kept = long | {"0": "a", "1": "a"}
    assert {key: md5(name.encode()).hexdigest() for key, name in kept.items()} == dict(stored)  # noqa: S324 - no secret
    assert [file_of(store).name] == [one.name for one in tmp_path.glob("x.duckdb*")]


def test_what_a_killed_process_left_is_no_obstacle(tmp_path: Path) -> None:
    """More than fits a commit's memory may wait in the log beside the file: commits go on."""
    store = store_at(tmp_path)
    store.commit([thing("1")])
    script = (
        "import os, sys, duckdb\n"
        "connection = duckdb.connect(sys.argv[1])\n"
        "connection.execute(\"SET wal_autocheckpoint = '1TB'\")\n"
        'connection.execute("INSERT INTO s.rudder_things (id, name) "\n'
        "    \"SELECT 'long ' || n, string_agg(CAST(hash(n * 100000 + i) AS VARCHAR), '') \"\n"
        '    "FROM range(500) t(n), range(15000) u(i) GROUP BY n")\n'
        "os._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", script, file_of(store)], check=True)
    assert (tmp_path / "x.duckdb.wal").stat().st_size > 140_000_000

    done = store.commit([thing("2")])

    assert (1, 502) == (done.inserted, done.row_count)


def test_others_of_the_process_may_use_more_memory(tmp_path: Path) -> None:
    """A commit is made where a query of the same process uses more memory than a commit may."""
    store = store_at(tmp_path)
    store.commit([thing("1")])

    with connect(file_of(store)) as connection:
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(
            "CREATE TEMP TABLE large AS SELECT range AS a, hash(range) AS b, "
            "hash(range + 1) AS c FROM range(12_000_000)"
        )
        connection.execute("SET temp_directory = ''")
        store.commit([thing("2")])

        assert [(2,)] == connection.execute("SELECT count(*) FROM s.rudder_things").fetchall()


def test_a_commit_leaves_nobody_in_little_memory(tmp_path: Path) -> None:
    """Who has the file open in the same process has DuckDB's own settings after a commit."""
    settings = """SELECT current_setting('memory_limit'), current_setting('threads'),
    current_setting('max_vacuum_tasks')"""
    store = store_at(tmp_path)
    store.commit([thing("1")])

    with connect(file_of(store)) as connection:
        before = connection.execute(settings).fetchall()
        store.commit([thing("2")], complete=True)
        store.commit([thing("3", "b" * 60_000_000)])

        assert before == connection.execute(settings).fetchall()


def groups_of(store: Store) -> int:
    """Count the groups of rows that the file holds of the table of things."""
    counted = "SELECT count(DISTINCT row_group_id) FROM pragma_storage_info('s.rudder_things')"
    with connect(file_of(store)) as connection:
        (groups,) = connection.execute(counted).fetchone() or (0,)
    return int(groups)


def test_only_the_end_of_a_sync_puts_groups_of_rows_together(tmp_path: Path) -> None:
    """A load of many commits writes its rows once; its last commit leaves few groups of them."""
    store = store_at(tmp_path)
    groups: list[int] = []
    for number in range(4):
        rows = [thing(f"{number}-{row}") for row in range(3_000)]
        store.commit(rows, complete=number == 3)
        groups.append(groups_of(store))

    assert [1, 2, 3] == groups[:3]
    assert groups[3] < 3
    assert 12_000 == len(store.names())


def test_making_views_rewrites_no_rows(tmp_path: Path) -> None:
    """Views and columns are added beside rows that stay as they were written."""
    store = store_at(tmp_path)
    for number in range(3):
        store.commit([thing(f"{number}-{row}") for row in range(3_000)])
    shape = Bridge(
        resource="things", column="name", path=(), field=None, key="row_id", member="member_id"
    )
    pairs = Definition(table=store.target, shape=shape)
    table = Table(columns=text(row_id="Row.", member_id="M."), primary_key=("row_id",))
    (added,) = text(added="Comes with a later release.")

    store.warehouse.make_views([View(Target("s", "pairs", table), "Pairs.", pairs)])
    store.warehouse.add_columns(store.target, [added], None)

    assert 3 == groups_of(store)


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


def test_a_look_has_little_memory_unless_it_needs_more(tmp_path: Path) -> None:
    """What a query reads is kept within a commit's memory; one that lacks some is made again."""
    heard: list[str] = []
    warehouse = DuckDBWarehouse(tmp_path / "x.duckdb", connect=overhearing(heard))
    Store(warehouse, tmp_path).commit([thing("1")])
    limit = "SELECT current_setting('memory_limit')"

    with connect(tmp_path / "x.duckdb") as held:
        before = held.execute(limit).fetchall()
        held.execute("CREATE VIEW s.large AS SELECT unnest(list(n)) FROM range(20_000_000) r (n)")
        heard.clear()
        counted = [warehouse.count(Target("s", name, THINGS)) for name in ("t", "large")]
        after = held.execute(limit).fetchall()

    assert [1, 20_000_000] == counted
    asked = [statement.splitlines()[-1] for statement in heard if "count" in statement.lower()]
    assert 2 == heard.count("SET memory_limit = '128MB'")
    assert [False, True, True] == ["large" in one for one in asked], heard
    assert before == after


def test_a_look_beside_a_commit_leaves_its_memory_alone(tmp_path: Path) -> None:
    """A query of another thread does not lift the limit of a commit that is under way."""
    asked: list[str] = []
    looks = DuckDBWarehouse(tmp_path / "x.duckdb", connect=overhearing(asked))
    Store(looks, tmp_path).commit([thing("1")])
    asked.clear()

    class Looking(list[str]):
        def append(self, statement: str) -> None:
            super().append(statement)
            if statement == "BEGIN TRANSACTION":
                with ThreadPoolExecutor(1) as pool:
                    assert 1 == pool.submit(looks.count, Target("s", "t", THINGS)).result()

    commits = DuckDBWarehouse(tmp_path / "x.duckdb", connect=overhearing(Looking()))
    Store(commits, tmp_path, version=1).commit([thing("2")])

    assert [] == [statement for statement in asked if "memory_limit" in statement]
    assert any("count" in statement.lower() for statement in asked)
    assert 2 == looks.count(Target("s", "t", THINGS))
    assert "SET memory_limit = '128MB'" in asked

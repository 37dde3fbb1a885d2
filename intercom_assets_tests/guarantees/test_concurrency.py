"""Rule 1 with several syncs at once: one goes on, the others wait or say why, no row is wrong."""

import random
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import dagster as dg
import pytest

from intercom_assets.engine.cursor import BatchLimits
from intercom_assets.engine.load import load
from intercom_assets.errors import WarehouseError
from intercom_assets.intercom.connection import Connection
from intercom_assets.warehouse.base import Target
from intercom_assets.warehouse.duckdb import DuckDBWarehouse, connect
from intercom_assets_tests.dagster_project.processes import Machine
from intercom_assets_tests.dagster_project.running import ROOT, query, serving
from intercom_assets_tests.guarantees.budget import TORTURE, budget
from intercom_assets_tests.guarantees.figures import count
from intercom_assets_tests.guarantees.killing import Life, eventful, repeatable
from intercom_assets_tests.world import HOUR, World, make_world
from intercom_simulator import Workspace, generate

NAMES = ("contacts", "conversations", "companies", "conversation_parts")
LOST = "committed meanwhile, so nothing of this commit was kept"


class Unlocked(DuckDBWarehouse):
    """A warehouse without locks: only the comparison of the cursor's version is left."""

    def lock(self, target: Target, run_id: str) -> AbstractContextManager[None]:
        """Lock nothing."""
        del target, run_id
        return nullcontext()


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    """Begin a life in a database that is held open."""
    database = tmp_path / "test.duckdb"
    with connect(database):
        world = make_world(
            database, contacts=40, companies=6, conversations=40, parts_per_conversation=2
        )
        world.portions = BatchLimits(slice_records=10, commit_rows=1)
        yield Life(world, random.Random(0))


class Meddler:
    """Lets another sync run, from its beginning to its end, at the n-th event of this one."""

    def __init__(self, life: Life, connection: Connection, name: str, after: int) -> None:
        self._life = life
        self._connection = connection
        self._name = name
        self._left = after
        self.refused: list[str] = []

    def event(self) -> None:
        """Let the other sync run when it is time."""
        self._left -= 1
        if self._left == -1:
            self._sync()

    def _sync(self) -> None:
        world = self._life.world
        full = self._life.random.random() < 0.3
        try:
            load(world.extract(self._connection, self._name, full_refresh=full), unlocked(world))
        except WarehouseError as error:
            self.refused.append(str(error))


def unlocked(world: World, event: object = None) -> Unlocked:
    """Open the world's database without locks; something may happen around each statement."""
    opened = eventful(event) if callable(event) else connect
    return Unlocked(world.database, connect=opened, now=world.clock.moment)


def test_whatever_another_sync_commits_no_row_and_no_cursor_is_wrong(life: Life) -> None:
    """Without locks, of two syncs of a table one loses with a message, and the truth stands."""
    world = life.world
    told: list[str] = []
    world.sync("conversations")
    for seed in range(budget(8, 300)):
        life.random.seed(seed)
        name = life.random.choice(NAMES)
        after = life.random.randrange(70)
        life.stories.append(f"{name} meddled with at event {after}")
        count("syncs meddled with, without locks")
        with repeatable(seed, life), world.connection() as connection:
            meddler = Meddler(life, connection, name, after)
            full = life.random.random() < 0.3
            extract = world.extract(connection, name, full_refresh=full)
            try:
                load(extract, unlocked(world, meddler.event))
            except WarehouseError as error:
                told.append(str(error))
            told += meddler.refused
            assert [] == [one for one in told if LOST not in one]
            life.assert_no_cursor_ahead()
            assert set() == world.marked(name)
            world.clock.forward(HOUR)
            world.workspace.touch("contacts", life.random.choice(list(life.hashes("contacts"))))
            world.workspace.reply(life.random.choice(list(life.hashes("conversations"))))
    world.sync_all(*NAMES)
    life.assert_true(*NAMES)
    assert len(told) > 1


def test_threads_without_locks_end_with_the_truth(life: Life) -> None:
    """Threads that sync the same tables at once, unlocked, leave the truth after one more sync."""
    world = life.world
    world.sync("conversations")
    told: list[str] = []

    def work() -> None:
        for name in NAMES:
            try:
                with world.connection() as connection:
                    load(world.extract(connection, name), unlocked(world))
            except WarehouseError as error:
                told.append(str(error))

    for _ in range(budget(1, 15)):
        world.clock.forward(HOUR)
        world.workspace.touch("contacts", life.random.choice(list(life.hashes("contacts"))))
        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        life.assert_no_cursor_ahead()

    world.sync_all(*NAMES)
    life.assert_true(*NAMES)
    assert [] == [one for one in told if LOST not in one]


def test_readers_never_miss_a_row_during_a_full_refresh(life: Life) -> None:
    """In DuckDB's process a reader sees every row at every moment of a full refresh."""
    world = life.world
    world.sync_all(*NAMES)
    looks = 0
    with connect(world.database) as reader:
        for name in NAMES:
            ids = {(row["id"],) for row in world.rows(name)}
            world.clock.forward(HOUR)
            select = f'SELECT DISTINCT id FROM main_."p_rudder_{name}" WHERE _deleted_at IS NULL'

            def look(select: str = select, ids: set[tuple[str]] = ids) -> None:
                nonlocal looks
                looks += 1
                assert ids == set(reader.execute(select).fetchall())

            with world.connection() as connection:
                extract = world.extract(connection, name, full_refresh=True)
                load(extract, unlocked(world, look))

    assert looks > 200


def test_the_holder_of_a_lock_is_named(life: Life) -> None:
    """A sync that finds its table locked by another process says which, and asks for nothing."""
    world = life.world
    target = world.extract(Connection.__new__(Connection), "tags").target
    program = textwrap.dedent(f"""
        from pathlib import Path
        from intercom_assets.warehouse.duckdb_file import table_lock
        from intercom_assets.warehouse.base import Target
        target = Target({target.schema!r}, {target.name!r}, None)
        folder = Path({str(world.database) + ".locks"!r})
        with table_lock(folder, target, "run-7", 0.0):
            print("locked", flush=True)
            input()
    """)
    hasty = DuckDBWarehouse(world.database, lock_patience=0.1, now=world.clock.moment)
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline()
        with world.connection() as connection:
            with pytest.raises(WarehouseError) as caught:
                load(world.extract(connection, "tags"), hasty)
            other.kill()
            other.wait()
            refused = world.workspace.log.total()
            load(world.extract(connection, "tags"), hasty)

    assert f"{target} is running (process {other.pid}, run run-7, since " in str(caught.value)
    assert "Wait until it ends" in str(caught.value)
    assert 0 == refused
    life.assert_true("tags")


@pytest.fixture
def workspace() -> Workspace:
    """Generate a workspace whose answers take their time."""
    workspace = generate(contacts=60, companies=6, conversations=40, parts_per_conversation=2)
    workspace.behaviour.latency = 0.02
    return workspace


def assert_landed(machine: Machine, workspace: Workspace, *names: str) -> None:
    """Compare the ids in tables with the workspace."""
    for name in names:
        rows = query(machine.database, f"SELECT id FROM intercom.rudder_{name}")
        true = sorted(str(one["id"]) for one in workspace.truth(name, include_archived=True))
        assert true == sorted(row["id"] for row in rows), name


def test_processes_at_once_wait_or_say_why(workspace: Workspace, tmp_path: Path) -> None:
    """The command line twice and `dagster job execute`, at once: each waits or names the other."""
    with serving(workspace) as url:
        machine = Machine(url=url, folder=tmp_path)
        # Dagster itself fails where two processes make its records at once.
        dg.DagsterInstance.from_config(str(machine.home)).dispose()
        command = [sys.executable, "-m", "intercom_assets", "run"]
        job = [sys.executable, "-m", "dagster", "job", "execute", "-m",
               "intercom_assets.definitions", "-j", "intercom_sync"]  # fmt: skip
        processes = [
            subprocess.Popen(
                one, cwd=ROOT, env=machine.environment() | {"INTERCOM_RESOURCES": ",".join(NAMES)},
                text=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )
            for one in ((command, command, job) if TORTURE else (command, job))
        ]  # fmt: skip
        printed = [process.communicate(timeout=150)[0] for process in processes]

    codes = [process.returncode for process in processes]
    assert 0 in codes, printed
    for code, text in zip(codes, printed, strict=True):
        assert code == 0 or "is running (process " in text or LOST in text, text
    assert_landed(machine, workspace, *NAMES)


def test_a_process_per_asset_is_correct(workspace: Workspace, tmp_path: Path) -> None:
    """Under the multiprocess executor of a host project every asset lands, only slower."""
    names = ("companies", "company_segments")
    with serving(workspace) as url:
        machine = Machine(url=url, folder=tmp_path)
        raw = {
            "access_token": {"env": "INTERCOM_ACCESS_TOKEN"},
            "base_url": url,
            "database": str(machine.database),
            "resources": "all" if TORTURE else ",".join(names),
        }
        (tmp_path / "host_of_processes.py").write_text(
            textwrap.dedent(f"""
                from pathlib import Path
                import dagster as dg
                from intercom_assets.component import build_definitions
                from intercom_assets.settings.source import read_settings

                settings = read_settings({raw!r}, name="intercom", project_root=Path("."))
                defs = dg.Definitions.merge(
                    build_definitions(settings),
                    dg.Definitions(
                        executor=dg.multiprocess_executor, jobs=[dg.define_asset_job("everything")]
                    ),
                )
            """)
        )
        machine.call(
            "dagster", "job", "execute", "-d", str(tmp_path), "-m", "host_of_processes",
            "-j", "everything",
        )  # fmt: skip

    assert_landed(machine, workspace, "companies")
    segments = query(machine.database, "FROM intercom.rudder_company_segments")
    assert len(workspace.truth("company_segments")) == len(segments)

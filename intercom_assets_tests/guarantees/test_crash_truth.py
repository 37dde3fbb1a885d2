"""Rules 1 to 7 under kills: whenever a sync dies, no row is lost and no cursor is ahead."""

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from intercom_assets.engine.cursor import BatchLimits
from intercom_assets.engine.load import load
from intercom_assets.errors import WarehouseError
from intercom_assets.warehouse.duckdb import DuckDBWarehouse, connect
from intercom_assets_tests.dagster_project.running import ROOT
from intercom_assets_tests.guarantees.budget import budget, some
from intercom_assets_tests.guarantees.killing import Life, buried, eventful, repeatable
from intercom_assets_tests.guarantees.versions import broken, versions
from intercom_assets_tests.world import DAY, HOUR, make_world

KILLS = budget(3, 80)
"""Syncs that each kind of sync is killed at the least."""

SEARCHED = ("contacts", "conversations", "tickets")
CHILDREN = {
    "conversation_parts": "conversations",
    "company_segments": "companies",
    "ticket_parts": "tickets",
}


@pytest.fixture
def lives(tmp_path: Path) -> Iterator[Callable[..., Life]]:
    """Begin lives, each in a database that is held open, which makes many looks at it quick."""
    opened = []

    def begin(seed: int, conversations: int = 55) -> Life:
        database = tmp_path / f"{seed}.duckdb"
        opened.append(connect(database))
        world = make_world(
            database,
            contacts=45,
            companies=7,
            conversations=conversations,
            parts_per_conversation=2,
            tickets=30,
            long_tickets=0,
        )
        chance = random.Random(seed)
        world.portions = BatchLimits(
            slice_records=chance.choice([10, 20, 40]),
            commit_rows=chance.choice([1, 15, 60]),
            ahead_rows=chance.choice([10, 200_000]),
        )
        world.workspace.behaviour.paging = chance.choice(["keyset", "offset"])
        return Life(world, chance)

    with buried():
        yield begin
    for connection in opened:
        connection.close()


def live_and_die(lives: Callable[..., Life], story: Callable[[Life], None]) -> None:
    """Tell a story with one seed after the other until enough syncs were killed."""
    kills = 0
    for seed in range(10_000):
        life = lives(seed)
        with repeatable(seed, life):
            story(life)
        kills += life.kills
        if kills >= KILLS:
            return
    pytest.fail(f"only {kills} syncs were killed")


def change(life: Life) -> None:
    """Let people work in Intercom: new, changed and answered records, over days."""
    workspace, chance = life.world.workspace, life.random
    for _ in range(chance.randrange(5, 40)):
        life.world.clock.forward(chance.choice([1.0, HOUR, DAY / 3]))
        name = chance.choice([*SEARCHED, "companies"])
        record_id = chance.choice(workspace.collection(name).ids())
        match chance.randrange(4):
            case 0 if name == "contacts":
                workspace.add("contacts", {"name": "new", "role": "user"})
            case 1 if name == "conversations":
                workspace.reply(record_id)
            case 1 if name == "tickets":
                workspace.answer_ticket(record_id)
            case 2 if name == "companies":
                segments = workspace.collection("segments").ids()
                workspace.set_company_segments(record_id, chance.sample(segments, 2))
                workspace.touch(name, record_id)
            case _:
                workspace.touch(name, record_id)


def test_a_killed_first_read_goes_on(lives: Callable[..., Life]) -> None:
    """A first read that is killed at any instant, again and again, ends with the truth."""

    def story(life: Life) -> None:
        for name in SEARCHED:
            life.attempts(4, 90, name)
            life.world.sync(name)
            life.assert_true(name)
            assert set() == life.world.marked(name)

    live_and_die(lives, story)


def test_a_killed_read_of_what_was_added_goes_on(lives: Callable[..., Life]) -> None:
    """Whatever a read of an append-only list dies of, the next one adds what it did not commit."""

    def story(life: Life) -> None:
        workspace = life.world.workspace
        for _ in range(3):
            for name in ("activity_logs", "deleted_conversations"):
                life.attempts(4, 120, name)
            # What comes in the second of a cursor is found by the lookback.
            life.world.clock.forward(1.0)
            for number in range(life.random.randrange(1, 70)):
                life.world.clock.forward(life.random.choice([0.0, 1.0, DAY]))
                workspace.log_activity()
                key = workspace.add("conversations", {"title": f"gone {number}"})
                workspace.delete("conversations", key)
        life.world.sync_all("activity_logs", "deleted_conversations")
        life.assert_true("activity_logs", "deleted_conversations")

    live_and_die(lives, story)


def test_a_killed_incremental_sync_goes_on(lives: Callable[..., Life]) -> None:
    """Changes between syncs that are killed at any instant all land in the end."""

    def story(life: Life) -> None:
        life.world.sync_all(*SEARCHED, "companies", "tags")
        for _ in range(3):
            change(life)
            for name in (*SEARCHED, "companies", "tags"):
                life.attempts(2, 60, name)
        for name in (*SEARCHED, "companies", "tags"):
            life.world.sync(name)
            life.assert_true(name)
            assert set() == life.world.marked(name)

    live_and_die(lives, story)


def test_a_killed_sync_loses_no_deletion(lives: Callable[..., Life]) -> None:
    """Deletions that Intercom lists are marked in the end, whenever syncs between were killed."""

    def story(life: Life) -> None:
        workspace, gone = life.world.workspace, set[str]()
        life.world.sync("conversations")
        for _ in range(3):
            change(life)
            for record_id in life.random.sample(workspace.collection("conversations").ids(), 3):
                workspace.delete("conversations", record_id)
                gone.add(record_id)
            life.world.clock.forward(life.random.choice([1.0, DAY]))
            life.attempts(3, 60, "conversations")
            assert life.world.marked("conversations") <= gone
        life.world.sync("conversations")
        assert gone == life.world.marked("conversations")
        life.assert_true("conversations")

    live_and_die(lives, story)


def test_killed_children_go_on(lives: Callable[..., Life]) -> None:
    """Parents and children that are killed in any order end with every child stored."""

    def story(life: Life) -> None:
        life.world.sync_all(*CHILDREN.values())
        for _ in range(2):
            for child, parent in CHILDREN.items():
                life.attempts(2, 90, child)
                life.attempts(1, 60, parent)
            change(life)
        life.world.sync_all(*CHILDREN.values())
        for child in CHILDREN:
            life.attempts(1, 90, child)
            life.world.sync(child)
        life.assert_true(*CHILDREN)

    live_and_die(lives, story)


def test_killed_children_that_lag_are_read_in_the_end(lives: Callable[..., Life]) -> None:
    """Lists that are 404 for a while, in syncs that are killed at any instant, all come."""

    def story(life: Life) -> None:
        world = life.world
        world.sync_all(*CHILDREN.values())
        lists = {
            "conversation_parts": "{}",
            "company_segments": "{}/segments",
            "ticket_parts": "{}",
        }
        for child, path in lists.items():
            parents = world.workspace.collection(CHILDREN[child]).ids()
            for record_id in life.random.sample(parents, 3):
                where = f"/{CHILDREN[child]}/{path.format(record_id)}"
                times = life.random.randrange(1, 4)
                world.workspace.faults.on("GET", where, "404", times=times)
            life.attempts(4, 90, child)
            for _ in range(4):
                last = world.sync(child)
            assert 0 == last.unread
        life.assert_true(*CHILDREN)

    live_and_die(lives, story)


def test_a_killed_full_refresh_loses_and_marks_nothing(lives: Callable[..., Life]) -> None:
    """A full refresh that is killed keeps every row; the one that ends marks what is gone."""
    names = (*SEARCHED, "companies", "conversation_parts", "custom_objects")

    def story(life: Life) -> None:
        life.world.sync_all(*names)
        gone = {name: life.random.choice(list(life.hashes(name))) for name in SEARCHED}
        for name, record_id in gone.items():
            life.world.workspace.delete(name, record_id)
        change(life)
        for name in names:
            before = {row["id"] for row in life.world.rows(name)}
            life.attempts(3, 90, name, full_refresh=True)
            life.attempts(1, 90, name)
            after = {row["id"] for row in life.world.rows(name)}
            assert before <= after
            if name in SEARCHED:
                assert life.world.marked(name) <= {gone[name]}
            life.world.sync(name, full_refresh=True)
        for name, record_id in gone.items():
            assert {record_id} == life.world.marked(name)
        life.assert_true(*names)

    live_and_die(lives, story)


def test_a_killed_sync_keeps_each_version_once(lives: Callable[..., Life]) -> None:
    """Whatever syncs die of, versions touch, none is kept twice, and the oldest is still there."""
    names = ("contacts", "conversations", "conversation_parts")

    def story(life: Life) -> None:
        world = life.world
        world.source = replace(world.source, history=frozenset(names))
        world.sync_all(*names)
        first = {name: {row["id"]: row for row in world.rows(name)} for name in names}
        for _ in range(3):
            change(life)
            for name in names:
                life.attempts(2, 110, name, full_refresh=life.random.random() < 0.3)
                assert [] == broken(world, name)
        world.sync_all(*names)
        life.assert_true(*names)
        for name in names:
            assert [] == broken(world, name)
            assert 0 == world.sync(name).archived
            oldest = {rows[0]["id"]: rows[0] for rows in versions(world, name).values()}
            for key, row in first[name].items():
                assert row == {column: oldest[key][column] for column in row}

    live_and_die(lives, story)


def test_a_killed_reconcile_marks_only_what_is_gone(lives: Callable[..., Life]) -> None:
    """A reconcile that is killed at any instant ends, resumed, with the truth and true marks."""

    def story(life: Life) -> None:
        workspace = life.world.workspace
        life.world.sync_all(*SEARCHED)
        life.world.clock.forward(DAY)
        life.silent = True
        for name in SEARCHED:
            one, other, third, *silent = life.random.sample(workspace.collection(name).ids(), 6)
            gone = {one, other}
            workspace.delete(name, one)
            if name == "contacts":
                workspace.merge_contacts(other, third)
            else:
                workspace.delete(name, other)
            for record_id in silent:
                earlier = {"updated_at": workspace.find(name, record_id)["updated_at"] - 90}
                workspace.patch(name, record_id, earlier, bump=False)
            for _ in range(5):
                killed = life.killed(life.random.randrange(110), name, reconcile=True)
                assert life.world.marked(name) <= gone
                if not killed:
                    break
            life.world.sync(name, reconcile=True)
            assert gone == life.world.marked(name)
            assert {row["id"] for row in life.world.live(name)} == set(life.hashes(name))

    live_and_die(lives, story)


def test_finished_parts_are_not_read_again(lives: Callable[..., Life]) -> None:
    """A sync that goes on after a kill asks for nothing that lies behind the stored cursors."""
    life = lives(0, conversations=205)
    world, resumed = life.world, 0
    world.portions = BatchLimits(slice_records=20, commit_rows=0)
    for name in ("conversations", "conversation_parts"):
        for _ in range(budget(3, 12)):
            log = world.workspace.log
            log.clear()
            passed = {f"/conversations/{key}" for key in life.passed()}
            reached = world.moment_of_cursor("conversations")
            killed = life.killed(life.random.randrange(60, 330), name)
            # What only counts counts everything.
            searched = [entry.body["query"]["value"][0]["value"] for entry in log.entries
                        if entry.path == "/conversations/search"
                        and entry.body["pagination"]["per_page"] > 1]  # fmt: skip
            assert min(searched, default=reached) >= reached - HOUR - 1
            assert not passed & {entry.path for entry in log.entries}
            resumed += reached > 0 and (name == "conversations" or bool(passed))
            if not killed:
                break
        world.sync(name)

    assert resumed > 1
    life.assert_true("conversations", "conversation_parts")


def test_a_connection_that_is_lost_leaves_all_or_nothing(tmp_path: Path) -> None:
    """At whatever statement the database is lost, rows and cursor are as before or as after."""
    with connect(tmp_path / "test.duckdb"):
        world = make_world(tmp_path / "test.duckdb", contacts=10)
        world.sync("contacts")
        told = []
        for statement in range(0, 90, budget(7, 1)):
            world.clock.forward(HOUR)
            world.workspace.touch("contacts", world.workspace.collection("contacts").ids()[0])
            before = (world.rows("contacts"), world.cursor("contacts"))
            fragile = DuckDBWarehouse(
                world.database,
                connect=eventful(losing(statement)),
                now=world.clock.moment,
            )
            with world.connection() as connection:
                try:
                    load(world.extract(connection, "contacts"), fragile)
                except WarehouseError as error:
                    told.append(str(error))
            after = (world.rows("contacts"), world.cursor("contacts"))
            assert after == before or world.expected("contacts") == world.stored("contacts")
            world.sync("contacts")
            assert world.expected("contacts") == world.stored("contacts")

    assert len(told) > budget(3, 5)
    assert all("the line is cut" in text for text in told)


def losing(after: int) -> Callable[[], None]:
    """Lose the database at the n-th event and at those that follow."""
    left = after

    def event() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise duckdb.ConnectionException("the line is cut")

    return event


@pytest.mark.parametrize("size", some([0, 100, 20_000], 0, 20_000))
def test_a_full_disk_is_told_and_costs_nothing(tmp_path: Path, size: int) -> None:
    """Where no file may grow the error says what to do; then old rows are read, a sync completes.

    The limit is a process's own, so the sync runs in one of its own.
    """
    program = f"""
import resource, tempfile
from pathlib import Path
from intercom_assets.errors import WarehouseError
from intercom_assets_tests.world import make_world

world = make_world(Path({str(tmp_path / "test.duckdb")!r}), contacts=30)
world.sync("tags")
tempfile.tempdir = None
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, most))
try:
    world.sync("contacts")
except WarehouseError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
assert world.expected("tags") == world.stored("tags")
tempfile.tempdir = None
world.sync("contacts")
assert world.expected("contacts") == world.stored("contacts")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert 0 == done.returncode, done.stderr
    assert "Free some space there, or set TMPDIR to another folder" in done.stdout

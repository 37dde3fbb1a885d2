"""How a sync is killed in this process: at the n-th thing that it does, and for good.

Everything that a sync does to the world passes here: requests, statements, what it tells. From
the n-th on each raises, as a dead process does nothing any more: no rollback, no retry.
"""

import gc
import json
import random
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Any, cast

import duckdb

from intercom_assets.engine.load import load
from intercom_assets.engine.progress import Progress, Report
from intercom_assets.engine.rows import hash_record
from intercom_assets.warehouse.duckdb import Connect, DuckDBWarehouse, connect
from intercom_assets_tests.guarantees.figures import count
from intercom_assets_tests.world import Row, World, nothing

DATES = {
    "contacts": "updated_at",
    "conversations": "updated_at",
    "activity_logs": "created_at",
    "deleted_conversations": "deleted_at",
}
"""Resources whose cursor is a date of theirs."""


class Killed(BaseException):
    """The process is gone."""


class Reaper:
    """Kills at the n-th event, and at every one after it.

    Args:
        after: Events that are let pass.
    """

    def __init__(self, after: int) -> None:
        self._left = after
        self._lock = Lock()
        self.dead = False

    def event(self, *_: object) -> None:
        """Happen, or die."""
        with self._lock:
            self._left -= 1
            self.dead = self.dead or self._left < 0
        if self.dead:
            raise Killed


class EventfulConnection:
    """A connection to DuckDB before and after each of whose statements something may happen.

    Args:
        inner: The connection; closing it without COMMIT is what the system does for the dead.
        event: Happens.
    """

    def __init__(self, inner: duckdb.DuckDBPyConnection, event: Callable[[], None]) -> None:
        self._inner = inner
        self._event = event

    def execute(self, *arguments: Any) -> duckdb.DuckDBPyConnection:  # noqa: ANN401 - passed on
        """Execute a statement between two events."""
        self._event()
        done = self._inner.execute(*arguments)
        self._event()
        return done

    def close(self) -> None:
        """Close, dead or alive."""
        self._inner.close()


class MortalListener:
    """A listener whose process may die whenever it is told something."""

    def __init__(self, reaper: Reaper) -> None:
        self._reaper = reaper

    def on_start(self, report: Report) -> None:
        """Live: nothing has happened yet."""

    def on_progress(self, progress: Progress) -> None:
        """Die, perhaps."""
        self._reaper.event(progress)

    def info(self, line: str) -> None:
        """Die, perhaps."""
        self._reaper.event(line)

    def warning(self, line: str) -> None:
        """Die, perhaps."""
        self._reaper.event(line)

    def on_finish(self, report: Report) -> None:
        """Die, perhaps."""
        self._reaper.event(report)


@dataclass
class Life:
    """A world whose syncs are killed at random, repeatably for a seed.

    Attributes:
        world: The world.
        random: Chooses when to kill, and what changes.
        kills: Syncs that were killed so far.
        silent: Whether records changed without a new date, which cursors cannot know.
        stories: What was done, for a failure's note.
    """

    world: World
    random: random.Random
    kills: int = 0
    silent: bool = False
    stories: list[str] = field(default_factory=list)

    def killed(self, after: int, name: str, **request: Any) -> bool:  # noqa: ANN401 - as World.sync
        """Sync until the n-th event; say whether that killed the sync."""
        reaper = Reaper(after)
        world = self.world
        warehouse = DuckDBWarehouse(
            world.database,
            connect=eventful(reaper.event),
            now=world.clock.moment,
            patience=1.0,
        )
        self.stories.append(f"{name} {request} killed at event {after}")
        world.before = reaper.event
        try:
            with world.connection() as connection:
                extract = world.extract(connection, name, **request)
                load(replace(extract, listener=MortalListener(reaper)), warehouse)
        except BaseException:
            # One thread dies of Killed, and the other of its death.
            if not reaper.dead:
                raise
        finally:
            world.before = nothing
        self.kills += reaper.dead
        count("syncs killed inside the process", reaper.dead)
        if not self.silent:
            self.assert_no_cursor_ahead()
        return reaper.dead

    def attempts(self, times: int, events: int, name: str, **request: Any) -> None:  # noqa: ANN401
        """Kill a sync at random up to some times; stop where one survives."""
        for _ in range(times):
            if not self.killed(self.random.randrange(events), name, **request):
                return

    def assert_no_cursor_ahead(self) -> None:
        """Look whether everything up to each cursor is stored as it is in Intercom."""
        for name in DATES:
            reached = self.world.moment_of_cursor(name)
            if not reached:
                continue
            hashes = self.hashes(name)
            stored = {
                row["id"]: row["_row_hash"] for row in self.world.live(name, "id", "_row_hash")
            }
            behind = {
                one: row_hash
                for one, (date, row_hash) in hashes.items()
                if date <= reached and stored.get(one) != row_hash
            }
            assert {} == behind, f"{name}: the cursor is ahead of these"
        self._assert_no_parent_ahead("conversation_parts", "conversations", "conversation_id")
        self._assert_no_parent_ahead("company_segments", "companies", "company_id")

    def _assert_no_parent_ahead(self, child: str, parent: str, key: str) -> None:
        cursors = self.world.warehouse.cursors(self.world.source.schema, self.world.source.prefix)
        cursor = cursors.get(child)
        if cursor is None or cursor.parent_synced_at is None:
            return
        position = (cursor.parent_synced_at, cursor.parent_key)
        hashes = self.hashes(parent)
        passed = {
            row["id"]
            for row in self.world.live(parent, "id", "_synced_at", "_row_hash")
            if (row["_synced_at"], row["id"]) <= position
            and row["id"] not in cursor.unread
            and hashes.get(row["id"], (0, ""))[1] == row["_row_hash"]
        }
        true = {(str(one[key]), str(one["id"])) for one in self.truth(child) if one[key] in passed}
        stored = {
            (row[key], row["id"]) for row in self.world.live(child, key, "id") if row[key] in passed
        }
        assert true == stored, f"{child}: the cursor is ahead of its rows"

    def passed(self) -> set[str]:
        """Give the conversations whose parts are behind the cursor."""
        cursors = self.world.warehouse.cursors(self.world.source.schema, self.world.source.prefix)
        cursor = cursors.get("conversation_parts")
        if cursor is None or cursor.parent_synced_at is None:
            return set()
        position = (cursor.parent_synced_at, cursor.parent_key)
        rows = self.world.rows("conversations", "id", "_synced_at")
        return {row["id"] for row in rows if (row["_synced_at"], row["id"]) <= position}

    def hashes(self, name: str) -> dict[str, tuple[float, str]]:
        """Give date and hash of each true record."""
        dated = DATES.get(name, "updated_at")
        return {str(one["id"]): (one[dated], hash_of(one)) for one in self.truth(name)}

    def truth(self, name: str) -> list[Row]:
        """Give what a perfect sync sees."""
        truth: list[Row] = self.world.workspace.truth(name, include_archived=True)
        return truth

    def assert_true(self, *names: str) -> None:
        """Compare tables with the workspace."""
        for name in names:
            assert self.world.expected(name) == self.world.stored(name), name


@contextmanager
def buried() -> Iterator[None]:
    """Let syncs die in a block: the dead close nothing, and leave their streams as garbage."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            yield
        finally:
            gc.collect()


def hash_of(record: Row) -> str:
    """Hash a record as it looks on the wire."""
    return hash_record(json.loads(json.dumps(record)))


def eventful(event: Callable[[], None]) -> Connect:
    """Open databases so that something happens before and after each statement."""

    def open_eventful(database: Path) -> duckdb.DuckDBPyConnection:
        event()
        return cast("duckdb.DuckDBPyConnection", EventfulConnection(connect(database), event))

    return open_eventful


@contextmanager
def repeatable(seed: int, life: Life | None = None) -> Iterator[None]:
    """Add to a failure the seed that repeats it, and what was done."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"seed {seed}; " + "; ".join(life.stories[-8:] if life else ()))
        raise

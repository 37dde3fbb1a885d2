"""Dagster's records of runs in SQLite files that stay open: nothing is lost, and the UI follows."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.event_log import (
    ConsolidatedSqliteEventLogStorage,
    EventLogStorage,
    SqliteEventLogStorage,
)

from intercom_assets.orchestration.run_records import OpenEventLog
from intercom_assets_tests.dagster_project.processes import DEADLINE
from intercom_assets_tests.dagster_project.running import ROOT

DESCRIPTORS = Path("/proc/self/fd")


@dg.op
def nothing() -> None:
    """Do nothing."""


@dg.job(executor_def=dg.in_process_executor)
def one_step() -> None:
    """Have a step."""
    nothing()


@dg.job(executor_def=dg.in_process_executor)
def ten_steps() -> None:
    """Have ten steps."""
    for number in range(10):
        nothing.alias(f"nothing_{number}")()


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """Open Dagster's instance with the dagster.yaml of the project."""
    ref = InstanceRef.from_dir(str(tmp_path), config_dir=str(ROOT))
    with dg.DagsterInstance.from_ref(ref) as opened:
        yield opened


@pytest.fixture
def other(instance: dg.DagsterInstance, tmp_path: Path) -> Iterator[SqliteEventLogStorage]:
    """Open the events as another program does that knows nothing of ours: Dagster's own storage."""
    stock = SqliteEventLogStorage(str(tmp_path / "history" / "runs"))
    stock.register_instance(instance)
    yield stock
    stock.dispose()


def event(run_id: str, message: str) -> dg.EventLogEntry:
    """Make an event of a run."""
    return dg.EventLogEntry(  # type: ignore[no-untyped-call]  # of Dagster
        error_info=None,
        level=20,
        user_message=message,
        run_id=run_id,
        timestamp=1.0,
        step_key=None,
        job_name=None,
        dagster_event=None,
    )


def messages(storage: EventLogStorage, run_id: str) -> list[str]:
    """Read what is stored of a run."""
    return [entry.user_message for entry in storage.get_logs_for_run(run_id)]


def test_the_project_keeps_its_records_open(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    """The shipped dagster.yaml uses the storage, where Dagster's own would be."""
    assert one_step.execute_in_process(instance=instance).success

    assert isinstance(instance.event_log_storage, OpenEventLog)
    assert {"runs.db", "runs"} <= {one.name for one in (tmp_path / "history").iterdir()}


def test_others_see_events_while_a_run_goes_on(
    instance: dg.DagsterInstance, other: SqliteEventLogStorage
) -> None:
    """An event is there for every process as soon as it is stored, though the file is open."""
    for number in range(3):
        instance.event_log_storage.store_event(event("run", str(number)))

        assert [str(one) for one in range(number + 1)] == messages(other, "run")


@pytest.mark.parametrize("reader", ["other", "same"])
def test_who_watches_a_run_is_told(
    instance: dg.DagsterInstance, other: SqliteEventLogStorage, tmp_path: Path, reader: str
) -> None:
    """The live log of the UI goes on while the run's file is held by the run."""
    log = instance.event_log_storage
    log.store_event(event("run", "before"))
    watcher = other
    if reader == "same":
        watcher = OpenEventLog(str(tmp_path / "history" / "runs"))
        watcher.register_instance(instance)
    seen: list[str] = []
    came = threading.Semaphore(0)

    def told(entry: dg.EventLogEntry, _: str) -> None:
        seen.append(entry.user_message)
        came.release()

    watcher.watch("run", None, told)
    for number in range(3):
        log.store_event(event("run", str(number)))
        for _ in range(1 + (number == 0)):
            assert came.acquire(timeout=DEADLINE)
    watcher.dispose()

    assert ["before", "0", "1", "2"] == seen


def test_reading_does_not_look_like_writing(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    """A look at a run leaves the times of its file: the UI would follow its own looks for ever."""
    instance.event_log_storage.store_event(event("run", "one"))
    file = tmp_path / "history" / "runs" / "run.db"
    os.utime(file, (1, 1))

    assert ["one"] == messages(instance.event_log_storage, "run")
    assert file.stat().st_mtime == 1


def test_events_are_kept_when_the_process_is_killed(tmp_path: Path) -> None:
    """What a run stored before it was killed is read by who comes after."""
    script = f"""
import os, signal
from intercom_assets.orchestration.run_records import OpenEventLog
from {__name__} import event
log = OpenEventLog({str(tmp_path)!r})
for number in range(50):
    log.store_event(event("run", str(number)))
os.kill(os.getpid(), signal.SIGKILL)
"""

    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], check=False, timeout=DEADLINE
    )

    assert done.returncode == -signal.SIGKILL
    assert [str(number) for number in range(50)] == messages(OpenEventLog(str(tmp_path)), "run")


def test_many_runs_are_read_in_turn(tmp_path: Path) -> None:
    """Which files are open makes no difference to what is read."""
    log = OpenEventLog(str(tmp_path))
    for number in range(40):
        log.store_event(event(f"run-{number % 10}", str(number)))

    for run in range(10):
        assert [str(run + 10 * turn) for turn in range(4)] == messages(log, f"run-{run}")


@pytest.mark.skipif(not DESCRIPTORS.exists(), reason="this system does not list open files there")
def test_a_few_files_stay_open_and_none_at_the_end(tmp_path: Path) -> None:
    """The files of the last few runs stay open until the storage is disposed of."""
    log = OpenEventLog(str(tmp_path))

    for number in range(10):
        log.store_event(event(f"run-{number}", str(number)))

    assert {f"run-{number}.db" for number in range(6, 10)} == open_databases(tmp_path)
    log.dispose()
    assert set() == open_databases(tmp_path)


def open_databases(folder: Path) -> set[str]:
    """Name the databases of a folder that this process has open."""
    links = [link.readlink() for link in DESCRIPTORS.iterdir() if link.is_symlink()]
    return {link.name for link in links if link.parent == folder and link.suffix == ".db"}


def test_wiping_leaves_nothing(instance: dg.DagsterInstance) -> None:
    """After all records were wiped there are none, and new ones can be stored."""
    one_step.execute_in_process(instance=instance)
    log = instance.event_log_storage
    log.store_event(event("run", "old"))

    instance.wipe()
    log.store_event(event("run", "new"))

    assert ["new"] == messages(log, "run")


def test_files_keep_their_log(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    """Every file has a write-ahead log, as Dagster's own: readers and the writer never wait."""
    result = one_step.execute_in_process(instance=instance)

    folder = tmp_path / "history" / "runs"
    for name in ("index", result.run_id):
        with sqlite3.connect(folder / f"{name}.db") as connection:
            assert [("wal",)] == connection.execute("PRAGMA journal_mode").fetchall()


def test_a_file_is_opened_once_for_a_run(instance: dg.DagsterInstance) -> None:
    """A run with ten steps opens its files of events as often as a run with one: once."""
    opened: list[str] = []
    counting = threading.Event()

    def listen(name: str, arguments: tuple[object, ...]) -> None:
        file = Path(str(arguments[0])) if name == "sqlite3.connect" and counting.is_set() else None
        if file is not None and file.parent.name == "runs":
            opened.append(file.name)

    sys.addaudithook(listen)
    one_step.execute_in_process(instance=instance)
    counting.set()
    result = ten_steps.execute_in_process(instance=instance)
    counting.clear()

    assert [f"{result.run_id}.db"] == opened


def test_records_of_dagster_itself_are_gone_on_with(tmp_path: Path) -> None:
    """The records are Dagster's: with the class or without it, each reads what the other wrote."""
    stock = tmp_path / "stock"
    stock.mkdir()
    (stock / "dagster.yaml").write_text("telemetry: {enabled: false}", encoding="utf-8")
    runs = []

    for folder in (stock, ROOT, stock):
        ref = InstanceRef.from_dir(str(tmp_path), config_dir=str(folder))
        with dg.DagsterInstance.from_ref(ref) as opened:
            runs.append(one_step.execute_in_process(instance=opened).run_id)
            assert set(runs) == {run.run_id for run in opened.get_runs()}
            assert all(opened.all_logs(run) for run in runs)


INSTANCE = "instance_class: {module: intercom_assets.orchestration.run_records, class: Instance}\n"


def test_the_folder_of_another_storage_is_kept(tmp_path: Path) -> None:
    """Who names a folder for SQLite's files in dagster.yaml has them there, open."""
    storage = f"storage: {{sqlite: {{base_dir: {tmp_path}/elsewhere}}}}\n"
    (tmp_path / "dagster.yaml").write_text(INSTANCE + storage, encoding="utf-8")

    with dg.DagsterInstance.from_config(str(tmp_path)) as opened:
        one_step.execute_in_process(instance=opened)

        assert isinstance(opened.event_log_storage, OpenEventLog)
    assert (tmp_path / "elsewhere" / "history" / "runs" / "index.db").exists()
    assert not (tmp_path / "history").exists()


def test_another_storage_is_left_alone(tmp_path: Path) -> None:
    """Who names another class in dagster.yaml gets that one, and it works."""
    named = (
        "event_log_storage:\n"
        "  module: dagster._core.storage.event_log\n"
        "  class: ConsolidatedSqliteEventLogStorage\n"
        f"  config: {{base_dir: {tmp_path}/one}}\n"
    )
    (tmp_path / "dagster.yaml").write_text(INSTANCE + named, encoding="utf-8")

    with dg.DagsterInstance.from_config(str(tmp_path)) as opened:
        done = one_step.execute_in_process(instance=opened)

        assert ConsolidatedSqliteEventLogStorage is type(opened.event_log_storage)
        assert opened.all_logs(done.run_id)

"""What happens in a run is put on the board, also of assets that are no resources."""

import json
import os
import threading
from pathlib import Path

import pytest

from intercom_assets.cli.display.board import Board
from intercom_assets.cli.display.screen import Screen
from intercom_assets.cli.job import JobRequest, Worker
from intercom_assets.cli.project import Project
from intercom_assets.cli.worker import Events

DEFINITIONS = """
import os
import signal
import time
from contextlib import suppress

import dagster as dg
from intercom_assets import IntercomSource


def press_ctrl_c(times=1):
    # The terminal tells the command, which is the parent of the process of the run.
    for _ in range(times):
        os.kill(os.getppid(), signal.SIGINT)
        time.sleep(2)
    time.sleep(20)


@dg.asset(key=["shop", "contacts"])
def contacts() -> dg.MaterializeResult:
    return dg.MaterializeResult()


@dg.multi_asset(
    specs=[
        dg.AssetSpec(["shop", "left_out"], skippable=True),
        dg.AssetSpec(["shop", "made"], skippable=True),
    ]
)
def some():
    yield dg.MaterializeResult(asset_key=["shop", "made"])


@dg.multi_asset(
    specs=[
        dg.AssetSpec(["shop", "signups"], deps=[["shop", "contacts"]]),
        dg.AssetSpec(["shop", "churn"], deps=[["shop", "contacts"]]),
    ]
)
def models():
    yield dg.MaterializeResult(asset_key=["shop", "signups"], metadata={"dagster/row_count": 4})
    raise RuntimeError("no such column: left_at\\nLINE 1: SELECT")


@dg.asset(key=["reports", "weekly"], deps=[["shop", "churn"]])
def weekly() -> None:
    raise AssertionError("it depends on what failed")


@dg.asset(key=["shop", "stopped"])
def stopped() -> None:
    press_ctrl_c()


@dg.asset(key=["shop", "swallowed"])
def swallowed() -> None:
    try:
        press_ctrl_c()
    except BaseException:
        raise RuntimeError("Query interrupted") from None


@dg.asset(key=["shop", "too_late"])
def too_late() -> None:
    with suppress(BaseException):
        press_ctrl_c()


@dg.asset(key=["shop", "stubborn"])
def stubborn() -> None:
    while True:
        with suppress(BaseException):
            press_ctrl_c(2)


@dg.asset(key=["shop", "dead"])
def dead() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@dg.asset(key=["shop", "after"], deps=[["shop", "first"]])
def after() -> None:
    return


@dg.asset(key=["shop", "first"])
def first() -> None:
    return


def job(name, *keys):
    selection = dg.AssetSelection.assets(*keys)
    return dg.define_asset_job(name, selection, executor_def=dg.in_process_executor)


own = dg.Definitions(
    assets=[
        contacts, some, models, weekly, stopped, swallowed, too_late, stubborn, dead, first, after,
    ],
    jobs=[
        job("shop_sync", ["shop", "contacts"], ["shop", "signups"], ["shop", "churn"],
            ["reports", "weekly"], ["shop", "left_out"], ["shop", "made"]),
        job("stopped_sync", ["shop", "stopped"]),
        job("too_late_sync", ["shop", "too_late"]),
        job("stubborn_sync", ["shop", "stubborn"]),
        job("dead_sync", ["shop", "dead"]),
        job("swallowed_sync", ["shop", "swallowed"], ["shop", "first"], ["shop", "after"]),
    ],
)
workspace = IntercomSource(name="workspace", access_token={"env": "INTERCOM_ACCESS_TOKEN"})
defs = dg.Definitions.merge(workspace.definitions(), own)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Write a Dagster project whose jobs have models beside a resource."""
    (tmp_path / "shop_definitions.py").write_text(DEFINITIONS)
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    return Project(tmp_path, tmp_path, "shop_definitions")


def run(project: Project, source: str) -> Board:
    """Run the job of a source."""
    board = Board()
    request = JobRequest(source=source, whole=True, config={}, dagster_home=str(project.root))
    with Worker(project, os.environ) as worker:
        worker.sources()
        worker.execute(request, board, Screen())
    return board


def test_assets_that_are_no_resources_are_shown_with_their_rows(project: Project) -> None:
    """Each asset of the job has a line: its name, its rows, and the first cause of a failure."""
    board = run(project, "shop")

    shown = {name: (line.state.value, line.rows) for name, line in board.lines.items()}
    assert {
        "contacts": ("ok", None),
        "signups": ("ok", 4),
        "made": ("ok", None),
        "left_out": ("skipped", None),
        "churn": ("failed", None),
        "reports/weekly": ("not run", None),
    } == shown
    assert board.lines["churn"].error.startswith("RuntimeError: no such column: left_at")
    assert "what it depends on failed" == board.lines["reports/weekly"].error
    assert ("", False) == (board.error, board.interrupted)


@pytest.mark.parametrize("source", ["stopped", "swallowed"])
def test_an_interrupt_ends_the_run(project: Project, source: str) -> None:
    """Ctrl-C ends a run, also where a statement of the database swallowed the signal."""
    board = run(project, source)

    assert board.interrupted
    assert board.failed


def test_a_second_interrupt_ends_at_once(project: Project) -> None:
    """Whatever holds the first Ctrl-C up, the second one ends the run's process."""
    board = run(project, "stubborn")

    assert (2, True) == (board.heard, board.interrupted)
    assert ["interrupted"] == [line.error for line in board.failed]


def test_jobs_of_one_project_share_a_process(project: Project) -> None:
    """A process runs one job after the other, each on a board of its own.

    Ctrl-C that comes after the last commit fails nothing; the board says that it was heard.
    """
    boards = [Board(), Board()]
    with Worker(project, os.environ) as worker:
        [source] = worker.sources()
        for board, name in zip(boards, ("shop", "too_late"), strict=True):
            request = JobRequest(source=name, whole=True, config={}, dagster_home=str(project.root))
            worker.execute(request, board, Screen())

    assert ("workspace", False) == (source.name, boards[0].interrupted)
    assert {"shop/too_late"} == set(boards[1].lines)
    assert (1, False, []) == (boards[1].heard, boards[1].interrupted, boards[1].failed)


def test_a_job_runs_where_the_one_before_killed_the_process(project: Project) -> None:
    """A run whose process was killed, as for its memory, failed; the source after it does not."""
    boards = [Board(), Board()]
    with Worker(project, os.environ) as worker:
        worker.sources()
        for board, name in zip(boards, ("dead", "too_late"), strict=True):
            request = JobRequest(source=name, whole=True, config={}, dagster_home=str(project.root))
            worker.execute(request, board, Screen())

    assert not boards[0].interrupted
    assert ["shop/dead"] == [line.name for line in boards[0].failed]
    assert "code -9" in boards[0].failed[0].error
    assert ({"shop/too_late"}, []) == (set(boards[1].lines), boards[1].failed)


def test_events_of_several_threads_are_whole_lines() -> None:
    """A note of the event loop does not land within a report, however long both are."""
    reader, writer = os.pipe()
    events = Events(writer)

    def write(thread: int) -> None:
        for number in range(20):
            events.write("noted", text=f"{thread}-{number} " + "long " * 20_000)

    threads = [threading.Thread(target=write, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    with os.fdopen(reader) as pipe:
        lines = [json.loads(pipe.readline()) for _ in range(80)]
    for thread in threads:
        thread.join()
    os.close(writer)

    expected = {f"{thread}-{number}" for thread in range(4) for number in range(20)}
    assert expected == {line["text"].split()[0] for line in lines}

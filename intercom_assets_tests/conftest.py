"""A Snowflake for all tests; and at the end of a run, what the attacks on the promises tried."""

import gc
import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from intercom_assets_tests.guarantees.budget import TORTURE
from intercom_assets_tests.guarantees.figures import VARIABLE, figures
from intercom_assets_tests.places import fakesnow_server

# A change lands by what it changed: `make test` tries the same examples each time, and
# `make torture` draws new ones.
settings.register_profile("repeated", derandomize=True)
settings.load_profile("default" if TORTURE else "repeated")


LONGEST = (
    "dagster_project/test_snowflake",
    "dagster_project/test_daemon",
    "dagster_project/test_launching",
    "browser/test_pages",
    "dagster_project/test_wheel",
    "cli/test_commands",
    "guarantees/test_network_truth",
    "guarantees/test_crash_truth",
    "cli/test_connect",
    "warehouse/test_commit",
    "warehouse/test_snowflake_line",
    "guarantees/test_concurrency",
    "guarantees/test_killed_processes",
    "guarantees/test_incremental_truth",
    "unit/test_duckdb_transaction",
    "dagster_project/test_assets",
)
"""Files that take longest. One worker runs a file, so that its fixtures are made once; begun
first, these do not keep the others waiting at the end."""


@pytest.fixture(scope="session")
def fakesnow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Run one fakesnow server for all tests of a worker; gives its port."""
    with fakesnow_server(tmp_path_factory.mktemp("fakesnow")) as port:
        yield port


def pytest_configure(config: pytest.Config) -> None:
    """Choose the file of the figures before the workers start, which inherit its name.

    Ctrl-C counts again where a shell started the tests in the background, with Ctrl-C ignored.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # What collection makes lives on: searching it for garbage costs a third of its time.
    gc.disable()
    # Snowflake's connector asks the network at each login whose cloud this is.
    os.environ["SNOWFLAKE_DISABLE_PLATFORM_DETECTION"] = "true"
    if not hasattr(config, "workerinput"):
        handle, name = tempfile.mkstemp(prefix="intercom_assets_figures_")
        os.close(handle)
        os.environ[VARIABLE] = name


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest."""
    folder = Path(__file__).parent

    def rank(item: pytest.Item) -> int:
        name = item.path.relative_to(folder).with_suffix("").as_posix()
        return LONGEST.index(name) if name in LONGEST else len(LONGEST)

    items.sort(key=rank)


def pytest_collection_finish() -> None:
    """Exempt what was imported and collected from searches for garbage, of 0.3 s each.

    The rest is searched seldom: worlds are many objects and little garbage.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
    gc.enable()


def pytest_unconfigure() -> None:
    """Let Python tidy up as it always does."""
    gc.unfreeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures of all workers."""
    if hasattr(terminalreporter.config, "workerinput"):
        return
    file = Path(os.environ[VARIABLE])
    if total := figures(file):
        terminalreporter.section("what the attacks tried")
        for what, number in sorted(total.items()):
            terminalreporter.write_line(f"{number:>9,}  {what}")
    file.unlink(missing_ok=True)

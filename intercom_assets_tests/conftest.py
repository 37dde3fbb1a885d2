"""A Snowflake for all tests; and at the end of a run, what the attacks on the promises tried."""

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
    if not hasattr(config, "workerinput"):
        handle, name = tempfile.mkstemp(prefix="intercom_assets_figures_")
        os.close(handle)
        os.environ[VARIABLE] = name


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

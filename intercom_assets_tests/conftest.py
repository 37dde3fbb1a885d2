"""At the end of a run: what the attacks on the promises tried."""

import os
import tempfile
from pathlib import Path

import pytest

from intercom_assets_tests.guarantees.figures import VARIABLE, figures


def pytest_configure(config: pytest.Config) -> None:
    """Choose the file of the figures before the workers start, which inherit its name."""
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

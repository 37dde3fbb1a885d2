"""A run as a person sees it: on a terminal of 80 columns, and ended by Ctrl-C."""

import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from codecs import IncrementalDecoder, getincrementaldecoder
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fcntl import ioctl

import httpx

from intercom_assets.cli.display.terminal import UNICODE
from intercom_assets_tests.cli.conftest import ROOT, CommandLine

SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
SECONDS = 60.0
CTRL_C = b"\x03"


@dataclass
class Terminal:
    """A command on a terminal of its own.

    Attributes:
        outer: The end of the terminal that a person sits at.
        process: The command.
        shown: Everything that the terminal got.
    """

    outer: int
    process: subprocess.Popen[bytes]
    shown: str = ""
    # A letter of several bytes may come in two parts.
    _decoder: IncrementalDecoder = field(
        default_factory=lambda: getincrementaldecoder("utf-8")(errors="replace")
    )

    def read(self, until: Callable[[str], bool] = lambda _: False) -> None:
        """Read until something was shown, or the command ends."""
        limit = time.monotonic() + SECONDS
        while not until(self.shown) and time.monotonic() < limit:
            ended = self.process.poll() is not None
            ready, _, _ = select.select([self.outer], [], [], 0.1)
            if ended and not ready:
                return
            try:
                got = os.read(self.outer, 65_536) if ready else b""
            except OSError:
                return  # Linux's way of telling that the other end is closed.
            self.shown += self._decoder.decode(got)

    def press(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self.outer, keys)

    def lines(self) -> list[str]:
        """Give every line that was written, without colours and moves."""
        plain = SEQUENCE.sub("", self.shown.replace("\r\n", "\n"))
        return re.split(r"[\r\n]", plain)


@contextmanager
def terminal(workspace: CommandLine, *arguments: str) -> Iterator[Terminal]:
    """Run a command on a terminal of 80 columns and 24 lines."""
    outer, inner = pty.openpty()
    ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = {**workspace.environment, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    with subprocess.Popen(
        [sys.executable, "-m", "intercom_assets", *arguments],
        cwd=ROOT,
        env=environment,
        stdin=inner,
        stdout=inner,
        stderr=inner,
        start_new_session=True,
        preexec_fn=lambda: ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - Ctrl-C needs it
    ) as process:
        os.close(inner)
        try:
            yield Terminal(outer, process)
        finally:
            process.kill()
            os.close(outer)


def test_a_run_fits_on_80_columns(workspace: CommandLine) -> None:
    """Each resource has a moving line, which the table replaces; none is broken."""
    selected = ("--select", "contacts,conversations,conversation_parts")
    with terminal(workspace, "run", *selected) as shown:
        shown.read()
        shown.process.wait(timeout=SECONDS)

    lines = shown.lines()
    assert 0 == shown.process.returncode, shown.shown
    assert "\x1b[" in shown.shown
    assert any(re.match(r"✓ contacts +━+ +60 ", line) for line in lines)
    assert any(re.match(r"· conversation_parts +waiting", line) for line in lines)
    # These hold a path, and a command that is copied whole.
    free = ("Syncing", "Database", "Try")
    assert [] == [line for line in lines if len(line) >= 80 and not line.startswith(free)]
    after = lines[next(i for i, line in enumerate(lines) if line.startswith("resource ")) :]
    assert 1 == sum(line.startswith("contacts ") for line in after)


def test_ctrl_c_ends_in_one_line(workspace: CommandLine, simulator: str) -> None:
    """Ctrl-C ends a run with one line and code 130; no process of it leaves a traceback."""
    refused: dict[str, object] = {"kinds": ["502"], "rate": 1.0}
    httpx.post(f"{simulator}/_simulator/faults", json=refused).raise_for_status()
    try:
        with terminal(workspace, "run") as shown:
            shown.read(lambda text: any(one in text for one in UNICODE.spinner))
            shown.press(CTRL_C)
            shown.read()
            code = shown.process.wait(timeout=SECONDS)
    finally:
        httpx.post(f"{simulator}/_simulator/faults", json={"rate": 0.0}).raise_for_status()

    assert 130 == code, shown.shown
    assert "Traceback" not in shown.shown
    lines = [line for line in shown.lines() if line]
    said = "Interrupted. What was committed is kept; the next sync resumes from there."
    assert said == lines[-1]
    assert 1 == lines.count(said)

"""The simulator as a process: it says where it is, cuts connections, and ends cleanly."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "intercom_simulator", "--port", "0", "--exit-with-parent"]
SIZES = ["--contacts", "50", "--companies", "5", "--conversations", "5"]


@contextlib.contextmanager
def _simulator(*options: str) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    with subprocess.Popen(
        [*COMMAND, *SIZES, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    ) as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        assert ready.startswith("simulator ready http://127.0.0.1:")
        headers = {"Authorization": "Bearer simulated-token", "Intercom-Version": "2.16"}
        with httpx.Client(base_url=ready.split()[-1], headers=headers, timeout=20) as client:
            try:
                yield process, client
            finally:
                process.kill()


def test_it_serves_as_soon_as_it_is_ready() -> None:
    """After the line on stdout, requests are answered."""
    with _simulator() as (_, client):
        assert client.get("/contacts").json()["total_count"] == 50


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_cleanly(number: signal.Signals) -> None:
    """SIGTERM and SIGINT end it with exit code 0 and nothing on stderr."""
    with _simulator() as (process, _):
        process.send_signal(number)

        assert process.wait(timeout=20) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_it_ends_with_its_parent() -> None:
    """With --exit-with-parent the end of stdin is the end of the simulator."""
    with _simulator() as (process, _):
        assert process.stdin is not None
        process.stdin.close()

        assert process.wait(timeout=20) == 0


def _set_fault(client: httpx.Client, kind: str) -> None:
    target = {"method": "GET", "path": "/contacts", "kind": kind}
    client.post("/_simulator/faults", json={"targets": [target], "drip_seconds": 0.1})


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("reset", (httpx.ReadError, httpx.RemoteProtocolError)),
        ("truncated", httpx.RemoteProtocolError),
        ("hang", httpx.ReadTimeout),
    ],
)
def test_connections_are_cut(
    kind: str, error: type[Exception] | tuple[type[Exception], ...]
) -> None:
    """A reset, a cut body and a silence look to a client as on a real network."""
    with _simulator() as (process, client):
        _set_fault(client, kind)

        with pytest.raises(error):
            client.get("/contacts", timeout=1)

        assert client.get("/contacts").status_code == 200
        process.terminate()
        assert process.wait(timeout=20) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_a_slow_answer_arrives() -> None:
    """A dripping answer arrives whole."""
    with _simulator() as (_, client):
        _set_fault(client, "slow")

        assert len(client.get("/contacts").json()["data"]) == 50


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--timezone", "Mars/Olympus"], "Mars/Olympus"),
        (["--records", "nowhere"], "nowhere"),
    ],
)
def test_wrong_options_are_named(options: list[str], said: str) -> None:
    """A wrong option ends it with a message, not with a traceback."""
    shown = subprocess.run(
        [*COMMAND, *options], capture_output=True, text=True, check=False, cwd=ROOT
    )

    assert shown.returncode == 2
    assert said in shown.stderr
    assert "Traceback" not in shown.stderr


def test_help_is_readable() -> None:
    """--help shows how to read and how to change the workspace, each action included."""
    shown = subprocess.run(
        [*COMMAND, "--help"], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout

    assert "/_simulator/" in shown
    assert "merge_contacts source target" in shown
    assert "--exit-with-parent" in shown

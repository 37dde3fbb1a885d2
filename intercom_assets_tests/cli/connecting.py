"""A project without a token, and a person who connects it: by HTTP where no browser is needed."""

import multiprocessing
import os
import re
import shutil
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx

from intercom_assets.cli import main
from intercom_simulator import Workspace

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "intercom_assets" / "defs" / "intercom" / "defs.yaml"
SECRET = "c1ient-s3cret-of-the-app"
CLIENT_ID = "c1ient-id"
PYPROJECT = '[tool.dg]\ndirectory_type = "project"\n[tool.dg.project]\nroot_module = "acme"\n'
DEFINITIONS = """
from pathlib import Path
import dagster as dg

defs = dg.ComponentTree.for_project(Path(__file__).parent.parent).build_defs(Path())
"""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A Dagster project in a folder of its own.

    Attributes:
        folder: Its root.
        url: The simulated Intercom.
        variables: Further environment variables.
        unset: Variables that the environment lacks.
    """

    folder: Path
    url: str
    variables: dict[str, str] = field(default_factory=dict)
    unset: set[str] = field(default_factory=set)

    @classmethod
    def make(cls, folder: Path, url: str, *sources: str) -> "Place":
        """Set a project up, by default with one source."""
        (folder / "pyproject.toml").write_text(PYPROJECT)
        for source in sources or ("intercom",):
            (folder / "acme" / "defs" / source).mkdir(parents=True)
            shutil.copy(SHIPPED, folder / "acme" / "defs" / source)
        (folder / "acme" / "definitions.py").write_text(DEFINITIONS)
        return cls(folder=folder, url=url)

    @property
    def env(self) -> Path:
        """The file of variables."""
        return self.folder / ".env"

    def environment(self) -> dict[str, str]:
        """Give the environment of the command: ours without settings, and the app's credentials."""
        names = ("INTERCOM_", "DAGSTER_", "DUCKDB_", "WAREHOUSE_")
        kept = {name: one for name, one in os.environ.items() if not name.startswith(names)}
        own = {
            "DISPLAY": "",
            "WAYLAND_DISPLAY": "",
            "INTERCOM_BASE_URL": self.url,
            "INTERCOM_CLIENT_ID": CLIENT_ID,
            "INTERCOM_CLIENT_SECRET": SECRET,
        }
        given = kept | own | self.variables
        return {name: one for name, one in given.items() if name not in self.unset}

    def call(self, *options: str) -> "Ended":
        """Run the command where it ends by itself."""
        with self._running(options) as program:
            return program.end()

    @contextmanager
    def connecting(self, *options: str) -> Iterator["Connecting"]:
        """Run the command while a person uses its page."""
        with self._running(options) as program, httpx.Client(timeout=30) as browser:
            yield Connecting(program, browser)

    @contextmanager
    def _running(self, options: tuple[str, ...]) -> Iterator["Program"]:
        """Run the command in a process of its own, on a free port unless one is named.

        It is forked from a process that has imported what the command imports in a second, and is
        killed after a minute.
        """
        own = ["--port", "0"] if "--port" not in options else []
        printed, errors = FORKING.Pipe(duplex=False), FORKING.Pipe(duplex=False)
        process = FORKING.Process(
            target=command,
            args=(["connect", *own, *options], self.folder, self.environment()),
            kwargs={"stdout": printed[1], "stderr": errors[1]},
        )
        process.start()
        printed[1].close()
        errors[1].close()
        limit = threading.Timer(60, process.kill)
        limit.start()
        with printed[0], errors[0]:
            try:
                yield Program(process, printed[0], errors[0])
            finally:
                limit.cancel()
                process.kill()
                process.join()


FORKING = multiprocessing.get_context("forkserver")
PRELOADED = (
    __name__,
    "intercom_assets.cli.connect.command",
    "intercom_assets.component",
    "intercom_assets.orchestration.assets",
    "uvicorn.protocols.http.auto",
    "uvicorn.loops.auto",
    "anyio.from_thread",
)
FORKING.set_forkserver_preload(list(PRELOADED))


def command(
    arguments: list[str],
    folder: Path,
    environment: Mapping[str, str],
    *,
    stdout: Connection,
    stderr: Connection,
) -> None:
    """Become the command, as a shell would start it."""
    os.dup2(stdout.fileno(), 1)
    os.dup2(stderr.fileno(), 2)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    main(arguments)


class Program:
    """A command that runs, and what it prints."""

    def __init__(self, process: BaseProcess, stdout: Connection, stderr: Connection) -> None:
        self._process = process
        self._read = ""
        self._stdout = open(stdout.fileno(), encoding="utf-8", closefd=False)  # noqa: SIM115
        self._stderr = open(stderr.fileno(), encoding="utf-8", closefd=False)  # noqa: SIM115

    def find(self, pattern: str) -> str:
        """Give what matches in the first line that does."""
        for line in self._stdout:
            self._read += line
            if found := re.search(pattern, line):
                return found[0]
        raise AssertionError(self._stderr.read())

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        assert self._process.pid is not None
        os.kill(self._process.pid, signal.SIGINT)

    def end(self) -> "Ended":
        """Wait for the end."""
        with self._stdout, self._stderr:
            ended = self._read + self._stdout.read(), self._stderr.read()
        self._process.join(60)
        assert self._process.exitcode is not None
        return Ended(self._process.exitcode, *ended)


class Connecting:
    """The command while it waits.

    Attributes:
        page: Address of the page with the button.
        browser: A browser that keeps cookies and follows nothing by itself.
    """

    def __init__(self, program: Program, browser: httpx.Client) -> None:
        self.browser = browser
        self.page = program.find(r"http\S+\?key=\S+")
        self.end = program.end
        self.interrupt = program.interrupt

    @property
    def base(self) -> str:
        """The page's address without its key."""
        return self.page.partition("?")[0]

    def press(self) -> str:
        """Press the button; gives the address that Intercom asks at."""
        shown = self.browser.get(self.page)
        assert 200 == shown.status_code, shown.text
        key = re.search(r'name="key" value="([^"]+)"', shown.text)
        assert key is not None
        sent = self.browser.post(self.base, data={"key": key[1]})
        assert 303 == sent.status_code, sent.text
        return sent.headers["location"]

    def decide(self, asked: str, decision: str = "authorize") -> str:
        """Answer on Intercom's page; gives the address that the browser is sent back to."""
        with httpx.Client(timeout=30) as intercom:
            assert 200 == intercom.get(asked).status_code
            return intercom.post(asked, data={"decision": decision}).headers["location"]

    def come_back(self, address: str) -> httpx.Response:
        """Follow the way back."""
        return self.browser.get(address)

    def connect(self, decision: str = "authorize") -> httpx.Response:
        """Press the button, answer, come back; gives the last page."""
        return self.come_back(self.decide(self.press(), decision))


@dataclass(frozen=True)
class Ended:
    """How the command ended."""

    code: int
    printed: str
    errors: str

    @property
    def said(self) -> str:
        """Give the one line of a refusal."""
        [line] = self.errors.splitlines()
        return line


def token_of(workspace: Workspace) -> str:
    """Give the token that the simulator issued."""
    [token] = workspace.access.tokens - {"simulated-token"}
    return token


def state_of(address: str) -> str:
    """Give the state in an address."""
    return parse_qs(urlsplit(address).query)["state"][0]

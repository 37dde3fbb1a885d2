"""A project without a token, and a person who connects it: by HTTP where no browser is needed."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx

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

    def call(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Run the command where it ends by itself."""
        return subprocess.run(
            self.command(*options),
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    @contextmanager
    def connecting(self, *options: str) -> Iterator["Connecting"]:
        """Run the command while a person uses its page."""
        with subprocess.Popen(
            self.command(*options),
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                with httpx.Client(timeout=30) as browser:
                    yield Connecting(process, browser)
            finally:
                process.kill()

    @staticmethod
    def command(*options: str) -> list[str]:
        """Give the command line: a free port unless one is named."""
        own = ["--port", "0"] if "--port" not in options else []
        program = [sys.executable, "-m", "intercom_assets", "connect"]
        return [*program, *own, *options]


class Connecting:
    """The command while it waits.

    Attributes:
        page: Address of the page with the button.
        browser: A browser that keeps cookies and follows nothing by itself.
    """

    def __init__(self, process: subprocess.Popen[str], browser: httpx.Client) -> None:
        self._process = process
        self.browser = browser
        self._printed = ""
        self.page = self._address()

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

    def end(self) -> "Ended":
        """Wait for the command's end."""
        printed, errors = self._process.communicate(timeout=60)
        return Ended(self._process.returncode, self._printed + printed, errors)

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    def _address(self) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._printed += line
            if found := re.search(r"http\S+\?key=\S+", line):
                return found[0]
        assert self._process.stderr is not None
        raise AssertionError(self._process.stderr.read())


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

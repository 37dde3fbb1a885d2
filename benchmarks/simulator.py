"""The simulator as a process on a core of its own, and what it saw."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from benchmarks.machine import pinned
from benchmarks.processes import ROOT, SERVER_CORE
from benchmarks.values import Traffic

UNLIMITED = 1_000_000_000
"""A quota that is published and never reached."""

WINDOW = 10
OTHER = "other"
"""Query parameter by which requests of another client are told apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much a workspace holds."""

    contacts: int = 20_000
    companies: int = 2_000
    conversations: int = 5_000

    def scaled(self, factor: float) -> "Size":
        """Give a workspace so many times as large."""
        return Size(
            contacts=round(self.contacts * factor),
            companies=round(self.companies * factor),
            conversations=round(self.conversations * factor),
        )


@dataclass(frozen=True, slots=True)
class Simulator:
    """A simulator that is running.

    Attributes:
        url: Where it listens.
    """

    url: str

    def act(self, action: str, **arguments: Any) -> Any:  # noqa: ANN401 - whatever it answers
        """Change the workspace or how it is served."""
        return self._ask("POST", f"/_simulator/{action}", json.dumps(arguments))["result"]

    def look(self, path: str) -> Any:  # noqa: ANN401 - whatever it answers
        """Read the state, the truth or the requests."""
        return self._ask("GET", f"/_simulator/{path}")

    def traffic(self, limit: int) -> Traffic:
        """Say what was asked since the requests were last cleared."""
        entries = self.look("requests?entries=true")["entries"]
        if not entries:
            return Traffic()
        ours = [entry for entry in entries if OTHER not in entry["query"]]
        times = [entry["at"] for entry in ours]
        seconds = Counter(int(at - min(times)) for at in times)
        windows = Counter(int(entry["at"] // WINDOW) for entry in entries)
        whole = sorted({int(at // WINDOW) for at in times})[1:-1]
        return Traffic(
            requests=len(ours),
            refused=sum(entry["status"] == 429 for entry in ours),
            seconds=max(times) - min(times),
            per_second=[seconds[second] for second in range(max(seconds) + 1)],
            shares=[round(windows[window] / limit, 4) for window in whole],
        )

    def _ask(self, method: str, path: str, body: str | None = None) -> Any:  # noqa: ANN401
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=120)
        try:
            connection.request(method, path, body)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()


@contextmanager
def serving(size: Size) -> Iterator[Simulator]:
    """Serve a generated workspace until the block ends."""
    sizes = [
        word
        for name in ("contacts", "companies", "conversations")
        for word in (f"--{name}", str(getattr(size, name)))
    ]
    command = [sys.executable, "-m", "intercom_simulator", "--port", "0", *sizes]
    with subprocess.Popen(
        [*pinned(SERVER_CORE), *command, "--exit-with-parent"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield Simulator(process.stdout.readline().split()[-1])
        finally:
            process.terminate()

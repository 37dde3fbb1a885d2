"""dlt's rest_api source on the same simulator, interleaved with ours.

It carries contacts, companies, conversations, parts and company segments into DuckDB, of which it
makes child tables; ours carries eleven resources, cursors and marks of what is gone besides.
"""

import sys
import tempfile
from pathlib import Path
from subprocess import run as call

from benchmarks.cases import QUOTA, Series
from benchmarks.processes import ROOT, run
from benchmarks.projects import Project
from benchmarks.simulator import UNLIMITED, Size, serving

_VENV = ROOT / ".venv-peers"
_SCRIPT = Path(__file__).with_name("peer_dlt.py")
_PACKAGES = ("dlt[duckdb]==1.31.0", "duckdb<1.6")


def compare(series: Series, rounds: int, size: Size) -> None:
    """Measure first syncs of both in turn, without latency and without a quota that binds."""
    python = _installed()
    with serving(size) as simulator, tempfile.TemporaryDirectory() as folder:
        simulator.act("settings", rate_limit=UNLIMITED, latency=0)
        project = Project(Path(folder), simulator.url)
        for number in range(rounds):
            project.forget()
            simulator.act("clear_requests")
            ours = project.sync()
            series.add("ours", "ours beside dlt: first sync", ours, simulator.traffic(QUOTA))
            simulator.act("clear_requests")
            place = Path(folder) / f"dlt-{number}"
            place.mkdir()
            theirs = run(
                [str(python), str(_SCRIPT), simulator.url, str(place)],
                environment={"HOME": str(place), "DLT_TELEMETRY": "false", "PATH": "/usr/bin:/bin"},
                folder=place,
                log=place / "output.log",
            )
            series.add("dlt", "dlt rest_api: first sync", theirs, simulator.traffic(QUOTA))


def _installed() -> Path:
    python = _VENV / "bin" / "python"
    if not python.exists():
        call([sys.executable, "-m", "venv", str(_VENV)], check=True)
        call([str(python), "-m", "pip", "install", "--quiet", *_PACKAGES], check=True)
    return python

"""Commands as whole processes, on a core of their own, with what they cost."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.machine import pinned
from benchmarks.values import Run

ROOT = Path(__file__).resolve().parents[1]
"""The checkout."""

BIN = Path(sys.executable).parent
"""Where the project's programs are installed."""

SERVER_CORE, CLIENT_CORE = 0, 1


def run(command: Sequence[str], *, environment: Mapping[str, str], folder: Path, log: Path) -> Run:
    """Run a command to its good end and say what it cost.

    Raises:
        RuntimeError: It failed; names the log.
    """
    began = time.perf_counter()
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*pinned(CLIENT_CORE), *command],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        # Not `wait`: only this tells what the process and its children used.
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: see {log}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(wall=wall, cpu=used.ru_utime + used.ru_stime, peak_mib=used.ru_maxrss * unit / 2**20)

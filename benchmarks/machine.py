"""What the figures were measured on: the machine, its load, the versions."""

import os
import platform
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.values import Json

_PACKAGES = ("intercom-assets", "dagster", "duckdb", "pyarrow", "aiohttp", "httpx", "msgspec")
_CPU_NAME = "model name"


def describe() -> dict[str, Json]:
    """Describe this machine as it is now."""
    return {
        "cpu": _cpu(),
        "cores": len(_cores()),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load": [round(one, 2) for one in os.getloadavg()],
        "versions": {name: found for name in _PACKAGES if (found := _version(name))},
    }


def pinned(core: int) -> list[str]:
    """Give the words that keep a command on one core; none where that cannot be done."""
    taskset, cores = shutil.which("taskset"), _cores()
    return [taskset, "-c", str(cores[core % len(cores)])] if taskset and len(cores) > 1 else []


def _cores() -> list[int]:
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def _cpu() -> str:
    known = Path("/proc/cpuinfo")
    lines = known.read_text(encoding="utf-8").splitlines() if known.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith(_CPU_NAME)]
    return named[0] if named else platform.processor()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None

"""`python -m benchmarks`: measures, and writes RESULTS.md with its figures and plots."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import cases, history, machine, peers, replay, report
from benchmarks.cases import Series
from benchmarks.simulator import Size
from benchmarks.values import Measurement, measurement

FOLDER = Path(__file__).resolve().parent
JSON_FILE = FOLDER / "results.json"

_CASES: dict[str, Callable[[Series, int, Size], None]] = {
    "startup": lambda series, rounds, _: cases.start_up(series, rounds),
    "unlimited": cases.unlimited,
    "limited": lambda series, rounds, size: cases.limited(series, rounds, size.scaled(0.5)),
    "bulk": cases.bulk,
    "shared": lambda series, _, size: cases.shared(series, 1, size.scaled(0.5)),
    "host": lambda series, rounds, size: cases.host(series, rounds, size.scaled(0.1)),
    "growth": lambda series, _, size: cases.growing(series, size),
    "replay": lambda series, _rounds, _size: replay.measure(series),
    "history": lambda series, _rounds, _size: history.measure(series),
    "peers": peers.compare,
}
_USUAL = [name for name in _CASES if name != "peers"]
_DESCRIPTION = """\
Measures whole processes of `dagster job execute` against the bundled simulator, each on a core
of its own, and writes benchmarks/RESULTS.md.

cases:
  startup    an empty project of Dagster, ours with one small resource, --help and status
  unlimited  20,000 contacts, 2,000 companies, 5,000 conversations: first sync, nothing changed,
             one per cent changed; no latency, no quota that binds
  limited    the same with half the data at 80 ms and 1,667 requests in 10 s, share 1.0
  bulk       two fifths of the contacts changed: the reach is no more CPU than their first sync
  shared     how much of the quota is used with share 0.9, alone and beside another client
  host       "Materialize all" in a project of one's own: a process per asset, and one process
  growth     first syncs of a tenth to ten times the data
  replay     a million contacts and a million parts from a transport instead of HTTP, and
             5,000 of each that are as long as a long e-mail
  history    commits of 6,000 changed contacts of 100,000 with and without a history, and a look
             at a past time over 500,000 former versions against a scan of the table
  peers      dlt's rest_api source on the same simulator, interleaved with ours
"""


def main() -> None:
    """Measure the chosen cases, and report them with what was measured before."""
    parser = _parser()
    options = parser.parse_args()
    if unknown := [name for name in options.cases if name not in _CASES]:
        parser.error(f"no case is called {', '.join(unknown)}; there are {', '.join(_CASES)}")
    known = _known()
    for name in options.cases or _USUAL:
        series = Series(_tell)
        _CASES[name](series, options.rounds, Size().scaled(options.scale))
        known |= {one.case: one for one in series.measured()}
        _keep(known)
    report.write(FOLDER, list(known.values()), json.loads(JSON_FILE.read_text("utf-8"))["machine"])
    _tell(f"wrote {FOLDER / 'RESULTS.md'}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "cases",
        nargs="*",
        metavar="case",
        help="which to measure (default: all but peers)",
    )
    parser.add_argument("--rounds", type=int, default=5, help="runs of a case (default 5)")
    parser.add_argument("--scale", type=float, default=1.0, help="times the data (default 1)")
    return parser


def _known() -> dict[str, Measurement]:
    if not JSON_FILE.exists():
        return {}
    plain = json.loads(JSON_FILE.read_text("utf-8"))
    return {one["case"]: measurement(one) for one in plain["measurements"]}


def _keep(known: dict[str, Measurement]) -> None:
    plain = {
        "machine": machine.describe(),
        "measurements": [one.plain() for one in known.values()],
    }
    JSON_FILE.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

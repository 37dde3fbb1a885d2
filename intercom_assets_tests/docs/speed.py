"""What the README says of speed, from what was measured last."""

import json
from pathlib import Path

from benchmarks.cases import QUOTA
from benchmarks.values import Measurement, measurement

RESULTS = Path(__file__).resolve().parents[2] / "benchmarks" / "results.json"

_CASES = {
    "empty": "Dagster alone: a project of one asset that does nothing",
    "unlimited": "first sync, no latency, no quota that binds",
    "unlimited-again": "sync again, nothing changed",
    "unlimited-changed": "sync again, one per cent changed",
    "limited": "first sync of half of it, answers after 80 ms, Intercom's default quota",
}


def speed() -> str:
    """Give the table of the cases that users meet, whole processes of the job."""
    plain = json.loads(RESULTS.read_text("utf-8"))["measurements"]
    known = {one["case"]: measurement(one) for one in plain}
    rows = ["| | seconds | of CPU | MiB | requests |", "|---|---|---|---|---|"]
    rows += [_row(title, known[case]) for case, title in _CASES.items()]
    quota = known["limited"].traffic.requests * 10 / QUOTA
    told = [f"That quota alone takes {quota:.0f} s for so many requests."]
    if "dlt" in known and "ours" in known:
        ratio = known["dlt"].wall / known["ours"].wall
        told.append(
            f"dlt's REST source, given the same workspace in the same run, took {ratio:.1f} times "
            "as long as this project."
        )
    return "\n".join([*rows, "", " ".join(told)])


def _row(title: str, one: Measurement) -> str:
    asked = f"{one.traffic.requests:,}" if one.traffic.requests else ""
    return f"| {title} | {one.wall:.1f} | {one.cpu:.1f} | {one.peak_mib:.0f} | {asked} |"

"""What is measured, as plain values that JSON can hold."""

from dataclasses import asdict, dataclass, field
from statistics import median
from typing import TypeAlias

Json: TypeAlias = dict[str, "Json"] | list["Json"] | str | int | float | bool | None
"""Any JSON value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One process from its start to its end.

    Attributes:
        wall: Seconds.
        cpu: Seconds of CPU, children included.
        peak_mib: Resident memory at its peak, of the largest process.
    """

    wall: float
    cpu: float
    peak_mib: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What the simulator saw of a run.

    Attributes:
        requests: Requests, without those of other clients.
        refused: Answers of 429.
        seconds: From the first request to the last.
        per_second: Requests in each second from the first request on.
        shares: Part of the quota that was used in each whole window of ten seconds.
    """

    requests: int = 0
    refused: int = 0
    seconds: float = 0.0
    per_second: list[int] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """The runs of one case.

    Attributes:
        case: Name of the case.
        title: What was done, for people.
        runs: In the order in which they were made.
        traffic: What the last run asked for.
        facts: Further figures of the case, by name.
    """

    case: str
    title: str
    runs: list[Run]
    traffic: Traffic = field(default_factory=Traffic)
    facts: dict[str, float] = field(default_factory=dict)

    @property
    def wall(self) -> float:
        """Median wall time."""
        return median(run.wall for run in self.runs)

    @property
    def cpu(self) -> float:
        """Median CPU time."""
        return median(run.cpu for run in self.runs)

    @property
    def peak_mib(self) -> float:
        """Median peak of memory."""
        return median(run.peak_mib for run in self.runs)

    def plain(self) -> Json:
        """Give the measurement as JSON."""
        plain: dict[str, Json] = asdict(self)
        return plain | {"wall": self.wall, "cpu": self.cpu, "peak_mib": self.peak_mib}


def measurement(plain: dict[str, Json]) -> Measurement:
    """Read a measurement back."""
    known = {name: plain[name] for name in ("case", "title", "facts")}
    runs, traffic = plain["runs"], plain["traffic"]
    assert isinstance(runs, list)
    assert isinstance(traffic, dict)
    return Measurement(
        runs=[Run(**run) for run in runs],  # type: ignore[arg-type]
        traffic=Traffic(**traffic),  # type: ignore[arg-type]
        **known,  # type: ignore[arg-type]
    )

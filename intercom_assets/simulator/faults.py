"""The fault dial: which request fails, and how.

What the wire then shows is in `faulty_answers.py`.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal, TypeAlias, get_args

FaultKind: TypeAlias = Literal[
    "429",
    "429_bare",
    "500",
    "502",
    "503",
    "504",
    "html404",
    "400",
    "401",
    "403",
    "404",
    "odd200",
    "no_list",
    "short_list",
    "empty200",
    "garbage200",
    "truncated",
    "reset",
    "hang",
    "slow",
]
KINDS: tuple[FaultKind, ...] = get_args(FaultKind)
DEFAULT_KINDS: tuple[FaultKind, ...] = ("429", "500", "502", "503", "504", "empty200", "truncated")
MEANT: tuple[FaultKind, ...] = ("400", "401", "403", "404", "odd200", "no_list", "short_list")
"""Answers that look as if Intercom meant them, so that asking again is not what they call for."""


@dataclass(slots=True)
class Target:
    """Makes the `call`-th request that matches, and `times - 1` after it, fail.

    `path` may contain `*`: `/conversations/*`. Calls count from when the target is set. Without
    `times` every later request that matches fails.
    """

    method: str
    path: str
    kind: FaultKind
    call: int = 1
    times: int | None = 1
    seen: int = 0

    def hits(self, method: str, path: str) -> bool:
        """Counts a request that matches and tells whether it shall fail."""
        if method != self.method or not fnmatchcase(path, self.path):
            return False
        self.seen += 1
        return self.call <= self.seen and (self.times is None or self.seen < self.call + self.times)


@dataclass(kw_only=True)
class Faults:
    """Chooses faults by rate, repeatably for a seed, and by target.

    Over ASGI in process there is no connection to close and no time-out to wait
    for: `reset_error` and `hang_error` build the exception to raise instead
    (for instance `httpx.ReadError`, `httpx.ReadTimeout`).
    """

    rate: float = 0.0
    kinds: Sequence[FaultKind] = DEFAULT_KINDS
    seed: int = 0
    hang_seconds: float = 3600.0
    drip_seconds: float = 1.0
    reset_after: int = 1
    reset_error: Callable[[], Exception] | None = None
    hang_error: Callable[[], Exception] | None = None
    targets: list[Target] = field(default_factory=list)
    injected: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        unknown = set(self.kinds) - set(KINDS)
        if unknown:
            raise ValueError(f"unknown faults {sorted(unknown)}; known are {list(KINDS)}")
        self._random = random.Random(self.seed)

    def on(
        self, method: str, path: str, kind: FaultKind, *, call: int = 1, times: int | None = 1
    ) -> Target:
        """Adds a target: `on("GET", "/companies/scroll", "500", call=3)`; None is for always."""
        if kind not in KINDS:
            raise ValueError(f"unknown fault {kind!r}; known are {list(KINDS)}")
        target = Target(method, path, kind, call, times)
        self.targets.append(target)
        return target

    def choose(self, method: str, path: str) -> FaultKind | None:
        """Picks the fault of a request, or none."""
        hit = [target.kind for target in self.targets if target.hits(method, path)]
        if not hit and self.rate and self._random.random() < self.rate:
            hit = [self._random.choice(self.kinds)]
        if not hit:
            return None
        self.injected[hit[0]] += 1
        return hit[0]

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
Form: TypeAlias = Literal[
    "no_pages",
    "null_pages",
    "flat_pages",
    "null_next",
    "empty_next",
    "null_cursor",
    "odd_next",
    "next_url",
    "next_path",
    "next_text",
    "same_next",
    "beyond_next",
    "empty_page",
    "null_list",
    "other_key",
    "fewer",
    "refused",
    "gone",
]
FORMS: tuple[Form, ...] = get_args(Form)
"""Lists in another form, which `forms.py` shows."""
KINDS: tuple[FaultKind, ...] = get_args(FaultKind)
DEFAULT_KINDS: tuple[FaultKind, ...] = ("429", "500", "502", "503", "504", "empty200", "truncated")
MEANT: tuple[FaultKind, ...] = ("400", "401", "403", "404", "odd200", "no_list", "short_list")
"""Answers that look as if Intercom meant them, so that asking again is not what they call for."""


@dataclass(slots=True)
class Target:
    """Makes the `call`-th request that matches, and `times - 1` after it, fail.

    `path` may contain `*`: `/conversations/*`. Calls count from when the target is set. Without
    `times` every later request that matches fails. `above` leaves requests alone that ask for so
    many records a page or fewer, and `page` all but those for that page of a list.
    """

    method: str
    path: str
    kind: FaultKind | Form
    call: int = 1
    times: int | None = 1
    above: int = 0
    page: int | None = None
    seen: int = 0

    def hits(self, method: str, path: str, page: int, per_page: int) -> bool:
        """Counts a request that matches and tells whether it shall fail."""
        if method != self.method or not fnmatchcase(path, self.path):
            return False
        if (self.above and per_page <= self.above) or self.page not in {None, page}:
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
        self,
        method: str,
        path: str,
        kind: FaultKind | Form,
        *,
        call: int = 1,
        times: int | None = 1,
        above: int = 0,
        page: int | None = None,
    ) -> Target:
        """Adds a target: `on("GET", "/companies/scroll", "500", call=3)`."""
        if kind not in {*KINDS, *FORMS}:
            raise ValueError(f"unknown fault {kind!r}; known are {[*KINDS, *FORMS]}")
        target = Target(method, path, kind, call, times, above, page)
        self.targets.append(target)
        return target

    def choose(
        self, method: str, path: str, page: int = 1, per_page: int = 0
    ) -> FaultKind | Form | None:
        """Picks the fault of a request, or none."""
        hit = [one.kind for one in self.targets if one.hits(method, path, page, per_page)]
        if not hit and self.rate and self._random.random() < self.rate:
            hit = [self._random.choice(self.kinds)]
        if not hit:
            return None
        self.injected[hit[0]] += 1
        return hit[0]

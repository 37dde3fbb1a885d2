"""Seeded chance: choices and moments that depend on nothing but the seed."""

import random
from bisect import bisect_right
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

START = 1_672_531_200
"""2023-01-01T00:00:00Z, before which nothing was created."""
END = 1_767_225_599
"""2025-12-31T23:59:59Z, after which nothing was changed."""
DAY = 86_400

_BULK_SECONDS = 5
_BULK_SHARE = 0.15


class Chance:
    """Draws what a generator needs, cheaply and repeatably."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._draw = self.random.random
        self._salt = int(self._draw() * 0xFFFFFF)
        step = (END - START) // _BULK_SECONDS
        self._bulk = [START + step * index + self.below(step) for index in range(_BULK_SECONDS)]

    def below(self, limit: int) -> int:
        """Draws a whole number from 0 to `limit` - 1."""
        return int(self._draw() * limit)

    def pick(self, options: Sequence[T]) -> T:
        """Draws one of the options."""
        return options[int(self._draw() * len(options))]

    def some(self, options: Sequence[T], count: int) -> list[T]:
        """Draws different options, as many as there are at most."""
        if count == 0:
            return []
        return self.random.sample(options, min(count, len(options)))

    def hits(self, share: float) -> bool:
        """Draws true in that share of cases."""
        return self._draw() < share

    def created(self) -> int:
        """Draws a time of creation: often a second of a bulk import."""
        if self._draw() < _BULK_SHARE:
            return self.pick(self._bulk)
        return START + int(self._draw() * (END - START))

    def later(self, moment: int, mean_days: float = 40.0) -> int:
        """Draws a time at or after a moment: often a second of a bulk change."""
        if self._draw() < _BULK_SHARE:
            return self.bulk_after(moment)
        drawn = moment + int(self.random.expovariate(1 / (mean_days * DAY)))
        return drawn if drawn <= END else moment + self.below(END - moment + 1)

    def bulk_after(self, moment: int) -> int:
        """Draws a second of a bulk change after a moment; the moment if there is none."""
        following = self._bulk[bisect_right(self._bulk, moment) :]
        return self.pick(following) if following else moment

    def hex_id(self, moment: int, serial: int) -> str:
        """Spells an id of 24 hex digits that begins with the time of creation."""
        return f"{moment:08x}{self._salt:06x}{serial:010x}"

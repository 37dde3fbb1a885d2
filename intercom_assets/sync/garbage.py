"""Python's search for garbage, less often while records pour through.

Records are trees without cycles, freed as soon as they are written. Each page makes thousands of
objects, so that at the usual thresholds Python would search all that a Dagster process holds again
and again, and find nothing.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_THRESHOLDS = (50_000, 20, 100)


@contextmanager
def searched_seldom() -> Iterator[None]:
    """Search less often for a block; what a user set to search less often than that stays."""
    before = gc.get_threshold()
    if 0 < before[0] < _THRESHOLDS[0]:
        gc.set_threshold(*_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)

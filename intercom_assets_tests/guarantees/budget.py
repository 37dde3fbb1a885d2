"""How hard a promise is attacked, and what was tried in numbers."""

import os
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

TORTURE = bool(os.environ.get("INTERCOM_ASSETS_TORTURE"))
"""Whether `make torture` runs."""


WAREHOUSE = os.environ.get("INTERCOM_ASSETS_TEST_WAREHOUSE", "duckdb")
"""Warehouse in which the scenarios play: duckdb, or snowflake."""


def budget(small: int, large: int) -> int:
    """Choose how much to try: `small` in `make test`, `large` in `make torture`."""
    return large if TORTURE else small


def some(cases: Sequence[T], *few: T) -> Sequence[T]:
    """Choose cases: a few in `make test`, all in `make torture`."""
    assert set(few) <= set(cases)
    return cases if TORTURE else few

"""Every test of this folder runs against every warehouse."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from intercom_assets_tests.places import DuckDBPlace, Place, SnowflakePlace
from intercom_assets_tests.unit.storing import Store
from intercom_assets_tests.warehouse.memory import MemoryPlace
from intercom_assets_tests.world import Clock


@pytest.fixture(params=["duckdb", "snowflake", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Give each warehouse in turn, empty."""
    if request.param == "duckdb":
        yield DuckDBPlace(tmp_path / "x.duckdb")
    elif request.param == "memory":
        yield MemoryPlace()
    else:
        with closing(SnowflakePlace(request.getfixturevalue("fakesnow"))) as place:
            yield place


@pytest.fixture
def clock() -> Clock:
    """Make a clock that stands still."""
    return Clock()


@pytest.fixture
def store(place: Place, tmp_path: Path, clock: Clock) -> Store:
    """Make an empty store."""
    return Store(place.warehouse(clock.moment), tmp_path)

"""The warehouses in which what is declared must hold."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from intercom_assets_tests.places import DuckDBPlace, Place, SnowflakePlace


@pytest.fixture(scope="module", params=["duckdb", "snowflake"])
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """Give each warehouse in turn, empty, to all tests of a file."""
    if request.param == "duckdb":
        yield DuckDBPlace(tmp_path_factory.mktemp("place") / "x.duckdb")
    else:
        with closing(SnowflakePlace(request.getfixturevalue("fakesnow"))) as place:
            yield place

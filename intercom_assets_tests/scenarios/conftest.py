"""Fixtures of the scenarios."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from intercom_assets.warehouse.duckdb import connect
from intercom_assets_tests import copies
from intercom_assets_tests.guarantees.budget import WAREHOUSE
from intercom_assets_tests.places import Place, SnowflakePlace
from intercom_assets_tests.world import World, make_world


@pytest.fixture
def duckdb_file(tmp_path: Path) -> Iterator[Path]:
    """Name a file, and hold it open: that makes each of many looks at it quick."""
    path = tmp_path / "test.duckdb"
    with connect(path):
        yield path


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[Path | Place]:
    """Name the database.

    The same scenarios play in Snowflake where INTERCOM_ASSETS_TEST_WAREHOUSE says so.
    """
    if WAREHOUSE == "snowflake":
        with closing(SnowflakePlace(request.getfixturevalue("fakesnow"))) as place:
            yield place
        return
    yield request.getfixturevalue("duckdb_file")


@pytest.fixture
def copied(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[..., World]]:
    """Make the world of a function; in DuckDB it is made once, and copied."""
    if WAREHOUSE == "snowflake":
        database = request.getfixturevalue("database")
        yield lambda make, *arguments: make(database, *arguments)
        return
    with ExitStack() as stack:
        yield lambda make, *arguments: stack.enter_context(
            copies.copied(tmp_path, make, *arguments)
        )


@pytest.fixture
def world(database: Path | Place) -> World:
    """Make a world of a few records of each kind."""
    return make_world(database, contacts=60, companies=12, conversations=25)

"""Fixtures of the guards."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from intercom_assets.warehouse.duckdb import connect


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Path]:
    """Keep a DuckDB file open, so that a sync need not open it anew for each look."""
    path = tmp_path / "test.duckdb"
    with connect(path):
        yield path

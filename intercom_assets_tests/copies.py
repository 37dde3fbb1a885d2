"""Worlds that are made once and copied: workspace, clock and DuckDB file.

Most of what a test of a second sync takes is the first one.
"""

import pickle
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from intercom_assets.warehouse.duckdb import connect
from intercom_assets_tests.places import DuckDBPlace
from intercom_assets_tests.world import PORTS, Ear, World

Make = Callable[..., World]


@dataclass(frozen=True)
class _Saved:
    world: World
    state: bytes
    rows: bytes


_saved: dict[tuple[Make, tuple[Hashable, ...]], _Saved] = {}


@contextmanager
def copied(folder: Path, make: Make, *arguments: Hashable) -> Iterator[World]:
    """Copy the world that a function makes in a database, made at its first use.

    The copy's database is held open for the block, which makes each of many looks at it quick.
    """
    key = (make, arguments)
    if key not in _saved:
        _saved[key] = _save(make, *arguments)
    saved = _saved[key]
    folder.mkdir(exist_ok=True)
    place = DuckDBPlace(folder / "test.duckdb")
    place.database.write_bytes(saved.rows)
    workspace, clock = pickle.loads(saved.state)  # noqa: S301 - it was written above
    with connect(place.database):
        yield replace(
            saved.world,
            workspace=workspace,
            clock=clock,
            place=place,
            warehouse=place.warehouse(clock.moment),
            slept=[],
            ear=Ear(),
            _port=next(PORTS),
        )


def _save(make: Make, *arguments: Hashable) -> _Saved:
    with TemporaryDirectory() as folder:
        database = Path(folder) / "test.duckdb"
        with connect(database):
            world = make(database, *arguments)
        return _Saved(world, pickle.dumps((world.workspace, world.clock)), database.read_bytes())

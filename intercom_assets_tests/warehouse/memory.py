"""A warehouse that lives in memory: the whole of what another database would have to bring.

It is DuckDB without a file, so it speaks DuckDB's dialect, and is reached in its own way: by
connections to one database of the process, with locks that are threads'.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeVar

import duckdb
import pyarrow as pa
from typing_extensions import override

from intercom_assets.errors import WarehouseError
from intercom_assets.warehouse.arrow import mark_json
from intercom_assets.warehouse.base import Adapter, Session, Target
from intercom_assets.warehouse.dialects import DuckDBDialect
from intercom_assets.warehouse.duckdb import DuckDBSession
from intercom_assets.warehouse.warehouse import Warehouse
from intercom_assets_tests.places import Fate, Frail, Now, now

T = TypeVar("T")


class MemoryAdapter(Adapter):
    """Reaches a database in memory.

    Args:
        place: Where the database is.
        connect: Opens a connection to it.
    """

    def __init__(
        self, place: "MemoryPlace", connect: Callable[[], duckdb.DuckDBPyConnection]
    ) -> None:
        self._place = place
        self._connect = connect

    @override
    def describe(self) -> str:
        return "memory"

    @override
    def close(self) -> None:
        """Do nothing: the database ends with its place."""

    @override
    def exists(self) -> bool:
        return True

    @override
    def connected(self) -> AbstractContextManager[None]:
        return nullcontext()

    @override
    @contextmanager
    def lock(self, target: Target, run_id: str) -> Iterator[None]:
        holder = self._place.holders.setdefault(str(target), run_id)
        if holder != run_id:
            raise WarehouseError(f"Another sync of {target} is running (run {holder}). Wait for it")
        try:
            yield
        finally:
            del self._place.holders[str(target)]

    @override
    def commit_share(self, rows: int, size: int) -> float:
        return size / 1_000_000

    @override
    def read(self, work: Callable[[Session], T], what: str) -> T:
        with self._opened() as connection:
            return work(DuckDBSession(connection))

    @override
    def write(self, work: Callable[[Session], T], what: str, *, compact: bool = False) -> T:
        with self._place.turns:
            return self.read(work, what)

    @override
    def stream(self, statement: str, what: str) -> Iterator[list[tuple[Any, ...]]]:
        with self._opened() as connection:
            yield connection.execute(statement).fetchall()

    @override
    def query(self, statement: str) -> pa.Table:
        with self._opened() as connection:
            answer = connection.sql(statement)
            return mark_json(
                answer.to_arrow_table(), [str(kind) == "JSON" for kind in answer.types]
            )

    @override
    def check(self, schema: str) -> None:
        """Find nothing wrong: memory takes any table."""

    @contextmanager
    def _opened(self) -> Iterator[duckdb.DuckDBPyConnection]:
        connection = self._connect()
        try:
            connection.execute("SET TimeZone = 'UTC'")
            yield connection
        except duckdb.Error as error:
            raise WarehouseError(f"Memory refused a statement. Fix it. [{error}]") from error
        finally:
            connection.close()


class MemoryPlace:
    """A database in memory, which is gone with its place."""

    def __init__(self) -> None:
        self.holders: dict[str, str] = {}
        self.turns = threading.RLock()
        self._database = duckdb.connect(":memory:")

    def warehouse(self, clock: Now = now) -> Warehouse:
        """Open the database as a warehouse."""
        return Warehouse(MemoryAdapter(self, self._database.cursor), DuckDBDialect(), now=clock)

    def frail(self, fate: Fate, clock: Now = now) -> Warehouse:
        """Open it as a warehouse that fails at one of its statements."""

        def opened() -> Any:  # noqa: ANN401 - all but a method is the connection's
            return Frail(self._database.cursor(), fate, duckdb.IOException("memory is gone"))

        return Warehouse(MemoryAdapter(self, opened), DuckDBDialect(), now=clock)

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement in the database."""
        return self._database.cursor().execute(statement).fetchall()

    def tables(self) -> str:
        """Ask DuckDB's catalogue."""
        return "SELECT table_name FROM duckdb_tables()"

"""The warehouses that tests run against, each behind the same few methods.

DuckDB is a file. Snowflake is a real `fakesnow` server on loopback, spoken to with the real
connector; every place has a database of its own there.
"""

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import duckdb
import httpx

from intercom_assets.warehouse.duckdb import DuckDBWarehouse, connect
from intercom_assets.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

Now = Callable[[], datetime]

FAKESNOW = Path(sys.executable).parent / "fakesnow"

_DATABASES = itertools.count(1)


def now() -> datetime:
    """Tell the time."""
    return datetime.now(UTC)


@dataclass
class Fate:
    """Which statement of a warehouse fails, and whether it came to that.

    Attributes:
        fatal: Number of the statement, from one.
        interrupt: Whether it is an interrupt of the process, rather than an error of the driver.
        met: Whether it came to that statement.
    """

    fatal: int
    interrupt: bool = False
    met: bool = False

    def meet(self, error: Exception) -> None:
        """Count a statement; the fatal one fails."""
        self.fatal -= 1
        if self.fatal == 0:
            self.met = True
            if self.interrupt:
                raise KeyboardInterrupt
            raise error


class Place(Protocol):
    """Somewhere that a warehouse can be, and that a person could look at without us."""

    def warehouse(self, clock: Now = now) -> Warehouse:
        """Open a warehouse there, as a sync of its own would."""
        ...

    def frail(self, fate: Fate, clock: Now = now) -> Warehouse:
        """Open a warehouse there that fails at one of its statements."""
        ...

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement there, as a person could, and give its rows."""
        ...

    def tables(self) -> str:
        """Write the query that lists the names of all tables."""
        ...


class DuckDBPlace:
    """A DuckDB file.

    Args:
        database: The file.
    """

    def __init__(self, database: Path) -> None:
        self.database = database

    def warehouse(self, clock: Now = now) -> DuckDBWarehouse:
        """Open the file as a warehouse."""
        return DuckDBWarehouse(self.database, now=clock, patience=1.0, lock_patience=0.0)

    def frail(self, fate: Fate, clock: Now = now) -> Warehouse:
        """Open the file as a warehouse whose connection fails at one statement."""

        def opened(path: Path) -> Any:  # noqa: ANN401 - all but a method is the connection's
            return Frail(connect(path), fate, duckdb.IOException("the disk is gone"))

        return DuckDBWarehouse(self.database, connect=opened, now=clock)

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement in the file."""
        with connect(self.database) as connection:
            return connection.execute(statement).fetchall()

    def tables(self) -> str:
        """Ask DuckDB's catalogue."""
        return "SELECT table_name FROM duckdb_tables()"


class SnowflakePlace:
    """A database of its own in a fakesnow server, which makes it at the first login.

    Args:
        port: Where the server listens.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.database = f"DB_{os.getpid()}_{next(_DATABASES)}"
        self._person = self.connect()

    def close(self) -> None:
        """Empty the database: fakesnow cannot drop it, and looks at all whenever it describes."""
        schemas = self.execute("SELECT SCHEMA_NAME FROM INFORMATION_SCHEMA.SCHEMATA")
        for name in (*(name for (name,) in schemas), "_FS_INFORMATION_SCHEMA"):
            self.execute(f'DROP SCHEMA IF EXISTS "{name}"')
        self._person.close()

    def connect(self, **changed: Any) -> "SnowflakeConnection":  # noqa: ANN401 - the connector's
        """Log in with the real connector."""
        import snowflake.connector as driver  # noqa: PLC0415 - takes a second, only when needed

        from intercom_assets.warehouse.snowflake import SESSION_PARAMETERS  # noqa: PLC0415 - as it

        arguments: dict[str, Any] = {
            "user": "tester",
            "password": "irrelevant",
            "account": "fakesnow",
            "host": "127.0.0.1",
            "port": self.port,
            "protocol": "http",
            "database": self.database,
            "paramstyle": "qmark",
            "login_timeout": 20,
            "network_timeout": 20,
            "session_parameters": SESSION_PARAMETERS,
        }
        return driver.connect(**(arguments | changed))

    def warehouse(self, clock: Now = now) -> Warehouse:
        """Open the database as a warehouse."""
        return self.opened(self.connect, clock)

    def frail(self, fate: Fate, clock: Now = now) -> Warehouse:
        """Open the database as a warehouse whose session fails at one statement."""
        from snowflake.connector import errors  # noqa: PLC0415 - as the driver

        refused = errors.ProgrammingError(msg="the disk is gone", errno=1)

        def opened() -> Any:  # noqa: ANN401 - all but a method is the connection's
            return _FrailSession(self.connect(), fate, refused)

        return self.opened(opened, clock)

    def opened(self, connect: Callable[[], Any], clock: Now = now) -> Warehouse:
        """Open the database as a warehouse that logs in by a function."""
        from intercom_assets.warehouse.snowflake import (  # noqa: PLC0415 - as the driver
            Login,
            SessionPolicy,
            SnowflakeWarehouse,
        )

        return SnowflakeWarehouse(
            connect,
            Login(
                account="fakesnow",
                user="tester",
                role=None,
                warehouse=None,
                database=self.database,
            ),
            policy=SessionPolicy(attempts=3, sleep=lambda _: None),
            lock_patience=0.0,
            now=clock,
        )

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement in the database."""
        cursor = self._person.cursor()
        cursor.execute(statement)
        return cursor.fetchall()

    def tables(self) -> str:
        """Ask the information schema."""
        return "SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES"


class Frail:
    """A connection, or cursor, that fails at one of its statements."""

    def __init__(self, inner: Any, fate: Fate, error: Exception) -> None:  # noqa: ANN401
        self._inner = inner
        self._fate = fate
        self._error = error

    def execute(self, *arguments: Any) -> Any:  # noqa: ANN401 - as the driver's
        """Run a statement unless it is the fatal one."""
        # What only gives memory back may fail unnoticed.
        if not str(arguments[0]).startswith("RESET "):
            self._fate.meet(self._error)
        return self._inner.execute(*arguments)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - all else is the driver's
        return getattr(self._inner, name)

    def __enter__(self) -> Any:  # noqa: ANN401 - as the driver's
        return self._inner.__enter__()

    def __exit__(self, *raised: object) -> None:
        self._inner.__exit__(*raised)


class _FrailSession(Frail):
    def cursor(self) -> Frail:
        """Open a cursor that fails at the session's fatal statement."""
        return Frail(self._inner.cursor(), self._fate, self._error)


@contextmanager
def fakesnow_server(folder: Path) -> Iterator[int]:
    """Run a fakesnow server for a block; gives its port."""
    from intercom_assets_tests.dagster_project.processes import free_port  # noqa: PLC0415 - cycle

    port = free_port()
    with (
        (folder / "fakesnow.log").open("w") as log,
        subprocess.Popen(
            [str(FAKESNOW), "-s", "-p", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
        ) as process,
    ):
        try:
            deadline = time.monotonic() + 60
            while not _answers(port):
                assert process.poll() is None, (folder / "fakesnow.log").read_text()
                assert time.monotonic() < deadline, "fakesnow did not start"
                time.sleep(0.1)
            yield port
        finally:
            process.kill()


def _answers(port: int) -> bool:
    try:
        httpx.get(f"http://127.0.0.1:{port}/", timeout=5)
    except httpx.TransportError:
        return False
    return True

"""A session with Snowflake: opened when it is first needed, again when it was lost.

What went wrong is told apart by Snowflake's error numbers: what may succeed in a new session is
tried again, everything else is explained.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import pyarrow as pa
from snowflake.connector import SnowflakeConnection, errors
from snowflake.connector.cursor import SnowflakeCursor
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from intercom_assets.warehouse.snowflake.errors import Login, PassingError, explained

T = TypeVar("T")

Connect = Callable[[], SnowflakeConnection]
"""Logs in; a seam for tests, and how Dagster's connection settings get here."""

SESSION_PARAMETERS = {
    "QUERY_TAG": "intercom_assets",
    "TIMEZONE": "UTC",
    "AUTOCOMMIT": True,
    # A user or account may have set these otherwise, and rows or names would be bent.
    "ROWS_PER_RESULTSET": 0,
    "QUOTED_IDENTIFIERS_IGNORE_CASE": False,
    "TIMESTAMP_INPUT_FORMAT": "AUTO",
    "JSON_INDENT": 0,
    "ERROR_ON_NONDETERMINISTIC_UPDATE": True,
    # Not for hours, which are the defaults, behind a session that is gone.
    "LOCK_TIMEOUT": 300,
    "ABORT_DETACHED_QUERY": True,
}
"""What a session must be, whatever the user's or the account's defaults are."""

_PORTION = 5_000

_logger = logging.getLogger("intercom_assets")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often and how long Snowflake is tried.

    Attributes:
        attempts: Sessions that are tried for one piece of work.
        pause: Seconds before the second; doubles, with jitter.
        sleep: Waits; a seam for tests.
    """

    attempts: int = 5
    pause: float = 1.0
    sleep: Callable[[float], None] = time.sleep


class Session:
    """Runs pieces of work, each of which may be repeated from its beginning.

    Args:
        connect: Logs in.
        login: Who logs in where, for messages.
        patience: How often it is tried.
    """

    def __init__(self, connect: Connect, login: Login, patience: Patience) -> None:
        self._connect = connect
        self._login = login
        self._patience = patience
        self._connection: SnowflakeConnection | None = None

    def work(self, work: Callable[["Runner"], T], what: str) -> T:
        """Do some work, again in a new session where the last one failed for the moment.

        Args:
            work: The work; must be safe to repeat from its beginning.
            what: What is worked on, for messages.

        Raises:
            WarehouseError: It failed; says what to do.
        """
        patience = self._patience
        for attempt in Retrying(
            stop=stop_after_attempt(patience.attempts),
            wait=wait_exponential_jitter(initial=patience.pause, max=30),
            retry=retry_if_exception_type(PassingError),
            sleep=patience.sleep,
            reraise=True,
        ):
            with attempt:
                return self._once(work, what)
        raise AssertionError("a retry ends with an answer or an error")

    def stream(self, statement: str, what: str) -> Iterator[list[tuple[Any, ...]]]:
        """Give the rows of a query in portions; it is not tried again.

        Raises:
            WarehouseError: It failed; says what to do.
        """
        try:
            cursor = self._open().cursor()
            cursor.execute(statement)
            while rows := cursor.fetchmany(_PORTION):
                yield rows
        except errors.Error as error:
            raise explained(error, self._login, what) from None

    def close(self) -> None:
        """End the session."""
        if self._connection is not None:
            with suppress(errors.Error, OSError):
                self._connection.close()
            self._connection = None

    def _once(self, work: Callable[["Runner"], T], what: str) -> T:
        try:
            return work(Runner(self._open()))
        except errors.Error as error:
            failure = explained(error, self._login, what)
            if isinstance(failure, PassingError):
                _logger.warning("Trying again: %s", failure)
                self.close()
            raise failure from None
        except BaseException:
            # Whatever ended the work, a transaction must not stay open with its locks.
            self.close()
            raise

    def _open(self) -> SnowflakeConnection:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection


class Runner:
    """Runs statements in a session.

    Args:
        connection: The session.
    """

    def __init__(self, connection: SnowflakeConnection) -> None:
        self._connection = connection

    def run(self, statement: str, *values: object) -> int:
        """Run a statement and give the number of rows that it changed."""
        with self._executed(statement, values) as cursor:
            return cursor.rowcount or 0

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a query and give its rows."""
        with self._executed(statement, values) as cursor:
            return cursor.fetchall()

    def table(self, statement: str) -> pa.Table | None:
        """Run a query and give its rows as a table, None for a statement without an answer."""
        with self._executed(statement, ()) as cursor:
            return cursor.fetch_arrow_all(force_return_table=True)

    def number(self, statement: str) -> int:
        """Run a query and give its only number."""
        return int(self.rows(statement)[0][0])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all of a block or nothing of it."""
        self.run("BEGIN TRANSACTION")
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            # Where the session is lost too, Snowflake rolls back by itself.
            with suppress(errors.Error):
                self.run("ROLLBACK")
            raise

    def _executed(self, statement: str, values: Sequence[object]) -> SnowflakeCursor:
        cursor = self._connection.cursor()
        cursor.execute(statement, tuple(map(_bound, values)) or None)
        return cursor


def _bound(value: object) -> object:
    # The connector would bind an instant without its zone.
    return value.isoformat() if isinstance(value, datetime) else value

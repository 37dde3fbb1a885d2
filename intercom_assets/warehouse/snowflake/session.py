"""A session with Snowflake, opened when it is first needed and reopened when it is lost.

By Snowflake's error numbers, work that may succeed in a new session is retried; any other error is
explained.
"""

import logging
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from os.path import commonprefix
from typing import Any, TypeVar

import pyarrow as pa
from snowflake.connector import SnowflakeConnection, errors
from snowflake.connector.cursor import SnowflakeCursor
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter
from typing_extensions import override

from intercom_assets.catalog.types import ColumnType
from intercom_assets.warehouse.arrow import ARROW_TYPES, mark_json
from intercom_assets.warehouse.base import Session, StagedFile
from intercom_assets.warehouse.dialects import (
    SnowflakeDialect,
    escaped,
    from_snowflake_name,
    to_snowflake_name,
)
from intercom_assets.warehouse.snowflake.errors import NOT_THERE, Login, PassingError, explained
from intercom_assets.warehouse.snowflake.staging import staged

T = TypeVar("T")

Connect = Callable[[], SnowflakeConnection]
"""Logs in, with the settings of Dagster's connection."""

SESSION_PARAMETERS = {
    "QUERY_TAG": "intercom_assets",
    "TIMEZONE": "UTC",
    "AUTOCOMMIT": True,
    # Other values set by a user or account would corrupt rows or names.
    "ROWS_PER_RESULTSET": 0,
    "QUOTED_IDENTIFIERS_IGNORE_CASE": False,
    "TIMESTAMP_INPUT_FORMAT": "AUTO",
    "JSON_INDENT": 0,
    "ERROR_ON_NONDETERMINISTIC_UPDATE": True,
    # By default statements wait for hours behind a lost session.
    "LOCK_TIMEOUT": 300,
    "ABORT_DETACHED_QUERY": True,
}
"""Required parameters of a session, whatever the defaults of the user or account."""

_PORTION = 5_000
_JSON_CODES = {5, 9, 10}
"""The driver's type codes of VARIANT, OBJECT and ARRAY."""

_logger = logging.getLogger("intercom_assets")
_name = SnowflakeDialect().name


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPolicy:
    """How often work is tried in a new session, and how long the pauses are.

    Attributes:
        pause: Seconds before the second attempt; doubles, with jitter.
    """

    attempts: int = 5
    pause: float = 1.0
    sleep: Callable[[float], None] = time.sleep


class Sessions:
    """Runs units of work in a session, each of which may be repeated from the start."""

    def __init__(self, connect: Connect, login: Login, policy: SessionPolicy) -> None:
        self._connect = connect
        self._login = login
        self._policy = policy
        self._connection: SnowflakeConnection | None = None

    def work(self, work: Callable[["SnowflakeSession"], T], what: str) -> T:
        """Run work, retrying it in a new session after a temporary failure.

        Raises:
            WarehouseError: The work failed; says what to do.
        """
        for attempt in Retrying(
            stop=stop_after_attempt(self._policy.attempts),
            wait=wait_exponential_jitter(initial=self._policy.pause, max=30),
            retry=retry_if_exception_type(PassingError),
            sleep=self._policy.sleep,
            reraise=True,
        ):
            with attempt:
                return self._once(work, what)
        raise AssertionError("a retry ends with an answer or an error")

    def stream(self, statement: str, what: str) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows of a query in portions, without retries.

        Raises:
            WarehouseError: The query failed; says what to do.
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

    def _once(self, work: Callable[["SnowflakeSession"], T], what: str) -> T:
        try:
            return work(SnowflakeSession(self._open()))
        except errors.Error as error:
            failure = explained(error, self._login, what)
            if isinstance(failure, PassingError):
                _logger.warning("Trying again: %s", failure)
                self.close()
            raise failure from None
        except BaseException:
            # Never leave a transaction open with its locks.
            self.close()
            raise

    def _open(self) -> SnowflakeConnection:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection


class SnowflakeSession(Session):
    """Runs statements in an open session."""

    def __init__(self, connection: SnowflakeConnection) -> None:
        self._connection = connection

    @override
    def run(self, statement: str, *values: object) -> int:
        with self._execute(statement, values) as cursor:
            return cursor.rowcount or 0

    @override
    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with self._execute(statement, values) as cursor:
            return cursor.fetchall()

    def table(self, statement: str) -> pa.Table | None:
        """Run a query and return its rows as a table, or None if it has no result."""
        with self._execute(statement, ()) as cursor:
            table = cursor.fetch_arrow_all(force_return_table=True)
            codes = [column.type_code for column in cursor.description]
        # Not `table and …`: a table without rows is false.
        if table is None:
            return None
        return mark_json(table, [code in _JSON_CODES for code in codes])

    @override
    def arrow(self, statement: str, kinds: Mapping[str, ColumnType]) -> pa.Table:
        result = self.table(statement)
        if not result:
            fields = [(name, ARROW_TYPES[kind]) for name, kind in kinds.items()]
            return pa.schema(fields).empty_table()
        # The driver infers types from the values.
        arrays = [
            array.cast(pa.int64()).cast(ARROW_TYPES[kind])
            if kind is ColumnType.TIMESTAMP
            else array.cast(ARROW_TYPES[kind])
            for array, kind in zip(result.columns, kinds.values(), strict=True)
        ]
        return pa.table(arrays, names=list(kinds))

    @override
    def columns(self, schema: str, name: str) -> dict[str, str]:
        # DESCRIBE needs no running virtual warehouse and also covers views.
        try:
            rows = self.rows(f"DESCRIBE TABLE {_name(schema)}.{_name(name)}")
        except errors.ProgrammingError as error:
            if error.errno in NOT_THERE:
                return {}
            raise
        return {from_snowflake_name(column): _plain(kind) for column, kind, *_ in rows}

    @override
    def relations(self, schema: str, names: Sequence[str]) -> dict[str, tuple[str, str]]:
        # SHOW needs no running virtual warehouse either; LIKE limits it to names like ours.
        begin = escaped(f"{commonprefix(list(names))}%")  # noqa: RUF071 - of characters
        within = f"LIKE {begin} IN SCHEMA {_name(schema)}"
        try:
            views = self.rows(f"SHOW VIEWS {within}")
        except errors.ProgrammingError as error:
            if error.errno in NOT_THERE:
                return {}
            raise
        found = {row[1]: ("VIEW", str(row[7])) for row in views}
        if any(to_snowflake_name(name) not in found for name in names):
            others = self.rows(f"SHOW TERSE OBJECTS {within}")
            found = {row[1]: (str(row[2]), "") for row in others} | found
        known = {name: found.get(to_snowflake_name(name)) for name in names}
        return {name: relation for name, relation in known.items() if relation is not None}

    @override
    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.run("BEGIN TRANSACTION")
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            # If the session is lost too, Snowflake rolls back by itself.
            with suppress(errors.Error):
                self.run("ROLLBACK")
            raise

    @override
    def create_table(self, schema: str, statement: str) -> None:
        try:
            self.run(statement)
        except errors.ProgrammingError as error:
            if error.errno not in NOT_THERE:
                raise
            # Not before it is needed: creating a schema requires another privilege.
            self.run(f"CREATE SCHEMA IF NOT EXISTS {_name(schema)}")
            self.run(statement)

    @override
    def staged(self, schema: str, file: StagedFile) -> AbstractContextManager[str]:
        return staged(self, schema, file)

    @override
    @contextmanager
    def temporary(self, schema: str) -> Iterator[str]:
        table = f"{_name(schema)}.{_name(f'rudder__staged_{secrets.token_hex(8)}')}"
        try:
            yield table
        finally:
            # A lost session cannot drop the table; its name tells people what it is.
            with suppress(errors.Error):
                self.run(f"DROP TABLE IF EXISTS {table}")

    def has_schema(self, schema: str) -> bool:
        """Return whether a schema exists."""
        rows = self.rows(f"SHOW SCHEMAS LIKE {escaped(to_snowflake_name(schema))}")
        return any(row[1] == to_snowflake_name(schema) for row in rows)

    def _execute(self, statement: str, values: Sequence[object]) -> SnowflakeCursor:
        cursor = self._connection.cursor()
        cursor.execute(statement, tuple(map(_bound, values)) or None)
        return cursor


def _plain(kind: str) -> str:
    """Strip the length of text and the precision of time from a type of DESCRIBE."""
    return re.sub(r"^(VARCHAR|TIMESTAMP_TZ|TIMESTAMP_NTZ)\(\d+\)$", r"\1", kind)


def _bound(value: object) -> object:
    # The connector binds instants without their zone.
    return value.isoformat() if isinstance(value, datetime) else value

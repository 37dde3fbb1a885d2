"""Reaches Snowflake with one session per sync, opened when it is first needed.

A commit first stages its files into transient tables, because DDL ends a transaction; the
transaction itself contains only updates and inserts. `MERGE` would yield the same counts and locks
within a transaction, but separate statements are easier to review.
"""

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any, TypeVar

import pyarrow as pa
from typing_extensions import override

from intercom_assets.errors import WarehouseError
from intercom_assets.warehouse.base import Adapter, Session, Target
from intercom_assets.warehouse.dialects import SnowflakeDialect
from intercom_assets.warehouse.snowflake.errors import Login
from intercom_assets.warehouse.snowflake.lease import Lease, LeaseStatements
from intercom_assets.warehouse.snowflake.session import (
    Connect,
    SessionPolicy,
    Sessions,
    SnowflakeSession,
)
from intercom_assets.warehouse.warehouse import Warehouse

T = TypeVar("T")

_COMMIT_BYTES = 100_000_000
"""Large, because a commit is a dozen statements whatever its size."""

_READS = re.compile(r"\s*(select|with|show|desc|describe|explain|values|table)\b", re.IGNORECASE)


class SnowflakeWarehouse(Warehouse):
    """Tables and cursors in a Snowflake database.

    Args:
        connect: Logs in, with qmark binding and `SESSION_PARAMETERS`.
        login: Shown in messages.
        lock_patience: Seconds to wait for another sync of the same table.
    """

    def __init__(
        self,
        connect: Connect,
        login: Login,
        *,
        policy: SessionPolicy | None = None,
        lock_patience: float = 10.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        adapter = SnowflakeAdapter(connect, login, policy or SessionPolicy(), lock_patience)
        super().__init__(adapter, SnowflakeDialect(), now=now)


class SnowflakeAdapter(Adapter):
    """Manages a session and the leases of the tables being synced."""

    def __init__(
        self, connect: Connect, login: Login, policy: SessionPolicy, lock_patience: float
    ) -> None:
        self._login = login
        self._policy = policy
        self._lock_patience = lock_patience
        self._connection = Sessions(connect, login, policy)
        self._leases: list[Lease] = []

    @override
    def describe(self) -> str:
        return str(self._login)

    @override
    def close(self) -> None:
        self._connection.close()

    @override
    def exists(self) -> bool:
        return True

    @override
    def connected(self) -> AbstractContextManager[None]:
        # The session stays open anyway.
        return nullcontext()

    @override
    @contextmanager
    def lock(self, target: Target, run_id: str) -> Iterator[None]:
        create = LeaseStatements(target.schema).create()
        self._connection.work(
            lambda session: session.create_table(target.schema, create), f"schema {target.schema}"
        )
        patience, sleep = self._lock_patience, self._policy.sleep
        lease = Lease(self._connection, target, run_id, patience=patience, sleep=sleep)
        with lease.held():
            self._leases.append(lease)
            try:
                yield
            finally:
                self._leases.remove(lease)

    @override
    def commit_share(self, rows: int, size: int) -> float:
        return size / _COMMIT_BYTES

    @override
    def read(self, work: Callable[[Session], T], what: str) -> T:
        return self._connection.work(work, what)

    @override
    def write(self, work: Callable[[Session], T], what: str, *, compact: bool = False) -> T:
        result = self._connection.work(work, what)
        for lease in self._leases:
            lease.renew()
        return result

    @override
    def stream(self, statement: str, what: str) -> Iterator[list[tuple[Any, ...]]]:
        return self._connection.stream(statement, what)

    @override
    def query(self, statement: str) -> pa.Table:
        # Snowflake cannot roll back DDL.
        if not _READS.match(statement):
            raise WarehouseError(
                "Only queries are answered here. Begin with SELECT, WITH, SHOW or DESCRIBE"
            )
        result = self._connection.work(lambda session: session.table(statement), "query")
        return pa.table({}) if result is None else result

    @override
    def check(self, schema: str) -> None:
        name = SnowflakeDialect().name
        made = name(f"rudder__check_{secrets.token_hex(4)}")

        def create(session: SnowflakeSession) -> None:
            if session.has_schema(schema):
                table = f"{name(schema)}.{made}"
                session.run(f"CREATE TRANSIENT TABLE {table} (A NUMBER(38,0))")
                session.run(f"DROP TABLE {table}")
            else:
                session.run(f"CREATE SCHEMA {made}")
                session.run(f"DROP SCHEMA {made}")

        self._connection.work(create, f"schema {schema}")

"""A lease per table across machines: a row that expires, because no other machine sees a crash.

Correctness does not depend on it, as every commit compares and swaps the cursor's version. It saves
the work of a sync whose commit would be refused.
"""

import json
import logging
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from intercom_assets.errors import WarehouseError
from intercom_assets.warehouse.base import Session, Target
from intercom_assets.warehouse.dialects import SnowflakeDialect, micros, to_snowflake_name
from intercom_assets.warehouse.snowflake.session import Sessions

LEASES = "rudder__leases"
"""Name of the table of leases, one per schema."""

_logger = logging.getLogger("intercom_assets")
_SECONDS = 600
"""Time until a lease expires, unless renewed."""

_PAUSE = 2.0
"""Seconds between attempts to take one."""

_LATER = "DATEADD(second, CAST(? AS NUMBER(38,0)), CURRENT_TIMESTAMP())"


@dataclass(frozen=True, slots=True)
class LeaseStatements:
    """The statements of the table of leases, which all sources of a schema share.

    Snowflake enforces no keys, so the table has a gate, like the table of cursors.
    """

    schema: str

    @property
    def name(self) -> str:
        """The table's quoted full name."""
        name = SnowflakeDialect().name
        return f"{name(self.schema)}.{name(LEASES)}"

    def create(self) -> str:
        """Create the table with its gate."""
        return (
            f"CREATE TABLE IF NOT EXISTS {self.name} AS\n"
            "SELECT CAST('' AS TEXT) AS TABLE_NAME, CAST('' AS TEXT) AS OWNER, "
            "CAST('' AS TEXT) AS HOLDER,\n"
            "  CAST(NULL AS TIMESTAMP_TZ) AS EXPIRES_AT, CAST(0 AS NUMBER(38,0)) AS GATE"
        )

    def enter(self) -> str:
        """Pass the gate, so that only one sync at a time takes a lease."""
        return f"UPDATE {self.name} SET GATE = GATE + 1 WHERE TABLE_NAME = ''"

    def holder(self) -> str:
        """Select another holder of a table; binds the table and the owner."""
        return (
            f"SELECT HOLDER, {micros('EXPIRES_AT')} FROM {self.name}\n"
            "WHERE TABLE_NAME = ? AND OWNER <> ? AND EXPIRES_AT > CURRENT_TIMESTAMP()"
        )

    def clear(self) -> str:
        """Delete all leases of a table; binds the table."""
        return f"DELETE FROM {self.name} WHERE TABLE_NAME = ?"

    def take(self) -> str:
        """Take a lease; binds the table, the owner, the holder and the duration in seconds."""
        return (
            f"INSERT INTO {self.name} (TABLE_NAME, OWNER, HOLDER, EXPIRES_AT)\n"
            f"SELECT CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), {_LATER}"
        )

    def renew(self) -> str:
        """Renew a lease; binds the duration in seconds, the table and the owner."""
        return f"UPDATE {self.name} SET EXPIRES_AT = {_LATER}\nWHERE TABLE_NAME = ? AND OWNER = ?"

    def release(self) -> str:
        """Release a lease; binds the table and the owner."""
        return f"DELETE FROM {self.name} WHERE TABLE_NAME = ? AND OWNER = ?"


class Lease:
    """The lease of a table.

    Args:
        run_id: The first of the runs that retry one another, so that a retry takes over the lease.
        patience: Seconds to wait for another holder.
    """

    def __init__(
        self,
        connection: Sessions,
        target: Target,
        run_id: str,
        *,
        patience: float,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._connection = connection
        self._target = target
        self._run_id = run_id
        self._patience = patience
        self._sleep = sleep
        self._statements = LeaseStatements(target.schema)
        self._table = to_snowflake_name(target.name)
        self._renewed = 0.0

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lease for a block.

        Raises:
            WarehouseError: Another sync holds the lease; says which one, and until when.
        """
        self._acquire()
        try:
            yield
        finally:
            self._release()

    def renew(self) -> None:
        """Renew the lease once half of its duration has passed."""
        if time.monotonic() - self._renewed < _SECONDS / 2:
            return
        bound = (_SECONDS, self._table, self._run_id)
        self._connection.work(
            lambda session: session.run(self._statements.renew(), *bound), str(self._target)
        )
        self._renewed = time.monotonic()

    def _acquire(self) -> None:
        waited = 0.0
        while (other := self._connection.work(self._take, f"lease of {self._target}")) is not None:
            if waited >= self._patience:
                raise WarehouseError(
                    f"Another sync of {self._target} is running{other}. Wait until it ends, or "
                    "end it: the lease of a process that was killed expires by itself"
                )
            self._sleep(_PAUSE)
            waited += _PAUSE
        self._renewed = time.monotonic()

    def _take(self, session: Session) -> str | None:
        statements = self._statements
        with session.transaction():
            session.run(statements.enter())
            others = session.rows(statements.holder(), self._table, self._run_id)
            if others and not _ended(others[0][0]):
                return _shown(*others[0])
            session.run(statements.clear(), self._table)
            holder = {"run": self._run_id, "host": socket.gethostname(), "pid": os.getpid()}
            session.run(
                statements.take(),
                self._table,
                self._run_id,
                json.dumps(holder),
                _SECONDS,
            )
        return None

    def _release(self) -> None:
        try:
            self._connection.work(
                lambda session: session.run(self._statements.release(), self._table, self._run_id),
                str(self._target),
            )
        except WarehouseError as error:
            # The lease expires anyway, and the sync's own error must not be hidden.
            _logger.warning("The lease could not be given back: %s", error)


def _ended(holder: str) -> bool:
    """Return whether the holder was a process on this machine that has ended."""
    try:
        owner = json.loads(holder)
        if owner["host"] != socket.gethostname():
            return False
        os.kill(int(owner["pid"]), 0)
    except ProcessLookupError:
        return True
    except (ValueError, KeyError, TypeError, OSError):
        return False
    return False


def _shown(holder: str, expires: int) -> str:
    until = datetime.fromtimestamp(expires / 1_000_000, UTC)
    try:
        owner = json.loads(holder)
        who = f"process {owner['pid']} on {owner['host']}, run {owner['run']}"
    except (ValueError, KeyError, TypeError):
        who = "unknown holder"
    return f" ({who}; its lease lasts until {until:%H:%M:%S} UTC unless it is renewed)"

"""Answers what the checks of one table ask the warehouse and Intercom, each question once."""

from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Self, TypeVar

import anyio

from intercom_assets.catalog.resource import Resource
from intercom_assets.engine.cursor import Source
from intercom_assets.errors import ConfigurationError, IntercomAssetsError, SchemaError
from intercom_assets.intercom.client import ResourceSession
from intercom_assets.intercom.connection import Connection
from intercom_assets.intercom.metrics import RequestMetrics
from intercom_assets.quality.extra_fields import ExtraFieldReport, list_extra_fields
from intercom_assets.warehouse.base import StoredCursor, TableState, Target
from intercom_assets.warehouse.queries import Answer, Query
from intercom_assets.warehouse.warehouse import Warehouse

T = TypeVar("T")

SAMPLES = 10
"""Maximum number of rows to show, and of parents to request from Intercom."""

PATIENCE = 30.0
"""Seconds to wait for Intercom in a check."""


@dataclass(kw_only=True)
class CheckContext:
    """The table to check. As a context manager it keeps its warehouse connection open."""

    source: Source
    resource: Resource
    parent: Resource | None
    open_warehouse: Callable[[], Warehouse]
    open_connection: Callable[[], Connection]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    patience: float = PATIENCE
    _warehouse: Warehouse | None = field(default=None, init=False)
    _unreachable: IntercomAssetsError | None = field(default=None, init=False)
    _connected: ExitStack = field(default_factory=ExitStack, init=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._release()

    @property
    def target(self) -> Target:
        """The checked table."""
        return self.source.target(self.resource)

    def run(self, query: Query, limit: int = SAMPLES) -> Answer:
        """Run a query in the warehouse.

        Raises:
            IntercomAssetsError: The warehouse cannot answer; later calls fail without waiting.
        """
        return self._reached(lambda warehouse: warehouse.run(query, limit))

    @cached_property
    def state(self) -> TableState:
        """The state of the table."""
        state = self._reached(lambda warehouse: warehouse.inspect(self.target))
        if not state.exists:
            raise SchemaError(f"There is no table {self.target}. Sync {self.resource.name} first")
        return state

    @cached_property
    def cursor(self) -> StoredCursor:
        """The stored cursor."""
        source = self.source
        cursors = self._reached(lambda warehouse: warehouse.cursors(source.schema, source.prefix))
        if self.resource.name not in cursors:
            raise SchemaError(f"No cursor is stored for {self.target}. Sync again, which reads all")
        return cursors[self.resource.name]

    @cached_property
    def extra_fields(self) -> ExtraFieldReport:
        """The fields in `_extra`."""
        return list_extra_fields(self.target, self.run)

    def from_intercom(self, work: Callable[[ResourceSession], Awaitable[T]]) -> T:
        """Send requests to Intercom for up to `patience` seconds.

        Raises:
            IntercomAssetsError: Intercom cannot be reached, or the token is for another workspace.
            TimeoutError: The requests took longer.
        """
        stored = self.cursor.workspace_id
        # Intercom may take half a minute, and other programs may need the DuckDB file meanwhile.
        self._release()
        connection = self.open_connection()
        session = connection.session(
            meter=RequestMetrics(), scope=self.resource.scope, note=lambda _: None
        )
        workspace = connection.workspace(session)
        if stored not in {"", workspace.id}:
            raise ConfigurationError(
                f"{self.target} holds workspace {stored}, but the access token belongs to "
                f"workspace {workspace.id}. Use the token of that workspace, or another "
                "table_prefix for this one"
            )

        async def patiently() -> T:
            with anyio.fail_after(self.patience):
                return await work(session)

        try:
            return connection.call(patiently)
        except TimeoutError:
            raise TimeoutError(f"Intercom gave no answer within {self.patience:.0f} s") from None

    def _reached(self, work: Callable[[Warehouse], T]) -> T:
        # Waiting for a file that is open in another process takes a minute, so do it only once.
        if self._unreachable is not None:
            raise self._unreachable
        try:
            return work(self._reach())
        except SchemaError:
            raise
        except IntercomAssetsError as error:
            self._unreachable = error
            raise

    def _reach(self) -> Warehouse:
        if self._warehouse is None:
            warehouse = self.open_warehouse()
            self._connected.enter_context(warehouse.connected())
            self._warehouse = warehouse
        return self._warehouse

    def _release(self) -> None:
        self._warehouse = None
        self._connected.close()

"""What the checks of one table rest on: answers of the warehouse and of Intercom."""

from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Self, TypeVar

import anyio

from intercom_assets.catalog.resource import Resource
from intercom_assets.errors import ConfigurationError, IntercomAssetsError, SchemaError
from intercom_assets.intercom.client import RequestMetrics, ResourceSession
from intercom_assets.intercom.connection import Connection
from intercom_assets.sync.extract import Source
from intercom_assets.sync.fields import Survey, survey
from intercom_assets.warehouse.base import StoredCursor, TableState
from intercom_assets.warehouse.queries import Answer, Query
from intercom_assets.warehouse.warehouse import Warehouse

T = TypeVar("T")

SAMPLES = 10
"""Rows that are shown, and parents of which Intercom is asked."""

PATIENCE = 30.0
"""Seconds that a check waits for Intercom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The table that is checked, and whom its checks may ask.

    Attributes:
        source: The source's settings.
        resource: What the table holds.
        parent: The parent resource of a child.
        warehouse: Opens the warehouse.
        connection: Opens the connection to Intercom.
        now: Tells the time; a seam for tests.
        patience: Seconds to wait for Intercom.
    """

    source: Source
    resource: Resource
    parent: Resource | None
    warehouse: Callable[[], Warehouse]
    connection: Callable[[], Connection]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    patience: float = PATIENCE


class Evidence:
    """What the checks of one table ask for together; each thing is asked for once.

    Args:
        scene: The table, and whom to ask.
    """

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.resource = scene.resource
        self.target = scene.source.target(scene.resource)
        self._unreachable: IntercomAssetsError | None = None
        self._warehouse: Warehouse | None = None
        self._held = ExitStack()

    def __enter__(self) -> Self:
        """Stay connected to the warehouse from its first answer on."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the warehouse."""
        self._release()

    def ask(self, question: Query, limit: int = SAMPLES) -> Answer:
        """Ask the warehouse.

        Raises:
            IntercomAssetsError: It cannot answer; asked again, it is not waited for again.
        """
        return self._reached(lambda one: one.run(question, limit))

    @cached_property
    def state(self) -> TableState:
        """The table."""
        state = self._reached(lambda one: one.inspect(self.target))
        if not state.exists:
            raise SchemaError(f"There is no table {self.target}. Sync {self.resource.name} first")
        return state

    @cached_property
    def cursor(self) -> StoredCursor:
        """The stored cursor."""
        source = self.scene.source
        cursors = self._reached(lambda one: one.cursors(source.schema, source.prefix))
        if self.resource.name not in cursors:
            raise SchemaError(f"No cursor is stored for {self.target}. Sync again, which reads all")
        return cursors[self.resource.name]

    @cached_property
    def survey(self) -> Survey:
        """What `_extra` holds."""
        return survey(self.target, self.ask)

    def from_intercom(self, work: Callable[[ResourceSession], Awaitable[T]]) -> T:
        """Ask Intercom, for as long as patience lasts.

        Raises:
            IntercomAssetsError: It cannot be reached, or the token is another workspace's.
        """
        stored = self.cursor.workspace_id
        # Others may want the file, and whose token it is may have to be asked too.
        self._release()
        connection = self.scene.connection()
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
            with anyio.fail_after(self.scene.patience):
                return await work(session)

        return connection.call(patiently)

    def _reached(self, work: Callable[[Warehouse], T]) -> T:
        # A file that another process holds is waited for a minute: once, not once a check.
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
            warehouse = self.scene.warehouse()
            self._held.enter_context(warehouse.connected())
            self._warehouse = warehouse
        return self._warehouse

    def _release(self) -> None:
        self._warehouse = None
        self._held.close()

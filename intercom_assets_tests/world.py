"""The world that scenarios play in: a simulated workspace, a DuckDB file, a clock of both.

A scenario changes the workspace, syncs through the public door and looks at the table.
"""

import itertools
import json
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import anyio.lowlevel
import httpx

from intercom_assets.catalog import CATALOG, NEWEST, ApiVersion, Resource
from intercom_assets.catalog.endpoints import ReportExport
from intercom_assets.catalog.replication import AddedByParent, Exported
from intercom_assets.catalog.resource import including
from intercom_assets.engine.cursor import BatchLimits, Source, SyncOptions
from intercom_assets.engine.extract import Extract
from intercom_assets.engine.load import load
from intercom_assets.engine.progress import Progress, Report
from intercom_assets.engine.rows import hash_record, reduce_record
from intercom_assets.intercom.connection import Connection
from intercom_assets.intercom.exports.job import ExportPolicy
from intercom_assets.intercom.retry import LARGEST, RetryPolicy
from intercom_assets.warehouse.base import StoredCursor
from intercom_assets.warehouse.warehouse import Warehouse
from intercom_assets_tests.in_process import InProcess
from intercom_assets_tests.places import DuckDBPlace, Place
from intercom_simulator import Access, Record, Workspace, create_app, generate

NOON = 1_767_614_400.0
"""2026-01-05T12:00:00Z, after every moment in generated records."""

DAY = 86_400.0
HOUR = 3_600.0

LASTING = tuple(
    one.name
    for one in CATALOG
    if not (isinstance(one.replication, AddedByParent) and one.replication.after is None)
    and not isinstance(one.endpoint, ReportExport)
)
"""Resources whose rows tell of Intercom's records, and not of the moment of a sync.

Reports have tests of their own: each of them exports every two months of the workspace's life.
"""
COMPARED = tuple(one for one in LASTING if not isinstance(CATALOG[one].replication, Exported))
"""Those whose rows have the hash of a true record; a file of an export holds text."""

CUSTOM_OBJECT_TYPES = ("Order", "Subscription")
"""Types of custom objects in a generated workspace."""

SOURCE = Source(name="test", schema="main_", prefix="p_", custom_object_types=CUSTOM_OBJECT_TYPES)

Row = dict[str, Any]

# Limiters are per host and token of a process, so that each world gets a host of its own.
PORTS = itertools.count(20_000)


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: float = NOON

    def __call__(self) -> float:
        """Tell the time in seconds."""
        return self.now

    def forward(self, seconds: float) -> None:
        """Move the clock."""
        self.now += seconds

    def moment(self) -> datetime:
        """Tell the time as a datetime."""
        return datetime.fromtimestamp(self.now, UTC)


@dataclass
class Ear:
    """A listener that remembers what it was told."""

    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    progress: list[Progress] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)

    def on_start(self, report: Report) -> None:
        """Need not remember what is finished later, or fails."""

    def on_progress(self, progress: Progress) -> None:
        """Remember progress."""
        self.progress.append(progress)

    def info(self, line: str) -> None:
        """Remember a line."""
        self.notes.append(line)

    def warning(self, line: str) -> None:
        """Remember a warning."""
        self.warnings.append(line)

    def on_finish(self, report: Report) -> None:
        """Remember a report."""
        self.reports.append(report)


class Line(httpx.AsyncBaseTransport):
    """The line to the simulator: something may happen before each request."""

    def __init__(
        self,
        workspace: Workspace,
        before: Callable[[httpx.Request], None],
        after: Callable[[httpx.Request, httpx.Response], httpx.Response],
    ) -> None:
        self._inner = InProcess(create_app(workspace))
        self._before = before
        self._after = after

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Let it happen, then send the request."""
        self._before(request)
        return self._after(request, await self._inner.handle_async_request(request))


async def no_sleep(_seconds: float) -> None:
    """Wait for nothing."""


def nothing(_request: httpx.Request) -> None:
    """Happen before a request without effect."""


@dataclass(kw_only=True)
class World:
    """A workspace, a warehouse and the settings of the source between them.

    Attributes:
        workspace: The simulated Intercom.
        place: Where the warehouse is.
        warehouse: Where rows land.
        clock: The time in both.
        source: The settings of the source.
        portions: How much is read and committed at a time.
        before: Happens before each request.
        version: Version of the API that is asked for.
        page_size: The most records that any page is asked for.
        attempts: Tries of a request.
        hide_zone: Whether `/me` names a time zone that nobody knows.
        include: What is asked for beside what Intercom sends anyway.
        exports: How persistently exports are made.
        slept: Pauses that were asked for instead of taken.
        ear: What the last sync told.
    """

    workspace: Workspace
    place: Place
    warehouse: Warehouse
    clock: Clock
    source: Source = field(default_factory=lambda: SOURCE)
    portions: BatchLimits = field(default_factory=BatchLimits)
    before: Callable[[httpx.Request], None] = nothing
    version: ApiVersion = NEWEST
    page_size: int = LARGEST
    attempts: int = 4
    hide_zone: bool = False
    include: tuple[str, ...] = ()
    token: str = "simulated-token"
    region: str = "us"
    exports: ExportPolicy = field(default_factory=ExportPolicy)
    slept: list[float] = field(default_factory=list)
    ear: Ear = field(default_factory=Ear)
    _port: int = field(default_factory=lambda: next(PORTS))

    def sync(self, name: str, **request: Any) -> Report:  # noqa: ANN401 - fields of Request
        """Sync one resource."""
        with self.connection() as connection:
            return self.sync_over(connection, name, **request)

    def sync_all(self, *names: str, **request: Any) -> dict[str, Report]:  # noqa: ANN401
        """Sync several resources, by default all lasting ones, over one connection."""
        with self.connection() as connection:
            return {name: self.sync_over(connection, name, **request) for name in names or LASTING}

    def sync_over(self, connection: Connection, name: str, **request: Any) -> Report:  # noqa: ANN401
        """Sync one resource over an open connection."""
        self.ear = Ear()
        return self.sync_extract(self.extract(connection, name, **request))

    def sync_extract(self, extract: Extract) -> Report:
        """Sync what was prepared."""
        return load(extract, self.warehouse)

    def extract(self, connection: Connection, name: str, **request: Any) -> Extract:  # noqa: ANN401
        """Prepare a sync."""
        resource = CATALOG[name]
        return Extract(
            source=self.source,
            resource=including(resource, self.include),
            parent=CATALOG[resource.parent] if resource.parent else None,
            connection=connection,
            request=SyncOptions(run_id="run", **request),
            listener=self.ear,
            portions=self.portions,
        )

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Open a connection to the workspace; a pause only lets others go on."""

        async def sleep(seconds: float) -> None:
            self.slept.append(seconds)
            self.clock.forward(seconds)
            await anyio.lowlevel.checkpoint()

        with Connection(
            token=self.token,
            region=self.region,
            version=self.version,
            base_url=f"http://127.0.0.1:{self._port}",
            page_size=self.page_size,
            retry_policy=RetryPolicy(attempts=self.attempts, sleep=sleep),
            export_policy=replace(self.exports, sleep=sleep),
            transport=Line(self.workspace, self._asked, self._answered),
        ) as connection:
            yield connection

    def _asked(self, request: httpx.Request) -> None:
        self.before(request)

    def _answered(self, request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if not self.hide_zone or request.url.path != "/me":
            return response
        me = self.workspace
        app = {"id_code": me.id_code, "region": me.region, "timezone": "Mars/Olympus"}
        return httpx.Response(200, headers={"Date": response.headers["date"]}, json={"app": app})

    def execute(self, statement: str) -> None:
        """Run a statement in the database, as a person could."""
        self.place.execute(statement)

    @property
    def database(self) -> Path:
        """The DuckDB file, for what is about files."""
        assert isinstance(self.place, DuckDBPlace)
        return self.place.database

    def bump_version(self, name: str) -> None:
        """Move a cursor's version, as another sync's commit does."""
        cursors = f"{self.source.schema}.{self.source.prefix}rudder__cursors"
        self.execute(f"UPDATE {cursors} SET version = version + 1 WHERE resource = '{name}'")

    def rows(self, name: str, *columns: str) -> list[Row]:
        """Read the table of a resource, by default all columns, marked rows included."""
        return self.rows_of(CATALOG[name], *columns)

    def rows_of(self, resource: Resource, *columns: str) -> list[Row]:
        """Read the table of a resource as declared."""
        table = self.warehouse.read(self.source.target(resource), columns or None)
        rows: list[Row] = table.to_pylist()
        return rows

    def live(self, name: str, *columns: str) -> list[Row]:
        """Read the rows that are not marked as gone."""
        chosen = (*columns, "_deleted_at") if columns else ()
        return [row for row in self.rows(name, *chosen) if row["_deleted_at"] is None]

    def marked(self, name: str, key: str = "id") -> set[str]:
        """Read the keys of the rows that are marked as gone."""
        rows = self.rows(name, key, "_deleted_at")
        return {row[key] for row in rows if row["_deleted_at"] is not None}

    def row(self, name: str, record_id: str) -> Row:
        """Read one row by its id."""
        (row,) = (row for row in self.rows(name) if row["id"] == record_id)
        return row

    def cursor(self, name: str) -> StoredCursor:
        """Read the stored cursor of a resource."""
        return self.warehouse.cursors(self.source.schema, self.source.prefix)[name]

    @cached_property
    def _second_session(self) -> Warehouse:
        return self.place.warehouse(self.clock.moment)

    def moment_of_cursor(self, name: str) -> float:
        """Say how far a cursor has come, in Unix seconds; 0 where there is none.

        In a session of its own, for a sync may be in the middle of a commit.
        """
        cursor = self._second_session.cursors(self.source.schema, self.source.prefix).get(name)
        return cursor.at.timestamp() if cursor and cursor.at else 0.0

    def expected(self, name: str) -> list[str]:
        """Say what a perfect sync stores: the hash of each true record."""
        truth = self.workspace.truth(name, str(self.version), include_archived=True)
        return sorted(true_hash(name, record) for record in truth)

    def stored(self, name: str) -> list[str]:
        """Say what is stored and not marked: the hash of each row."""
        return sorted(row["_row_hash"] for row in self.live(name, "_row_hash"))

    def moments(self, name: str, column: str) -> set[datetime]:
        """Read the distinct values of a column of instants."""
        return {row[column] for row in self.rows(name, column)}


def true_hash(name: str, record: Record) -> str:
    """Hash a true record as it arrives, without what other tables hold."""
    return hash_record(reduce_record(json.loads(json.dumps(record)), CATALOG[name].reduced))


@cache
def _generated(**sizes: int) -> bytes:
    """Generate a workspace and its clock, once for all worlds of a size."""
    clock = Clock()
    workspace = Workspace(clock=clock, access=Access(rate_limit=1_000_000))
    return pickle.dumps((generate(workspace=workspace, **sizes), clock))


def make_world(where: Path | Place, **sizes: int) -> World:
    """Make a small world: a generated workspace, and a warehouse in a DuckDB file or place."""
    nobody = {"contacts": 0, "companies": 0, "conversations": 0, "tickets": 0}
    workspace, clock = pickle.loads(_generated(**(nobody | sizes)))  # noqa: S301 - of this process
    place = DuckDBPlace(where) if isinstance(where, Path) else where
    warehouse = place.warehouse(clock.moment)
    return World(workspace=workspace, place=place, warehouse=warehouse, clock=clock)

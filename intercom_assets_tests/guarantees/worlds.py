"""Worlds to attack: small pages, so that paging happens, and a comparison with the truth."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from intercom_assets.catalog import CATALOG, NEWEST
from intercom_assets.catalog.endpoints import StartingAfter
from intercom_assets.engine.cursor import BatchLimits
from intercom_assets.engine.extract import Extract
from intercom_assets.intercom.connection import Connection
from intercom_assets.intercom.retry import RetryPolicy
from intercom_assets.warehouse.duckdb import DuckDBWarehouse
from intercom_assets_tests.places import DuckDBPlace
from intercom_assets_tests.world import COMPARED, Clock, Line, Row, World, true_hash
from intercom_simulator import Access, Faults, Record, Workspace, generate

Answered = Callable[[httpx.Request, httpx.Response], httpx.Response]

DATED = {
    "segments": "updated_at",
    "companies": "updated_at",
    "contacts": "updated_at",
    "conversations": "updated_at",
    "tickets": "updated_at",
    "activity_logs": "created_at",
    "deleted_conversations": "deleted_at",
}
"""Resources that the start date filters, and by which date."""

PARENTS = {"company_segments": ("company_id", "companies"),
           "conversation_parts": ("conversation_id", "conversations"),
           "ticket_parts": ("ticket_id", "tickets")}  # fmt: skip


def as_it_came(_request: httpx.Request, response: httpx.Response) -> httpx.Response:
    """Pass an answer on."""
    return response


class _ReadLine(httpx.AsyncBaseTransport):
    """A line whose answers are read whole before they are changed."""

    def __init__(self, line: httpx.AsyncBaseTransport, after: Answered) -> None:
        self._line = line
        self._after = after

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request, read its answer, change it."""
        response = await self._line.handle_async_request(request)
        await response.aread()
        return self._after(request, response)


@dataclass(kw_only=True)
class SmallPages(World):
    """A world whose searches have a few records a page.

    Attributes:
        per_page: Records a page of a search.
        after: Changes each answer.
        attempts: Tries of a request.
        transport: How bytes travel, instead of the line to the simulator.
    """

    per_page: int = 4
    after: Answered = as_it_came
    attempts: int = 8
    transport: httpx.AsyncBaseTransport | None = None

    def extract(self, connection: Connection, name: str, **request: Any) -> Extract:  # noqa: ANN401
        """Prepare a sync."""
        extract = super().extract(connection, name, **request)
        if not isinstance(extract.resource.pagination, StartingAfter):
            return extract
        paged = replace(extract.resource, pagination=StartingAfter(self.per_page))
        return replace(extract, resource=paged)

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Open a connection; nothing in it really sleeps."""

        async def sleep(seconds: float) -> None:
            self.slept.append(seconds)
            self.clock.forward(seconds)

        line: httpx.AsyncBaseTransport = Line(self.workspace, self._asked, as_it_came)
        if self.after is not as_it_came:
            line = _ReadLine(line, self._changed)
        with Connection(
            token=self.token,
            region=self.region,
            version=NEWEST,
            base_url=f"http://127.0.0.1:{self._port}",
            retry_policy=RetryPolicy(attempts=self.attempts, sleep=sleep),
            transport=self.transport or line,
        ) as connection:
            yield connection

    def _changed(self, request: httpx.Request, response: httpx.Response) -> httpx.Response:
        return self.after(request, response)


def small_pages(
    database: Path, *, skew: float = 0.0, portions: BatchLimits | None = None, **sizes: int
) -> SmallPages:
    """Make a small world whose warehouse's clock differs from Intercom's by `skew` seconds."""
    clock = Clock()
    nobody = {"contacts": 0, "companies": 0, "conversations": 0, "tickets": 0}
    faults = Faults(
        reset_after=0,
        drip_seconds=0.0,
        reset_error=lambda: httpx.ReadError("reset"),
        hang_error=lambda: httpx.ReadTimeout("hang"),
    )
    workspace = Workspace(clock=clock, access=Access(rate_limit=1_000_000), faults=faults)
    generate(workspace=workspace, **(nobody | sizes))
    warehouse = DuckDBWarehouse(
        database, now=lambda: clock.moment() + timedelta(seconds=skew), patience=1.0
    )
    return SmallPages(
        workspace=workspace,
        place=DuckDBPlace(database),
        warehouse=warehouse,
        clock=clock,
        portions=portions or BatchLimits(slice_records=7, commit_rows=9, ahead_rows=23),
    )


def true_records(world: World, name: str) -> list[Record]:
    """Say what a perfect sync of a source stores, its start date considered."""
    records = world.workspace.truth(name, include_archived=True)
    start_date = world.source.start_date
    if start_date is None:
        return records
    if name in PARENTS:
        key, parent = PARENTS[name]
        kept = {record["id"] for record in true_records(world, parent)}
        return [record for record in records if record[key] in kept]
    if name not in DATED:
        return records
    begin, dated = start_date.timestamp(), DATED[name]
    # A date of 0 is none: such a record is kept, as one of null is.
    return [one for one in records if not one[dated] or one[dated] >= begin]


def differences(world: World, *names: str) -> list[str]:
    """Compare every row with the truth: records by their hash, some columns by their values."""
    found = []
    for name in names or COMPARED:
        truth, live = true_records(world, name), world.live(name)
        expected = Counter(true_hash(name, record) for record in truth)
        stored = Counter(row["_row_hash"] for row in live)
        if expected != stored:
            ours, theirs = ({key_of(name, one) for one in side} for side in (live, truth))
            found.append(
                f"{name}: missing {theirs - ours}, too many {ours - theirs}, "
                f"{(expected - stored).total()} outdated or missing"
            )
        expected_values = sorted(repr(values_of(name, record)) for record in truth)
        if expected_values != sorted(repr(columns_of(name, row)) for row in live):
            found.append(f"{name}: other values")
    return found


def key_of(name: str, one: Record | Row) -> tuple[str, ...]:
    """Give the key of a record or row."""
    return tuple(str(one[key]) for key in CATALOG[name].primary_key)


_VALUES: dict[str, tuple[str, ...]] = {
    "tags": ("id", "name"),
    "segments": ("id", "name", "person_type", "count", "updated_at"),
    "contact_attributes": ("full_name", "archived", "data_type"),
    "company_attributes": ("full_name", "archived", "data_type"),
    "companies": ("id", "name", "updated_at", "plan.name", "user_count"),
    "company_segments": ("company_id", "id", "name"),
    "contacts": ("id", "email", "name", "role", "updated_at", "location.country"),
    "conversations": (
        "id",
        "state",
        "title",
        "updated_at",
        "source.author.id",
        "statistics.count_conversation_parts",
    ),
    "conversation_parts": ("conversation_id", "id", "body", "created_at", "author.id"),
    "tickets": ("id", "ticket_id", "ticket_state.category", "ticket_type.id", "updated_at"),
    "ticket_parts": ("ticket_id", "id", "body", "created_at", "author.id"),
}
"""Some fields of each resource; the columns are theirs with dots as underscores."""


def values_of(name: str, record: Record) -> list[object]:
    """Say by hand what some columns must hold."""
    return [_true_value(record, field) for field in _VALUES.get(name, ("id",))]


def columns_of(name: str, row: Row) -> list[object]:
    """Read the same columns of a row."""
    values = [row[column.replace(".", "_")] for column in _VALUES.get(name, ("id",))]
    return [one.astimezone(UTC) if isinstance(one, datetime) else one for one in values]


def _true_value(record: Record, dotted: str) -> object:
    value: object = record
    for key in dotted.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    if dotted.endswith("_at") and isinstance(value, int):
        return datetime.fromtimestamp(value, UTC)
    if dotted.endswith("id") and isinstance(value, int):
        return str(value)
    return value

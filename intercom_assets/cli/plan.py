"""`intercom-assets run --dry-run`: what syncs would cost, by Intercom's own counts.

One small request per resource shows whether the token may read it and how many records it has;
`check` shows the same.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import click

from intercom_assets.catalog import CATALOG, Resource
from intercom_assets.catalog.cost import Cost, cost_of, least_cost
from intercom_assets.catalog.endpoints import Export
from intercom_assets.cli.display.output import FAILED, print_document
from intercom_assets.cli.display.screen import waiting
from intercom_assets.cli.display.tables import Heading, print_mark, print_table
from intercom_assets.engine.concurrency import iterate_in_thread, map_ordered
from intercom_assets.engine.progress import counted
from intercom_assets.errors import IntercomError, PermanentError
from intercom_assets.intercom.client import CONNECTIONS, ResourceSession
from intercom_assets.intercom.connection import Connection
from intercom_assets.intercom.metrics import RequestMetrics
from intercom_assets.intercom.retry import RetryPolicy
from intercom_assets.intercom.workspace import probe
from intercom_assets.settings.source import Settings

_RETRY_POLICY = RetryPolicy(attempts=3, quota_attempts=3)

_UNKNOWN = Cost(None, None)

_COLUMNS = (
    Heading("resource"),
    Heading("records", number=True),
    Heading("first sync", number=True),
    Heading("minutes", number=True),
    Heading("quiet sync", number=True),
    Heading("minutes", number=True),
    Heading("state", shout=True),
)


def connect(settings: Settings) -> Connection:
    """Return a connection that does not try for long."""
    return Connection(
        token=os.environ[settings.token_variable],
        region=settings.region,
        version=settings.api_version,
        base_url=settings.base_url,
        rate_limit_share=settings.rate_limit_share,
        retry_policy=_RETRY_POLICY,
    )


def session_of(connection: Connection, scope: str) -> ResourceSession:
    """Return a session whose retries are not shown."""
    return connection.session(meter=RequestMetrics(), scope=scope, note=lambda _: None)


@dataclass(frozen=True, slots=True)
class Planned:
    """What one request showed of a resource.

    Attributes:
        records: How many there are; None if Intercom does not say, or only by parent.
        least: What it costs at least, where `cost` is not known.
        error: Why it cannot be read.
        skipped: Whether a sync skips it for that reason, instead of failing.
    """

    resource: Resource
    records: int | None = None
    cost: Cost = _UNKNOWN
    least: Cost = _UNKNOWN
    error: IntercomError | None = None
    skipped: bool = False

    @property
    def state(self) -> str:
        """Whether a sync would work: ok, skipped or failed."""
        return "ok" if self.error is None else "skipped" if self.skipped else "failed"


def plan(
    settings: Settings, connection: Connection, resources: tuple[Resource, ...]
) -> Iterator[Planned]:
    """Ask for as little as possible of each resource, and of a parent that is not among them.

    Of a parent only the count is wanted: the child is read for the parents that are stored.
    """

    async def ask(resource: Resource) -> tuple[Resource, int | IntercomError | None]:
        session = session_of(connection, resource.scope)
        try:
            return resource, await probe(session, resource, settings.custom_object_types)
        except IntercomError as error:
            return resource, error

    # Parents come first.
    names = dict.fromkeys(name for one in resources for name in (one.parent, one.name) if name)
    selected = {one.name: one for one in resources}
    counts: dict[str, int | None] = {}
    asked = (selected.get(name, CATALOG[name]) for name in names)
    found = map_ordered(ask, asked, CONNECTIONS)
    with iterate_in_thread(connection.portal, found) as answers:
        for resource, answer in answers:
            error = answer if isinstance(answer, IntercomError) else None
            counts[resource.name] = None if isinstance(answer, IntercomError) else answer
            if resource.name not in selected:
                continue
            if error is not None:
                withheld = isinstance(error, PermanentError) and error.is_withheld
                skipped = withheld and resource.name in settings.optional
                yield Planned(resource, error=error, skipped=skipped)
                continue
            records = counts[resource.parent or resource.name]
            given = resource, records, settings.api_version, settings.page_size
            yield Planned(resource, counts[resource.name], cost_of(*given), least_cost(*given))


def show_plans(sources: list[tuple[Settings, tuple[Resource, ...]]], *, as_json: bool) -> int:
    """Print what the first and later syncs of sources would cost, and return the exit code."""
    documents, failed, refusal = [], False, None
    try:
        for settings, resources in sources:
            with connect(settings) as connection:
                connection.workspace(session_of(connection, ""))
                told = f"Asking Intercom about {counted(len(resources), 'resource')}"
                with waiting(told, quiet=as_json):
                    planned = list(plan(settings, connection, resources))
                rate = connection.requests_per_minute
            failed = failed or any(one.state == "failed" for one in planned)
            documents.append(_document(settings, planned, rate))
            if not as_json:
                _show(settings, planned, rate)
    except IntercomError as error:
        failed, refusal = True, str(error)
        click.echo(f"intercom-assets: {error}", err=True)
    code = FAILED if failed else 0
    if as_json:
        print_document(code, refusal, documents)
    return code


def _document(settings: Settings, planned: list[Planned], rate: float) -> dict[str, object]:
    return {
        "source": settings.name,
        "requests_per_minute": round(rate, 1),
        "resources": [
            {
                "resource": one.resource.name,
                "status": one.state,
                "error": str(one.error) if one.error else None,
                "records": one.records,
                "requests_first": one.cost.first,
                "minutes_first": _minutes(one.cost.first, rate),
                "requests_quiet": one.cost.quiet,
                "minutes_quiet": _minutes(one.cost.quiet, rate),
            }
            for one in planned
        ],
    }


def _show(settings: Settings, planned: list[Planned], rate: float) -> None:
    click.echo(f"Source {settings.name}: requests and minutes, at {rate:,.0f} requests a minute\n")
    rows = [
        (
            one.resource.name,
            one.records,
            *_cells(one.cost, one.least, rate),
            one.state.removeprefix("ok"),
        )
        for one in planned
    ]
    print_table(_COLUMNS, [*rows, ("total", None, *_cells(*_totals(planned), rate), "")])
    for one in planned:
        if one.error is not None:
            print_mark(f"{one.resource.name}: {one.error}", good=None if one.skipped else False)
    if any(one.error is None and one.cost != one.least for one in planned):
        click.echo("\n+ means at least: Intercom does not count those records.")
    click.echo("\nNothing was synced. Each sync also asks for what changed since the one before.\n")


def _totals(planned: list[Planned]) -> tuple[Cost, Cost]:
    """Return what a run costs, and what at least."""
    readable = [one for one in planned if one.error is None]
    exported = [one for one in readable if isinstance(one.resource.endpoint, Export)]
    # Exports of content share a job and its file.
    counted = [one for one in readable if one not in exported[1:]]
    least = Cost(_sum(one.least.first for one in counted), _sum(one.least.quiet for one in counted))
    return Cost(
        _sum(one.cost.first for one in counted), _sum(one.cost.quiet for one in counted)
    ), least


def _sum(requests: Iterable[int | None]) -> int | None:
    """Add up requests, and GET /me, which is sent once per run."""
    known = list(requests)
    return None if None in known else 1 + sum(one or 0 for one in known)


def _cells(cost: Cost, least: Cost, rate: float) -> Iterator[str | None]:
    for known, floor in ((cost.first, least.first), (cost.quiet, least.quiet)):
        if floor is None:
            yield from (None, None)
        else:
            more = "+" if known is None else ""
            yield from (f"{floor:,}{more}", f"{floor / rate:,.1f}{more}")


def _minutes(requests: int | None, rate: float) -> float | None:
    return None if requests is None else round(requests / rate, 1)

"""`intercom-assets run --dry-run`: what syncs would cost, by Intercom's own counts.

One small request per resource shows whether the token may read it and how many records it has;
`check` shows the same.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

import click

from intercom_assets.catalog import CATALOG, Resource
from intercom_assets.catalog.cost import Cost, cost_of
from intercom_assets.catalog.replication import Exported
from intercom_assets.cli.display.output import FAILED, print_json
from intercom_assets.cli.display.tables import Heading, print_mark, print_table
from intercom_assets.errors import IntercomError, PermanentError
from intercom_assets.intercom.client import ResourceSession
from intercom_assets.intercom.connection import Connection
from intercom_assets.intercom.metrics import RequestMetrics
from intercom_assets.intercom.retry import RetryPolicy
from intercom_assets.intercom.workspace import probe
from intercom_assets.settings.source import Settings

_RETRY_POLICY = RetryPolicy(attempts=3, quota_attempts=3)

_COLUMNS = (
    Heading("resource"),
    Heading("records", number=True),
    Heading("first sync", number=True),
    Heading("minutes", number=True),
    Heading("quiet sync", number=True),
    Heading("minutes", number=True),
    Heading("state", shout=True),
)


def connect(settings: Settings, environment: Mapping[str, str] = os.environ) -> Connection:
    """Return a connection that does not try for long."""
    return Connection(
        token=environment[settings.token_variable],
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
        error: Why it cannot be read.
        skipped: Whether a sync skips it for that reason, instead of failing.
    """

    resource: Resource
    records: int | None = None
    cost: Cost = Cost(None, None)  # noqa: RUF009 - frozen
    error: IntercomError | None = None
    skipped: bool = False

    @property
    def state(self) -> str:
        """Whether a sync would work: ok, skipped or failed."""
        return "ok" if self.error is None else "skipped" if self.skipped else "failed"


def plan(
    settings: Settings, connection: Connection, resources: tuple[Resource, ...]
) -> Iterator[Planned]:
    """Ask for as little as possible of each resource, and of a parent that is not among them."""
    counts: dict[str, int | None] = {}

    def ask(resource: Resource) -> None:
        session = session_of(connection, resource.scope)
        counts[resource.name] = connection.call(
            probe, session, resource, settings.custom_object_types
        )

    for resource in resources:
        try:
            ask(resource)
        except IntercomError as error:
            counts[resource.name] = None
            withheld = isinstance(error, PermanentError) and error.is_withheld
            skipped = withheld and resource.name in settings.optional
            yield Planned(resource, error=error, skipped=skipped)
            continue
        if resource.parent is not None and resource.parent not in counts:
            # Only its count is wanted: the child is read for the parents that are stored.
            with suppress(IntercomError):
                ask(CATALOG[resource.parent])
        records = counts.get(resource.parent or resource.name)
        cost = cost_of(resource, records, settings.api_version, settings.page_size)
        yield Planned(resource, counts[resource.name], cost)


def show_plans(
    sources: list[tuple[Settings, tuple[Resource, ...]]],
    environment: Mapping[str, str],
    *,
    as_json: bool,
) -> int:
    """Print what the first and later syncs of sources would cost, and return the exit code."""
    documents, failed, refusal = [], False, None
    try:
        for settings, resources in sources:
            with connect(settings, environment) as connection:
                connection.workspace(session_of(connection, ""))
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
        status = "failed" if failed else "ok"
        print_json({"status": status, "exit_code": code, "error": refusal, "sources": documents})
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
    first = sum(one.cost.first or 0 for one in planned)
    exported = [one for one in planned if isinstance(one.resource.replication, Exported)]
    quiet = sum(one.cost.quiet or 0 for one in planned if one not in exported)
    # They share a job and its file.
    quiet += max((one.cost.quiet or 0 for one in exported), default=0)
    rows = [
        (one.resource.name, one.records, *_cells(one.cost, rate), one.state.removeprefix("ok"))
        for one in planned
    ]
    # GET /me, once per run.
    print_table(_COLUMNS, [*rows, ("total", None, *_cells(Cost(first + 1, quiet + 1), rate), "")])
    for one in planned:
        if one.error is not None:
            print_mark(f"{one.resource.name}: {one.error}", good=None if one.skipped else False)
    if unknown := [
        one.resource.name for one in planned if one.error is None and one.cost.first is None
    ]:
        names = ", ".join(unknown)
        click.echo(f"\nIntercom does not count {names}: the total of a first sync lacks them.")
    click.echo("\nNothing was synced. Each sync also asks for what changed since the one before.\n")


def _cells(cost: Cost, rate: float) -> tuple[int | float | None, ...]:
    return cost.first, _minutes(cost.first, rate), cost.quiet, _minutes(cost.quiet, rate)


def _minutes(requests: int | None, rate: float) -> float | None:
    return None if requests is None else round(requests / rate, 1)

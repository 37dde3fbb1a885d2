"""A sync from Python into a DuckDB file, without Dagster: `from intercom_assets import sync`."""

import logging
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from uuid import uuid4

from intercom_assets.catalog import CATALOG, NEWEST
from intercom_assets.engine.cursor import SyncOptions
from intercom_assets.engine.extract import Extract
from intercom_assets.engine.load import load
from intercom_assets.engine.mask import Mask
from intercom_assets.engine.progress import Listener, LogListener, Report
from intercom_assets.intercom.connection import Connection
from intercom_assets.settings.source import read_settings
from intercom_assets.settings.warehouse import DEFAULT_SCHEMA
from intercom_assets.warehouse.duckdb import DuckDBWarehouse

_logger = logging.getLogger("intercom_assets")


def sync(  # noqa: PLR0913 - settings, passed by name
    *,
    token: str,
    database: str | Path,
    resources: str | Sequence[str] | None = None,
    region: str = "us",
    api_version: str = str(NEWEST),
    start_date: date | str | None = None,
    schema: str = DEFAULT_SCHEMA,
    table_prefix: str = "",
    exclude_columns: Mapping[str, Sequence[str]] | None = None,
    history: str | Sequence[str] | None = None,
    history_days: int | None = None,
    name: str = "intercom",
    base_url: str | None = None,
    full_refresh: bool = False,
    listener: Listener | None = None,
) -> dict[str, Report]:
    """Sync a workspace into a DuckDB file, and return a report per resource, parents first.

    The options mean what the settings of these names do (docs/settings.md). A resource that fails
    ends the sync; what was committed is kept, and the next sync resumes there.

    Raises:
        IntercomAssetsError: An option is wrong, or Intercom or the database refused.
    """
    settings = read_settings(
        {
            "name": name,
            "access_token": {"env": "INTERCOM_ACCESS_TOKEN"},  # required, but `token` is used
            "region": region,
            "base_url": base_url,
            "api_version": api_version,
            "start_date": start_date,
            "table_prefix": table_prefix,
            "resources": resources,
            "exclude_columns": exclude_columns,
            "history": history,
            "history_days": history_days,
            "warehouse_schema": schema,
            "database": database,
        },
        name=name,
        project_root=Path.cwd(),
    )
    warn = listener.warning if listener else _logger.warning
    for warning in settings.warnings:
        warn(warning)
    options = SyncOptions(full_refresh=full_refresh, run_id=str(uuid4()))
    warehouse, reports = DuckDBWarehouse(settings.database), {}
    with Connection(
        token=token,
        region=settings.region,
        version=settings.api_version,
        base_url=settings.base_url,
    ) as connection:
        for resource in settings.resources:
            hidden = settings.privacy.of(resource.name)
            hears = listener or LogListener(_logger, resource.name)
            extract = Extract(
                source=settings.source,
                resource=resource,
                parent=CATALOG[resource.parent] if resource.parent else None,
                connection=connection,
                request=options,
                listener=hears,
                optional=resource.name in settings.optional,
                mask=Mask(CATALOG[resource.name].table, hidden) if hidden else None,
            )
            reports[resource.name] = load(extract, warehouse)
            hears.on_finish(reports[resource.name])
    return reports

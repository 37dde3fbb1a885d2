"""Builds one asset per resource from its declaration.

An asset returns an `Extract`, which says what to read. The IO manager does the reading, because
reading and loading overlap. Views are in `views`, checks in `checks`.
"""

import re
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TypeAlias

import dagster as dg
from pydantic import Field

from intercom_assets import catalog
from intercom_assets.catalog import CATALOG, Resource
from intercom_assets.catalog.describe import how_synced, request_line, sync_type
from intercom_assets.catalog.table import Column
from intercom_assets.catalog.types import ColumnType
from intercom_assets.engine.cursor import SyncOptions
from intercom_assets.engine.extract import Extract
from intercom_assets.errors import ConfigurationError
from intercom_assets.orchestration.checks import check_specs, check_table
from intercom_assets.orchestration.connections import (
    connection_key,
    explained,
    io_manager_key,
    pool_name,
    salt_key,
)
from intercom_assets.orchestration.io_manager import column_lineage
from intercom_assets.orchestration.listener import LogListener
from intercom_assets.orchestration.salt import build_mask
from intercom_assets.orchestration.schedules import freshness_of
from intercom_assets.quality.checks import checks_of
from intercom_assets.settings.fields import parse_instant
from intercom_assets.settings.source import Settings

SQL_TYPES = {
    ColumnType.TEXT: "varchar",
    ColumnType.INTEGER: "bigint",
    ColumnType.DOUBLE: "double",
    ColumnType.BOOLEAN: "boolean",
    ColumnType.TIMESTAMP: "timestamp with time zone",
    ColumnType.JSON: "json",
}
"""Column types as shown in the UI."""

_DECLARATION = re.compile(r'(?:Resource|Model)\(\n\s+(?:name=)?"(\w+)"')

_Result: TypeAlias = dg.MaterializeResult[Extract] | dg.AssetCheckResult


class SyncConfig(dg.Config):
    """What one sync may be asked beyond its settings."""

    full_refresh: bool = Field(
        default=False,
        description="Forget the cursor, read everything again, and mark what is gone as deleted.",
    )
    since: str = Field(
        default="",
        description="Read what was updated from this UTC date or time on, if that is earlier than "
        "the cursor: 2024-01-31 or 2024-01-31T12:00:00Z.",
    )
    reconcile: bool = Field(
        default=False,
        description="Afterwards compare every stored row with Intercom: fetch what syncs missed, "
        "and mark what Intercom confirms as gone.",
    )
    force: bool = Field(
        default=False,
        description="Let a reconcile go on where more than a tenth of the rows are missing.",
    )


def build_assets(settings: Settings) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """Build an asset per selected resource, and a spec per parent that is not selected."""
    selected = {resource.name for resource in settings.resources}
    parents = {resource.parent for resource in settings.resources if resource.parent}
    missing = [
        dg.AssetSpec(
            [settings.name, parent],
            group_name=settings.name,
            description="Not selected in the settings; its stored rows are used as they are.",
        )
        for parent in sorted(parents - selected)
    ]
    freshness = freshness_of(settings)
    return [*(_asset(settings, resource, freshness) for resource in settings.resources), *missing]


def _asset(
    settings: Settings, resource: Resource, freshness: dg.FreshnessPolicy | None
) -> dg.AssetsDefinition:
    key, source = dg.AssetKey([settings.name, resource.name]), settings.name
    keys = {connection_key(source), io_manager_key(source)}
    if settings.privacy.hashes(resource.name):
        keys.add(salt_key(source))

    # A multi-asset of one asset, because only subsetting lets a check be executed alone.
    @dg.multi_asset(
        name=op_name(source, resource.name),
        specs=[_spec(settings, resource, freshness)],
        check_specs=check_specs(key, checks_of(resource, settings.start_date)),
        can_subset=True,
        op_tags={"dagster/priority": str(_priority(resource))},
        required_resource_keys=keys,
        pool=pool_name(source),
    )
    def sync(context: dg.AssetExecutionContext, config: SyncConfig) -> Iterator[_Result]:
        if context.selected_asset_keys:
            extract = _extract(context, config, settings, resource)
            yield dg.MaterializeResult(asset_key=key, value=extract)
        # Dagster resumes here once the IO manager has stored the rows.
        yield from check_table(context, settings, resource)

    return sync


def op_name(source: str, resource: str) -> str:
    """Return the name of an asset's op, by which run config addresses it."""
    return f"{source}__{resource}"


def _extract(
    context: dg.AssetExecutionContext, config: SyncConfig, settings: Settings, resource: Resource
) -> Extract:
    salt = getattr(context.resources, salt_key(settings.name), None)
    with explained():
        return Extract(
            source=settings.source,
            resource=resource,
            parent=CATALOG[resource.parent] if resource.parent else None,
            connection=getattr(context.resources, connection_key(settings.name)).open(),
            request=_request(config, context.run),
            listener=LogListener(context.log, resource.name),
            mask=build_mask(settings.privacy, resource.name, salt),
            preview=settings.preview,
        )


def _spec(
    settings: Settings, resource: Resource, freshness: dg.FreshnessPolicy | None
) -> dg.AssetSpec:
    columns = [_table_column(column, resource) for column in resource.table.all_columns]
    return dg.AssetSpec(
        key=[settings.name, resource.name],
        deps=[dg.AssetKey([settings.name, resource.parent])] if resource.parent else None,
        group_name=settings.name,
        kinds={"intercom", settings.warehouse.kind},
        owners=settings.owners,
        tags=dict(settings.tags),
        freshness_policy=freshness,
        description=_description(resource),
        metadata={
            "dagster/table_name": settings.warehouse.table_name(
                settings.source.target(resource).name
            ),
            "dagster/column_schema": dg.TableSchema(columns=columns),
            "sync_type": sync_type(resource),
            "primary_key": ", ".join(resource.primary_key),
            "endpoint": request_line(resource),
            **column_lineage(settings.name, resource),
            **code_reference(resource.name),
        },
    ).with_io_manager_key(io_manager_key(settings.name))


def code_reference(declared: str) -> dict[str, dg.CodeReferencesMetadataValue]:
    """Return metadata that links to the file that declares a resource or model, if found."""
    file = _declaring_files().get(declared)
    if file is None:
        return {}
    with warnings.catch_warnings():
        # Dagster warns of its own beta classes, once per asset.
        warnings.simplefilter("ignore", dg.BetaWarning)
        reference = dg.LocalFileCodeReference(file_path=str(file), label=file.name)
        return {
            "dagster/code_references": dg.CodeReferencesMetadataValue(code_references=[reference])
        }


@cache
def _declaring_files() -> dict[str, Path]:
    # Searched in the source text, since a value does not know where it was declared.
    return {
        name: file
        for file in Path(catalog.__file__).parent.glob("*.py")
        for name in _DECLARATION.findall(file.read_text(encoding="utf-8"))
    }


def _priority(resource: Resource) -> int:
    # Steps run in catalogue order, each child right after its parent. Children need the most
    # requests: if they all ran at the end, they would wait for quota after earlier windows went
    # almost unused. Models have no priority and run last.
    return len(CATALOG.names) - CATALOG.names.index(resource.name)


def _request(config: SyncConfig, run: dg.DagsterRun) -> SyncOptions:
    try:
        since = parse_instant(config.since) if config.since else None
    except ValueError as error:
        raise ConfigurationError(f"since is {config.since!r}. Change it: {error}") from None
    return SyncOptions(
        full_refresh=config.full_refresh,
        since=since,
        reconcile=config.reconcile,
        force=config.force,
        run_id=run.run_id,
        first_run_id=run.root_run_id or "",
    )


def _description(resource: Resource) -> str:
    key = " and ".join(f"`{name}`" for name in resource.primary_key)
    return (
        f"{resource.description}\n\nA row is identified by {key}; what is gone from Intercom keeps "
        f"its row, with `_deleted_at` set. {how_synced(resource)}\n\n"
        f"[Intercom's documentation]({resource.docs})"
    )


def _table_column(column: Column, resource: Resource) -> dg.TableColumn:
    is_key = column.name in resource.primary_key
    return dg.TableColumn(
        name=column.name,
        type=SQL_TYPES[column.type],
        description=column.description,
        constraints=dg.TableColumnConstraints(
            nullable=not is_key, unique=is_key and len(resource.primary_key) == 1
        ),
    )

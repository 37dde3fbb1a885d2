"""Each resource becomes one software-defined asset, built from its declaration."""

import dagster as dg
from pydantic import Field

from intercom_assets.catalog import CATALOG, Resource
from intercom_assets.catalog.describe import how_synced, request_line, sync_type
from intercom_assets.catalog.table import Column
from intercom_assets.catalog.types import ColumnType
from intercom_assets.errors import ConfigurationError
from intercom_assets.orchestration.code import code_reference
from intercom_assets.orchestration.failures import explained
from intercom_assets.orchestration.lineage import column_lineage
from intercom_assets.orchestration.listener import LogListener
from intercom_assets.orchestration.salt import build_mask
from intercom_assets.orchestration.schedules import freshness_of
from intercom_assets.settings.fields import parse_instant
from intercom_assets.settings.source import Settings
from intercom_assets.sync.cursor import SyncOptions
from intercom_assets.sync.extract import Extract

SQL_TYPES = {
    ColumnType.TEXT: "varchar",
    ColumnType.INTEGER: "bigint",
    ColumnType.DOUBLE: "double",
    ColumnType.BOOLEAN: "boolean",
    ColumnType.TIMESTAMP: "timestamp with time zone",
    ColumnType.JSON: "json",
}
"""Types as the UI shows them."""


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


def connection_key(source: str) -> str:
    """Name the Dagster resource that reaches Intercom for a source."""
    return f"{source}_intercom"


def io_manager_key(source: str) -> str:
    """Name the IO manager that writes a source's tables."""
    return f"{source}_io_manager"


def salt_key(source: str) -> str:
    """Name the Dagster resource that holds the salt of a source's hashes."""
    return f"{source}_hash_salt"


def pool_name(source: str) -> str:
    """Name the pool that holds a source's runs, which dagster.yaml lets go one at a time."""
    return f"intercom/{source}"


def build_assets(settings: Settings) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """Make an asset per selected resource, and name parents that are not selected."""
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
    target = settings.source.target(resource)
    key = connection_key(settings.name)
    salt = salt_key(settings.name) if settings.privacy.hashes(resource.name) else None

    @dg.asset(
        key=[settings.name, resource.name],
        deps=[dg.AssetKey([settings.name, resource.parent])] if resource.parent else None,
        group_name=settings.name,
        kinds={"intercom", settings.warehouse.kind},
        owners=settings.owners,
        tags=dict(settings.tags),
        freshness_policy=freshness,
        description=_description(resource),
        metadata={
            "dagster/table_name": settings.warehouse.table_name(target.name),
            "dagster/column_schema": dg.TableSchema(
                columns=[_table_column(column, resource) for column in resource.table.all_columns]
            ),
            "sync_type": sync_type(resource),
            "primary_key": ", ".join(resource.primary_key),
            "endpoint": request_line(resource),
            **column_lineage(settings.name, resource),
            **code_reference(resource.name),
        },
        io_manager_key=io_manager_key(settings.name),
        op_tags={"dagster/priority": str(_priority(resource))},
        required_resource_keys={key, salt} if salt else {key},
        pool=pool_name(settings.name),
    )
    def sync(context: dg.AssetExecutionContext, config: SyncConfig) -> Extract:
        with explained():
            return Extract(
                source=settings.source,
                resource=resource,
                parent=CATALOG[resource.parent] if resource.parent else None,
                connection=getattr(context.resources, key).open(),
                request=_request(config, context.run),
                listener=LogListener(context.log, resource.name),
                mask=build_mask(
                    settings.privacy,
                    resource.name,
                    getattr(context.resources, salt) if salt else None,
                ),
                preview=settings.preview,
            )

    return sync


def _priority(resource: Resource) -> int:
    # Steps run in the order of the catalogue, each child after its parent. Children need the most
    # requests: one after the other at the end, they would wait for windows of the quota that were
    # hardly used before. Checks and models have no priority, and come when all was read.
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

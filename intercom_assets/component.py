"""A source as a Dagster component: settings in, assets, job, schedule and resources out."""

import logging
from collections.abc import Mapping
from pathlib import Path

import dagster as dg
from pydantic import Field

from intercom_assets.orchestration.assets import build_assets, connection_key, io_manager_key
from intercom_assets.orchestration.connection import IntercomConnection
from intercom_assets.orchestration.io_manager import WarehouseIOManager
from intercom_assets.orchestration.jobs import build_reconcile_job, build_sync_job
from intercom_assets.orchestration.settings import Settings, read_settings

_logger = logging.getLogger("intercom_assets")

Setting = str | int | float | Mapping[str, str | int | float] | None
"""A literal, or `{env: NAME}`. Numbers are taken, so that ours is the message that refuses them."""


class IntercomSource(dg.Component, dg.Model, dg.Resolvable):
    """One Intercom workspace, synced with one table prefix.

    Every setting takes a literal or `{env: NAME}`; unset or empty means the default. All problems
    are reported at once when the code location loads.
    """

    name: Setting = Field(
        default=None, description="Group and first part of asset keys. Default: the folder's name."
    )
    access_token: Setting = Field(
        default=None,
        description="{env: NAME} of the variable with the access token; needed when a sync runs.",
    )
    region: Setting = Field(default=None, description="us (default), eu or au.")
    base_url: Setting = Field(
        default=None, description="A simulator or proxy instead of the region's host."
    )
    api_version: Setting = Field(
        default=None, description='Version of the API, in quotes. Default: "2.16".'
    )
    start_date: Setting = Field(
        default=None, description="UTC date or time; records updated before it are not kept."
    )
    table_prefix: Setting = Field(
        default=None, description="Put before `rudder_<resource>` verbatim. Default: empty."
    )
    resources: str | list[str] | Mapping[str, str] | None = Field(
        default=None,
        description="`all` (default), names of resources, or `all` and more: all,ticket_types.",
    )
    schedule: Setting = Field(
        default=None,
        description="manual (default); {every: 1h, starting_at: '02:30'}; {cron: ..., timezone: "
        "...}; or as text: every 1h starting 02:30, cron 0 */3 * * *",
    )
    reconcile: Setting = Field(
        default=None,
        description="When every stored row is compared with Intercom, in the same forms. Default: "
        "Sundays at 03:00 when a schedule is set, else manual.",
    )
    lookback: Setting = Field(
        default=None, description="How far before the cursor a window starts. Default: 1h."
    )
    rate_limit_share: Setting = Field(
        default=None, description="Part of the app's quota to use, over 0 up to 1. Default: 0.9."
    )
    warehouse: Setting = Field(default=None, description="duckdb (default).")
    database: Setting = Field(
        default=None,
        description="DuckDB file, from the project root. Default: data/warehouse.duckdb.",
    )
    warehouse_schema: Setting = Field(
        default=None, description="Schema of the tables. Default: intercom."
    )

    def settings(self, folder: Path, project_root: Path) -> Settings:
        """Check the settings of the source in a folder.

        Raises:
            ConfigurationError: Lists every problem.
        """
        return read_settings(
            {name: getattr(self, name) for name in type(self).model_fields},
            name=folder.name,
            project_root=project_root,
        )

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Build what Dagster shows and runs."""
        settings = self.settings(context.path, context.project_root)
        for warning in settings.warnings:
            _logger.warning("%s: %s", settings.name, warning)
        return build_definitions(settings)


def build_definitions(settings: Settings) -> dg.Definitions:
    """Make the assets, jobs, schedules and resources of one source.

    No executor and no `io_manager` are set, so that several sources merge into any project.
    """
    sync = build_sync_job(settings)
    reconcile = build_reconcile_job(settings)
    planned = [
        (settings.schedule, f"{settings.name}_schedule", sync.name),
        (settings.reconcile, f"{settings.name}_reconcile_schedule", reconcile.name),
    ]
    return dg.Definitions(
        assets=build_assets(settings),
        jobs=[sync, reconcile],
        schedules=[
            schedule.definition(name, job, f"Runs {job} by itself.")
            for schedule, name, job in planned
            if schedule is not None
        ],
        resources={
            connection_key(settings.name): IntercomConnection(
                access_token=dg.EnvVar(settings.token_variable),
                token_variable=settings.token_variable,
                region=settings.region,
                base_url=settings.base_url,
                api_version=str(settings.api_version),
                rate_limit_share=settings.rate_limit_share,
            ),
            io_manager_key(settings.name): WarehouseIOManager(
                database=str(settings.database),
                warehouse_schema=settings.schema,
                table_prefix=settings.table_prefix,
            ),
        },
    )

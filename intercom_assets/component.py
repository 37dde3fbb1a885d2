"""A source as a Dagster component: turns settings into assets, jobs, schedules and resources."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Self, TypeAlias, assert_never

import click
import dagster as dg
from pydantic import BaseModel, Field, create_model

from intercom_assets.errors import ConfigurationError
from intercom_assets.orchestration.alerts import build_alerts
from intercom_assets.orchestration.assets import SharedSyncConfig, build_assets
from intercom_assets.orchestration.connections import (
    IntercomConnection,
    connection_key,
    io_manager_key,
    options_key,
    salt_key,
)
from intercom_assets.orchestration.io_manager import DuckDBIOManager, WarehouseIOManager
from intercom_assets.orchestration.jobs import (
    build_reconcile_job,
    build_resource_jobs,
    build_sync_job,
)
from intercom_assets.orchestration.rules import dagster_rules
from intercom_assets.orchestration.salt import build_salt
from intercom_assets.orchestration.schedules import build_schedules
from intercom_assets.orchestration.views import build_models
from intercom_assets.settings.scaffold import source_file, source_name, variable
from intercom_assets.settings.source import (
    GROUPS,
    Settings,
    read_settings,
    refuse_shared_tables,
)
from intercom_assets.settings.values import SettingsGroup, meaning_of, settings_of
from intercom_assets.settings.warehouse import DuckDBSettings, SnowflakeSettings

_logger = logging.getLogger("intercom_assets")


Written: TypeAlias = str | int | float | bool | list[Any] | dict[str, Any] | None
"""A setting in a file. Any type is accepted here, so that wrong ones get our own message."""


@cache
def model_of_file(group: type[SettingsGroup]) -> type[BaseModel]:
    """Derive the model of a file from the settings: each accepts any value or `{env: NAME}`."""
    fields: dict[str, Any] = {}
    for name, field in settings_of(group).items():
        form = model_of_file(GROUPS[name]) | None if name in GROUPS else Written
        fields[name] = (form, Field(default=None, description=meaning_of(field)))
    return create_model(f"{group.__name__}File", __base__=dg.Model, **fields)


def _filled_in(context: dg.ResolutionContext, value: Any) -> Any:  # noqa: ANN401 - as in YAML
    # Only templates go through Dagster's engine, which would turn a plain "2.10" into 2.1.
    is_template = any(mark in str(value) for mark in ("{{", "{%", "{#"))
    return context.resolve_value(value) if is_template else value


class SourceScaffolder(dg.Scaffolder):
    """Writes the file of a new source: `dg scaffold defs intercom_assets.IntercomSource eu`."""

    def scaffold(self, request: dg.ScaffoldRequest) -> None:
        """Write the file, and say which variable to set next."""
        if request.scaffold_format == "python":
            dg.scaffold_component(request)
            return
        place = request.target_path
        file = place if request.append else place / "defs.yaml"
        text = source_file(request.type_name, file.parent.name)
        with file.open("a" if request.append else "w", encoding="utf-8") as written:
            written.write(f"---\n{text}" if request.append else text)
        token = variable(source_name(file.parent.name), "access_token")
        click.echo(f"Wrote {file}. Next: set {token}, in the environment or in .env.")


@dg.scaffold_with(SourceScaffolder)
class IntercomSource(dg.Component, dg.Resolvable):
    """One Intercom workspace, synced with one table prefix.

    Every setting takes a literal or `{env: NAME}`; unset or empty means the default. All problems
    are reported at once when the code location loads.
    """

    def __init__(self, **settings: object) -> None:
        """Accept settings as in a file; docs/settings.md describes each."""
        self._written = settings
        self._folder: Path | None = None

    @classmethod
    def model(cls) -> type[BaseModel]:
        """Return the model of the file's attributes."""
        return model_of_file(Settings)

    @classmethod
    def resolve_from_model(cls, context: dg.ResolutionContext, model: BaseModel) -> Self:
        """Create the component, with Dagster's templates resolved."""
        written = model.model_dump(exclude_unset=True)
        return cls(**{name: _filled_in(context, value) for name, value in written.items()})

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> Self:
        """Load the component and remember its folder, after which the source is named."""
        component = super().load(attributes, context)
        component._folder = context.path  # noqa: SLF001 - of this class
        return component

    def settings(self, folder: Path, project_root: Path) -> Settings:
        """Read and check the settings of the source in a folder.

        Raises:
            ConfigurationError: Lists every problem.
        """
        return read_settings(
            self._written, name=folder.name, project_root=project_root, rules=dagster_rules
        )

    def _others(self, context: dg.ComponentLoadContext) -> Iterator[Settings]:
        for one in context.component_tree.get_all_components(of_type=IntercomSource):
            if one is not self and one._folder is not None:  # noqa: SLF001 - of this class
                # Another source's mistakes are reported when that one is built.
                with suppress(ConfigurationError):
                    yield one.settings(one._folder, context.project_root)  # noqa: SLF001

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Build the definitions of the source."""
        settings = self.settings(context.path, context.project_root)
        refuse_shared_tables([settings, *self._others(context)])
        for warning in settings.warnings:
            _logger.warning("%s: %s", settings.name, warning)
        return build_definitions(settings)


def build_definitions(settings: Settings) -> dg.Definitions:
    """Build the assets, jobs, schedules, sensors and resources of one source.

    No executor or `io_manager` is set, so that several sources merge into any project.
    """
    sync = build_sync_job(settings)
    reconcile = build_reconcile_job(settings)
    salt = build_salt(settings.privacy)
    return dg.Definitions(
        assets=[*build_assets(settings), *build_models(settings)],
        jobs=[sync, reconcile, *build_resource_jobs(settings)],
        schedules=build_schedules(settings, sync.name, reconcile.name),
        sensors=build_alerts(settings),
        resources={
            connection_key(settings.name): IntercomConnection(
                token_variable=settings.token_variable,
                region=settings.region,
                base_url=settings.base_url,
                api_version=str(settings.api_version),
                rate_limit_share=settings.rate_limit_share,
                page_size=settings.page_size,
            ),
            io_manager_key(settings.name): _io_manager(settings),
            options_key(settings.name): SharedSyncConfig.configure_at_launch(),
            **({salt_key(settings.name): salt} if salt else {}),
        },
    )


def _io_manager(settings: Settings) -> WarehouseIOManager:
    match settings.warehouse:
        case DuckDBSettings() as duckdb:
            return DuckDBIOManager(
                database=str(duckdb.database),
                warehouse_schema=duckdb.schema,
                table_prefix=settings.table_prefix,
                excluded_columns=settings.privacy.excluded_columns,
                lock_timeout=settings.lock_timeout.total_seconds(),
            )
        case SnowflakeSettings() as snowflake:
            from intercom_assets.orchestration.snowflake import (  # noqa: PLC0415 - takes seconds
                build_io_manager,
            )

            return build_io_manager(
                snowflake,
                settings.table_prefix,
                settings.privacy.excluded_columns,
                settings.lock_timeout.total_seconds(),
            )
        case _:
            assert_never(settings.warehouse)

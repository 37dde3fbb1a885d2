"""A source as a Dagster component: settings in, assets, job, schedule and resources out."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Self, assert_never

import click
import dagster as dg
from pydantic import BaseModel, Field, PrivateAttr

from intercom_assets.errors import ConfigurationError
from intercom_assets.orchestration.alerts import build_alerts
from intercom_assets.orchestration.assets import build_assets
from intercom_assets.orchestration.connections import (
    IntercomConnection,
    connection_key,
    io_manager_key,
    salt_key,
)
from intercom_assets.orchestration.io_manager import DuckDBIOManager, WarehouseIOManager
from intercom_assets.orchestration.jobs import build_reconcile_job, build_sync_job
from intercom_assets.orchestration.salt import build_salt
from intercom_assets.orchestration.scaffold import Described, source_file, source_name, variable
from intercom_assets.orchestration.settings import (
    Settings,
    read_settings,
    refuse_shared_tables,
)
from intercom_assets.orchestration.ticks import build_schedules
from intercom_assets.orchestration.views import build_models
from intercom_assets.orchestration.warehouses import DuckDBSettings, SnowflakeSettings

_logger = logging.getLogger("intercom_assets")


def _resolved(context: dg.ResolutionContext, value: Any) -> Any:  # noqa: ANN401 - as in YAML
    # Dagster compiles every text as a template, which takes as long as building all the assets.
    is_template = any(mark in str(value) for mark in ("{{", "{%", "{#"))
    return context.resolve_value(value) if is_template else value


_Resolved = dg.Resolver(_resolved, inject_before_resolve=False)

Setting = Annotated[str | int | float | Mapping[str, str | int | float] | None, _Resolved]
"""A literal, or `{env: NAME}`. Numbers are taken, so that ours is the message that refuses them."""

Columns = Annotated[str | Mapping[str, str | list[str]] | None, _Resolved]
"""Columns by resource, as text or as a map; or `{env: NAME}`."""

Names = Annotated[str | list[str] | Mapping[str, str] | None, _Resolved]
"""Names as a list, or as text with commas; or `{env: NAME}`."""

Tags = Annotated[str | Mapping[str, str | int | float | bool | None] | None, _Resolved]
"""Tags as a map or as text; or `{env: NAME}`."""


class Snowflake(dg.Model, dg.Resolvable):
    """How to log in to Snowflake: one of private key, password, token, or externalbrowser."""

    account: Setting = Field(
        default=None, description="Account identifier, such as myorg-myaccount."
    )
    user: Setting = Field(default=None, description="Name of the user.")
    role: Setting = Field(default=None, description="Role. Default: the user's.")
    warehouse: Setting = Field(
        default=None, description="Virtual warehouse that does the work. Default: the user's."
    )
    database: Setting = Field(default=None, description="Database of the tables; it must exist.")
    private_key_path: Setting = Field(
        default=None, description="File of the private key (PEM), from the project root."
    )
    private_key: Setting = Field(
        default=None, description="{env: NAME} of the variable with the private key itself."
    )
    private_key_passphrase: Setting = Field(
        default=None, description="{env: NAME}; where the private key is encrypted."
    )
    password: Setting = Field(default=None, description="{env: NAME} of the password.")
    token: Setting = Field(default=None, description="{env: NAME} of an OAuth access token.")
    authenticator: Setting = Field(
        default=None,
        description="Snowflake's name of a way to log in: externalbrowser for a developer, "
        "username_password_mfa. Default: what the secret says.",
    )
    url: Setting = Field(
        default=None, description="A private link or proxy instead of the account's host."
    )


class SourceScaffolder(dg.Scaffolder):
    """Writes the file of a new source: `dg scaffold defs intercom_assets.IntercomSource eu`."""

    def scaffold(self, request: dg.ScaffoldRequest) -> None:
        """Write the file, and say which variable comes next."""
        if request.scaffold_format == "python":
            dg.scaffold_component(request)
            return
        place = request.target_path
        file = place if request.append else place / "defs.yaml"
        text = source_file(request.type_name, file.parent.name, _described_settings())
        with file.open("a" if request.append else "w", encoding="utf-8") as written:
            written.write(f"---\n{text}" if request.append else text)
        token = variable(source_name(file.parent.name), "access_token")
        click.echo(f"Wrote {file}. Next: set {token}, in the environment or in .env.")


@dg.scaffold_with(SourceScaffolder)
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
    resources: Names = Field(
        default=None,
        description="`all` (default), names of resources, or `all` and more: all,ticket_types.",
    )
    exclude_columns: Columns = Field(
        default=None,
        description="Columns that are stored nowhere: contacts.email, contacts.location; or "
        "{contacts: [email, location]}. See docs/privacy.md.",
    )
    hash_columns: Columns = Field(
        default=None,
        description="Columns of text or JSON that are stored as a keyed hash, in the same forms.",
    )
    hash_salt: Setting = Field(
        default=None,
        description="{env: NAME} of the variable with the key of these hashes; needed when a sync "
        "runs. Make it once with openssl rand -hex 32.",
    )
    models: Names = Field(
        default=None,
        description="Views for analysts: `all` (default) that the resources allow, `none`, or "
        "names: contacts_flat,contact_tags.",
    )
    schedule: Setting = Field(
        default=None,
        description="manual (default); {every: 1h, starting_at: '02:30'}; {cron: ..., timezone: "
        "...}; or as text: every 1h starting 02:30, cron 0 */3 * * *, cron 0 6 * * * in "
        "Europe/Berlin",
    )
    reconcile: Setting = Field(
        default=None,
        description="When every stored row is compared with Intercom, in the same forms. Default: "
        "Sundays at 03:00 when a schedule is set, else manual.",
    )
    schedule_status: Setting = Field(
        default=None,
        description="What both schedules are until they are switched in the UI: stopped (default) "
        "or running.",
    )
    lookback: Setting = Field(
        default=None, description="How far before the cursor a window starts. Default: 1h."
    )
    rate_limit_share: Setting = Field(
        default=None, description="Part of the app's quota to use, over 0 up to 1. Default: 0.9."
    )
    page_size: Setting = Field(
        default=None,
        description="The most records to ask for on a page, 1 to 150. Default: 150. Pages that "
        "Intercom cannot answer are asked for in smaller sizes by themselves.",
    )
    warehouse: Setting = Field(default=None, description="duckdb (default) or snowflake.")
    database: Setting = Field(
        default=None,
        description="DuckDB file, from the project root. Default: data/warehouse.duckdb.",
    )
    snowflake: Snowflake | None = Field(
        default=None, description="How to log in, where the warehouse is snowflake."
    )
    warehouse_schema: Setting = Field(
        default=None, description="Schema of the tables. Default: intercom."
    )

    owners: Names = Field(
        default=None,
        description="Who answers for the assets: emails or team:name; a list, or one text with "
        "commas.",
    )
    tags: Tags = Field(
        default=None,
        description="Tags of the assets: {domain: support}, or as text: domain=support,tier=1.",
    )
    preview: Setting = Field(
        default=None,
        description="What a materialization shows of five rows: masked (default; keys, dates and "
        "kinds are legible), plain, or none.",
    )
    alerts: Setting = Field(
        default=None,
        description="{env: NAME} of the variable with the address of a webhook, Slack's or any "
        "other, that is told when a run fails or a check finds an error. Default: nobody is told.",
    )
    ui_url: Setting = Field(
        default=None, description="Address of Dagster's UI, for links in alerts."
    )

    _folder: Path | None = PrivateAttr(default=None)

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> Self:
        """Load the component of a file, and remember the folder: a source is named after it."""
        return super().load(attributes, context).placed(context.path)

    def placed(self, folder: Path) -> Self:
        """Remember the folder of the component's file."""
        self._folder = folder
        return self

    def settings_there(self, project_root: Path) -> Settings | None:
        """Check the settings; None where they are wrong or there is no file."""
        if self._folder is None:
            return None
        # What is wrong with another source is told when that one is built.
        with suppress(ConfigurationError):
            return self.settings(self._folder, project_root)
        return None

    def settings(self, folder: Path, project_root: Path) -> Settings:
        """Check the settings of the source in a folder.

        Raises:
            ConfigurationError: Lists every problem.
        """
        return read_settings(
            self._raw(),
            name=folder.name,
            project_root=project_root,
        )

    def _others(self, context: dg.ComponentLoadContext) -> list[Settings]:
        all_sources = context.component_tree.get_all_components(of_type=IntercomSource)
        read = [one.settings_there(context.project_root) for one in all_sources if one is not self]
        return [settings for settings in read if settings is not None]

    def _raw(self) -> dict[str, object]:
        raw = {name: getattr(self, name) for name in type(self).model_fields}
        if self.snowflake is not None:
            raw["snowflake"] = {
                name: getattr(self.snowflake, name) for name in type(self.snowflake).model_fields
            }
        return raw

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Build what Dagster shows and runs."""
        settings = self.settings(context.path, context.project_root)
        refuse_shared_tables([settings, *self._others(context)])
        for warning in settings.warnings:
            _logger.warning("%s: %s", settings.name, warning)
        return build_definitions(settings)


def _described_settings() -> Described:
    """Describe every setting of a source, those of a group by themselves."""
    described: dict[str, str | Mapping[str, str]] = {}
    for name, field in IntercomSource.model_fields.items():
        described[name] = str(field.description)
    inner = Snowflake.model_fields.items()
    described["snowflake"] = {name: str(field.description) for name, field in inner}
    return described


def build_definitions(settings: Settings) -> dg.Definitions:
    """Make the assets, jobs, schedules and resources of one source.

    No executor and no `io_manager` are set, so that several sources merge into any project.
    """
    sync = build_sync_job(settings)
    reconcile = build_reconcile_job(settings)
    salt = build_salt(settings.privacy)
    return dg.Definitions(
        assets=[*build_assets(settings), *build_models(settings)],
        jobs=[sync, reconcile],
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
            )
        case SnowflakeSettings() as snowflake:
            from intercom_assets.orchestration.snowflake import (  # noqa: PLC0415 - takes seconds
                build_io_manager,
            )

            return build_io_manager(
                snowflake, settings.table_prefix, settings.privacy.excluded_columns
            )
        case _:
            assert_never(settings.warehouse)

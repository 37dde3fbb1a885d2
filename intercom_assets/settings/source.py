"""The settings of a source: each one declared once, with its type, default, variable and text.

The component's fields, a scaffolded file, `docs/settings.md` and every refusal follow from here.
"""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, PrivateAttr, ValidationError

from intercom_assets.catalog import CATALOG, NEWEST, Resource
from intercom_assets.catalog.hidden import hide
from intercom_assets.catalog.models import models_of
from intercom_assets.errors import ConfigurationError
from intercom_assets.intercom.page_size import LARGEST
from intercom_assets.intercom.regions import REGIONS
from intercom_assets.settings.fields import (
    Duration,
    Instant,
    IsRunning,
    Models,
    Name,
    Owners,
    PageSize,
    PreviewMode,
    Resources,
    Share,
    Tags,
    TokenVariable,
    UiUrl,
    Version,
    Webhook,
)
from intercom_assets.settings.privacy import (
    ExcludedColumns,
    HashedColumns,
    Privacy,
    Salt,
    hidden_of,
)
from intercom_assets.settings.schedule import Schedule, read_schedule, weekly_beside
from intercom_assets.settings.values import (
    ANYTHING,
    Reading,
    Reads,
    Rules,
    SettingsGroup,
    Variable,
    one_of,
    parsed,
    problems_of,
)
from intercom_assets.settings.warehouse import (
    DEFAULT_DATABASE,
    DEFAULT_SCHEMA,
    Database,
    DuckDBSettings,
    Snowflake,
    SnowflakeGroup,
    SnowflakeSettings,
    WarehouseSettings,
    check_url,
    identifier_part,
)
from intercom_assets.sync.source import Preview, Source

GROUPS: Mapping[str, type[SettingsGroup]] = {"snowflake": Snowflake}
"""Settings that are groups of settings."""


class Settings(SettingsGroup):
    """The settings of one source, checked.

    A field stands after those that it is compared with. Its alias is the setting's name, where
    the checked value has another.
    """

    name: Name = Field(
        default="",
        validate_default=True,
        description="Group and first part of asset keys. Default: the folder's name.",
    )
    access_token: TokenVariable = Field(
        default="",
        validate_default=True,
        description="{env: NAME} of the variable with the access token; needed when a sync runs.",
    )
    region: Annotated[str, one_of(*REGIONS)] = Field(
        default="us", description="us (default), eu or au."
    )
    base_url: Annotated[str | None, parsed(check_url)] = Field(
        default=None, description="A simulator or proxy instead of the region's host."
    )
    api_version: Version = Field(
        default=NEWEST, description='Version of the API, in quotes. Default: "2.16".'
    )
    start_date: Instant = Field(
        default=None, description="UTC date or time; records updated before it are not kept."
    )
    table_prefix: Annotated[str, parsed(identifier_part)] = Field(
        default="", description="Put before `rudder_<resource>` verbatim. Default: empty."
    )
    selected: Resources = Field(
        default_factory=lambda others: CATALOG.defaults(others["api_version"]),
        alias="resources",
        description="`all` (default), names of resources, or `all` and more: all,ticket_types.",
    )
    exclude_columns: ExcludedColumns = Field(
        default={},
        description="Columns that are stored nowhere: contacts.email, contacts.location; or "
        "{contacts: [email, location]}. See docs/privacy.md.",
    )
    hash_columns: HashedColumns = Field(
        default={},
        description="Columns of text or JSON that are stored as a keyed hash, in the same forms.",
    )
    hash_salt: Salt = Field(
        default=None,
        validate_default=True,
        description="{env: NAME} of the variable with the key of these hashes; needed when a sync "
        "runs. Make it once with openssl rand -hex 32.",
    )
    models: Models = Field(
        default_factory=lambda others: models_of(others["selected"]),
        description="Views for analysts: `all` (default) that the resources allow, `none`, or "
        "names: contacts_flat,contact_tags.",
    )
    schedule: Annotated[Schedule | None, Reads(read_schedule)] = Field(
        default=None,
        description="manual (default); {every: 1h, starting_at: '02:30'}; {cron: ..., timezone: "
        "...}; or as text: every 1h starting 02:30, cron 0 */3 * * *, cron 0 6 * * * in "
        "Europe/Berlin",
    )
    reconcile: Annotated[Schedule | None, Reads(read_schedule)] = Field(
        default_factory=lambda others: weekly_beside(others["schedule"]),
        description="When every stored row is compared with Intercom, in the same forms. Default: "
        "Sundays at 03:00 when a schedule is set, else manual.",
    )
    schedules_run: IsRunning = Field(
        default=False,
        alias="schedule_status",
        description="What both schedules are until they are switched in the UI: stopped (default) "
        "or running.",
    )
    lookback: Duration = Field(
        default=timedelta(hours=1),
        description="How far before the cursor a window starts. Default: 1h.",
    )
    rate_limit_share: Share = Field(
        default=0.9, description="Part of the app's quota to use, over 0 up to 1. Default: 0.9."
    )
    page_size: PageSize = Field(
        default=LARGEST,
        description="The most records to ask for on a page, 1 to 150. Default: 150. Pages that "
        "Intercom cannot answer are asked for in smaller sizes by themselves.",
    )
    warehouse_kind: Annotated[
        str, one_of("duckdb", "snowflake"), Variable("INTERCOM_WAREHOUSE")
    ] = Field(default="duckdb", alias="warehouse", description="duckdb (default) or snowflake.")
    warehouse_schema: Annotated[str, parsed(identifier_part), Variable("WAREHOUSE_SCHEMA")] = Field(
        default=DEFAULT_SCHEMA, description="Schema of the tables. Default: intercom."
    )
    database: Annotated[Database, Variable("DUCKDB_DATABASE")] = Field(
        default=DEFAULT_DATABASE,
        validate_default=True,
        description="DuckDB file, from the project root. Default: data/warehouse.duckdb.",
    )
    snowflake: SnowflakeGroup = Field(
        default=None,
        validate_default=True,
        description="How to log in, where the warehouse is snowflake.",
    )
    owners: Owners = Field(
        default=(),
        description="Who answers for the assets: emails or team:name; a list, or one text with "
        "commas.",
    )
    tags: Tags = Field(
        default=(),
        description="Tags of the assets: {domain: support}, or as text: domain=support,tier=1.",
    )
    preview: PreviewMode = Field(
        default=Preview.MASKED,
        description="What a materialization shows of five rows: masked (default; keys, dates and "
        "kinds are legible), plain, or none.",
    )
    alerts: Webhook = Field(
        default=None,
        description="{env: NAME} of the variable with the address of a webhook, Slack's or any "
        "other, that is told when a run fails or a check finds an error. Default: nobody is told.",
    )
    ui_url: Annotated[UiUrl, Variable("DAGSTER_UI_URL")] = Field(
        default=None, description="Address of Dagster's UI, for links in alerts."
    )

    _warnings: tuple[str, ...] = PrivateAttr(default=())

    def model_post_init(self, context: Any, /) -> None:  # noqa: ANN401 - pydantic's own
        """Keep what the user should know though nothing is wrong."""
        self._warnings = tuple(context.warnings)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know though nothing is wrong."""
        return self._warnings

    @property
    def token_variable(self) -> str:
        """Variable of the access token; the token itself is never read here."""
        return self.access_token

    @property
    def privacy(self) -> Privacy:
        """What is hidden."""
        hidden = hidden_of(self.exclude_columns, self.hash_columns)
        return Privacy(hidden=hidden, salt_variable=self.hash_salt)

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """What is synced, parents before children; without what is excluded."""
        privacy = self.privacy
        return tuple(hide(one, privacy.of(one.name)) for one in self.selected)

    @cached_property
    def warehouse(self) -> WarehouseSettings:
        """Where the tables are."""
        if self.snowflake is not None:
            return SnowflakeSettings(login=self.snowflake, schema=self.warehouse_schema)
        return DuckDBSettings(database=self.database, schema=self.warehouse_schema)

    @property
    def schema(self) -> str:  # type: ignore[override]  # pydantic's of that name is deprecated
        """Schema of the tables."""
        return self.warehouse_schema

    @property
    def source(self) -> Source:
        """The part that a sync needs."""
        return Source(
            name=self.name,
            schema=self.schema,
            prefix=self.table_prefix,
            start_date=self.start_date,
            lookback=self.lookback,
        )


def read_settings(
    raw: Mapping[str, object],
    *,
    name: str,
    project_root: Path,
    environment: Mapping[str, str] = os.environ,
    rules: Rules = ANYTHING,
) -> Settings:
    """Check the settings of one source.

    Args:
        raw: Settings as they stand in the file: literals or `{env: NAME}`.
        name: Name of the source where the file gives none: the folder's.
        project_root: Where relative paths start.
        environment: Environment variables.
        rules: What Dagster accepts.

    Raises:
        ConfigurationError: Lists every problem with setting, value and what is allowed.
    """
    reading = Reading(raw, environment, project_root, name, rules)
    try:
        return Settings.model_validate(raw, context=reading)
    except ValidationError as error:
        problems = problems_of(error, reading)
    listed = "\n".join(f"  * {problem}" for problem in problems)
    # Outside of the handler: pydantic's own message repeats values, which may be secret.
    raise ConfigurationError(
        f"Settings of the Intercom source {name!r} are wrong. Change each one below:\n{listed}"
    )


def refuse_shared_tables(sources: Sequence[Settings]) -> None:
    """Refuse sources that would write the same tables: each would mark the other's rows.

    Raises:
        ConfigurationError: Names both sources and the table, or the name that both have.
    """
    owners: dict[str, Settings] = {}
    for source in sources:
        table = f"{source.table_prefix}rudder_"
        other = owners.setdefault(source.warehouse.place(table), source)
        if other is not source:
            raise ConfigurationError(
                f"The Intercom sources {other.name!r} and {source.name!r} would both write the "
                f"tables {source.warehouse.table_name(table)}…. Give one of them another "
                "table_prefix or warehouse_schema"
            )
    for name, count in Counter(source.name for source in sources).items():
        if count > 1:
            raise ConfigurationError(
                f"Two Intercom sources are named {name!r}. Give one of them another name"
            )

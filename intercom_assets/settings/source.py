"""The settings of a source, each declared once with type, default, variable and description.

The component's fields, scaffolded files, `docs/settings.md` and all refusals are derived from them.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, PrivateAttr, ValidationError, WrapValidator

from intercom_assets.catalog import CATALOG, NEWEST, ApiVersion, Level, Resource
from intercom_assets.catalog.fivetran import fivetran_models
from intercom_assets.catalog.hidden import hide
from intercom_assets.catalog.preview import Preview
from intercom_assets.catalog.resource import including
from intercom_assets.catalog.shapes import Model
from intercom_assets.catalog.views import VERSIONS, models_of
from intercom_assets.engine.cursor import Source
from intercom_assets.errors import ConfigurationError
from intercom_assets.intercom import REGIONS
from intercom_assets.intercom.retry import LARGEST
from intercom_assets.settings import fields, selection
from intercom_assets.settings.privacy import (
    NamedPaths,
    Privacy,
    hidden_of,
    read_excluded,
    read_hashed,
    read_salt,
)
from intercom_assets.settings.schedule import (
    Schedule,
    read_schedule,
    read_schedules,
    weekly_beside,
)
from intercom_assets.settings.values import (
    AS_WRITTEN,
    NO_RULES,
    Reading,
    Rules,
    SettingsGroup,
    Variable,
    as_written,
    misspelt,
    one_of,
    problems_of,
    variable_of,
)
from intercom_assets.settings.warehouse import (
    DEFAULT_DATABASE,
    DEFAULT_SCHEMA,
    DuckDBSettings,
    Snowflake,
    SnowflakeSettings,
    WarehouseSettings,
    identifier_part,
    if_chosen,
    other_schema,
    read_database,
    web_address,
)

GROUPS: Mapping[str, type[SettingsGroup]] = {"snowflake": Snowflake}
"""Settings that are groups of settings."""


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where settings were read, which makes no difference between equal ones."""

    file: Path | None = field(compare=False)
    folder: str = field(compare=False)
    variables: Mapping[str, str | None] = field(compare=False)


class Settings(SettingsGroup):
    """The validated settings of one source.

    A field follows those that it is compared with. Its alias is the setting's name if the
    validated value has another.
    """

    name: Annotated[str, fields.name] = Field(default="", validate_default=True)
    """Group and first part of asset keys. Default: the folder's name."""

    access_token: Annotated[str, fields.access_token, AS_WRITTEN] = Field(
        default="", validate_default=True
    )
    """{env: NAME} of the variable with the access token; needed when a sync runs."""

    region: Annotated[str, one_of(*REGIONS)] = "us"
    """us (default), eu or au."""

    base_url: Annotated[str | None, web_address] = None
    """A simulator or proxy instead of the region's host."""

    api_version: Annotated[ApiVersion, fields.api_version] = NEWEST
    """Version of the API, in quotes. Default: "2.16"."""

    start_date: Annotated[datetime | None, fields.start_date] = None
    """UTC date or time; records updated before it are not kept."""

    start_dates: Annotated[Mapping[str, datetime], fields.start_dates] = Field(default_factory=dict)
    """Start dates of single resources, which go before start_date: {conversations: 2025-01-01}, or
    as text: conversations=2025-01-01,contacts=2024-06-01."""

    table_prefix: Annotated[str, identifier_part] = ""
    """Put before `rudder_<resource>` verbatim. Default: empty."""

    selected: Annotated[selection.Selection, selection.resources] = Field(
        default_factory=lambda others: selection.Selection(
            CATALOG.up_to(Level.CORE, others["api_version"])
        ),
        alias="resources",
    )
    """`all` (default: the core), `everything` (also what costs a few requests a sync; of that, what
    the token may not read is skipped), names, or a word and names: all,ticket_types."""

    include: Annotated[tuple[str, ...], selection.include] = ()
    """What Intercom sends only on request, without a request more: merge_history of contacts,
    monitors and scorecards of conversations; each has a view. Stored rows have it once they change,
    or after a reconcile. Default: none."""

    custom_object_types: Annotated[tuple[str, ...], selection.custom_object_types] = Field(
        default=(), validate_default=True
    )
    """Types of custom objects to read, by their identifiers in Intercom, which does not list them;
    needed by the resource custom_objects. Default: none."""

    exclude_columns: Annotated[NamedPaths, read_excluded] = Field(default_factory=dict)
    """Columns that are stored nowhere: contacts.email, contacts.location; or
    {contacts: [email, location]}. See docs/privacy.md."""

    hash_columns: Annotated[NamedPaths, read_hashed] = Field(default_factory=dict)
    """Columns of text or JSON that are stored as a keyed hash, in the same forms."""

    hash_salt: Annotated[str | None, read_salt, AS_WRITTEN] = Field(
        default=None, validate_default=True
    )
    """{env: NAME} of the variable with the key of these hashes; needed when a sync runs. Make it
    once with openssl rand -hex 32."""

    models: Annotated[tuple[Model, ...], selection.models] = Field(
        default_factory=lambda o: models_of(o["selected"], include=o["include"])
    )
    """Views for analysts: `all` (default) that the resources allow, `everything`, which adds lists
    inside records, `none`, or names: contacts_flat,contact_tags."""

    history: Annotated[frozenset[str], selection.history] = frozenset()
    """Resources of which former versions of rows are kept: names, or `all` that are selected.
    Default: none. See docs/history.md."""

    history_days: Annotated[int | None, fields.days] = None
    """For how many days former versions are kept after they were replaced. Default: for ever."""

    schedule: Annotated[Schedule | None, read_schedule] = None
    """manual (default); {every: 1h, starting_at: '02:30'}; {cron: ..., timezone: ...}; or as text:
    every 1h starting 02:30, cron 0 */3 * * *, cron 0 6 * * * in Europe/Berlin"""

    reconcile: Annotated[Schedule | None, read_schedule] = Field(
        default_factory=lambda others: weekly_beside(others["schedule"])
    )
    """When every stored row is compared with Intercom, in the same forms. Default: Sundays at 03:00
    when a schedule is set, else manual."""

    schedules: Annotated[Mapping[str, Schedule], read_schedules] = Field(default_factory=dict)
    """Further schedules, of single resources with their children, in the same forms:
    {conversations: every 15m}, or as text: conversations=every 15m,tags=every 1h."""

    schedules_run: Annotated[bool, one_of(stopped=False, running=True)] = Field(
        default=False, alias="schedule_status"
    )
    """What schedules are until they are switched in the UI: stopped (default) or running."""

    lookback: Annotated[timedelta, fields.duration] = timedelta(hours=1)
    """How far before the cursor a window starts. Default: 1h."""

    export_rewind: Annotated[timedelta, fields.export_rewind] = timedelta(days=30)
    """How far before the cursor an export of content starts, 1d to 60d, since what happens to a
    message is exported by when it was sent: later opens and clicks are missed. Default: 30d."""

    rate_limit_share: Annotated[float, fields.share] = 0.9
    """Part of the app's quota to use, over 0 up to 1. Default: 0.9."""

    page_size: Annotated[int, fields.page_size] = LARGEST
    """The most records to ask for on a page, 1 to 150. Default: 150. Pages that Intercom cannot
    answer are asked for in smaller sizes by themselves."""

    warehouse_kind: Annotated[
        str, one_of("duckdb", "snowflake"), Variable("INTERCOM_WAREHOUSE")
    ] = Field(default="duckdb", alias="warehouse")
    """duckdb (default) or snowflake."""

    warehouse_schema: Annotated[str, identifier_part, Variable("WAREHOUSE_SCHEMA")] = DEFAULT_SCHEMA
    """Schema of the tables. Default: intercom."""

    database: Annotated[Path, read_database, Variable("DUCKDB_DATABASE")] = Field(
        default=DEFAULT_DATABASE, validate_default=True
    )
    """DuckDB file, from the project root. Default: data/warehouse.duckdb."""

    fivetran_schema: Annotated[str | None, other_schema] = None
    """Schema for views that are named and typed as Fivetran's tables. Default: none. See
    docs/fivetran.md."""

    union_views: Annotated[bool, selection.union_views] = False
    """true: the step of the models also makes `intercom_<resource>_all`, views of the rows of all
    sources that say so and share warehouse and schema. Default: false. See docs/models.md."""

    lock_timeout: Annotated[timedelta, fields.duration] = timedelta(minutes=1)
    """How long a run waits for a DuckDB file that another process has open, or in Snowflake for a
    table that another sync has leased, before it fails. Default: 1m."""

    snowflake: Annotated[Snowflake | None, WrapValidator(if_chosen)] = Field(
        default=None, validate_default=True
    )
    """How to log in, where the warehouse is snowflake."""

    owners: Annotated[tuple[str, ...], fields.owners] = ()
    """Who answers for the assets: emails or team:name; a list, or one text with commas."""

    tags: Annotated[tuple[tuple[str, str], ...], fields.tags, AS_WRITTEN] = ()
    """Tags of the assets: {domain: support}, or as text: domain=support,tier=1."""

    preview: Annotated[Preview, one_of(**{one.value: one for one in Preview})] = Preview.MASKED
    """What a materialization shows of five rows: masked (default; keys, dates and kinds are
    legible), plain, or none."""

    alerts: Annotated[str | None, fields.webhook, AS_WRITTEN] = None
    """{env: NAME} of the variable with the address of a webhook, Slack's or any other, to call
    when a run fails, a check finds an error, or Intercom sends a new field. Default: none."""

    ui_url: Annotated[str | None, fields.ui_url, Variable("DAGSTER_UI_URL")] = None
    """Address of Dagster's UI, for links in alerts."""

    _warnings: tuple[str, ...] = PrivateAttr(default=())
    _origin: _Origin = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:  # noqa: ANN401 - pydantic's own
        """Remember where the settings were read, and the warnings of validation."""
        self._warnings = (*context.warnings, *misspelt(context))
        variables = {name: variable_of(value) for name, value in context.raw.items()}
        self._origin = _Origin(context.file, context.folder, variables)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings for the user about valid settings."""
        return self._warnings

    @property
    def file(self) -> Path | None:
        """The file that declares the source, if one does."""
        return self._origin.file

    @property
    def folder(self) -> str:
        """Name of the folder of that file, after which the source is named by default."""
        return self._origin.folder

    def variable(self, setting: str) -> str | None:
        """Return the variable that a setting is read from, or None for a literal."""
        return self._origin.variables.get(setting)

    @property
    def token_variable(self) -> str:
        """Variable of the access token; the token itself is never read here."""
        return self.access_token

    @property
    def privacy(self) -> Privacy:
        """The hidden columns."""
        hidden = hidden_of(self.exclude_columns, self.hash_columns)
        return Privacy(hidden=hidden, salt_variable=self.hash_salt)

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """The selected resources, parents before children, without excluded columns."""
        privacy = self.privacy
        included = (including(one, self.include) for one in self.selected)
        return tuple(hide(one, privacy.of(one.name)) for one in included)

    @property
    def optional(self) -> frozenset[str]:
        """Names of resources that are skipped if the token may not read them."""
        return self.selected.optional

    @property
    def views(self) -> tuple[Model, ...]:
        """The models, a view of all versions of each resource with a history, and Fivetran's."""
        kept = (one for one in VERSIONS if self.history.issuperset(one.sources))
        schema = self.fivetran_schema
        fivetran = fivetran_models(schema, self.selected) if schema else ()
        return (*self.models, *kept, *fivetran)

    @property
    def assets(self) -> list[str]:
        """Names of the selected resources, followed by the views."""
        return [*(one.name for one in self.resources), *(one.name for one in self.views)]

    @cached_property
    def warehouse(self) -> WarehouseSettings:
        """The settings of the selected warehouse."""
        if self.snowflake is not None:
            return SnowflakeSettings(login=self.snowflake, schema=self.warehouse_schema)
        return DuckDBSettings(database=self.database, schema=self.warehouse_schema)

    @property
    def schema(self) -> str:  # type: ignore[override]  # pydantic's of that name is deprecated
        """Schema of the tables."""
        return self.warehouse_schema

    def start_of(self, resource: str) -> datetime | None:
        """Return the start date of a resource; that of a child without dates is its parent's."""
        parent = None if CATALOG[resource].cursor else CATALOG[resource].parent
        return self.start_dates.get(parent or resource, self.start_date)

    @property
    def source(self) -> Source:
        """The settings that a sync needs."""
        return Source(
            name=self.name,
            schema=self.schema,
            prefix=self.table_prefix,
            start_date=self.start_date,
            lookback=self.lookback,
            export_rewind=self.export_rewind,
            history=self.history,
            history_days=self.history_days,
            custom_object_types=self.custom_object_types,
        )


def as_settings(attributes: Mapping[str, object]) -> dict[str, object]:
    """Return the settings of a source's file, without what only Dagster reads."""
    return {
        name: {part: as_written(each) for part, each in value.items()}
        if name in GROUPS and isinstance(value, Mapping)
        else as_written(value)
        for name, value in attributes.items()
        if name != "translation"
    }


def read_settings(
    raw: Mapping[str, object],
    *,
    name: str,
    project_root: Path,
    environment: Mapping[str, str] = os.environ,
    rules: Rules = NO_RULES,
    file: Path | None = None,
) -> Settings:
    """Validate the settings of one source; `name` is the default of its name.

    Raises:
        ConfigurationError: Lists every problem with its setting, value and what is allowed.
    """
    reading = Reading(raw, environment, project_root, name, file, rules)
    try:
        return Settings.model_validate(raw, context=reading)
    except ValidationError as error:
        problems = problems_of(error, reading)
    listed = "\n".join(f"  * {problem}" for problem in problems)
    # Outside of the handler: pydantic's message contains values, which may be secret.
    raise ConfigurationError(
        f"Settings of the Intercom source {name!r} are wrong. Change each one below:\n{listed}"
    )

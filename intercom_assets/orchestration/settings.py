"""Settings of a source: from YAML and environment variables to checked values.

Every problem is collected, so that a file is mended in one go.
"""

import math
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from intercom_assets.catalog import NEWEST, OLDEST, ApiVersion, Resource
from intercom_assets.catalog.hidden import hide
from intercom_assets.catalog.views import Model
from intercom_assets.errors import ConfigurationError
from intercom_assets.intercom.page_size import LARGEST
from intercom_assets.intercom.regions import REGIONS
from intercom_assets.intercom.webhook import check_webhook
from intercom_assets.orchestration.labels import read_owners, read_tags
from intercom_assets.orchestration.privacy import Privacy, read_privacy
from intercom_assets.orchestration.schedules import Schedule, parse_schedule
from intercom_assets.orchestration.selection import read_models, read_resources
from intercom_assets.orchestration.setting_reader import Reader
from intercom_assets.orchestration.warehouses import (
    GROUPS,
    WarehouseSettings,
    identifier_part,
    read_warehouse,
)
from intercom_assets.sync.source import Preview, Source

_WEEKLY = "0 3 * * 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The checked settings of one source.

    Attributes:
        name: Name of the source: group, first part of asset keys, part of job names.
        token_variable: Environment variable that holds the access token.
        region: `us`, `eu` or `au`.
        base_url: Instead of the region's host, None for the region's.
        api_version: Version that is asked for.
        start_date: Records updated before this are not kept.
        table_prefix: Prefix of table names, verbatim.
        resources: What is synced, parents before children; without what is excluded.
        models: Views that are made of it.
        schedule: When the sync job runs by itself, None for manual.
        reconcile: When the reconcile job runs by itself, None for manual.
        schedules_run: Whether both do until they are switched off, or only once switched on.
        lookback: How far before the cursor a window starts.
        rate_limit_share: Part of the app's quota that may be used.
        page_size: The most records that any page is asked for.
        warehouse: Where the tables are.
        privacy: What is hidden.
        owners: Who answers for the assets: emails, or `team:name`.
        tags: Tags of the assets, key and value.
        preview: What a materialization shows of the rows that were read.
        alerts: Environment variable that holds the webhook which is told of failures.
        ui_url: Address of Dagster's UI, for links in alerts.
        warnings: What the user should know though nothing is wrong.
    """

    name: str
    token_variable: str
    region: str
    base_url: str | None
    api_version: ApiVersion
    start_date: datetime | None
    table_prefix: str
    resources: tuple[Resource, ...]
    models: tuple[Model, ...]
    schedule: Schedule | None
    reconcile: Schedule | None
    schedules_run: bool
    lookback: timedelta
    rate_limit_share: float
    page_size: int
    warehouse: WarehouseSettings
    privacy: Privacy
    owners: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    preview: Preview = Preview.MASKED
    alerts: str | None = None
    ui_url: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def schema(self) -> str:
        """Schema of the tables."""
        return self.warehouse.schema

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
) -> Settings:
    """Check the settings of one source.

    Args:
        raw: Settings as they stand in the file: literals or `{env: NAME}`.
        name: Name of the source where the file gives none: the folder's.
        project_root: Where relative database paths start.
        environment: Environment variables.

    Raises:
        ConfigurationError: Lists every problem with setting, value and what is allowed.
    """
    reader = Reader(_flat(raw), environment)
    version = reader.parsed("api_version", _api_version, NEWEST)
    if version > NEWEST:
        reader.warnings.append(
            f"api_version {version} is newer than {NEWEST}, the newest that this release was "
            "compared with: new fields land in _extra"
        )
    resources = read_resources(reader, version)
    privacy = read_privacy(reader, resources)
    schedule = _schedule(reader, "schedule", None)
    # Who syncs on a schedule would otherwise never learn of deletions.
    weekly = Schedule(_WEEKLY, schedule.timezone) if schedule else None
    settings = Settings(
        name=reader.parsed("name", _name, re.sub(r"\W", "_", name, flags=re.ASCII)),
        token_variable=_token_variable(reader),
        region=reader.parsed("region", _region, "us"),
        base_url=reader.parsed("base_url", _base_url, None),
        api_version=version,
        start_date=_start_date(reader),
        table_prefix=reader.parsed("table_prefix", identifier_part, ""),
        resources=tuple(hide(one, privacy.of(one.name)) for one in resources),
        models=read_models(reader, resources),
        schedule=schedule,
        reconcile=_schedule(reader, "reconcile", weekly),
        schedules_run=reader.parsed("schedule_status", _is_running, default=False),
        lookback=reader.parsed("lookback", parse_duration, timedelta(hours=1)),
        rate_limit_share=_share(reader),
        page_size=_page_size(reader),
        warehouse=read_warehouse(reader, project_root),
        privacy=privacy,
        owners=read_owners(reader),
        tags=read_tags(reader),
        preview=reader.parsed("preview", _preview, Preview.MASKED),
        alerts=_alerts(reader),
        ui_url=reader.parsed("ui_url", _ui_url, None),
        warnings=tuple(reader.warnings),
    )
    if reader.problems:
        listed = "\n".join(f"  * {problem}" for problem in reader.problems)
        raise ConfigurationError(
            f"Settings of the Intercom source {name!r} are wrong. Change each one below:\n{listed}"
        )
    return settings


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


def _flat(raw: Mapping[str, object]) -> dict[str, object]:
    """Name the settings of a group `group.setting`."""
    flat: dict[str, object] = {}
    for name, value in raw.items():
        if isinstance(value, Mapping) and name in GROUPS:
            flat |= {f"{name}.{inner}": one for inner, one in value.items()}
        else:
            flat[name] = value
    return flat


def parse_duration(value: str) -> timedelta:
    """Read a duration: `90s`, `30m`, `1h`, `2d`.

    Raises:
        ValueError: It is none; says what is allowed.
    """
    match = re.fullmatch(r"(\d{1,6})\s*(s|m|h|d)", value.strip())
    if match is None:
        raise ValueError("a number and a unit is allowed, such as 90s, 30m, 1h or 2d")
    units = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
    return timedelta(**{units[match[2]]: int(match[1])})


def parse_instant(value: str) -> datetime:
    """Read a UTC date or time: `2024-01-31`, `2024-01-31T12:00:00Z`.

    Raises:
        ValueError: It is none; says what is allowed.
    """
    allowed = "a UTC date or time is allowed, such as 2024-01-31 or 2024-01-31T12:00:00Z"
    try:
        instant = datetime.fromisoformat(value.strip())
    except ValueError:
        raise ValueError(allowed) from None
    instant = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    if not datetime(1970, 1, 1, tzinfo=UTC) <= instant <= datetime.now(UTC):
        raise ValueError(f"{allowed}, between 1970 and today")
    return instant


def _api_version(value: str) -> ApiVersion:
    allowed = f"{OLDEST} or newer is allowed, such as {NEWEST}"
    try:
        version = ApiVersion.parse(value.strip())
    except ValueError:
        raise ValueError(allowed) from None
    if version < OLDEST:
        raise ValueError(f"{allowed}; older versions lack endpoints that a sync needs")
    return version


def _name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_]\w{0,62}", value, re.ASCII):
        raise ValueError("letters, digits and _ are allowed, not beginning with a digit")
    return value


def _region(value: str) -> str:
    region = value.strip().lower()
    if region not in REGIONS:
        raise ValueError(f"allowed are {', '.join(REGIONS)}")
    return region


def _base_url(value: str) -> str:
    from intercom_assets.intercom.connection import (  # noqa: PLC0415 - httpx, for a simulator only
        check_base_url,
    )

    if problem := check_base_url(value):
        raise ValueError(problem)
    return value.rstrip("/")


def _ui_url(value: str) -> str:
    url = value.strip().rstrip("/")
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", url):
        raise ValueError("the address of Dagster's UI is allowed, such as http://127.0.0.1:3000")
    return url


def _preview(value: str) -> Preview:
    try:
        return Preview(value.strip().lower())
    except ValueError:
        allowed = ", ".join(one.value for one in Preview)
        raise ValueError(f"allowed are {allowed}") from None


def _alerts(reader: Reader) -> str | None:
    variable = reader.secret("alerts")
    if variable is None:
        return None
    # The address is not repeated: who knows it can post there.
    if problem := check_webhook(reader.environment[variable].strip()):
        reader.problems.append(f"alerts (variable {variable}) {problem}")
    return variable


def _token_variable(reader: Reader) -> str:
    raw = reader.raw.get("access_token")
    if isinstance(raw, Mapping) and set(raw) == {"env"} and isinstance(raw["env"], str):
        return raw["env"]
    reader.problems.append(
        "access_token must name a variable, {env: INTERCOM_ACCESS_TOKEN}: a token in a file ends "
        "up in version control"
    )
    return ""


def _start_date(reader: Reader) -> datetime | None:
    value = reader.value("start_date")
    if isinstance(value, date):
        # YAML reads an unquoted date as a date.
        value = value.isoformat()
    if value is None:
        return None
    try:
        return parse_instant(str(value))
    except ValueError as error:
        reader.problem("start_date", value, str(error))
        return None


def _schedule(reader: Reader, setting: str, default: Schedule | None) -> Schedule | None:
    value = reader.value(setting)
    if value is None:
        return default
    try:
        return parse_schedule(value)
    except ValueError as error:
        reader.problem(setting, value, str(error))
        return None


def _is_running(value: str) -> bool:
    status = value.strip().lower()
    if status not in {"stopped", "running"}:
        raise ValueError("stopped or running is allowed")
    return status == "running"


def _share(reader: Reader) -> float:
    value = reader.value("rate_limit_share")
    if value is None:
        return 0.9
    try:
        share = float(str(value))
    except ValueError:
        share = math.nan
    if not 0 < share <= 1:
        reader.problem("rate_limit_share", value, "a number over 0 up to 1 is allowed")
        return 0.9
    return share


def _page_size(reader: Reader) -> int:
    value = reader.value("page_size")
    if value is None:
        return LARGEST
    if not re.fullmatch(r"[0-9]{1,3}", str(value)) or not 1 <= int(str(value)) <= LARGEST:
        reader.problem("page_size", value, f"a whole number from 1 to {LARGEST} is allowed")
        return LARGEST
    return int(str(value))

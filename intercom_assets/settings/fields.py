"""Readers of a source's settings, whose ValueErrors say what is allowed."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from intercom_assets.catalog import CATALOG, NEWEST, OLDEST, ApiVersion
from intercom_assets.errors import ConfigurationError
from intercom_assets.intercom.retry import LARGEST
from intercom_assets.settings.values import (
    LIST,
    TEXT,
    Info,
    Reads,
    Refused,
    converted,
    list_names,
    map_of,
    parsed,
    parsed_with,
    read_secret,
    resolve,
    variable_of,
    with_schema,
    wrong,
)

T = TypeVar("T")

OWNERS = "an email address or team:name is allowed, several with commas between"

TAGS = (
    "key=value is allowed, several with commas between; a key and a value have at most 63 letters, "
    "digits, _, - and . (a key may have one / too, but not after dagster)"
)


@parsed_with
def name(value: str, info: Info) -> str:
    """Read a name for keys, groups and jobs; the default is derived from the folder."""
    if not value:
        return re.sub(r"\W", "_", info.context.folder, flags=re.ASCII)
    if not re.fullmatch(r"[A-Za-z_]\w{0,62}", value, re.ASCII):
        raise ValueError("letters, digits and _ are allowed, not beginning with a digit")
    return value


@converted
def access_token(value: object) -> str:
    """Return the variable of the access token."""
    if (variable := variable_of(value)) is None:
        raise Refused(
            "must name a variable, {env: INTERCOM_ACCESS_TOKEN}: a token in a file ends up in "
            "version control"
        )
    return variable


@with_schema(TEXT | {"pattern": r"^\s*\d+\.\d+\s*$"})
@parsed_with
def api_version(value: str, info: Info) -> ApiVersion:
    """Read an API version; one newer than the catalogue knows is accepted with a warning."""
    allowed = f"{OLDEST} or newer is allowed, such as {NEWEST}"
    try:
        version = ApiVersion.parse(value.strip())
    except ValueError:
        raise ValueError(allowed) from None
    if version < OLDEST:
        raise ValueError(f"{allowed}; older versions lack endpoints that a sync needs")
    if version > NEWEST:
        info.context.warnings.append(
            f"api_version {version} is newer than {NEWEST}, the newest that this release was "
            "compared with: new fields land in _extra"
        )
    return version


def parse_instant(value: str) -> datetime:
    """Parse a UTC date or time: `2024-01-31`, `2024-01-31T12:00:00Z`.

    Raises:
        ValueError: The value is invalid; says what is allowed.
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


def option_instant(option: str, value: str | None) -> datetime | None:
    """Parse the UTC date or time of a run's option; None if it is not given.

    Raises:
        ConfigurationError: The value is invalid; names the option.
    """
    try:
        return parse_instant(value) if value else None
    except ValueError as error:
        raise ConfigurationError(f"The option {option} is {value!r}. Change it: {error}") from None


def _instant(value: object) -> datetime:
    # YAML parses an unquoted date.
    return parse_instant(value.isoformat() if isinstance(value, date) else str(value))


start_date = converted(_instant)
"""Reads a date or time in UTC."""


@with_schema(map_of(TEXT))
@converted
def start_dates(value: object) -> dict[str, datetime]:
    """Read the start dates of resources whose records are dated."""
    return by_resource(value, [one.name for one in CATALOG if one.has_start], _instant)


def by_resource(value: object, names: Sequence[str], read: Callable[[object], T]) -> dict[str, T]:
    """Read a value for each of some resources, from a map or from text: contacts=…,companies=….

    Raises:
        ValueError: The form is wrong, or else a name or value; says all of them.
    """
    if isinstance(value, str):
        # Not at every comma, since cron has commas too.
        pairs = (part.partition("=") for part in re.split(r",(?=\s*\w+\s*=)", value))
        value = {name.strip(): text.strip() for name, _, text in pairs}
    if not isinstance(value, Mapping):
        raise ValueError("resource=value is allowed, several with commas between, or a map")
    problems = [
        wrong(name, f"allowed are the resources {', '.join(names)}")
        for name in value
        if name not in names
    ]
    found: dict[str, T] = {}
    for name in (one for one in value if one in names):
        try:
            found[name] = read(value[name])
        except ValueError as error:
            problems.append(wrong(f"{name}={value[name]}", str(error)))
    if problems:
        raise Refused(*problems)
    return found


@with_schema({"type": ["integer", "string"], "minimum": 1})
@converted
def days(value: object) -> int:
    """Read a number of days."""
    if not re.fullmatch(r"[1-9][0-9]{0,4}", str(value)):
        raise ValueError("a whole number of days, 1 or more, is allowed")
    return int(str(value))


def _duration(value: str) -> timedelta:
    match = re.fullmatch(r"(\d{1,6})\s*(s|m|h|d)", value.strip())
    if match is None:
        raise ValueError("a number and a unit is allowed, such as 90s, 30m, 1h or 2d")
    units = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
    return timedelta(**{units[match[2]]: int(match[1])})


_DURATION = TEXT | {"pattern": r"^\s*\d{1,6}\s*[smhd]\s*$"}

duration = with_schema(_DURATION)(parsed(_duration))
"""Reads a number and a unit."""


@with_schema(_DURATION)
@parsed
def export_rewind(value: str) -> timedelta:
    """Read by how much exports overlap, of which Intercom makes none of more than 90 days."""
    rewind = _duration(value) if re.match("[1-9]", value.strip()) else timedelta()
    if not timedelta(days=1) <= rewind <= timedelta(days=60):
        raise ValueError("1d to 60d is allowed")
    return rewind


@with_schema({"type": ["number", "string"], "exclusiveMinimum": 0, "maximum": 1})
@converted
def share(value: object) -> float:
    """Read a share greater than 0 and up to 1."""
    try:
        share = float(str(value))
    except ValueError:
        share = math.nan
    if not 0 < share <= 1:
        raise ValueError("a number over 0 up to 1 is allowed")
    return share


@with_schema({"type": ["integer", "string"], "minimum": 1, "maximum": LARGEST})
@converted
def page_size(value: object) -> int:
    """Read an integer up to Intercom's largest page size."""
    if not re.fullmatch(r"[0-9]{1,3}", str(value)) or not 1 <= int(str(value)) <= LARGEST:
        raise ValueError(f"a whole number from 1 to {LARGEST} is allowed")
    return int(str(value))


@with_schema(LIST)
@Reads
def owners(value: object, info: Info) -> tuple[str, ...]:
    """Read emails or teams from a list, or from text separated by commas."""
    owners = list_names(value) if isinstance(value, str) else value
    if not isinstance(owners, list | tuple):
        raise ValueError(OWNERS)
    is_owner = info.context.rules.is_owner
    if refused := [one for one in owners if not (isinstance(one, str) and is_owner(one))]:
        raise Refused(*(wrong(owner, OWNERS) for owner in refused))
    return tuple(dict.fromkeys(owners))


@with_schema(map_of(TEXT))
@Reads
def tags(value: object, info: Info) -> tuple[tuple[str, str], ...]:
    """Read pairs from a map, or from text separated by commas."""
    # `env` is also a common tag, so only a name in capitals is a variable.
    if re.fullmatch(r"[A-Z][A-Z0-9_]*", variable_of(value) or ""):
        value = resolve(value, info.context)
    if isinstance(value, str):
        pairs = [part.partition("=") for part in list_names(value) or ()]
        value = {key.strip(): text.strip() if equals else None for key, equals, text in pairs}
    if not isinstance(value, Mapping):
        raise ValueError(TAGS)
    if problems := [found for key, text in value.items() if (found := _tag(key, text, info))]:
        raise Refused(*problems)
    return tuple(value.items())


def _tag(key: object, value: object, info: Info) -> str | None:
    if not isinstance(value, str):
        in_quotes = f"write the value of {key} in quotes, so that YAML keeps it as text"
        return wrong(value, TAGS if value is None else in_quotes)
    is_tag = info.context.rules.is_tag(str(key), value)
    return None if is_tag else wrong(f"{key}={value}", TAGS)


@parsed
def ui_url(value: str) -> str:
    """Read a URL without query, to which paths are appended."""
    url = value.strip().rstrip("/")
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", url):
        raise ValueError("the address of Dagster's UI is allowed, such as http://127.0.0.1:3000")
    return url


@Reads
def webhook(value: object, info: Info) -> str | None:
    """Return the variable of a URL to post to."""
    variable = read_secret(value, info)
    if variable:
        from intercom_assets.intercom.transport import check_address  # noqa: PLC0415 - takes httpx

        # The message omits the URL: whoever knows it can post there.
        if problem := check_address(info.context.environment[variable].strip()):
            raise Refused(problem)
    return variable

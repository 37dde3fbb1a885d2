"""`docs/settings.md`: every setting with its variable, default, what is allowed, and an example.

Names and meanings are those of `Settings`; what is allowed is what refuses a value that no setting
takes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

import yaml

from intercom_assets.catalog.preview import Preview
from intercom_assets.errors import ConfigurationError
from intercom_assets.settings.source import GROUPS, Settings, read_settings
from intercom_assets.settings.values import meaning_of, settings_of

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "intercom_assets" / "defs" / "intercom" / "defs.yaml"
TOKEN = {"access_token": {"env": "INTERCOM_ACCESS_TOKEN"}}

_NONSENSE = "?://\0 "
_NAMED_OTHERWISE = {"warehouse": "warehouse_kind"}
_DEFAULTS = {
    "name": "the folder's name",
    "access_token": "none; needed when a sync runs",
    "resources": "`all`",
    "models": "`all`",
    "union_views": "`false`",
    "schedule": "`manual`",
    "schedule_status": "`stopped`",
    "reconcile": "`manual`; `cron 0 3 * * 0` when a schedule is set",
}
# Defaults that depend on something, or whose checked value is not what a person writes.


@dataclass(frozen=True, slots=True)
class Example:
    """One value of a setting, as it is written.

    Attributes:
        value: In the source's file.
        text: In the variable; None where it is the same word.
    """

    value: object
    text: str | None = None

    @property
    def variable(self) -> str:
        """What the variable holds."""
        return str(self.value) if self.text is None else self.text


EXAMPLES: Mapping[str, Example] = {
    "name": Example("support"),
    "access_token": Example({"env": "INTERCOM_ACCESS_TOKEN"}, "dG9rOmV4YW1wbGU="),
    "region": Example("eu"),
    "base_url": Example("http://127.0.0.1:8765"),
    "api_version": Example("2.14"),
    "start_date": Example("2024-01-31"),
    "start_dates": Example(
        {"conversations": "2025-01-01", "contacts": "2024-06-01"},
        "conversations=2025-01-01,contacts=2024-06-01",
    ),
    "table_prefix": Example("eu_"),
    "resources": Example(["contacts", "conversations"], "contacts,conversations"),
    "include": Example(["merge_history", "scorecards"], "merge_history,scorecards"),
    "custom_object_types": Example(["Order", "Subscription"], "Order,Subscription"),
    "exclude_columns": Example(
        {"contacts": ["email", "location"]}, "contacts.email, contacts.location"
    ),
    "hash_columns": Example({"contacts": ["external_id"]}, "contacts.external_id"),
    "hash_salt": Example({"env": "INTERCOM_HASH_SALT"}, "…"),
    "models": Example(["contacts_flat", "contact_tags"], "contacts_flat,contact_tags"),
    "history": Example(["contacts", "conversations"], "contacts,conversations"),
    "history_days": Example(365),
    "schedule": Example({"every": "1h", "starting_at": "02:30"}, "every 1h starting 02:30"),
    "reconcile": Example(
        {"cron": "0 6 * * 0", "timezone": "Europe/Berlin"}, "cron 0 6 * * 0 in Europe/Berlin"
    ),
    "schedules": Example({"conversations": "every 15m"}, "conversations=every 15m"),
    "schedule_status": Example("running"),
    "lookback": Example("2h"),
    "export_rewind": Example("14d"),
    "rate_limit_share": Example(0.45),
    "page_size": Example(50),
    "warehouse": Example("snowflake"),
    "database": Example("data/support.duckdb"),
    "fivetran_schema": Example("intercom_fivetran"),
    "union_views": Example(True, "true"),  # noqa: FBT003 - as in a file
    "lock_timeout": Example("5m"),
    "snowflake.account": Example("myorg-myaccount"),
    "snowflake.user": Example("INTERCOM_LOADER"),
    "snowflake.role": Example("INTERCOM_LOADER"),
    "snowflake.warehouse": Example("INTERCOM_LOADING"),
    "snowflake.database": Example("ANALYTICS"),
    "snowflake.private_key_path": Example("intercom_loader.p8"),
    "snowflake.private_key": Example({"env": "SNOWFLAKE_PRIVATE_KEY"}, "LS0tLS1CRUdJTi…"),
    "snowflake.private_key_passphrase": Example({"env": "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE"}, "…"),
    "snowflake.password": Example({"env": "SNOWFLAKE_PASSWORD"}, "…"),
    "snowflake.token": Example({"env": "SNOWFLAKE_TOKEN"}, "…"),
    "snowflake.authenticator": Example("externalbrowser"),
    "snowflake.url": Example("https://myorg-myaccount.privatelink.snowflakecomputing.com"),
    "warehouse_schema": Example("support"),
    "owners": Example(["team:support", "ann@example.com"], "team:support,ann@example.com"),
    "tags": Example({"domain": "support", "tier": "1"}, "domain=support,tier=1"),
    "preview": Example("none"),
    "alerts": Example({"env": "INTERCOM_ALERTS"}, "https://hooks.slack.com/services/…"),
    "ui_url": Example("https://dagster.example.com"),
}
"""One example of each setting; a test holds that each is accepted, in both forms."""


def described_settings() -> dict[str, str]:
    """Give the description of every setting, those of a group as `group.setting`."""
    described: dict[str, str] = {}
    for name, field in settings_of(Settings).items():
        if name in GROUPS:
            inner = settings_of(GROUPS[name]).items()
            described |= {f"{name}.{one}": meaning_of(it) for one, it in inner}
        else:
            described[name] = meaning_of(field)
    return described


def shipped_settings() -> dict[str, str]:
    """Give the variable of each setting of the shipped file."""
    variables: dict[str, str] = {}
    for name, value in yaml.safe_load(SHIPPED.read_text())["attributes"].items():
        if name in GROUPS:
            variables |= {f"{name}.{one}": it["env"] for one, it in value.items()}
        elif isinstance(value, Mapping) and "env" in value:
            variables[name] = value["env"]
    return variables


def overview() -> str:
    """Give the table of all settings, each with a link to its section."""
    shipped = shipped_settings()
    rows = ["| setting | variable | default |", "|---|---|---|"]
    for name in described_settings():
        variable = f"`{shipped[name]}`" if name in shipped else ""
        rows.append(f"| [`{name}`](#{anchor(name)}) | {variable} | {default(name)} |")
    return "\n".join(rows)


def sections() -> str:
    """Give a section for each setting."""
    return "\n\n".join(_section(name, text) for name, text in described_settings().items())


def anchor(name: str) -> str:
    """Name the section of a setting as its heading's link does."""
    return name.replace(".", "")


def _section(name: str, description: str) -> str:
    shipped = shipped_settings()
    facts = [f"default: {default(name)}"]
    if name in shipped:
        facts.insert(0, f"variable: `{shipped[name]}`")
    lines = [f"### `{name}`", "", marked(description), "", *(f"* {fact}" for fact in facts)]
    if told := allowed(name):
        lines.append(f"* anything else is refused: {told}")
    if name in EXAMPLES:
        lines += ["", "```yaml", example_in_yaml(name), "```"]
        if name in shipped:
            text = EXAMPLES[name].variable
            lines += ["", "```dotenv", f"{shipped[name]}={text}", "```"]
    return "\n".join(lines)


def example_in_yaml(name: str) -> str:
    """Write the example of a setting as it stands in a source's file."""
    value: object = EXAMPLES[name].value
    for part in reversed(name.split(".")):
        value = {part: value}
    # Lists and maps on one line, as people write them; the setting itself on its own.
    flow = None if isinstance(EXAMPLES[name].value, dict | list) else False
    dumped: str = yaml.safe_dump(value, default_flow_style=flow, sort_keys=False, width=1000)
    return dumped.rstrip()


@cache
def _defaults() -> Settings:
    return read_settings(TOKEN, name="intercom", project_root=Path("/"), environment={})


def default(name: str) -> str:
    """Say what a setting is where nobody sets it."""
    if name in _DEFAULTS:
        return _DEFAULTS[name]
    found = re.search(r"Default: (.*)\.$", described_settings()[name])
    if found and name.startswith("snowflake."):
        return found[1]
    settings, attribute = _defaults(), _NAMED_OTHERWISE.get(name, name)
    return _shown(getattr(settings, attribute, found[1] if found else None))


def _shown(value: object) -> str:
    match value:
        case Preview():
            return f"`{value.value}`"
        case timedelta():
            minutes = value // timedelta(minutes=1)
            return f"`{minutes}m`" if minutes % 60 else f"`{minutes // 60}h`"
        case Path():
            return f"`{value.relative_to('/')}`"
        case _:
            return f"`{value}`" if value else "none"


def allowed(name: str) -> str:
    """Say what a setting takes, in the words that refuse a value which it does not."""
    if name == "snowflake.private_key_path":
        return "there is no such file"
    group, _, inner = name.rpartition(".")
    raw: dict[str, object] = {**TOKEN, (group or name): {inner: _NONSENSE} if group else _NONSENSE}
    if group:
        raw["warehouse"] = "snowflake"
    try:
        read_settings(raw, name="intercom", project_root=Path("/"), environment={})
    except ConfigurationError as error:
        return _reason(name, str(error))
    return ""


def _reason(name: str, told: str) -> str:
    for line in told.splitlines():
        problem = line.strip().removeprefix("* ")
        if problem.startswith(f"{name} is '?"):
            return marked(problem.partition(": ")[2])
        if problem.startswith(f"{name} must"):
            return marked(problem.removeprefix(f"{name} "))
    return ""


def marked(text: str) -> str:
    """Write plain text as Markdown: braces are code, and an asterisk is one."""
    parts = re.split(r"(`[^`]*`|\{[^}]*\})", text)
    return "".join(
        f"`{part}`" if part.startswith("{") else part if part.startswith("`") else _escaped(part)
        for part in parts
    )


def _escaped(text: str) -> str:
    return text.replace("*", r"\*")

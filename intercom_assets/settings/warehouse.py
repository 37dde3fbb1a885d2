"""The settings of a warehouse, including the login to Snowflake."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import ValidatorFunctionWrapHandler, model_validator

from intercom_assets.settings.values import (
    AS_WRITTEN,
    Info,
    Reads,
    Refused,
    Secret,
    SettingsGroup,
    Text,
    parsed,
    parsed_with,
    wrong,
)
from intercom_assets.warehouse.dialects import to_snowflake_name

DEFAULT_DATABASE = Path("data/warehouse.duckdb")
"""DuckDB file, under the project root. It must not be named like the schema."""

DEFAULT_SCHEMA = "intercom"
"""Schema of the tables."""

MAX_PREFIX = 100
"""Characters of a table prefix; warehouses allow about 255 for a whole name."""

_METHODS = ("private_key", "private_key_path", "password", "token")
_BROWSER = "externalbrowser"


@dataclass(frozen=True, slots=True, kw_only=True)
class DuckDBSettings:
    """Tables in a DuckDB file."""

    database: Path
    schema: str

    kind = "duckdb"

    def place(self, table: str) -> str:
        """Identify a table; DuckDB ignores the case of names."""
        return f"duckdb {self.database.resolve()} {self.schema.lower()}.{table.lower()}"

    def table_name(self, table: str) -> str:
        """Return the table's name as shown in the UI."""
        return f"{self.schema}.{table}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SnowflakeSettings:
    """Tables in a Snowflake database."""

    login: "Snowflake"
    schema: str

    kind = "snowflake"

    def place(self, table: str) -> str:
        """Identify a table; plain names are upper case in Snowflake."""
        account, database = self.login.account.lower(), self.login.database.upper()
        schema, name = to_snowflake_name(self.schema), to_snowflake_name(table)
        return f"snowflake {account} {database} {schema}.{name}"

    def table_name(self, table: str) -> str:
        """Return the table's name as shown in the UI."""
        return ".".join(
            (self.login.database, to_snowflake_name(self.schema), to_snowflake_name(table))
        )


WarehouseSettings: TypeAlias = DuckDBSettings | SnowflakeSettings


def _identifier_part(value: str) -> str:
    if len(value) > MAX_PREFIX or "\0" in value:
        raise ValueError(f"at most {MAX_PREFIX} characters are allowed, and no NUL")
    return value


identifier_part = parsed(_identifier_part)
"""Accepts part of a name, verbatim, if any warehouse allows it."""


@parsed_with
def other_schema(value: str, info: Info) -> str:
    """Read the name of a schema that is neither the tables' nor the DuckDB file's."""
    taken = {"the schema of the tables": info.data.get("warehouse_schema", "")}
    if info.data.get("warehouse_kind") == "duckdb":
        # DuckDB gives its tables the file's name too.
        taken["the DuckDB file"] = info.data.get("database", Path()).stem
    for what, name in taken.items():
        if value.lower() == name.lower():
            raise ValueError(f"this is the name of {what}; another one is allowed")
    return _identifier_part(value)


@Reads
def read_union_views(value: object, info: Info) -> bool:
    """Read true or false; true needs the step that makes models."""
    chosen = {"true": True, "false": False}.get(str(value).strip().lower())
    if chosen is None:
        raise ValueError("true or false is allowed")
    if chosen and not any(
        info.data.get(one, True) for one in ("models", "history", "fivetran_schema")
    ):
        raise ValueError("the step of the models makes these views, so models must not be none")
    return chosen


@parsed
def web_address(value: str) -> str:
    """Accept https, or http on loopback."""
    from intercom_assets.intercom.connection import (  # noqa: PLC0415 - httpx, for a proxy only
        check_base_url,
    )

    if problem := check_base_url(value):
        raise ValueError(problem)
    return value.rstrip("/")


@Reads
def read_database(value: object, info: Info) -> Path:
    """Read the path of a DuckDB file whose name differs from the schema's."""
    if not isinstance(value, str | Path) or "\0" in str(value):
        raise ValueError("a path of a file is allowed")
    path = info.context.project_root / Path(value).expanduser()
    if info.data.get("warehouse_kind") != "duckdb":
        return path
    if re.match(r":memory:|[a-z][a-z0-9+.-]+:", str(value), re.IGNORECASE):
        raise ValueError(
            "the path of a file on this machine is allowed: it is opened anew for each commit, and "
            "locked by its path, so neither memory nor a service (md:, ducklake:, s3:) will do"
        )
    schema = info.data.get("warehouse_schema", "")
    if path.stem.lower() == schema.lower():
        allowed = (
            f"a DuckDB file may not be named like the schema {schema!r}: DuckDB gives its tables "
            f"the file's name too, so {schema}.table would be ambiguous; choose another file name"
        )
        raise Refused(wrong(str(path), allowed))
    return path


@parsed
def _account(value: str) -> str:
    account = value.strip()
    if re.search(r"snowflakecomputing|://|\s|/", account):
        raise ValueError(
            "the account identifier alone is allowed, such as myorg-myaccount: no address"
        )
    return account


@parsed_with
def _key_file(value: str, info: Info) -> Path:
    path = info.context.project_root / Path(value).expanduser()
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    return path


class Snowflake(SettingsGroup):
    """How to log in to Snowflake: one of private key, password, token, or externalbrowser."""

    account: Annotated[str, _account]
    """Account identifier, such as myorg-myaccount."""

    user: Text
    """Name of the user."""

    role: Text | None = None
    """Role. Default: the user's."""

    warehouse: Text | None = None
    """Virtual warehouse that does the work. Default: the user's."""

    database: Text
    """Database of the tables; it must exist."""

    private_key_path: Annotated[Path | None, _key_file] = None
    """File of the private key (PEM), from the project root."""

    private_key: Secret = None
    """{env: NAME} of the variable with the private key itself."""

    private_key_passphrase: Secret = None
    """{env: NAME}; where the private key is encrypted."""

    password: Secret = None
    """{env: NAME} of the password."""

    token: Secret = None
    """{env: NAME} of an OAuth access token."""

    authenticator: Text | None = None
    """Snowflake's name of a way to log in: externalbrowser for a developer, username_password_mfa.
    Default: what the secret says."""

    url: Annotated[str | None, web_address] = None
    """A private link or proxy instead of the account's host."""

    @property
    def secrets(self) -> dict[str, str]:
        """The variable of each secret that is set."""
        return {name: variable for name, variable in self if name in SECRETS and variable}

    @model_validator(mode="after")
    def _check_method(self, info: Info) -> "Snowflake":
        methods = [name for name in _METHODS if getattr(self, name)]
        if len(methods) > 1:
            allowed = "set one way to log in, and unset the others"
            raise Refused(wrong(" and ".join(methods), allowed))
        if not methods and (self.authenticator or "").lower() != _BROWSER:
            # Only a warning: definitions also load without secrets, for example in CI.
            info.context.warnings.append(no_way_in())
        return self


SECRETS = {
    name for name, setting in Snowflake.model_fields.items() if AS_WRITTEN in setting.metadata
}
"""Settings of Snowflake that may only name a variable."""


def no_way_in() -> str:
    """Return a message that lists the ways to log in."""
    return (
        "Snowflake: no way to log in is set. Set the variable of one of snowflake."
        f"{', snowflake.'.join(_METHODS)}, or snowflake.authenticator to {_BROWSER}"
    )


def if_chosen(value: object, read: ValidatorFunctionWrapHandler, info: Info) -> Snowflake | None:
    """Read the login only if Snowflake is the warehouse; otherwise its variables are unset."""
    if info.data.get("warehouse_kind") != "snowflake":
        return None
    snowflake: Snowflake = read({} if value is None else value)
    return snowflake

"""Where the tables are: the settings of each warehouse, and how it is opened.

Snowflake's driver is imported only where Snowflake is chosen: it takes seconds.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, assert_never

from intercom_assets.orchestration.setting_reader import Reader
from intercom_assets.warehouse.sql import folded
from intercom_assets.warehouse.warehouse import Warehouse

DEFAULT_DATABASE = Path("data/warehouse.duckdb")
"""DuckDB file, under the project root. It must not be named like the schema."""

DEFAULT_SCHEMA = "intercom"
"""Schema of the tables."""

GROUPS = frozenset({"snowflake"})
"""Settings that are groups of settings."""

MAX_PREFIX = 100
"""Characters of a table prefix; warehouses allow about 255 for a whole name."""

SECRETS = ("password", "private_key", "private_key_passphrase", "token")
"""Snowflake settings that may only name a variable."""

_METHODS = ("private_key", "private_key_path", "password", "token")
_BROWSER = "externalbrowser"


@dataclass(frozen=True, slots=True, kw_only=True)
class DuckDBSettings:
    """Tables in a DuckDB file.

    Attributes:
        database: The file.
        schema: Schema of the tables.
    """

    database: Path
    schema: str

    kind = "duckdb"

    def place(self, table: str) -> str:
        """Identify a table; DuckDB's names differ in more than case."""
        return f"duckdb {self.database.resolve()} {self.schema.lower()}.{table.lower()}"

    def table_name(self, table: str) -> str:
        """Name a table as the UI shows it."""
        return f"{self.schema}.{table}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SnowflakeSettings:
    """Tables in a Snowflake database, and how to log in.

    Attributes:
        account: Account identifier, such as `myorg-myaccount`.
        user: Name of the user.
        role: Role, None for the user's default.
        virtual_warehouse: Virtual warehouse that does the work, None for the user's default.
        database: Database; it must exist.
        schema: Schema of the tables.
        authenticator: Snowflake's name of a way to log in, None where the secret tells.
        private_key_path: File of the private key, None where another way is used.
        url: Instead of the account's host: a private link or a proxy.
        secrets: Variable of each secret that is set.
    """

    account: str
    user: str
    role: str | None
    virtual_warehouse: str | None
    database: str
    schema: str
    authenticator: str | None
    private_key_path: Path | None
    url: str | None
    secrets: Mapping[str, str] = field(default_factory=dict)

    kind = "snowflake"

    def place(self, table: str) -> str:
        """Identify a table; plain names are upper case there."""
        schema, name = (folded(part) for part in (self.schema, table))
        return f"snowflake {self.account.lower()} {self.database.upper()} {schema}.{name}"

    def table_name(self, table: str) -> str:
        """Name a table as the UI shows it."""
        return ".".join((self.database, folded(self.schema), folded(table)))


WarehouseSettings: TypeAlias = DuckDBSettings | SnowflakeSettings


@contextmanager
def open_warehouse(settings: WarehouseSettings, *, patience: float = 60.0) -> Iterator[Warehouse]:
    """Open a warehouse for a block, as commands without Dagster do.

    Args:
        settings: Where it is.
        patience: Seconds to wait for another process that has a DuckDB file open.
    """
    match settings:
        case DuckDBSettings():
            from intercom_assets.warehouse.duckdb import (  # noqa: PLC0415 - settings need no driver
                DuckDBWarehouse,
            )

            yield DuckDBWarehouse(settings.database, patience=patience)
        case SnowflakeSettings():
            from intercom_assets.orchestration.snowflake import (  # noqa: PLC0415 - takes seconds
                connection_of,
            )

            warehouse = connection_of(settings, os.environ).warehouse()
            try:
                yield warehouse
            finally:
                warehouse.close()
        case _:
            assert_never(settings)


def read_warehouse(reader: Reader, project_root: Path) -> WarehouseSettings:
    """Read where the tables are."""
    kind = reader.parsed("warehouse", _kind, "duckdb")
    schema = reader.parsed("warehouse_schema", identifier_part, DEFAULT_SCHEMA)
    if kind == "snowflake":
        return _read_snowflake(reader, project_root, schema)
    database = reader.parsed("database", _path(project_root), project_root / DEFAULT_DATABASE)
    if database.stem.lower() == schema.lower():
        reader.problem(
            "database",
            str(database),
            f"a DuckDB file may not be named like the schema {schema!r}: DuckDB gives its tables "
            f"the file's name too, so {schema}.table would be ambiguous; choose another file name",
        )
    return DuckDBSettings(database=database, schema=schema)


def identifier_part(value: str) -> str:
    """Read a part of a table's name, verbatim.

    Raises:
        ValueError: No warehouse could hold it.
    """
    if len(value) > MAX_PREFIX or "\0" in value:
        raise ValueError(f"at most {MAX_PREFIX} characters are allowed, and no NUL")
    return value


def _read_snowflake(reader: Reader, project_root: Path, schema: str) -> SnowflakeSettings:
    secrets = {
        name: variable
        for name in SECRETS
        if (variable := reader.secret(f"snowflake.{name}")) is not None
    }
    key = reader.parsed("snowflake.private_key_path", _key_file(project_root), None)
    authenticator = reader.text("snowflake.authenticator")
    _check_method(reader, {*secrets, *({"private_key_path"} if key else ())}, authenticator)
    return SnowflakeSettings(
        account=reader.parsed("snowflake.account", _account, "")
        or reader.needed("snowflake.account"),
        user=reader.needed("snowflake.user"),
        role=reader.text("snowflake.role"),
        virtual_warehouse=reader.text("snowflake.warehouse"),
        database=reader.needed("snowflake.database"),
        schema=schema,
        authenticator=authenticator,
        private_key_path=key,
        url=reader.parsed("snowflake.url", _url, None),
        secrets=secrets,
    )


def _check_method(reader: Reader, given: set[str], authenticator: str | None) -> None:
    methods = [name for name in _METHODS if name in given]
    if len(methods) > 1:
        reader.problem(
            "snowflake", " and ".join(methods), "set one way to log in, and unset the others"
        )
    if not methods and (authenticator or "").lower() != _BROWSER:
        # Not a problem: definitions load where the secrets are not, such as in CI.
        reader.warnings.append(no_way_in())


def no_way_in() -> str:
    """Say which ways to log in there are."""
    return (
        "Snowflake: no way to log in is set. Set the variable of one of snowflake."
        f"{', snowflake.'.join(_METHODS)}, or snowflake.authenticator to {_BROWSER}"
    )


def _kind(value: str) -> str:
    kind = value.strip().lower()
    if kind not in {"duckdb", "snowflake"}:
        raise ValueError("allowed are duckdb, snowflake")
    return kind


def _account(value: str) -> str:
    account = value.strip()
    if re.search(r"snowflakecomputing|://|\s|/", account):
        raise ValueError(
            "the account identifier alone is allowed, such as myorg-myaccount: no address"
        )
    return account


def _url(value: str) -> str:
    from intercom_assets.intercom.connection import (  # noqa: PLC0415 - httpx, for a proxy only
        check_base_url,
    )

    if problem := check_base_url(value):
        raise ValueError(problem)
    return value.rstrip("/")


def _key_file(project_root: Path) -> Callable[[str], Path | None]:
    def parse(value: str) -> Path | None:
        path = project_root / Path(value).expanduser()
        if not path.is_file():
            raise ValueError(f"there is no file {path}")
        return path

    return parse


def _path(project_root: Path) -> Callable[[str], Path]:
    def parse(value: str) -> Path:
        if "\0" in value:
            raise ValueError("a path of a file is allowed")
        return project_root / Path(value).expanduser()

    return parse

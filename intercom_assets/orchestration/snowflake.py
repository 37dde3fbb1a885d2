"""The connection to Snowflake as a Dagster resource, and the IO manager that writes there.

Imported only if Snowflake is the chosen warehouse, because Dagster's library for it takes seconds.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlsplit

import dagster as dg
from dagster_snowflake import SnowflakeResource
from pydantic import Field, PrivateAttr

from intercom_assets.errors import ConfigurationError
from intercom_assets.orchestration.io_manager import WarehouseIOManager
from intercom_assets.settings.warehouse import (
    METHODS,
    SECRETS,
    STOCK_NAMES,
    SnowflakeSettings,
    no_way_in,
)
from intercom_assets.warehouse.snowflake import (
    SESSION_PARAMETERS,
    Login,
    SnowflakeConnection,
    SnowflakeWarehouse,
)

_KEYS = {"private_key", "private_key_path"}
_LOGIN_SECONDS = 60
_NETWORK_SECONDS = 300


@dataclass(frozen=True, slots=True)
class SnowflakeLogin:
    """Who logs in where, and the variables of the secrets to log in with."""

    settings: Mapping[str, str]
    secrets: Mapping[str, str]

    def warehouse(self, lock_patience: float = 10.0) -> SnowflakeWarehouse:
        """Return access to the database; a session is opened on first use."""
        shown: dict[str, Any] = {one.name: self.settings.get(one.name) for one in fields(Login)}
        return SnowflakeWarehouse(self.connect, Login(**shown), lock_patience=lock_patience)

    def connect(self) -> SnowflakeConnection:
        """Log in.

        Raises:
            ConfigurationError: No way to log in is set, or the private key cannot be read.
            snowflake.connector.errors.Error: Snowflake rejected the login.
        """
        found = {name: os.environ.get(variable) for name, variable in self.secrets.items()}
        given = {**self.settings, **{name: secret for name, secret in found.items() if secret}}
        if given.keys().isdisjoint({*METHODS, "authenticator"}):
            raise ConfigurationError(no_way_in())
        try:
            opened = _resource(given).get_connection()
            connection: SnowflakeConnection = ExitStack().enter_context(opened)
        except (ValueError, TypeError, OSError) as error:
            if given.keys().isdisjoint(_KEYS):
                raise
            # Drop the cause, which may quote the key.
            raise ConfigurationError(
                _unreadable_key(given.get("private_key_path"), error)
            ) from None
        return connection


def _resource(given: Mapping[str, str]) -> SnowflakeResource:
    further: dict[str, Any] = {"session_parameters": dict(SESSION_PARAMETERS)}
    if token := given.get("token"):
        further |= {"token": token}
    if url := given.get("url"):
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        further |= {"host": parts.hostname, "port": port, "protocol": parts.scheme}
    options: dict[str, Any] = {
        STOCK_NAMES.get(name, name): value
        for name, value in given.items()
        if name not in {"token", "url"}
    }
    if token:
        options.setdefault("authenticator", "oauth")
    return SnowflakeResource(
        paramstyle="qmark",
        validate_default_parameters=True,
        login_timeout=_LOGIN_SECONDS,
        network_timeout=_NETWORK_SECONDS,
        additional_snowflake_connection_args=further,
        **options,
    )


class SnowflakeIOManager(WarehouseIOManager):
    """Writes tables of a Snowflake database; one session serves a run."""

    login: dict[str, str] = Field(description="Account, user, database and others.")
    secrets: dict[str, str] = Field(description="Variables of the secrets to log in with.")

    _opened: SnowflakeWarehouse | None = PrivateAttr(default=None)

    @contextmanager
    def yield_for_execution(
        self, context: dg.InitResourceContext
    ) -> Iterator["SnowflakeIOManager"]:
        """End the session when the run ends."""
        del context
        try:
            yield self
        finally:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def warehouse(self) -> SnowflakeWarehouse:
        """Return access to the database."""
        if self._opened is None:
            login = SnowflakeLogin(self.login, self.secrets)
            self._opened = login.warehouse(self.lock_timeout)
        return self._opened


def login_of(settings: SnowflakeSettings) -> SnowflakeLogin:
    """Return the login that settings describe."""
    plain = settings.login.model_dump(mode="json", exclude=SECRETS, exclude_none=True)
    return SnowflakeLogin(plain, settings.login.secrets)


def build_io_manager(
    settings: SnowflakeSettings,
    **tables: Any,  # noqa: ANN401 - fields of the IO manager
) -> SnowflakeIOManager:
    """Build a source's IO manager, which has the names of variables for secrets."""
    login = login_of(settings)
    return SnowflakeIOManager(
        warehouse_schema=settings.schema,
        login={**login.settings},
        secrets={**login.secrets},
        **tables,
    )


def _unreadable_key(path: str | None, error: Exception) -> str:
    where = f"in {path}" if path else "in SNOWFLAKE_PRIVATE_KEY"
    if isinstance(error, OSError):
        return (
            f"The private key {where} cannot be read: {error.strerror}. Check the file and its "
            "permissions"
        )
    return (
        f"The private key {where} cannot be read: it is no PEM key, or its passphrase is wrong or "
        "missing. Set SNOWFLAKE_PRIVATE_KEY_PASSPHRASE where it is encrypted"
    )

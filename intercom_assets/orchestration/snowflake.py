"""The connection to Snowflake as a Dagster resource, and the IO manager that writes there.

Imported only if Snowflake is the chosen warehouse, because Dagster's library for it takes seconds.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

import dagster as dg
from dagster_snowflake import SnowflakeResource
from pydantic import Field, PrivateAttr

from intercom_assets.errors import ConfigurationError
from intercom_assets.orchestration.io_manager import WarehouseIOManager
from intercom_assets.settings.warehouse import SECRETS, SnowflakeSettings, no_way_in
from intercom_assets.warehouse.snowflake import (
    SESSION_PARAMETERS,
    LeaseTerms,
    Login,
    SnowflakeConnection,
    SnowflakeWarehouse,
)

_LOGIN_SECONDS = 60
_NETWORK_SECONDS = 300


class SnowflakeLogin(dg.ConfigurableResource):  # type: ignore[type-arg]  # no value of its own
    """Who logs in where, and with what."""

    account: str = Field(description="Account identifier, such as myorg-myaccount.")
    user: str = Field(description="Name of the user.")
    database: str = Field(description="Database of the tables.")
    role: str | None = Field(default=None, description="Role; default: the user's.")
    virtual_warehouse: str | None = Field(
        default=None, description="Virtual warehouse; default: the user's."
    )
    authenticator: str | None = Field(
        default=None, description="Snowflake's name of a way to log in, such as externalbrowser."
    )
    private_key_path: str | None = Field(default=None, description="File of the private key.")
    url: str | None = Field(default=None, description="Instead of the account's host.")
    private_key: str | None = Field(default=None, repr=False, description="Private key, PEM.")
    private_key_passphrase: str | None = Field(
        default=None, repr=False, description="What the private key is encrypted with."
    )
    password: str | None = Field(default=None, repr=False, description="Password of the user.")
    token: str | None = Field(default=None, repr=False, description="OAuth access token.")

    def warehouse(self, terms: LeaseTerms | None = None) -> SnowflakeWarehouse:
        """Return access to the database; a session is opened on first use."""
        login = Login(
            account=self.account,
            user=self.user,
            role=self.role,
            warehouse=self.virtual_warehouse,
            database=self.database,
        )
        return SnowflakeWarehouse(self.connect, login, terms=terms)

    def connect(self) -> SnowflakeConnection:
        """Log in.

        Raises:
            ConfigurationError: No way to log in is set, or the private key cannot be read.
            snowflake.connector.errors.Error: Snowflake rejected the login.
        """
        if not any((self.private_key, self.private_key_path, self.password, self.token)) and (
            self.authenticator is None
        ):
            raise ConfigurationError(no_way_in())
        try:
            opened = self._resource().get_connection()
            connection: SnowflakeConnection = ExitStack().enter_context(opened)
        except (ValueError, TypeError, OSError) as error:
            if not (self.private_key or self.private_key_path):
                raise
            # Drop the cause, which may quote the key.
            raise ConfigurationError(_unreadable_key(self.private_key_path, error)) from None
        return connection

    def _resource(self) -> SnowflakeResource:
        given: dict[str, Any] = {
            "role": self.role,
            "warehouse": self.virtual_warehouse,
            "authenticator": self.authenticator or ("oauth" if self.token else None),
            "password": self.password,
            "private_key": self.private_key,
            "private_key_path": self.private_key_path,
            "private_key_password": self.private_key_passphrase,
        }
        return SnowflakeResource(
            account=self.account,
            user=self.user,
            database=self.database,
            paramstyle="qmark",
            validate_default_parameters=True,
            login_timeout=_LOGIN_SECONDS,
            network_timeout=_NETWORK_SECONDS,
            additional_snowflake_connection_args=self._further(),
            **{name: value for name, value in given.items() if value is not None},
        )

    def _further(self) -> dict[str, Any]:
        further: dict[str, Any] = {"session_parameters": dict(SESSION_PARAMETERS)}
        if self.token:
            further["token"] = self.token
        if self.url:
            parts = urlsplit(self.url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
            further |= {"host": parts.hostname, "port": port, "protocol": parts.scheme}
        return further


class SnowflakeIOManager(WarehouseIOManager):
    """Writes tables of a Snowflake database; one session serves a run."""

    login: SnowflakeLogin

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
            self._opened = self.login.warehouse(LeaseTerms(patience=self.lock_timeout))
        return self._opened


def connection_of(settings: SnowflakeSettings, environment: Mapping[str, str]) -> SnowflakeLogin:
    """Build a login for use outside Dagster, with secrets from an environment."""
    secrets = {name: environment[variable] for name, variable in settings.login.secrets.items()}
    return SnowflakeLogin(**_plain(settings), **secrets)


def build_io_manager(
    settings: SnowflakeSettings,
    **tables: Any,  # noqa: ANN401 - fields of the IO manager
) -> SnowflakeIOManager:
    """Build a source's IO manager; secrets remain names of variables until a run starts."""
    secrets = {name: dg.EnvVar(variable) for name, variable in settings.login.secrets.items()}
    return SnowflakeIOManager(
        warehouse_schema=settings.schema,
        login=SnowflakeLogin(**_plain(settings), **secrets),
        **tables,
    )


def _plain(settings: SnowflakeSettings) -> dict[str, Any]:
    plain = settings.login.model_dump(mode="json", exclude=SECRETS)
    return {"virtual_warehouse": plain.pop("warehouse"), **plain}


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

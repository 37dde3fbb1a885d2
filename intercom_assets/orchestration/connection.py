"""How a source reaches Intercom, as a Dagster resource."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import dagster as dg
from pydantic import Field, PrivateAttr

from intercom_assets.catalog import ApiVersion
from intercom_assets.errors import ConfigurationError
from intercom_assets.intercom.connection import Connection
from intercom_assets.intercom.retry import LARGEST


class IntercomConnection(dg.ConfigurableResource):  # type: ignore[type-arg]  # no value of its own
    """The access token, the workspace's region and how fast to ask."""

    access_token: str = Field(
        repr=False, description="Access token; set it as an environment variable."
    )
    token_variable: str = Field(description="Name of that variable, for messages.")
    region: str = Field(description="us, eu or au.")
    base_url: str | None = Field(default=None, description="A simulator or proxy instead.")
    api_version: str = Field(description="Sent with every request.")
    rate_limit_share: float = Field(description="Part of the app's quota that may be used.")
    page_size: int = Field(default=LARGEST, description="The most records to ask for on a page.")

    _stack: ExitStack = PrivateAttr(default_factory=ExitStack)
    _opened: Connection | None = PrivateAttr(default=None)

    @contextmanager
    def yield_for_execution(
        self, context: dg.InitResourceContext
    ) -> Iterator["IntercomConnection"]:
        """Close the connection when the run ends."""
        del context
        with self._stack:
            yield self
            self._opened = None

    def open(self) -> Connection:
        """Open the connection when it is first used; all assets of a run share it.

        Raises:
            ConfigurationError: The token cannot be one; names the variable.
        """
        if self._opened is None:
            if not self.access_token.strip():
                raise ConfigurationError(
                    f"The variable {self.token_variable} is empty. Set it to the access token of "
                    "your Intercom app (Developer Hub > your app > Configure > Authentication)"
                )
            connection = Connection(
                token=self.access_token,
                region=self.region,
                version=ApiVersion.parse(self.api_version),
                base_url=self.base_url,
                rate_limit_share=self.rate_limit_share,
                page_size=self.page_size,
            )
            # Told first who closes it: a Ctrl-C may come as soon as it is open.
            self._stack.callback(connection.close)
            self._opened = connection.open()
        return self._opened

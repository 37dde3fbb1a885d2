"""The connection to Intercom, and failures in runs.

Connections to warehouses are in `io_manager` and `snowflake`.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Self

import dagster as dg
from pydantic import Field, PrivateAttr

from intercom_assets.catalog import ApiVersion
from intercom_assets.errors import ConfigurationError, IntercomAssetsError, IntercomError
from intercom_assets.intercom.connection import Connection
from intercom_assets.intercom.retry import LARGEST
from intercom_assets.orchestration.specs import SourceSpecs


class IntercomConnection(dg.ConfigurableResource):  # type: ignore[type-arg]  # no value of its own
    """The variable of the access token, the workspace's region and how fast to ask.

    The token is read when Intercom is first asked: Dagster never has it, and checks that ask the
    warehouse only run without one.
    """

    token_variable: str = Field(description="Name of the variable with the access token.")
    region: str = Field(description="us, eu or au.")
    base_url: str | None = Field(default=None, description="A simulator or proxy instead.")
    api_version: str = Field(description="Sent with every request.")
    rate_limit_share: float = Field(description="Part of the app's quota that may be used.")
    page_size: int = Field(default=LARGEST, description="The most records to ask for on a page.")

    _stack: ExitStack = PrivateAttr(default_factory=ExitStack)
    _opened: Connection | None = PrivateAttr(default=None)
    _specs: SourceSpecs | None = PrivateAttr(default=None)

    def of(self, specs: SourceSpecs) -> Self:
        """Remember the source, which the command line finds by its connection."""
        self._specs = specs
        return self

    @property
    def specs(self) -> SourceSpecs | None:
        """The source that this is the connection of."""
        return self._specs

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
        """Return the connection that all assets of a run share, opening it on first use.

        Raises:
            ConfigurationError: The token is empty (the message names its variable) or malformed.
        """
        if self._opened is None:
            token = os.environ.get(self.token_variable, "")
            if not token.strip():
                raise ConfigurationError(
                    f"The variable {self.token_variable} is empty. Set it to the access token of "
                    "your Intercom app (Developer Hub > your app > Configure > Authentication)"
                )
            connection = Connection(
                token=token,
                region=self.region,
                version=ApiVersion.parse(self.api_version),
                base_url=self.base_url,
                rate_limit_share=self.rate_limit_share,
                page_size=self.page_size,
            )
            # Register the close before opening, because Ctrl-C may come right after.
            self._stack.callback(connection.close)
            self._opened = connection.open()
        return self._opened


@contextmanager
def explained() -> Iterator[None]:
    """Turn our errors into Dagster failures with the same message.

    Dagster does not retry them: the client already has, and committed rows are kept.
    """
    try:
        yield
    except IntercomAssetsError as error:
        # Drop the cause: sixty lines of traceback would hide the message that says what to do.
        raise dg.Failure(
            description=str(error), metadata=_metadata(error), allow_retries=False
        ) from None


def _metadata(error: IntercomAssetsError) -> dict[str, str]:
    metadata = {"error": type(error).__name__}
    if isinstance(error, IntercomError):
        request = error.request
        metadata["request"] = f"{request.method} {request.path}"
        metadata["status"] = str(request.status or "no answer")
        if request.code:
            metadata["intercom_code"] = request.code
        if request.request_id:
            metadata["request_id"] = request.request_id
    return metadata

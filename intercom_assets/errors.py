"""Every exception that this package raises, sorted by what the caller must do.

::

    IntercomAssetsError
    ├── ConfigurationError      fix the settings; never retried
    ├── IntercomError           an answer of Intercom; names the request, never the token
    │   ├── TransientError      retried by the client
    │   │   └── RateLimited     retried when the quota allows
    │   └── PermanentError      not retried
    │       ├── Unauthorized    the token may not read this
    │       ├── NotFound        the record is gone
    │       └── CutOff          a list breaks off before its end
    ├── SchemaError             an existing table cannot take the declared columns
    └── WarehouseError          the warehouse refused; names table and statement

The first sentence of a message says what is wrong, the second what to do. The other side's words
come last, in brackets: a reader needs them only to ask for help.
"""

from dataclasses import dataclass


class IntercomAssetsError(Exception):
    """Base class of the errors that this package raises."""


class ConfigurationError(IntercomAssetsError):
    """The settings are invalid; a person has to change them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestInfo:
    """A request to Intercom and its outcome, without secrets.

    Attributes:
        path: Path without host or query: the host is the user's own setting.
        version: Version of the API that was asked for; empty for the exchange of a code.
        status: HTTP status, None if no response came.
        code: Intercom's error code, such as `token_unauthorized`.
        message: Intercom's message, or the kind of failure if no response came.
        request_id: What Intercom's support asks for.
    """

    method: str
    path: str
    version: str = ""
    status: int | None = None
    code: str | None = None
    message: str | None = None
    request_id: str | None = None

    def __str__(self) -> str:
        """Return one line: the request, then its outcome."""
        answer = "no answer" if self.status is None else f"HTTP {self.status}"
        told = f" {self.code}" if self.code else ""
        said = f": {self.message}" if self.message else ""
        traced = f" (request id {self.request_id})" if self.request_id else ""
        return f"{self.method} {self.path} → {answer}{told}{said}{traced}"


class IntercomError(IntercomAssetsError):
    """Intercom returned an error, or no response.

    Attributes:
        wrong: What is wrong, as a sentence without its full stop.
        remedy: What the reader can do about it, likewise.
    """

    def __init__(self, request: RequestInfo, wrong: str, remedy: str) -> None:
        self.request = request
        self.wrong = wrong
        self.remedy = remedy
        super().__init__(f"{wrong}. {remedy}. [{request}]")

    def but(self, action: str) -> str:
        """Return a line for a sync that continues: what is wrong, and what is done about it."""
        return f"{self.wrong}; {action} [{self.request}]"

    @property
    def status(self) -> int | None:
        """HTTP status, None if no response came."""
        return self.request.status

    @property
    def code(self) -> str | None:
        """Intercom's error code."""
        return self.request.code


class TransientError(IntercomError):
    """The same request may succeed later: 5xx, time-outs, cut-off or empty responses."""


class RateLimited(TransientError):  # noqa: N818 - reads as what happened
    """The app's quota is used up.

    Attributes:
        retry_after: Seconds until Intercom's window resets, None if unknown.
    """

    def __init__(self, request: RequestInfo, *, retry_after: float | None) -> None:
        self.retry_after = retry_after
        super().__init__(
            request,
            "Another client of this Intercom app uses up the quota",
            "Lower rate_limit_share, or let the two run at different times",
        )


_WITHHELD = frozenset({
    "token_unauthorized", "forbidden", "action_forbidden", "api_plan_restricted",
    "intercom_version_invalid",
})  # fmt: skip


class PermanentError(IntercomError):
    """The same request will fail again: wrong request, version or plan."""

    @property
    def is_withheld(self) -> bool:
        """Whether only this is refused: the token is fine, a permission or the plan lacks it."""
        return self.status == 402 or self.code in _WITHHELD


class Unauthorized(PermanentError):  # noqa: N818 - reads as what happened
    """The token is refused, or lacks the scope for this resource."""


class NotFound(PermanentError):  # noqa: N818 - reads as what happened
    """Intercom has no such record (404), or it was merged into another one (410).

    Attributes:
        merged_into: Path of the record it was merged into, if Intercom names it.
    """

    merged_into: str | None = None


class CutOff(PermanentError):  # noqa: N818 - reads as what happened
    """A list keeps breaking off, or ends with fewer records than it counts.

    Attributes:
        came: Records that it returned.
        missing: Records that are missing at its end; 0 if it broke off before that.
    """

    def __init__(
        self, request: RequestInfo, wrong: str, remedy: str, *, came: int, missing: int
    ) -> None:
        self.came = came
        self.missing = missing
        super().__init__(request, wrong, remedy)


class SchemaError(IntercomAssetsError):
    """An existing table cannot take the declared columns."""


class WarehouseError(IntercomAssetsError):
    """The warehouse refused a statement or could not be opened."""

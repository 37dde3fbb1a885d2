"""Every exception that this package raises, sorted by what the runner must do.

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

The first sentence of a message says what is wrong, the next what to do. What the other side said
comes last, in brackets: whoever reads a failure needs it only to ask for help. Nothing else
belongs here.
"""

from dataclasses import dataclass


class IntercomAssetsError(Exception):
    """Everything that this package raises on purpose."""


class ConfigurationError(IntercomAssetsError):
    """The settings do not make sense; a person has to change them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestInfo:
    """What was asked of Intercom, as far as it may be shown.

    Attributes:
        method: HTTP method.
        path: Path without host or query: the host is the user's own setting.
        status: HTTP status of the answer, None when there was none.
        code: Intercom's error code, such as `token_unauthorized`.
        message: Intercom's own words; the kind of failure where there was no answer.
        request_id: What Intercom's support asks for.
    """

    method: str
    path: str
    status: int | None = None
    code: str | None = None
    message: str | None = None
    request_id: str | None = None

    def __str__(self) -> str:
        """Read as one line: the request, then what came back."""
        answer = "no answer" if self.status is None else f"HTTP {self.status}"
        told = f" {self.code}" if self.code else ""
        said = f": {self.message}" if self.message else ""
        traced = f" (request id {self.request_id})" if self.request_id else ""
        return f"{self.method} {self.path} → {answer}{told}{said}{traced}"


class IntercomError(IntercomAssetsError):
    """Intercom answered with an error, or not at all.

    Attributes:
        request: What was asked and what came back.
        wrong: What is wrong, in the reader's words: a sentence without its full stop.
        remedy: What the reader can do about it: another one.
    """

    def __init__(self, request: RequestInfo, wrong: str, remedy: str) -> None:
        self.request = request
        self.wrong = wrong
        self.remedy = remedy
        super().__init__(f"{wrong}. {remedy}. [{request}]")

    def but(self, action: str) -> str:
        """Say in a line what is done about it, where the sync goes on."""
        return f"{self.wrong}; {action} [{self.request}]"

    @property
    def status(self) -> int | None:
        """HTTP status of the answer, None when there was none."""
        return self.request.status

    @property
    def code(self) -> str | None:
        """Intercom's error code."""
        return self.request.code


class TransientError(IntercomError):
    """The same request may succeed later: 5xx, time-outs, cut-off or empty answers."""


class RateLimited(TransientError):  # noqa: N818 - reads as what happened
    """The app's quota is used up.

    Attributes:
        retry_after: Seconds until Intercom's window resets, None when it did not say.
    """

    def __init__(self, request: RequestInfo, *, retry_after: float | None) -> None:
        self.retry_after = retry_after
        super().__init__(
            request,
            "Another client of this Intercom app uses up the quota",
            "Lower rate_limit_share, or let the two run at different times",
        )


class PermanentError(IntercomError):
    """The same request will fail again: a wrong request, version or plan."""


class Unauthorized(PermanentError):  # noqa: N818 - reads as what happened
    """The token is refused, or lacks the scope for this resource."""


class NotFound(PermanentError):  # noqa: N818 - reads as what happened
    """Intercom has no such record (404), or it was merged into another one (410).

    Attributes:
        merged_into: Path of the record that it was merged into, where Intercom names it.
    """

    def __init__(
        self, request: RequestInfo, wrong: str, remedy: str, *, merged_into: str | None = None
    ) -> None:
        self.merged_into = merged_into
        super().__init__(request, wrong, remedy)


class CutOff(PermanentError):  # noqa: N818 - reads as what happened
    """A list breaks off however often it is read, or ends with fewer records than it counts.

    Attributes:
        came: Records that it returned.
        missing: Records that it lacks on its last page; 0 where it broke off before that.
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

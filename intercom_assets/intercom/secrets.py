"""Removal of the access token from what may repeat it: responses, and other libraries' logs.

A server or proxy may quote a request's headers in an error, a header or a record; from there the
token would reach logs, Dagster's storage and tables. What we write ourselves never contains it.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

_HIDDEN = "[access token]"

_SHORTEST = 12
"""Fewest characters of a token: anything shorter is not one, and may be a word of the records."""

_LOGGERS = ("httpx", "httpcore.http11")
"""They log reason phrases and headers of responses."""


class Secret(logging.Filter):
    """A token, and the forms in which a response may repeat it."""

    def __init__(self, token: str) -> None:
        super().__init__()
        known = len(token) >= _SHORTEST
        self._token = token.encode() if known else None
        # JSON may write any character as \uXXXX, and some encoders escape slashes.
        forms = (rf"\\?(?:{re.escape(one)}|\\u(?i:{ord(one):04x}))" for one in token)
        self._escaped = re.compile("".join(forms).encode()) if known else None

    def without(self, content: bytes) -> bytes:
        """Remove the token from a body."""
        return content.replace(self._token, _HIDDEN.encode()) if self._token else content

    def without_escaped(self, content: bytes) -> bytes:
        """Remove the token from a body that will be shown, however JSON escapes it."""
        return self._escaped.sub(_HIDDEN.encode(), content) if self._escaped else content

    def conceal_headers(self, response: httpx.Response) -> None:
        """Remove the token from a response's headers."""
        token = self._token
        if token and any(token in value for _, value in response.headers.raw):
            response.headers = httpx.Headers(
                [(name, self.without(value)) for name, value in response.headers.raw]
            )

    def filter(self, record: logging.LogRecord) -> bool:
        """Remove the token from a log record; every record passes."""
        if self._token and self._token.decode() in (line := record.getMessage()):
            record.msg, record.args = line.replace(self._token.decode(), _HIDDEN), ()
        return True

    @contextmanager
    def kept_from_logs(self) -> Iterator[None]:
        """Filter the loggers of the HTTP libraries for a block."""
        loggers = [logging.getLogger(name) for name in _LOGGERS]
        for logger in loggers:
            logger.addFilter(self)
        try:
            yield
        finally:
            for logger in loggers:
                logger.removeFilter(self)

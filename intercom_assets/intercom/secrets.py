"""The access token is taken out of whatever repeats it: answers, and other libraries' logs.

A server or proxy may quote the headers of a request in an error, a header or a record; from
there the token would reach logs, Dagster's records and tables. What we write ourselves never
holds it.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

_HIDDEN = "[access token]"

_SHORTEST = 12
"""Characters of a token at the least: a shorter one is none, and may be a word of the records."""

_LOGGERS = ("httpx", "httpcore.http11")
"""They write reason phrases and headers of answers."""


class Secret(logging.Filter):
    """A token, and the ways in which an answer may repeat it."""

    def __init__(self, token: str) -> None:
        super().__init__()
        known = len(token) >= _SHORTEST
        self._token = token.encode() if known else None
        # JSON may write any character as \uXXXX, and some writers put \ before a slash.
        forms = (rf"\\?(?:{re.escape(one)}|\\u(?i:{ord(one):04x}))" for one in token)
        self._escaped = re.compile("".join(forms).encode()) if known else None

    def without(self, content: bytes) -> bytes:
        """Take the token out of a body."""
        return content.replace(self._token, _HIDDEN.encode()) if self._token else content

    def without_escaped(self, content: bytes) -> bytes:
        """Take the token out of a body whose text will be shown, in whatever form of JSON."""
        return self._escaped.sub(_HIDDEN.encode(), content) if self._escaped else content

    def conceal_headers(self, response: httpx.Response) -> None:
        """Take the token out of the headers of an answer."""
        token = self._token
        if token and any(token in value for _, value in response.headers.raw):
            response.headers = httpx.Headers(
                [(name, self.without(value)) for name, value in response.headers.raw]
            )

    def filter(self, record: logging.LogRecord) -> bool:
        """Take the token out of a line of a log; every line passes."""
        if self._token and self._token.decode() in (line := record.getMessage()):
            record.msg, record.args = line.replace(self._token.decode(), _HIDDEN), ()
        return True

    @contextmanager
    def kept_from_logs(self) -> Iterator[None]:
        """Watch the loggers of the HTTP libraries for a block."""
        loggers = [logging.getLogger(name) for name in _LOGGERS]
        for logger in loggers:
            logger.addFilter(self)
        try:
            yield
        finally:
            for logger in loggers:
                logger.removeFilter(self)

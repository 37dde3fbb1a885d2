"""Requests to Intercom: authenticated, within the quota, retried, counted.

A `Client` belongs to an app's token; a `Session` is its use for one resource, with that
resource's counts and permission. Which requests a resource needs is not decided here.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from math import inf
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

import httpx

from intercom_assets.catalog.resource import ApiVersion
from intercom_assets.catalog.types import Json, Record
from intercom_assets.errors import (
    IntercomError,
    PermanentError,
    RateLimited,
    Request,
    TransientError,
)
from intercom_assets.intercom.answers import Answer, read_answer
from intercom_assets.intercom.meter import Meter
from intercom_assets.intercom.page_size import LARGEST, PageSize
from intercom_assets.intercom.rate_limit import RateLimiter
from intercom_assets.intercom.retry import Patience, Tries
from intercom_assets.intercom.secret import Secret
from intercom_assets.intercom.transport import distrust, transport_to

CONNECTIONS = 64
"""Connections kept open, and so the most requests in flight: they use up Intercom's default quota
of 167 a second where an answer takes 380 ms at the most."""

MAX_BODY = 256_000_000
"""Bytes of an answer after decompression; a page of 150 long conversations has a few million."""

_TIMEOUT = httpx.Timeout(60.0, connect=15.0, pool=None).as_dict()
_DEADLINE = 180.0

Places = tuple[tuple[str, ...], ...]
"""Where an answer may hold its list of records: each a run of keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request before it is sent.

    Attributes:
        method: GET or POST.
        path: Path below the host.
        params: Query parameters.
        body: JSON body of a POST.
        needs: Where the list is that the answer must hold; without it the answer counts as cut
            off and is asked for again.
        scope: The permission that this request needs, where it is not the resource's.
        most: Tries that are enough, where patience would have more.
    """

    method: str = "GET"
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: Record | None = None
    needs: Places = ()
    scope: str | None = None
    most: float = inf


class Client:
    """A connection to one Intercom app.

    Args:
        base_url: Scheme and host of the region.
        token: Access token; kept in the request headers, and taken out of answers.
        version: Sent with every request as `Intercom-Version`.
        limiter: The app's limiter, shared by all clients of the process.
        patience: When requests are sent again.
        transport: How bytes travel; a seam for tests.
        deadline: Seconds after which one try of a request is given up.
        page_size: The most records that any page is asked for.
    """

    def __init__(
        self,
        *,
        base_url: str,
        token: str,
        version: ApiVersion,
        limiter: RateLimiter,
        patience: Patience | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        deadline: float = _DEADLINE,
        page_size: int = LARGEST,
    ) -> None:
        self.base_url = base_url
        self.page_size = page_size
        self.version = version
        self.limiter = limiter
        self.patience = patience or Patience()
        self._deadline = deadline
        self._secret = Secret(token)
        self._stack = ExitStack()
        self._base = base_url.rstrip("/")
        # Not a dictionary: httpx's headers show no token in their repr.
        self._headers = httpx.Headers(
            {
                "Authorization": f"Bearer {token}",
                "Accept": "application/json",
                "Accept-Encoding": "gzip, deflate",
                "Intercom-Version": str(version),
                "User-Agent": "intercom_assets",
            }
        )
        self._transport = transport or transport_to(
            base_url,
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
        )

    async def __aenter__(self) -> Self:
        """Open the connection pool."""
        self._stack.enter_context(self._secret.kept_from_logs())
        await self._transport.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection pool."""
        with self._stack:
            await self._transport.__aexit__(kind, error, trace)

    def session(
        self,
        *,
        meter: Meter | None = None,
        scope: str | None = None,
        note: Callable[[str], None] = lambda _: None,
    ) -> "Session":
        """Use the client for one resource.

        Args:
            meter: Counts what the resource costs.
            scope: The permission that the resource needs, for messages.
            note: Told in one line about each retry.
        """
        return Session(self, meter or Meter(), scope, note)

    async def send(self, call: Call, scope: str | None, meter: Meter) -> Answer:
        """Send a request once, when the quota allows.

        Raises:
            TransientError: No usable answer came; the request may be sent again.
            PermanentError: Intercom refuses the request.
        """
        request = Request(method=call.method, path=call.path)
        async with self.limiter.slot(meter.waited):
            began = time.monotonic()
            response, content = await self._exchange(call, request)
            meter.answered(call.path, time.monotonic() - began)
            self.limiter.learn(response.headers)
            meter.quota_share = max(meter.quota_share, self.limiter.used_share)
        try:
            answer = read_answer(request, response, content, scope)
        except RateLimited as error:
            raise RateLimited(error.request, retry_after=self.limiter.exhausted()) from None
        if call.needs and records_at(answer.body, call.needs) is None:
            raise TransientError(
                Request(method=call.method, path=call.path, status=response.status_code),
                f"An answer of Intercom came without {'.'.join(call.needs[0])!r}, so it may have "
                "been cut off",
                "Run again; if it stays, report the request in brackets",
            )
        return answer

    async def _exchange(self, call: Call, request: Request) -> tuple[httpx.Response, bytes]:
        asked = self._asked(call)
        try:
            async with asyncio.timeout(self._deadline):
                response = await self._transport.handle_async_request(asked)
                try:
                    response.request = asked
                    self._secret.conceal_headers(response)
                    content = self._secret.without(await _body(response, request))
                finally:
                    await response.aclose()
                if not response.is_success:
                    content = self._secret.without_escaped(content)
                return response, content
        except (httpx.HTTPError, TimeoutError) as error:
            # Only the kind of failure, and no context: a transport error may quote headers.
            failure = unanswered(request, error, "base_url", self._base)
        raise failure

    def _asked(self, call: Call) -> httpx.Request:
        # Not through a client of httpx: cookies, redirects and its own log have no use here.
        query = f"?{urlencode(call.params)}" if call.params else ""
        return httpx.Request(
            call.method,
            f"{self._base}{call.path}{query}",
            headers=self._headers,
            json=call.body,
            extensions={"timeout": _TIMEOUT},
        )


def unanswered(request: Request, error: Exception, setting: str, url: str) -> IntercomError:
    """Say why no answer came, by the kind of failure alone.

    Args:
        request: What was asked.
        error: The failure.
        setting: The setting or variable that names the host.
        url: Scheme and host.
    """
    if reason := distrust(error):
        return PermanentError(
            replace(request, message=reason),
            f"The certificate of {httpx.URL(url).host}, or of a proxy before it, is not trusted",
            "Set SSL_CERT_FILE to a file with the root certificate of what inspects TLS here, or, "
            f"if nothing does, check {setting} and this machine's clock; then run again",
        )
    match error:
        case httpx.ProxyError():
            wrong = "The proxy refuses to connect to Intercom"
            setting = "the environment's proxy with its name and password"
        case httpx.ConnectError() | httpx.ConnectTimeout():
            wrong = "Intercom cannot be reached from this machine"
        case httpx.TimeoutException() | TimeoutError():
            wrong = "Intercom did not answer in time"
        case _:
            wrong = "The connection to Intercom was lost"
    return TransientError(
        replace(request, message=type(error).__name__),
        wrong,
        f"Check the network and {setting}, then run again",
    )


async def _body(response: httpx.Response, request: Request) -> bytes:
    # A few compressed bytes can stand for gigabytes, so the body is counted as it unfolds.
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > MAX_BODY:
            raise PermanentError(
                replace(request, status=response.status_code),
                f"The answer is larger than {MAX_BODY // 1_000_000} MB, as none of Intercom's is",
                "Check base_url, then run again",
            )
    return bytes(content)


@dataclass(frozen=True, slots=True)
class Session:
    """The use of a client for one resource.

    Attributes:
        client: The shared connection.
        meter: Counts what the resource costs.
        scope: The permission that the resource needs.
        note: Told in one line about each retry.
    """

    client: Client
    meter: Meter
    scope: str | None
    note: Callable[[str], None]
    _sizes: dict[int, PageSize] = field(default_factory=dict)

    def page_size(self, most: int) -> PageSize:
        """Give the size of pages of lists that have at most so many records a page."""
        largest = min(most, self.client.page_size)
        return self._sizes.setdefault(most, PageSize(largest, largest))

    async def ask(
        self,
        call: Call,
        *,
        retry: type[TransientError] = TransientError,
        instead: Callable[[TransientError], Call] | None = None,
    ) -> Answer:
        """Send a request until it succeeds or patience ends.

        Args:
            call: The request.
            retry: Errors after which it is sent again.
            instead: Gives what is sent after an error, where that is not the same request.

        Raises:
            TransientError: Patience ended; names the request.
            PermanentError: Intercom refuses the request.
        """
        tries: Tries | None = None
        while True:
            try:
                return await self.client.send(call, call.scope or self.scope, self.meter)
            except retry as error:
                tries = tries or Tries(self.client.patience)
                pause = tries.pause_after(error)
                if pause is None or tries.failed >= call.most:
                    raise
                self._retried(error, pause)
                call = instead(error) if instead else call
            await self.client.patience.sleep(pause)

    def _retried(self, error: TransientError, pause: float) -> None:
        self.meter.retries += 1
        self.note(error.but(f"trying again in {pause:.1f} s"))


def records_at(body: Record, places: Places) -> list[Json] | None:
    """Find the list in an answer; None where there is none.

    An answer of type `list` may have its records under another key, where it holds no other list;
    and null instead of a list where it counts none. An empty list under another key says nothing.
    """
    for keys in places:
        value: Json = body
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, list):
            return value
    if not str(body.get("type")).endswith("list"):
        return None
    lists = [value for value in body.values() if isinstance(value, list)]
    nothing = body.get("total_count") == 0 and not lists
    if len(lists) == 1 and any(isinstance(record, dict) for record in lists[0]):
        return lists[0]
    return [] if nothing else None

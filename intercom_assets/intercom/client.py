"""Client of Intercom's API: authenticates, observes the quota, retries and counts requests.

A `Client` belongs to an app's token; a `ResourceSession` uses it for one resource, with that
resource's metrics and permission. Which requests a resource needs is decided elsewhere.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from math import inf
from pathlib import Path
from typing import Self
from urllib.parse import urlencode

import httpx

from intercom_assets.catalog.resource import ApiVersion
from intercom_assets.catalog.types import Record
from intercom_assets.errors import (
    IntercomError,
    PermanentError,
    RateLimited,
    RequestInfo,
    TransientError,
)
from intercom_assets.intercom.metrics import RequestMetrics
from intercom_assets.intercom.rate_limit import RateLimiter
from intercom_assets.intercom.responses import (
    Places,
    Response,
    came_without,
    read_response,
    records_at,
    retry_after,
)
from intercom_assets.intercom.retry import LARGEST, PageSize, RetryPolicy, RetryState
from intercom_assets.intercom.secrets import Secret
from intercom_assets.intercom.transport import distrust, transport_to

CONNECTIONS = 64
"""Connections kept open, and so the most requests in flight: enough to use up Intercom's default
quota of 167 a second as long as responses take at most 380 ms."""

MAX_BODY = 256_000_000
"""Most bytes of a decompressed response; a page of 150 long conversations has a few million."""

_TIMEOUT = httpx.Timeout(60.0, connect=15.0, pool=None).as_dict()
_DEADLINE = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request before it is sent.

    Attributes:
        needs: Where the response must contain its list; otherwise it counts as cut off and is
            requested again.
        scope: The permission that this request needs, if not the resource's.
        most: Limit on tries, if below the retry policy's.
        exclusive: Whether a 429 may mean that another job is pending, which is the caller's matter.
        to: File that receives the body as it arrives, whatever its form and size.
    """

    method: str = "GET"
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: Record | None = None
    needs: Places = ()
    scope: str | None = None
    most: float = inf
    exclusive: bool = False
    to: Path | None = None

    def answered(self, message: str | None = None) -> RequestInfo:
        """Return the request, with a response that is successful and yet wrong."""
        return RequestInfo(method=self.method, path=self.path, status=200, message=message)


class Client:
    """A connection to one Intercom app, whose limiter all clients of the process share."""

    def __init__(
        self,
        *,
        base_url: str,
        token: str,
        version: ApiVersion,
        limiter: RateLimiter,
        retry_policy: RetryPolicy | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        page_size: int = LARGEST,
    ) -> None:
        self.base_url = base_url
        self.page_size = page_size
        self.version = version
        self.limiter = limiter
        self.retry_policy = retry_policy or RetryPolicy()
        self._secret = Secret(token)
        self._stack = ExitStack()
        self._base = base_url.rstrip("/")
        # Unlike a dictionary, httpx's headers hide the token in their repr.
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
        self._stack.enter_context(self._secret.kept_from_logs())
        await self._transport.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        with self._stack:
            await self._transport.aclose()

    def session(
        self,
        *,
        meter: RequestMetrics | None = None,
        scope: str | None = None,
        note: Callable[[str], None] = lambda _: None,
    ) -> "ResourceSession":
        """Return a session for one resource."""
        return ResourceSession(self, meter or RequestMetrics(), scope, note)

    def without_token(self, content: bytes) -> bytes:
        """Remove the access token from what Intercom sent."""
        return self._secret.without(content)

    async def send(self, call: Call, scope: str | None, meter: RequestMetrics) -> Response:
        """Send a request once, as soon as the quota allows.

        Raises:
            TransientError: No usable response came; the request may be sent again.
            PermanentError: Intercom refuses the request.
        """
        request = RequestInfo(method=call.method, path=call.path, version=str(self.version))
        async with self.limiter.slot(meter.waited):
            began = time.monotonic()
            response, content = await self._exchange(call, request)
            meter.answered(call.path, time.monotonic() - began)
            self.limiter.learn(response.headers)
            meter.quota_share = max(meter.quota_share, self.limiter.used_share)
        if call.to is not None and response.is_success:
            return Response({}, None)
        try:
            answer = read_response(request, response, content, scope)
        except RateLimited as error:
            if call.exclusive:
                raise RateLimited(error.request, retry_after=retry_after(response)) from None
            raise RateLimited(error.request, retry_after=self.limiter.exhausted()) from None
        if call.needs and records_at(answer.body, call.needs) is None:
            raise came_without(replace(request, status=response.status_code), call.needs[0])
        return answer

    async def _exchange(self, call: Call, request: RequestInfo) -> tuple[httpx.Response, bytes]:
        asked = self._asked(call)
        try:
            async with asyncio.timeout(_DEADLINE) as deadline:
                response = await self._transport.handle_async_request(asked)
                try:
                    response.request = asked
                    self._secret.conceal_headers(response)
                    if call.to is not None and response.is_success:
                        deadline.reschedule(None)
                        await save_body(response, call.to)
                        return response, b""
                    content = self._secret.without(await read_body(response, request))
                finally:
                    await response.aclose()
                if not response.is_success:
                    content = self._secret.without_escaped(content)
                return response, content
        except (httpx.HTTPError, TimeoutError) as error:
            # Report only the kind of failure, no context: a transport error may quote headers.
            failure = unanswered(request, error, "base_url", self._base)
        raise failure

    def _asked(self, call: Call) -> httpx.Request:
        # Not httpx's client, whose cookies, redirects and log are not wanted here.
        query = f"?{urlencode(call.params)}" if call.params else ""
        headers = self._headers.copy()
        if call.to is not None:
            headers["Accept"] = "application/octet-stream"
        return httpx.Request(
            call.method,
            f"{self._base}{call.path}{query}",
            headers=headers,
            json=call.body,
            extensions={"timeout": _TIMEOUT},
        )


def unanswered(request: RequestInfo, error: Exception, setting: str, url: str) -> IntercomError:
    """Return the error for a missing response; `setting` is the one that names the host."""
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


async def read_body(response: httpx.Response, request: RequestInfo, most: int = MAX_BODY) -> bytes:
    """Read a body of at most `most` bytes.

    Raises:
        PermanentError: It is longer.
    """
    # A few compressed bytes can expand to gigabytes, so count while decompressing.
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > most:
            raise PermanentError(
                replace(request, status=response.status_code),
                f"The answer is larger than {most // 1_000_000} MB, as none of Intercom's is",
                "Check base_url, then run again",
            )
    return bytes(content)


async def save_body(response: httpx.Response, path: Path) -> None:
    """Write a body to a file as it arrives."""
    with path.open("wb") as file:
        async for chunk in response.aiter_bytes():
            file.write(chunk)


@dataclass(frozen=True, slots=True)
class ResourceSession:
    """A client in use for one resource; `note` receives a line about each retry."""

    client: Client
    meter: RequestMetrics
    scope: str | None
    note: Callable[[str], None]
    _sizes: dict[int, PageSize] = field(default_factory=dict)

    def page_size(self, most: int) -> PageSize:
        """Return the page size shared by all lists with this maximum of records per page."""
        largest = min(most, self.client.page_size)
        return self._sizes.setdefault(most, PageSize(largest, largest))

    async def ask(
        self,
        call: Call,
        *,
        retry: type[TransientError] = TransientError,
        instead: Callable[[TransientError], Call] | None = None,
    ) -> Response:
        """Send a request until it succeeds or its tries are used up.

        Errors of type `retry` are retried, with the call that `instead` returns if it is given.

        Raises:
            TransientError: All tries failed; names the request.
            PermanentError: Intercom refuses the request.
        """
        tries: RetryState | None = None
        while True:
            try:
                return await self.client.send(call, call.scope or self.scope, self.meter)
            except retry as error:
                if call.exclusive and isinstance(error, RateLimited):
                    raise
                tries = tries or RetryState(self.client.retry_policy)
                pause = tries.pause_after(error)
                if pause is None or tries.failed >= call.most:
                    raise
                self.meter.retries += 1
                self.note(error.but(f"trying again in {pause:.1f} s"))
                call = instead(error) if instead else call
            await self.client.retry_policy.sleep(pause)

"""How bytes travel: httpx's interface over the connections of aiohttp.

httpx's own pool looks through all connections at each request, which costs more than the rest of
a request where dozens are in flight. Behind a proxy of the environment it is used all the same:
its rules of proxies are the known ones.

aiohttp sends a GET again that met a lost connection. Here each request is sent once: a page of
the scroll that is asked for twice is a page that is lost.
"""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from urllib.request import getproxies

import httpx

if TYPE_CHECKING:
    import aiohttp

Transport = httpx.AsyncBaseTransport


def transport_to(base_url: str, *, limits: httpx.Limits, trust_env: bool) -> Transport:
    """Choose how a host is reached.

    Args:
        base_url: Scheme and host.
        limits: How many connections are kept, and for how long.
        trust_env: Whether proxies of the environment are for this host.
    """
    if trust_env and not getproxies().keys().isdisjoint({httpx.URL(base_url).scheme, "all"}):
        return ProxiedTransport(limits=limits)
    return DirectTransport(limits=limits, trust_env=trust_env)


class ProxiedTransport(Transport):
    """Reaches a host through the proxies that the environment names.

    Args:
        limits: How many connections are kept, and for how long.
    """

    def __init__(self, *, limits: httpx.Limits) -> None:
        self._client = httpx.AsyncClient(limits=limits, trust_env=True, auth=_unchanged)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request."""
        self._client.cookies.clear()
        return await self._client.send(request, stream=True, follow_redirects=False)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()


def _unchanged(request: httpx.Request) -> httpx.Request:
    # A password of ~/.netrc must not take the place of the token.
    return request


class DirectTransport(Transport):
    """Reaches a host without a proxy, each request once; close it when it is no longer needed.

    Args:
        limits: How many connections are kept, and for how long.
        trust_env: Whether certificates that the environment names are trusted.
    """

    def __init__(self, *, limits: httpx.Limits, trust_env: bool) -> None:
        self._limits = limits
        self._trust_env = trust_env
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request.

        Raises:
            httpx.TransportError: No answer came.
        """
        # aiohttp takes a while to import, and not every process sends a request.
        import aiohttp  # noqa: PLC0415
        from yarl import URL  # noqa: PLC0415

        if self._closed:
            raise httpx.NetworkError("closed")
        if self._session is None:
            self._session = self._opened(secure=request.url.scheme == "https")
        timeout = request.extensions.get("timeout", {})
        try:
            answer = await self._session.request(
                request.method,
                # Already encoded: a path must not be read a second time.
                URL(str(request.url), encoded=True),
                headers=request.headers,
                data=request.content or None,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    sock_connect=timeout.get("connect"), sock_read=timeout.get("read")
                ),
            )
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise _mapped(error) from error
        return httpx.Response(
            answer.status,
            headers=answer.raw_headers,
            stream=_Body(answer),
            request=request,
            extensions={
                "http_version": b"HTTP/1.1",
                "reason_phrase": (answer.reason or "").encode(errors="replace"),
            },
        )

    async def aclose(self) -> None:
        """Close all connections."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _opened(self, *, secure: bool) -> "aiohttp.ClientSession":
        import aiohttp  # noqa: PLC0415 - as above

        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._limits.max_connections or 0,
                keepalive_timeout=self._limits.keepalive_expiry,
                ssl=httpx.create_ssl_context(trust_env=self._trust_env) if secure else True,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            middlewares=[_once],
        )


class _Body(httpx.AsyncByteStream):
    """The body of an answer as it arrives."""

    def __init__(self, answer: "aiohttp.ClientResponse") -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        import aiohttp  # noqa: PLC0415 - as above

        try:
            async for chunk in self._answer.content.iter_any():
                yield chunk
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _mapped(error) from error

    async def aclose(self) -> None:
        # The connection is kept where the body was read to its end, and closed otherwise.
        self._answer.close()


async def _once(
    request: "aiohttp.ClientRequest", handler: "aiohttp.ClientHandlerType"
) -> "aiohttp.ClientResponse":
    # Only these failures make aiohttp try again.
    import aiohttp  # noqa: PLC0415 - as above

    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _mapped(error) from error


def _mapped(error: Exception) -> httpx.TransportError:
    """Name a failure in httpx's words; what was sent stays out of the message."""
    import aiohttp  # noqa: PLC0415 - as above

    kind: type[httpx.TransportError]
    match error:
        case aiohttp.ConnectionTimeoutError():
            kind = httpx.ConnectTimeout
        case aiohttp.ServerTimeoutError() | TimeoutError():
            kind = httpx.ReadTimeout
        case aiohttp.ClientConnectorError():
            kind = httpx.ConnectError
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientPayloadError():
            kind = httpx.RemoteProtocolError
        case aiohttp.ClientResponseError():
            kind = httpx.RemoteProtocolError
        case _:
            kind = httpx.NetworkError
    return kind(type(error).__name__)

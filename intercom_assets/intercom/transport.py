"""HTTP transport: httpx's interface over aiohttp's connections.

httpx's own pool scans all connections at each request, which costs more than the rest of the
request when dozens are in flight, so it is used through a proxy only. Proxies and trusted
certificates are read from the environment here, for everything that sends HTTP: unusable ones
would make httpx fail with a traceback.

aiohttp resends a GET whose connection was lost. Here each request is sent once: requesting a page
of the scroll twice loses a page.
"""

import os
import re
import ssl
from collections.abc import AsyncIterator
from importlib.util import find_spec
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.request import getproxies, proxy_bypass

import httpx

from intercom_assets.errors import ConfigurationError

if TYPE_CHECKING:
    import aiohttp

Transport = httpx.AsyncBaseTransport


def transport_to(base_url: str, *, limits: httpx.Limits) -> Transport:
    """Return the transport for a host.

    Raises:
        ConfigurationError: The environment's proxy or certificates are unusable.
    """
    proxy = proxy_to(base_url)
    if proxy is None:
        return DirectTransport(limits=limits)
    return httpx.AsyncHTTPTransport(proxy=proxy, verify=trusted(), limits=limits, trust_env=False)


def proxy_to(url: str) -> httpx.Proxy | None:
    """Return the environment's first usable proxy for a host, or None.

    Raises:
        ConfigurationError: None of several is usable; names the variable, but shows no address.
    """
    asked, proxies = httpx.URL(url), getproxies()
    kinds = [kind for kind in (asked.scheme, "all") if proxies.get(kind, "").strip()]
    if not kinds or is_loopback(url) or _is_excepted(asked, proxies.get("no", "")):
        return None
    for kind in kinds:
        if proxy := _readable(proxies[kind].strip()):
            return proxy
    lower = f"{kinds[0]}_proxy"
    variable = lower if os.environ.get(lower) else lower.upper()
    raise ConfigurationError(
        f"The proxy that {variable} names cannot be used. Set {variable} to http://host:port "
        "(https:// too, and socks5:// where the package socksio is installed), or add the host "
        "that is asked to NO_PROXY, then start again"
    )


def _readable(address: str) -> httpx.Proxy | None:
    try:
        proxy = httpx.Proxy(address if "://" in address else f"http://{address}")
    except (httpx.InvalidURL, ValueError):
        return None
    where = proxy.url
    if where.scheme.startswith("socks") and find_spec("socksio") is None:
        return None
    return proxy if re.fullmatch(r"[\w.:-]+", where.host) and (where.port or 0) < 1 << 16 else None


def _is_excepted(url: httpx.URL, exceptions: str) -> bool:
    """Return whether NO_PROXY names a host, its domain, its address or its network."""
    host = f"[{url.host}]" if ":" in url.host else url.host
    entries = {entry.strip("[]") for entry in re.split(r"[\s,]+", exceptions)}
    return (
        "*" in entries
        or bool(proxy_bypass(f"{host}:{url.port or 443}"))
        or any(_covers(entry.lower().lstrip("*."), url.host) for entry in entries - {""})
    )


def _covers(entry: str, host: str) -> bool:
    try:
        return ip_address(host) in ip_network(entry, strict=False)
    except ValueError:
        return host == entry or host.endswith(f".{entry}")


def is_loopback(url: str) -> bool:
    """Return whether a URL names this machine, for which no proxy is used."""
    host = httpx.URL(url).host
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def check_address(address: str) -> str | None:
    """Return what is wrong with an address that secrets are sent to, without repeating it."""
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, TypeError):
        url = httpx.URL()
    if not url.host:
        return "is not a URL"
    if url.userinfo:
        return "must not hold a name or password"
    if url.scheme == "https" or (url.scheme == "http" and is_loopback(address)):
        return None
    return "must be https (http is allowed on loopback only)"


def trusted() -> ssl.SSLContext:
    """Return a TLS context that trusts SSL_CERT_FILE, SSL_CERT_DIR, or certifi's certificates.

    Raises:
        ConfigurationError: The file cannot be read.
    """
    try:
        return httpx.create_ssl_context()
    except OSError as error:
        reason = error.strerror or type(error).__name__
    raise ConfigurationError(
        "The certificates in the file that SSL_CERT_FILE names cannot be read. Set it to a "
        f"readable file of certificates in PEM form, or unset it, then start again. [{reason}]"
    )


def distrust(error: BaseException) -> str | None:
    """Return the TLS library's reason if an error is about an untrusted certificate."""
    cause: BaseException | None = error
    while cause is not None:
        # aiohttp's own error is of this type too, but has no reason.
        if isinstance(cause, ssl.SSLCertVerificationError) and (
            reason := getattr(cause, "verify_message", "")
        ):
            return str(reason)
        cause = cause.__cause__ or cause.__context__
    return None


class DirectTransport(Transport):
    """Sends each request once, without a proxy."""

    def __init__(self, *, limits: httpx.Limits) -> None:
        self._limits = limits
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request.

        Raises:
            httpx.TransportError: No response came.
            ConfigurationError: The environment's certificates cannot be read.
        """
        # aiohttp is slow to import, and not every process sends a request.
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
                # Already encoded: yarl must not requote the path.
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
                ssl=trusted() if secure else True,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            middlewares=[_once],
        )


class _Body(httpx.AsyncByteStream):
    """The body of a response as it arrives."""

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
        # Keeps the connection if the body was read to its end, and closes it otherwise.
        self._answer.close()


async def _once(
    request: "aiohttp.ClientRequest", handler: "aiohttp.ClientHandlerType"
) -> "aiohttp.ClientResponse":
    # Only after these failures would aiohttp resend.
    import aiohttp  # noqa: PLC0415 - as above

    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _mapped(error) from error


def _mapped(error: Exception) -> httpx.TransportError:
    """Return httpx's error for a failure, without quoting what was sent."""
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

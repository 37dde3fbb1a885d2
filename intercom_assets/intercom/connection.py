"""The connection of a source to its workspace, for use from ordinary threads.

All connections of a process share one event-loop thread, and those of one app share one limiter,
since the quota is the app's.
"""

import atexit
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from typing import Self, TypeVar, TypeVarTuple

import httpx
from anyio.from_thread import BlockingPortal, BlockingPortalProvider

from intercom_assets.catalog.resource import ApiVersion
from intercom_assets.errors import ConfigurationError, Unauthorized
from intercom_assets.intercom import REGIONS
from intercom_assets.intercom.client import Client, ResourceSession
from intercom_assets.intercom.exports.job import ExportPolicy, Exports
from intercom_assets.intercom.metrics import RequestMetrics
from intercom_assets.intercom.rate_limit import RateLimiter
from intercom_assets.intercom.retry import LARGEST, RetryPolicy
from intercom_assets.intercom.transport import check_address
from intercom_assets.intercom.workspace import Workspace, read_workspace

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_EVENT_LOOP = BlockingPortalProvider()


_LIMITERS: dict[str, RateLimiter] = {}
_LIMITERS_LOCK = threading.Lock()


def _limiter(base_url: str, token: str, share: float) -> RateLimiter:
    """Return the app's limiter, with the smallest share that any source sets."""
    app = sha256(f"{base_url}\0{token}".encode()).hexdigest()
    with _LIMITERS_LOCK:
        limiter = _LIMITERS.setdefault(app, RateLimiter(share))
        limiter.share = min(limiter.share, share)
    return limiter


class Connection:
    """A source's connection to its workspace, opened by `with`."""

    def __init__(  # noqa: PLR0913 - settings and seams, passed by name
        self,
        *,
        token: str,
        region: str,
        version: ApiVersion,
        base_url: str | None = None,
        rate_limit_share: float = 0.9,
        page_size: int = LARGEST,
        retry_policy: RetryPolicy | None = None,
        export_policy: ExportPolicy | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        token = token.strip()
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise ConfigurationError(
                "The access token is empty or holds characters that no token has. Copy it again "
                "from Intercom's Developer Hub (your app > Configure > Authentication)"
            )
        self.region = region
        self.base_url = base_url or REGIONS[region]
        if problem := check_address(self.base_url):
            raise ConfigurationError(
                f"base_url {self.base_url!r} {problem}. Unset it, or set it to the address of a "
                "simulator or proxy"
            )
        self._export_policy = export_policy or ExportPolicy()
        self._client: Callable[[], Client] = lambda: Client(
            base_url=self.base_url,
            token=token,
            version=version,
            limiter=_limiter(self.base_url, token, rate_limit_share),
            retry_policy=retry_policy,
            transport=transport,
            page_size=page_size,
        )
        self._stack = ExitStack()
        self._lock = threading.Lock()
        self._open: tuple[BlockingPortal, Client, Exports] | None = None
        self._workspace: Workspace | Unauthorized | ConfigurationError | None = None

    def __repr__(self) -> str:
        """Show the host, never the token."""
        return f"Connection({self.base_url!r})"

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> Self:
        """Open the connection pool, starting the event loop if necessary."""
        try:
            atexit.register(self.close)
            portal = self._stack.enter_context(_EVENT_LOOP)
            client = portal.call(self._client)
            self._stack.enter_context(portal.wrap_async_context_manager(client))
            # Closed before the client, which cancels jobs that were given up.
            exports = Exports(self._export_policy)
            self._stack.enter_context(portal.wrap_async_context_manager(exports))
            self._open = (portal, client, exports)
        except BaseException:
            self.close()
            raise
        return self

    def close(self) -> None:
        """Close the pool if it is open; the event loop ends with its last connection."""
        self._open = None
        self._stack.close()
        atexit.unregister(self.close)

    @property
    def portal(self) -> BlockingPortal:
        """The portal to the event loop."""
        return self._opened()[0]

    @property
    def exports(self) -> Exports:
        """The exports that all resources share."""
        return self._opened()[2]

    @property
    def requests_per_minute(self) -> float:
        """What our share of the quota allows, once Intercom has told the quota."""
        return self._opened()[1].limiter.per_minute

    def call(self, work: Callable[[*Ts], Awaitable[T]], *arguments: *Ts) -> T:
        """Run work on the event loop and wait for it; cancel it if the wait is interrupted.

        Ctrl-C ends only the wait, and a request that is being retried would outlive the pool.
        """
        with started(self.portal, work, *arguments) as future:
            return future.result()

    def session(
        self, *, meter: RequestMetrics, scope: str, note: Callable[[str], None]
    ) -> ResourceSession:
        """Return a session for one resource."""
        return self._opened()[1].session(meter=meter, scope=scope, note=note)

    def workspace(self, session: ResourceSession) -> Workspace:
        """Return the token's workspace; requested once, and a refusal is remembered.

        Raises:
            Unauthorized: The token is wrong.
            ConfigurationError: The workspace is in another region.
        """
        with self._lock:
            if self._workspace is None:
                try:
                    self._workspace = self.call(read_workspace, session, self.region)
                except (Unauthorized, ConfigurationError) as error:
                    self._workspace = error
        if isinstance(self._workspace, Workspace):
            return self._workspace
        raise self._workspace

    def _opened(self) -> tuple[BlockingPortal, Client, Exports]:
        if self._open is None:
            raise RuntimeError("the connection is not open: use it in a `with`")
        return self._open


@contextmanager
def started(
    portal: BlockingPortal, work: Callable[[*Ts], Awaitable[T]], *arguments: *Ts
) -> Iterator[Future[T]]:
    """Start work on the event loop, and cancel it if it outlasts the block."""
    future = portal.start_task_soon(work, *arguments)
    try:
        yield future
    finally:
        future.cancel()

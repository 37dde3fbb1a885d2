"""A connection whose answers are changed on their way: what a proxy or a broken index does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from intercom_assets.intercom.connection import Connection
from intercom_assets.intercom.retry import RetryPolicy
from intercom_assets_tests.in_process import InProcess
from intercom_assets_tests.world import World, no_sleep
from intercom_simulator import Workspace, create_app

Answered = Callable[[httpx.Request, httpx.Response], httpx.Response]


class ChangingLine(httpx.AsyncBaseTransport):
    """The line to a simulator, on which answers are changed.

    Args:
        workspace: The simulated Intercom.
        change: Takes an answer whose body was read, and gives another.
    """

    def __init__(self, workspace: Workspace, change: Answered) -> None:
        self._inner = InProcess(create_app(workspace))
        self._change = change

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request and change the answer."""
        response = await self._inner.handle_async_request(request)
        await response.aread()
        return self._change(request, response)


@contextmanager
def answering(world: World, port: int, change: Answered) -> Iterator[Connection]:
    """Open a connection to a world's workspace whose answers are changed."""
    with Connection(
        token=world.token,
        region=world.region,
        version=world.version,
        base_url=f"http://127.0.0.1:{port}",
        retry_policy=RetryPolicy(attempts=3, sleep=no_sleep),
        transport=ChangingLine(world.workspace, change),
    ) as connection:
        yield connection


def thinned(keep: int) -> Answered:
    """Keep every n-th record of a search answer, and none of them for 0."""

    def change(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        body = response.json()
        if request.url.path.endswith("/search"):
            for name in ("data", "conversations"):
                if name in body:
                    body[name] = body[name][::keep] if keep else []
        # Links lead from a merged contact to the one that it lives on in.
        headers = {name: response.headers.get(name, "") for name in ("date", "link")}
        return httpx.Response(response.status_code, headers=headers, json=body)

    return change

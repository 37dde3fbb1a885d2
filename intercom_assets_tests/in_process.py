"""The line to an ASGI application of this process."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import httpx
from starlette.types import ASGIApp


class InProcess(httpx.AsyncBaseTransport):
    """Hands a request to an application, and collects what it answers.

    httpx's own transport looks for another event loop at each request, by an import that fails
    after a search of the whole path: a tenth of the time that these tests take.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Call the application; an error of it is raised here."""
        body, answered = await request.aread(), asyncio.Event()
        incoming = [{"type": "http.request", "body": body, "more_body": False}]
        status, headers, parts = 0, list[tuple[bytes, bytes]](), list[bytes]()

        async def receive() -> MutableMapping[str, Any]:
            if incoming:
                return incoming.pop()
            await answered.wait()
            return {"type": "http.disconnect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers.extend(message.get("headers", []))
                return
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                answered.set()

        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": request.method,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "scheme": request.url.scheme,
            "path": request.url.path,
            "raw_path": request.url.raw_path.split(b"?")[0],
            "query_string": request.url.query,
            "server": (request.url.host, request.url.port),
            "client": ("127.0.0.1", 123),
            "root_path": "",
        }
        await self._app(scope, receive, send)
        assert answered.is_set()
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(b"".join(parts)))

"""The line between the connector and fakesnow, on which things happen.

It repeats the answer to a request that comes twice, as Snowflake does: the connector sends a
request again when the answer was lost, and no statement may run twice for that.
"""

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from intercom_assets_tests.dagster_project.running import serving_app

Json = dict[str, Any]


def refusal(code: str, message: str) -> Json:
    """Give a refusal as Snowflake writes it."""
    data = {"errorCode": code, "sqlState": "00000"}
    return {"success": False, "code": code, "message": message, "data": data}


SESSION_GONE = refusal("390111", "Session no longer exists. New login required.")


@dataclass
class Line:
    """What happens on the line.

    Attributes:
        port: Where it listens.
        statements: Every statement that came along.
        logins: What every login was tried with.
        before: Answers a statement instead of Snowflake, or gives None.
        after: Answers a statement that Snowflake has run, or gives None; the session is then lost.
        login: Answers a login, or gives None.
    """

    port: int = 0
    statements: list[str] = field(default_factory=list)
    logins: list[Json] = field(default_factory=list)
    before: Callable[[str], Json | None] = lambda _: None
    after: Callable[[str], Json | None] = lambda _: None
    login: Callable[[], Json | int | None] = lambda: None
    _answers: dict[str, Response] = field(default_factory=dict)

    async def carry(self, request: Request, upstream: httpx.AsyncClient) -> Response:
        """Carry a request to Snowflake and its answer back, unless something happens."""
        body = await request.body()
        if request.url.path == "/session/v1/login-request":
            self.logins.append(_read(request, body)["data"])
        match request.url.path:
            case "/session/v1/login-request" if (told := self.login()) is not None:
                return Response(status_code=told) if isinstance(told, int) else JSONResponse(told)
            case "/queries/v1/query-request":
                number = request.query_params["requestId"]
                if number not in self._answers:
                    self._answers[number] = await self._ask(request, body, upstream)
                return self._answers[number]
            case _:
                return await _forward(request, body, upstream)

    async def _ask(self, request: Request, body: bytes, upstream: httpx.AsyncClient) -> Response:
        statement = _statement(request, body)
        self.statements.append(statement)
        if (told := self.before(statement)) is not None:
            return JSONResponse(told)
        answer = await _forward(request, body, upstream)
        if (told := self.after(statement)) is None:
            return answer
        # A session that ends takes its open transaction with it.
        rollback = json.dumps({"sqlText": "ROLLBACK"}).encode()
        await _forward(request, rollback, upstream, encoding="identity")
        return JSONResponse(told)


def _statement(request: Request, body: bytes) -> str:
    return str(_read(request, body)["sqlText"])


def _read(request: Request, body: bytes) -> Json:
    zipped = request.headers.get("content-encoding") == "gzip"
    read: Json = json.loads(gzip.decompress(body) if zipped else body)
    return read


async def _forward(
    request: Request, body: bytes, upstream: httpx.AsyncClient, encoding: str | None = None
) -> Response:
    headers = {
        name: value
        for name, value in request.headers.items()
        if name not in {"host", "content-length"}
    }
    if encoding:
        headers["content-encoding"] = encoding
    answer = await upstream.request(
        request.method, request.url.path, params=request.url.query, content=body, headers=headers
    )
    return Response(answer.content, answer.status_code, media_type="application/json")


@contextmanager
def line_to(port: int) -> Iterator[Line]:
    """Lay a line to a fakesnow server for a block."""
    line = Line()
    # One client for all requests, as a new one reads the certificates; it keeps no connection.
    closing = httpx.Limits(max_keepalive_connections=0)
    upstream = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, limits=closing)

    async def carry(request: Request) -> Response:
        return await line.carry(request, upstream)

    methods = ["GET", "POST", "PUT", "DELETE"]
    app = Starlette(routes=[Route("/{path:path}", carry, methods=methods)])
    with serving_app(app) as url:
        line.port = int(url.rsplit(":", 1)[1])
        yield line

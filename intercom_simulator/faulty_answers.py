"""What each fault puts on the wire instead of, or around, the true answer."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from intercom_simulator.calls import JsonResponse
from intercom_simulator.faults import FaultKind
from intercom_simulator.records import Json
from intercom_simulator.refusals import envelope
from intercom_simulator.workspace import Workspace

Answer: TypeAlias = Callable[[Send], Awaitable[None]]

_PROXY_PAGE = (
    "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
    "<center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
_ENVELOPES: dict[FaultKind, tuple[str, str]] = {
    "400": ("bad_request", "The request could not be understood."),
    "401": ("token_unauthorized", "Not authorized to access resource"),
    "403": ("forbidden", "You do not have the required scope to access this resource"),
    "404": ("not_found", "Resource Not Found"),
    "500": (
        "server_error",
        "Request failed due to an internal network error. Please restart the scroll operation.",
    ),
    "503": ("service_unavailable", "Sorry, please try again"),
}
_BODIES: dict[FaultKind, bytes] = {
    "odd200": b'{"type": "list", "data": {"message": "?"}, "pages": []}',
    "empty200": b"",
    "garbage200": b"<!doctype html><title>ok</title>",
}
_LISTS = ("data", "companies", "conversation_parts")
_DRIPS = 8


@dataclass(frozen=True, slots=True)
class Wire:
    """The three of ASGI: which request, and how to hear and speak."""

    scope: Scope
    receive: Receive
    send: Send

    async def respond(self, response: Response) -> None:
        """Sends a whole response."""
        await response(self.scope, self.receive, self.send)

    async def cut(self, how: str) -> bool:
        """Closes or aborts the connection; False where there is none to cut."""
        cut = self.scope.get("state", {}).get(how)
        if cut is None:
            return False
        cut()
        await self.disconnected()
        return True

    async def disconnected(self) -> None:
        """Waits until the connection is gone."""
        while (await self.receive())["type"] != "http.disconnect":
            pass


async def perform(fault: str, workspace: Workspace, wire: Wire, answer: Answer) -> None:
    """Answers a request with its fault."""
    if fault == "reset":
        await _reset(workspace, wire)
    elif fault == "hang":
        await _hang(workspace, wire)
    elif fault == "slow":
        await answer(_dripping(wire.send, workspace.faults.drip_seconds))
    elif fault == "truncated":
        await answer(_halved(wire))
    elif fault in {"no_list", "short_list"}:
        await answer(_shortened(wire, keep_half=fault == "short_list"))
    else:
        await wire.respond(_response(fault, workspace))


def _response(fault: str, workspace: Workspace) -> Response:
    if fault in {"429", "429_bare"}:
        return _too_many(workspace, with_headers=fault == "429")
    if fault in _ENVELOPES:
        return JsonResponse(envelope(*_ENVELOPES[fault]), int(fault))
    if fault in _BODIES:
        return Response(_BODIES[fault], 200, media_type="application/json")
    titles = {"502": "502 Bad Gateway", "504": "504 Gateway Time-out", "html404": "404 Not Found"}
    title = titles[fault]
    return Response(_PROXY_PAGE.format(title=title), int(title[:3]), media_type="text/html")


def _too_many(workspace: Workspace, *, with_headers: bool) -> Response:
    limit = workspace.access.rate_limit or 1667
    headers = {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(workspace.now() + workspace.faults.reset_after),
    }
    body = envelope("rate_limit_exceeded", f"Exceeded rate limit of {limit} in 10_seconds")
    return JsonResponse(body, 429, headers if with_headers else None)


async def _reset(workspace: Workspace, wire: Wire) -> None:
    if await wire.cut("abort"):
        return
    build = workspace.faults.reset_error or (lambda: ConnectionResetError("reset by the simulator"))
    raise build()


async def _hang(workspace: Workspace, wire: Wire) -> None:
    if workspace.faults.hang_error is not None:
        raise workspace.faults.hang_error()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(wire.disconnected(), workspace.faults.hang_seconds)
    await _reset(workspace, wire)


def _dripping(send: Send, seconds: float) -> Send:
    async def drip(message: Message) -> None:
        body = message.get("body", b"")
        size = max(len(body) // _DRIPS, 1)
        for start in range(0, len(body) - size, size):
            piece = body[start : start + size]
            await send({"type": message["type"], "body": piece, "more_body": True})
            await asyncio.sleep(seconds / _DRIPS)
            message = {**message, "body": body[start + size :]}
        await send(message)

    return drip


def _halved(wire: Wire) -> Send:
    """Sends the headers of the whole body, half of it, and hangs up."""

    async def halve(message: Message) -> None:
        if message["type"] != "http.response.body":
            await wire.send(message)
            return
        body = message.get("body", b"")
        half = {**message, "body": body[: len(body) // 2]}
        if "close" in wire.scope.get("state", {}):
            await wire.send({**half, "more_body": True})
            await wire.cut("close")
        else:
            await wire.send(half)

    return halve


def _shortened(wire: Wire, *, keep_half: bool) -> Send:
    """Sends the true answer without the later half of its list, or all of it."""
    headers = wire.scope["headers"]
    wire.scope["headers"] = [one for one in headers if one[0] != b"accept-encoding"]
    opening: list[Message] = []

    async def shorten(message: Message) -> None:
        if message["type"] != "http.response.body":
            opening.append(message)
            return
        body = json.dumps(_short(json.loads(message["body"]), keep_half=keep_half)).encode()
        [start] = opening
        kept = [one for one in start["headers"] if one[0] != b"content-length"]
        length = (b"content-length", str(len(body)).encode())
        await wire.send({**start, "headers": [*kept, length]})
        await wire.send({**message, "body": body})

    return shorten


def _short(answer: Json, *, keep_half: bool) -> Json:
    if not isinstance(answer, dict):
        return answer
    shortened = dict(answer)
    for name in _LISTS:
        value = answer.get(name)
        if isinstance(value, list):
            shortened[name] = value[: len(value) // 2] if keep_half else []
        elif name == "conversation_parts":
            shortened[name] = _short(value, keep_half=keep_half)
    return shortened

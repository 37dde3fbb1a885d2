"""The local server of `intercom-assets connect`.

One address serves the button and receives Intercom's answer. The server stops after the first
answer that decides the outcome: connected or refused.
"""

import hmac
import logging
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import anyio
import uvicorn
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from intercom_assets.catalog import Resource
from intercom_assets.cli.connect_page import (
    ConsentRequest,
    connected_page,
    error_page,
    refused_page,
    start_page,
)
from intercom_assets.errors import IntercomAssetsError
from intercom_assets.intercom.oauth import App, Grant

_COOKIE = "intercom_assets_connect"
_LIFETIME = 600
_LARGEST_FORM = 4096


@dataclass(frozen=True, slots=True)
class Connected:
    """The workspace is connected.

    Attributes:
        grant: Workspace and permissions.
        kept: Where the token is.
        notes: What else the user should know.
    """

    grant: Grant
    kept: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotConnected:
    """Nothing was connected or stored.

    Attributes:
        title: What happened.
        reason: Why, and what to do about it.
    """

    title: str
    reason: str


Outcome = Connected | NotConnected


class TokenStore(Protocol):
    """Stores a token once it is known to work."""

    @property
    def stores(self) -> bool:
        """Whether the token is written; otherwise the page shows it."""
        ...

    def keep(self, token: str, grant: Grant) -> Connected:
        """Store the token, or raise `ConfigurationError` and store nothing."""
        ...


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())


@dataclass(slots=True, kw_only=True)
class OAuthServer:
    """Serves the OAuth flow to the browser, as an ASGI application.

    Attributes:
        app: The Intercom app that requests access.
        resources: What the token should be able to read.
        key: Secret that opens the page; the terminal shows it.
        state: OAuth state of the last press of the button, which Intercom must return.
        outcome: How the flow ended; None while it is under way.
        ended: Called once the deciding response was sent.
    """

    app: App
    consent: ConsentRequest
    resources: tuple[Resource, ...]
    token_store: TokenStore
    port: int
    key: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    state: str = field(default="", repr=False)
    outcome: Outcome | None = None
    ended: Callable[[], None] = lambda: None
    _claimed: bool = False
    _decided: bool = False

    @property
    def address(self) -> str:
        """The page with the button."""
        return f"{self.consent.redirect_url}?key={self.key}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] == "http":
            try:
                response = await self._answer(Request(scope, receive))
                await response(scope, receive, send)
            finally:
                if self._decided:
                    self.ended()

    async def _answer(self, request: Request) -> Response:
        if request.headers.get("host", "").lower() not in self._hosts():
            return error_page("Wrong host", "This server answers to its own names only.", 421)
        if request.scope["path"] != unquote(self._path()):
            return error_page("Nothing here", "Open the address that the command printed.", 404)
        match request.method:
            case "GET":
                return await self._shown(request)
            case "POST" if _same(await _key(request), self.key):
                return self._begin()
            case "POST":
                return _keyless()
            case _:
                return error_page("Not that way", "Open this page in a browser.", 405)

    async def _shown(self, request: Request) -> Response:
        asked = request.query_params
        if {"state", "code", "error"} & asked.keys():
            return await self._returned(request)
        if _same(asked.get("key", ""), self.key):
            return start_page(self.consent, self.key)
        return _keyless()

    def _path(self) -> str:
        return urlsplit(self.consent.redirect_url).path or "/"

    def _hosts(self) -> set[str]:
        names = ("127.0.0.1", "localhost", "[::1]")
        own = {f"{name}:{self.port}" for name in names}
        return own | {urlsplit(self.consent.redirect_url).netloc.lower()}

    def _begin(self) -> Response:
        self.state = secrets.token_urlsafe(32)
        url = self.app.authorize_url(state=self.state, redirect_url=self.consent.redirect_url)
        response = RedirectResponse(url, 303, {"Cache-Control": "no-store"})
        response.headers["Referrer-Policy"] = "no-referrer"
        response.set_cookie(
            _COOKIE,
            # Ties Intercom's answer to the browser in which the button was pressed.
            self.state,
            max_age=_LIFETIME,
            path=self._path(),
            httponly=True,
            samesite="lax",
            secure=self.consent.redirect_url.startswith("https:"),
        )
        return response

    async def _returned(self, request: Request) -> Response:
        if self._claimed:
            reason = "Intercom's answer was taken already; the terminal says how it ended."
            return error_page("Once is enough", reason, 409)
        self._claimed = True
        try:
            return await self._decide(request)
        except IntercomAssetsError as error:
            return self._refuse("Nothing was connected", str(error))
        finally:
            self._decided = True

    async def _decide(self, request: Request) -> Response:
        asked = request.query_params
        cookie = request.cookies.get(_COOKIE, "")
        if problem := self._mistrust(asked.get("state", ""), cookie):
            return self._refuse(
                "The answer cannot be trusted",
                f"{problem}: press the button and authorize in one go, in one browser.",
            )
        if error := asked.get("error", ""):
            return self._refuse(*_denial(error))
        if not (code := asked.get("code", "")):
            return self._refuse("No code", "Intercom's answer holds neither a code nor an error.")
        try:
            token = await self.app.exchange(code)
        except IntercomAssetsError as error:
            return self._refuse("The code was not exchanged", str(error))
        grant = await self.app.ask_about(token, self.resources)
        if grant.refused and len(grant.refused) == len(grant.permissions):
            return self._refuse("The app may read nothing", _without_permissions(grant))
        self.outcome = connected = self.token_store.keep(token, grant)
        shown = None if self.token_store.stores else token
        return connected_page(grant, connected.kept, connected.notes, shown)

    def _mistrust(self, state: str, cookie: str) -> str:
        if not self.state or not _same(state, self.state):
            return "The answer belongs to no press of the button on this machine (state mismatch)"
        if not _same(cookie, self.state):
            return (
                "The answer came back in another browser than the button was pressed in, or more "
                "than ten minutes later"
            )
        return ""

    def _refuse(self, title: str, reason: str) -> Response:
        whole = reason if reason.endswith(".") else f"{reason}."
        self.outcome = NotConnected(title, whole)
        return refused_page(title, whole)


def _keyless() -> Response:
    reason = "Open the address that the command printed, with its key."
    return error_page("The key is missing", reason, 403)


async def _key(request: Request) -> str:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_FORM:
            return ""
    return parse_qs(body.decode(errors="replace")).get("key", [""])[0]


def _denial(error: str) -> tuple[str, str]:
    if error == "access_denied":
        return "Access was denied", "In Intercom the request was denied, so no token was given."
    return "Intercom refused", f"Intercom answered {error[:100]!r} instead of a code."


def _without_permissions(grant: Grant) -> str:
    names = ", ".join(f'"{permission.scope}"' for permission in grant.permissions)
    return (
        f"The token for {grant.workspace.name} has none of the permissions {names}: tick them in "
        "Intercom's Developer Hub (your app > Configure > Authentication)."
    )


def serve(oauth_server: OAuthServer, listener: socket.socket, timeout: float) -> None:
    """Serve until an answer decides or time runs out; Ctrl-C raises `KeyboardInterrupt`."""
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    config = uvicorn.Config(
        oauth_server,
        interface="asgi3",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=60,
    )
    server = uvicorn.Server(config)

    def end() -> None:
        server.should_exit = True

    oauth_server.ended = end

    async def until_ended() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_end_after, timeout, end)
            await server.serve(sockets=[listener])
            tasks.cancel_scope.cancel()

    anyio.run(until_ended)


async def _end_after(seconds: float, end: Callable[[], None]) -> None:
    await anyio.sleep(seconds)
    end()

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
from functools import partial
from urllib.parse import parse_qs, unquote, urlsplit

import anyio
import uvicorn
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from intercom_assets.catalog import Resource
from intercom_assets.cli.connect_page import page
from intercom_assets.errors import IntercomAssetsError
from intercom_assets.intercom.oauth import App, Grant

_COOKIE = "intercom_assets_connect"
_LIFETIME = 600
_LARGEST_FORM = 4096
_EVERY_REGION = "https://*.intercom.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What the user is asked to agree to.

    Attributes:
        resources: What the token should be able to read.
        place: Where the token will be stored or shown.
    """

    app: App
    source: str
    resources: tuple[Resource, ...]
    place: str
    redirect_url: str

    @property
    def scopes(self) -> tuple[str, ...]:
        """Permissions that the resources need."""
        return tuple(dict.fromkeys(resource.scope for resource in self.resources))

    @property
    def path(self) -> str:
        """Path of the page."""
        return urlsplit(self.redirect_url).path or "/"

    @property
    def leads_to(self) -> str:
        """Hosts that the button may lead to."""
        if self.app.base_url is None:
            return _EVERY_REGION
        return urlsplit(self.app.base_url)._replace(path="").geturl()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How the flow ended: with a grant, or with nothing connected and nothing stored.

    Attributes:
        message: Where the token is; or why there is none, and what to do about it.
        notes: What else the user should know.
        token: Shown on the page, once; empty if it was stored.
    """

    title: str
    message: str
    grant: Grant | None = None
    notes: tuple[str, ...] = ()
    token: str = field(default="", repr=False)

    def page(self) -> Response:
        """Return the last page."""
        if self.grant is None:
            command = "intercom-assets connect"
            parts = (self.message, "Nothing was stored.")
            return page(self.title, *parts, tone="bad", status=400, command=command)
        return page(
            self.title,
            self.message,
            *self.notes,
            tone="good",
            grant=self.grant,
            token=self.token,
            command="intercom-assets check",
        )


@dataclass(slots=True, kw_only=True)
class OAuthServer:
    """Serves the OAuth flow to the browser, as an ASGI application.

    Attributes:
        keep: Stores a token that works; may raise `ConfigurationError` and store nothing.
        key: Secret that opens the page; the terminal shows it.
        state: OAuth state of the last press of the button, which Intercom must return.
        outcome: How the flow ended; None while it is under way.
        ended: Set once the response that decided was sent.
    """

    consent: Consent
    keep: Callable[[str, Grant], Outcome] = field(repr=False)
    port: int
    key: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    state: str = field(default="", repr=False)
    outcome: Outcome | None = None
    ended: anyio.Event = field(default_factory=anyio.Event)
    _claimed: bool = False

    @property
    def address(self) -> str:
        """The page with the button."""
        return f"{self.consent.redirect_url}?key={self.key}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        response = await self._respond(Request(scope, receive))
        try:
            await response(scope, receive, send)
        finally:
            if self.outcome is not None:
                self.ended.set()

    async def _respond(self, request: Request) -> Response:
        if request.headers.get("host", "").lower() not in self._hosts():
            return _reject(421, "Wrong host", "This server answers to its own names only.")
        if request.scope["path"] != unquote(self.consent.path):
            return _reject(404, "Nothing here", "Open the address that the command printed.")
        if request.method not in {"GET", "POST"}:
            return _reject(405, "Not that way", "Open this page in a browser.")
        given = request.query_params
        if request.method == "GET" and {"state", "code", "error"} & given.keys():
            return await self._take_answer(request)
        key = await _posted_key(request) if request.method == "POST" else given.get("key", "")
        if not _same(key, self.key):
            reason = "Open the address that the command printed, with its key."
            return _reject(403, "The key is missing", reason)
        return self._redirect() if request.method == "POST" else self._start_page()

    def _hosts(self) -> set[str]:
        names = ("127.0.0.1", "localhost", "[::1]")
        own = {f"{name}:{self.port}" for name in names}
        return own | {urlsplit(self.consent.redirect_url).netloc.lower()}

    def _start_page(self) -> Response:
        stays = (
            "Intercom will ask whether this app may read your workspace. The access token stays on "
            "this machine."
        )
        return page(
            "Connect with Intercom",
            stays,
            leads_to=self.consent.leads_to,
            consent=self.consent,
            key=self.key,
        )

    def _redirect(self) -> Response:
        redirect_url = self.consent.redirect_url
        self.state = secrets.token_urlsafe(32)
        url = self.consent.app.authorize_url(state=self.state, redirect_url=redirect_url)
        headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        response = RedirectResponse(url, 303, headers)
        response.set_cookie(
            _COOKIE,
            # Ties Intercom's answer to the browser in which the button was pressed.
            self.state,
            max_age=_LIFETIME,
            path=self.consent.path,
            httponly=True,
            samesite="lax",
            secure=redirect_url.startswith("https:"),
        )
        return response

    async def _take_answer(self, request: Request) -> Response:
        if self._claimed:
            reason = "Intercom's answer was taken already; the terminal says how it ended."
            return _reject(409, "Once is enough", reason)
        self._claimed = True
        try:
            self.outcome = await self._decide(request)
        except IntercomAssetsError as error:
            self.outcome = Outcome(title="Nothing was connected", message=f"{error}.")
        return self.outcome.page()

    async def _decide(self, request: Request) -> Outcome:
        given = request.query_params
        if distrust := self._distrust(given.get("state", ""), request.cookies.get(_COOKIE, "")):
            again = "press the button and authorize in one go, in one browser."
            return Outcome(title="The answer cannot be trusted", message=f"{distrust}: {again}")
        if given.get("error") == "access_denied":
            denied = "In Intercom the request was denied, so no token was given."
            return Outcome(title="Access was denied", message=denied)
        if not (code := given.get("code", "")):
            said = f"Intercom answered {given.get('error', '')[:100]!r} instead of a code."
            return Outcome(title="Intercom refused", message=said)
        app = self.consent.app
        try:
            token = await app.exchange(code)
        except IntercomAssetsError as error:
            return Outcome(title="The code was not exchanged", message=f"{error}.")
        grant = await app.ask_about(token, self.consent.resources)
        if grant.refused and len(grant.refused) == len(grant.permissions):
            names = ", ".join(f'"{permission.scope}"' for permission in grant.permissions)
            none = (
                f"The token for {grant.workspace.name} has none of the permissions {names}: tick "
                "them in Intercom's Developer Hub (your app > Configure > Authentication)."
            )
            return Outcome(title="The app may read nothing", message=none)
        return self.keep(token, grant)

    def _distrust(self, state: str, cookie: str) -> str:
        if not self.state or not _same(state, self.state):
            return "The answer belongs to no press of the button on this machine (state mismatch)"
        if not _same(cookie, self.state):
            return (
                "The answer came back in another browser than the button was pressed in, or more "
                "than ten minutes later"
            )
        return ""


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())


def _reject(status: int, title: str, reason: str) -> Response:
    """Reject a request that does not come from the page or is a repeat."""
    return page(title, reason, tone="bad", status=status)


async def _posted_key(request: Request) -> str:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_FORM:
            return ""
    return parse_qs(body.decode(errors="replace")).get("key", [""])[0]


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

    async def until_ended() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(partial(server.serve, sockets=[listener]))
            with anyio.move_on_after(timeout):
                await oauth_server.ended.wait()
            server.should_exit = True

    anyio.run(until_ended)

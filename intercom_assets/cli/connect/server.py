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
from importlib.resources import files
from urllib.parse import parse_qs, unquote, urlsplit

import anyio
import uvicorn
from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from intercom_assets.catalog import Resource
from intercom_assets.errors import IntercomAssetsError
from intercom_assets.intercom.oauth import App, Grant

_COOKIE = "intercom_assets_connect"
_LIFETIME = 600
_LARGEST_FORM = 4096
_EVERY_REGION = "https://*.intercom.com"

_TEMPLATE = Environment(autoescape=True).from_string(
    files(__package__).joinpath("connect.html").read_text("utf-8")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentResult:
    """How the flow ended; without a grant nothing is connected, and nothing stored."""

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
    """

    app: App
    source: str
    resources: tuple[Resource, ...]
    place: str
    redirect_url: str
    keep: Callable[[str, Grant], ConsentResult] = field(repr=False)
    port: int
    key: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    state: str = field(default="", repr=False)
    outcome: ConsentResult | None = None
    ended: anyio.Event = field(default_factory=anyio.Event)
    _claimed: bool = False

    @property
    def address(self) -> str:
        """The page with the button."""
        return f"{self.redirect_url}?key={self.key}"

    @property
    def path(self) -> str:
        """Path of the page, to which Intercom's answer comes as well."""
        return urlsplit(self.redirect_url).path or "/"

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
        if request.scope["path"] != unquote(self.path):
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
        return own | {urlsplit(self.redirect_url).netloc.lower()}

    def _start_page(self) -> Response:
        base = self.app.base_url
        return page(
            "Connect with Intercom",
            "Intercom will ask whether this app may read your workspace. The access token stays on "
            "this machine.",
            leads_to=urlsplit(base)._replace(path="").geturl() if base else _EVERY_REGION,
            server=self,
            scopes=dict.fromkeys(resource.scope for resource in self.resources),
        )

    def _redirect(self) -> Response:
        self.state = secrets.token_urlsafe(32)
        url = self.app.authorize_url(state=self.state, redirect_url=self.redirect_url)
        headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        response = RedirectResponse(url, 303, headers)
        response.set_cookie(
            _COOKIE,
            # Ties Intercom's answer to the browser in which the button was pressed.
            self.state,
            max_age=_LIFETIME,
            path=self.path,
            httponly=True,
            samesite="lax",
            secure=self.redirect_url.startswith("https:"),
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
            self.outcome = ConsentResult(title="Nothing was connected", message=f"{error}.")
        return self.outcome.page()

    async def _decide(self, request: Request) -> ConsentResult:
        given = request.query_params
        if distrust := self._distrust(given.get("state", ""), request.cookies.get(_COOKIE, "")):
            again = "press the button and authorize in one go, in one browser."
            return ConsentResult(
                title="The answer cannot be trusted", message=f"{distrust}: {again}"
            )
        if given.get("error") == "access_denied":
            denied = "In Intercom the request was denied, so no token was given."
            return ConsentResult(title="Access was denied", message=denied)
        if not (code := given.get("code", "")):
            said = f"Intercom answered {given.get('error', '')[:100]!r} instead of a code."
            return ConsentResult(title="Intercom refused", message=said)
        try:
            token = await self.app.exchange(code)
        except IntercomAssetsError as error:
            return ConsentResult(title="The code was not exchanged", message=f"{error}.")
        grant = await self.app.ask_about(token, self.resources)
        if grant.refused and len(grant.refused) == len(grant.permissions):
            names = ", ".join(f'"{permission.scope}"' for permission in grant.permissions)
            none = (
                f"The token for {grant.workspace.name} has none of the permissions {names}: tick "
                "them in Intercom's Developer Hub (your app > Configure > Authentication)."
            )
            return ConsentResult(title="The app may read nothing", message=none)
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


def page(
    title: str,
    *paragraphs: str,
    tone: str = "plain",
    status: int = 200,
    leads_to: str = "",
    **values: object,
) -> Response:
    """Return the page under a strict CSP, with the parts whose values are given.

    Values come from settings and from Intercom; the template escapes all of them.
    """
    nonce = secrets.token_urlsafe(16)
    document = _TEMPLATE.render(
        title=title, paragraphs=paragraphs, tone=tone, nonce=nonce, **values
    )
    policy = (
        "default-src 'none'",
        f"style-src 'nonce-{nonce}'",
        f"script-src 'nonce-{nonce}'" if values.get("token") else "script-src 'none'",
        "img-src data:",
        # Browsers apply form-action to the redirect that follows the button as well.
        f"form-action 'self' {leads_to}" if leads_to else "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
    headers = {
        "Content-Security-Policy": "; ".join(policy),
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
    return HTMLResponse(document, status, headers)


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

"""Intercom's side of OAuth: the page on which access is granted, and codes for tokens."""

import json
from collections.abc import Mapping
from html import escape
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from intercom_simulator.calls import JsonResponse, error_response
from intercom_simulator.oauth import Refused
from intercom_simulator.refusals import ApiError, not_found
from intercom_simulator.workspace import Workspace

AUTHORIZE = "/oauth"
EXCHANGE = "/auth/eagle/token"

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Simulated Intercom</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<style>
:root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }}
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center;
  background: light-dark(#f4f1ea, #1c1b19); }}
main {{ max-width: 26rem; margin: 1rem; padding: 2rem; border-radius: 1rem;
  background: light-dark(#fff, #292724); box-shadow: 0 .5rem 2rem #0002; }}
h1 {{ font-size: 1.25rem; margin-top: 0; }}
form {{ display: flex; gap: .75rem; }}
button {{ flex: 1; padding: .7rem; border: 1px solid #8886; border-radius: .6rem; font: inherit;
  background: none; cursor: pointer; }}
button[value=authorize] {{ background: #222; color: #fff; }}
</style></head>
<body><main>{content}</main></body></html>
"""
_QUESTION = """
<h1>May the app “{client_id}” read {name}?</h1>
<p>This is the simulator's stand-in for Intercom's page.</p>
<form method="post" action="{action}">
<button name="decision" value="authorize">Authorize</button>
<button name="decision" value="deny">Deny</button>
</form>
"""


class OAuthDoor:
    """Serves the two addresses that need no token; everything else passes untouched."""

    def __init__(self, app: ASGIApp, workspace: Workspace) -> None:
        self._app = app
        self._workspace = workspace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http" or scope["path"] not in {AUTHORIZE, EXCHANGE}:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ApiError as error:
            response = error_response(error)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        match request.method, request.url.path:
            case "GET", "/oauth":
                return self._ask(request)
            case "POST", "/oauth":
                return self._decide(request, _form(await request.body()))
            case "POST", "/auth/eagle/token":
                return self._exchange(_form(await request.body()))
            case _:
                raise not_found()

    def _ask(self, request: Request) -> Response:
        oauth, query = self._workspace.oauth, request.query_params
        if query.get("client_id") != oauth.client_id:
            return _page("<h1>Unknown app</h1><p>No app has this client id.</p>", 404)
        if not oauth.knows(query.get("redirect_uri", "")):
            problem = "<h1>Unknown redirect URL</h1><p>The app did not register it.</p>"
            return _page(problem, 400)
        question = _QUESTION.format(
            client_id=escape(oauth.client_id),
            name=escape(self._workspace.name),
            action=escape(f"{AUTHORIZE}?{request.url.query}"),
        )
        return _page(question)

    def _decide(self, request: Request, form: Mapping[str, str]) -> Response:
        oauth, query = self._workspace.oauth, request.query_params
        address = query.get("redirect_uri", "")
        if query.get("client_id") != oauth.client_id or not oauth.knows(address):
            raise ApiError(400, "parameter_invalid", "client_id or redirect_uri is unknown")
        told = {"error": "access_denied"}
        if form.get("decision") == "authorize":
            told = {"code": oauth.issue(self._workspace.clock())}
        if "state" in query:
            told["state"] = query["state"]
        joint = "&" if "?" in address else "?"
        return RedirectResponse(f"{address}{joint}{urlencode(told)}", 302)

    def _exchange(self, form: Mapping[str, str]) -> Response:
        oauth = self._workspace.oauth
        if oauth.outage:
            raise ApiError(503, "service_unavailable", "Sorry, the API service is unavailable")
        try:
            token = oauth.exchange(form, self._workspace.clock())
        except Refused as refused:
            if oauth.refusals == "envelope":
                raise ApiError(refused.status, "unauthorized", refused.message) from None
            told = {"error": refused.code, "error_description": refused.message}
            return JsonResponse(told, refused.status)
        self._workspace.access.tokens.add(token)
        return JsonResponse({"token_type": "Bearer"} | dict.fromkeys(oauth.token_fields, token))


def _page(content: str, status: int = 200) -> Response:
    return HTMLResponse(_PAGE.format(content=content), status)


def _form(body: bytes) -> dict[str, str]:
    """Reads a form, or the JSON object that many clients send instead."""
    text = body.decode(errors="replace")
    try:
        fields = json.loads(text)
    except ValueError:
        return dict(parse_qsl(text))
    return {str(name): str(value) for name, value in fields.items()} if fields else {}

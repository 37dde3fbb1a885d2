"""The pages of `intercom-assets connect`: self-contained HTML under a strict CSP.

Values come from settings and from Intercom, so all of them are escaped here.
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from string import Template

from starlette.responses import HTMLResponse, Response

from intercom_assets.intercom.oauth import Grant, Permission

_FILES = files(__package__)
_PAGE = Template(_FILES.joinpath("connect.html").read_text("utf-8"))
_SCRIPT = _FILES.joinpath("connect.js").read_text("utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRequest:
    """What the user is asked to agree to.

    Attributes:
        region: Region in which the workspace is expected.
        pages: Host of Intercom's consent page.
        place: Where the token will be stored or shown.
        scopes: Permissions that the source's resources need.
        leads_to: Hosts that the button may lead to.
    """

    source: str
    region: str
    pages: str
    place: str
    scopes: tuple[str, ...]
    redirect_url: str
    leads_to: str


def start_page(consent: ConsentRequest, key: str) -> Response:
    """Show what will happen, and the button that starts it."""
    scopes = "".join(
        f'<li class="open"><span>{escape(scope)}</span></li>' for scope in consent.scopes
    )
    facts = {
        "Source": escape(consent.source),
        "Region": f"{escape(consent.region)} <small>({escape(consent.pages)})</small>",
        "Token goes to": escape(consent.place),
    }
    content = f"""
<p>Intercom will ask whether this app may read your workspace. The access token stays on this
machine.</p>
{_facts(facts)}
<form method="post"><input type="hidden" name="key" value="{escape(key)}">
<button class="main">Connect with Intercom</button></form>
<details><summary>Permissions that the app needs</summary><ul>{scopes}</ul>
<p class="soft">Tick them in Intercom's Developer Hub: your app, Configure, Authentication.</p>
</details>
<details><summary>If Intercom shows an error instead of asking</summary>
<ul><li class="open"><span>This redirect URL must be registered, letter by letter:
<code>{escape(consent.redirect_url)}</code></span></li>
<li class="open"><span>The client id must be the app's: <code>INTERCOM_CLIENT_ID</code></span></li>
<li class="open"><span>The region must be the workspace's: <code>INTERCOM_REGION</code></span></li>
</ul></details>"""
    return _page("Connect with Intercom", content, form_action=consent.leads_to)


def connected_page(grant: Grant, kept: str, notes: Iterable[str], token: str | None) -> Response:
    """Show the connected workspace, its permissions, and the token if it was not stored.

    Args:
        grant: Workspace and permissions.
        kept: Where the token is, or what to do with it.
        notes: What else the user should know.
        token: Token to show once, behind a button; None if it was stored.
    """
    workspace = grant.workspace
    facts = {
        "Workspace": f"{escape(workspace.name)} <small>({escape(workspace.id)})</small>",
        "Region": escape(workspace.region or "not told"),
    }
    paragraphs = "".join(f"<p>{escape(note)}</p>" for note in notes)
    content = f"""
<p>{escape(kept)}</p>
{_token(token) if token else ""}
{_facts(facts)}
<h2>Permissions</h2><ul>{"".join(map(_permission, grant.permissions))}</ul>
<h2>What next</h2>{paragraphs}
<p>Close this page, and run <code class="command">intercom-assets check</code>.</p>"""
    title = f"Connected to {workspace.name or workspace.id}"
    return _page(title, content, tone="good", script=_SCRIPT if token else "")


def refused_page(title: str, reason: str) -> Response:
    """Explain why nothing was connected."""
    content = f"""
<p>{escape(reason)}</p>
<p class="soft">Nothing was stored. Close this page, and run
<code class="command">intercom-assets connect</code> again.</p>"""
    return _page(title, content, tone="bad", status=400)


def error_page(title: str, reason: str, status: int) -> Response:
    """Reject a request that does not come from the page or is a repeat."""
    return _page(title, f"<p>{escape(reason)}</p>", tone="bad", status=status)


def _token(token: str) -> str:
    return f"""
<label class="soft" for="token">Access token, shown on this page only</label>
<input id="token" type="password" readonly autocomplete="off" value="{escape(token)}">
<button type="button" id="reveal">Reveal</button>
<button type="button" id="copy">Copy</button>"""


def _facts(facts: Mapping[str, str]) -> str:
    return f"<dl>{''.join(f'<dt>{name}</dt><dd>{fact}</dd>' for name, fact in facts.items())}</dl>"


def _permission(permission: Permission) -> str:
    mark, prefix = {
        True: ("yes", ""),
        False: ("no", "not granted: "),
        None: ("open", "could not be tried: "),
    }[permission.granted]
    names = f"{prefix}{', '.join(permission.resources)}"
    return (
        f'<li class="{mark}"><span>{escape(permission.scope)}<small>{escape(names)}</small></span>'
        "</li>"
    )


def _page(
    title: str,
    content: str,
    *,
    tone: str = "plain",
    status: int = 200,
    form_action: str | None = None,
    script: str = "",
) -> Response:
    nonce = secrets.token_urlsafe(16)
    document = _PAGE.substitute(
        title=escape(title),
        nonce=nonce,
        tone=tone,
        content=content,
        script=f'<script nonce="{nonce}">{script}</script>' if script else "",
    )
    policy = (
        "default-src 'none'",
        f"style-src 'nonce-{nonce}'",
        f"script-src 'nonce-{nonce}'" if script else "script-src 'none'",
        "img-src data:",
        # Browsers apply form-action to the redirect that follows the button as well.
        f"form-action 'self' {form_action}" if form_action else "form-action 'none'",
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

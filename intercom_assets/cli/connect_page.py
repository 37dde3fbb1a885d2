"""The pages of `intercom-assets connect`: self-contained HTML under a strict policy.

What is shown comes from settings and from Intercom, so all of it is escaped here.
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape

from starlette.responses import HTMLResponse, Response

from intercom_assets.intercom.oauth import Grant, Permission

_STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ground: #f3f4f7; --ink: #16181d; --soft: #5c6370;
  --line: #e2e5eb; --accent: #2456e6; --accent-ink: #fff; --good: #12805c; --bad: #c0342b;
  --shadow: 0 1px 2px #1018280f, 0 12px 32px #1018281a; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #1b1e25; --ground: #101217; --ink: #eceef2; --soft: #a0a7b4; --line: #2e333d;
    --accent: #7c9dff; --accent-ink: #0d1220; --good: #4cc79a; --bad: #ff8278;
    --shadow: 0 1px 2px #0006, 0 12px 32px #0006; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem;
  background: var(--ground); color: var(--ink); font: 16px/1.55 system-ui, "Segoe UI",
  Roboto, "Liberation Sans", sans-serif; }
main { width: min(34rem, 100%); padding: 2.25rem; background: var(--paper); border-radius: 16px;
  border: 1px solid var(--line); box-shadow: var(--shadow); }
.mark { width: 44px; height: 44px; display: block; margin: 0 0 1.1rem -5px; color: var(--accent); }
.good .mark { color: var(--good); } .bad .mark { color: var(--bad); }
h1 { margin: 0 0 .5rem; font-size: 1.45rem; line-height: 1.25; letter-spacing: -.01em; }
h2 { margin: 1.6rem 0 .5rem; font-size: .82rem; color: var(--soft); font-weight: 600; }
p { margin: 0 0 .75rem; } p:last-child { margin-bottom: 0; }
.soft, small { color: var(--soft); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .45rem 1.25rem; margin: 1.25rem 0;
  padding: 1rem 1.15rem; border: 1px solid var(--line); border-radius: 10px; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
ul { list-style: none; margin: 0; padding: 0; }
li { display: grid; grid-template-columns: 1.4rem 1fr; padding: .2rem 0; }
li small { display: block; font-size: .82rem; overflow-wrap: anywhere; }
.yes::before { content: "✓"; color: var(--good); font-weight: 700; }
.no::before { content: "✗"; color: var(--bad); font-weight: 700; }
.open::before { content: "•"; color: var(--soft); }
code { font: .88em ui-monospace, "SF Mono", Menlo, "DejaVu Sans Mono", monospace;
  background: var(--ground); padding: .12em .38em; border-radius: 5px; overflow-wrap: anywhere; }
.command { white-space: nowrap; }
button { font: inherit; font-weight: 600; padding: .8rem 1.2rem; border-radius: 10px;
  cursor: pointer; border: 1px solid var(--line); background: var(--paper); color: var(--ink); }
button.main { width: 100%; border: 0; background: var(--accent); color: var(--accent-ink); }
button:hover { filter: brightness(1.07); }
button:focus-visible, summary:focus-visible { outline: 3px solid var(--accent);
  outline-offset: 2px; }
details { margin-top: 1.4rem; border-top: 1px solid var(--line); padding-top: 1rem; }
summary { cursor: pointer; color: var(--soft); } details ul { margin-top: .6rem; }
input { width: 100%; font: .9rem ui-monospace, Menlo, "DejaVu Sans Mono", monospace; padding: .7rem;
  border: 1px solid var(--line); border-radius: 10px; background: var(--ground);
  color: var(--ink); margin: .25rem 0 .6rem; }
"""
_SHAPES = {
    "plain": '<path d="M9 15l6-6M10.5 6.5l1.8-1.8a4.2 4.2 0 016 6l-1.8 1.8M13.5 17.5l-1.8 1.8a4.2 '
    '4.2 0 01-6-6l1.8-1.8"/>',
    "good": '<circle cx="12" cy="12" r="9"/><path d="M8 12.5l2.7 2.7L16 9.8"/>',
    "bad": '<circle cx="12" cy="12" r="9"/><path d="M9 9l6 6M15 9l-6 6"/>',
}
_REVEAL = """
const field = document.getElementById("token");
document.getElementById("reveal").addEventListener("click", (event) => {
  const hidden = field.type === "password";
  field.type = hidden ? "text" : "password";
  event.target.textContent = hidden ? "Hide" : "Reveal";
});
document.getElementById("copy").addEventListener("click", async (event) => {
  try {
    await navigator.clipboard.writeText(field.value);
    event.target.textContent = "Copied";
  } catch {
    field.type = "text";
    field.select();
  }
});
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What a person is asked to agree to.

    Attributes:
        source: The source that is connected.
        region: Region in which its workspace is expected.
        pages: Host of the page on which access is granted.
        place: Where the token will be.
        scopes: Permissions that the source's resources need.
        redirect_url: The address that must be registered.
        leads_to: Hosts that the button may lead to.
    """

    source: str
    region: str
    pages: str
    place: str
    scopes: tuple[str, ...]
    redirect_url: str
    leads_to: str


def start_page(errand: Errand, key: str) -> Response:
    """Show what will happen, and the button."""
    scopes = "".join(f'<li class="open"><span>{escape(one)}</span></li>' for one in errand.scopes)
    facts = {
        "Source": escape(errand.source),
        "Region": f"{escape(errand.region)} <small>({escape(errand.pages)})</small>",
        "Token goes to": escape(errand.place),
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
<code>{escape(errand.redirect_url)}</code></span></li>
<li class="open"><span>The client id must be the app's: <code>INTERCOM_CLIENT_ID</code></span></li>
<li class="open"><span>The region must be the workspace's: <code>INTERCOM_REGION</code></span></li>
</ul></details>"""
    return _page("Connect with Intercom", content, form_action=errand.leads_to)


def connected_page(grant: Grant, kept: str, notes: Iterable[str], token: str | None) -> Response:
    """Show which workspace is connected and what may be read; a token only where it is not stored.

    Args:
        grant: Workspace and permissions.
        kept: Where the token is, or what to do with it.
        notes: What the person should know besides.
        token: To be shown behind a button, once; None where it was stored.
    """
    workspace = grant.workspace
    facts = {
        "Workspace": f"{escape(workspace.name)} <small>({escape(workspace.id)})</small>",
        "Region": escape(workspace.region or "not told"),
    }
    said = "".join(f"<p>{escape(note)}</p>" for note in notes)
    content = f"""
<p>{escape(kept)}</p>
{_token(token) if token else ""}
{_facts(facts)}
<h2>Permissions</h2><ul>{"".join(map(_permission, grant.permissions))}</ul>
<h2>What next</h2>{said}
<p>Close this page, and run <code class="command">intercom-assets check</code>.</p>"""
    script = _REVEAL if token else ""
    return _page(
        f"Connected to {workspace.name or workspace.id}", content, tone="good", script=script
    )


def refused_page(title: str, reason: str) -> Response:
    """Explain why nothing was connected."""
    content = f"""
<p>{escape(reason)}</p>
<p class="soft">Nothing was stored. Close this page, and run
<code class="command">intercom-assets connect</code> again.</p>"""
    return _page(title, content, tone="bad", status=400)


def stray_page(title: str, reason: str, status: int) -> Response:
    """Answer a request that changes nothing: not from the page, or one too many."""
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
    mark, told = {
        True: ("yes", ""),
        False: ("no", "not granted: "),
        None: ("open", "could not be tried: "),
    }[permission.granted]
    names = f"{told}{', '.join(permission.resources)}"
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
    code = f'<script nonce="{nonce}">{script}</script>' if script else ""
    document = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(title)} · intercom-assets</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<style nonce="{nonce}">{_STYLE}</style></head>
<body class="{tone}"><main>
<svg class="mark" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8"
stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{_SHAPES[tone]}</svg>
<h1>{escape(title)}</h1>{content}</main>{code}</body></html>
"""
    policy = (
        "default-src 'none'",
        f"style-src 'nonce-{nonce}'",
        f"script-src 'nonce-{nonce}'" if script else "script-src 'none'",
        "img-src data:",
        # Browsers hold the redirect that follows the button to this list too.
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

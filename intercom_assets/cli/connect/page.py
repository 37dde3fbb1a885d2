"""The page of `intercom-assets connect`: self-contained HTML under a strict CSP.

Values come from settings and from Intercom; the template escapes all of them.
"""

import secrets
from importlib.resources import files

from jinja2 import Environment
from starlette.responses import HTMLResponse, Response

_TEMPLATE = Environment(autoescape=True).from_string(
    files(__package__).joinpath("connect.html").read_text("utf-8")
)


def page(
    title: str,
    *paragraphs: str,
    tone: str = "plain",
    status: int = 200,
    leads_to: str = "",
    **values: object,
) -> Response:
    """Return the page, with the parts whose values are given; its button may lead elsewhere."""
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

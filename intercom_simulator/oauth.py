"""An app of the Developer Hub that may ask for access, and the codes that it was given.

HTTP is elsewhere. The documents do not say how a code is refused, so both likely forms can be
chosen.
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit


class Refused(Exception):  # noqa: N818 - reads as what happened
    """A code is not exchanged: the client or the code is refused."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(kw_only=True, repr=False, eq=False)
class OAuth:
    """An app of the Developer Hub and the codes that it was given.

    Attributes:
        client_id: The app's id.
        client_secret: Its secret.
        redirect_urls: The registered ones; empty accepts https, and http on loopback.
        code_seconds: How long a code may be exchanged; about five minutes at Intercom.
        token_fields: Under which names an answer holds the token; documents name both.
        refusals: Whether refusals look like Intercom's other errors or like OAuth's.
        outage: Answer exchanges with 503.
        codes: When each code that was not exchanged yet expires.
    """

    client_id: str = "simulated-client"
    client_secret: str = "simulated-client-secret"
    redirect_urls: tuple[str, ...] = ()
    code_seconds: float = 300.0
    token_fields: tuple[str, ...] = ("token", "access_token")
    refusals: Literal["envelope", "oauth"] = "envelope"
    outage: bool = False
    codes: dict[str, float] = field(default_factory=dict)

    def knows(self, redirect_url: str) -> bool:
        """Tells whether a browser may be sent there."""
        if self.redirect_urls:
            return redirect_url in self.redirect_urls
        parts = urlsplit(redirect_url)
        return parts.scheme == "https" or parts.hostname in {"127.0.0.1", "localhost", "::1"}

    def issue(self, now: float) -> str:
        """Makes a code that may be exchanged once."""
        code = secrets.token_hex(16)
        self.codes[code] = now + self.code_seconds
        return code

    def exchange(self, form: Mapping[str, str], now: float) -> str:
        """Takes a code and gives a token; raises `Refused`."""
        secret = form.get("client_secret", "")
        good = hmac.compare_digest(secret.encode(), self.client_secret.encode())
        if form.get("client_id") != self.client_id or not good:
            raise Refused(401, "invalid_client", "Client authentication failed")
        # Taken out before its time is looked at: no code works twice.
        if now >= self.codes.pop(form.get("code", ""), 0.0):
            raise Refused(400, "invalid_grant", "The code is invalid or expired")
        return secrets.token_urlsafe(32)

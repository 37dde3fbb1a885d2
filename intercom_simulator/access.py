"""Who is let in, and how often: tokens, the published quota, scopes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

from intercom_simulator.refusals import ApiError

WINDOW_SECONDS = 10
SCOPES = {
    "/contacts/*/tags": "read_tags",
    "/admins/activity_logs": "read_admin_activity_logs",
    "/admins*": "read_admins",
    "/ai/*": "read_content",
    "/articles*": "read_articles_scope",
    "/companies*": "read_users_and_companies",
    "/contacts*": "read_users_and_companies",
    "/conversations*": "read_conversations",
    "/data_attributes*": "read_users_and_companies",
    "/download/content/*": "export_content_data",
    "/export/reporting_data/*": "export_reporting_data",
    "/download/reporting_data/*": "export_reporting_data",
    "/export/*": "export_content_data",
    "/events*": "read_events",
    "/help_center/*": "read_articles_scope",
    "/internal_articles*": "read_articles_scope",
    "/macros*": "read_conversations",
    "/news/*": "read_news",
    "/segments*": "read_users_and_companies",
    "/subscription_types*": "read_users_and_companies",
    "/tags*": "read_tags",
    "/teams*": "read_users_and_companies",
    "/ticket_states*": "read_tickets",
    "/ticket_types*": "read_tickets",
    "/tickets*": "read_tickets",
}
"""The scope that each path needs; the first that matches counts.

`read_conversations` is Intercom's word; the others are formed like it.
"""


@dataclass(frozen=True, slots=True)
class QuotaReading:
    """What is left of a window after a request."""

    limit: int
    remaining: int
    reset: int
    exceeded: bool

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Spells the reading as Intercom's response headers."""
        return [
            (b"x-ratelimit-limit", b"%d" % self.limit),
            (b"x-ratelimit-remaining", b"%d" % self.remaining),
            (b"x-ratelimit-reset", b"%d" % self.reset),
        ]

    def refuse_excess(self) -> None:
        """Refuses a request beyond the quota."""
        if self.exceeded:
            message = f"Exceeded rate limit of {self.limit} in {WINDOW_SECONDS}_seconds"
            raise ApiError(429, "rate_limit_exceeded", message)


class Quota:
    """Counts requests by token in windows that the clock aligns."""

    def __init__(self) -> None:
        self._window = -1
        self._spent: dict[str, int] = {}

    def spend(self, token: str, limit: int, now: float) -> QuotaReading:
        """Counts one request and reads what is left."""
        window = int(now // WINDOW_SECONDS)
        if window != self._window:
            self._window = window
            self._spent.clear()
        spent = self._spent.get(token, 0) + 1
        self._spent[token] = spent
        return QuotaReading(
            limit=limit,
            remaining=max(limit - spent, 0),
            reset=(window + 1) * WINDOW_SECONDS,
            exceeded=spent > limit,
        )


@dataclass(kw_only=True, repr=False, eq=False)
class Access:
    """Which requests are let in. The gateway asks in Intercom's order.

    Attributes:
        tokens: Access tokens that are accepted.
        refused_tokens: Access tokens that are known and refused, with the code of the refusal,
            such as `token_suspended`.
        rate_limit: Requests per window of ten seconds; 0 is no limit.
        quota: Counts them.
        missing_scopes: Scopes that the token lacks, such as `read_conversations`.
        refused_paths: Paths that are refused whatever the token may, `*` for any part, and the
            scope that the refusal names.
        scope_status: Status of such a refusal; the real API answers both.
    """

    tokens: set[str] = field(default_factory=lambda: {"simulated-token"})
    refused_tokens: dict[str, str] = field(default_factory=dict)
    rate_limit: int = 1667
    quota: Quota = field(default_factory=Quota)
    missing_scopes: set[str] = field(default_factory=set)
    refused_paths: dict[str, str] = field(default_factory=dict)
    scope_status: Literal[401, 403] = 403

    def authenticate(self, authorization: str | None) -> str:
        """Returns the token of an accepted `Authorization` header."""
        scheme, _, token = (authorization or "").partition(" ")
        if code := self.refused_tokens.get(token):
            # What Intercom says beside the code is not documented.
            raise ApiError(401, code, code.replace("_", " ").capitalize())
        if scheme.lower() != "bearer" or token not in self.tokens:
            raise ApiError(401, "unauthorized", "Access Token Invalid")
        return token

    def meter(self, token: str, now: float) -> QuotaReading | None:
        """Spends one request of the quota, if there is one."""
        return self.quota.spend(token, self.rate_limit, now) if self.rate_limit else None

    def check_scope(self, path: str) -> None:
        """Refuses a path whose scope the token lacks."""
        refused = _first(self.refused_paths, path)
        scope = refused or _first(SCOPES, path)
        if scope is None or not (refused or scope in self.missing_scopes):
            return
        if self.scope_status == 401:
            raise ApiError(401, "token_unauthorized", "Not authorized to access resource")
        raise ApiError(
            403,
            "forbidden",
            f"You do not have the required scope ({scope}) to access this resource",
        )


def _first(scopes: Mapping[str, str], path: str) -> str | None:
    return next((scopes[one] for one in scopes if fnmatchcase(path, one)), None)

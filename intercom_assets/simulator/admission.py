"""Who is let in, in Intercom's order: credentials, quota, version, scope."""

from intercom_assets.simulator.quota import QuotaReading
from intercom_assets.simulator.refusals import ApiError, version_invalid
from intercom_assets.simulator.versions import Version, parse_version
from intercom_assets.simulator.workspace import Workspace

SCOPES = {
    "admins": "read_admins",
    "companies": "read_users_and_companies",
    "contacts": "read_users_and_companies",
    "conversations": "read_conversations",
    "data_attributes": "read_users_and_companies",
    "segments": "read_users_and_companies",
    "tags": "read_tags",
    "teams": "read_users_and_companies",
    "ticket_states": "read_tickets",
    "ticket_types": "read_tickets",
}
"""The scope that each first path segment needs.

`read_conversations` is Intercom's word; the others are formed like it.
"""


def authenticate(workspace: Workspace, authorization: str | None) -> str:
    """Returns the token of an accepted `Authorization` header."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or token not in workspace.tokens:
        raise ApiError(401, "unauthorized", "Access Token Invalid")
    return token


def meter(workspace: Workspace, token: str) -> QuotaReading | None:
    """Spends one request of the quota, if there is one."""
    if workspace.rate_limit == 0:
        return None
    return workspace.quota.spend(token, workspace.rate_limit, workspace.clock())


def refuse_excess(reading: QuotaReading | None) -> None:
    """Refuses a request beyond the quota."""
    if reading is not None and reading.exceeded:
        raise ApiError(
            429,
            "rate_limit_exceeded",
            f"Exceeded rate limit of {reading.limit} in 10_seconds",
        )


def negotiate(workspace: Workspace, asked: str | None) -> Version:
    """Returns the version asked for, or the workspace's own."""
    version = parse_version(asked or workspace.default_version)
    if version is None:
        raise version_invalid()
    return version


def check_scope(workspace: Workspace, path: str) -> None:
    """Refuses a path whose scope the token lacks."""
    scope = SCOPES.get(path.split("/", 2)[1])
    if scope is None or scope not in workspace.missing_scopes:
        return
    if workspace.scope_status == 401:
        raise ApiError(401, "token_unauthorized", "Not authorized to access resource")
    raise ApiError(
        403,
        "forbidden",
        f"You do not have the required scope ({scope}) to access this resource",
    )

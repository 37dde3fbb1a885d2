"""Who is let in, in Intercom's order: credentials, quota, version, scope."""

from collections.abc import Mapping
from fnmatch import fnmatchcase

from intercom_simulator.quota import QuotaReading
from intercom_simulator.refusals import ApiError, version_invalid
from intercom_simulator.versions import Version, parse_version
from intercom_simulator.workspace import Workspace

SCOPES = {
    "/contacts/*/tags": "read_tags",
    "/admins*": "read_admins",
    "/companies*": "read_users_and_companies",
    "/contacts*": "read_users_and_companies",
    "/conversations*": "read_conversations",
    "/data_attributes*": "read_users_and_companies",
    "/segments*": "read_users_and_companies",
    "/tags*": "read_tags",
    "/teams*": "read_users_and_companies",
    "/ticket_states*": "read_tickets",
    "/ticket_types*": "read_tickets",
}
"""The scope that each path needs; the first that matches counts.

`read_conversations` is Intercom's word; the others are formed like it.
"""


def authenticate(workspace: Workspace, authorization: str | None) -> str:
    """Returns the token of an accepted `Authorization` header."""
    scheme, _, token = (authorization or "").partition(" ")
    if code := workspace.refused_tokens.get(token):
        # What Intercom says beside the code is not documented.
        raise ApiError(401, code, code.replace("_", " ").capitalize())
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
    refused = _first(workspace.refused_paths, path)
    scope = refused or _first(SCOPES, path)
    if scope is None or not (refused or scope in workspace.missing_scopes):
        return
    if workspace.scope_status == 401:
        raise ApiError(401, "token_unauthorized", "Not authorized to access resource")
    raise ApiError(
        403,
        "forbidden",
        f"You do not have the required scope ({scope}) to access this resource",
    )


def _first(scopes: Mapping[str, str], path: str) -> str | None:
    return next((scopes[one] for one in scopes if fnmatchcase(path, one)), None)

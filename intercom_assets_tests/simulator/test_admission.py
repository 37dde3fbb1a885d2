"""Credentials, versions, scopes, quota, and what every answer carries."""

import uuid

import httpx
import pytest

from intercom_assets_tests.simulator.asking import Clock, ask, error_code, read
from intercom_simulator import Workspace, generate

QUOTA = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


@pytest.fixture
def clock() -> Clock:
    """Makes a clock that stands still."""
    return Clock()


@pytest.fixture
def workspace(clock: Clock) -> Workspace:
    """Makes a small workspace."""
    return generate(contacts=30, companies=5, conversations=5, workspace=Workspace(clock=clock))


@pytest.mark.parametrize("token", [None, "wrong", "simulated-token "])
def test_wrong_credentials_are_unauthorized(workspace: Workspace, token: str | None) -> None:
    """Without an accepted token the answer is 401, and tells nothing of the quota."""
    response = ask(workspace, "GET", "/me", token=token)

    assert (response.status_code, error_code(response)) == (401, "unauthorized")
    assert not set(QUOTA) & set(response.headers)


def test_errors_have_one_envelope(workspace: Workspace) -> None:
    """Every refusal is an `error.list` with a request id."""
    body = ask(workspace, "GET", "/companies/none").json()

    assert set(body) == {"type", "request_id", "errors"}
    assert body["type"] == "error.list"
    assert str(uuid.UUID(body["request_id"])) == body["request_id"]
    assert set(body["errors"][0]) == {"code", "message"}


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nowhere"), ("DELETE", "/contacts"), ("POST", "/me")]
)
def test_unknown_paths_and_methods_are_not_found(
    workspace: Workspace, method: str, path: str
) -> None:
    """A wrong path and a wrong method alike are 404 `not_found`."""
    response = ask(workspace, method, path)

    assert (response.status_code, error_code(response)) == (404, "not_found")


@pytest.mark.parametrize("version", ["2.0", "2.9", "2.11", "2.16"])
def test_known_versions_are_served(workspace: Workspace, version: str) -> None:
    """Versions 2.0 to 2.16 are served."""
    assert ask(workspace, "GET", "/tags", version=version).status_code == 200


@pytest.mark.parametrize("version", ["2.17", "1.4", "3.0", "latest", "2.160"])
def test_unknown_versions_are_refused(workspace: Workspace, version: str) -> None:
    """Any other version is 400 `intercom_version_invalid`."""
    response = ask(workspace, "GET", "/tags", version=version)

    assert (response.status_code, error_code(response)) == (400, "intercom_version_invalid")


def test_the_workspace_has_a_version_of_its_own(workspace: Workspace) -> None:
    """A request that names no version gets the workspace's."""
    workspace.behaviour.default_version = "2.15"
    assert (
        ask(workspace, "GET", "/conversations/deleted", version=None).status_code,
        ask(workspace, "GET", "/conversations/deleted", version="2.16").status_code,
    ) == (400, 200)


@pytest.mark.parametrize(
    ("path", "before", "since"),
    [
        ("/conversations/deleted", "2.15", "2.16"),
        ("/ticket_types", "2.8", "2.9"),
        ("/ticket_states", "2.11", "2.12"),
    ],
)
def test_endpoints_exist_from_a_version_on(
    workspace: Workspace, path: str, before: str, since: str
) -> None:
    """An endpoint of a later version is `intercom_version_invalid`."""
    refused = ask(workspace, "GET", path, version=before)

    assert (refused.status_code, error_code(refused)) == (400, "intercom_version_invalid")
    assert ask(workspace, "GET", path, version=since).status_code == 200


def test_a_missing_scope_is_named(workspace: Workspace) -> None:
    """A missing scope is 403 and named; other resources go on."""
    workspace.access.missing_scopes = {"read_conversations"}

    refused = ask(workspace, "GET", "/conversations")

    assert (refused.status_code, error_code(refused)) == (403, "forbidden")
    assert "(read_conversations)" in refused.json()["errors"][0]["message"]
    assert ask(workspace, "GET", "/contacts").status_code == 200


def test_a_missing_scope_may_be_401(workspace: Workspace) -> None:
    """The other refusal that the real API uses is 401 `token_unauthorized`."""
    workspace.access.missing_scopes, workspace.access.scope_status = {"read_tags"}, 401

    refused = ask(workspace, "GET", "/tags")

    assert (refused.status_code, error_code(refused)) == (401, "token_unauthorized")


def test_a_path_may_be_refused_whatever_the_token_may(workspace: Workspace) -> None:
    """A path is refused by itself, with the scope that the refusal shall name."""
    contact = workspace.collection("contacts").ids()[0]
    workspace.access.refused_paths = {"/contacts/*/notes": "read_notes", "/me": "read_one_admin"}

    notes = ask(workspace, "GET", f"/contacts/{contact}/notes")

    assert (notes.status_code, error_code(notes)) == (403, "forbidden")
    assert "(read_notes)" in notes.json()["errors"][0]["message"]
    assert ask(workspace, "GET", "/me").status_code == 403
    assert ask(workspace, "GET", f"/contacts/{contact}").status_code == 200


def test_tags_of_a_contact_need_the_scope_of_tags(workspace: Workspace) -> None:
    """A list inside of a contact has a scope of its own."""
    contact = workspace.collection("contacts").ids()[0]
    workspace.access.missing_scopes = {"read_tags"}

    assert ask(workspace, "GET", f"/contacts/{contact}/tags").status_code == 403
    assert ask(workspace, "GET", f"/contacts/{contact}").status_code == 200


def test_a_known_token_may_be_refused(workspace: Workspace) -> None:
    """The token of a workspace that was closed is 401 `token_suspended`."""
    workspace.access.refused_tokens = {"simulated-token": "token_suspended"}

    refused = ask(workspace, "GET", "/me")

    assert (refused.status_code, error_code(refused)) == (401, "token_suspended")


def _quota(response: httpx.Response) -> tuple[int, ...]:
    return tuple(int(response.headers[name]) for name in QUOTA)


def test_every_answer_publishes_the_quota(workspace: Workspace, clock: Clock) -> None:
    """Headers tell limit, rest and reset of a window of ten seconds."""
    clock.now = 1_000_003.5
    workspace.access.rate_limit = 3

    first, second = ask(workspace, "GET", "/me"), ask(workspace, "GET", "/nowhere")

    assert _quota(first) == (3, 2, 1_000_010)
    assert _quota(second) == (3, 1, 1_000_010)


def test_beyond_the_quota_is_429_until_the_reset(workspace: Workspace, clock: Clock) -> None:
    """The request after the last is 429; the next window starts full."""
    clock.now = 1_000_000.0
    workspace.access.rate_limit = 1
    ask(workspace, "GET", "/me")

    refused = ask(workspace, "GET", "/me")
    clock.now = float(refused.headers["x-ratelimit-reset"])

    assert (refused.status_code, error_code(refused)) == (429, "rate_limit_exceeded")
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert refused.json()["errors"][0]["message"] == "Exceeded rate limit of 1 in 10_seconds"
    assert ask(workspace, "GET", "/me").status_code == 200


def test_no_limit_publishes_nothing(workspace: Workspace) -> None:
    """A rate limit of 0 is no limit and no headers."""
    workspace.access.rate_limit = 0

    assert not set(QUOTA) & set(ask(workspace, "GET", "/me").headers)


@pytest.mark.parametrize("path", ["/me", "/nowhere"])
def test_answers_are_dated_by_the_workspace(workspace: Workspace, clock: Clock, path: str) -> None:
    """`Date` is the workspace's clock in whole seconds, on refusals too."""
    clock.now = 1_766_836_800.9

    assert ask(workspace, "GET", path).headers["date"] == "Sat, 27 Dec 2025 12:00:00 GMT"


def test_long_answers_are_compressed_when_accepted(workspace: Workspace) -> None:
    """Compression is used where the client accepts it, and only there."""
    accepted = ask(workspace, "GET", "/contacts")
    declined = ask(workspace, "GET", "/contacts", headers={"Accept-Encoding": "identity"})

    assert accepted.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in declined.headers
    assert accepted.json() == declined.json()


def test_me_tells_the_workspace() -> None:
    """GET /me tells id code, region and time zone."""
    workspace = generate(
        contacts=0, workspace=Workspace(id_code="abc", region="eu", timezone="Europe/Dublin")
    )

    app = read(workspace, "/me")["app"]

    assert (app["id_code"], app["region"], app["timezone"]) == ("abc", "EU", "Europe/Dublin")


def test_a_body_that_is_not_json_is_refused(workspace: Workspace) -> None:
    """A search whose body is not a JSON object is 400."""
    response = ask(workspace, "POST", "/contacts/search", json="text")

    assert response.status_code == 400


def test_requests_are_logged(workspace: Workspace) -> None:
    """The log has method, path, query, body and status, and counts by endpoint."""
    ask(workspace, "GET", "/contacts/none?include_merge_history=true")
    ask(workspace, "POST", "/contacts/search", json={"query": 5})

    first, second = workspace.log.entries

    assert (first.method, first.path, first.status) == ("GET", "/contacts/none", 404)
    assert first.query == "include_merge_history=true"
    assert (second.body, second.status) == ({"query": 5}, 400)
    assert workspace.log.count("GET", "/contacts/{id}") == 1
    assert workspace.log.count("POST", "/contacts/search") == 1

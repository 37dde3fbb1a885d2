"""Intercom's side of OAuth: who is asked, which codes are exchanged, what the token opens."""

from urllib.parse import parse_qs, urlencode, urlsplit

import anyio
import httpx
import pytest

from intercom_assets_tests.in_process import InProcess
from intercom_assets_tests.simulator.asking import Clock, ask
from intercom_simulator import Workspace, create_app, generate
from intercom_simulator.oauth import OAuth

BACK = "http://localhost:8089/connect"


@pytest.fixture
def clock() -> Clock:
    """Makes a clock that stands still."""
    return Clock()


@pytest.fixture
def workspace(clock: Clock) -> Workspace:
    """Makes a small workspace whose name is markup."""
    return generate(contacts=1, workspace=Workspace(clock=clock, name="<b>Acme</b>"))


def send(
    workspace: Workspace, method: str, path: str, form: dict[str, str] | None = None
) -> httpx.Response:
    """Sends a request without a token, as a browser or an app does."""

    async def sent() -> httpx.Response:
        transport = InProcess(create_app(workspace))
        async with httpx.AsyncClient(transport=transport, base_url="http://simulator") as client:
            return await client.request(method, path, data=form)

    return anyio.run(sent)


def question(**query: str) -> str:
    """Gives the address at which an app asks."""
    asked = {"client_id": "simulated-client", "state": "s&=1", "redirect_uri": BACK} | query
    return f"/oauth?{urlencode(asked)}"


def decided(workspace: Workspace, decision: str) -> dict[str, list[str]]:
    """Answers on the page; gives what the browser takes back."""
    response = send(workspace, "POST", question(), {"decision": decision})
    assert response.status_code == 302
    address = urlsplit(response.headers["location"])
    assert address._replace(query="").geturl() == BACK
    return parse_qs(address.query)


def exchange(workspace: Workspace, code: str, **form: str) -> httpx.Response:
    """Exchanges a code."""
    given = {"client_id": "simulated-client", "client_secret": "simulated-client-secret"}
    return send(workspace, "POST", "/auth/eagle/token", {**given, "code": code, **form})


def test_the_page_asks_with_the_workspaces_name(workspace: Workspace) -> None:
    """Without credentials a page with both buttons is shown, its names escaped."""
    response = send(workspace, "GET", question())

    assert response.status_code == 200
    assert "&lt;b&gt;Acme" in response.text
    assert "Authorize" in response.text
    assert "Deny" in response.text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"client_id": "another"}, 404),
        ({"redirect_uri": "http://evil.example/"}, 400),
        ({"redirect_uri": ""}, 400),
    ],
)
def test_an_unknown_app_or_address_is_refused_on_the_page(
    workspace: Workspace, query: dict[str, str], status: int
) -> None:
    """Nobody is sent back to an address that is not registered."""
    shown = send(workspace, "GET", question(**query))
    sent = send(workspace, "POST", question(**query), {"decision": "authorize"})

    assert (shown.status_code, sent.status_code) == (status, 400)
    assert "location" not in sent.headers


def test_only_registered_addresses_are_known_where_there_are_any() -> None:
    """Registered addresses are compared letter by letter."""
    oauth = OAuth(redirect_urls=("https://example.com/x",))

    assert oauth.knows("https://example.com/x")
    assert not oauth.knows("https://example.com/x/")
    assert not oauth.knows(BACK)


def test_deny_brings_no_code(workspace: Workspace) -> None:
    """Deny takes OAuth's error and the state back."""
    assert decided(workspace, "deny") == {"error": ["access_denied"], "state": ["s&=1"]}


def test_a_code_is_exchanged_once_for_a_token_that_opens_the_workspace(
    workspace: Workspace,
) -> None:
    """The token reads the workspace under either name; the code does not work again."""
    told = decided(workspace, "authorize")

    first, second = (exchange(workspace, told["code"][0]) for _ in range(2))

    body = first.json()
    assert told["state"] == ["s&=1"]
    assert (first.status_code, second.status_code) == (200, 400)
    assert body["token"] == body["access_token"]
    assert ask(workspace, "GET", "/me", token=body["token"]).status_code == 200
    assert ask(workspace, "GET", "/me", token="another").status_code == 401


def test_a_code_expires(workspace: Workspace, clock: Clock) -> None:
    """After five minutes a code is refused."""
    codes = [decided(workspace, "authorize")["code"][0] for _ in range(2)]

    clock.forward(299)
    early = exchange(workspace, codes[0])
    clock.forward(1)
    late = exchange(workspace, codes[1])

    assert (early.status_code, late.status_code) == (200, 400)


@pytest.mark.parametrize("form", [{"client_id": "x"}, {"client_secret": "x"}, {"client_id": ""}])
def test_a_wrong_client_is_refused_and_uses_no_code_up(
    workspace: Workspace, form: dict[str, str]
) -> None:
    """Wrong credentials are 401; the code may still be exchanged with the right ones."""
    code = decided(workspace, "authorize")["code"][0]

    refused = exchange(workspace, code, **form)

    assert refused.status_code == 401
    assert refused.json()["type"] == "error.list"
    assert exchange(workspace, code).status_code == 200


def test_refusals_have_either_form(workspace: Workspace) -> None:
    """The documents do not say which: OAuth's own form can be chosen."""
    workspace.oauth.refusals = "oauth"

    assert exchange(workspace, "none").json()["error"] == "invalid_grant"


def test_json_is_read_like_a_form(workspace: Workspace) -> None:
    """Many clients send a JSON object instead of a form."""
    code = decided(workspace, "authorize")["code"][0]
    given = {"client_id": "simulated-client", "client_secret": "simulated-client-secret"}

    response = ask(workspace, "POST", "/auth/eagle/token", json={**given, "code": code}, token=None)

    assert response.status_code == 200


def test_secrets_are_not_logged(workspace: Workspace) -> None:
    """The request log, which the control API shows, holds no code and no secret."""
    exchange(workspace, decided(workspace, "authorize")["code"][0])

    assert workspace.log.total() == 0

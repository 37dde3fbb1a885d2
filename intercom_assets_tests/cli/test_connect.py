"""`intercom-assets connect`: what a person gets, what is stored, how it is refused."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from dotenv import dotenv_values

from intercom_assets_tests.cli.connecting import (
    CLIENT_ID,
    SECRET,
    Connecting,
    Ended,
    Place,
    state_of,
    token_of,
)
from intercom_assets_tests.dagster_project.processes import free_port, until
from intercom_assets_tests.dagster_project.running import serving
from intercom_simulator import Workspace, generate
from intercom_simulator.oauth import OAuth

EVERY_SCOPE = {
    "read_admin_activity_logs",
    "read_admins",
    "read_conversations",
    "read_tags",
    "read_tickets",
    "read_users_and_companies",
}


@pytest.fixture
def workspace() -> Workspace:
    """Generate a small workspace in Europe, whose app has our credentials."""
    oauth = OAuth(client_id=CLIENT_ID, client_secret=SECRET)
    made = Workspace(name="Acme <&> Sons", id_code="acme1", region="eu", oauth=oauth)
    return generate(contacts=3, companies=2, conversations=2, workspace=made)


@pytest.fixture
def place(workspace: Workspace, tmp_path: Path) -> Iterator[Place]:
    """Serve the workspace, and set up a project without `.env`."""
    with serving(workspace) as url:
        yield Place.make(tmp_path, url)


def assert_no_secret(ended: Ended, workspace: Workspace) -> None:
    """Look for every token and the client secret in what the command printed."""
    for secret in (SECRET, *workspace.access.tokens):
        assert secret not in ended.printed + ended.errors


def assert_refused(ended: Ended, place: Place, workspace: Workspace, told: str) -> None:
    """A refusal ends with 1 and one line, stores nothing and shows no secret."""
    assert 1 == ended.code
    assert re.search(told, ended.said)
    assert "Nothing was stored" in ended.said
    assert not place.env.exists()
    assert_no_secret(ended, workspace)


def test_authorize_stores_the_token_and_the_region(workspace: Workspace, place: Place) -> None:
    """The token and a region that was not set land in a new `.env` that only its owner reads."""
    with place.connecting() as connecting:
        page = connecting.connect()
        ended = connecting.end()

    stored = {"INTERCOM_ACCESS_TOKEN": token_of(workspace), "INTERCOM_REGION": "eu"}
    assert 200 == page.status_code
    for shown in ("Acme &lt;&amp;&gt; Sons", "acme1", "<dd>eu</dd>", "Read conversations"):
        assert shown in page.text
    assert workspace.name not in page.text
    assert stored == dotenv_values(place.env)
    assert 0o600 == place.env.stat().st_mode & 0o777
    assert (0, "") == (ended.code, ended.errors)
    assert "Connected workspace Acme <&> Sons (acme1, region eu)." in ended.printed
    assert "in .env as INTERCOM_ACCESS_TOKEN" in ended.printed
    assert "Read admins, Read and list users and companies" in ended.printed
    assert token_of(workspace) not in page.text
    assert_no_secret(ended, workspace)


def test_other_lines_stay_and_the_old_token_goes(workspace: Workspace, place: Place) -> None:
    """A token that stands in `.env` is replaced in its place; credentials are read from there."""
    before = f"# ours\nINTERCOM_CLIENT_ID={CLIENT_ID}\nINTERCOM_CLIENT_SECRET='{SECRET}'\n"
    place.env.write_text(f"{before}INTERCOM_ACCESS_TOKEN=old\nINTERCOM_REGION=eu\nMORE=1\n")
    place.env.chmod(0o644)
    place.unset.update({"INTERCOM_CLIENT_ID", "INTERCOM_CLIENT_SECRET"})

    with place.connecting() as connecting:
        connecting.connect()
        ended = connecting.end()

    assert 0 == ended.code
    line = f"INTERCOM_ACCESS_TOKEN={token_of(workspace)}"
    assert f"{before}{line}\nINTERCOM_REGION=eu\nMORE=1\n" == place.env.read_text()
    assert 0o600 == place.env.stat().st_mode & 0o777


def test_no_store_shows_the_token_on_the_page_only(workspace: Workspace, place: Place) -> None:
    """With --no-store the page holds the token behind a button, and no file is written."""
    with place.connecting("--no-store") as connecting:
        page = connecting.connect()
        ended = connecting.end()

    assert f'type="password" readonly autocomplete="off" value="{token_of(workspace)}"' in page.text
    assert "no-store" == page.headers["cache-control"]
    assert 0 == ended.code
    assert "put it into .env as INTERCOM_ACCESS_TOKEN" in ended.printed
    assert "INTERCOM_REGION=eu" in ended.printed
    assert not place.env.exists()
    assert_no_secret(ended, workspace)


def test_denied_is_said_on_the_page_and_in_one_line(workspace: Workspace, place: Place) -> None:
    """Deny ends the command with 1; nothing is asked of Intercom and nothing stored."""
    with place.connecting() as connecting:
        page = connecting.connect("deny")
        ended = connecting.end()

    assert 400 == page.status_code
    assert "Access was denied" in page.text
    assert {"simulated-token"} == workspace.access.tokens
    assert_refused(ended, place, workspace, "Access was denied")


@pytest.mark.parametrize("form", ["envelope", "oauth"])
@pytest.mark.parametrize("what", ["secret", "expired"])
def test_a_code_that_is_refused_says_why(
    workspace: Workspace, place: Place, what: str, form: str
) -> None:
    """A wrong secret and an expired code are likely; what Intercom says of them comes last."""
    workspace.oauth.refusals = "oauth" if form == "oauth" else "envelope"
    if what == "secret":
        workspace.oauth.client_secret = "another"
    else:
        workspace.oauth.code_seconds = 0

    with place.connecting() as connecting:
        page = connecting.connect()
        ended = connecting.end()

    assert "The code was not exchanged" in page.text
    said = "Client authentication failed" if what == "secret" else "invalid or expired"
    told = rf"expired.*client id or secret is wrong.*INTERCOM_CLIENT_SECRET.*\[.*{said}"
    assert_refused(ended, place, workspace, told)


def test_an_outage_says_to_try_again(workspace: Workspace, place: Place) -> None:
    """Intercom's own trouble is not taken for a refusal of the code."""
    workspace.oauth.outage = True

    with place.connecting() as connecting:
        connecting.connect()
        ended = connecting.end()

    assert_refused(ended, place, workspace, "intercomstatus.*HTTP 503")


@pytest.mark.parametrize("name", ["token", "access_token"])
def test_either_name_of_the_token_is_understood(
    workspace: Workspace, place: Place, name: str
) -> None:
    """Documents call the token `token` and `access_token`; one is enough."""
    workspace.oauth.token_fields = (name,)

    with place.connecting() as connecting:
        connecting.connect()
        ended = connecting.end()

    assert 0 == ended.code
    assert token_of(workspace) == dotenv_values(place.env)["INTERCOM_ACCESS_TOKEN"]


def test_an_answer_without_a_token_is_refused(workspace: Workspace, place: Place) -> None:
    """An exchange that brings no token stores nothing."""
    workspace.oauth.token_fields = ()

    with place.connecting() as connecting:
        connecting.connect()
        ended = connecting.end()

    assert_refused(ended, place, workspace, "no access token")


def changed(address: str, **values: str) -> str:
    """Change the query of an address."""
    parts = urlsplit(address)
    query = {name: one[0] for name, one in parse_qs(parts.query).items()} | values
    return parts._replace(query=urlencode(query)).geturl()


@pytest.mark.parametrize("state", ["", "ünï", "A" * 43])
def test_a_state_that_is_not_ours_is_refused(
    workspace: Workspace, place: Place, state: str
) -> None:
    """An answer to another question never reaches Intercom: its code is not exchanged."""
    with place.connecting() as connecting:
        page = connecting.come_back(changed(connecting.decide(connecting.press()), state=state))
        ended = connecting.end()

    assert "cannot be trusted" in page.text
    assert {"simulated-token"} == workspace.access.tokens
    assert_refused(ended, place, workspace, "state mismatch")


def test_an_answer_in_another_browser_is_refused(workspace: Workspace, place: Place) -> None:
    """Whoever did not press the button cannot finish: the state belongs to a browser."""
    with place.connecting() as connecting:
        address = connecting.decide(connecting.press())
        connecting.browser.cookies.clear()
        page = connecting.come_back(address)
        ended = connecting.end()

    assert "another browser" in page.text
    assert {"simulated-token"} == workspace.access.tokens
    assert_refused(ended, place, workspace, "another browser")


def test_each_press_has_a_state_of_its_own(workspace: Workspace, place: Place) -> None:
    """States are long and never repeated; the last press counts."""
    with place.connecting() as connecting:
        asked = [connecting.press() for _ in range(3)]
        page = connecting.come_back(connecting.decide(asked[-1]))
        ended = connecting.end()

    states = {state_of(address) for address in asked}
    assert 3 == len(states)
    assert all(len(state) >= 43 for state in states)
    assert (200, 0) == (page.status_code, ended.code)
    assert token_of(workspace)


def test_an_app_without_permissions_is_refused(workspace: Workspace, place: Place) -> None:
    """A token that may read nothing is not stored; the permissions are named."""
    workspace.access.missing_scopes = EVERY_SCOPE

    with place.connecting() as connecting:
        page = connecting.connect()
        ended = connecting.end()

    assert "may read nothing" in page.text
    assert_refused(ended, place, workspace, '"Read conversations".*Developer Hub')


def test_a_missing_permission_is_shown_and_the_rest_connected(
    workspace: Workspace, place: Place
) -> None:
    """One permission that is missing is named with its resources; the token is stored."""
    workspace.access.missing_scopes = {"read_conversations"}

    with place.connecting() as connecting:
        page = connecting.connect()
        ended = connecting.end()

    assert 0 == ended.code
    assert "not granted: conversations, conversation_parts" in page.text
    assert re.search(r'! .*"Read conversations".*conversation_parts', ended.said)
    assert token_of(workspace) == dotenv_values(place.env)["INTERCOM_ACCESS_TOKEN"]


def test_another_region_than_the_settings_is_refused(workspace: Workspace, place: Place) -> None:
    """A region that somebody set is not overruled: it is said what to set."""
    place.variables["INTERCOM_REGION"] = "au"

    with place.connecting() as connecting:
        page = connecting.connect()
        ended = connecting.end()

    assert "Set INTERCOM_REGION=eu in .env" in page.text
    assert_refused(ended, place, workspace, "lives in region eu.*is au.*INTERCOM_REGION=eu")


def test_a_region_in_the_sources_file_is_not_overruled(workspace: Workspace, place: Place) -> None:
    """Where the file itself names the region, the file is named."""
    file = place.folder / "acme" / "defs" / "intercom" / "defs.yaml"
    file.write_text(file.read_text().replace("region: {env: INTERCOM_REGION}", "region: au"))

    with place.connecting() as connecting:
        connecting.connect()
        ended = connecting.end()

    told = "Set region: eu in acme/defs/intercom/defs.yaml"
    assert_refused(ended, place, workspace, told)


def test_the_page_is_opened_where_there_is_a_screen(place: Place) -> None:
    """A desktop's opener gets the page's address; --no-browser keeps it to the terminal."""
    opener, opened = place.folder / "bin" / "xdg-open", place.folder / "opened"
    opener.parent.mkdir()
    opener.write_text(f'#!/bin/sh\necho "$1" >> {opened}\n')
    opener.chmod(0o755)
    place.variables.update(
        DISPLAY=":99", PATH=os.pathsep.join([str(opener.parent), os.environ["PATH"]])
    )

    with place.connecting("--no-browser"):
        pass
    with place.connecting() as connecting:
        until(lambda: opened.read_text() if opened.exists() else None, "the page's opening")

    assert connecting.page == opened.read_text().strip()


def test_help_imports_neither_dagster_nor_a_web_server(place: Place) -> None:
    """Help appears at once."""
    shown = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "intercom_assets", "connect", "--help"],
        cwd=place.folder,
        env=place.environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == shown.returncode
    assert "--no-store" in shown.stdout
    assert not re.search(r"\| +(dagster|uvicorn|starlette)$", shown.stderr, re.MULTILINE)


def test_an_env_file_of_another_encoding_is_named(place: Place) -> None:
    """A `.env` that is not UTF-8 is said to be so, and stays as it is."""
    place.env.write_bytes(b"CAF\xc9=1\n")

    ended = place.call()

    assert (2, "") == (ended.code, ended.printed)
    assert ".env is not UTF-8" in ended.errors
    assert b"CAF\xc9=1\n" == place.env.read_bytes()


def test_a_variable_of_the_environment_that_wins_is_named(
    workspace: Workspace, place: Place
) -> None:
    """Where the environment sets the token too, `.env` would be ignored, and that is said."""
    place.variables["INTERCOM_ACCESS_TOKEN"] = "an-old-one-of-the-shell"

    with place.connecting() as connecting:
        page = connecting.connect()
        ended = connecting.end()

    assert 0 == ended.code
    assert "wins over .env" in page.text
    assert "INTERCOM_ACCESS_TOKEN" in ended.said
    assert token_of(workspace) == dotenv_values(place.env)["INTERCOM_ACCESS_TOKEN"]


def test_a_source_is_chosen_by_name(workspace: Workspace, place: Place) -> None:
    """With two sources --source is needed, and the chosen one's variable is written."""
    folder = place.folder / "acme" / "defs" / "second"
    folder.mkdir()
    first = (place.folder / "acme" / "defs" / "intercom" / "defs.yaml").read_text()
    second = first.replace("INTERCOM_ACCESS_TOKEN", "SECOND_TOKEN")
    (folder / "defs.yaml").write_text(second.replace("{env: INTERCOM_TABLE_PREFIX}", "second_"))

    refused = place.call()
    with place.connecting("--source", "second") as connecting:
        connecting.connect()
        ended = connecting.end()

    assert (2, "") == (refused.code, refused.printed)
    assert "--source (intercom, second)" in refused.errors
    assert 0 == ended.code
    assert token_of(workspace) == dotenv_values(place.env)["SECOND_TOKEN"]


@pytest.mark.parametrize(
    ("variables", "options", "told"),
    [
        ({"INTERCOM_CLIENT_ID": ""}, [], "INTERCOM_CLIENT_ID must be set.*Basic information"),
        ({"INTERCOM_CLIENT_SECRET": " "}, [], "INTERCOM_CLIENT_SECRET must be set.*.env"),
        ({"INTERCOM_REGION": "mars"}, [], "INTERCOM_REGION"),
        ({}, ["--source", "nobody"], "nobody"),
        ({}, ["--redirect-url", "http://example.com/x"], "must be https"),
        ({}, ["--redirect-url", "https://u:p@example.com/x"], "name or password"),
        ({}, ["--redirect-url", "https://example.com/x?y=1"], "must not hold"),
        ({}, ["--redirect-url", "http://localhost:1/x"], "port 1 .*--port"),
        ({"INTERCOM_REDIRECT_URL": "ftp://example.com"}, [], "INTERCOM_REDIRECT_URL.*https"),
    ],
)
def test_wrong_settings_end_with_2_before_anything_is_served(
    place: Place, variables: dict[str, str], options: list[str], told: str
) -> None:
    """What is wrong is said at once, with the variable and where its value is found."""
    place.variables.update(variables)

    ended = place.call(*options)

    assert (2, "") == (ended.code, ended.printed)
    assert re.search(told, ended.errors)
    assert "Traceback" not in ended.errors
    assert not place.env.exists()


def test_a_port_in_use_is_explained(place: Place) -> None:
    """A second command on the same port ends with 2 and names the option."""
    port = str(free_port())

    with place.connecting("--port", port):
        ended = place.call("--port", port)

    assert 2 == ended.code
    assert f"Port {port} cannot be used" in ended.errors
    assert "--port" in ended.errors


def test_an_env_file_that_cannot_be_written_is_found_first(place: Place) -> None:
    """Nobody is asked to authorize where the token could not be stored."""
    place.env.mkdir()

    ended = place.call()

    assert (2, "") == (ended.code, ended.printed)
    assert ".env" in ended.errors


def test_nobody_answers(workspace: Workspace, place: Place) -> None:
    """After the time-out the command ends with 1."""
    with place.connecting("--timeout", "1") as connecting:
        ended = connecting.end()

    assert_refused(ended, place, workspace, "Nobody answered in 1 s")


def test_ctrl_c_ends_with_130(workspace: Workspace, place: Place) -> None:
    """Ctrl-C ends the command with 130, and nothing is stored."""
    with place.connecting() as connecting:
        assert 200 == connecting.browser.get(connecting.page).status_code
        connecting.interrupt()
        ended = connecting.end()

    assert 130 == ended.code
    assert "Interrupted" in ended.errors
    assert "Traceback" not in ended.errors
    assert not place.env.exists()
    assert_no_secret(ended, workspace)


def test_the_page_is_reached_on_loopback_only(place: Place) -> None:
    """Another address of this machine, even of loopback, is not listened on."""
    with place.connecting() as connecting:
        port = urlsplit(connecting.page).port
        assert port is not None
        socket.create_connection(("127.0.0.1", port), 5).close()
        with pytest.raises(OSError):  # noqa: PT011 - refused or not routed
            socket.create_connection(("127.0.0.2", port), 2).close()


def test_strangers_are_turned_away_and_the_owner_still_connects(
    workspace: Workspace, place: Place
) -> None:
    """Other hosts, paths, methods and visitors without the key get nothing, and end nothing."""
    with place.connecting() as connecting:
        browser, base = connecting.browser, connecting.base
        answers = [
            browser.get(connecting.page, headers={"Host": "evil.example"}).status_code,
            browser.get(connecting.page, headers={"Host": "localhost"}).status_code,
            browser.get(base).status_code,
            browser.get(f"{base}?key=guess").status_code,
            browser.post(base).status_code,
            browser.post(base, data={"key": "guess"}).status_code,
            browser.post(base, content=b"key=" + b"x" * 100_000).status_code,
            browser.get(base.replace("/connect", "/")).status_code,
            browser.head(f"{base}?code=x&state=y").status_code,
        ]
        connecting.connect()
        ended = connecting.end()

    assert [421, 421, 403, 403, 403, 403, 403, 404, 405] == answers
    assert 0 == ended.code
    assert token_of(workspace)


def test_every_page_is_strict(place: Place) -> None:
    """Pages run and load nothing foreign, are not kept, framed or named to others."""
    with place.connecting() as connecting:
        pages = [
            connecting.browser.get(connecting.page),
            connecting.browser.get(connecting.base),
            connecting.connect("deny"),
        ]

    for page in pages:
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'nonce-")
        assert "frame-ancestors 'none'" in policy
        assert "script-src 'none'" in policy
        assert "unsafe" not in policy
        assert "no-referrer" == page.headers["referrer-policy"]
        assert "no-store" == page.headers["cache-control"]
        assert not re.search(r'(src|href)="(?!data:,")', page.text)


def test_the_cookie_is_kept_from_scripts_and_other_sites(place: Place) -> None:
    """The browser's copy of the state is HttpOnly, SameSite=Lax, and ends with the state."""
    with place.connecting() as connecting:
        key = connecting.page.partition("key=")[2]
        sent = connecting.browser.post(connecting.base, data={"key": key})

    cookie = sent.headers["set-cookie"]
    for part in ("HttpOnly", "SameSite=lax", "Max-Age=600", "Path=/connect"):
        assert part in cookie


def test_a_registered_https_address_may_forward_to_the_page(
    workspace: Workspace, place: Place
) -> None:
    """Behind a forwarder the page has its path and host, and the cookie travels encrypted only."""
    public = "https://connect.example/intercom"
    workspace.oauth.redirect_urls = (public,)
    port = free_port()

    with place.connecting("--redirect-url", public, "--port", str(port)) as connecting:
        assert connecting.page.startswith(f"{public}?key=")
        forward = Forward(connecting, port)
        page = forward.connect()
        ended = connecting.end()

    assert "Secure" in forward.cookie
    assert 200 == page
    assert 0 == ended.code
    assert token_of(workspace) == dotenv_values(place.env)["INTERCOM_ACCESS_TOKEN"]


class Forward:
    """A forwarder before the command, and a browser before the forwarder."""

    def __init__(self, connecting: Connecting, port: int) -> None:
        self._connecting = connecting
        self._own = f"http://127.0.0.1:{port}/intercom"
        self.cookie = ""

    def connect(self) -> int:
        """Press, answer and come back by way of the forwarder; gives the last status."""
        browser = self._connecting.browser
        key = self._connecting.page.partition("key=")[2]
        host = {"Host": "connect.example"}
        sent = browser.post(self._own, data={"key": key}, headers=host)
        self.cookie = sent.headers["set-cookie"]
        back = self._connecting.decide(sent.headers["location"])
        assert back.startswith("https://connect.example/intercom?")
        cookie = {"Cookie": self.cookie.partition(";")[0]}
        address = f"{self._own}?{urlsplit(back).query}"
        return browser.get(address, headers=host | cookie).status_code

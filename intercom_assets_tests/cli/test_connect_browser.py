"""A person connects a workspace in Chromium: the button, Intercom's page, what is stored."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from dotenv import dotenv_values
from playwright.sync_api import Page

from intercom_assets_tests.chromium import chromium, needs_chromium, new_page
from intercom_assets_tests.cli.connecting import CLIENT_ID, SECRET, Connecting, Place, token_of
from intercom_assets_tests.dagster_project.running import serving
from intercom_simulator import Workspace, generate
from intercom_simulator.oauth import OAuth

NAME = "Acme <script>alert(1)</script> Sons"

pytestmark = needs_chromium


@pytest.fixture
def workspace() -> Workspace:
    """Generate a small workspace in Europe whose name is markup."""
    oauth = OAuth(client_id=CLIENT_ID, client_secret=SECRET)
    made = Workspace(name=NAME, id_code="acme1", region="eu", oauth=oauth)
    return generate(contacts=3, companies=2, conversations=2, workspace=made)


@pytest.fixture
def place(workspace: Workspace, tmp_path: Path) -> Iterator[Place]:
    """Serve it, and set up a project without `.env`."""
    with serving(workspace) as url:
        yield Place.make(tmp_path, url)


@pytest.fixture
def page() -> Iterator[Page]:
    """Open a browser with one empty page, which may use the clipboard."""
    with chromium() as browser:
        yield new_page(browser, "clipboard-read", "clipboard-write")


def click_through(page: Page, connecting: Connecting, decision: str) -> str:
    """Press the button, decide on Intercom's page; gives the text of the last page."""
    page.goto(connecting.page)
    page.get_by_role("button", name="Connect with Intercom").click()
    page.get_by_role("button", name=decision).click()
    page.locator("body.good, body.bad").wait_for()
    return page.locator("main").inner_text()


def test_a_person_authorizes(workspace: Workspace, place: Place, page: Page) -> None:
    """The page shows name, region and permissions; `.env` holds the token, for its owner only."""
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))

    with place.connecting() as connecting:
        shown = click_through(page, connecting, "Authorize")
        ended = connecting.end()

    for told in (NAME, "acme1", "eu", "Read conversations", "Read tags", ".env"):
        assert told in shown
    stored = {"INTERCOM_ACCESS_TOKEN": token_of(workspace), "INTERCOM_REGION": "eu"}
    assert stored == dotenv_values(place.env)
    assert 0o600 == place.env.stat().st_mode & 0o777
    assert (0, "") == (ended.code, ended.errors)
    assert [] == dialogs
    for secret in (token_of(workspace), SECRET):
        assert secret not in ended.printed + page.content()


def test_a_person_denies(workspace: Workspace, place: Place, page: Page) -> None:
    """The page and the terminal say that it was denied; there is no file."""
    with place.connecting() as connecting:
        shown = click_through(page, connecting, "Deny")
        ended = connecting.end()

    assert "Access was denied" in shown
    assert (1, True) == (ended.code, "Access was denied" in ended.said)
    assert not place.env.exists()
    assert {"simulated-token"} == workspace.access.tokens


def test_a_person_copies_the_token(workspace: Workspace, place: Place, page: Page) -> None:
    """With --no-store the token is hidden until it is revealed, and can be copied."""
    with place.connecting("--no-store") as connecting:
        hidden = click_through(page, connecting, "Authorize")
        kind = page.locator("#token").get_attribute("type")
        page.get_by_role("button", name="Reveal").click()
        revealed = page.locator("#token").get_attribute("type")
        page.get_by_role("button", name="Copy").click()
        page.get_by_role("button", name="Copied").wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")
        ended = connecting.end()

    assert ("password", "text") == (kind, revealed)
    assert token_of(workspace) == copied
    assert token_of(workspace) not in hidden + ended.printed + ended.errors
    assert 0 == ended.code
    assert not place.env.exists()


def test_the_way_back_in_history_connects_nothing_twice(
    workspace: Workspace, place: Place, page: Page
) -> None:
    """Pressing the button twice in one browser leaves one token."""
    with place.connecting() as connecting:
        page.goto(connecting.page)
        page.get_by_role("button", name="Connect with Intercom").click()
        page.get_by_role("button", name="Deny").wait_for()
        page.go_back()
        shown = click_through(page, connecting, "Authorize")
        ended = connecting.end()

    assert "Connected to" in shown
    assert 0 == ended.code
    assert token_of(workspace) == dotenv_values(place.env)["INTERCOM_ACCESS_TOKEN"]

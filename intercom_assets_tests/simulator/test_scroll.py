"""The scroll over companies: one at a time, the same token, an empty end."""

import pytest

from intercom_assets_tests.simulator.asking import Clock, ask, control, error_code, read
from intercom_simulator import Workspace, generate

SCROLL = "/companies/scroll"


@pytest.fixture
def clock() -> Clock:
    """Makes a clock that stands still."""
    return Clock()


@pytest.fixture
def workspace(clock: Clock) -> Workspace:
    """Makes a workspace of 250 companies: two pages and a half."""
    return generate(
        seed=3, contacts=0, companies=250, conversations=0, workspace=Workspace(clock=clock)
    )


def test_the_scroll_ends_with_an_empty_page(workspace: Workspace) -> None:
    """Pages have 100 companies and one token; an empty page ends the scroll."""
    pages = [read(workspace, SCROLL)]
    token = pages[0]["scroll_param"]
    while pages[-1]["data"]:
        pages.append(read(workspace, f"{SCROLL}?scroll_param={token}"))

    assert [len(page["data"]) for page in pages] == [100, 100, 50, 0]
    assert {page["scroll_param"] for page in pages} == {token}
    assert (pages[0]["pages"], pages[0]["total_count"]) == (None, None)
    assert len({each["id"] for page in pages for each in page["data"]}) == 250


@pytest.mark.parametrize(
    ("end", "status", "token"),
    [
        ("gone", 404, True),
        ("refused", 400, True),
        ("null_list", 200, True),
        ("no_token", 404, False),
    ],
)
def test_the_scroll_may_end_otherwise(
    workspace: Workspace,
    end: str,
    status: int,
    token: bool,  # noqa: FBT001
) -> None:
    """Where the workspace says so the scroll ends in a form that the documents do not show."""
    control(workspace, "settings", scroll_end=end, scroll_renews=True)
    pages = [read(workspace, SCROLL)]
    for _ in range(2):
        pages.append(read(workspace, f"{SCROLL}?scroll_param={pages[-1]['scroll_param']}"))

    last = ask(workspace, "GET", f"{SCROLL}?scroll_param={pages[-1]['scroll_param']}")

    assert [100, 100, 50] == [len(page["data"]) for page in pages]
    assert token == (pages[-1]["scroll_param"] is not None)
    assert status == last.status_code
    assert pages[0]["scroll_param"] != pages[1]["scroll_param"]


def test_a_finished_scroll_is_gone(workspace: Workspace) -> None:
    """After the empty page the token is unknown and a new scroll may begin."""
    token = read(workspace, SCROLL)["scroll_param"]
    for _ in range(3):
        read(workspace, f"{SCROLL}?scroll_param={token}")

    assert ask(workspace, "GET", f"{SCROLL}?scroll_param={token}").status_code == 404
    assert ask(workspace, "GET", SCROLL).status_code == 200


def test_a_second_scroll_is_refused(workspace: Workspace) -> None:
    """Only one scroll may be open."""
    read(workspace, SCROLL)

    response = ask(workspace, "GET", SCROLL)

    assert (response.status_code, error_code(response)) == (400, "scroll_exists")


@pytest.mark.parametrize(("silence", "status"), [(60, 200), (61, 404)])
def test_a_silent_scroll_expires(
    workspace: Workspace, clock: Clock, silence: int, status: int
) -> None:
    """A scroll unused for more than a minute is lost."""
    token = read(workspace, SCROLL)["scroll_param"]
    clock.forward(silence)

    response = ask(workspace, "GET", f"{SCROLL}?scroll_param={token}")

    assert response.status_code == status


def test_an_expired_scroll_lets_another_begin(workspace: Workspace, clock: Clock) -> None:
    """A minute of silence also ends the wait of `scroll_exists`."""
    read(workspace, SCROLL)
    clock.forward(61)

    assert ask(workspace, "GET", SCROLL).status_code == 200


def test_every_page_keeps_the_scroll_alive(workspace: Workspace, clock: Clock) -> None:
    """The minute counts from the last page, not from the first."""
    token = read(workspace, SCROLL)["scroll_param"]
    for _ in range(3):
        clock.forward(59)
        read(workspace, f"{SCROLL}?scroll_param={token}")


def test_without_companies_page_two_is_not_found() -> None:
    """With no companies there is a token, and then 404."""
    workspace = generate(contacts=0, companies=0, conversations=0)

    first = read(workspace, SCROLL)
    second = ask(workspace, "GET", f"{SCROLL}?scroll_param={first['scroll_param']}")

    assert first["data"] == []
    assert (second.status_code, error_code(second)) == (404, "not_found")


def test_the_scroll_is_a_snapshot(workspace: Workspace) -> None:
    """A company changed while the scroll is open appears as it was when it began."""
    token = read(workspace, SCROLL)["scroll_param"]
    company = workspace.truth("companies")[150]
    workspace.patch("companies", company["id"], {"name": "renamed"})

    page = read(workspace, f"{SCROLL}?scroll_param={token}")

    assert page["data"][50] == company

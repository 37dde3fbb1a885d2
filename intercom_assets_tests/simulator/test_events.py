"""Events: by contact, newest first, in pages that end at a moment; or counted by name."""

from urllib.parse import urlsplit

import pytest

from intercom_assets_tests.simulator import specification
from intercom_assets_tests.simulator.asking import NOON, Clock, ask, error_code, read
from intercom_simulator import Record, Workspace, generate
from intercom_simulator.generation.chance import DAY


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    """Makes a workspace whose first contact has many events."""
    return generate(contacts=10, companies=0, conversations=0, workspace=Workspace(clock=Clock()))


def listing(workspace: Workspace, rest: str = "") -> str:
    """Gives the path of the first contact's events."""
    return f"/events?type=user&intercom_user_id={next(iter(workspace.events))}{rest}"


def test_links_lead_through_all_events_newest_first(workspace: Workspace) -> None:
    """Each page links to what is older, with all that was asked; the last links to nothing."""
    found: list[Record] = []
    path: str | None = listing(workspace, "&per_page=7")
    while path is not None:
        answer = read(workspace, path)
        found += answer["events"]
        following = answer["pages"].get("next")
        path = following and f"/events?{urlsplit(following).query}"

    moments = [one["created_at"] for one in found]
    assert sorted(moments, reverse=True) == moments
    assert len(found) == len({one["id"] for one in found}) == 120


def test_a_link_leads_to_what_comes_later(workspace: Workspace) -> None:
    """`pages.since` leads to nothing until something happens."""
    since = urlsplit(read(workspace, listing(workspace))["pages"]["since"]).query

    assert read(workspace, f"/events?{since}")["events"] == []


def test_old_events_are_counted_and_not_listed() -> None:
    """Events of 90 days are listed where the workspace says so; counts include older ones."""
    workspace = generate(contacts=1, companies=0, conversations=0)
    workspace.clock = Clock()
    workspace.behaviour.event_days = 90

    events = read(workspace, listing(workspace, "&per_page=500"))["events"]
    counted = read(workspace, listing(workspace, "&summary=true"))["events"]

    assert 0 < len(events) < 120 == sum(one["count"] for one in counted)
    assert min(one["created_at"] for one in events) >= NOON - 90 * DAY


def test_answers_match_the_description(workspace: Workspace) -> None:
    """Counts validate against the endpoint's schema, which is theirs, whatever is asked for."""
    for contact in workspace.collection("contacts").ids():
        counts = read(workspace, f"/events?type=user&intercom_user_id={contact}&summary=true")

        assert specification.problems("GET", "/events", 200, counts) == []


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ("intercom_user_id=x", (400, "parameter_invalid")),
        ("type=user", (400, "parameter_invalid")),
        ("type=user&intercom_user_id=x", (404, "not_found")),
        ("type=user&email=x", (404, "not_found")),
        ("type=user&user_id=x", (404, "not_found")),
    ],
)
def test_what_names_nobody_is_refused(
    workspace: Workspace, query: str, refusal: tuple[int, str]
) -> None:
    """The parameters are required, and the contact must exist."""
    response = ask(workspace, "GET", f"/events?{query}")

    assert (response.status_code, error_code(response)) == refusal

"""The four ways in which Intercom cuts lists into pages."""

import base64

import pytest

from intercom_assets_tests.simulator.asking import (
    Clock,
    ask,
    error_code,
    read,
    records_of,
    search,
    search_pages,
)
from intercom_simulator import Record, Workspace, generate

ANYTHING: Record = {"field": "created_at", "operator": ">", "value": 0}
ASCENDING = {"field": "updated_at", "order": "ascending"}


@pytest.fixture
def workspace() -> Workspace:
    """Makes a small workspace on a clock that stands still."""
    return generate(
        seed=3, contacts=40, companies=250, conversations=30, workspace=Workspace(clock=Clock())
    )


@pytest.mark.parametrize("kind", ["contacts", "conversations"])
@pytest.mark.parametrize("paging", ["keyset", "offset"])
def test_walking_a_search_meets_every_record_once(
    workspace: Workspace, kind: str, paging: str
) -> None:
    """A walk by cursor meets every record exactly once, in order, however cursors work."""
    workspace.behaviour.paging = "keyset" if paging == "keyset" else "offset"

    walked = [
        record
        for answer in search_pages(workspace, kind, ANYTHING, sort=ASCENDING)
        for record in records_of(answer)
    ]

    keys = [(record["updated_at"], record["id"]) for record in walked]
    assert keys == sorted(keys)
    assert {record["id"] for record in walked} == set(workspace.collection(kind).ids())


def test_the_last_page_has_no_next(workspace: Workspace) -> None:
    """`pages.next` is absent, not null, on the last page."""
    *_, last = search_pages(workspace, "contacts", ANYTHING)

    assert "next" not in last["pages"]
    assert last["pages"]["page"] == last["pages"]["total_pages"] == 6
    assert last["total_count"] == 40


def test_cursors_need_encoding(workspace: Workspace) -> None:
    """A `starting_after` holds `+`, `/` and `=`, so it must be encoded in a URL."""
    first = read(workspace, "/contacts?per_page=5")
    cursor = first["pages"]["next"]["starting_after"]

    assert all(sign in cursor for sign in "+/=")
    assert base64.b64decode(cursor)


def test_listing_by_cursor_in_the_query_string(workspace: Workspace) -> None:
    """GET /contacts pages by `starting_after` in the query string, newest update first."""
    workspace.access.rate_limit = 0
    first = read(workspace, "/contacts?per_page=25")
    cursor = first["pages"]["next"]["starting_after"]
    encoded = (
        cursor.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D").replace("\n", "%0A")
    )

    second = read(workspace, f"/contacts?per_page=25&starting_after={encoded}")

    walked = [record["updated_at"] for record in first["data"] + second["data"]]
    assert len(walked) == 40
    assert walked == sorted(walked, reverse=True)


def test_search_ignores_paging_in_the_query_string(workspace: Workspace) -> None:
    """Paging parameters of a search count in the body only."""
    response = ask(
        workspace, "POST", "/contacts/search?per_page=1&page=3", json={"query": ANYTHING}
    )

    assert len(response.json()["data"]) == 40
    assert response.json()["pages"]["per_page"] == 50


@pytest.mark.parametrize(
    ("path", "key", "default"), [("/contacts", "data", 50), ("/conversations", "conversations", 20)]
)
def test_default_page_sizes(workspace: Workspace, path: str, key: str, default: int) -> None:
    """Contacts come by 50 and conversations by 20 unless asked otherwise."""
    answer = read(workspace, path)

    assert answer["pages"]["per_page"] == default
    assert len(answer[key]) == min(default, 40)


@pytest.mark.parametrize("per_page", [0, 151, "many"])
def test_page_sizes_out_of_bounds_are_refused(workspace: Workspace, per_page: object) -> None:
    """A page has 1 to 150 records."""
    response = search(workspace, "contacts", ANYTHING, pagination={"per_page": per_page})

    assert (response.status_code, error_code(response)) == (400, "parameter_invalid")


@pytest.mark.parametrize("cursor", ["nonsense", "!!!", "+/+//g==", "WzFd"])
def test_a_bad_cursor_is_refused(workspace: Workspace, cursor: str) -> None:
    """A `starting_after` that Intercom did not give out is a client error."""
    response = search(workspace, "contacts", ANYTHING, pagination={"starting_after": cursor})

    assert (response.status_code, error_code(response)) == (400, "client_error")


def _walk_while_the_first_row_changes(workspace: Workspace) -> list[str]:
    walked: list[str] = []
    for answer in search_pages(workspace, "conversations", ANYTHING, sort=ASCENDING):
        walked += [record["id"] for record in answer["conversations"]]
        if len(walked) == 7:
            workspace.touch("conversations", walked[0])
    return walked


def test_keyset_cursors_survive_a_shift(workspace: Workspace) -> None:
    """By keyset, a record that moves to the end is met again and nothing is skipped."""
    walked = _walk_while_the_first_row_changes(workspace)

    assert len(walked) == 31
    assert walked[0] == walked[-1]


def test_offset_cursors_skip_a_row_on_a_shift(workspace: Workspace) -> None:
    """By offset, a record that moves to the end pulls another over the page's edge."""
    workspace.behaviour.paging = "offset"

    walked = _walk_while_the_first_row_changes(workspace)

    assert len(set(walked)) == 29


def test_page_numbers_follow_a_url(workspace: Workspace) -> None:
    """Lists by page number give the next URL, and null on the last page."""
    seen: list[str] = []
    url: str | None = "http://simulator/companies/list?per_page=60&order=asc"
    while url is not None:
        answer = ask(workspace, "POST", url).json()
        seen += [record["id"] for record in answer["data"]]
        url = answer["pages"]["next"]

    listed = [each["id"] for each in workspace.truth("companies") if each["user_count"]]
    assert sorted(seen) == sorted(listed)
    assert len(listed) < 250


def test_company_list_stops_at_ten_thousand(workspace: Workspace) -> None:
    """Beyond 10,000 companies the list refers to the scroll."""
    response = ask(workspace, "POST", "/companies/list?per_page=50&page=201")

    assert response.status_code == 400
    assert "scroll" in response.json()["errors"][0]["message"]


def test_old_versions_page_conversations_by_number(workspace: Workspace) -> None:
    """Before 2.6 GET /conversations pages by number, with order and sort."""
    answer = read(workspace, "/conversations?per_page=10&order=asc&sort=updated_at", "2.5")
    following = read(workspace, answer["pages"]["next"], "2.5")

    walked = [each["updated_at"] for each in answer["conversations"] + following["conversations"]]
    assert walked == sorted(walked)
    assert following["pages"]["page"] == 2

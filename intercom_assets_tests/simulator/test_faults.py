"""The fault dial in process: off by default, repeatable, aimed where wanted."""

import json
from collections.abc import Callable

import httpx
import pytest

from intercom_assets_tests.simulator.asking import Clock, ask, control, error_code, search
from intercom_simulator import FORMS, KINDS, Faults, Form, Workspace, generate


@pytest.fixture
def workspace() -> Workspace:
    """Makes a small workspace."""
    return generate(contacts=20, companies=5, conversations=5, workspace=Workspace(clock=Clock()))


def test_nothing_fails_by_default(workspace: Workspace) -> None:
    """The dial is at zero."""
    assert {ask(workspace, "GET", "/me").status_code for _ in range(50)} == {200}
    assert not workspace.faults.injected


def test_a_target_hits_the_nth_call(workspace: Workspace) -> None:
    """The third call of an endpoint fails, and no other."""
    workspace.faults.on("GET", "/contacts/*", "500", call=3)
    contact_id = workspace.collection("contacts").ids()[0]

    statuses = [ask(workspace, "GET", f"/contacts/{contact_id}").status_code for _ in range(5)]

    assert statuses == [200, 200, 500, 200, 200]
    assert ask(workspace, "GET", "/contacts").status_code == 200


def test_a_target_may_hit_repeatedly(workspace: Workspace) -> None:
    """`times` makes consecutive calls fail."""
    workspace.faults.on("GET", "/me", "503", times=2)

    assert [ask(workspace, "GET", "/me").status_code for _ in range(3)] == [503, 503, 200]


def test_a_target_may_hit_always(workspace: Workspace) -> None:
    """Without `times` every later call fails, as a record does that can never be read."""
    workspace.faults.on("GET", "/me", "html404", call=2, times=None)

    assert [ask(workspace, "GET", "/me").status_code for _ in range(5)] == [200, 404, 404, 404, 404]


def test_a_target_may_hit_large_pages_only(workspace: Workspace) -> None:
    """`above` leaves requests alone that ask for few records, or do not say how many."""
    workspace.faults.on("POST", "/contacts/search", "504", times=100, above=5)
    workspace.faults.on("GET", "/contacts", "502", times=100, above=5)
    query = {"field": "created_at", "operator": ">", "value": 0}

    searched = [
        search(workspace, "contacts", query, pagination={"per_page": size}).status_code
        for size in (4, 5, 6, 150)
    ]
    listed = [
        ask(workspace, "GET", f"/contacts{query}").status_code
        for query in ("", "?per_page=5", "?per_page=6")
    ]

    assert [200, 200, 504, 504] == searched
    assert [200, 200, 502] == listed


def test_a_target_may_hit_one_page(workspace: Workspace) -> None:
    """`page` hits a page of a list, by its number or by the one in its cursor."""
    workspace.faults.on("POST", "/contacts/search", "504", times=2, page=2)
    query = {"field": "created_at", "operator": ">", "value": 0}
    first = search(workspace, "contacts", query, pagination={"per_page": 7})
    second = {"per_page": 7, **first.json()["pages"]["next"]}

    answers = [search(workspace, "contacts", query, pagination=second) for _ in range(3)]

    assert [504, 504, 200] == [answer.status_code for answer in answers]


@pytest.mark.parametrize("form", FORMS)
def test_a_form_changes_how_a_list_goes_on(workspace: Workspace, form: Form) -> None:
    """Each form is another answer than the true one, and none loses the request's date."""
    query = {"field": "created_at", "operator": ">", "value": 0}
    first = search(workspace, "contacts", query, pagination={"per_page": 7})
    pagination = {"per_page": 7, **first.json()["pages"]["next"]}
    true = search(workspace, "contacts", query, pagination=pagination)
    workspace.faults.on("POST", "/contacts/search", form)

    changed = search(workspace, "contacts", query, pagination=pagination)

    assert (changed.status_code, changed.json()) != (200, true.json()) or form == "beyond_next"
    assert changed.headers["date"] == true.headers["date"]
    assert form == workspace.log.entries[-1].fault


@pytest.mark.parametrize("path", ["/tags", "/segments", "/admins", "/data_attributes"])
def test_lists_of_one_page_may_come_in_several(workspace: Workspace, path: str) -> None:
    """Where the workspace says so a list has pages, which together are the list."""
    key = {"/segments": "segments", "/admins": "admins"}.get(path, "data")
    whole = ask(workspace, "GET", path).json()[key]
    control(workspace, "settings", list_pages=5)

    pages = [ask(workspace, "GET", f"{path}?page={page}").json() for page in range(1, 20)]

    assert whole == [record for page in pages for record in page[key]]
    assert {len(whole)} == {page["total_count"] for page in pages}


def test_the_rate_is_repeatable(workspace: Workspace) -> None:
    """The same seed fails the same requests."""

    def statuses() -> list[int]:
        workspace.faults = Faults(rate=0.5, kinds=("500", "502"), seed=4)
        return [ask(workspace, "GET", "/me").status_code for _ in range(30)]

    first = statuses()

    assert set(first) == {200, 500, 502}
    assert first == statuses()


@pytest.mark.parametrize("kind", ["500", "502", "503", "504", "html404"])
def test_faults_with_a_status(workspace: Workspace, kind: str) -> None:
    """Server errors come as envelopes or as the bare page of a proxy."""
    workspace.faults = Faults(rate=1.0, kinds=(kind,))  # type: ignore[arg-type]

    response = ask(workspace, "GET", "/me")

    assert response.status_code == int(kind[-3:])
    is_page = kind in {"502", "504", "html404"}
    assert response.text.startswith("<html>") == is_page


@pytest.mark.parametrize(("kind", "told"), [("429", True), ("429_bare", False)])
def test_429_with_and_without_headers(workspace: Workspace, kind: str, told: bool) -> None:  # noqa: FBT001
    """A 429 may say when the quota resets, or not."""
    workspace.faults = Faults(rate=1.0, kinds=(kind,))  # type: ignore[arg-type]

    response = ask(workspace, "GET", "/me")

    assert (response.status_code, error_code(response)) == (429, "rate_limit_exceeded")
    assert ("x-ratelimit-reset" in response.headers) == told


@pytest.mark.parametrize("kind", ["empty200", "garbage200", "truncated"])
def test_200_that_is_not_json(workspace: Workspace, kind: str) -> None:
    """Some answers are 200 and still no JSON."""
    workspace.faults = Faults(rate=1.0, kinds=(kind,))  # type: ignore[arg-type]

    response = ask(workspace, "GET", "/me", headers={"Accept-Encoding": "identity"})

    assert response.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        response.json()


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("400", "bad_request"),
        ("401", "token_unauthorized"),
        ("403", "forbidden"),
        ("404", "not_found"),
    ],
)
def test_refusals_of_intercoms_own(workspace: Workspace, kind: str, code: str) -> None:
    """One record may be refused in the words in which Intercom refuses."""
    contact_id = workspace.collection("contacts").ids()[0]
    workspace.faults.on("GET", f"/contacts/{contact_id}/tags", kind)  # type: ignore[arg-type]

    response = ask(workspace, "GET", f"/contacts/{contact_id}/tags")

    assert (response.status_code, error_code(response)) == (int(kind), code)


@pytest.mark.parametrize(("kind", "kept"), [("no_list", 0), ("short_list", 7)])
def test_a_list_may_come_without_its_end(workspace: Workspace, kind: str, kept: int) -> None:
    """An answer may be 200 and hold the first half of its list, or none, whatever it counts."""
    contact_id = workspace.collection("contacts").ids()[0]
    tags = [{"type": "tag", "id": str(number), "url": f"/tags/{number}"} for number in range(15)]
    workspace.patch("contacts", contact_id, {"tags": {"type": "list", "data": tags}})
    conversation_id = workspace.collection("conversations").ids()[0]
    for _ in range(15 - len(workspace.parts[conversation_id])):
        workspace.reply(conversation_id)
    paths = (f"/contacts/{contact_id}/tags", f"/conversations/{conversation_id}")
    for path in paths:
        workspace.faults.on("GET", path, kind)  # type: ignore[arg-type]

    first, second = (ask(workspace, "GET", path).json() for path in paths)

    assert [str(number) for number in range(kept)] == [tag["id"] for tag in first["data"]]
    parts = second["conversation_parts"]
    assert (kept, 15) == (len(parts["conversation_parts"]), parts["total_count"])
    assert 15 == len(ask(workspace, "GET", paths[0]).json()["data"])


def test_an_odd_answer_is_json_of_another_shape(workspace: Workspace) -> None:
    """A 200 may hold JSON in which nothing is where the documents say."""
    workspace.faults.on("GET", "/tags", "odd200")

    assert isinstance(ask(workspace, "GET", "/tags").json()["data"], dict)


def test_a_slow_answer_is_true(workspace: Workspace) -> None:
    """A slow answer arrives whole."""
    expected = ask(workspace, "GET", "/me").json()
    workspace.faults = Faults(rate=1.0, kinds=("slow",), drip_seconds=0.01)

    assert ask(workspace, "GET", "/me").json() == expected


def _reset() -> Exception:
    return httpx.ReadError("reset")


def _timeout() -> Exception:
    return httpx.ReadTimeout("hang")


@pytest.mark.parametrize(
    ("kind", "build", "error"),
    [("reset", _reset, httpx.ReadError), ("hang", _timeout, httpx.ReadTimeout)],
)
def test_lost_connections_raise_in_process(
    workspace: Workspace, kind: str, build: Callable[[], Exception], error: type[Exception]
) -> None:
    """Without a connection to cut, a fault raises what it was given to raise."""
    workspace.faults = Faults(
        rate=1.0,
        kinds=(kind,),  # type: ignore[arg-type]
        reset_error=build,
        hang_error=build,
    )

    with pytest.raises(error):
        ask(workspace, "GET", "/me")


def test_faults_are_set_over_http(workspace: Workspace) -> None:
    """The control API sets dial and targets."""
    target = {"method": "GET", "path": "/tags", "kind": "502", "call": 2}

    control(workspace, "faults", rate=0.0, targets=[target])

    assert [ask(workspace, "GET", "/tags").status_code for _ in range(3)] == [200, 502, 200]
    assert [entry.fault for entry in workspace.log.entries] == [None, "502", None]


def test_unknown_faults_are_refused() -> None:
    """A fault must be one of the known kinds."""
    with pytest.raises(ValueError, match="earthquake"):
        Faults(kinds=("earthquake",))  # type: ignore[arg-type]
    assert "reset" in KINDS

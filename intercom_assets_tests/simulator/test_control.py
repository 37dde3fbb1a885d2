"""Control actions, as methods and under `/_simulator`."""

import json
import re
from pathlib import Path

import pytest

from intercom_assets_tests.simulator.asking import (
    NOON,
    Clock,
    ask,
    control,
    error_code,
    found_ids,
    read,
)
from intercom_simulator import Workspace, generate

ANYTHING = {"field": "created_at", "operator": ">", "value": 0}


@pytest.fixture
def clock() -> Clock:
    """Makes a clock that stands still."""
    return Clock()


@pytest.fixture
def workspace(clock: Clock) -> Workspace:
    """Makes a small workspace."""
    return generate(contacts=10, companies=5, conversations=5, workspace=Workspace(clock=clock))


def test_touch_changes_only_the_time(workspace: Workspace) -> None:
    """Touching sets `updated_at` to now."""
    before = workspace.truth("contacts")[4]

    assert control(workspace, "touch", kind="contacts", record_id=before["id"]).status_code == 200

    assert workspace.truth("contacts")[4] == {**before, "updated_at": int(NOON)}


def test_add_keeps_what_is_given(workspace: Workspace) -> None:
    """An added record is served as given, completed by type, key and times."""
    answer = control(workspace, "add", kind="companies", record={"name": "Néw", "x": [1, None]})

    company = read(workspace, f"/companies/{answer.json()['result']}")

    assert company == {
        "type": "company",
        "id": answer.json()["result"],
        "created_at": int(NOON),
        "updated_at": int(NOON),
        "name": "Néw",
        "x": [1, None],
    }


def test_added_records_are_found(workspace: Workspace) -> None:
    """An added contact is the newest of a search."""
    added = workspace.add("contacts", {"email": "new@example.com"})

    assert found_ids(workspace, "contacts", ANYTHING)[0] == added


def test_patch_may_leave_the_time(workspace: Workspace) -> None:
    """A patch bumps `updated_at` unless told otherwise."""
    company = workspace.truth("companies")[0]

    control(
        workspace,
        "patch",
        kind="companies",
        record_id=company["id"],
        fields={"plan": {}},
        bump=False,
    )

    assert workspace.truth("companies")[0] == {**company, "plan": {}}


def test_patched_times_order_searches(workspace: Workspace) -> None:
    """A patched `updated_at` moves the record in the order."""
    oldest = workspace.collection("contacts").ids()[3]
    found_ids(workspace, "contacts", ANYTHING)

    workspace.patch("contacts", oldest, {"updated_at": 1})

    assert found_ids(workspace, "contacts", ANYTHING)[-1] == oldest


def test_delete_removes_everywhere(workspace: Workspace) -> None:
    """A deleted contact is neither found nor listed nor true."""
    contact_id = workspace.collection("contacts").ids()[0]

    control(workspace, "delete", kind="contacts", record_id=contact_id)

    assert ask(workspace, "GET", f"/contacts/{contact_id}").status_code == 404
    assert contact_id not in found_ids(workspace, "contacts", ANYTHING)
    assert len(workspace.truth("contacts")) == 9


def test_rename_a_tag(workspace: Workspace) -> None:
    """A renamed tag keeps its id; tags have no time to bump."""
    tag = workspace.truth("tags")[0]

    control(workspace, "rename", kind="tags", record_id=tag["id"], name="new")

    assert read(workspace, "/tags")["data"][0] == {**tag, "name": "new"}


def test_rename_a_segment_shows_in_companies(workspace: Workspace) -> None:
    """A renamed segment is bumped and renamed in every company's rows."""
    row = workspace.truth("company_segments")[0]

    workspace.rename("segments", row["id"], "renamed")

    renamed = workspace.truth("company_segments")[0]
    assert renamed == {**row, "name": "renamed", "updated_at": int(NOON)}


def test_a_reply_adds_a_part_and_bumps(workspace: Workspace) -> None:
    """A reply is the last part; the conversation's time and statistics move."""
    conversation_id = workspace.collection("conversations").ids()[0]
    before = workspace.find("conversations", conversation_id)

    answer = control(
        workspace,
        "reply",
        conversation_id=conversation_id,
        body="<p>é</p>",
        author={"type": "user", "id": "u1"},
    )

    detail = read(workspace, f"/conversations/{conversation_id}")
    part = detail["conversation_parts"]["conversation_parts"][-1]
    assert (part["id"], part["body"]) == (answer.json()["result"], "<p>é</p>")
    assert detail["updated_at"] == detail["statistics"]["last_contact_reply_at"] == int(NOON)
    counted = before["statistics"]["count_conversation_parts"]
    assert detail["statistics"]["count_conversation_parts"] == counted + 1


def test_parts_change_and_vanish(workspace: Workspace) -> None:
    """A part can be redacted or removed; both bump its conversation."""
    conversation_id = workspace.collection("conversations").ids()[0]
    first = workspace.reply(conversation_id, body="one")
    second = workspace.reply(conversation_id, body="two")

    workspace.patch_part(conversation_id, first, {"redacted": True, "body": None})
    workspace.delete_part(conversation_id, second)

    last = read(workspace, f"/conversations/{conversation_id}")["conversation_parts"]
    assert last["conversation_parts"][-1]["id"] == first
    assert last["conversation_parts"][-1]["redacted"] is True


def test_company_segments_change_without_the_company(workspace: Workspace) -> None:
    """Membership changes and the company's `updated_at` does not."""
    company = workspace.truth("companies")[0]
    segment_ids = workspace.collection("segments").ids()[:2]

    control(workspace, "set_company_segments", company_id=company["id"], segments=segment_ids)

    rows = read(workspace, f"/companies/{company['id']}/segments")["data"]
    assert [row["id"] for row in rows] == segment_ids
    assert workspace.truth("companies")[0] == company


def test_search_lags_behind_by_the_index_delay(workspace: Workspace, clock: Clock) -> None:
    """For a while search shows the old version; GET by id shows the new at once."""
    workspace.index_delay = 60
    contact_id = workspace.collection("contacts").ids()[0]
    workspace.patch("contacts", contact_id, {"name": "later"})
    added = workspace.add("contacts", {})

    def listed() -> dict[str, object]:
        return {each["id"]: each.get("name") for each in read(workspace, "/contacts")["data"]}

    assert read(workspace, f"/contacts/{contact_id}")["name"] == "later"
    assert listed()[contact_id] != "later"
    assert added not in listed()
    clock.forward(60)
    assert listed()[contact_id] == "later"
    assert added in listed()


def test_deletions_lag_too(workspace: Workspace, clock: Clock) -> None:
    """A deleted conversation stays in lists for the index delay."""
    workspace.index_delay = 5
    conversation_id = workspace.collection("conversations").ids()[0]
    workspace.delete("conversations", conversation_id)

    during = read(workspace, "/conversations")["total_count"]
    clock.forward(5)

    assert (during, read(workspace, "/conversations")["total_count"]) == (5, 4)


def test_the_list_of_deletions_may_lag_and_be_refused(workspace: Workspace, clock: Clock) -> None:
    """A deletion is listed after a while; the list alone can be refused."""
    control(workspace, "settings", deletions_delay=60)
    before = len(workspace.deleted_conversations)
    workspace.delete("conversations", workspace.collection("conversations").ids()[0])

    during = read(workspace, "/conversations/deleted")["total_count"]
    clock.forward(60)
    after = read(workspace, "/conversations/deleted")["total_count"]
    control(workspace, "settings", deletions_status=403)

    assert (before, before + 1) == (during, after)
    assert ask(workspace, "GET", "/conversations/deleted").status_code == 403
    assert ask(workspace, "GET", "/conversations").status_code == 200


def test_settings_scopes_and_tokens_over_http(workspace: Workspace) -> None:
    """Behaviour is set over HTTP as well."""
    control(workspace, "settings", index_delay=3, paging="offset")
    control(workspace, "scopes", missing=["read_tags"], status=401, paths={"/teams": "read_x"})
    control(workspace, "tokens", tokens=["other"], refused={"closed": "token_suspended"})

    assert (workspace.index_delay, workspace.behaviour.paging) == (3, "offset")
    assert ask(workspace, "GET", "/me").status_code == 401
    assert ask(workspace, "GET", "/me", token="other").status_code == 200
    assert ask(workspace, "GET", "/tags", token="other").status_code == 401
    assert ask(workspace, "GET", "/teams", token="other").status_code == 401
    assert error_code(ask(workspace, "GET", "/me", token="closed")) == "token_suspended"


def test_state_requests_and_truth_are_readable(workspace: Workspace) -> None:
    """GET state, requests and truth answer JSON."""
    read(workspace, "/tags")

    state = read(workspace, "/_simulator/state")
    requests = read(workspace, "/_simulator/requests?entries=true")
    truth = ask(workspace, "GET", "/_simulator/truth/teams").json()

    assert state["kinds"]["contacts"]["count"] == 10
    assert state["kinds"]["tags"]["ids"] == workspace.collection("tags").ids()
    assert requests["counts"] == {"GET /tags": 1}
    assert requests["entries"][0]["status"] == 200
    assert truth == workspace.truth("teams")


@pytest.mark.parametrize(
    ("action", "arguments", "status"),
    [
        ("explode", {}, 404),
        ("touch", {"kind": "contacts", "record_id": "none"}, 400),
        ("touch", {"kind": "shoes", "record_id": "1"}, 400),
        ("touch", {"kind": "contacts"}, 400),
        ("settings", {"shoe_size": 43}, 400),
        ("faults", {"kinds": ["earthquake"]}, 400),
    ],
)
def test_wrong_actions_are_explained(
    workspace: Workspace, action: str, arguments: dict[str, object], status: int
) -> None:
    """A wrong action answers why and changes nothing."""
    response = control(workspace, action, **arguments)

    assert response.status_code == status
    assert response.json()["error"]


def test_the_documented_fault_hits_its_target(workspace: Workspace) -> None:
    """What `docs/command-line.md` posts makes one request fail, and no other."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "command-line.md").read_text()
    (body,) = re.findall(r"curl -d '(.*)' http://127.0.0.1:8765/_simulator/faults", page)

    control(workspace, "faults", **json.loads(body))

    assert 200 == ask(workspace, "GET", "/teams").status_code
    assert [500, 200] == [ask(workspace, "GET", "/tags").status_code for _ in range(2)]


def test_control_requests_are_neither_logged_nor_faulty(workspace: Workspace) -> None:
    """The control API stands outside of quota, faults and log."""
    workspace.faults.rate = 1.0

    response = control(workspace, "clear_requests")

    assert response.status_code == 200
    assert workspace.log.total() == 0
    assert "x-ratelimit-limit" not in response.headers

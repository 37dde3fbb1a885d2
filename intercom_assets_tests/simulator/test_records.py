"""Single records and their children: caps, merges, deletions, plain text."""

import pytest

from intercom_assets_tests.simulator.asking import Clock, ask, error_code, read
from intercom_simulator import Record, Workspace, generate


@pytest.fixture
def workspace() -> Workspace:
    """Makes a workspace in which one conversation has over 500 parts."""
    return generate(
        seed=5,
        contacts=40,
        companies=80,
        conversations=4,
        long_conversations=1,
        workspace=Workspace(clock=Clock()),
    )


def _with_many(workspace: Workspace, wrapper: str) -> Record:
    return next(
        record for record in workspace.truth("contacts") if len(record[wrapper]["data"]) > 10
    )


@pytest.mark.parametrize("wrapper", ["tags", "companies", "notes"])
def test_contacts_cut_their_lists_at_ten(workspace: Workspace, wrapper: str) -> None:
    """A contact shows ten of a list and says that there is more, and where."""
    whole = _with_many(workspace, wrapper)[wrapper]
    contact = read(workspace, f"/contacts/{_with_many(workspace, wrapper)['id']}")

    cut = contact[wrapper]

    assert cut["data"] == whole["data"][:10]
    assert cut["has_more"] is True
    assert cut["total_count"] == len(whole["data"])
    assert cut["url"] == f"/contacts/{contact['id']}/{wrapper}"


@pytest.mark.parametrize("wrapper", ["tags", "companies", "notes"])
def test_the_rest_of_a_list_is_behind_its_url(workspace: Workspace, wrapper: str) -> None:
    """The list's own endpoint has all of it, in order, by pages of fifty."""
    whole = [item["id"] for item in _with_many(workspace, wrapper)[wrapper]["data"]]
    url: str | None = _with_many(workspace, wrapper)[wrapper]["url"]
    seen: list[str] = []
    while url is not None:
        answer = read(workspace, url)
        seen += [item["id"] for item in answer["data"]]
        url = answer.get("pages", {}).get("next")

    assert seen == whole


def test_short_lists_are_served_as_stored(workspace: Workspace) -> None:
    """Ten or fewer items are served as they are."""
    for record in workspace.truth("contacts"):
        if all(len(record[name]["data"]) <= 10 for name in ("tags", "companies", "notes")):
            assert read(workspace, f"/contacts/{record['id']}") == record


def test_companies_of_a_contact_may_have_the_other_key(workspace: Workspace) -> None:
    """The schema's key `companies` can be switched on."""
    workspace.behaviour.contact_companies_key = "companies"
    contact_id = workspace.collection("contacts").ids()[0]

    answer = read(workspace, f"/contacts/{contact_id}/companies")

    assert "companies" in answer
    assert "data" not in answer


def test_a_conversation_shows_its_latest_500_parts(workspace: Workspace) -> None:
    """Over 500 parts, the oldest are missing; `total_count` is the true number."""
    conversation_id = workspace.collection("conversations").ids()[0]
    parts = workspace.parts[conversation_id]

    shown = read(workspace, f"/conversations/{conversation_id}")["conversation_parts"]

    assert len(parts) > 500
    assert shown["conversation_parts"] == parts[-500:]
    assert shown["total_count"] == len(parts)


def test_lists_show_conversations_without_parts(workspace: Workspace) -> None:
    """A listed conversation is the single one minus its parts."""
    for listed in read(workspace, "/conversations")["conversations"]:
        detail = read(workspace, f"/conversations/{listed['id']}")
        del detail["conversation_parts"]

        assert detail == listed


def test_plain_text_on_request(workspace: Workspace) -> None:
    """`display_as=plaintext` strips HTML and keeps link targets."""
    conversation_id = workspace.collection("conversations").ids()[1]
    workspace.reply(conversation_id, body='<p>See <a href="https://x.io/?a=1&amp;b">it</a></p>')

    answer = read(workspace, f"/conversations/{conversation_id}?display_as=plaintext")

    bodies = [each["body"] for each in answer["conversation_parts"]["conversation_parts"]]
    assert bodies[-1] == "See it (https://x.io/?a=1&b)"
    assert "<p" not in answer["source"]["body"]


def test_segment_rows_do_not_name_the_company(workspace: Workspace) -> None:
    """The rows of a company are segments; one segment is in many companies."""
    rows = workspace.truth("company_segments")
    for company in workspace.truth("companies")[:20]:
        answer = read(workspace, f"/companies/{company['id']}/segments")
        expected = [row for row in rows if row["company_id"] == company["id"]]

        assert [{**row, "company_id": company["id"]} for row in answer["data"]] == expected
    assert len({row["id"] for row in rows}) < len(rows)


def test_nested_segments_of_companies_are_empty(workspace: Workspace) -> None:
    """What a company nests as `segments` says nothing of its membership."""
    assert all(not company["segments"]["segments"] for company in workspace.truth("companies"))


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/companies/none", "company_not_found"),
        ("/companies/none/segments", "company_not_found"),
        ("/contacts/none", "not_found"),
        ("/contacts/none/notes", "not_found"),
        ("/conversations/1", "conversation_not_found"),
    ],
)
def test_absent_records_are_not_found(workspace: Workspace, path: str, code: str) -> None:
    """What is not there is 404 with a code of its own."""
    response = ask(workspace, "GET", path)

    assert (response.status_code, error_code(response)) == (404, code)


def test_a_merged_contact_is_gone_and_leads_on(workspace: Workspace) -> None:
    """A merged contact is 410 with a link to the last of the chain; 404 in older versions."""
    first, second, third = workspace.collection("contacts").ids()[:3]
    workspace.merge_contacts(first, second)
    workspace.merge_contacts(second, third)

    gone = ask(workspace, "GET", f"/contacts/{first}")

    assert (gone.status_code, error_code(gone)) == (410, "contact_merged")
    assert gone.headers["link"] == f'</contacts/{third}>; rel="canonical"'
    assert ask(workspace, "GET", f"/contacts/{first}", version="2.15").status_code == 404


def test_merged_contacts_are_not_listed(workspace: Workspace) -> None:
    """Lists and searches leave merged contacts out; their history is told on request."""
    source, target = workspace.collection("contacts").ids()[:2]
    workspace.patch("contacts", target, {"role": "user"})
    workspace.merge_contacts(source, target)

    listed = read(workspace, "/contacts?include_merge_history=true")["data"]

    assert source not in {record["id"] for record in listed}
    assert listed[0]["id"] == target
    assert listed[0]["merge_history"][0]["source_contact_id"] == source


def test_deleted_conversations_are_listed_newest_first(workspace: Workspace) -> None:
    """A deleted conversation is 404, in no list, and in the list of the deleted."""
    first, second = workspace.collection("conversations").ids()[:2]
    workspace.delete("conversations", first)
    workspace.delete("conversations", second, metrics_retained=True)

    answer = read(workspace, "/conversations/deleted?per_page=1")

    assert [row["id"] for row in answer["conversations"]] == [second]
    assert answer["conversations"][0]["metrics_retained"] is True
    assert [row["id"] for row in read(workspace, answer["pages"]["next"])["conversations"]] == [
        first
    ]
    assert ask(workspace, "GET", f"/conversations/{first}").status_code == 404
    assert read(workspace, "/conversations")["total_count"] == 2


def test_attributes_hide_what_is_archived(workspace: Workspace) -> None:
    """Archived attributes appear with `include_archived` only."""
    shown = read(workspace, "/data_attributes?model=company")["data"]
    every = read(workspace, "/data_attributes?model=company&include_archived=true")["data"]

    assert shown == workspace.truth("company_attributes")
    assert [row["full_name"] for row in every if row not in shown] == ["custom_attributes.old"]


def test_two_attributes_may_share_a_full_name(workspace: Workspace) -> None:
    """A second attribute of a full name has another id, and is archived by itself."""
    workspace.add_namesake("company_attributes", "name", {"id": "7", "archived": True})

    shown = read(workspace, "/data_attributes?model=company")["data"]
    every = read(workspace, "/data_attributes?model=company&include_archived=true")["data"]

    assert [None] == [row.get("id") for row in shown if row["full_name"] == "name"]
    assert [None, "7"] == [row.get("id") for row in every if row["full_name"] == "name"]


def test_two_company_attributes_share_a_name(workspace: Workspace) -> None:
    """`name` is no key: a company's own and its plan's are both called `name`."""
    rows = workspace.truth("company_attributes")

    assert [row["full_name"] for row in rows if row["name"] == "name"] == ["name", "plan.name"]


@pytest.mark.parametrize(("version", "status"), [("2.15", 200), ("2.16", 422)])
def test_conversation_attributes_left_in_2_16(
    workspace: Workspace, version: str, status: int
) -> None:
    """`model=conversation` is 422 from 2.16 on."""
    response = ask(workspace, "GET", "/data_attributes?model=conversation", version=version)

    assert response.status_code == status


def test_segments_count_on_request(workspace: Workspace) -> None:
    """`count` appears with `include_count` only."""
    assert read(workspace, "/segments?include_count=true")["segments"] == workspace.truth(
        "segments"
    )
    assert all("count" not in row for row in read(workspace, "/segments")["segments"])

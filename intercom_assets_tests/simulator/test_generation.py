"""Made workspaces: the same for a seed, independent of the clock, hostile in places."""

from collections import Counter
from datetime import datetime

import pytest

from intercom_assets_tests.simulator.asking import Clock
from intercom_simulator import Record, Workspace, generate
from intercom_simulator.generation.chance import END, START
from intercom_simulator.store import KEYS

RESOURCES = [
    *(kind for kind in KEYS if kind != "conversation_data_attributes"),
    "company_segments",
    "conversation_parts",
    "deleted_conversations",
]


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    """Makes a workspace large enough for every oddity."""
    return generate(seed=1, contacts=1500, companies=200, conversations=300)


@pytest.mark.parametrize("resource", RESOURCES)
def test_the_same_seed_gives_the_same_data(resource: str) -> None:
    """A seed decides everything; the clock decides nothing."""
    early, late = (
        generate(seed=9, contacts=50, workspace=Workspace(clock=Clock(now)))
        for now in (0.0, 2_000_000_000.0)
    )

    assert early.truth(resource) == late.truth(resource) != []


@pytest.mark.parametrize("resource", ["contacts", "conversations", "companies"])
def test_another_seed_gives_other_data(resource: str) -> None:
    """Different seeds differ."""
    assert generate(seed=1).truth(resource) != generate(seed=2).truth(resource)


def _moment(value: float | str) -> float:
    return datetime.fromisoformat(value).timestamp() if isinstance(value, str) else value


@pytest.mark.parametrize("resource", RESOURCES)
def test_moments_lie_between_2023_and_2025(workspace: Workspace, resource: str) -> None:
    """Nothing was created before 2023 or changed after 2025."""
    for record in workspace.truth(resource):
        if record.get("created_at") is not None and "updated_at" in record:
            dates = record["created_at"], record["updated_at"]
            created, updated = map(_moment, dates)
            assert START <= created <= updated <= END


@pytest.mark.parametrize("resource", ["contacts", "companies", "conversations"])
def test_bulk_changes_share_a_second(workspace: Workspace, resource: str) -> None:
    """Some seconds changed many records at once."""
    seconds = Counter(record["updated_at"] for record in workspace.truth(resource))

    assert seconds.most_common(1)[0][1] >= 4


def test_ids_are_unique(workspace: Workspace) -> None:
    """No two records of a kind share an id."""
    for kind in ("contacts", "companies", "conversations", "conversation_parts"):
        ids = [record["id"] for record in workspace.truth(kind)]

        assert len(set(ids)) == len(ids)


def test_contacts_with_more_than_ten_of_everything() -> None:
    """However few contacts there are, some have more than ten tags, companies and notes."""
    made = generate(contacts=8, companies=20).truth("contacts")

    for wrapper in ("tags", "companies", "notes"):
        assert any(len(record[wrapper]["data"]) > 10 for record in made)


def _types(records: list[Record], name: str) -> set[type]:
    return {
        type(record["custom_attributes"][name])
        for record in records
        if name in record["custom_attributes"]
    }


def test_oddities_occur(workspace: Workspace) -> None:
    """What real workspaces do to clients happens here."""
    contacts, companies = workspace.truth("contacts"), workspace.truth("companies")
    conversations = workspace.truth("conversations")

    assert _types(contacts, "score") == {int, str, float, bool}
    assert {"is.beta", "Größe 🚀", "lifetime value"} <= set(contacts[0]["custom_attributes"])
    assert any(company["plan"] == {} for company in companies)
    assert any("size" not in company for company in companies)
    assert any(record["statistics"] is None for record in conversations)
    assert any(record["teammates"] is None for record in conversations)
    assert any((contact["signed_up_at"] or 0) > 2_300_000_000 for contact in contacts)
    assert any((contact["signed_up_at"] or 0) < 0 for contact in contacts)


def test_conversations_agree_with_their_parts(workspace: Workspace) -> None:
    """Counted parts are the parts, and no part is newer than the conversation."""
    for record in workspace.truth("conversations"):
        parts = workspace.parts[record["id"]]
        if record["statistics"]:
            assert record["statistics"]["count_conversation_parts"] == len(parts)
        if parts:
            assert record["updated_at"] >= parts[-1]["created_at"]


def test_statistics_are_those_of_the_parts(workspace: Workspace) -> None:
    """The first answer, the first and the last close, and reopenings are found in the parts."""
    seen = Counter[str]()
    for record in workspace.truth("conversations"):
        parts, started = workspace.parts[record["id"]], record["created_at"]
        if not (told := record["statistics"]):
            continue
        replies = [
            part["created_at"]
            for part in parts
            if part["author"]["type"] == "admin" and part["part_type"] == "comment"
        ]
        closes = [part["created_at"] for part in parts if part["part_type"] == "close"]
        first = replies[0] if replies else None
        assert first == told["first_admin_reply_at"]
        assert told["time_to_admin_reply"] == (None if first is None else first - started)
        assert closes[:1] == [one for one in [told["first_close_at"]] if one is not None]
        assert closes[-1:] == [one for one in [told["last_close_at"]] if one is not None]
        assert told["count_reopens"] <= len(closes)
        assert min(told["median_time_to_reply"] or 0, told["time_to_assignment"] or 0) >= 0
        seen.update(name for name, value in told.items() if value)

    assert {"time_to_first_close", "count_reopens", "last_closed_by_id"} <= set(seen)
    assert {"time_to_assignment", "last_assignment_admin_reply_at"} <= set(seen)


def test_long_conversations_are_made_on_request() -> None:
    """Only when asked for, conversations have more than 500 parts."""
    made = generate(contacts=5, conversations=6, long_conversations=2)

    assert sum(len(parts) > 500 for parts in made.parts.values()) == 2


def test_an_empty_workspace_is_possible() -> None:
    """Every size may be zero."""
    made = generate(contacts=0, companies=0, conversations=0, admins=0, teams=0, tags=0, segments=0)

    assert made.truth("contacts") == made.truth("admins") == made.truth("segments") == []

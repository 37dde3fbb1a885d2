"""The same record in different versions of the API."""

import pytest

from intercom_assets_tests.simulator.asking import Clock, read
from intercom_simulator import Record, Workspace, generate


@pytest.fixture
def workspace() -> Workspace:
    """Makes a workspace with one record of each kind that drifts."""
    made = generate(contacts=1, companies=1, conversations=1, workspace=Workspace(clock=Clock()))
    made.patch("contacts", made.collection("contacts").ids()[0], {"owner_id": "991267001"})
    made.patch(
        "conversations",
        made.collection("conversations").ids()[0],
        {"admin_assignee_id": 0, "team_assignee_id": 7, "priority": "urgent"},
    )
    return made


def _conversation(workspace: Workspace, version: str) -> Record:
    record: Record = read(workspace, "/conversations", version)["conversations"][0]
    return record


@pytest.mark.parametrize(
    ("version", "unassigned", "priority"), [("2.16", 0, "urgent"), ("2.15", None, "priority")]
)
def test_unassigned_and_priority(
    workspace: Workspace, version: str, unassigned: int | None, priority: str
) -> None:
    """Before 2.16 an unassigned conversation has null, and priority knows two words."""
    conversation = _conversation(workspace, version)

    assert conversation["admin_assignee_id"] == unassigned
    assert conversation["team_assignee_id"] == 7
    assert conversation["priority"] == priority


@pytest.mark.parametrize(("version", "owner"), [("2.16", "991267001"), ("2.15", 991267001)])
def test_owner_id_was_a_number(workspace: Workspace, version: str, owner: object) -> None:
    """Before 2.16 a contact's owner is an integer."""
    assert read(workspace, "/contacts", version)["data"][0]["owner_id"] == owner


@pytest.mark.parametrize(
    ("name", "absent", "present"),
    [
        ("channel", "2.15", "2.16"),
        ("company", "2.14", "2.15"),
        ("ai_agent", "2.10", "2.11"),
        ("linked_objects", "2.9", "2.10"),
        ("title", "2.1", "2.2"),
        ("admin_assignee_id", "2.1", "2.2"),
        ("assignee", "2.2", "2.1"),
    ],
)
def test_conversation_fields_come_with_versions(
    workspace: Workspace, name: str, absent: str, present: str
) -> None:
    """A conversation has no fields of later versions."""
    assert name not in _conversation(workspace, absent)
    assert name in _conversation(workspace, present)


@pytest.mark.parametrize(
    ("path", "key", "name", "absent", "present"),
    [
        ("/admins", "admins", "role", "2.15", "2.16"),
        ("/admins", "admins", "away_status_reason_id", "2.13", "2.14"),
        ("/teams", "teams", "assignment_limit", "2.13", "2.14"),
    ],
)
def test_people_fields_come_with_versions(  # noqa: PLR0917
    workspace: Workspace, path: str, key: str, name: str, absent: str, present: str
) -> None:
    """Admins and teams have no fields of later versions."""
    assert name not in read(workspace, path, absent)[key][0]
    assert name in read(workspace, path, present)[key][0]


def test_the_newest_version_serves_what_is_stored(workspace: Workspace) -> None:
    """In 2.16 a record is served verbatim, whatever a test put into it."""
    contact_id = workspace.collection("contacts").ids()[0]
    odd = {"owner_id": ["?"], "Größe": {"a.b": 2**70}, "updated_at": None, "name": "\x00\ud800"}
    workspace.patch("contacts", contact_id, odd)

    served = read(workspace, f"/contacts/{contact_id}")

    assert served == workspace.find("contacts", contact_id)


@pytest.mark.parametrize("version", ["2.2", "2.7", "2.11", "2.16"])
def test_truth_has_the_shape_of_the_version(workspace: Workspace, version: str) -> None:
    """`truth` is what that version's endpoints answer."""
    assert workspace.truth("conversations", version) == [_conversation(workspace, version)]

"""Recorded records are served verbatim."""

import json
from pathlib import Path

import pytest

from intercom_assets_tests.simulator.asking import ask, read
from intercom_simulator import Workspace, load_records

CONVERSATION = (
    '{"updated_at": 5, "id": "1", "zeta": null, "alpha": [], "priority": "not_priority",'
    ' "admin_assignee_id": 0}'
)
PARTS = ['{"id": "11", "body": "b", "conversation_id": 1}', '{"conversation_id": "1", "id": "12"}']
COMPANIES = ['{"id": "c1", "app_id": "wjw5eps7"}', '{"id": "c2", "app_id": "wjw5eps7"}']
SEGMENTS = ['{"id": "s1", "name": "x"}', '{"id": "s1", "name": "x", "company_id": "c2"}']


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Loads a few recorded lines."""
    for resource, lines in {
        "conversations": [CONVERSATION],
        "conversation_parts": PARTS,
        "companies": COMPANIES,
        "company_segments": SEGMENTS,
    }.items():
        (tmp_path / f"{resource}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return load_records(tmp_path)


@pytest.mark.parametrize("version", ["2.11", "2.16"])
def test_records_keep_fields_values_and_order(workspace: Workspace, version: str) -> None:
    """No field is added, changed or moved, whatever the version."""
    listed = read(workspace, "/conversations", version)["conversations"][0]

    assert json.dumps(listed) == json.dumps(json.loads(CONVERSATION))


def test_parts_are_inside_their_conversation(workspace: Workspace) -> None:
    """Parts lose the `conversation_id` that a connector added."""
    parts = read(workspace, "/conversations/1")["conversation_parts"]

    assert parts == {
        "type": "conversation_part.list",
        "conversation_parts": [{"id": "11", "body": "b"}, {"id": "12"}],
        "total_count": 2,
    }
    assert [part["conversation_id"] for part in workspace.truth("conversation_parts")] == ["1", "1"]


def test_segment_rows_without_a_company_are_the_first_ones(workspace: Workspace) -> None:
    """Rows that name no company belong to the first company."""
    assert workspace.truth("company_segments") == [
        {"id": "s1", "name": "x", "company_id": "c1"},
        {"id": "s1", "name": "x", "company_id": "c2"},
    ]


def test_the_workspace_is_the_recorded_one(workspace: Workspace) -> None:
    """The id code is the one that the records carry."""
    assert read(workspace, "/me")["app"]["id_code"] == "wjw5eps7"


def test_missing_files_are_empty(workspace: Workspace) -> None:
    """A resource without a file has no records."""
    assert read(workspace, "/tags") == {"type": "list", "data": []}
    assert ask(workspace, "GET", "/contacts").json()["total_count"] == 0

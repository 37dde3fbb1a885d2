"""What a perfect sync of each resource would have read."""

from typing import TYPE_CHECKING

from intercom_simulator.records import Record
from intercom_simulator.versions import NEWEST, Version

if TYPE_CHECKING:
    from intercom_simulator.workspace import Workspace

PARTS_CAP = 500
"""Intercom returns only the most recent 500 parts of a conversation."""

_ATTRIBUTES = frozenset({"company_attributes", "contact_attributes"})


def of(
    workspace: "Workspace", resource: str, version: Version, *, include_archived: bool
) -> list[Record]:
    """Returns the records of a resource as a version shows them."""
    if resource == "conversation_parts":
        return conversation_parts(workspace, version)
    if resource == "company_segments":
        return _company_segments(workspace)
    records = [
        workspace.shaped(resource, record, version) for record in workspace.collection(resource)
    ]
    if resource in _ATTRIBUTES and not include_archived:
        return [record for record in records if not record.get("archived")]
    return records


def conversation_parts(workspace: "Workspace", version: Version = NEWEST) -> list[Record]:
    """Returns the parts that conversations show, each with its `conversation_id`."""
    return [
        {
            **workspace.shaped("conversation_parts", part, version),
            "conversation_id": conversation_id,
        }
        for conversation_id in workspace.collection("conversations").ids()
        for part in workspace.parts.get(conversation_id, [])[-PARTS_CAP:]
    ]


def _company_segments(workspace: "Workspace") -> list[Record]:
    return [
        {**row, "company_id": company_id}
        for company_id in workspace.collection("companies").ids()
        for row in workspace.segments_of_company(company_id)
    ]

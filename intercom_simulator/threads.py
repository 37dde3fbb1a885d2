"""What a reply does to a conversation: a part, statistics, times."""

import uuid
from typing import TYPE_CHECKING

from intercom_simulator.records import Record

if TYPE_CHECKING:
    from intercom_simulator.workspace import Workspace


def add_reply(
    workspace: "Workspace",
    conversation_id: str,
    *,
    body: str,
    author: Record | None,
    fields: Record,
) -> str:
    """Appends a part and moves the conversation's times and statistics."""
    conversation = workspace.find("conversations", conversation_id)
    part = _part(workspace, body, author or _bot(workspace)) | fields
    workspace.parts[conversation_id] = [*workspace.parts.get(conversation_id, []), part]
    changed: Record = {"updated_at": workspace.now()}
    if isinstance(conversation.get("statistics"), dict):
        changed["statistics"] = _counted(conversation["statistics"], part)
    workspace.patch("conversations", conversation_id, changed)
    return str(part["id"])


def _bot(workspace: "Workspace") -> Record:
    return {
        "type": "bot",
        "id": "1",
        "name": "Operator",
        "email": f"operator+{workspace.id_code}@intercom.io",
        "from_ai_agent": False,
        "is_ai_answer": False,
    }


def _part(workspace: "Workspace", body: str, author: Record) -> Record:
    now = workspace.now()
    return {
        "type": "conversation_part",
        "id": str(uuid.uuid4().int % 10**15),
        "part_type": "comment",
        "body": body,
        "created_at": now,
        "updated_at": now,
        "notified_at": now,
        "assigned_to": None,
        "author": author,
        "attachments": [],
        "external_id": None,
        "redacted": False,
        "email_message_metadata": None,
        "metadata": {},
        "state": "open",
        "tags": [],
        "event_details": {},
        "app_package_code": None,
    }


def _counted(statistics: Record, part: Record) -> Record:
    """Counts a part and dates the last reply of its author's side."""
    from_contact = part["author"].get("type") in {"user", "lead", "contact"}
    last = "last_contact_reply_at" if from_contact else "last_admin_reply_at"
    count = statistics.get("count_conversation_parts") or 0
    return statistics | {last: part["created_at"], "count_conversation_parts": count + 1}

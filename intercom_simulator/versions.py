"""How one record looks in each API version.

Records are stored in the shape of the newest version. For an older one, later
fields are dropped and later values are spelled the old way. Fields that no
document dates are left alone. Shapes from before 2.7 are unverified: they follow
changelogs and other connectors, for no specification of them was at hand.
"""

import re
from collections.abc import Callable
from typing import TypeAlias

from intercom_simulator.records import Record

Version: TypeAlias = tuple[int, int]

TICKET_PARTS_CAP = 500
"""Intercom returns at most 500 parts of a ticket, taken to be the most recent ones."""

NEWEST: Version = (2, 16)
OLDEST: Version = (2, 0)

_LATER_FIELDS: dict[str, list[tuple[Version, tuple[str, ...]]]] = {
    "admins": [
        ((2, 16), ("role",)),
        ((2, 14), ("away_status_reason_id",)),
        ((2, 8), ("team_priority_level",)),
    ],
    "teams": [
        ((2, 14), ("assignment_limit", "distribution_method")),
        ((2, 8), ("admin_priority_level",)),
    ],
    "ticket_types": [((2, 12), ("ticket_states",))],
    "articles": [
        (
            (2, 16),
            (
                *("body_markdown", "has_unpublished_changes", "draft_updated_at"),
                *("ai_chatbot_availability", "ai_copilot_availability"),
                *("ai_sales_agent_availability", "created_by_id", "updated_by_id"),
                *("exclude_from_article_suggestions", "help_center_audience"),
                *("scheduled_publish_at", "scheduled_unpublish_at"),
            ),
        ),
        ((2, 13), ("tags",)),
    ],
    "collections": [((2, 10), ("parent_id",))],
    "help_centers": [((2, 16), ("default", "locales"))],
    "internal_articles": [
        (
            (2, 16),
            (
                *("body_markdown", "audience_ids", "ai_chatbot_availability"),
                *("ai_copilot_availability", "ai_sales_agent_availability"),
            ),
        )
    ],
    "content_import_sources": [((2, 15), ("audience_ids",))],
    "article_statistics": [
        ((2, 16), ("fin_involvements", "fin_resolutions", "fin_resolution_rate"))
    ],
    "tickets": [
        ((2, 16), ("previous_ticket_state_id",)),
        ((2, 10), ("category", "open", "snoozed_until", "linked_objects")),
    ],
    "ticket_parts": [((2, 14), ("updated_attribute_data",)), ((2, 13), ("app_package_code",))],
    "companies": [((2, 16), ("notes",))],
    "contacts": [((2, 16), ("merge_history",))],
    "conversations": [
        (
            (2, 16),
            ("channel", "sales_agent", "sales_agent_participated", "external_references"),
        ),
        ((2, 15), ("company",)),
        ((2, 11), ("ai_agent", "ai_agent_participated")),
        ((2, 10), ("linked_objects",)),
        ((2, 2), ("title",)),
    ],
    "source": [((2, 16), ("recipients", "reply_to", "email_message_metadata"))],
    "conversation_rating": [((2, 14), ("updated_at",))],
    "ai_agent": [((2, 14), ("created_at", "updated_at"))],
    "author": [((2, 14), ("from_ai_agent", "is_ai_answer"))],
    "statistics": [
        (
            (2, 13),
            (
                "assigned_team_first_response_time_in_office_hours",
                "handling_time",
                "adjusted_handling_time",
            ),
        ),
        ((2, 12), ("assigned_team_first_response_time",)),
    ],
    "conversation_parts": [
        ((2, 14), ("metadata",)),
        (
            (2, 13),
            ("email_message_metadata", "state", "tags", "event_details", "app_package_code"),
        ),
    ],
}
_OLD_PRIORITIES = {
    "none": "not_priority",
    "low": "not_priority",
    "medium": "not_priority",
    "high": "priority",
    "urgent": "priority",
}
_OLD_RESOLUTIONS = {
    "escalated": "routed_to_team",
    "negative_feedback": "abandoned",
    "procedure_handoff": "routed_to_team",
}
_OLD_PART_TYPES = frozenset({"comment", "note", "assignment", "open", "close"})


def parse_version(text: str) -> Version | None:
    """Reads a version that the simulator serves; None for any other."""
    match = re.fullmatch(r"(\d)\.(\d{1,2})", text)
    version = (int(match[1]), int(match[2])) if match else None
    return version if version is not None and OLDEST <= version <= NEWEST else None


def shaped(kind: str, record: Record, version: Version) -> Record:
    """Returns the record as that version of the API shows it."""
    if kind == "tickets":
        record = _with_recent_parts(record, version)
    if version >= NEWEST:
        return record
    older = _without_later_fields(kind, record, version)
    respell = _RESPELL.get(kind)
    return respell(older, version) if respell else older


def _without_later_fields(kind: str, record: Record, version: Version) -> Record:
    later = {
        name for since, names in _LATER_FIELDS.get(kind, []) if version < since for name in names
    }
    return {name: value for name, value in record.items() if name not in later}


def _with_recent_parts(record: Record, version: Version) -> Record:
    parts = record.get("ticket_parts") or {"type": "ticket_part.list", "ticket_parts": []}
    listed = parts["ticket_parts"]
    shown = [shaped("ticket_parts", part, version) for part in listed[-TICKET_PARTS_CAP:]]
    return {
        **record,
        "ticket_parts": {**parts, "ticket_parts": shown, "total_count": len(listed)},
    }


def _ticket(record: Record, version: Version) -> Record:
    for name in ("admin_assignee_id", "team_assignee_id"):
        if isinstance(record.get(name), int):
            record[name] = str(record[name])
    if isinstance(record.get("ticket_type"), dict):
        record["ticket_type"] = shaped("ticket_types", record["ticket_type"], version)
    state = record.get("ticket_state")
    if version < (2, 12) and isinstance(state, dict):
        record["ticket_state"] = state["category"]
        record["ticket_state_internal_label"] = state["internal_label"]
        record["ticket_state_external_label"] = state["external_label"]
    return record


def _contact(record: Record, _version: Version) -> Record:
    owner = record.get("owner_id")
    if isinstance(owner, str) and owner.isdigit():
        record["owner_id"] = int(owner)
    return record


def _conversation(record: Record, version: Version) -> Record:
    for name in ("admin_assignee_id", "team_assignee_id"):
        if record.get(name) == 0:
            record[name] = None
    priority = record.get("priority")
    if isinstance(priority, str):
        record["priority"] = _OLD_PRIORITIES.get(priority, priority)
    for name in ("source", "statistics", "conversation_rating", "ai_agent"):
        if isinstance(record.get(name), dict):
            record[name] = _without_later_fields(name, record[name], version)
    if version < (2, 15) and isinstance(record.get("ai_agent"), dict):
        record["ai_agent"] = _old_resolution(record["ai_agent"])
    return _with_assignee(record) if version < (2, 2) else record


def _with_assignee(record: Record) -> Record:
    team = record.pop("team_assignee_id", None)
    admin = record.pop("admin_assignee_id", None)
    kind, assignee = ("admin", admin) if admin else ("team", team)
    return {**record, "assignee": {"type": kind, "id": str(assignee)} if assignee else None}


def _old_resolution(agent: Record) -> Record:
    state = agent.get("resolution_state")
    return {**agent, "resolution_state": _OLD_RESOLUTIONS.get(str(state), state)}


def _part(record: Record, version: Version) -> Record:
    if version < (2, 6) and record.get("part_type") not in _OLD_PART_TYPES:
        record["part_type"] = "comment"
    if isinstance(record.get("author"), dict):
        record["author"] = _without_later_fields("author", record["author"], version)
    return record


def _article(record: Record, _version: Version) -> Record:
    parents = record.get("parent_ids") or [None]
    kind = None if parents[0] is None else "collection"
    return {**record, "parent_id": parents[0], "parent_type": kind}


def _collection(record: Record, version: Version) -> Record:
    return {"type": "collection", **record} if version < (2, 10) else record


_RESPELL: dict[str, Callable[[Record, Version], Record]] = {
    "articles": _article,
    "collections": _collection,
    "contacts": _contact,
    "conversations": _conversation,
    "conversation_parts": _part,
    "tickets": _ticket,
}

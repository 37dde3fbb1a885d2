"""Which fields a search accepts, of which type, and where their values are."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from intercom_simulator.contents import Contents
from intercom_simulator.records import Json, Record, listed, lookup


class FieldType(Enum):
    """The types that Intercom's operator tables know."""

    TEXT = "String"
    INTEGER = "Integer"
    BOOLEAN = "Boolean"
    DATE = "Date"
    MEMBER = "Tag"


@dataclass(frozen=True, slots=True)
class Field:
    """A searchable field; `values` yields what a record offers to compare."""

    name: str
    type: FieldType
    values: Callable[[Record], list[Json]]


_CONTACT_TYPES: dict[FieldType, str] = {
    FieldType.TEXT: """id role name avatar owner_id email email_domain phone formatted_phone
        external_id language_override browser browser_version browser_language os
        location.country location.region location.city ios_app_version ios_device
        ios_app_device ios_os_version ios_app_name ios_sdk_version android_app_version
        android_device android_app_name android_os_version android_sdk_version
        andoid_sdk_version""",
    FieldType.BOOLEAN: "unsubscribed_from_emails marked_email_as_spam has_hard_bounced",
    FieldType.DATE: """created_at signed_up_at updated_at last_seen_at last_contacted_at
        last_replied_at last_email_opened_at last_email_clicked_at ios_last_seen_at
        android_last_seen_at""",
}
_CONVERSATION_TYPES: dict[FieldType, str] = {
    FieldType.TEXT: """id source.type source.id source.delivered_as source.subject
        source.author.id source.author.type source.author.name source.author.email
        source.url channel_initiated state priority statistics.last_closed_by_id
        conversation_rating.remark ai_agent.resolution_state ai_agent.last_answer_type
        ai_agent.rating_remark ai_agent.source_type ai_agent.source_title""",
    FieldType.INTEGER: """admin_assignee_id team_assignee_id statistics.time_to_assignment
        statistics.time_to_admin_reply statistics.time_to_first_close
        statistics.time_to_last_close statistics.median_time_to_reply
        statistics.count_reopens statistics.count_assignments
        statistics.count_conversation_parts conversation_rating.score ai_agent.rating""",
    FieldType.BOOLEAN: "open read ai_agent_participated",
    FieldType.DATE: """created_at updated_at waiting_since snoozed_until
        statistics.first_contact_reply_at statistics.first_assignment_at
        statistics.first_admin_reply_at statistics.first_close_at
        statistics.last_assignment_at statistics.last_assignment_admin_reply_at
        statistics.last_contact_reply_at statistics.last_admin_reply_at
        statistics.last_close_at conversation_rating.requested_at
        conversation_rating.replied_at""",
}
_TICKET_TYPES: dict[FieldType, str] = {
    FieldType.TEXT: "id admin_assignee_id team_assignee_id",
    FieldType.BOOLEAN: "open",
    FieldType.DATE: "created_at updated_at snoozed_until",
}
_CATEGORIES = {"Customer": "request", "Back-office": "task", "Tracker": "tracker"}
_ATTRIBUTE_TYPES = {
    "string": FieldType.TEXT,
    "integer": FieldType.INTEGER,
    "float": FieldType.INTEGER,
    "boolean": FieldType.BOOLEAN,
    "date": FieldType.DATE,
}
_PREFIX = "custom_attributes."


def _plain(types: dict[FieldType, str]) -> dict[str, Field]:
    return {name: _at(name, kind) for kind, names in types.items() for name in names.split()}


def _at(name: str, field_type: FieldType) -> Field:
    if "." not in name:
        return Field(name, field_type, lambda record: [record.get(name)])
    return Field(name, field_type, lambda record: [lookup(record, name)])


def _renamed(name: str, path: str) -> Field:
    return Field(name, FieldType.TEXT, lambda record: [lookup(record, path)])


def _custom(name: str, field_type: FieldType) -> Field:
    key = name.removeprefix(_PREFIX)
    return Field(
        name, field_type, lambda record: [(record.get("custom_attributes") or {}).get(key)]
    )


def _members(name: str, wrapper: str, key: str, field_type: FieldType) -> Field:
    return Field(
        name, field_type, lambda record: [item.get("id") for item in listed(record, wrapper, key)]
    )


_CONTACT_FIELDS = _plain(_CONTACT_TYPES) | {
    "tag_id": _members("tag_id", "tags", "data", FieldType.MEMBER)
}
_CONVERSATION_FIELDS = _plain(_CONVERSATION_TYPES) | {
    "contact_ids": _members("contact_ids", "contacts", "contacts", FieldType.TEXT),
    "teammate_ids": _members("teammate_ids", "teammates", "teammates", FieldType.TEXT),
    "tag_ids": _members("tag_ids", "tags", "tags", FieldType.TEXT),
    "source.body": Field(
        "source.body",
        FieldType.TEXT,
        # Intercom matches single words of the body, never the whole.
        lambda record: list(str(lookup(record, "source.body") or "").split()),
    ),
}

_TICKET_FIELDS = _plain(_TICKET_TYPES) | {
    "contact_ids": _CONVERSATION_FIELDS["contact_ids"],
    "title": _renamed("title", "ticket_attributes._default_title_"),
    "description": _renamed("description", "ticket_attributes._default_description_"),
    "ticket_type_id": _renamed("ticket_type_id", "ticket_type.id"),
    "state": _renamed("state", "ticket_state.category"),
    "category": Field(
        "category",
        FieldType.TEXT,
        lambda record: [_CATEGORIES.get(str(record.get("category")))],
    ),
}
_FIELDS = {
    "contacts": _CONTACT_FIELDS,
    "conversations": _CONVERSATION_FIELDS,
    "tickets": _TICKET_FIELDS,
}


def find_field(contents: Contents, kind: str, name: str) -> Field | None:
    """Returns the searchable field of that name, or None."""
    if name.startswith(_PREFIX):
        return _custom(name, _attribute_type(contents, kind, name.removeprefix(_PREFIX)))
    if kind == "contacts" and name == "segment_id":
        return Field(
            name,
            FieldType.TEXT,
            lambda record: list(contents.contact_segments.get(record["id"], [])),
        )
    return _FIELDS[kind].get(name)


def _attribute_type(contents: Contents, kind: str, name: str) -> FieldType:
    attributes = contents.collection(f"{kind.removesuffix('s')}_attributes")
    attribute = attributes.find(f"{_PREFIX}{name}") or {}
    return _ATTRIBUTE_TYPES.get(str(attribute.get("data_type")), FieldType.TEXT)

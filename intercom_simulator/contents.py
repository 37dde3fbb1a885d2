"""What is in a workspace beyond single records, and what people do there.

A conversation has parts, a company is in segments, a contact may be merged into another. Each
action changes everything that Intercom changes with it, and dates anew what Intercom dates.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from intercom_simulator import versions
from intercom_simulator.outbound import ALL_TIMES, Outbound
from intercom_simulator.records import Json, Record, listed
from intercom_simulator.store import Store

PARTS_CAP = 500
"""Intercom returns only the most recent 500 parts of a conversation."""


@dataclass(kw_only=True, repr=False, eq=False)
class Contents(Store):
    """The records of a workspace with all that belongs to them.

    Attributes:
        id_code: Id of the workspace, which many records carry.
        verbatim: Show records unchanged in every version (recorded data).
        parts: Parts by conversation, oldest first.
        notes: Notes by contact.
        contact_segments: Ids of segments by contact.
        company_segments: Segments by company: ids, or rows to be served verbatim.
        deleted_conversations: What the list of them shows, oldest first.
        handling_events: Events by conversation, oldest first; they have no id.
        side_conversations: Side conversations by conversation.
        events: Events by contact, oldest first.
        monitor_evaluations: What quality monitors flagged, by conversation.
        scorecards: How the quality of conversations was judged, by conversation.
        office_hours_exceptions: Exceptions by schedule.
        connector_executions: Requests that were made, by data connector, oldest first.
        team_loads: How busy teammates are, by team.
        custom_object_types: Types of custom objects, of which there may be none.
        transcripts: What was said in a call, and the status of its transcript, by call.
        article_statistics: Figures by article; None where Intercom shows null.
        article_versions: Versions by article, newest first.
        redirects: Redirects by help center.
        company_notes: Notes by company, newest first.
        subscriptions: Ids of the kinds of messages that a contact chose or refused.
        taggings: By contact, for each tag when and by whom it was applied.
        outbound: What an export of content holds, by file.
        merges: By the id of a merged contact, where it went.
        namesakes: Attributes by kind that share the full name of another; lists show them last.
    """

    id_code: str = "sim4dev1"
    verbatim: bool = False
    parts: dict[str, list[Record]] = field(default_factory=dict)
    notes: dict[str, list[Record]] = field(default_factory=dict)
    contact_segments: dict[str, list[str]] = field(default_factory=dict)
    company_segments: dict[str, list[str | Record]] = field(default_factory=dict)
    deleted_conversations: list[Record] = field(default_factory=list)
    handling_events: dict[str, list[Record]] = field(default_factory=dict)
    side_conversations: dict[str, list[Record]] = field(default_factory=dict)
    events: dict[str, list[Record]] = field(default_factory=dict)
    monitor_evaluations: dict[str, list[Record]] = field(default_factory=dict)
    scorecards: dict[str, list[Record]] = field(default_factory=dict)
    office_hours_exceptions: dict[str, list[Record]] = field(default_factory=dict)
    connector_executions: dict[str, list[Record]] = field(default_factory=dict)
    team_loads: dict[str, list[Record]] = field(default_factory=dict)
    custom_object_types: list[str] = field(default_factory=list)
    transcripts: dict[str, Record] = field(default_factory=dict)
    article_statistics: dict[str, Record | None] = field(default_factory=dict)
    article_versions: dict[str, list[Record]] = field(default_factory=dict)
    redirects: dict[str, list[Record]] = field(default_factory=dict)
    company_notes: dict[str, list[Record]] = field(default_factory=dict)
    subscriptions: dict[str, list[str]] = field(default_factory=dict)
    taggings: dict[str, dict[str, Record]] = field(default_factory=dict)
    outbound: Outbound = field(default_factory=dict)
    merges: dict[str, Record] = field(default_factory=dict)
    namesakes: dict[str, list[Record]] = field(default_factory=dict)

    def shaped(self, kind: str, record: Record, version: versions.Version) -> Record:
        """Returns a record as a version of the API shows it."""
        return record if self.verbatim else versions.shaped(kind, record, version)

    def add_namesake(self, kind: str, full_name: str, fields: Record) -> None:
        """Adds a second attribute of a full name: another id, and fields of its own.

        `truth` has no part in it: Intercom does not say which of the two counts.
        """
        twin = self.find(kind, full_name) | {"id": uuid.uuid4().hex[:24]} | fields
        self.namesakes.setdefault(kind, []).append(twin)

    def delete(self, kind: str, record_id: str, *, metrics_retained: bool = False) -> None:
        """Removes a record; a conversation joins the deleted ones."""
        self.remove(kind, record_id)
        if kind == "conversations":
            self.deleted_conversations.append(
                {
                    "type": "conversation",
                    "id": record_id,
                    "metrics_retained": metrics_retained,
                    "deleted_at": self.now(),
                }
            )

    def log_activity(self, activity_type: str = "admin_login_success", **fields: Json) -> str:
        """Logs what the first teammate did now, and returns the log's id."""
        admin: Record = next(iter(self.collection("admins")), {})
        log = {
            "id": str(uuid.uuid4()),
            "performed_by": {
                "type": "admin",
                "id": admin.get("id"),
                "email": admin.get("email"),
                "ip": "198.51.100.7",
            },
            "metadata": {},
            "created_at": self.now(),
            "activity_type": activity_type,
            "activity_description": f"{admin.get('name')}: {activity_type}",
        }
        return self._put("activity_logs", log | fields)

    def track_event(self, contact_id: str, event_name: str, **fields: Json) -> str:
        """Adds an event of a contact, which is not dated anew, and returns the event's id."""
        contact = self.find("contacts", contact_id)
        event: Record = {
            "type": "event",
            "id": str(uuid.uuid4()),
            "created_at": self.now(),
            "event_name": event_name,
            "user_id": contact.get("external_id"),
            "intercom_user_id": contact_id,
            "email": contact.get("email"),
            "metadata": {},
        }
        self.events[contact_id] = [*self.events.get(contact_id, []), event | fields]
        return str(event["id"])

    def execute(self, connector: str, own_id: str, **fields: Json) -> None:
        """Lets a data connector make a request now."""
        made = {
            "type": "data_connector.execution",
            "id": own_id,
            "data_connector_id": connector,
            "success": True,
            "http_method": "get",
            "created_at": f"{datetime.fromtimestamp(self.now(), UTC):%Y-%m-%dT%H:%M:%SZ}",
        }
        held = self.connector_executions.get(connector, [])
        self.connector_executions[connector] = [*held, made | fields]

    def rename(self, kind: str, record_id: str, name: str) -> None:
        """Gives a tag, segment, team... another name.

        Companies and conversations show a tag's new name too, and are not dated anew.
        """
        record = self.find(kind, record_id)
        self.patch(kind, record_id, {"name": name}, bump="updated_at" in record)
        if kind == "tags":
            for holders in ("companies", "conversations"):
                self._rename_tag(holders, record_id, name)

    def reply(
        self,
        conversation_id: str,
        *,
        body: str = "<p>Hello again</p>",
        author: Record | None = None,
        part: Record | None = None,
    ) -> str:
        """Adds a part to a conversation, counts it, and returns its id."""
        conversation = self.find("conversations", conversation_id)
        added = _part(self.now(), body, author or _operator(self.id_code)) | (part or {})
        self.parts[conversation_id] = [*self.parts.get(conversation_id, []), added]
        changed: Record = {"updated_at": self.now()}
        if isinstance(conversation.get("statistics"), dict):
            changed["statistics"] = _counted(conversation["statistics"], added)
        self.patch("conversations", conversation_id, changed)
        return str(added["id"])

    def patch_part(self, conversation_id: str, part_id: str, fields: Record) -> None:
        """Replaces fields of a part and bumps its conversation."""
        now = {"updated_at": self.now()}
        self.parts[conversation_id] = [
            part | now | fields if str(part["id"]) == part_id else part
            for part in self.parts[conversation_id]
        ]
        self.touch("conversations", conversation_id)

    def delete_part(self, conversation_id: str, part_id: str) -> None:
        """Removes a part and bumps its conversation."""
        self.parts[conversation_id] = [
            part for part in self.parts[conversation_id] if str(part["id"]) != part_id
        ]
        self.touch("conversations", conversation_id)

    def answer_ticket(
        self, ticket_id: str, *, body: str = "<p>Hello again</p>", own_id: str | None = None
    ) -> str:
        """Adds a part to a ticket and returns its id."""
        author = {name: _operator(self.id_code)[name] for name in ("type", "id", "name", "email")}
        part = {
            "type": "ticket_part",
            "id": own_id or str(uuid.uuid4().int % 10**15),
            "part_type": "comment",
            "body": body,
            "created_at": self.now(),
            "updated_at": self.now(),
            "author": author,
            "attachments": [],
            "redacted": False,
        }
        self.set_ticket_parts(ticket_id, [*self.parts_of_ticket(ticket_id), part])
        return str(part["id"])

    def parts_of_ticket(self, ticket_id: str) -> list[Record]:
        """Returns all parts of a ticket, oldest first."""
        return listed(self.find("tickets", ticket_id), "ticket_parts", "ticket_parts")

    def set_ticket_parts(self, ticket_id: str, parts: list[Record]) -> None:
        """Replaces the parts of a ticket and bumps it.

        Parts lie inside the ticket: as long as search shows an older ticket, it shows its parts.
        """
        held = {"type": "ticket_part.list", "ticket_parts": parts, "total_count": len(parts)}
        self.patch("tickets", ticket_id, {"ticket_parts": held})

    def deliver(self, receipt_id: str, **fields: Json) -> None:
        """Sends a message to someone."""
        sent = {"receipt_id": receipt_id, "received_at": self.now(), **fields}
        self.outbound.setdefault("receipt", []).append({"ruleset_id": "31000", **sent})

    def engage(self, receipt_id: str, file: str, **fields: Json) -> None:
        """Lets something happen to a message that was sent; exports have a file for each."""
        event = {"receipt_id": receipt_id, ALL_TIMES[file]: self.now(), **fields}
        self.outbound.setdefault(file, []).append(event)

    def merge_contacts(self, source: str, target: str) -> None:
        """Merges one contact into another: the source is gone, its id leads on."""
        gone = self.find("contacts", source)
        self.find("contacts", target)
        self.remove("contacts", source)
        self.merges[source] = {
            "target": target,
            "role": gone.get("role", "user"),
            "merged_at": self.now(),
        }
        self.touch("contacts", target)

    def transcribed(self, call: Record) -> Record:
        """Returns a call with its transcript, an empty list where there is none."""
        without: Record = {"transcript": [], "transcript_status": None}
        return call | self.transcripts.get(str(call["id"]), without)

    def canonical_contact(self, contact_id: str) -> str | None:
        """Follows merges, three at most, to the contact that is left."""
        target = None
        for _hop in range(3):
            if contact_id not in self.merges:
                break
            target = contact_id = self.merges[contact_id]["target"]
        return target

    def set_company_segments(self, company_id: str, segments: Sequence[str | Record]) -> None:
        """Sets the segments of a company (ids, or rows to be served verbatim).

        Nothing else changes: Intercom does not touch the company either.
        """
        self.find("companies", company_id)
        self.company_segments[company_id] = list(segments)

    def segments_of_company(self, company_id: str) -> list[Record]:
        """Returns the segment rows of a company, without counts."""
        return self._segment_rows(self.company_segments.get(company_id, []))

    def segments_of_contact(self, contact_id: str) -> list[Record]:
        """Returns the segment rows of a contact, without counts."""
        return self._segment_rows(self.contact_segments.get(contact_id, []))

    def subscriptions_of(self, contact_id: str) -> list[Record]:
        """Returns the kinds of messages that a contact chose or refused."""
        known = self.collection("subscription_types")
        chosen = self.subscriptions.get(contact_id, [])
        return [one for key in chosen if (one := known.find(key))]

    def tags_of(self, contact: Record) -> list[Record]:
        """Returns the tags of a contact, with when and by whom each was applied."""
        known = self.collection("tags")
        applied = self.taggings.get(str(contact["id"]), {})
        return [
            (known.find(str(item["id"])) or {"type": "tag", "id": item["id"], "name": ""})
            | applied.get(str(item["id"]), {})
            for item in listed(contact, "tags")
        ]

    def _rename_tag(self, holders: str, tag_id: str, name: str) -> None:
        for record in list(self.collection(holders)):
            tags = listed(record, "tags", "tags")
            if any(tag["id"] == tag_id for tag in tags):
                shown = [tag | {"name": name} if tag["id"] == tag_id else tag for tag in tags]
                fields = {"tags": record["tags"] | {"tags": shown}}
                self.patch(holders, str(record["id"]), fields, bump=False)

    def _segment_rows(self, segments: Sequence[str | Record]) -> list[Record]:
        known = self.collection("segments")
        rows = [
            known.find(segment) if isinstance(segment, str) else segment for segment in segments
        ]
        return [
            {name: value for name, value in row.items() if name != "count"}
            for row in rows
            if row is not None
        ]


def _operator(id_code: str) -> Record:
    return {
        "type": "bot",
        "id": "1",
        "name": "Operator",
        "email": f"operator+{id_code}@intercom.io",
        "from_ai_agent": False,
        "is_ai_answer": False,
    }


def _part(now: int, body: str, author: Record) -> Record:
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

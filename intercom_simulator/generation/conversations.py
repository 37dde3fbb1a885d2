"""Conversations of a made-up workspace and their parts."""

from dataclasses import dataclass

from intercom_simulator.generation import words
from intercom_simulator.generation.chance import END, Chance
from intercom_simulator.generation.statistics import statistics
from intercom_simulator.records import Record

FIRST_ID = 215_470_000_000_000
_FIRST_PART_ID = 18_000_000_000
_PRIORITIES = ("none", "none", "none", "low", "medium", "high", "urgent")
_REPLY_SECONDS = 9_000
_BULK_SHARE = 0.1
_SILENT_PARTS = ("assignment", "close", "conversation_attribute_updated_by_admin")
_PART: Record = {
    "assigned_to": None,
    "attachments": [],
    "external_id": None,
    "redacted": False,
    "email_message_metadata": None,
    "metadata": {},
    "tags": [],
    "event_details": {},
    "app_package_code": None,
}


@dataclass(slots=True)
class ConversationMaker:
    """Makes conversations out of the workspace's people."""

    chance: Chance
    contacts: list[Record]
    admins: list[Record]
    teams: list[Record]
    tags: list[Record]
    companies: list[Record]
    made_parts: int = 0

    def parts(self, count: int) -> tuple[int, list[Record]]:
        """Makes the parts of a thread; returns when it began too."""
        started = self.chance.created()
        expovariate, moment, made = self.chance.random.expovariate, started, []
        for _ in range(count):
            moment = min(END, moment + int(expovariate(1 / _REPLY_SECONDS)))
            made.append(self._part(moment))
        return started, made

    def conversation(self, index: int, started: int, parts: list[Record]) -> Record:
        """Makes a conversation, without its parts, that fits its parts."""
        chance = self.chance
        contact = chance.pick(self.contacts) if self.contacts else None
        admin = chance.pick(self.admins) if self.admins else None
        state = chance.pick(("open", "closed", "closed", "snoozed"))
        last = parts[-1]["created_at"] if parts else started
        updated = chance.bulk_after(last) if chance.hits(_BULK_SHARE) else last
        return {
            "type": "conversation",
            "id": str(FIRST_ID + index),
            "created_at": started,
            "updated_at": updated,
            "waiting_since": updated if state == "open" else None,
            "snoozed_until": updated + 86_400 if state == "snoozed" else None,
            "source": self._source(index, contact),
            "contacts": {"type": "contact.list", "contacts": _references(contact)},
            "first_contact_reply": {"created_at": started, "type": "conversation", "url": None}
            if chance.hits(0.7)
            else None,
            "admin_assignee_id": int(admin["id"]) if admin and chance.hits(0.6) else 0,
            "team_assignee_id": int(chance.pick(self.teams)["id"])
            if self.teams and chance.hits(0.4)
            else 0,
            "open": state != "closed",
            "state": state,
            "read": chance.hits(0.5),
            "tags": {"type": "tag.list", "tags": self._tags(started)},
            "priority": chance.pick(_PRIORITIES),
            "sla_applied": _sla(index) if index % 9 == 0 else None,
            "statistics": None if index % 10 == 9 else statistics(started, parts),
            "conversation_rating": self._rating(updated, contact, admin)
            if index % 6 == 0
            else None,
            "teammates": None
            if admin is None or index % 5 == 0
            else {"type": "admin.list", "teammates": [{"type": "admin", "id": admin["id"]}]},
            "title": chance.pick((None, "Login trouble", "請求書について", "🚨")),
            "custom_attributes": _custom_attributes(index, updated),
            "topics": {},
            "ticket": None,
            "linked_objects": {"type": "list", "data": [], "total_count": 0, "has_more": False},
            "ai_agent": _ai_agent(started, updated) if index % 4 == 0 else None,
            "ai_agent_participated": index % 4 == 0,
            "company": chance.pick(self.companies) if self.companies and index % 8 == 3 else None,
            "channel": {"initial": "messenger", "current": "messenger"},
            "sales_agent_participated": False,
            "external_references": [],
        }

    def _part(self, moment: int) -> Record:
        chance = self.chance
        self.made_parts += 1
        kind = "comment" if chance.hits(0.85) else chance.pick(_SILENT_PARTS)
        body = f"<p>{chance.pick(words.SENTENCES)}</p>" if kind == "comment" else None
        return {
            "type": "conversation_part",
            "id": str(_FIRST_PART_ID + self.made_parts),
            "part_type": kind,
            "body": body,
            "created_at": moment,
            "updated_at": moment,
            "notified_at": moment,
            "author": self._author(),
            "state": "closed" if kind == "close" else "open",
            **_PART,
            **_details(kind, self.made_parts),
        }

    def _author(self) -> Record:
        chance = self.chance
        if self.contacts and (not self.admins or chance.hits(0.5)):
            person = chance.pick(self.contacts)
            kind = str(person["role"])
        elif self.admins:
            person = chance.pick(self.admins)
            kind = "admin"
        else:
            person, kind = {"id": "1", "name": "Operator", "email": "operator@example.com"}, "bot"
        return {
            "type": kind,
            "id": person["id"],
            "name": person["name"],
            "email": person["email"],
            "from_ai_agent": False,
            "is_ai_answer": False,
        }

    def _source(self, index: int, contact: Record | None) -> Record:
        chance = self.chance
        author: Record = contact or {"role": "lead", "id": None, "name": None, "email": None}
        return {
            "type": chance.pick(("conversation", "email", "whatsapp", "push")),
            "id": str(403_000_000 + index),
            "delivered_as": "customer_initiated",
            "subject": chance.pick(words.SUBJECTS),
            "body": f'<p class="no-margin">{chance.pick(words.SENTENCES)}</p>',
            "author": {
                "type": author["role"],
                "id": author["id"],
                "name": author["name"],
                "email": author["email"],
            },
            "attachments": [],
            "url": f"https://app.example.com/inbox/{index}?utm=a%20b",
            "redacted": False,
            "recipients": [{"type": "to", "email": "help@example.com", "drop_reason": None}],
            "reply_to": None,
            "email_message_metadata": {"message_id": f"<{index}@mail.example.com>", "subject": ""},
        }

    def _tags(self, started: int) -> list[Record]:
        if not self.tags or self.chance.hits(0.7):
            return []
        chosen = self.chance.some(self.tags, 1 + self.chance.below(2))
        by = {"type": "admin", "id": self.admins[0]["id"]} if self.admins else None
        return [{**tag, "applied_at": started, "applied_by": by} for tag in chosen]

    def _rating(self, updated: int, contact: Record | None, admin: Record | None) -> Record:
        return {
            "rating": 1 + self.chance.below(5),
            "remark": self.chance.pick(words.REMARKS),
            "created_at": updated,
            "updated_at": updated,
            "contact": _references(contact)[0] if contact else None,
            "teammate": {"type": "admin", "id": admin["id"]} if admin else None,
        }


def _details(kind: str, serial: int) -> Record:
    """Draws by serial number what only some parts have."""
    if kind == "assignment":
        return {"assigned_to": {"type": "admin", "id": "991267000"}}
    if kind.startswith("conversation_attribute"):
        return {"event_details": {"attribute": {"name": "jira key"}, "value": {"name": "É-7"}}}
    if serial % 97 == 0:
        return {"attachments": [_attachment(serial)]}
    if serial % 211 == 0:
        return {"redacted": True, "body": "<p><i>This message was deleted</i></p>"}
    return {}


def _attachment(serial: int) -> Record:
    return {
        "type": "upload",
        "name": f"スクリーンショット {serial}.png",
        "url": f"https://downloads.example.com/i/o/{serial}/a%20b.png?expires=1&signature=c%2Bd",
        "content_type": "image/png",
        "filesize": 1024 + serial,
        "width": 1920,
        "height": 1080,
    }


def _references(contact: Record | None) -> list[Record]:
    if contact is None:
        return []
    return [{"type": "contact", "id": contact["id"], "external_id": contact["external_id"]}]


def _sla(index: int) -> Record:
    status = ("hit", "missed", "active", "cancelled")[index % 4]
    return {"type": "conversation_sla_summary", "sla_name": "Tier 1", "sla_status": status}


def _custom_attributes(index: int, updated: int) -> Record:
    if index % 3:
        return {}
    return {"CX Score rating": 1 + index % 5, "escalated.at": updated, "Größe": "XL", "paid": True}


def _ai_agent(started: int, updated: int) -> Record:
    return {
        "source_type": "workflow",
        "source_title": "Fin workflow 🤖",
        "last_answer_type": "ai_answer",
        "resolution_state": "escalated",
        "rating": None,
        "rating_remark": None,
        "created_at": started,
        "updated_at": updated,
        "content_sources": {
            "type": "content_source.list",
            "total_count": 0,
            "content_sources": [],
        },
    }

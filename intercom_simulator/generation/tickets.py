"""Tickets of a made-up workspace, each with its parts, and the forms of their types."""

from dataclasses import dataclass

from intercom_simulator.generation import words
from intercom_simulator.generation.chance import DAY, END, Chance
from intercom_simulator.records import Json, Record

_FIRST_ID = 215_480_000_000_000
_FIRST_PART_ID = 19_000_000_000
_MOST_PARTS = 30
_MEAN_SECONDS = 20_000
_FORM: tuple[tuple[str, str], ...] = (
    ("_default_title_", "string"),
    ("_default_description_", "string"),
    ("Steps to reproduce", "string"),
    ("Priority", "list"),
    ("Affected seats", "integer"),
    ("Amount (€)", "decimal"),
    ("Reproducible?", "boolean"),
    ("due.at", "datetime"),
    ("Screenshots", "files"),
)
_QUESTIONS = (9, 7, 4)
"""How many questions of the form each type asks."""

_LONG = 500


def with_forms(types: list[Record]) -> list[Record]:
    """Gives each type of ticket the questions of its form."""
    return [
        kind | {"ticket_type_attributes": {"type": "list", "data": _form(kind, serial)}}
        for serial, kind in enumerate(types)
    ]


def _form(kind: Record, serial: int) -> list[Record]:
    return [
        {
            "type": "ticket_type_attribute",
            "id": str(6_594_000 + serial * 100 + order),
            "workspace_id": kind["workspace_id"],
            "name": name,
            "description": f"{name} of a {kind['name']}",
            "data_type": data_type,
            "input_options": {"multiline": order == 1} if data_type == "string" else {},
            "order": order,
            "required_to_create": order == 0,
            "required_to_create_for_contacts": order == 0,
            "visible_on_create": True,
            "visible_to_contacts": order < 6,
            "default": order < 2,
            "ticket_type_id": int(kind["id"]),
            "archived": False,
            "created_at": kind["created_at"],
            "updated_at": kind["updated_at"],
        }
        for order, (name, data_type) in enumerate(_FORM[: _QUESTIONS[serial % len(_QUESTIONS)]])
    ]


@dataclass(slots=True)
class TicketMaker:
    """Makes tickets out of the workspace's people, types and states."""

    chance: Chance
    types: list[Record]
    states: list[Record]
    contacts: list[Record]
    admins: list[Record]
    teams: list[Record]
    conversations: list[Record]
    made_parts: int = 0

    def ticket(self, index: int, *, long: bool = False) -> Record:
        """Makes a ticket with its parts, all of them, however few Intercom shows."""
        chance = self.chance
        kind = self.types[index % len(self.types)]
        created = chance.created()
        count = _LONG + 37 if long else chance.below(_MOST_PARTS + 1)
        parts = self._parts(created, count)
        state = self._state(str(parts[-1]["ticket_state"]) if parts else "submitted")
        updated = parts[-1]["created_at"] if parts else created
        contact = chance.pick(self.contacts) if self.contacts else None
        return {
            "type": "ticket",
            "id": str(_FIRST_ID + index),
            "ticket_id": str(index + 1),
            "category": kind["category"],
            "ticket_attributes": self._answers(kind, updated),
            "ticket_state": {name: state[name] for name in state if name in _SHOWN_OF_STATE},
            "ticket_type": kind,
            "contacts": {"type": "contact.list", "contacts": _references(contact)},
            "admin_assignee_id": self._assignee(self.admins),
            "team_assignee_id": self._assignee(self.teams),
            "created_at": created,
            "updated_at": updated,
            "open": state["category"] != "resolved",
            **({"snoozed_until": updated + DAY} if self.chance.hits(0.1) else {}),
            "linked_objects": self._links(index),
            "ticket_parts": ticket_parts(parts),
            "is_shared": kind["category"] == "Customer",
            "previous_ticket_state_id": self.states[0]["id"] if len(parts) > 1 else None,
        }

    def _parts(self, created: int, count: int) -> list[Record]:
        made, moment, state = [], created, "submitted"
        for _ in range(count):
            moment = min(END, moment + int(self.chance.random.expovariate(1 / _MEAN_SECONDS)))
            part = self._part(moment, state)
            state = str(part["ticket_state"])
            made.append(part)
        return made

    def _part(self, moment: int, state: str) -> Record:
        chance = self.chance
        self.made_parts += 1
        kind = chance.pick(("comment", "comment", "comment", "note", *_SILENT))
        moves = kind == "ticket_state_updated_by_admin"
        after = str(chance.pick(self.states)["category"]) if moves else state
        spoken = kind in {"comment", "note"}
        assigned = kind == "assignment" and self.admins
        return {
            "type": "ticket_part",
            "id": str(_FIRST_PART_ID + self.made_parts),
            "part_type": kind,
            "body": f"<p>{chance.pick(words.SENTENCES)}</p>" if spoken else None,
            "previous_ticket_state": state,
            "ticket_state": after,
            "created_at": moment,
            "updated_at": moment,
            "assigned_to": {"type": "admin", "id": self.admins[0]["id"]} if assigned else None,
            "author": self._author(kind),
            "attachments": [_attachment(self.made_parts)] if self.made_parts % 89 == 0 else [],
            "external_id": None,
            "redacted": self.made_parts % 131 == 0,
            **({"app_package_code": "test-integration"} if self.made_parts % 41 == 0 else {}),
            "updated_attribute_data": {
                "attribute": {"type": "attribute", "id": "6594003", "label": "Priority"},
                "value": {"type": "value", "id": "High", "label": "High"},
            }
            if kind == "ticket_attribute_updated_by_admin"
            else None,
        }

    def _author(self, kind: str) -> Record:
        if kind == "comment" and self.contacts and self.chance.hits(0.5):
            person, role = self.chance.pick(self.contacts), "user"
        elif self.admins:
            person, role = self.chance.pick(self.admins), "admin"
        else:
            person, role = {"id": "1", "name": "Operator", "email": "operator@example.com"}, "bot"
        email = person["email"] or "nobody@example.com"
        return {"type": role, "id": person["id"], "name": person["name"], "email": email}

    def _answers(self, kind: Record, updated: int) -> Record:
        """Answers some questions of a type's form, now and then with what does not fit."""
        chance = self.chance
        answers: dict[str, Json] = {
            "string": chance.pick(words.SENTENCES),
            "list": chance.pick(("Low", "High")),
            "integer": chance.pick((0, 12, "7", "many")),
            "decimal": chance.pick((19.5, 3, "0.25")),
            "boolean": chance.hits(0.5),
            "datetime": updated + DAY,
            "files": [{"type": "upload", "name": "x.png", "url": "https://downloads.example/1"}],
        }
        return {
            one["name"]: answers[one["data_type"]]
            for one in kind["ticket_type_attributes"]["data"]
            if one["default"] or chance.hits(0.7)
        }

    def _state(self, category: str) -> Record:
        return next(one for one in self.states if one["category"] == category)

    def _assignee(self, people: list[Record]) -> int:
        return int(self.chance.pick(people)["id"]) if people and self.chance.hits(0.6) else 0

    def _links(self, index: int) -> Record:
        linked = []
        if index % 3 == 0 and self.conversations:
            talk = self.conversations[index % len(self.conversations)]
            linked.append({"type": "conversation", "id": talk["id"], "category": None})
        if index % 5 == 4:
            linked.append({"type": "ticket", "id": str(_FIRST_ID), "category": "Customer"})
        return {"type": "list", "data": linked, "total_count": len(linked), "has_more": False}


_SHOWN_OF_STATE = frozenset({"type", "id", "category", "internal_label", "external_label"})
_SILENT = (
    "assignment",
    "ticket_state_updated_by_admin",
    "ticket_attribute_updated_by_admin",
)


def ticket_parts(parts: list[Record]) -> Record:
    """Makes the list of a ticket's parts."""
    return {"type": "ticket_part.list", "ticket_parts": parts, "total_count": len(parts)}


def _references(contact: Record | None) -> list[Record]:
    if contact is None:
        return []
    return [{"type": "contact", "id": contact["id"], "external_id": contact["external_id"]}]


def _attachment(serial: int) -> Record:
    return {
        "type": "upload",
        "name": f"log {serial}.txt",
        "url": f"https://downloads.example.com/i/o/{serial}/log.txt?expires=1",
        "content_type": "text/plain",
        "filesize": 512 + serial,
    }

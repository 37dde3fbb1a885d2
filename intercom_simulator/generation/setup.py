"""Admins, teams, tags, segments, attributes and ticket types of a made-up workspace."""

from intercom_simulator.generation import words
from intercom_simulator.generation.chance import Chance
from intercom_simulator.records import Record

CONTACT_ATTRIBUTES = (
    ("plan_tier", "string"),
    ("lifetime value", "float"),
    ("seats", "integer"),
    ("is.beta", "boolean"),
    ("trial_ends_at", "date"),
    ("Größe 🚀", "string"),
    ("score", "integer"),
)
COMPANY_ATTRIBUTES = (
    ("creation_source", "string"),
    ("ARR €", "float"),
    ("employees.total", "integer"),
    ("vip", "boolean"),
    ("renewal_at", "date"),
)
_STANDARD_CONTACT = (
    ("role", "role", "Contact role", "string"),
    ("name", "name", "Name", "string"),
    ("email", "email", "Email", "string"),
    ("owner_id", "owner_id", "Owner", "integer"),
    ("created_at", "created_at", "Signed up", "date"),
    ("country", "location.country", "Country", "string"),
)
_STANDARD_COMPANY = (
    ("name", "name", "Company name", "string"),
    ("company_id", "company_id", "Company ID", "string"),
    ("last_request_at", "last_request_at", "Company last seen", "date"),
    ("name", "plan.name", "Plan", "string"),
    ("monthly_spend", "monthly_spend", "Monthly Spend", "float"),
    ("size", "size", "Company size", "integer"),
    ("id", "id", "ID", "string"),
    ("id", "plan.id", "Plan ID", "string"),
)
_STATES = (
    ("submitted", "Submitted", "Submitted"),
    ("in_progress", "In progress", "In progress"),
    ("waiting_on_customer", "Waiting on customer", "Waiting on you"),
    ("resolved", "Resolved", "Resolved"),
)
_TYPES = (
    ("Bug Report", "Customer", "🐞"),
    ("Chargeback", "Back-office", "💶"),
    ("Outage", "Tracker", "🏭"),
)


def admins(chance: Chance, id_code: str, count: int, team_ids: list[int]) -> list[Record]:
    """Makes admins; the second is the Operator bot that every workspace has."""
    people = [_admin(chance, index, team_ids) for index in range(count)]
    if count > 1:
        bot = {"name": "Operator", "email": f"operator+{id_code}@intercom.io"}
        people[1] |= bot | {"job_title": None, "has_inbox_seat": False, "team_ids": []}
        del people[1]["job_title"]
    return people


def _admin(chance: Chance, index: int, team_ids: list[int]) -> Record:
    teams = sorted(chance.some(team_ids, chance.below(3)))
    return {
        "type": "admin",
        "email": f"{chance.pick(words.LATIN_HANDLES)}{index}@example.com",
        "id": str(991_267_000 + index),
        "name": f"{chance.pick(words.GIVEN_NAMES)} {chance.pick(words.FAMILY_NAMES)}",
        "job_title": chance.pick(("Support", "Philosopher", "Директор")),
        "away_mode_enabled": chance.hits(0.2),
        "away_mode_reassign": False,
        "away_status_reason_id": None,
        "has_inbox_seat": index == 0 or chance.hits(0.8),
        "team_ids": teams,
        "team_priority_level": {"primary_team_ids": teams[:1], "secondary_team_ids": teams[1:]}
        if teams
        else {},
        "avatar": {"type": "avatar", "image_url": f"https://static.example/avatars/{index}.png"},
        "role": {
            "type": "role",
            "id": str(1 + index % 3),
            "name": ("Owner", "Agent", "Lead")[index % 3],
        },
    }


def teams(chance: Chance, count: int, admin_ids: list[int]) -> list[Record]:
    """Makes teams; two of six share a name."""
    return [
        {
            "type": "team",
            "id": str(5_077_700 + index),
            "name": words.TEAM_NAMES[index % len(words.TEAM_NAMES)],
            "admin_ids": (members := sorted(chance.some(admin_ids, chance.below(5)))),
            "admin_priority_level": {
                "primary_admin_ids": members[:1],
                "secondary_admin_ids": members[1:],
            }
            if members
            else {},
            "assignment_limit": chance.pick((None, 5, 20)),
            "distribution_method": chance.pick((None, "round_robin", "load_balanced")),
        }
        for index in range(count)
    ]


def tags(count: int) -> list[Record]:
    """Makes tags."""
    names = words.TAG_NAMES
    return [
        {
            "type": "tag",
            "id": str(7_800_200 + index),
            "name": names[index] if index < len(names) else f"tag {index}",
        }
        for index in range(count)
    ]


def segments(chance: Chance, count: int) -> list[Record]:
    """Makes segments, each with its count."""
    made = []
    for index in range(count):
        name, person_type = words.SEGMENT_NAMES[index % len(words.SEGMENT_NAMES)]
        created = chance.created()
        made.append(
            {
                "type": "segment",
                "id": chance.hex_id(created, index),
                "name": name if index < len(words.SEGMENT_NAMES) else f"{name} {index}",
                "created_at": created,
                "updated_at": chance.later(created),
                "person_type": person_type,
                "count": chance.below(5000),
            }
        )
    return made


def contact_attributes(chance: Chance) -> list[Record]:
    """Makes the attributes of contacts; the last custom one is archived."""
    return _attributes(
        chance, "contact", _STANDARD_CONTACT, (*CONTACT_ATTRIBUTES, ("old", "string"))
    )


def company_attributes(chance: Chance) -> list[Record]:
    """Makes the attributes of companies: two of them are called `name`."""
    return _attributes(
        chance, "company", _STANDARD_COMPANY, (*COMPANY_ATTRIBUTES, ("old", "string"))
    )


def conversation_attributes(chance: Chance) -> list[Record]:
    """Makes the attributes of conversations, listed below version 2.16."""
    return _attributes(chance, "conversation", (), (("CX Score rating", "integer"),))


def _attributes(
    chance: Chance,
    model: str,
    standard: tuple[tuple[str, str, str, str], ...],
    custom: tuple[tuple[str, str], ...],
) -> list[Record]:
    built_in = [_attribute(model, names) for names in standard]
    own = []
    for index, (name, data_type) in enumerate(custom):
        created = chance.created()
        full_name = f"custom_attributes.{name}"
        extra = {
            "id": 12_000_000 + len(model) * 1000 + index,
            **_attribute(model, (name, full_name, name, data_type)),
            "custom": True,
            "archived": name == "old",
            "admin_id": "991267000",
            "created_at": created,
            "updated_at": chance.later(created),
        }
        own.append(extra)
    return built_in + own


def _attribute(model: str, naming: tuple[str, str, str, str]) -> Record:
    name, full_name, label, data_type = naming
    return {
        "type": "data_attribute",
        "name": name,
        "full_name": full_name,
        "label": label,
        "description": f"{label} of a {model}",
        "data_type": data_type,
        "api_writable": True,
        "ui_writable": False,
        "messenger_writable": True,
        "custom": False,
        "archived": False,
        "model": model,
    }


def ticket_types(chance: Chance, id_code: str) -> list[Record]:
    """Makes three ticket types."""
    states = [_state(index) for index in range(len(_STATES))]
    made = []
    for index, (name, category, icon) in enumerate(_TYPES):
        created = chance.created()
        made.append(
            {
                "type": "ticket_type",
                "id": str(67 + index),
                "name": name,
                "description": f"{name} template",
                "icon": icon,
                "workspace_id": id_code,
                "archived": False,
                "created_at": created,
                "updated_at": chance.later(created),
                "is_internal": category != "Customer",
                "ticket_type_attributes": {"type": "list", "data": []},
                "category": category,
                "ticket_states": {"type": "list", "data": states},
            }
        )
    return made


def ticket_states() -> list[Record]:
    """Makes the four ticket states, each with the types that use it."""
    types = [
        {
            "type": "ticket_type",
            "id": str(67 + index),
            "name": name,
            "description": f"{name} template",
            "icon": icon,
            "archived": False,
            "is_internal": category != "Customer",
            "category": category,
        }
        for index, (name, category, icon) in enumerate(_TYPES)
    ]
    return [
        {**_state(index), "ticket_types": {"type": "list", "data": types}, "archived": False}
        for index in range(len(_STATES))
    ]


def _state(index: int) -> Record:
    category, internal, external = _STATES[index]
    return {
        "type": "ticket_state",
        "id": str(8321 + index),
        "category": category,
        "internal_label": internal,
        "external_label": external,
    }

"""What is known about people and companies: notes, tags and their dates, choices, merges.

All of it comes from chance of its own.
"""

from intercom_simulator.contents import Contents
from intercom_simulator.generation import words
from intercom_simulator.generation.chance import Chance
from intercom_simulator.records import Record, listed

_OWN_STREAM = 6_000_003
_MANY = 61
"""Notes about the first company: more than one page shows."""


def company_notes(contents: Contents, seed: int) -> dict[str, list[Record]]:
    """Makes notes about companies, newest first; most companies have none."""
    chance = Chance(seed + _OWN_STREAM)
    admins = list(contents.collection("admins"))
    return {
        str(one["id"]): [
            _note(chance, admins, one, 100 * serial + number)
            for number in reversed(range(1 + chance.below(3) if serial else _MANY))
        ]
        for serial, one in enumerate(contents.collection("companies"))
        if admins and (serial == 0 or chance.hits(0.3))
    }


def _note(chance: Chance, admins: list[Record], company: Record, number: int) -> Record:
    admin = chance.pick(admins)
    shown = ("type", "id", "name", "email", "away_mode_enabled", "away_mode_reassign")
    return {
        "type": "note",
        "id": str(7_000_000 + number),
        "created_at": company["created_at"] + number,
        "company": {"type": "company", "id": company["id"]},
        "author": {name: admin[name] for name in shown},
        "body": chance.pick(words.NOTE_BODIES),
    }


def subscriptions(contents: Contents, seed: int) -> dict[str, list[str]]:
    """Makes the choices of contacts; most made none."""
    chance = Chance(seed + _OWN_STREAM + 1)
    kinds = contents.collection("subscription_types").ids()
    return {
        key: chance.some(kinds, 1 + chance.below(2))
        for key in contents.collection("contacts").ids()
        if kinds and chance.hits(0.3)
    }


def taggings(contents: Contents, seed: int) -> dict[str, dict[str, Record]]:
    """Makes when, and by whom, each tag of a contact was applied; some only by a rule."""
    chance = Chance(seed + _OWN_STREAM + 2)
    admins = contents.collection("admins").ids()
    return {
        str(one["id"]): {str(tag["id"]): _tagging(chance, admins, one) for tag in tags}
        for one in contents.collection("contacts")
        if (tags := listed(one, "tags"))
    }


def merges(contents: Contents, seed: int) -> dict[str, Record]:
    """Makes leads that became users: gone themselves, and known by what they were merged into."""
    chance = Chance(seed + _OWN_STREAM + 3)
    users = [one for one in contents.collection("contacts") if one["role"] == "user"]
    return {
        chance.hex_id(one["created_at"], 900_000_000 + serial): {
            "target": str(one["id"]),
            "role": "lead",
            "merged_at": one["created_at"],
        }
        for serial, one in enumerate(users[::25])
    }


def tag_companies(contents: Contents, seed: int) -> None:
    """Gives each tenth company tags."""
    chance = Chance(seed + _OWN_STREAM + 4)
    tags = list(contents.collection("tags"))
    for company in list(contents.collection("companies"))[::10]:
        company["tags"]["tags"] = [
            {"type": "tag", "id": one["id"], "name": one["name"]}
            for one in chance.some(tags, 1 + chance.below(3))
        ]


def _tagging(chance: Chance, admins: list[str], contact: Record) -> Record:
    by_hand = bool(admins) and chance.hits(0.8)
    return {
        "applied_at": chance.later(contact["created_at"]),
        "applied_by": {"type": "admin", "id": chance.pick(admins)} if by_hand else None,
    }

"""Events of made-up contacts, from chance of their own."""

import uuid

from intercom_simulator.contents import Contents
from intercom_simulator.generation.chance import DAY, END, Chance
from intercom_simulator.records import Record

_OWN_STREAM = 5_000_011
_MANY = 120
"""Events of the first contact: more than two pages show."""
_DAYS = 200
_NAMES: tuple[tuple[str, Record], ...] = (
    ("ordered-item", {"order_date": 1_392_036_272, "price": {"amount": 34_999, "currency": "eur"}}),
    ("invited-friend", {"invitee_email": "pi@example.org", "invite_code": "ADDAFRIEND"}),
    ("opened-ticket", {"article": {"url": "https://example.org/ab1de.html", "value": "Größe?"}}),
    ("logged-in", {}),
)


def events(contents: Contents, seed: int) -> dict[str, list[Record]]:
    """Makes events of 200 days, oldest first; most contacts have none."""
    chance = Chance(seed + _OWN_STREAM)
    return {
        str(one["id"]): _events(chance, one, 1 + chance.below(6) if serial else _MANY)
        for serial, one in enumerate(contents.collection("contacts"))
        if serial == 0 or chance.hits(0.3)
    }


def _events(chance: Chance, contact: Record, count: int) -> list[Record]:
    moments = sorted(END - chance.below(_DAYS * DAY) for _ in range(count))
    return [_event(chance, contact, moment) for moment in moments]


def _event(chance: Chance, contact: Record, moment: int) -> Record:
    name, metadata = chance.pick(_NAMES)
    return {
        "type": "event",
        "id": str(uuid.UUID(int=chance.random.getrandbits(128), version=4)),
        "created_at": moment,
        "event_name": name,
        "user_id": contact["external_id"],
        "intercom_user_id": contact["id"],
        "email": contact["email"],
        "metadata": metadata,
    }

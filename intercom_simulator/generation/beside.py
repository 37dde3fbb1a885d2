"""What lies beside made-up conversations, from chance of its own."""

from datetime import UTC, datetime

from intercom_simulator.contents import Contents
from intercom_simulator.generation.chance import DAY, Chance
from intercom_simulator.records import Record

_OWN_STREAM = 4_000_003
_MANY = 53
"""Side conversations of the first conversation: more than one page shows."""


def handling_events(contents: Contents, seed: int) -> dict[str, list[Record]]:
    """Makes pauses and resumptions; most conversations have none."""
    chance = Chance(seed + _OWN_STREAM)
    admins = list(contents.collection("admins"))
    return {
        str(one["id"]): [_event(chance, admins, one, place) for place in range(chance.below(5))]
        for one in contents.collection("conversations")
        if admins and chance.hits(0.4)
    }


def _event(chance: Chance, admins: list[Record], conversation: Record, place: int) -> Record:
    admin = admins[0] if place % 2 else chance.pick(admins)
    moment = datetime.fromtimestamp(conversation["created_at"] + place * 900, UTC)
    return {
        "teammate": {
            "type": "admin",
            "id": int(admin["id"]),
            "name": admin["name"],
            "email": admin["email"],
        },
        "type": "resumed" if place % 2 else "paused",
        "timestamp": moment.isoformat().replace("+00:00", "Z"),
        "reason": None if place % 2 else chance.pick(("Paused", "Away")),
    }


def side_conversations(contents: Contents, seed: int) -> dict[str, list[Record]]:
    """Makes side conversations of one message; the first conversation has many."""
    chance = Chance(seed + _OWN_STREAM + 1)
    return {
        str(one["id"]): [
            _side(one, serial, place) for place in range(1 + chance.below(3) if serial else _MANY)
        ]
        for serial, one in enumerate(contents.collection("conversations"))
        if serial == 0 or chance.hits(0.2)
    }


def _side(conversation: Record, serial: int, place: int) -> Record:
    moment = conversation["created_at"] + DAY
    message = {
        "type": "conversation_part",
        "id": str(88_000 + 100 * serial + place),
        "part_type": "comment",
        "body": f"<p>Können Sie helfen? {place}</p>",
        "created_at": moment,
        "updated_at": moment,
        "author": {"type": "admin", "id": "991267000", "name": "A", "email": "a@example.com"},
        "attachments": [],
        "redacted": False,
    }
    key = str(44_000 + 100 * serial + place)
    return {"side_conversation_id": key, "conversation_parts": [message], "total_count": 1}

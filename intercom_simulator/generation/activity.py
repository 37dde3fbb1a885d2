"""What teammates did, and conversations that were deleted before anything was read.

Both draw from a chance of their own, so that they change no other record of a seed.
"""

import uuid

from intercom_simulator.generation.chance import DAY, END, Chance
from intercom_simulator.records import Record

_DAYS = 200
_A_SECOND = 12
_ACTIVITIES: tuple[tuple[str, str, Record], ...] = (
    ("admin_login_success", "logged in", {"sign_in_method": "email_password"}),
    (
        "admin_away_mode_change",
        "went away",
        {
            "away_mode": True,
            "away_status_reason": "☕ Pause",
            "reassign_conversations": False,
            "source": "admin update from web - Inbox",
            "auto_changed": None,
            "update_by": 991_267_000,
            "update_by_name": "Wagner",
        },
    ),
    ("app_name_change", "changed the app's name", {"before": "Acme", "after": "Acmé Support"}),
    (
        "message_state_change",
        "changed a message",
        {"message": {"id": 123, "title": "Hello"}, "before": "draft", "after": "live"},
    ),
    ("bulk_export", "exported contacts", {}),
    ("admin_login_failure", "could not log in", {"external_id": "f3b87a2e"}),
)


def logs(seed: int, admins: list[Record], count: int) -> list[Record]:
    """Makes logs of 200 days, oldest first; a dozen at a time share a second."""
    chance = Chance(seed + 1)
    moments = sorted(END - chance.below(_DAYS * DAY) for _ in range(-(-count // _A_SECOND) + 1))
    spread = sorted(
        moments[index % len(moments)] if index % 2 else END - chance.below(_DAYS * DAY)
        for index in range(count)
    )
    return [_log(chance, admins, moment) for moment in spread]


def _log(chance: Chance, admins: list[Record], moment: int) -> Record:
    kind, what, metadata = chance.pick(_ACTIVITIES)
    admin = chance.pick(admins) if admins else {}
    return {
        "id": str(uuid.UUID(int=chance.random.getrandbits(128), version=4)),
        "performed_by": {
            "type": "admin",
            "id": admin.get("id"),
            "email": admin.get("email"),
            "ip": f"198.51.100.{chance.below(255)}",
        },
        "metadata": metadata,
        "created_at": moment,
        "activity_type": kind,
        "activity_description": f"{admin.get('name')} {what}.",
    }


def deleted_conversations(seed: int, count: int) -> list[Record]:
    """Makes entries of the list of deleted conversations, oldest first."""
    chance = Chance(seed + 2)
    moments = sorted(chance.created() for _ in range(count))
    return [
        {
            "type": "conversation",
            "id": str(100 + index),
            "metrics_retained": chance.hits(0.5),
            "deleted_at": moment,
        }
        for index, moment in enumerate(moments)
    ]

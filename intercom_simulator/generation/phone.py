"""Calls of a made-up workspace and what was said, each from a chance of its own."""

from datetime import UTC, datetime

from intercom_simulator.contents import Contents
from intercom_simulator.generation import words
from intercom_simulator.generation.chance import END, Chance
from intercom_simulator.records import Json, Record

_OWN_STREAM = 2_000_003
_SPOKEN_STREAM = 7_000_003
_FIRST_ID = 7_100


def calls(contents: Contents, seed: int, count: int) -> list[Record]:
    """Makes calls; a few belong to no conversation, some were never answered."""
    chance = Chance(seed + _OWN_STREAM)
    return [_call(contents, chance, index) for index in range(count)]


def _call(contents: Contents, chance: Chance, index: int) -> Record:
    began = chance.created()
    answered = index % 5 != 0
    ended = min(END, began + 20 + chance.below(1_800))
    path = f"https://api.intercom.io/calls/{_FIRST_ID + index}"
    return {
        "type": "call",
        "id": str(_FIRST_ID + index),
        "conversation_id": None if index % 7 == 6 else _one(contents, chance, "conversations"),
        "admin_id": _one(contents, chance, "admins") if answered else None,
        "contact_id": _one(contents, chance, "contacts"),
        "state": "completed" if answered else "missed",
        # The documents allow numbers and text, and null nowhere: a time that never came is absent.
        **{
            name: _spelled(moment, iso=index % 3 == 2)
            for name, moment in (
                ("initiated_at", began),
                *([("answered_at", min(ended, began + 8))] if answered else []),
                ("ended_at", ended),
                ("created_at", began),
                ("updated_at", ended),
            )
        },
        "recording_url": f"{path}/recording" if answered else None,
        "transcription_url": f"{path}/transcript" if answered else None,
        "call_type": "phone",
        "direction": chance.pick(("inbound", "outbound")),
        "ended_reason": "completed" if answered else None,
        "phone": f"+4930{chance.below(10**7):07d}" if index % 4 else None,
        "fin_recording_url": None,
        "fin_transcription_url": None,
    }


def _one(contents: Contents, chance: Chance, kind: str) -> str | None:
    ids = contents.collection(kind).ids()
    return chance.pick(ids) if ids else None


def _spelled(moment: int, *, iso: bool) -> Json:
    return datetime.fromtimestamp(moment, UTC).isoformat() if iso else moment


def transcripts(contents: Contents, seed: int) -> dict[str, Record]:
    """Makes the transcripts of calls that were answered."""
    chance = Chance(seed + _SPOKEN_STREAM)
    return {
        str(call["id"]): {
            "transcript": [
                {
                    "speaker": ("admin", "contact")[place % 2],
                    "start": 4 * place,
                    "text": chance.pick(words.SENTENCES),
                }
                for place in range(1 + chance.below(4))
            ],
            "transcript_status": "completed",
        }
        for call in contents.collection("calls")
        if call["state"] == "completed"
    }

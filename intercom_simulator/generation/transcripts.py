"""What was said in made-up calls, from chance of its own."""

from intercom_simulator.contents import Contents
from intercom_simulator.generation import words
from intercom_simulator.generation.chance import Chance
from intercom_simulator.records import Record

_OWN_STREAM = 7_000_003


def transcripts(contents: Contents, seed: int) -> dict[str, Record]:
    """Makes the transcripts of calls that were answered."""
    chance = Chance(seed + _OWN_STREAM)
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

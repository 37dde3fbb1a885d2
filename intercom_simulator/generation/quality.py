"""What quality monitors and scorecards said about made-up conversations, from chance of its own."""

from intercom_simulator.contents import Contents
from intercom_simulator.generation.chance import DAY, Chance
from intercom_simulator.records import Record

_OWN_STREAM = 6_000_011


def monitor_evaluations(contents: Contents, seed: int) -> dict[str, list[Record]]:
    """Makes evaluations that flagged a conversation; most have none."""
    chance = Chance(seed + _OWN_STREAM)
    return {
        str(one["id"]): [_evaluation(chance, one, n) for n in range(1 + chance.below(2))]
        for one in contents.collection("conversations")
        if chance.hits(0.2)
    }


def _evaluation(chance: Chance, conversation: Record, serial: int) -> Record:
    deleted = chance.hits(0.2)
    return {
        "monitor_id": str(12_345 + serial),
        "monitor_name": None if deleted else "Réclamations",
        "monitor_type": None if deleted else "prompt",
        "result": "flagged",
        "explanation": "Asked for a refund “at once”." if chance.hits(0.7) else None,
        "evaluated_at": conversation["created_at"] + DAY,
    }


def scorecards(contents: Contents, seed: int) -> dict[str, list[Record]]:
    """Makes results of scorecards, scored by people or by AI, or not yet scored."""
    chance = Chance(seed + _OWN_STREAM + 1)
    admins = list(contents.collection("admins"))
    return {
        str(one["id"]): [_scorecard(chance, one, admins)]
        for one in contents.collection("conversations")
        if admins and chance.hits(0.2)
    }


def _scorecard(chance: Chance, conversation: Record, admins: list[Record]) -> Record:
    scored, by_ai = chance.hits(0.8), chance.hits(0.5)
    judged: Record = {"type": "ai"} if by_ai else {"type": "admin"}
    if not by_ai:
        judged["admin_id"] = str(chance.pick(admins)["id"])
    value: Record = {
        "value": "pass",
        "source": "ai" if by_ai else "human",
        "reasoning": "Polite and quick.",
        "reason_ids": None,
        "other_text": None,
    }
    return {
        "scorecard_id": "67890",
        "scorecard_version_id": "67891",
        "name": "Standard QA Review",
        "scorecard_type": "ai" if by_ai else "human",
        "passed": True if scored else None,
        "score": 0.85 if scored else None,
        "ai_score": 0.9 if by_ai and scored else None,
        "evaluated_at": conversation["created_at"] + DAY,
        "reviewed_teammate": judged,
        "evaluators": [{"evaluator_id": "54321", "result": value if scored else None}],
    }

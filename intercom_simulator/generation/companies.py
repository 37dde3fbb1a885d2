"""Companies of a made-up workspace, and the segments that they are in."""

from intercom_simulator.generation import words
from intercom_simulator.generation.chance import Chance
from intercom_simulator.records import Record


def companies(chance: Chance, id_code: str, count: int) -> list[Record]:
    """Makes companies, in no order of time."""
    return [_company(chance, id_code, index) for index in range(count)]


def company_segments(
    chance: Chance, made: list[Record], segments: list[Record]
) -> dict[str, list[str | Record]]:
    """Draws up to four segments a company; many companies share one."""
    ids = [str(segment["id"]) for segment in segments]
    return {company["id"]: list(chance.some(ids, chance.below(5))) for company in made}


def _company(chance: Chance, id_code: str, index: int) -> Record:
    created = chance.created()
    own_id = chance.hex_id(created, index + 1)
    record: Record = {
        "type": "company",
        "company_id": f"{own_id}-qualification-company" if index % 3 else str(40_000 + index),
        "id": own_id,
        "app_id": id_code,
        "name": f"{chance.pick(words.COMPANY_NAMES)} {index}",
        "created_at": created,
        "updated_at": chance.later(created),
        "monthly_spend": chance.pick((0, 0, 49, 155.5, 1_250)),
        "session_count": chance.below(900),
        "user_count": 0 if index % 20 == 19 else 1 + chance.below(40),
        "tags": {"type": "tag.list", "tags": []},
        # Empty in recorded answers too, whatever /companies/{id}/segments says.
        "segments": {"type": "segment.list", "segments": []},
        "plan": _plan(chance),
        "custom_attributes": _custom_attributes(chance, index),
    }
    return record | _sometimes(chance, created, index)


def _sometimes(chance: Chance, created: int, index: int) -> Record:
    """Draws the fields that a company may lack altogether."""
    drawn: Record = {
        "size": 1 + chance.below(5000),
        "website": f"https://company{index}.example",
        "industry": chance.pick(words.INDUSTRIES),
        "remote_created_at": created,
        "last_request_at": chance.later(created),
        "notes": {"type": "note.list", "notes": []},
    }
    return {name: value for name, value in drawn.items() if chance.hits(0.8)}


def _plan(chance: Chance) -> Record:
    if chance.hits(0.4):
        return {}
    plan_id, name = chance.pick(words.PLANS)
    return {"type": "plan", "id": plan_id, "name": name}


def _custom_attributes(chance: Chance, index: int) -> Record:
    if index % 7 == 6:
        return {}
    return {
        "creation_source": "api",
        "ARR €": round(chance.random.random() * 90_000, 2),
        # The type of a custom attribute may change from record to record.
        "employees.total": "about 50" if index % 11 == 10 else chance.below(900),
        "vip": chance.hits(0.2),
        "renewal_at": chance.created(),
    }

"""Messages of a made-up workspace, who was sent them, and what came of it.

They draw from a chance of their own, so that they change no other record of a seed.
"""

from intercom_simulator.generation.chance import DAY, END, START, Chance
from intercom_simulator.outbound import ALL_TIMES, UNDOCUMENTED, Outbound
from intercom_simulator.records import Record

_OWN_STREAM = 3_000_017
_KINDS = ("Email", "Post", "Chat", "Survey", "Tour", "Banner")
_TITLES = (
    "Willkommen bei Acmé 👋",
    'Our "new" plans, explained',
    "How did we do?",
    "Été, à bientôt",
)
_QUESTIONS = (("7001", "How likely are you to recommend us?"), ("7002", "Why, in a word?"))
_RULESETS = 12


def outbound(seed: int, contacts: list[Record], companies: list[Record], receipts: int) -> Outbound:
    """Makes a dozen messages and their receipts, with what happened to each."""
    chance = Chance(seed + _OWN_STREAM)
    if not contacts or not receipts:
        return {}
    messages = [_message(chance, index) for index in range(_RULESETS)]
    made: Outbound = {"overview": messages, "receipt": [], "checkpoint": []}
    made |= {file: [] for file in ALL_TIMES}
    for index in range(receipts):
        message = chance.pick(messages)
        contact = chance.pick(contacts)
        key = str(500_000 + index)
        receipt = _receipt(chance, key, message, contact=contact, companies=companies)
        made["receipt"].append(receipt)
        for file in _what_came(chance, receipt):
            made[file] += _events(chance, file, receipt)
        if receipt["series_id"] != -1:
            made["checkpoint"].append(_checkpoint(chance, index, receipt))
    _add_undocumented(Chance(seed + _OWN_STREAM + 1), made)
    return made


def _message(chance: Chance, index: int) -> Record:
    in_series = index % 4 == 0
    created = START + chance.below(30 * DAY)
    return {
        "ruleset_id": str(31_000 + index),
        "content_id": str(62_000 + index),
        "content_type": _KINDS[index % len(_KINDS)],
        "content_title": _TITLES[index % len(_TITLES)],
        "series_id": "881" if in_series else -1,
        "series_title": "Onboarding" if in_series else None,
        "created_at": created,
        "last_sent_at": END,
        "state": "live",
        "audience_type": "auto",
        "url": f"https://app.example/outbound/{31_000 + index}",
    }


def _receipt(
    chance: Chance, key: str, message: Record, *, contact: Record, companies: list[Record]
) -> Record:
    company = chance.pick(companies) if companies and chance.hits(0.6) else None
    names = ("ruleset_id", "content_id", "content_type", "content_title")
    return {
        "receipt_id": key,
        "received_at": min(chance.created(), END - 40 * DAY),
        "user_id": contact["id"],
        "user_external_id": contact.get("external_id"),
        "email": contact.get("email"),
        "name": contact.get("name"),
        "company_id": company["id"] if company else -1,
        "company_external_id": company.get("company_id") if company else None,
        **{name: message[name] for name in (*names, "series_id", "series_title")},
        "ruleset_version_id": str(int(message["ruleset_id"]) * 10 + 1),
        "created_via": "ruleset",
        "device": chance.pick(("desktop", "mobile", None)),
        "node_id": "4" if message["series_id"] != -1 else None,
    }


def _what_came(chance: Chance, receipt: Record) -> list[str]:
    files = ["open"] if chance.hits(0.8) else []
    files += ["click"] if chance.hits(0.3) else []
    files += ["reply"] if chance.hits(0.1) else []
    files += ["dismissal"] if chance.hits(0.2) else []
    if receipt["content_type"] == "Survey":
        files += ["answer", "completion"]
    if receipt["content_type"] == "Tour":
        files += ["tour_step_view"]
    if receipt["series_id"] != -1:
        files += [chance.pick(("series_completion", "series_disengagement"))]
    return files


def _events(chance: Chance, file: str, receipt: Record) -> list[Record]:
    moment = receipt["received_at"] + chance.below(25 * DAY)
    event = {"receipt_id": receipt["receipt_id"], ALL_TIMES[file]: moment}
    more: list[Record] = [{}]
    match file:
        case "open" if chance.hits(0.2):
            # Twice in one second, and once more on the day after.
            more = [{}, {}, {"opened_at": moment + DAY}]
        case "click":
            more = [{"link_type": "text", "url": 'https://example.com/?a=1,2&b="3"'}]
        case "answer":
            more = [
                {"question_id": key, "question": question, "response_type": "open_text"}
                | {"response": chance.pick(("9", "Danke, alles gut", "two\nlines"))}
                for key, question in _QUESTIONS
            ]
        case "tour_step_view":
            more = [{"step_id": str(step)} for step in range(1, 4)]
        case "series_completion":
            more = [{"completion_node_ruleset_id": receipt["ruleset_id"]}]
        case "series_disengagement":
            more = [{"disengaged_node_ruleset_id": receipt["ruleset_id"]}]
        case _:
            pass
    return [event | one for one in more]


def _add_undocumented(chance: Chance, made: Outbound) -> None:
    """Adds what the documents name and do not describe; each happens once if it can."""
    opened = {one["receipt_id"] for one in made["open"]}
    for receipt in made["receipt"]:
        possible = {
            "hard_bounce": receipt["receipt_id"] not in opened,
            "series_exit": receipt["series_id"] != -1,
            "tour_step_failure": receipt["content_type"] == "Tour",
        }
        for file in UNDOCUMENTED:
            if possible.get(file, True) and (chance.hits(0.1) or not made[file]):
                moment = receipt["received_at"] + chance.below(25 * DAY)
                made[file].append({"receipt_id": receipt["receipt_id"], "at": moment})


def _checkpoint(chance: Chance, index: int, receipt: Record) -> Record:
    return {
        "user_id": receipt["user_id"],
        "company_id": receipt["company_id"],
        "series_entry_record_id": str(90_000 + index),
        "ruleset_id": receipt["ruleset_id"],
        "status_code": "2",
        "status_name": "completed",
        "created_at": receipt["received_at"],
        "last_processed_at": receipt["received_at"] + chance.below(DAY),
        "expires_at": None,
        "times_processed": 1 + chance.below(3),
    }

"""Redirects of made-up help centers, from chance of their own."""

from intercom_simulator.generation.chance import Chance
from intercom_simulator.records import Record

_OWN_STREAM = 5_000_003
_MANY = 251
"""Redirects of the first help center: more than one page shows."""


def redirects(
    seed: int, help_centers: list[Record], articles: list[Record]
) -> dict[str, list[Record]]:
    """Makes the redirects of help centers."""
    chance = Chance(seed + _OWN_STREAM)
    return {
        str(one["id"]): [
            _redirect(chance, one, 1_000 * serial + number, articles)
            for number in range(chance.below(4) if serial else _MANY)
        ]
        for serial, one in enumerate(help_centers)
    }


def _redirect(chance: Chance, help_center: Record, number: int, articles: list[Record]) -> Record:
    created = chance.created()
    return {
        "id": str(26 + number),
        "type": "help_center_redirect",
        "from_url": f"https://help.example.com/alt/{number}",
        "locale": chance.pick(("en", "de", "pt-BR")),
        "help_center_id": str(help_center["id"]),
        "target_type": "article" if articles else "collection",
        "target_id": str(chance.pick(articles)["id"]) if articles else "1",
        "created_at": created,
        "updated_at": chance.later(created),
    }

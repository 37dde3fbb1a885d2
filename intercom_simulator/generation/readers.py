"""What became of made-up articles: their statistics and versions, from chance of their own."""

from intercom_simulator.generation.chance import DAY, Chance
from intercom_simulator.records import Record

_OWN_STREAM = 3_000_003
_LONG = 31
"""Versions of the first article: more than one page shows."""


def statistics(seed: int, articles: list[Record]) -> dict[str, Record | None]:
    """Makes the figures of articles; every ninth has none yet."""
    chance = Chance(seed + _OWN_STREAM)
    return {
        str(one["id"]): None if index % 9 == 8 else _figures(chance, index)
        for index, one in enumerate(articles)
    }


def _figures(chance: Chance, index: int) -> Record:
    used = chance.below(40)
    resolved = chance.below(used + 1)
    # The schema has one name, its example the other.
    began = "conversions" if index % 2 else "conversations"
    return {
        "type": "article_statistics",
        "views": chance.below(10_000),
        began: chance.below(90),
        "reactions": chance.below(300),
        "happy_reaction_percentage": 62.5,
        "neutral_reaction_percentage": 25,
        "sad_reaction_percentage": 12.5,
        "fin_involvements": used,
        "fin_resolutions": resolved,
        "fin_resolution_rate": 100 * resolved / used if used else 0,
    }


def versions(seed: int, articles: list[Record]) -> dict[str, list[Record]]:
    """Makes the versions of articles, newest first; the first article has many."""
    chance = Chance(seed + _OWN_STREAM + 1)
    return {
        str(one["id"]): _versions(one, serial, _LONG if serial == 0 else 1 + chance.below(4))
        for serial, one in enumerate(articles)
    }


def _versions(article: Record, serial: int, count: int) -> list[Record]:
    return [
        {
            "type": "article_version",
            "id": str(30_000 + 100 * serial + number),
            "article_id": str(article["id"]),
            "title": f"{article['title']} v{number}",
            "description": article["description"],
            "author_id": str(article["author_id"]),
            "created_by_id": str(article["created_by_id"]) if number else None,
            "created_via": "web" if number % 2 else "api",
            "from_version_id": str(30_000 + 100 * serial + number - 1) if number else None,
            "state": "published" if number == count - 1 else "draft",
            "created_at": article["created_at"] + number * DAY,
        }
        for number in reversed(range(count))
    ]

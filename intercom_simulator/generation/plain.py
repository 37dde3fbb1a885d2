"""Records of the plain lists: the help centers, what is sent out, and how a workspace is set up.

They are drawn from chance of their own, so that other records stay as they are.
"""

from collections.abc import Callable
from typing import TypeAlias

from intercom_simulator.generation import knowledge, office
from intercom_simulator.generation.chance import Chance
from intercom_simulator.records import Record

Maker: TypeAlias = Callable[[Chance, int], Record]
"""Makes the record at a place of its list."""

MAKERS: dict[str, tuple[int, Maker]] = {
    "articles": (64, knowledge.article),
    "collections": (23, knowledge.collection),
    "help_centers": (2, knowledge.help_center),
    "internal_articles": (9, knowledge.internal_article),
    "content_snippets": (53, knowledge.content_snippet),
    "external_pages": (12, knowledge.external_page),
    "content_import_sources": (2, knowledge.content_import_source),
    "audiences": (3, knowledge.audience),
    "subscription_types": (4, office.subscription_type),
    "news_items": (14, office.news_item),
    "newsfeeds": (2, office.newsfeed),
    "conversation_attributes": (len(office.ATTRIBUTES), office.conversation_attribute),
    "macros": (7, office.macro),
    "brands": (2, office.brand),
    "email_senders": (3, office.email_sender),
    "away_status_reasons": (4, office.away_status_reason),
    "data_connectors": (3, office.data_connector),
}
"""How many records of each kind are made, and by what."""


def plain_records(seed: int, id_code: str) -> dict[str, list[Record]]:
    """Makes the records of every plain list, by kind."""
    return {
        kind: [
            record | {"workspace_id": id_code} if "workspace_id" in record else record
            for index in range(count)
            for record in [make(Chance(seed * 1_000 + index), index)]
        ]
        for kind, (count, make) in MAKERS.items()
    }

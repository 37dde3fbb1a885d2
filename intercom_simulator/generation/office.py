"""What a made-up workspace sends out, and how its inbox and brands are set up."""

from datetime import UTC, datetime

from intercom_simulator.generation import words
from intercom_simulator.generation.chance import Chance
from intercom_simulator.generation.knowledge import stamps
from intercom_simulator.records import Record

ATTRIBUTES: tuple[tuple[str, str, Record], ...] = (
    ("CX Score rating", "integer", {}),
    ("Reason", "string", {"multiline": True}),
    ("Größe 🚀", "decimal", {}),
    ("vip", "boolean", {}),
    ("due at", "datetime", {}),
    ("old", "string", {"multiline": False}),
    ("screenshots", "files", {}),
    (
        "area",
        "list",
        {
            "options": [
                {"id": "a1b2", "label": "Billing", "archived": False},
                {"id": "c3d4", "label": "Shipping", "archived": True},
            ]
        },
    ),
    ("orders", "relationship", {"reference": {"type": "many", "object_type_id": "Order"}}),
)
"""Name, type and what only that type has."""


def subscription_type(_chance: Chance, index: int) -> Record:
    """Makes a type of subscription; one in four is archived."""
    text = {"name": f"Newsletter {index}", "description": "What is new", "locale": "en"}
    return {
        "type": "subscription",
        "id": str(135 + index),
        "state": ("live", "draft", "archived", "live")[index % 4],
        "consent_type": ("opt_out", "opt_in")[index % 2],
        "default_translation": text,
        "translations": [text, text | {"locale": "fr"}],
        "content_types": (["email"], ["sms_message"], ["email", "sms_message"], [])[index % 4],
    }


def news_item(chance: Chance, index: int) -> Record:
    """Makes a news item; drafts are in no newsfeed, some live ones in two."""
    dates = stamps(chance)
    feeds = [] if index % 4 == 0 else [68, 69][: 1 + index % 2]
    return {
        "id": str(141 + index),
        "type": "news-item",
        "workspace_id": "",
        "title": f"{chance.pick(words.PLANS)[1]} is new {index}",
        "body": f"<p>{chance.pick(words.SENTENCES)}</p>",
        "sender_id": 991_267_000 + chance.below(8),
        "state": "live" if feeds else "draft",
        "labels": chance.some(("Product", "Événement"), index % 3),
        "cover_image_url": chance.pick((None, "https://static.example/cover.png")),
        "reactions": [None, None] if index % 2 else ["👍", "🎉"],
        "deliver_silently": chance.hits(0.3),
        **dates,
        "newsfeed_assignments": [
            {"newsfeed_id": feed, "published_at": dates["created_at"]} for feed in feeds
        ],
    }


def newsfeed(chance: Chance, index: int) -> Record:
    """Makes a newsfeed."""
    return {
        "id": str(68 + index),
        "type": "newsfeed",
        "name": ("Visitors", "Customers")[index % 2],
        **stamps(chance),
    }


def conversation_attribute(chance: Chance, index: int) -> Record:
    """Makes an attribute of conversations; its id is a number."""
    name, data_type, more = ATTRIBUTES[index]
    return {
        "type": "conversation_attribute",
        "id": 2 + index,
        "name": name,
        "description": chance.pick(("", "What it is about")),
        "data_type": data_type,
        "required": False,
        "visible_to_team_ids": ["5077700"] if index % 3 == 1 else [],
        "archived": name == "old",
        **stamps(chance),
        "admin_id": str(991_267_000 + chance.below(8)),
        **more,
    }


def macro(chance: Chance, index: int) -> Record:
    """Makes a macro, dated in ISO 8601."""
    for_teams = index % 3 == 2
    return {
        "type": "macro",
        "id": str(123 + index),
        "name": f"{chance.pick(words.SUBJECTS) or 'Hello'} {index}",
        "body": '<p>Hi <attribute key="user.name" default="there"/></p>',
        "body_text": 'Hi {{user.name|fallback:"there"}}',
        **_in_iso(stamps(chance)),
        "visible_to": "specific_teams" if for_teams else "everyone",
        "visible_to_team_ids": ["5077700", "5077701"] if for_teams else [],
        "available_on": ["inbox", "messenger"][: 1 + index % 2],
    }


def _in_iso(dates: Record) -> Record:
    return {
        name: datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        for name, moment in dates.items()
    }


def brand(chance: Chance, index: int) -> Record:
    """Makes a brand: the default one first."""
    return {
        "type": "brand",
        "id": str(3 + index),
        "name": f"Brand {index}",
        "is_default": index == 0,
        **stamps(chance),
        "help_center_id": str(31 + index),
        "default_address_settings_id": str(1 + index),
    }


def email_sender(chance: Chance, index: int) -> Record:
    """Makes an address that mail is sent from; the first has mail forwarded."""
    dates = stamps(chance)
    return {
        "type": "email_setting",
        "id": str(1 + index),
        "email": f"hello{index}@example.com",
        "verified": index != 1,
        "domain": "example.com",
        "brand_id": str(3 + index % 2),
        "forwarding_enabled": index == 0,
        "forwarded_email_last_received_at": dates["updated_at"] if index == 0 else None,
        **dates,
    }


def away_status_reason(chance: Chance, index: int) -> Record:
    """Makes a reason to be away; the last is deleted, and still listed."""
    label, emoji = (("Lunch", "🍽️"), ("Meeting", "📅"), ("休憩", "☕"), ("Old", "🗑️"))[index % 4]
    return {
        "type": "away_status_reason",
        "id": str(40 + index),
        "label": label,
        "emoji": emoji,
        "order": index,
        "deleted": index == 3,
        **stamps(chance),
    }


def data_connector(chance: Chance, index: int) -> Record:
    """Makes a data connector, dated in ISO 8601."""
    return {
        "type": "data_connector",
        "id": str(12_345 + index),
        "name": f"Orders {index}",
        "description": chance.pick((None, "Asks the shop")),
        "state": ("live", "draft")[index % 2],
        "http_method": ("post", "get")[index % 2],
        "direct_fin_usage": chance.hits(0.5),
        "created_by_admin_id": "991267000",
        "updated_by_admin_id": "991267000",
        **_in_iso(stamps(chance)),
        "execution_results_url": f"/data_connectors/{12_345 + index}/execution_results",
    }

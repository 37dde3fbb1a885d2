"""Articles, snippets and pages of made-up help centers, and who they are for."""

from intercom_simulator.generation import words
from intercom_simulator.generation.chance import Chance
from intercom_simulator.records import Record

_LOCALES = (
    *("ar", "bg", "bs", "ca", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "he", "hr"),
    *("hu", "id", "it", "ja", "ko", "lt", "lv", "mn", "nb", "nl", "pl", "pt", "ro", "ru", "sl"),
    *("sr", "sv", "tr", "vi", "pt-BR", "zh-CN", "zh-TW"),
)
_TITLES = (
    "How to reset a password",
    "請求書の見方",
    "Über uns",
    "Paiement refusé",
    "Roles & rights",
)
_NAMES = ("Getting started", "Billing", "Segurança", "開発者", "FAQ")
_SITE = "https://help.example.com"
_STARTED = 1_677_628_800


def stamps(chance: Chance) -> Record:
    """Draws when a record was created, and when it last changed."""
    created = chance.created()
    return {"created_at": created, "updated_at": chance.later(created)}


def ai_availability(chance: Chance) -> Record:
    """Draws which assistants may answer with a text."""
    names = ("ai_chatbot_availability", "ai_copilot_availability", "ai_sales_agent_availability")
    return {name: chance.hits(0.7) for name in names}


def article(chance: Chance, index: int) -> Record:
    """Makes an article; one in four is a draft, and the fifth is in every locale."""
    title = f"{chance.pick(_TITLES)} {index}"
    drafted = index % 4 == 3
    body = "".join(f"<p>{chance.pick(words.SENTENCES)}</p>" for _ in range(1 + chance.below(9)))
    dates = stamps(chance)
    author = 991_267_000 + chance.below(8)
    markdown = f"# {title}\n" if index % 3 else None
    content = {
        "title": title,
        "body": body if index % 9 else None,
        "body_markdown": markdown,
        "author_id": author,
        "state": "draft" if drafted else "published",
        "url": None if drafted else f"{_SITE}/en/articles/{4_200 + index}-article",
        **dates,
        "has_unpublished_changes": not drafted and index % 7 == 0,
        "draft_updated_at": dates["updated_at"] if index % 7 == 0 else None,
        **ai_availability(chance),
        "created_by_id": author,
        "updated_by_id": author if index % 2 else None,
    }
    made: Record = {
        "id": str(4_200 + index),
        "type": "article",
        "workspace_id": "",
        "parent_ids": [6_100 + chance.below(23)] if index % 5 else [],
        "tags": {"type": "tag.list", "tags": []},
        "description": chance.pick((None, "", "What to do, and when.")),
        **content,
        "exclude_from_article_suggestions": index % 11 == 0,
        "help_center_audience": chance.pick((None, "everyone", "all_users", "restricted")),
        "scheduled_publish_at": None,
        "scheduled_unpublish_at": None,
    }
    if index % 3 == 1:
        made["default_locale"] = "en"
        made["translated_content"] = _translated(content, _LOCALES if index == 4 else ("en", "fr"))
    return made


def _translated(content: Record, locales: tuple[str, ...]) -> Record:
    texts = {name: content[name] or "" for name in ("body", "url")}
    shown = content | texts | {"type": "article_content", "description": ""}
    return {"type": "article_translated_content", **{one: {**shown} for one in locales}}


def collection(chance: Chance, index: int) -> Record:
    """Makes a collection; some lie within another."""
    made: Record = {
        "id": str(6_100 + index),
        "workspace_id": "",
        "name": chance.pick(_NAMES),
        "url": f"{_SITE}/collection-{index}",
        "order": index % 7,
        **stamps(chance),
        "description": chance.pick((None, "All that you need.")),
        "icon": chance.pick((None, "bookmark")),
        "parent_id": str(6_100 + index // 3) if index % 3 == 2 else None,
        "help_center_id": chance.pick((None, 31, 32)),
    }
    if index % 4 == 1:
        made["default_locale"] = "en"
        content = {"type": "group_content", "name": made["name"], "description": ""}
        made["translated_content"] = {"type": "group_translated_content", "en": content}
    return made


def help_center(_chance: Chance, index: int) -> Record:
    """Makes a help center: the first is turned on, and has a domain of its own."""
    return {
        "id": str(31 + index),
        "workspace_id": "",
        "created_at": _STARTED + index,
        "updated_at": _STARTED + 86_400,
        "identifier": f"help-{index}",
        "website_turned_on": index == 0,
        "display_name": f"Help Center {index}",
        "url": _SITE if index == 0 else "https://intercom.help/help-1",
        "custom_domain": "help.example.com" if index == 0 else None,
        "default": index == 0,
        "locales": ["en", "fr"] if index == 0 else [],
    }


def internal_article(chance: Chance, index: int) -> Record:
    """Makes an article for teammates; every other one is for an audience."""
    return {
        "id": str(8_300 + index),
        "type": "internal_article",
        "title": f"{chance.pick(_TITLES)} {index}",
        "body": f"<p>{chance.pick(words.SENTENCES)}</p>" if index % 4 else None,
        "body_markdown": chance.pick((None, "Ask **Billing** first.")),
        "owner_id": 991_267_000 + chance.below(8),
        "author_id": 991_267_000 + chance.below(8),
        **stamps(chance),
        "locale": chance.pick(("en", "fr")),
        "audience_ids": [510] if index % 2 else [],
        **ai_availability(chance),
    }


def content_snippet(chance: Chance, index: int) -> Record:
    """Makes a snippet; the old numbers say the same as the flags."""
    flags = ai_availability(chance)
    sentence = chance.pick(words.SENTENCES)
    return {
        "type": "content_snippet",
        "id": str(9_400 + index),
        "title": chance.pick((None, "Opening hours", "Delivery")),
        "locale": "en",
        "json_blocks": [{"type": "paragraph", "text": sentence}],
        "body_markdown": sentence if index % 5 else None,
        "chatbot_availability": int(flags["ai_chatbot_availability"]),
        "copilot_availability": int(flags["ai_copilot_availability"]),
        **flags,
        **stamps(chance),
        "audience_ids": [510, 511] if index % 3 else None,
    }


def external_page(chance: Chance, index: int) -> Record:
    """Makes a page of a site that is read in."""
    dates = stamps(chance)
    agent = chance.hits(0.8)
    return {
        "id": str(19 + index),
        "type": "external_page",
        "title": f"Page {index}",
        "html": f"<h1>Page {index}</h1><p>{chance.pick(words.SENTENCES)}</p>",
        "url": f"https://shop.example.com/us/{index}",
        "ai_agent_availability": agent,
        "ai_copilot_availability": chance.hits(0.8),
        "ai_sales_agent_availability": chance.hits(0.5),
        "fin_availability": agent,
        "locale": "en",
        "source_id": 33 + index % 2,
        "external_id": str(index),
        **dates,
        "last_ingested_at": dates["updated_at"],
    }


def content_import_source(chance: Chance, index: int) -> Record:
    """Makes a site that pages come from."""
    dates = stamps(chance)
    return {
        "id": 33 + index,
        "type": "content_import_source",
        "last_synced_at": dates["updated_at"],
        "status": ("active", "deactivated")[index % 2],
        "url": f"https://shop.example.com/{index}",
        "sync_behavior": ("automatic", "api")[index % 2],
        **dates,
        "audience_ids": [510] if index else [],
    }


def audience(chance: Chance, index: int) -> Record:
    """Makes an audience."""
    condition = {"type": "string", "comparison": "contains", "value": chance.pick(words.PLANS)[1]}
    return {
        "type": "audience",
        "id": str(510 + index),
        "name": f"Audience {index}",
        "predicates": [{"attribute": "company.name", **condition}],
        "role_predicates": [
            {"attribute": "role", "type": "role", "comparison": "eq", "value": "user"}
        ],
        **stamps(chance),
    }

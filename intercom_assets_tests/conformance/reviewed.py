"""Where the catalogue and Intercom's documents disagree on purpose, each with its reason.

A test fails for every entry that is no longer needed.
"""

from dataclasses import dataclass

from intercom_assets.catalog import ApiVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """A spec puts the records under other keys than the catalogue.

    Attributes:
        records: Keys that the spec names.
        reason: Why the catalogue is right.
    """

    records: tuple[str, ...]
    reason: str


RECORDS_ELSEWHERE = {
    ("ticket_types", ApiVersion(2, 11)): Elsewhere(
        records=("ticket_types",),
        reason="The example beside the schema has `data`, and so have the schemas since.",
    ),
}
"""By resource and version."""

NOT_YET_LISTED = {
    ("custom_objects", ApiVersion(2, 14)): "The path returns one object, found by its external id.",
}
"""Requests that a version answers, though it lacks the resource: by resource and version."""

ANSWERS = {"events": "data_event_list"}
"""Resources whose answer is another schema than the spec names: it names that of the counts."""

RECORD_TYPES = {"news_items": "news-item", "newsfeeds": "newsfeed"}
"""Resources whose lists share one schema, where the `type` of a record tells them apart."""

_ADDED = "added by the sync: the answer leaves out the parent"
_EXAMPLE = "in the examples of the specs, though not in the schema"
_RECORDED = "in recorded answers, though not in the specs"
_IN_FILES = "in files of exports, though not in the specs"

UNDOCUMENTED: dict[str, dict[str, str]] = {
    "articles": {"audience_ids": "in the words of the specs, for help centers of one language"},
    "article_statistics": {
        "article_id": _ADDED,
        "conversations": "in the example, where the schema has `conversions`",
    },
    "content_receipts": {
        **dict.fromkeys(("company_external_id", "created_via", "device"), _IN_FILES),
        **dict.fromkeys(("conversation_id", "first_answer", "first_reaction"), _IN_FILES),
        **dict.fromkeys(("first_collected_email", "first_soft_bounce"), _IN_FILES),
        **dict.fromkeys(("first_spam_complaint", "first_screen_view"), _IN_FILES),
        **dict.fromkeys(("first_tour_step_view", "first_tour_step_failure"), _IN_FILES),
        **dict.fromkeys(("first_button_tap", "first_permission_grant"), _IN_FILES),
        **dict.fromkeys(("first_push_failure", "first_sms_failure"), _IN_FILES),
        **dict.fromkeys(("first_whatsapp_failure", "first_webhook_failure"), _IN_FILES),
        "first_dismissal": "the specs spell it first_dismisall",
    },
    "events": {
        "contact_id": _ADDED,
        "event_key": "made by the sync: the `id` of an event may be the contact's",
    },
    "event_summaries": {"contact_id": _ADDED},
    "handling_events": {"conversation_id": _ADDED, "id": "made by the sync: events have none"},
    "side_conversations": {"conversation_id": _ADDED},
    "team_metrics": {"team_id": _ADDED, "measured_at": "added by the sync: when it began"},
    "company_segments": {"company_id": _ADDED},
    "contact_notes": {"contact_id": _ADDED},
    "company_notes": {"company_id": _ADDED},
    "contact_segments": {"contact_id": _ADDED},
    "contact_subscriptions": {"contact_id": _ADDED},
    "contact_taggings": {"contact_id": _ADDED},
    "contacts": {
        "enabled_push_messaging": "documented for one contact, not for those of a search",
        "location_continent_code": _EXAMPLE,
        "location_country_code": _EXAMPLE,
        "opted_in_subscription_types": _EXAMPLE,
        "opted_out_subscription_types": _EXAMPLE,
        "referrer": _EXAMPLE,
        "sms_consent": _RECORDED,
        "unsubscribed_from_sms": _RECORDED,
        "utm_campaign": _EXAMPLE,
        "utm_content": _EXAMPLE,
        "utm_medium": _EXAMPLE,
        "utm_source": _EXAMPLE,
        "utm_term": _EXAMPLE,
    },
    "conversations": {
        "assignee": _RECORDED,
        "ticket": _EXAMPLE,
        "topics": _EXAMPLE,
    },
    "conversation_parts": {
        "conversation_id": _ADDED,
        "translations": _RECORDED,
    },
    "ticket_parts": {
        "ticket_id": _ADDED,
        "translations": "in the changelog of 2.16, though not in its spec",
    },
    "ticket_types": {"is_internal": _EXAMPLE},
}
"""Columns that no schema documents: resource, column, where the field was seen."""

UNDATED: dict[str, dict[str, str]] = {
    "contacts": {"formatted_phone": "documented in 2.11 alone"},
    "conversations": {
        "custom_attributes": "not in the documents of 2.7; which version added it is not known",
        "source_author_from_ai_agent": "documented in 2.14 alone",
        "source_author_is_ai_answer": "documented in 2.14 alone",
    },
}
"""Columns that come and go between specs without a change: resource, column, why no version."""

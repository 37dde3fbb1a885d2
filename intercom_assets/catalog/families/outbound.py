"""What a workspace sends out: news, and the kinds of messages that people subscribe to."""

from intercom_assets.catalog.endpoints import Listing, Numbered
from intercom_assets.catalog.resource import Resource, identity, optional, reference
from intercom_assets.catalog.table import boolean, json, nested, text

_NEWS = "Read and List news items and newsfeeds"

OUTBOUND: tuple[Resource, ...] = optional(
    Resource(
        name="subscription_types",
        description="One row per kind of message that people can opt in to or out of.",
        endpoint=Listing("/subscription_types"),
        columns=(
            *identity("subscription"),
            *text(state="`live`, `draft` or `archived`.", consent_type="`opt_out` or `opt_in`."),
            *nested("default_translation", text(name="Name.", description="What it is about.")),
            *nested("default_translation", text(locale="Default language.")),
            *json(translations="Name and description by language.", content_types="Channels."),
        ),
        scope="Read and list users and companies",
        docs=reference("subscription-types/listsubscriptiontypes"),
    ),
    Resource(
        name="news_items",
        description="One row per news item, drafts included.",
        endpoint=Listing("/news/news_items"),
        pagination=Numbered(per_page=50),
        columns=(
            *identity("news-item", dated=True),
            *text(title="Title.", body="Text, as HTML.", state="`draft` or `live`."),
            *text(workspace_id="Workspace that it belongs to.", sender_id="Teammate who sends it."),
            *text(cover_image_url="Address of its picture."),
            *boolean(deliver_silently="Whether the Messenger shows no badge for it."),
            *json(newsfeed_assignments="Newsfeeds that show it, each with the time from which."),
            *json(labels="Labels.", reactions="Emoji that readers can choose from."),
        ),
        scope=_NEWS,
        docs=reference("news/listnewsitems"),
    ),
    Resource(
        name="newsfeeds",
        description="One row per newsfeed; which items it shows stands in the view newsfeed_items.",
        endpoint=Listing("/news/newsfeeds"),
        pagination=Numbered(per_page=50),
        columns=(*identity("newsfeed", dated=True), *text(name="Name for teammates.")),
        scope=_NEWS,
        docs=reference("news/listnewsfeeds"),
    ),
)

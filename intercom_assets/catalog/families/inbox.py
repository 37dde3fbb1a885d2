"""How the inbox is set up, and what lies beside conversations."""

from intercom_assets.catalog.endpoints import Child, Listing, Numbered, StartingAfter
from intercom_assets.catalog.replication import ByParent, FullRefresh
from intercom_assets.catalog.resource import (
    ApiVersion,
    Level,
    Resource,
    identity,
    optional,
    reference,
)
from intercom_assets.catalog.table import boolean, integer, json, nested, text, timestamp

_CONVERSATIONS = "Read conversations"

INBOX: tuple[Resource, ...] = optional(
    Resource(
        name="conversation_attributes",
        description="One row per custom attribute of conversations, archived ones included.",
        endpoint=Listing("/conversations/attributes", params={"include_archived": "true"}),
        columns=(
            *identity("conversation_attribute", dated=True),
            *text(name="Name.", description="What it is for.", admin_id="Teammate who made it."),
            *text(data_type="Type of the values, such as `string`, `list` or `relationship`."),
            *boolean(required="Whether a value must be given.", archived="Out of use."),
            *boolean(multiline="Whether a text may have several lines."),
            *json(options="Allowed values of a list.", visible_to_team_ids="Teams that see it."),
            *nested("reference", text(type="`one` or `many` objects.")),
            *nested("reference", text(object_type_id="Type of custom object that it refers to.")),
        ),
        scope=_CONVERSATIONS,
        docs=reference("conversations-attributes/listconversationattributes"),
        since=ApiVersion(2, 16),
    ),
    Resource(
        name="macros",
        description="One row per saved reply that the teammate behind the access token may see.",
        endpoint=Listing("/macros"),
        pagination=StartingAfter(per_page=150),
        replication=FullRefresh(limited=True),
        columns=(
            *identity("macro", dated=True),
            *text(name="Name.", body="Text, as HTML.", body_text="Text, without markup."),
            *text(visible_to="`everyone` or `specific_teams`."),
            *json(visible_to_team_ids="Teams that see it.", available_on="Where it is offered."),
        ),
        scope=_CONVERSATIONS,
        docs=reference("macros/listmacros"),
        since=ApiVersion(2, 16),
    ),
)

BESIDE_CONVERSATIONS: tuple[Resource, ...] = optional(
    Resource(
        name="handling_events",
        description="One row per pause or resumption of a teammate's work on a conversation.",
        endpoint=Child("/conversations/{id}/handling_events", records=("handling_events",)),
        replication=ByParent(
            parent="conversations", key="conversation_id", changes_without_parent=True
        ),
        primary_key=("conversation_id", "id"),
        columns=(
            *text(conversation_id="Conversation that was handled; added by the sync."),
            *text(id="Hash of the event, which has no identifier; added by the sync."),
            *text(type="`paused` or `resumed`.", reason="Why, such as `Away`."),
            *timestamp(timestamp="When it happened."),
            *nested("teammate", text(type="`admin`, `team` or `bot`.", id="Who handled it.")),
            *nested("teammate", text(name="Name of the teammate.", email="Email address.")),
        ),
        scope=_CONVERSATIONS,
        docs=reference("conversations/listhandlingevents"),
        since=ApiVersion(2, 15),
    ),
    Resource(
        name="side_conversations",
        description="One row per side conversation, with its messages.",
        endpoint=Child("/conversations/{id}/side_conversations", records=("side_conversations",)),
        pagination=Numbered(per_page=50),
        replication=ByParent(
            parent="conversations", key="conversation_id", changes_without_parent=True
        ),
        primary_key=("conversation_id", "side_conversation_id"),
        columns=(
            *text(conversation_id="Conversation that it belongs to; added by the sync."),
            *text(side_conversation_id="Unique identifier, given by Intercom."),
            *json(conversation_parts="Its messages."),
            *integer(total_count="Number of its messages."),
        ),
        scope=_CONVERSATIONS,
        docs=reference("conversations/listsideconversations"),
        since=ApiVersion(2, 16),
    ),
    level=Level.COSTLY,
)

"""How the inbox and the workspace are set up, and what lies beside conversations.

Intercom names no permission for brands, senders, reasons for being away and data connectors; the
likely one is given.
"""

from intercom_assets.catalog.endpoints import Child, Listing, Numbered, StartingAfter
from intercom_assets.catalog.resource import (
    ApiVersion,
    ByParent,
    FullRefresh,
    Level,
    Resource,
    identity,
    optional,
    reference,
)
from intercom_assets.catalog.table import boolean, integer, json, nested, text, timestamp

_ADMINS = "Read admins"
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

SETUP: tuple[Resource, ...] = optional(
    Resource(
        name="brands",
        description="One row per brand.",
        endpoint=Listing("/brands"),
        columns=(
            *identity(
                "brand", "Unique identifier; the default brand's is the workspace's.", dated=True
            ),
            *text(name="Name.", help_center_id="Help center of the brand."),
            *text(default_address_settings_id="Sender of its emails."),
            *boolean(is_default="Whether it is the workspace's default."),
        ),
        scope=_ADMINS,
        docs=reference("brands/listbrands"),
        since=ApiVersion(2, 15),
    ),
    Resource(
        name="email_senders",
        description="One row per email address that the workspace sends from.",
        endpoint=Listing("/emails"),
        columns=(
            *identity("email_setting", dated=True),
            *text(email="Address.", domain="Its domain.", brand_id="Brand that it belongs to."),
            *boolean(verified="Whether the address is verified."),
            *boolean(forwarding_enabled="Whether mail to it is forwarded to Intercom."),
            *timestamp(forwarded_email_last_received_at="When a mail was last forwarded."),
        ),
        scope=_ADMINS,
        docs=reference("emails/listemails"),
        since=ApiVersion(2, 15),
    ),
    Resource(
        name="away_status_reasons",
        description="One row per reason that teammates can give for being away.",
        endpoint=Listing("/away_status_reasons"),
        columns=(
            *identity("away_status_reason", dated=True),
            *text(label="Name.", emoji="Emoji."),
            *integer(order="Place in the list."),
            *boolean(deleted="Whether it was deleted in Intercom, which still lists it."),
        ),
        scope=_ADMINS,
        docs=reference("away-status-reasons/listawaystatusreasons"),
        since=ApiVersion(2, 14),
    ),
    Resource(
        name="data_connectors",
        description="One row per data connector; how it is called is not read.",
        endpoint=Listing(
            "/data_connectors", secret=("url", "headers", "body", "data_inputs", "token_ids")
        ),
        pagination=StartingAfter(per_page=50),
        columns=(
            *identity("data_connector", dated=True),
            *text(name="Name.", description="What it is for.", state="`draft` or `live`."),
            *text(http_method="Method of its requests.", execution_results_url="Path of its log."),
            *text(created_by_admin_id="Teammate who created it."),
            *text(updated_by_admin_id="Teammate who last changed it."),
            *boolean(direct_fin_usage="Whether Fin may use it on its own."),
        ),
        scope=_ADMINS,
        docs=reference("data-connectors/listdataconnectors"),
        since=ApiVersion(2, 16),
    ),
)

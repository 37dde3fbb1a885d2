"""Conversations, calls and what was said in them, and how the inbox is set up."""

from intercom_assets.catalog.endpoints import Child, ChildSearch, Listing, Numbered, StartingAfter
from intercom_assets.catalog.families.conversations import MESSAGING
from intercom_assets.catalog.replication import ByParent, FullRefresh, Unfinished
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

_SETUP: tuple[Resource, ...] = optional(
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

_BESIDE: tuple[Resource, ...] = optional(
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

# Intercom names no permission for calls; the likely one is given.
_CALLS = Resource(
    name="calls",
    description="One row per phone or video call; its recording is not read.",
    endpoint=Listing("/calls"),
    pagination=Numbered(per_page=25),
    columns=(
        *identity("call", dated=True),
        *text(
            conversation_id="Conversation that the call belongs to, if any.",
            admin_id="Teammate who took or made the call, if any.",
            contact_id="Contact who was on the line, if any.",
            state="Where the call stands, such as `completed`.",
            call_type="Kind of call, such as `phone`.",
            direction="`inbound` or `outbound`.",
            ended_reason="Why the call ended.",
            phone="Phone number of the other side, in E.164 format.",
            recording_url="Where the API leads to the recording; takes the access token.",
            transcription_url="Where the API has the transcript; takes the access token.",
            fin_recording_url="Where the API leads to the recording of Fin's part of the call.",
            fin_transcription_url="Where the API has the transcript of Fin's part of the call.",
        ),
        *timestamp(
            initiated_at="When the call began to ring.",
            answered_at="When somebody answered; null if nobody did.",
            ended_at="When the call ended.",
        ),
    ),
    scope=_CONVERSATIONS,
    docs=reference("calls/listcalls"),
    since=ApiVersion(2, 14),
)

_TRANSCRIPTS = Resource(
    name="call_transcripts",
    description="One row per call of a conversation: what was said, where Intercom wrote it down.",
    endpoint=ChildSearch("/calls/search", "data", "conversation_ids", "conversation_id", 20),
    replication=ByParent(
        parent="calls",
        key="id",
        changes_without_parent=True,
        unfinished=Unfinished("transcript_status", final="completed", days=7),
    ),
    # Its other fields are those of the call.
    reduced={one.name: () for one in _CALLS.columns if one.name not in {"id", "conversation_id"}},
    columns=(
        *text(id="Call (calls.id).", conversation_id="Conversation that it belongs to."),
        *text(transcript_status="How far the transcript is; `completed` in the end, or null."),
        *json(transcript="What was said, as a list of utterances; empty without a transcript."),
    ),
    scope=_CONVERSATIONS,
    docs=reference("calls/listcallswithtranscripts"),
    since=ApiVersion(2, 14),
)

INBOX = (*MESSAGING, *optional(_CALLS, _TRANSCRIPTS, level=Level.COSTLY), *_SETUP, *_BESIDE)

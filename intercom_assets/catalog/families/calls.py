"""Phone and video calls, and what was said in them."""

from intercom_assets.catalog.endpoints import ChildSearch, Listing, Numbered
from intercom_assets.catalog.replication import ByParent, Unfinished
from intercom_assets.catalog.resource import (
    ApiVersion,
    Level,
    Resource,
    identity,
    optional,
    reference,
)
from intercom_assets.catalog.table import json, text, timestamp

CALLS = Resource(
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
    scope="Read conversations",
    docs=reference("calls/listcalls"),
    since=ApiVersion(2, 14),
)

CALL_TRANSCRIPTS = Resource(
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
    reduced={one.name: () for one in CALLS.columns if one.name not in {"id", "conversation_id"}},
    columns=(
        *text(id="Call (calls.id).", conversation_id="Conversation that it belongs to."),
        *text(transcript_status="How far the transcript is; `completed` in the end, or null."),
        *json(transcript="What was said, as a list of utterances; empty without a transcript."),
    ),
    scope="Read conversations",
    docs=reference("calls/listcallswithtranscripts"),
    since=ApiVersion(2, 14),
)

ABOUT_CALLS: tuple[Resource, ...] = optional(CALLS, CALL_TRANSCRIPTS, level=Level.COSTLY)

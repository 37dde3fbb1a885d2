"""What is said: conversations and their parts."""

from intercom_assets.catalog.conversations import CONVERSATIONS
from intercom_assets.catalog.resource import ByParent, Child, Resource, identity, reference
from intercom_assets.schema.table import boolean, json, nested, text, timestamp

CONVERSATION_PARTS = Resource(
    name="conversation_parts",
    description="One row per part of a conversation after its first message: an answer, a note, "
    "an assignment or another event.",
    endpoint=Child(
        "/conversations/{id}",
        records=("conversation_parts", "conversation_parts"),
        cap=500,
    ),
    replication=ByParent(
        parent="conversations",
        key="conversation_id",
        newest="created_at",
        counted="statistics_count_conversation_parts",
    ),
    columns=(
        *text(conversation_id="Conversation that the part belongs to; added by the sync."),
        *identity("conversation_part"),
        *text(
            part_type="What happened, such as `comment`, `note`, `assignment` or `close`.",
            body="Text of the part; may hold HTML.",
            state="State of the conversation then: `open`, `closed` or `snoozed`.",
            external_id="Identifier of the part in your own systems.",
            app_package_code="App that created the part over the API; null when none did.",
        ),
        *timestamp(
            created_at="When the part was created.",
            updated_at="When the part last changed.",
            notified_at="When the contact was notified of the part.",
        ),
        *boolean(redacted="Whether the part was redacted."),
        *nested(
            "author",
            text(
                type="Kind of author: a contact, a teammate, a team or a bot.",
                id="Author of the part.",
                name="Name of the author.",
                email="Email address of the author.",
            ),
            boolean(
                from_ai_agent="Whether the AI agent sent the part.",
                is_ai_answer="Whether AI wrote the part.",
            ),
        ),
        *nested(
            "assigned_to",
            text(
                type="Kind of object that the part assigned the conversation to.",
                id="Teammate or team that the part assigned the conversation to.",
            ),
        ),
        *json(
            attachments="Files attached to the part.",
            tags="Tags of the part.",
            event_details="What the event did; its form depends on part_type.",
            email_message_metadata="Headers of the part; emails only.",
            metadata="Quick replies that the part offered or answered.",
            translations="Translations of the part; sent only on request.",
        ),
    ),
    primary_key=("conversation_id", "id"),
    scope="Read conversations",
    docs=reference("conversations/retrieveconversation"),
)

MESSAGING: tuple[Resource, ...] = (CONVERSATIONS, CONVERSATION_PARTS)

"""Conversations, one wide record each, and their parts: the messages after the first."""

from intercom_assets.catalog.endpoints import (
    Child,
    Granularity,
    Listing,
    Lookup,
    Numbered,
    Search,
    StartingAfter,
)
from intercom_assets.catalog.families.people import COMPANY
from intercom_assets.catalog.replication import ByParent, Incremental, NewestFirst
from intercom_assets.catalog.resource import (
    ApiVersion,
    OnRequest,
    Resource,
    identity,
    optional,
    reference,
)
from intercom_assets.catalog.table import (
    boolean,
    integer,
    json,
    legacy,
    nested,
    null_for,
    text,
    timestamp,
)

_STATE = (
    *identity("conversation"),
    *text(
        title="Title of the conversation.",
        state="`open`, `closed` or `snoozed`.",
        priority="`none` to `urgent`; before version 2.16 `priority` or `not_priority`.",
    ),
    *boolean(
        open="Whether the conversation is open.",
        read="Whether the conversation was read.",
    ),
    *null_for(
        0,
        (
            *legacy(
                "assignee",
                "admin",
                text(admin_assignee_id="Teammate it is assigned to; null when nobody."),
            ),
            *legacy(
                "assignee", "team", text(team_assignee_id="Team it is assigned to; null when none.")
            ),
        ),
    ),
    *timestamp(
        created_at="When the conversation was created.",
        updated_at="When the conversation last changed.",
        waiting_since="Since when the contact waits for an answer; null once answered.",
        snoozed_until="When a snoozed conversation opens again.",
    ),
    *nested(
        "channel",
        text(
            initial="Channel on which it began, such as `messenger` or `email`.",
            current="Channel that it is on now.",
        ),
    ),
)

_SOURCE = nested(
    "source",
    text(
        type="Where the conversation came from, such as `conversation` or `email`.",
        id="First message of the conversation.",
        delivered_as="How it began, such as `customer_initiated` or `automated`.",
        subject="Subject of the first message; may hold HTML.",
        body="Text of the first message; may hold HTML.",
        url="Page on which the conversation was started.",
    ),
    boolean(redacted="Whether the first message was redacted."),
    nested(
        "author",
        text(
            type="Kind of author: a contact, a teammate or a bot.",
            id="Author of the first message.",
            name="Name of the author.",
            email="Email address of the author.",
        ),
        boolean(
            from_ai_agent="Whether the AI agent sent the first message.",
            is_ai_answer="Whether AI wrote the first message.",
        ),
    ),
    json(
        attachments="Files attached to the first message.",
        recipients="Addresses that the first message went to; emails only.",
        reply_to="Addresses that answers go to; emails only.",
        email_message_metadata="Headers and history of the first message; emails only.",
    ),
)

_RATING = nested(
    "conversation_rating",
    integer(rating="Rating that the contact gave, 1 to 5."),
    text(remark="Remark that the contact added to the rating."),
    timestamp(
        created_at="When the rating was asked for.",
        updated_at="When the rating last changed.",
    ),
    nested(
        "contact",
        text(
            type="Kind of object: always `contact`.",
            id="Contact who gave the rating.",
            external_id="Identifier of that contact in your own systems.",
        ),
    ),
    nested(
        "teammate",
        text(type="Kind of object that was rated.", id="Teammate who was rated."),
    ),
)

_REPLY_AND_SLA = (
    *nested(
        "first_contact_reply",
        timestamp(created_at="When the contact first wrote."),
        text(
            type="Where the contact first wrote, such as `conversation`.",
            url="Page on which the contact first wrote.",
        ),
    ),
    *nested(
        "sla_applied",
        text(
            type="Kind of object, such as `conversation_sla_summary`.",
            sla_name="Name of the SLA.",
            sla_status="`hit`, `missed`, `cancelled` or `active`.",
        ),
    ),
)

_STATISTICS = nested(
    "statistics",
    text(
        type="Kind of object: always `conversation_statistics`.",
        last_closed_by_id="Teammate who last closed the conversation.",
    ),
    integer(
        time_to_assignment="Seconds until the last assignment before the first answer.",
        time_to_admin_reply="Seconds until the first answer, in office hours.",
        time_to_first_close="Seconds until it was first closed, in office hours.",
        time_to_last_close="Seconds until it was last closed, in office hours.",
        median_time_to_reply="Median seconds from a message of the contact to the answer.",
        handling_time="Seconds from assignment to closing.",
        adjusted_handling_time="Seconds of handling without the idle ones.",
        count_reopens="How often it was reopened.",
        count_assignments="How often it was assigned.",
        count_conversation_parts="Number of its parts, those beyond the newest 500 included.",
    ),
    timestamp(
        first_contact_reply_at="When the contact first wrote.",
        first_assignment_at="When it was first assigned after the contact wrote.",
        first_admin_reply_at="When a teammate first answered.",
        first_close_at="When it was first closed.",
        last_assignment_at="When it was last assigned.",
        last_assignment_admin_reply_at="When a teammate first answered since the last assignment.",
        last_contact_reply_at="When the contact last wrote.",
        last_admin_reply_at="When a teammate last answered.",
        last_close_at="When it was last closed.",
    ),
    json(
        assigned_team_first_response_time="Seconds to the first answer, per assigned team.",
        assigned_team_first_response_time_in_office_hours="The same, in office hours only.",
    ),
)

_AGENTS = (
    *boolean(
        ai_agent_participated="Whether the AI agent took part.",
        sales_agent_participated="Whether the sales agent took part.",
    ),
    *nested(
        "ai_agent",
        text(
            source_type="What brought the AI agent in, such as `workflow` or `profile`.",
            source_title="Title of what brought the AI agent in.",
            last_answer_type="`ai_answer`, `custom_answer`, or null without an answer.",
            resolution_state="How it ended for the AI agent; the values differ between versions.",
            rating_remark="Remark that the contact added to the AI agent's rating.",
        ),
        integer(rating="Rating that the contact gave the AI agent, 1 to 5."),
        timestamp(
            created_at="When the AI agent's rating was given.",
            updated_at="When the AI agent's rating last changed.",
        ),
        json(content_sources="Content that the AI agent drew on, in a `content_source.list`."),
    ),
    *nested(
        "sales_agent",
        text(
            outcome="Outcome that Intercom bills, such as `qualified` or `spam`.",
            routing_outcome="Outcome as the workspace defines it.",
        ),
        json(collected_data="What the sales agent found out, by name."),
    ),
)

_RELATED = json(
    custom_attributes="Custom attributes of the conversation, by name.",
    tags="Tags of the conversation, in a `tag.list`, named as when it last changed.",
    contacts="Contacts who take part, in a `contact.list`.",
    teammates="Teammates who wrote in it, in an `admin.list`.",
    linked_objects="Linked conversations and tickets: `data` lists up to 1000.",
    external_references="The same conversation in other helpdesks and CRMs.",
    topics="Topics that Intercom found, in a list of its own form.",
    ticket="Ticket that the conversation became; null unless it did.",
    assignee="Whom it is assigned to, as versions before 2.2 say it.",
    monitor_evaluations="Evaluations by quality monitors; sent only on request.",
    scorecards="Results of quality scorecards; sent only on request.",
)

DELETED_CONVERSATIONS = Resource(
    name="deleted_conversations",
    description="One row per conversation that was deleted, since Intercom lists them.",
    endpoint=Listing("/conversations/deleted", records="conversations", params={"order": "desc"}),
    pagination=Numbered(per_page=60),
    replication=NewestFirst(cursor="deleted_at"),
    columns=(
        *identity("conversation", "Conversation that was deleted (conversations.id)."),
        *boolean(metrics_retained="Whether reports still count the conversation."),
        *timestamp(deleted_at="When the conversation was deleted."),
    ),
    scope="Read conversations",
    docs=reference("conversations/listdeletedconversationids"),
    since=ApiVersion(2, 16),
)

CONVERSATIONS = Resource(
    name="conversations",
    description="One row per conversation: its first message, state, assignees, rating and "
    "statistics. The messages after the first are conversation_parts.",
    endpoint=Search(
        "/conversations/search", records="conversations", granularity=Granularity.SECOND
    ),
    pagination=StartingAfter(per_page=150),
    replication=Incremental(deletions=DELETED_CONVERSATIONS),
    lookup=Lookup("/conversations/{id}"),
    on_request=tuple(
        OnRequest(name=name, column=column, param=param, since=ApiVersion(2, 16), searched=True)
        for name, column, param in (
            ("monitors", "monitor_evaluations", "include_monitors"),
            ("scorecards", "scorecards", "include_scorecards"),
        )
    ),
    reduced={"conversation_parts": ()},
    columns=(
        *_STATE,
        *_SOURCE,
        *_RATING,
        *_REPLY_AND_SLA,
        *_STATISTICS,
        *_AGENTS,
        *_RELATED,
        *nested("company", COMPANY),
    ),
    scope="Read conversations",
    docs=reference("conversations/searchconversations"),
)


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
        order_column="created_at",
        count_column="statistics_count_conversation_parts",
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

MESSAGING: tuple[Resource, ...] = (
    CONVERSATIONS,
    CONVERSATION_PARTS,
    *optional(DELETED_CONVERSATIONS),
)

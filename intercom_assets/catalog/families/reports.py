"""What Intercom's reports are made of: the datasets of a reporting export.

Declared are attributes that Intercom offers to all workspaces; what it offers beyond them is in
`other_attributes`. Where an attribute is called the id of a teammate or a team, it is a name.
"""

from intercom_assets.catalog.endpoints import ReportExport
from intercom_assets.catalog.replication import Exported
from intercom_assets.catalog.resource import ApiVersion, Level, Resource, optional, reference
from intercom_assets.catalog.table import Column, boolean, double, integer, json, text, timestamp


def _dataset(
    name: str, what: str, key: tuple[str, ...], *columns: Column, numbered: bool = True
) -> Resource:
    made = text(id="Made by the sync: a hash of what tells its rows apart, and a number.")
    return Resource(
        name=name,
        description=f"One row per {what}, as Intercom's reports count it.",
        endpoint=ReportExport(name.removeprefix("reporting_"), key, numbered=numbered),
        columns=(
            *(made if numbered else ()),
            *columns,
            *json(other_attributes="What else Intercom offers, and what the workspace added."),
        ),
        replication=Exported(days=60),
        scope="Export reporting data",
        docs=reference("reporting-data-export"),
        primary_key=("id",) if numbered else key,
        since=ApiVersion(2, 14),
    )


_CONVERSATION = text(conversation_id="Conversation, or ticket, that it belongs to.")
_CHANNEL = text(channel="Channel.")
_STARTED = timestamp(conversation_started_at="When the conversation began.")
_TICKET = timestamp(ticket_created_at="When the ticket was created.")

REPORTS: tuple[Resource, ...] = optional(
    _dataset(
        "reporting_conversation",
        "conversation",
        ("conversation_id",),
        *(*_CONVERSATION, *_CHANNEL, *_STARTED),
        *text(conversation_started_by="Who began it.", current_conversation_state="State."),
        *text(currently_assigned_teammate_id="Teammate that it is assigned to, by name."),
        *text(currently_assigned_team_id="Team that it is assigned to, by name."),
        *text(first_closing_teammate_id="Teammate who first closed it, by name."),
        *double(teammate_replies_count="Replies of teammates."),
        *double(
            first_response_time="Seconds to the first response.",
            first_response_time_in_office_hours="The same, in office hours.",
            first_response_time_excluding_bot_inbox="The same, without time in the bot inbox.",
            first_response_time_excluding_bot_inbox_in_office_hours="The same, in office hours.",
        ),
        *integer(conversation_rating="Rating, from 1 to 5."),
        *text(conversation_rating_remark="Remark on the rating."),
        *boolean(fin_ai_agent_participated="Fin took part."),
        *text(fin_ai_agent_last_sent_answer_type="Kind of Fin's last answer."),
        *text(fin_ai_agent_resolution_state="Whether Fin resolved it."),
        *text(fin_ai_agent_deflected="Whether Fin kept it from the team."),
        *text(fin_ai_agent_content_references="What Fin's answers refer to."),
        *text(fin_ai_agent_rating="Rating of Fin.", conversation_call_types="Kinds of its calls."),
        numbered=False,
    ),
    _dataset(
        "reporting_conversation_state",
        "time that a conversation was in a state",
        ("conversation_id", "conversation_state_started_at"),
        *(*_CONVERSATION, *_CHANNEL),
        *text(conversation_state="State.", previous_conversation_state="State before it."),
        *timestamp(conversation_state_started_at="When it began."),
        *timestamp(conversation_state_ended_at="When it ended; null while it lasts."),
    ),
    _dataset(
        "reporting_consolidated_conversation_part",
        "action in a conversation",
        ("conversation_id", "action_id", "action_time"),
        *(*_CONVERSATION, *_CHANNEL),
        *text(action_id="Action.", action_type="What was done, several things at once included."),
        *timestamp(action_time="When it was done."),
        *text(action_performed_by_teammate_id="Teammate who did it, by name."),
        *text(action_teammate_assignee_id="Teammate who was assigned then, by name."),
        *text(action_team_assignee_id="Team that was assigned then, by name."),
        *text(teammate_mentioned_ids="Teammates whom it mentions."),
        *double(
            teammate_first_response_time_in_office_hours="Seconds of office hours to the "
            "teammate's first response.",
            team_first_response_time_in_office_hours="The same of the team.",
        ),
    ),
    _dataset(
        "reporting_conversation_rating_sent",
        "rating that was asked for",
        ("conversation_rating_id",),
        *(*_CONVERSATION, *_CHANNEL),
        *text(conversation_rating_id="Request for a rating."),
        *integer(conversation_rating="Rating, from 1 to 5."),
        *text(conversation_rating_remark="Remark on the rating."),
        *timestamp(conversation_rating_updated_at="When it last changed."),
        *text(rated_agent_type="Whether a teammate or a bot is rated."),
        *text(rated_teammate_id="Teammate who is rated, by name."),
        *text(rated_chatbot_id="Bot that is rated, by name."),
        numbered=False,
    ),
    _dataset(
        "reporting_conversation_sla_status_log",
        "target of an SLA that applied to a conversation",
        ("conversation_id", "sla_started_at"),
        *(*_CONVERSATION, *_CHANNEL),
        *text(sla_id="SLA that applied.", sla_metric_type="What is to be reached."),
        *text(sla_state="Outcome so far."),
        *timestamp(sla_started_at="When its time began.", sla_hit_at="When it was reached."),
        *timestamp(sla_missed_at="When it was missed."),
        *double(sla_time_to_response_after_miss="Seconds to the response after that."),
        *text(sla_attributed_to_teammate_id="Teammate whom it counts for, by name."),
        *text(sla_triggering_action_id="Action that began it."),
    ),
    _dataset(
        "reporting_teammate_handling_conversation",
        "teammate who handled a conversation",
        ("conversation_id", "conversation_started_at"),
        *(*_CONVERSATION, *_CHANNEL, *_STARTED),
        *text(handling_teammate_id="Teammate, by name."),
        *double(teammate_handling_time="Seconds that the teammate spent on it."),
        *double(teammate_handling_time_in_office_hours="The same, in office hours."),
    ),
    _dataset(
        "reporting_tickets",
        "ticket",
        ("ticket_id",),
        *text(ticket_id="Ticket."),
        *(*_TICKET, *timestamp(ticket_last_resolved_at="When it was last resolved.")),
        *text(ticket_title="Title.", ticket_type_id="Type, by name."),
        *text(ticket_created_via="How it was created."),
        *text(current_ticket_state_category="Category of its state."),
        *text(current_ticket_custom_state_id="State, by name."),
        *double(ticket_time_to_resolve="Seconds until it was resolved."),
        numbered=False,
    ),
    _dataset(
        "reporting_ticket_time_in_state",
        "state that a ticket was in",
        ("conversation_id", "ticket_created_at"),
        *(*_CONVERSATION, *_TICKET),
        *text(ticket_time_in_state_category="Category of the state."),
        *text(ticket_time_in_custom_state="State."),
        *double(ticket_time_in_state="Seconds in it."),
    ),
    _dataset(
        "reporting_admin_status_change",
        "time that a teammate had a status",
        ("teammate_status_period_started_at",),
        *timestamp(teammate_status_period_started_at="When it began."),
        *timestamp(teammate_status_period_ended_at="When it ended; null while it lasts."),
        *text(teammate_status="Status.", teammate_status_id="Status, as Intercom's id."),
        *text(teammate_away_reason="Why the teammate was away."),
    ),
    level=Level.COSTLY,
)

"""What a workspace sends out, and what became of it: the CSV files of a content export.

A row of most files belongs to a receipt, which says who was sent what. Intercom documents the
columns of some files; those of the others are kept in `_extra`.
"""

from intercom_assets.catalog.endpoints import Export, Listing, Numbered
from intercom_assets.catalog.replication import Exported
from intercom_assets.catalog.resource import Level, Resource, identity, optional, reference
from intercom_assets.catalog.table import (
    Column,
    boolean,
    integer,
    json,
    legacy,
    nested,
    null_for,
    text,
    timestamp,
)

_NEWS = "Read and List news items and newsfeeds"

_SETUP: tuple[Resource, ...] = optional(
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


def _file(name: str, what: str, export: Export, *columns: Column) -> Resource:
    return Resource(
        name=name,
        description=f"One row per {what}.",
        endpoint=export,
        columns=columns,
        replication=Exported(),
        scope="Export content data",
        docs=reference("data-export/createdataexport"),
        primary_key=("id",) if columns[0].name == "id" else ("receipt_id",),
    )


_ID = text(id="Made by the sync: a hash of what tells its rows apart.")
_RECEIPT = text(receipt_id="Receipt that it belongs to: a message sent to one person.")
_EVENT = (*_ID, *_RECEIPT)
_PERSON = (
    *text(user_id="Person who was sent it.", user_external_id="The person's id in your system."),
    *text(name="Name of the person.", email="Email address of the person."),
    *null_for(-1, text(company_id="Company of the person.")),
    *text(company_external_id="The company's id in your system."),
    *text(created_via="How the receipt came to be."),
)
_CONTENT = (
    *text(content_id="Version that was sent, of a message with several.", content_type="Its kind."),
    *text(content_title="Title of the message."),
    *null_for(-1, text(series_id="Series that it is part of.")),
    *text(series_title="Title of the series."),
)

_EXPORTS: tuple[Resource, ...] = optional(
    _file(
        "content_receipts",
        "message that a person was sent, with the first time of what followed",
        Export("receipt"),
        *text(receipt_id="Unique identifier of the receipt."),
        *timestamp(received_at="When it was sent."),
        *_PERSON,
        *text(ruleset_id="Message.", ruleset_version_id="Edit of the message that was sent."),
        *_CONTENT,
        *text(node_id="Block of the series.", device="Device that showed it."),
        *text(conversation_id="Conversation that it began."),
        *timestamp(
            first_open="First time that it was opened.",
            first_click="First click on a link in it.",
            first_reply="First reply to it.",
            first_reaction="First reaction to it.",
            first_answer="First answer to a question of it.",
            first_completion="When it was completed, such as a tour or a survey.",
            first_goal_success="First time that its goal was met.",
            first_collected_email="When it was answered with an email address.",
            first_unsubscribe="When the person unsubscribed from it.",
            first_hard_bounce="When it could not be delivered for good.",
            first_soft_bounce="When it could not be delivered for now.",
            first_spam_complaint="When it was reported as spam.",
            first_series_completion="When the person completed the series.",
            first_series_disengagement="When the person stopped engaging with the series.",
            first_series_exit="When the person left the series.",
            first_tour_step_view="First view of a step of the tour.",
            first_tour_step_failure="First failure of a step of the tour.",
            first_screen_view="First view of a screen of the carousel.",
            first_button_tap="First tap on a button of it.",
            first_permission_grant="When the person allowed what it asked for.",
            first_push_failure="When the push message failed.",
            first_sms_failure="When the text message failed.",
            first_whatsapp_failure="When the WhatsApp message failed.",
            first_webhook_failure="When the webhook failed.",
        ),
        # As the specifications spell it.
        *legacy("first_dismisall", None, timestamp(first_dismissal="When it was dismissed.")),
    ),
    _file(
        "content_opens",
        "time that a message was opened",
        Export("open", key=("receipt_id", "opened_at")),
        *_EVENT,
        *timestamp(opened_at="When it was opened."),
    ),
    _file(
        "content_clicks",
        "click on a link in a message",
        Export("click", key=("receipt_id", "clicked_at", "url")),
        *_EVENT,
        *timestamp(clicked_at="When it was clicked."),
        *text(link_type="Kind of link.", url="Where it leads."),
    ),
    _file(
        "content_replies",
        "reply to a message",
        Export("reply", key=("receipt_id", "replied_at")),
        *_EVENT,
        *timestamp(replied_at="When the person replied."),
    ),
    _file(
        "content_completions",
        "completed tour, survey or other message that can be completed",
        Export("completion", key=("receipt_id", "completed_at")),
        *_EVENT,
        *timestamp(completed_at="When it was completed."),
    ),
    _file(
        "content_dismissals",
        "time that a message was dismissed",
        Export("dismissal", key=("receipt_id", "dismissed_at")),
        *_EVENT,
        *timestamp(dismissed_at="When it was dismissed."),
    ),
    _file(
        "content_goal_successes",
        "time that a message met its goal",
        Export("goal_success"),
        *_EVENT,
    ),
    _file("content_reactions", "reaction to a message", Export("reaction"), *_EVENT),
    _file(
        "content_unsubscribes", "time that a person unsubscribed", Export("unsubscribe"), *_EVENT
    ),
    _file("content_hard_bounces", "email that cannot be delivered", Export("hard_bounce"), *_EVENT),
    _file(
        "content_soft_bounces",
        "email that is not delivered for now",
        Export("soft_bounce"),
        *_EVENT,
    ),
    _file(
        "content_series_completions",
        "series that a person completed",
        Export("series_completion", key=("receipt_id", "completed_at")),
        *_EVENT,
        *timestamp(completed_at="When the series was completed."),
        *text(completion_node_ruleset_id="Message at which it was completed."),
    ),
    _file(
        "content_series_disengagements",
        "series that a person stopped engaging with",
        Export("series_disengagement", key=("receipt_id", "disengaged_at")),
        *_EVENT,
        *timestamp(disengaged_at="When the person stopped."),
        *text(disengaged_node_ruleset_id="Message at which the person stopped."),
    ),
    _file("content_series_exits", "series that a person left", Export("series_exit"), *_EVENT),
    _file(
        "content_series_checkpoints",
        "message of a series that a person reached",
        Export("checkpoint", key=("series_entry_record_id", "ruleset_id", "created_at")),
        *_ID,
        *text(user_id="Person in the series."),
        *null_for(-1, text(company_id="Company of the person.")),
        *text(series_entry_record_id="The person's way through the series."),
        *text(ruleset_id="Message.", status_code="State, as a code.", status_name="State."),
        *timestamp(created_at="When it was reached.", last_processed_at="When it last went on."),
        *timestamp(expires_at="When it stops waiting."),
        *integer(times_processed="How often it went on."),
    ),
    _file(
        "content_tour_step_views",
        "view of a step of a tour",
        Export("tour_step_view", key=("receipt_id", "step_id", "viewed_at")),
        *_EVENT,
        *text(step_id="Step of the tour."),
        *timestamp(viewed_at="When it was viewed."),
    ),
    _file(
        "content_tour_step_failures",
        "step of a tour that failed",
        Export("tour_step_failure"),
        *_EVENT,
    ),
    _file(
        "content_answers",
        "answer to a question of a survey",
        Export("answer", key=("receipt_id", "question_id", "answered_at", "response")),
        *_EVENT,
        *timestamp(answered_at="When it was answered."),
        *text(question_id="Question.", question="Text of the question."),
        *text(response_type="Kind of answer.", response="The answer."),
    ),
    _file(
        "content_survey_responses",
        "survey that a person answered, with all answers",
        Export("answer_combined", key=("receipt_id",), rest="answers"),
        *_EVENT,
        *timestamp(received_at="When the survey was sent.", completed_at="When it was completed."),
        *_PERSON,
        *json(answers="Answers by the text of their questions."),
    ),
    _file(
        "content_overview",
        "message, with its figures for the exported days that last showed it",
        Export("overview", key=("ruleset_id", "content_id"), rest="figures"),
        *_ID,
        *text(
            ruleset_id="Message.", audience_type="Whom it is for.", state="State.", url="Address."
        ),
        *_CONTENT,
        *timestamp(created_at="When it was created.", last_sent_at="When it was last sent."),
        *timestamp(last_state_change_at="When its state last changed."),
        *text(last_state_change_by="Who last changed its state.", last_edited_by="Who edited it."),
        *timestamp(last_edited_at="When it was last edited."),
        *json(figures="How many, how many people and which share did what, by name."),
    ),
    level=Level.COSTLY,
)

OUTBOUND = (*_SETUP, *_EXPORTS)

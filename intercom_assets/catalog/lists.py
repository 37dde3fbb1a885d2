"""Models of lists inside records, which cost no request.

Reading them unfolds whole tables, so only their names, or `everything`, select them; those that the
setting `include` asks for are selected with it.
"""

from intercom_assets.catalog.resource import Level
from intercom_assets.catalog.shapes import Bridge, Entries, Model, renamed
from intercom_assets.catalog.table import boolean, double, integer, text, timestamp

_FILE = (
    *text(
        type="Kind of attachment, such as `upload`.",
        name="Name of the file.",
        url="Address of the file; Intercom lets it expire.",
        content_type="Media type, such as `image/png`.",
    ),
    *integer(filesize="Bytes.", width="Pixels across.", height="Pixels down."),
)

LISTS: tuple[Model, ...] = (
    Model(
        "merged_contacts",
        "One row per user and contact that was merged into it.",
        Entries(
            resource="contacts",
            column="merge_history",
            paths=((),),
            key=("contact_id",),
            entry=("source_contact_id",),
            columns=(
                *text(source_contact_id="Contact that was merged, and is gone."),
                *text(source_contact_role="What it was: `lead` or `user`."),
                *timestamp(merged_at="When it was merged."),
            ),
        ),
        on_request="merge_history",
    ),
    Model(
        "conversation_monitors",
        "One row per conversation and evaluation by a quality monitor that flagged it.",
        Entries(
            resource="conversations",
            column="monitor_evaluations",
            paths=((),),
            key=("conversation_id",),
            entry=("monitor_id", "evaluated_at"),
            columns=(
                *text(monitor_id="Monitor.", monitor_name="Its name; null if it was deleted."),
                *text(monitor_type="Its kind, such as `prompt`; null if it was deleted."),
                *text(result="What it found, such as `flagged`.", explanation="Why."),
                *timestamp(evaluated_at="When it looked at the conversation."),
            ),
        ),
        on_request="monitors",
    ),
    Model(
        "conversation_scorecards",
        "One row per conversation and scorecard by which its quality was judged.",
        Entries(
            resource="conversations",
            column="scorecards",
            paths=((),),
            key=("conversation_id",),
            entry=("scorecard_id", "evaluated_at"),
            columns=(
                *text(scorecard_id="Scorecard.", scorecard_version_id="Version of it."),
                *text(name="Its name.", scorecard_type="Its kind, such as `human`."),
                *boolean(passed="Whether the conversation passed; null if it was not scored."),
                *double(score="Score; null if it was not scored.", ai_score="Score that AI gave."),
                *timestamp(evaluated_at="When it was last scored."),
                *text(reviewed_teammate="Who was judged, as JSON: `ai`, or `admin` and an id."),
                *text(evaluators="Results by criterion, as JSON."),
            ),
        ),
        on_request="scorecards",
    ),
    Model(
        "conversation_taggings",
        "One row per conversation and tag that it has: since when, and from whom.",
        Entries(
            resource="conversations",
            column="tags",
            paths=(("tags",),),
            key=("conversation_id",),
            entry=("tag_id",),
            columns=(
                *renamed("id", text(tag_id="Tag that it has.")),
                *timestamp(applied_at="When it got the tag."),
                *renamed("applied_by.type", text(applied_by_type="Kind of who gave it.")),
                *renamed("applied_by.id", text(applied_by_id="Teammate who gave it.")),
            ),
        ),
        Level.COSTLY,
    ),
    Model(
        "conversation_teammates",
        "One row per conversation and teammate who wrote in it.",
        Bridge(
            resource="conversations",
            column="teammates",
            path=("teammates",),
            key="conversation_id",
            member="admin_id",
            of="admins",
        ),
        Level.COSTLY,
    ),
    Model(
        "conversation_links",
        "One row per conversation and ticket or conversation that is linked to it.",
        Entries(
            resource="conversations",
            column="linked_objects",
            paths=(("data",),),
            key=("conversation_id",),
            entry=("object_type", "object_id"),
            columns=(
                *renamed("type", text(object_type="`ticket` or `conversation`.")),
                *renamed("id", text(object_id="Ticket or conversation that is linked.")),
                *renamed("category", text(object_category="Category of a linked ticket.")),
            ),
        ),
        Level.COSTLY,
    ),
    Model(
        "conversation_ai_sources",
        "One row per conversation and content that the AI agent drew on.",
        Entries(
            resource="conversations",
            column="ai_agent_content_sources",
            paths=(("content_sources",),),
            key=("conversation_id",),
            entry=("content_type", "url", "locale"),
            columns=text(
                content_type="Kind of content, such as `article` or `external_content`.",
                url="Its address for teammates.",
                title="Its title.",
                locale="Its language.",
            ),
        ),
        Level.COSTLY,
    ),
    Model(
        "conversation_attachments",
        "One row per file attached to the first message of a conversation.",
        Entries(
            resource="conversations",
            column="source_attachments",
            paths=((),),
            key=("conversation_id",),
            entry=("url",),
            columns=_FILE,
        ),
        Level.COSTLY,
    ),
    Model(
        "part_attachments",
        "One row per file attached to a part of a conversation.",
        Entries(
            resource="conversation_parts",
            column="attachments",
            paths=((),),
            key=("conversation_id", "part_id"),
            entry=("url",),
            columns=_FILE,
        ),
        Level.COSTLY,
    ),
    Model(
        "part_email_headers",
        "One row per address in the headers of a part that is an email.",
        Entries(
            resource="conversation_parts",
            column="email_message_metadata",
            paths=(("email_address_headers",),),
            key=("conversation_id", "part_id"),
            entry=("type", "email_address"),
            columns=text(
                type="Which header, such as `from` or `cc`.",
                email_address="The address.",
                name="Name beside the address.",
            ),
        ),
        Level.COSTLY,
    ),
    Model(
        "contact_social_profiles",
        "One row per contact and profile in a social network.",
        Entries(
            resource="contacts",
            column="social_profiles",
            paths=(("data",),),
            key=("contact_id",),
            entry=("name", "url"),
            columns=text(name="Network.", url="Address of the profile."),
        ),
        Level.COSTLY,
    ),
)
"""All of them."""

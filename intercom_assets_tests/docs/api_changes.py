"""What each version of the API changed for us: the one table that code, tests and docs follow.

Endpoints that came later are not here but in `Resource.since`. How records of older versions are
read is declared with the columns (`legacy`, `null_for`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from intercom_assets.catalog.resource import ApiVersion

COMPARED = ApiVersion(2, 7)
"""The oldest version whose official specification the changes were compared with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that a version changed, in Intercom and in our tables.

    Attributes:
        since: First version that has it.
        resource: Resource that it concerns, None where it is a way of asking.
        what: What Intercom changed.
        effect: What that means for a table.
        added: Patterns of columns that are null in older versions.
        partial: Columns that older versions have for some records only.
        dropped: Columns that are null from this version on.
        respelled: Columns whose words differ in older versions and are kept as sent.
    """

    since: ApiVersion
    resource: str | None
    what: str
    effect: str
    added: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    respelled: tuple[str, ...] = ()

    @property
    def is_verified(self) -> bool:
        """Whether official specifications from before and after it were at hand."""
        return self.since > COMPARED


def _adds(minor: int, resource: str, *columns: str, what: str) -> Change:
    return Change(
        since=ApiVersion(2, minor),
        resource=resource,
        what=what,
        effect="null in older versions",
        added=columns,
    )


def _alike(minor: int, resource: str | None, what: str, effect: str) -> Change:
    return Change(since=ApiVersion(2, minor), resource=resource, what=what, effect=effect)


def _respells(minor: int, resource: str, column: str, *, what: str, effect: str) -> Change:
    return Change(
        since=ApiVersion(2, minor),
        resource=resource,
        what=what,
        effect=effect,
        respelled=(column,),
    )


CHANGES: tuple[Change, ...] = (
    _adds(2, "conversations", "title", what="conversations have a title"),
    Change(
        since=ApiVersion(2, 2),
        resource="conversations",
        what="`admin_assignee_id` and `team_assignee_id` replace the object `assignee`",
        effect="the ids are taken from the object in 2.1, which names one of the two; "
        "`assignee` keeps it whole",
        partial=("team_assignee_id",),
        dropped=("assignee",),
    ),
    _alike(
        6,
        None,
        "`GET /conversations` is paged by cursor, no longer by number",
        "none: conversations are read by `POST /conversations/search`, paged by cursor throughout",
    ),
    _respells(
        6,
        "conversation_parts",
        "part_type",
        what="parts have some thirty types; before, all but five are called `comment`",
        effect="kept as sent: which event it was cannot be told",
    ),
    _adds(8, "admins", "team_priority_level_*", what="admins have first and second teams"),
    _adds(8, "teams", "admin_priority_level_*", what="teams have first and second admins"),
    Change(
        since=ApiVersion(2, 10),
        resource="collections",
        what="collections lie in collections, which replaces sections",
        effect="`parent_id` is null in older versions, `type` from then on",
        added=("parent_id",),
        dropped=("type",),
    ),
    _adds(10, "conversations", "linked_objects", what="conversations name linked tickets"),
    _adds(11, "conversations", "ai_agent_*", what="conversations tell of the AI agent"),
    _adds(
        12,
        "conversations",
        "statistics_assigned_team_first_response_time",
        what="time to the first answer, per team",
    ),
    _adds(12, "ticket_types", "ticket_states", what="ticket types list their states"),
    _adds(
        12,
        "tickets",
        "ticket_state_id",
        "ticket_state_type",
        what="the state of a ticket is an object; before, a word and two labels",
    ),
    _adds(13, "articles", "tags", what="articles have tags"),
    _adds(13, "ticket_parts", "app_package_code", what="parts tell which app created them"),
    _adds(
        13,
        "conversations",
        "statistics_assigned_team_first_response_time_in_office_hours",
        "statistics_handling_time",
        "statistics_adjusted_handling_time",
        what="handling times",
    ),
    _adds(
        13,
        "conversation_parts",
        "app_package_code",
        "email_message_metadata",
        "event_details",
        "state",
        "tags",
        what="parts tell what an event did",
    ),
    _adds(14, "ticket_parts", "updated_attribute_data", what="parts tell what they changed"),
    _adds(14, "admins", "away_status_reason_id", what="reasons for being away"),
    _adds(14, "teams", "assignment_limit", "distribution_method", what="balanced assignment"),
    _adds(14, "conversation_parts", "metadata", what="quick replies"),
    _adds(
        14,
        "conversation_parts",
        "author_from_ai_agent",
        "author_is_ai_answer",
        what="parts tell whether AI wrote them",
    ),
    _adds(
        14,
        "conversations",
        "conversation_rating_updated_at",
        "ai_agent_created_at",
        "ai_agent_updated_at",
        what="ratings are dated",
    ),
    _adds(15, "conversations", "company_*", what="conversations hold their company"),
    _adds(15, "content_import_sources", "audience_ids", what="audiences"),
    _respells(
        15,
        "conversations",
        "ai_agent_resolution_state",
        what="`routed_to_team` and `abandoned` become `escalated`, `procedure_handoff` and "
        "`negative_feedback`",
        effect="kept as sent: the new words say more than the old ones",
    ),
    _respells(
        16,
        "conversations",
        "priority",
        what="`none`, `low`, `medium`, `high`, `urgent` instead of `priority`, `not_priority`",
        effect="kept as sent: two words cannot be told apart into five",
    ),
    _alike(
        16,
        "conversations",
        "an assignee id is 0 where nobody is assigned, no longer null",
        "none: null in every version",
    ),
    _alike(16, "tickets", "assignee ids are numbers, not text", "none: text in every version"),
    _adds(16, "tickets", "previous_ticket_state_id", what="tickets name their state before"),
    _alike(16, "contacts", "`owner_id` is text, no longer a number", "none: text in every version"),
    Change(
        since=ApiVersion(2, 16),
        resource="articles",
        what="articles name all parents only; drafts, plans, audiences and use by AI",
        effect="null in older versions, which have `parent_id` and `parent_type`",
        added=(
            *("ai_*", "audience_ids", "body_markdown", "created_by_id"),
            *("draft_updated_at", "exclude_from_article_suggestions", "has_unpublished_changes"),
            *("help_center_audience", "scheduled_*", "updated_by_id"),
        ),
        dropped=("parent_id", "parent_type"),
    ),
    _adds(
        16,
        "internal_articles",
        "ai_*",
        "audience_ids",
        "body_markdown",
        what="Markdown, audiences, use by AI",
    ),
    _adds(16, "article_statistics", "fin_*", what="how Fin used an article"),
    _adds(16, "help_centers", "default", "locales", what="the main help center, languages"),
    _adds(16, "admins", "role_*", what="admins have a role"),
    _adds(16, "companies", "notes", what="companies list their notes"),
    _adds(16, "contacts", "merge_history", what="users name what was merged into them"),
    _adds(
        16,
        "conversations",
        "channel_*",
        "external_references",
        "monitor_evaluations",
        "sales_agent_*",
        "scorecards",
        "source_email_message_metadata",
        "source_recipients",
        "source_reply_to",
        what="channels, emails, the sales agent, quality reviews",
    ),
    _alike(
        16,
        "conversations",
        "`GET /conversations/deleted` lists deleted conversations",
        "`_deleted_at` is set by the next sync; in older versions by a reconcile",
    ),
    _alike(
        16,
        None,
        "`GET /data_attributes?model=conversation` is refused",
        "`conversation_attributes` is read where it moved to, so from 2.16 on only",
    ),
    _alike(
        16,
        None,
        "`sort` of a search is specified for contacts; before, it is understood without being so",
        "none: a search is cut short only where its answers are in order",
    ),
)
"""By version, oldest first."""


def lacking(resource: str, column: str, version: ApiVersion) -> bool:
    """Tell whether a column is null in a version because the version has nothing for it."""
    is_to_come = any(
        fnmatchcase(column, pattern)
        for change in _later(resource, version)
        for pattern in change.added
    )
    return is_to_come or any(
        column in change.dropped
        for change in CHANGES
        if change.resource == resource and version >= change.since
    )


def respelled(resource: str, column: str, version: ApiVersion) -> bool:
    """Tell whether a version has other words for a column than the newest one."""
    return any(column in change.respelled for change in _later(resource, version))


def partial(resource: str, column: str, version: ApiVersion) -> bool:
    """Tell whether a version has values of a column for some records only."""
    return any(column in change.partial for change in _later(resource, version))


def _later(resource: str, version: ApiVersion) -> Iterator[Change]:
    return (one for one in CHANGES if one.resource == resource and version < one.since)

"""The workspace: teammates and what they did, teams, tags, attributes."""

from intercom_assets.catalog.endpoints import Listing
from intercom_assets.catalog.resource import (
    FullRefresh,
    Resource,
    Windowed,
    identity,
    optional,
    reference,
)
from intercom_assets.catalog.table import boolean, integer, json, nested, text, timestamp

_ATTRIBUTE = (
    *text(
        type="Kind of object: always `data_attribute`.",
        id="Unique identifier, given by Intercom; null unless the attribute is custom.",
        model="What it describes: `contact` or `company`.",
        name="Last part of the full name; two attributes can share it.",
        full_name="Path of the attribute in a record: `plan.name`. Of two with one, that in use.",
        label="Name that people see in Intercom.",
        description="Explanation that people see in Intercom.",
        data_type="Type of the values: `string`, `integer`, `float`, `boolean` or `date`.",
        admin_id="Teammate who created it; null unless the attribute is custom.",
    ),
    *json(options="Allowed values, where the attribute is a choice."),
    *boolean(
        api_writable="Whether the API can change the values.",
        messenger_writable="Whether the Messenger can change the values.",
        ui_writable="Whether teammates can change the values in Intercom.",
        custom="Whether the workspace made it; the others come with Intercom.",
        archived="Whether it is out of use; only custom attributes can be.",
    ),
    *timestamp(
        created_at="When it was created; null unless the attribute is custom.",
        updated_at="When it last changed; null unless the attribute is custom.",
    ),
)

WORKSPACE: tuple[Resource, ...] = (
    Resource(
        name="admins",
        description="One row per teammate of the workspace, the bot included.",
        endpoint=Listing("/admins", "admins", params={"display_avatar": "true"}),
        replication=FullRefresh(may_be_empty=False),
        columns=(
            *identity("admin"),
            *text(
                name="Full name.",
                email="Email address.",
                job_title="Job title.",
                away_status_reason_id="Reason that they gave for being away.",
            ),
            *boolean(
                away_mode_enabled="Whether they are set to away.",
                away_mode_reassign="Whether new conversations go back to the inbox while away.",
                has_inbox_seat="Whether they have a paid seat in the inbox.",
            ),
            *json(
                team_ids="Ids of the teams that they belong to.",
                avatar="Picture: an address, or an object that holds it, depending on the version.",
            ),
            *nested(
                "team_priority_level",
                json(
                    primary_team_ids="Ids of the teams that come first for them.",
                    secondary_team_ids="Ids of the teams that come second for them.",
                ),
            ),
            *nested(
                "role",
                text(
                    type="Kind of object: always `role`.",
                    id="Role that they were given; null without one.",
                    name="Name of the role.",
                ),
            ),
        ),
        scope="Read admins",
        docs=reference("admins/listadmins"),
    ),
    Resource(
        name="teams",
        description="One row per team that conversations can be assigned to.",
        endpoint=Listing("/teams", records="teams"),
        columns=(
            *identity("team"),
            *text(
                name="Name of the team; two teams can share it.",
                distribution_method="How conversations are dealt out, such as `round_robin`.",
            ),
            *integer(assignment_limit="Most conversations per teammate, where load is balanced."),
            *json(admin_ids="Ids of the teammates in the team."),
            *nested(
                "admin_priority_level",
                json(
                    primary_admin_ids="Ids of the teammates who are asked first.",
                    secondary_admin_ids="Ids of the teammates who are asked second.",
                ),
            ),
        ),
        scope="Read and list users and companies",
        docs=reference("teams/listteams"),
    ),
    Resource(
        name="tags",
        description="One row per tag of the workspace; who carries it stands in the `tags` of "
        "contacts, companies and conversations.",
        endpoint=Listing("/tags"),
        columns=(
            *identity("tag"),
            *text(name="Name of the tag; it can change."),
            *timestamp(applied_at="When it was applied; null in the list of all tags."),
            *nested(
                "applied_by",
                text(
                    type="Kind of object that applied it; null in the list of all tags.",
                    id="Teammate who applied it; null in the list of all tags.",
                ),
            ),
        ),
        scope="Read tags",
        docs=reference("tags/listtags"),
    ),
    Resource(
        name="company_attributes",
        description="One row per attribute that companies can have, archived ones included.",
        endpoint=Listing(
            "/data_attributes", params={"model": "company", "include_archived": "true"}
        ),
        columns=_ATTRIBUTE,
        primary_key=("full_name",),
        scope="Read and list users and companies",
        docs=reference("data-attributes/lisdataattributes"),
    ),
    Resource(
        name="contact_attributes",
        description="One row per attribute that contacts can have, archived ones included.",
        endpoint=Listing(
            "/data_attributes", params={"model": "contact", "include_archived": "true"}
        ),
        columns=_ATTRIBUTE,
        primary_key=("full_name",),
        scope="Read and list users and companies",
        docs=reference("data-attributes/lisdataattributes"),
    ),
    *optional(
        Resource(
            name="activity_logs",
            description="One row per action of a teammate, such as a login, an export or a change "
            "of a setting; with their email address and IP address.",
            # Documented without a page size, so that the next page is the one that Intercom names.
            endpoint=Listing("/admins/activity_logs", records="activity_logs"),
            replication=Windowed(
                "created_at", after="created_at_after", before="created_at_before"
            ),
            columns=(
                *text(
                    id="Unique identifier, given by Intercom.",
                    activity_type="What was done, such as `admin_login_success`; more are added.",
                    activity_description="The same as a sentence; names people and what changed.",
                ),
                *timestamp(created_at="When it was done."),
                *nested(
                    "performed_by",
                    text(
                        type="Kind of object: always `admin`.",
                        id="Teammate who did it.",
                        email="Email address of the teammate.",
                        ip="IP address that the teammate had.",
                    ),
                ),
                *json(metadata="Details, such as values before and after; depends on the type."),
            ),
            scope="Read admin activity logs",
            docs=reference("admins/listactivitylogs"),
        ),
    ),
)

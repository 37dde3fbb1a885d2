"""The workspace: teammates, teams, tags and the attributes of contacts and companies."""

from intercom_assets.catalog.resource import (
    FullRefresh,
    Listing,
    Resource,
    identity,
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
)

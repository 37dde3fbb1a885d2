"""The workspace: teammates and what they did, teams, tags, attributes, and how it is set up.

Intercom names no permission for brands, senders, reasons for being away and data connectors; the
likely one is given.
"""

from intercom_assets.catalog.endpoints import Listing, StartingAfter
from intercom_assets.catalog.replication import FullRefresh, Windowed
from intercom_assets.catalog.resource import ApiVersion, Resource, identity, optional, reference
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

SETUP: tuple[Resource, ...] = optional(
    Resource(
        name="brands",
        description="One row per brand.",
        endpoint=Listing("/brands"),
        columns=(
            *identity(
                "brand", "Unique identifier; the default brand's is the workspace's.", dated=True
            ),
            *text(name="Name.", help_center_id="Help center of the brand."),
            *text(default_address_settings_id="Sender of its emails."),
            *boolean(is_default="Whether it is the workspace's default."),
        ),
        scope="Read admins",
        docs=reference("brands/listbrands"),
        since=ApiVersion(2, 15),
    ),
    Resource(
        name="email_senders",
        description="One row per email address that the workspace sends from.",
        endpoint=Listing("/emails"),
        columns=(
            *identity("email_setting", dated=True),
            *text(email="Address.", domain="Its domain.", brand_id="Brand that it belongs to."),
            *boolean(verified="Whether the address is verified."),
            *boolean(forwarding_enabled="Whether mail to it is forwarded to Intercom."),
            *timestamp(forwarded_email_last_received_at="When a mail was last forwarded."),
        ),
        scope="Read admins",
        docs=reference("emails/listemails"),
        since=ApiVersion(2, 15),
    ),
    Resource(
        name="away_status_reasons",
        description="One row per reason that teammates can give for being away.",
        endpoint=Listing("/away_status_reasons"),
        columns=(
            *identity("away_status_reason", dated=True),
            *text(label="Name.", emoji="Emoji."),
            *integer(order="Place in the list."),
            *boolean(deleted="Whether it was deleted in Intercom, which still lists it."),
        ),
        scope="Read admins",
        docs=reference("away-status-reasons/listawaystatusreasons"),
        since=ApiVersion(2, 14),
    ),
    Resource(
        name="data_connectors",
        description="One row per data connector; how it is called is not read.",
        endpoint=Listing(
            "/data_connectors", secret=("url", "headers", "body", "data_inputs", "token_ids")
        ),
        pagination=StartingAfter(per_page=50),
        columns=(
            *identity("data_connector", dated=True),
            *text(name="Name.", description="What it is for.", state="`draft` or `live`."),
            *text(http_method="Method of its requests.", execution_results_url="Path of its log."),
            *text(created_by_admin_id="Teammate who created it."),
            *text(updated_by_admin_id="Teammate who last changed it."),
            *boolean(direct_fin_usage="Whether Fin may use it on its own."),
        ),
        scope="Read admins",
        docs=reference("data-connectors/listdataconnectors"),
        since=ApiVersion(2, 16),
    ),
)

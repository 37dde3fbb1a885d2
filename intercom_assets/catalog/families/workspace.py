"""The workspace: teammates, teams, tags and attributes; how it is set up, and how it is run.

Intercom names no permission for brands, senders, reasons for being away and data connectors; the
likely one is given.
"""

from intercom_assets.catalog.endpoints import Child, Listing, Numbered, StartingAfter
from intercom_assets.catalog.replication import (
    AddedByParent,
    ByParent,
    FullRefresh,
    SemiIncremental,
    Windowed,
)
from intercom_assets.catalog.resource import (
    ApiVersion,
    Level,
    Resource,
    identity,
    optional,
    reference,
    stamps,
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

_ALWAYS: tuple[Resource, ...] = (
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

_SETUP: tuple[Resource, ...] = optional(
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

# Intercom has one permission for office hours, which also lets an app change them.
_OFFICE_HOURS = "Read and write office hours"

_OPERATIONS: tuple[Resource, ...] = optional(
    Resource(
        name="office_hours_schedules",
        description="One row per schedule of office hours.",
        endpoint=Listing("/office_hours_schedules"),
        columns=(
            *identity("office_hours_schedule", dated=True),
            *text(name="Name.", time_zone_name="Time zone, such as `Europe/Berlin`."),
            *json(time_intervals="When it is open: minutes since Monday 00:00."),
            *boolean(twenty_four_seven="Whether it never closes."),
        ),
        scope=_OFFICE_HOURS,
        docs=reference("office-hours/listofficehoursschedules"),
        since=ApiVersion(2, 16),
    ),
    Resource(
        name="office_hours_exceptions",
        description="One row per date on which other hours hold than in the schedule.",
        endpoint=Child("/office_hours_schedules/{id}/office_hours_exceptions", records=("data",)),
        replication=ByParent(
            parent="office_hours_schedules",
            key="office_hours_schedule_id",
            changes_without_parent=True,
        ),
        primary_key=("office_hours_schedule_id", "id"),
        columns=(
            *identity("office_hours_exception", dated=True),
            *text(office_hours_schedule_id="Schedule that it belongs to.", name="Name, if any."),
            *text(exception_date="Date, as `2026-12-25`."),
            *text(exception_type="`closed` or `custom_hours`."),
            *json(time_intervals="When it is open: minutes since midnight; null if closed."),
            *boolean(recurring_annually="Whether it holds every year."),
        ),
        scope=_OFFICE_HOURS,
        docs=reference("office-hours/listofficehoursexceptions"),
        since=ApiVersion(2, 16),
    ),
    Resource(
        name="data_connector_executions",
        description="One row per request that a data connector made; its contents are not read.",
        endpoint=Child("/data_connectors/{id}/execution_results", records=("data",)),
        pagination=StartingAfter(per_page=30),
        replication=AddedByParent(
            "data_connectors", "data_connector_id", cursor="created_at", after="start_ts"
        ),
        primary_key=("data_connector_id", "id"),
        reduced={"request_body": (), "response_body": (), "raw_response_body": ()},
        columns=(
            *identity("data_connector.execution"),
            *text(data_connector_id="Data connector that made it."),
            *boolean(success="Whether it succeeded."),
            *integer(http_status="Status of the answer.", execution_time_ms="Milliseconds."),
            *text(http_method="Its method.", request_url="Its address, without parameters."),
            *text(error_type="Kind of error.", error_message="What went wrong, in words."),
            *text(source_type="What caused it, such as `workflow` or `fin`.", source_id="Which."),
            *text(conversation_id="Conversation in which it was made, if any."),
            *timestamp(created_at="When it was made."),
        ),
        scope="Read admins",  # Intercom names none; the likely one
        docs=reference("data-connectors/listdataconnectorexecutionresults"),
        since=ApiVersion(2, 16),
    ),
    Resource(
        name="team_metrics",
        description="One row per team, teammate and sync: how busy they were at that time.",
        endpoint=Child("/teams/{id}/metrics", records=("data",)),
        replication=AddedByParent("teams", "team_id", cursor="measured_at"),
        primary_key=("team_id", "admin_id", "measured_at"),
        columns=(
            *text(team_id="Team; added by the sync.", admin_id="Teammate."),
            *timestamp(measured_at="When the sync began; added by it."),
            *text(type="Kind of object: always `team_metric`."),
            *integer(open="Open conversations of the teammate.", snoozed="Snoozed ones."),
            *integer(idle="Open ones that waited over 30 minutes for an answer."),
        ),
        scope="Read and list users and companies",
        docs=reference("teams/getteammetrics"),
        since=ApiVersion(2, 16),
    ),
    Resource(
        name="custom_objects",
        description="One row per custom object of the types that custom_object_types names.",
        endpoint=Listing("/custom_object_instances/{id}", each="type"),
        pagination=Numbered(per_page=150),
        replication=SemiIncremental(),
        primary_key=("type", "id"),
        columns=(
            *text(type="Type of the object, as the setting names it."),
            *text(id="Unique identifier, given by Intercom."),
            *text(external_id="Identifier in the system that it comes from."),
            *timestamp(external_created_at="When it was created in that system."),
            *timestamp(external_updated_at="When it last changed in that system."),
            *stamps(),
            *json(custom_attributes="Values of the attributes that its type has."),
        ),
        scope="Read and write custom object instances",
        docs=reference("custom-object-instances/listcustomobjectinstances"),
        since=ApiVersion(2, 16),
    ),
    level=Level.COSTLY,
)

WORKSPACE = (*_ALWAYS, *_SETUP, *_OPERATIONS)

"""How support is run: hours, how busy teams are, what data connectors did, custom objects."""

from intercom_assets.catalog.endpoints import Child, Listing, Numbered, StartingAfter
from intercom_assets.catalog.replication import AddedByParent, ByParent, SemiIncremental
from intercom_assets.catalog.resource import (
    ApiVersion,
    Level,
    Resource,
    identity,
    optional,
    reference,
    stamps,
)
from intercom_assets.catalog.table import boolean, integer, json, text, timestamp

# Intercom has one permission for office hours, which also lets an app change them.
_OFFICE_HOURS = "Read and write office hours"

OPERATIONS: tuple[Resource, ...] = optional(
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

"""How support is run: when it is open."""

from intercom_assets.catalog.endpoints import Child, Listing
from intercom_assets.catalog.resource import (
    ApiVersion,
    ByParent,
    Level,
    Resource,
    identity,
    optional,
    reference,
)
from intercom_assets.catalog.table import boolean, json, text

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
    level=Level.COSTLY,
)

"""What contacts did: their events one by one, and how often each happened."""

from collections.abc import Mapping

from intercom_assets.catalog.endpoints import Child, Linked
from intercom_assets.catalog.replication import ByParent
from intercom_assets.catalog.resource import Level, Resource, optional, reference
from intercom_assets.catalog.table import integer, json, text, timestamp

_OF_CONTACT: Mapping[str, str] = {"type": "user", "intercom_user_id": "{id}"}
"""The id of a lead goes here, too; `type` has no other value."""

EVENTS: tuple[Resource, ...] = optional(
    Resource(
        name="events",
        description="One row per event of a contact, from 90 days before it was first read on.",
        endpoint=Child("/events", records=("events",), params=_OF_CONTACT),
        pagination=Linked(per_page=50),
        replication=ByParent(
            parent="contacts", key="contact_id", changes_without_parent=True, append_only=True
        ),
        primary_key=("contact_id", "event_key"),
        # Documents call `id` the contact's, and say that name and time identify an event.
        made_key=("id", "event_name", "created_at"),
        columns=(
            *text(contact_id="Contact whose event it is (contacts.id); added by the sync."),
            *text(event_key="Hash of id, event_name and created_at; added by the sync."),
            *text(type="Kind of object: always `event`.", id="Identifier, as Intercom gives it."),
            *text(event_name="What happened, such as `invited-friend`."),
            *timestamp(created_at="When it happened."),
            *text(user_id="Identifier of the contact in your own systems."),
            *text(intercom_user_id="Contact, as the event names it.", email="Email address."),
            *json(metadata="What the event carries, by name."),
        ),
        scope="Read events",
        docs=reference("data-events/lisdataevents"),
    ),
    Resource(
        name="event_summaries",
        description="One row per contact and name of an event, with how often it happened.",
        endpoint=Child("/events", records=("events",), params={**_OF_CONTACT, "summary": "true"}),
        replication=ByParent(parent="contacts", key="contact_id", changes_without_parent=True),
        primary_key=("contact_id", "name"),
        columns=(
            *text(contact_id="Contact whose events are counted; added by the sync."),
            *text(name="Name of the event.", description="What it means."),
            *text(first="When it first happened, as ISO 8601.", last="When it last happened."),
            *integer(count="How often it happened, events older than 90 days included."),
        ),
        scope="Read events",
        docs=reference("data-events/lisdataevents"),
    ),
    level=Level.COSTLY,
)

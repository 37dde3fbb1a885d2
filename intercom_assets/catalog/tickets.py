"""Ticket types and states."""

from intercom_assets.catalog.resource import (
    ApiVersion,
    Listing,
    Resource,
    identity,
    optional,
    reference,
)
from intercom_assets.catalog.table import boolean, json, text

TICKETS: tuple[Resource, ...] = optional(
    Resource(
        name="ticket_types",
        description="One row per type of ticket, with the attributes that its form asks for.",
        endpoint=Listing("/ticket_types"),
        columns=(
            *identity("ticket_type", dated=True),
            *text(name="Name.", icon="Emoji.", category="`Customer`, `Back-office` or `Tracker`."),
            *text(description="What it is for.", workspace_id="Workspace that it belongs to."),
            *boolean(archived="No longer offered.", is_internal="Hidden from customers."),
            *json(ticket_type_attributes="Questions of its form.", ticket_states="Its states."),
        ),
        scope="Read tickets",
        docs=reference("ticket-types/listtickettypes"),
        since=ApiVersion(2, 9),
    ),
    Resource(
        name="ticket_states",
        description="One row per state that a ticket can be in.",
        endpoint=Listing("/ticket_states"),
        columns=(
            *identity("ticket_state"),
            *text(category="`submitted`, `in_progress`, `waiting_on_customer` or `resolved`."),
            *text(internal_label="Name for teammates.", external_label="Name for customers."),
            *boolean(archived="No longer used."),
            *json(ticket_types="Types of ticket that can be in this state."),
        ),
        scope="Read tickets",
        docs=reference("ticket-states/listticketstates"),
        since=ApiVersion(2, 12),
    ),
)

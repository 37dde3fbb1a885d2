"""Tickets, their parts, types and states."""

from intercom_assets.catalog.endpoints import (
    Child,
    Granularity,
    Listing,
    Lookup,
    ParentSearch,
    Search,
    StartingAfter,
)
from intercom_assets.catalog.replication import ByParent, Incremental
from intercom_assets.catalog.resource import ApiVersion, Resource, identity, optional, reference
from intercom_assets.catalog.table import (
    boolean,
    integer,
    json,
    legacy,
    nested,
    null_for,
    text,
    timestamp,
)

_PER_PAGE = 50
"""A ticket comes with up to 500 parts, so pages of the usual size could be tens of megabytes."""

_STATE = nested(
    "ticket_state",
    text(type="Kind of object: always `ticket_state`.", id="State that it is in."),
    legacy(
        "ticket_state",
        None,
        text(category="`submitted`, `in_progress`, `waiting_on_customer` or `resolved`."),
    ),
    legacy(
        "ticket_state_internal_label",
        None,
        text(internal_label="Name of its state for teammates, as when it last changed."),
    ),
    legacy(
        "ticket_state_external_label",
        None,
        text(external_label="Name of its state for customers, as when it last changed."),
    ),
)

TICKETS: tuple[Resource, ...] = optional(
    Resource(
        name="tickets",
        description="One row per ticket: its type, state, assignees and answers to the form. What "
        "happened to it since are ticket_parts.",
        endpoint=Search(
            "/tickets/search", records="tickets", granularity=Granularity.SECOND, listed=False
        ),
        pagination=StartingAfter(_PER_PAGE),
        replication=Incremental(),
        lookup=Lookup("/tickets/{id}"),
        # The number of parts stays: a ticket changes with each part, so that its parts are due.
        reduced={"ticket_parts": ("total_count",), "ticket_type": ("id",)},
        columns=(
            *identity("ticket", dated=True),
            *text(
                ticket_id="Number that people see; requests take `id`.",
                category="`Customer`, `Back-office` or `Tracker`.",
            ),
            *nested("ticket_type", text(id="Type of the ticket.")),
            *_STATE,
            *text(previous_ticket_state_id="State before the last change of state."),
            *null_for(
                0,
                text(
                    admin_assignee_id="Teammate it is assigned to; null when nobody.",
                    team_assignee_id="Team it is assigned to; null when none.",
                ),
            ),
            *boolean(
                open="Whether it is open.",
                is_shared="Whether customers can see it.",
            ),
            *timestamp(snoozed_until="When it comes back; null unless it is snoozed."),
            *nested(
                "ticket_parts",
                integer(total_count="Number of its parts, those beyond the newest 500 included."),
            ),
            *json(
                ticket_attributes="Answers to the form of its type, by name of the question.",
                contacts="Contacts whom it is about, in a `contact.list`.",
                linked_objects="Linked conversations and tickets: `data` lists up to 1000.",
            ),
        ),
        scope="Read tickets",
        docs=reference("tickets/searchtickets"),
        since=ApiVersion(2, 10),
    ),
    Resource(
        name="ticket_parts",
        description="One row per part of a ticket: an answer, a note, or a change of its state, "
        "assignee or attributes.",
        endpoint=Child(
            "/tickets/{id}",
            records=("ticket_parts", "ticket_parts"),
            cap=500,
            search=ParentSearch("/tickets/search", records="tickets", per_page=_PER_PAGE),
        ),
        replication=ByParent(
            parent="tickets",
            key="ticket_id",
            order_column="created_at",
            count_column="ticket_parts_total_count",
        ),
        primary_key=("ticket_id", "id"),
        columns=(
            *text(ticket_id="Ticket that the part belongs to (tickets.id); added by the sync."),
            *identity("ticket_part", dated=True),
            *text(
                part_type="What happened, such as `comment`, `note` or `assignment`.",
                body="Text of the part; may hold HTML.",
                previous_ticket_state="Category of the ticket's state before the part.",
                ticket_state="Category of the ticket's state after the part.",
                external_id="Identifier of the part in your own systems.",
                app_package_code="App that created the part over the API; null when none did.",
            ),
            *boolean(redacted="Whether the part was redacted."),
            *nested(
                "author",
                text(
                    type="Kind of author: `admin`, `bot`, `team` or `user`.",
                    id="Author of the part.",
                    name="Name of the author.",
                    email="Email address of the author.",
                ),
            ),
            *nested(
                "assigned_to",
                text(
                    type="Kind of object that the part assigned the ticket to.",
                    id="Teammate or team that the part assigned the ticket to.",
                ),
            ),
            *json(
                attachments="Files attached to the part.",
                updated_attribute_data="Attribute that the part changed, and its new value.",
                translations="Translations of the part.",
            ),
        ),
        scope="Read tickets",
        docs=reference("tickets/searchtickets"),
        since=ApiVersion(2, 10),
    ),
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

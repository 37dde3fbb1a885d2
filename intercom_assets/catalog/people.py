"""Whom the workspace talks to: segments, companies and contacts."""

from intercom_assets.catalog.contacts import CONTACTS
from intercom_assets.catalog.resource import (
    ByParent,
    Child,
    Copied,
    Listing,
    Resource,
    Scroll,
    SemiIncremental,
    identity,
    reference,
)
from intercom_assets.catalog.version import ApiVersion
from intercom_assets.schema.table import double, integer, json, nested, text, timestamp

_SEGMENT = (
    *identity("segment"),
    *text(
        name="Name of the segment.",
        person_type="Whom it groups: `contact` for leads, or `user`.",
    ),
    *integer(count="How many it holds, where the list was asked to count them."),
    *timestamp(
        created_at="When the segment was defined.",
        updated_at="When its definition last changed; members come and go without changing it.",
    ),
)

COMPANY = (
    *text(
        type="Kind of object: always `company`.",
        id="Unique identifier of the company, given by Intercom.",
        company_id="Identifier of the company in your own systems.",
        app_id="Workspace that the company belongs to.",
        name="Name of the company.",
        website="Address of the company's website.",
        industry="Industry that the company works in.",
    ),
    *nested(
        "plan",
        text(
            type="Kind of object: always `plan`.",
            id="Plan that the company is on; null without one.",
            name="Name of the plan that the company is on.",
        ),
    ),
    *timestamp(
        remote_created_at="When the company was created in your own systems.",
        created_at="When the company was added to Intercom.",
        updated_at="When the company last changed.",
        last_request_at="When anyone of the company was last seen.",
    ),
    *integer(
        size="Number of employees.",
        session_count="Number of sessions recorded for the company.",
        user_count="Number of users in the company.",
    ),
    *double(monthly_spend="Revenue that the company brings you in a month."),
    *json(
        custom_attributes="Custom attributes of the company, by name.",
        tags="Tags of the company, in a `tag.list`.",
        segments="Segments in a `segment.list`; often empty where company_segments has rows.",
        notes="Notes about the company, in a `note.list`.",
    ),
)
"""Columns of a company; a conversation carries a copy of its company."""

PEOPLE: tuple[Resource, ...] = (
    Resource(
        name="segments",
        description="One row per segment: a rule that groups contacts or companies.",
        endpoint=Listing("/segments", records="segments", params={"include_count": "true"}),
        replication=SemiIncremental(),
        columns=_SEGMENT,
        scope="Read and list users and companies",
        docs=reference("segments/listsegments"),
    ),
    Resource(
        name="companies",
        description="One row per company, with its plan, size and custom attributes.",
        endpoint=Listing("/companies/scroll"),
        pagination=Scroll(),
        replication=SemiIncremental(),
        columns=COMPANY,
        scope="Read and list users and companies",
        docs=reference("companies/scrolloverallcompanies"),
    ),
    Resource(
        name="company_segments",
        description="One row per company and segment that the company is in.",
        endpoint=Child("/companies/{id}/segments", records=("data",)),
        replication=ByParent(parent="companies", key="company_id", drifts=True),
        columns=(
            *text(company_id="Company that is in the segment (companies.id); added by the sync."),
            *_SEGMENT,
        ),
        primary_key=("company_id", "id"),
        copied=Copied(
            of="segments", key="id", columns=("name", "person_type", "created_at", "updated_at")
        ),
        scope="Read and list users and companies",
        docs=reference("companies/listattachedsegmentsforcompanies"),
        since=ApiVersion(2, 2),
    ),
    CONTACTS,
)

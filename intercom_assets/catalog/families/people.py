"""Companies, contacts (users and leads), their segments, notes and tags, and what contacts did."""

from collections.abc import Mapping
from dataclasses import replace

from intercom_assets.catalog.endpoints import (
    Child,
    Granularity,
    Linked,
    Listing,
    Lookup,
    Numbered,
    Scroll,
    Search,
    SinglePage,
    StartingAfter,
)
from intercom_assets.catalog.replication import ByParent, Incremental, SemiIncremental
from intercom_assets.catalog.resource import (
    ApiVersion,
    Copied,
    Level,
    NestedList,
    OnRequest,
    Resource,
    identity,
    optional,
    reference,
)
from intercom_assets.catalog.table import boolean, double, integer, json, nested, text, timestamp

_SCOPE = "Read and list users and companies"

_BY_COMPANY = ByParent(parent="companies", key="company_id", changes_without_parent=True)
_BY_CONTACT = ByParent(parent="contacts", key="contact_id", changes_without_parent=True)

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

_PERSON = (
    *identity("contact"),
    *text(
        external_id="Identifier of the contact in your own systems.",
        workspace_id="Workspace that the contact belongs to.",
        role="`user` or `lead`.",
        name="Full name.",
        email="Email address.",
        email_domain="Part of the email address after the `@`.",
        phone="Telephone number as it was entered.",
        formatted_phone="Telephone number in the international form E.164.",
        owner_id="Teammate who owns the account.",
        language_override="Language chosen for the Messenger, whatever the browser says.",
    ),
    *nested(
        "avatar",
        text(type="Kind of object: always `avatar`.", image_url="Address of the picture."),
    ),
    *nested(
        "location",
        text(
            type="Kind of object: always `location`.",
            country="Country that the contact is in.",
            country_code="Code of the country.",
            continent_code="Code of the continent.",
            region="Region that the contact is in.",
            city="City that the contact is in.",
        ),
    ),
)

_ACTIVITY = (
    *timestamp(
        created_at="When the contact was created.",
        updated_at="When the contact last changed.",
        signed_up_at="When the contact signed up, as you reported it; can lie in the future.",
        last_seen_at="When the contact was last seen, by the Messenger or as you reported it.",
        last_replied_at="When the contact last wrote to the workspace.",
        last_contacted_at="When the workspace last wrote to the contact.",
        last_email_opened_at="When the contact last opened an email.",
        last_email_clicked_at="When the contact last followed a link in an email.",
    ),
    *text(
        referrer="Page from which the contact came to your site.",
        utm_campaign="Campaign that brought the contact (UTM).",
        utm_content="Content that brought the contact (UTM).",
        utm_medium="Medium that brought the contact (UTM).",
        utm_source="Source that brought the contact (UTM).",
        utm_term="Search term that brought the contact (UTM).",
    ),
)

_CONSENT = (
    *boolean(
        has_hard_bounced="Whether an email to the contact was refused for good.",
        marked_email_as_spam="Whether the contact marked an email as spam.",
        unsubscribed_from_emails="Whether the contact wants no emails.",
        unsubscribed_from_sms="Whether the contact wants no text messages.",
        sms_consent="Whether the contact agreed to text messages.",
        enabled_push_messaging="Whether the contact allows push messages.",
    ),
    *json(
        opted_in_subscription_types="Subscriptions chosen: up to 10, with `has_more` beyond.",
        opted_out_subscription_types="Subscriptions refused: up to 10, with `has_more` beyond.",
    ),
)

_DEVICES = (
    *text(
        browser="Name of the browser.",
        browser_version="Version of the browser.",
        browser_language="Language that the browser asks for.",
        os="Operating system.",
        android_app_name="Name of your Android app.",
        android_app_version="Version of your Android app.",
        android_device="Android device.",
        android_os_version="Version of Android.",
        android_sdk_version="Version of Intercom's SDK for Android.",
        ios_app_name="Name of your iOS app.",
        ios_app_version="Version of your iOS app.",
        ios_device="iOS device.",
        ios_os_version="Version of iOS.",
        ios_sdk_version="Version of Intercom's SDK for iOS.",
    ),
    *timestamp(
        android_last_seen_at="When the contact last used the Android app.",
        ios_last_seen_at="When the contact last used the iOS app.",
    ),
)

_RELATED = json(
    custom_attributes="Custom attributes of the contact, by name.",
    tags="Tags of the contact, complete: `data` lists them.",
    notes="Notes about the contact, complete: `data` lists them.",
    companies="Companies of the contact, complete: `data` lists them.",
    social_profiles="Profiles in social networks: `data` lists them.",
    merge_history="Contacts that were merged into this user; sent only on request.",
)

CONTACTS = Resource(
    name="contacts",
    description="One row per contact, a user or a lead: who they are, where they were seen, what "
    "they agreed to.",
    endpoint=Search("/contacts/search", records="data", granularity=Granularity.DAY),
    pagination=StartingAfter(per_page=150),
    replication=Incremental(),
    lookup=Lookup("/contacts/{id}"),
    on_request=(
        OnRequest(
            name="merge_history",
            column="merge_history",
            param="include_merge_history",
            since=ApiVersion(2, 16),
        ),
    ),
    columns=(*_PERSON, *_ACTIVITY, *_CONSENT, *_DEVICES, *_RELATED),
    nested=(
        NestedList("tags", "/contacts/{id}/tags", ("data",), SinglePage(), "Read tags"),
        NestedList(
            "companies", "/contacts/{id}/companies", ("data", "companies"), Numbered(50), _SCOPE
        ),
        NestedList("notes", "/contacts/{id}/notes", ("data",), Numbered(50), _SCOPE),
    ),
    scope=_SCOPE,
    docs=reference("contacts/searchcontacts"),
)

_NOTE = (
    *identity("note"),
    *text(body="Text, as HTML."),
    *timestamp(created_at="When it was written."),
    *nested(
        "author",
        text(
            type="Kind of author: always `admin`.",
            id="Teammate who wrote it; null where none did.",
            name="Name of the teammate.",
            email="Email address of the teammate.",
        ),
    ),
)

_NOTE_REDUCED = {"author": ("type", "id", "name", "email"), "contact": (), "company": ()}
"""Whom a note is about is in its key; teammates change more often than notes."""

_SEGMENT_COPIED = Copied(
    of="segments", key="id", columns=("name", "person_type", "created_at", "updated_at")
)

_ALWAYS: tuple[Resource, ...] = (
    Resource(
        name="segments",
        description="One row per segment: a rule that groups contacts or companies.",
        endpoint=Listing("/segments", records="segments", params={"include_count": "true"}),
        replication=SemiIncremental(),
        columns=_SEGMENT,
        scope=_SCOPE,
        docs=reference("segments/listsegments"),
    ),
    Resource(
        name="companies",
        description="One row per company, with its plan, size and custom attributes.",
        endpoint=Listing("/companies/scroll"),
        pagination=Scroll(),
        replication=SemiIncremental(),
        columns=COMPANY,
        scope=_SCOPE,
        docs=reference("companies/scrolloverallcompanies"),
    ),
    Resource(
        name="company_segments",
        description="One row per company and segment that the company is in.",
        endpoint=Child("/companies/{id}/segments", records=("data",)),
        replication=_BY_COMPANY,
        columns=(
            *text(company_id="Company that is in the segment (companies.id); added by the sync."),
            *_SEGMENT,
        ),
        primary_key=("company_id", "id"),
        copied=_SEGMENT_COPIED,
        scope=_SCOPE,
        docs=reference("companies/listattachedsegmentsforcompanies"),
        since=ApiVersion(2, 2),
    ),
    CONTACTS,
)

_ASKED: Mapping[str, str] = {"type": "user", "intercom_user_id": "{id}"}
"""The id of a lead goes here, too; `type` has no other value."""

_ABOUT: tuple[Resource, ...] = optional(
    Resource(
        name="contact_notes",
        description="One row per note that teammates wrote about a contact.",
        endpoint=Child("/contacts/{id}/notes", records=("data",)),
        pagination=Numbered(per_page=50),
        replication=replace(_BY_CONTACT, counted_in=("notes", "total_count")),
        primary_key=("contact_id", "id"),
        reduced=_NOTE_REDUCED,
        columns=(
            *text(contact_id="Contact that it is about (contacts.id); added by the sync."),
            *_NOTE,
        ),
        scope=_SCOPE,
        docs=reference("notes/listnotes"),
    ),
    Resource(
        name="company_notes",
        description="One row per note that teammates wrote about a company.",
        endpoint=Child("/companies/{id}/notes", records=("data",)),
        pagination=Numbered(per_page=50),
        replication=_BY_COMPANY,
        primary_key=("company_id", "id"),
        reduced=_NOTE_REDUCED,
        columns=(
            *text(company_id="Company that it is about (companies.id); added by the sync."),
            *_NOTE,
        ),
        scope=_SCOPE,
        docs=reference("notes/listcompanynotes"),
        since=ApiVersion(2, 15),
    ),
    Resource(
        name="contact_segments",
        description="One row per contact and segment that the contact is in.",
        endpoint=Child("/contacts/{id}/segments", records=("data",)),
        replication=_BY_CONTACT,
        primary_key=("contact_id", "id"),
        copied=_SEGMENT_COPIED,
        columns=(
            *text(contact_id="Contact that is in the segment (contacts.id); added by the sync."),
            *_SEGMENT,
        ),
        scope=_SCOPE,
        docs=reference("contacts/listsegmentsforacontact"),
    ),
    Resource(
        name="contact_subscriptions",
        description="One row per contact and kind of message that the contact chose or refused.",
        endpoint=Child("/contacts/{id}/subscriptions", records=("data",)),
        replication=_BY_CONTACT,
        primary_key=("contact_id", "id"),
        reduced={"default_translation": (), "translations": (), "content_types": (), "state": ()},
        columns=(
            *text(contact_id="Contact who decided (contacts.id); added by the sync."),
            *identity("subscription", "Kind of message (subscription_types.id)."),
            *text(consent_type="`opt_out` if the contact refused it, else `opt_in`."),
        ),
        scope=_SCOPE,
        docs=reference("contacts/listsubscriptionsforacontact"),
    ),
    Resource(
        name="contact_taggings",
        description="One row per contact and tag that the contact has: since when, and from whom.",
        endpoint=Child("/contacts/{id}/tags", records=("data",)),
        replication=replace(_BY_CONTACT, counted_in=("tags", "total_count")),
        primary_key=("contact_id", "id"),
        reduced={"name": ()},
        columns=(
            *text(contact_id="Contact that has the tag (contacts.id); added by the sync."),
            *identity("tag", "Tag that the contact has (tags.id)."),
            *timestamp(applied_at="When the contact got it."),
            *nested("applied_by", text(type="Kind of who gave it.", id="Teammate who gave it.")),
        ),
        scope="Read tags",
        docs=reference("contacts/listtagsforacontact"),
    ),
    Resource(
        name="events",
        description="One row per event of a contact, from 90 days before it was first read on.",
        endpoint=Child("/events", records=("events",), params=_ASKED),
        pagination=Linked(per_page=50),
        replication=replace(_BY_CONTACT, append_only=True),
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
        endpoint=Child("/events", records=("events",), params={**_ASKED, "summary": "true"}),
        replication=_BY_CONTACT,
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

PEOPLE = (*_ALWAYS, *_ABOUT)

"""Models: views of the synced tables that everybody would otherwise write by hand.

Declarations only; the warehouse writes the SQL.
"""

from collections.abc import Collection, Iterable

from intercom_assets.catalog import CATALOG, Catalog
from intercom_assets.catalog.lists import LISTS
from intercom_assets.catalog.resource import Level, Resource, stamps
from intercom_assets.catalog.shapes import (
    Bridge,
    Entries,
    Fivetran,
    Flat,
    Model,
    Shape,
    Versions,
    renamed,
)
from intercom_assets.catalog.table import boolean, integer, nested, text, timestamp
from intercom_assets.catalog.types import ColumnType

_FLAT = (
    "Its own columns, and a typed column `custom_…` per custom attribute, where a value that does "
    "not fit the type of the attribute is null."
)


MODELS: tuple[Model, ...] = (
    Model(
        "companies_flat",
        f"One row per company that is not deleted. {_FLAT}",
        Flat("companies", "company_attributes"),
    ),
    Model(
        "contacts_flat",
        f"One row per contact that is not deleted. {_FLAT}",
        Flat("contacts", "contact_attributes"),
    ),
    Model(
        "conversations_flat",
        f"One row per conversation that is not deleted. {_FLAT}",
        Flat("conversations", "conversation_attributes"),
    ),
    Model(
        "tickets_flat",
        f"One row per ticket that is not deleted, with the answers to its form. {_FLAT}",
        Flat("tickets", "ticket_types", "ticket_attributes", within="ticket_type_attributes"),
    ),
    Model(
        "contact_companies",
        "One row per contact and company that the contact belongs to.",
        Bridge(
            resource="contacts",
            column="companies",
            path=("data",),
            key="contact_id",
            member="company_id",
            of="companies",
        ),
    ),
    Model(
        "contact_tags",
        "One row per contact and tag that the contact has.",
        Bridge(
            resource="contacts",
            column="tags",
            path=("data",),
            key="contact_id",
            member="tag_id",
            of="tags",
        ),
    ),
    Model(
        "company_tags",
        "One row per company and tag that the company has.",
        Bridge(
            resource="companies",
            column="tags",
            path=("tags",),
            key="company_id",
            member="tag_id",
            of="tags",
        ),
    ),
    Model(
        "conversation_tags",
        "One row per conversation and tag that the conversation has.",
        Bridge(
            resource="conversations",
            column="tags",
            path=("tags",),
            key="conversation_id",
            member="tag_id",
            of="tags",
        ),
    ),
    Model(
        "conversation_contacts",
        "One row per conversation and contact who takes part in it.",
        Bridge(
            resource="conversations",
            column="contacts",
            path=("contacts",),
            key="conversation_id",
            member="contact_id",
            of="contacts",
        ),
    ),
    Model(
        "ticket_contacts",
        "One row per ticket and contact whom it is about.",
        Bridge(
            resource="tickets",
            column="contacts",
            path=("contacts",),
            key="ticket_id",
            member="contact_id",
            of="contacts",
        ),
    ),
    Model(
        "ticket_links",
        "One row per ticket and conversation or ticket that is linked to it.",
        Entries(
            resource="tickets",
            column="linked_objects",
            paths=(("data",),),
            key=("ticket_id",),
            entry=("object_type", "object_id"),
            columns=nested(
                "object",
                text(
                    type="Kind of what is linked: `conversation` or `ticket`.",
                    id="Conversation or ticket that is linked.",
                    category="Category of a linked ticket; null for a conversation.",
                ),
            ),
        ),
    ),
    Model(
        "ticket_type_attributes",
        "One row per attribute of a type of ticket: a question of its form.",
        Entries(
            resource="ticket_types",
            column="ticket_type_attributes",
            paths=(("data",), ("ticket_type_attributes",)),
            key=("ticket_type_id",),
            entry=("id",),
            columns=(
                *text(
                    id="Unique identifier, given by Intercom.",
                    name="Name, which is its key in tickets.ticket_attributes.",
                    description="What it asks for.",
                    data_type="`string`, `list`, `integer`, `decimal`, `boolean`, `datetime` or "
                    "`files`.",
                    input_options="How it is answered, as JSON.",
                ),
                *renamed("order", integer(position="Its place in the form.")),
                *boolean(
                    required_to_create="Whether teammates have to answer it.",
                    required_to_create_for_contacts="Whether customers have to answer it.",
                    visible_on_create="Whether teammates are asked it.",
                    visible_to_contacts="Whether customers see it.",
                    archived="No longer asked.",
                ),
                *renamed("default", boolean(is_built_in="Whether every type has it.")),
                *stamps(),
            ),
        ),
    ),
    Model(
        "team_admins",
        "One row per team and teammate in it.",
        Bridge(
            resource="teams",
            column="admin_ids",
            path=(),
            field=None,
            key="team_id",
            member="admin_id",
            of="admins",
        ),
    ),
    Model(
        "newsfeed_items",
        "One row per news item and newsfeed that shows it.",
        Entries(
            resource="news_items",
            column="newsfeed_assignments",
            paths=((),),
            key=("news_item_id",),
            entry=("newsfeed_id",),
            columns=(
                *text(newsfeed_id="Newsfeed that shows it."),
                *timestamp(published_at="From when on it is shown there."),
            ),
        ),
    ),
    Model(
        "subscription_type_content_types",
        "One row per type of subscription and kind of message that it covers.",
        Bridge(
            resource="subscription_types",
            column="content_types",
            path=(),
            field=None,
            key="subscription_type_id",
            member="content_type",
        ),
    ),
    *LISTS,
)
"""All available models."""

NAMES = tuple(model.name for model in MODELS)

VERSIONS: tuple[Model, ...] = tuple(
    Model(
        f"{resource.name}_versions",
        f"One row per version of a row of {resource.name}, valid from `_valid_from` until before "
        "`_valid_to`, which is null for the current one.",
        Versions(resource.name),
    )
    for resource in CATALOG
)
"""The views of former and current versions, made where the settings keep a history."""


def model_named(name: str) -> Model | None:
    """Return the model with a name, if there is one."""
    return next((model for model in (*MODELS, *VERSIONS) if model.name == name), None)


def models_of(
    resources: Iterable[Resource], level: Level = Level.CORE, include: Collection[str] = ()
) -> tuple[Model, ...]:
    """Return the models up to a level whose tables are synced, and lists in them included."""
    names, included = {resource.name for resource in resources}, {"", *include}
    return tuple(
        model
        for model in MODELS
        if model.level <= level and names.issuperset(model.sources) and model.on_request in included
    )


def check(models: tuple[Model, ...], catalog: Catalog) -> None:
    """Reject models that do not match the catalogue.

    Raises:
        ValueError: A name is taken, or a table or column is missing; names the model.
    """
    taken = set(catalog.names)
    for model in models:
        if model.name in taken:
            raise ValueError(f"model {model.name!r} has the name of another asset")
        taken.add(model.name)
        try:
            _check_shape(model.shape, catalog)
        except KeyError as error:
            raise ValueError(f"model {model.name!r}: there is no {error}") from None


def _check_shape(shape: Shape, catalog: Catalog) -> None:
    if isinstance(shape, Versions | Fivetran):
        return
    column = catalog[shape.resource].table.column(shape.column)
    if column.type is not ColumnType.JSON:
        raise KeyError(f"JSON in {column.name}")
    match shape:
        case Flat(attributes=attributes, within=within):
            table = catalog[attributes].table
            for name in (within,) if within else ("name", "data_type"):
                table.column(name)
        case Bridge(of=str(of)):
            catalog[of].table.column("id")
        case Bridge():
            pass
        case Entries():
            names = {column.name for column in shape.columns}
            if missing := set(shape.entry) - names:
                raise KeyError(min(missing))
            if len(shape.key) != len(catalog[shape.resource].primary_key):
                raise KeyError(f"column for each key of {shape.resource}")


check((*MODELS, *VERSIONS), CATALOG)

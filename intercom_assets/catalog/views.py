"""Models: views of the synced tables that everybody would otherwise write by hand.

Declarations only; the warehouse writes the SQL.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TypeAlias

from intercom_assets.catalog import CATALOG, Catalog
from intercom_assets.catalog.resource import Resource, stamps
from intercom_assets.catalog.table import Column, boolean, integer, nested, text, timestamp
from intercom_assets.catalog.types import ColumnType


@dataclass(frozen=True, slots=True)
class Flat:
    """A table's rows, with a typed column per custom attribute from the table `attributes`.

    Attributes:
        within: Column of that table with lists of attributes, if they are not rows of their own.
    """

    resource: str
    attributes: str
    column: str = "custom_attributes"
    within: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """A row per pair of a table's row and a member of a list in it.

    Attributes:
        path: Keys that lead from the column's value to the list.
        field: Field with a member's id; None if the member itself is the id.
        key: Column of the view for the row's key.
        member: Column of the view for the member's id.
        of: Resource of the members; None if they are words.
    """

    resource: str
    column: str
    path: tuple[str, ...]
    field: str | None = "id"
    key: str
    member: str
    of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """A row per entry of a list in a table's row, with typed columns of the entry's fields.

    Attributes:
        paths: Keys that may lead from the column's value to the list; Intercom's documents differ.
        key: Column of the view for the row's key.
        entry: Columns that identify an entry within its row.
    """

    resource: str
    column: str
    paths: tuple[tuple[str, ...], ...]
    key: str
    entry: tuple[str, ...]
    columns: tuple[Column, ...]


class How(Enum):
    """How a column of Fivetran's is read from columns of ours."""

    OWN = auto()
    """The first of them that is not null; of a list, its first entry."""
    LOOKUP = auto()
    """A column of the table that is looked up."""
    MEMBER = auto()
    """The member of a pair."""
    KIND = auto()
    """The first word of the name of the first of them that is not null."""
    ACTIVE = auto()
    """Whether the row is not marked as gone."""
    DELETED = auto()
    """Whether it is."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """A column of Fivetran's; null where ours are hidden or none are named."""

    column: Column
    how: How
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JoinedTable:
    """A table to read the row from whose `key` is the `value` of ours."""

    resource: str
    key: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fivetran:
    """A table of Fivetran's: columns that differ, then those of our table except for JSON.

    Attributes:
        schema: Schema of the view, whose name is the model's own.
        attributes: Resource that declares the custom attributes, which become columns.
        bridge: The pairs that are the rows, without further columns of our table.
        deleted: Whether rows that are marked as gone are shown.
    """

    resource: str
    columns: tuple[Mapped, ...]
    schema: str = ""
    attributes: str | None = None
    column: str = "custom_attributes"
    bridge: Bridge | None = None
    lookup: JoinedTable | None = None
    deleted: bool = True


Shape: TypeAlias = Flat | Bridge | Entries | Fivetran


@dataclass(frozen=True, slots=True)
class Model:
    """A view, whose asset has its name; the warehouse's view is `<prefix>rudder_<name>`."""

    name: str
    description: str
    shape: Shape

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the resources whose tables the view reads."""
        match self.shape:
            case Flat(resource, attributes):
                return (resource, attributes)
            case Bridge(resource=resource) | Entries(resource=resource):
                return (resource,)
            case Fivetran(resource=resource, attributes=attributes, lookup=lookup):
                others = (attributes, lookup.resource if lookup else None)
                return (resource, *filter(None, others))


_FLAT = (
    "Its own columns, and a typed column `custom_…` per custom attribute, where a value that does "
    "not fit the type of the attribute is null."
)


def _renamed(field: str, columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """Give another name to a field whose own name is a word of SQL."""
    return tuple(replace(column, path=(field,)) for column in columns)


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
            key="ticket_id",
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
            key="ticket_type_id",
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
                *_renamed("order", integer(position="Its place in the form.")),
                *boolean(
                    required_to_create="Whether teammates have to answer it.",
                    required_to_create_for_contacts="Whether customers have to answer it.",
                    visible_on_create="Whether teammates are asked it.",
                    visible_to_contacts="Whether customers see it.",
                    archived="No longer asked.",
                ),
                *_renamed("default", boolean(is_built_in="Whether every type has it.")),
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
            key="news_item_id",
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
)
"""All available models."""

NAMES = tuple(model.name for model in MODELS)


def models_of(resources: Iterable[Resource]) -> tuple[Model, ...]:
    """Return the models that read only tables of the given resources."""
    names = {resource.name for resource in resources}
    return tuple(model for model in MODELS if names.issuperset(model.sources))


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
        case Fivetran():
            pass


check(MODELS, CATALOG)

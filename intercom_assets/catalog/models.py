"""What is made of the synced tables: views that everybody would write by hand. Declarations only.

How a view is written in SQL is a warehouse's to say.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from intercom_assets.catalog import CATALOG, Catalog
from intercom_assets.catalog.resource import Resource
from intercom_assets.catalog.types import ColumnType


@dataclass(frozen=True, slots=True)
class Flat:
    """A table's rows, with a typed column per custom attribute.

    Attributes:
        resource: Resource whose rows they are.
        attributes: Resource that declares the custom attributes.
        column: Column of the rows that holds their values by name.
    """

    resource: str
    attributes: str
    column: str = "custom_attributes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """A row per pair that a list in a table names.

    Attributes:
        resource: Resource whose rows hold the lists.
        column: Column that holds the list.
        path: Keys that lead from the column's value to the list.
        field: Field of a member that is its id, None where the member itself is.
        key: Column of the view that names the row.
        member: Column of the view that names the member.
        of: Resource that the members are records of.
    """

    resource: str
    column: str
    path: tuple[str, ...]
    field: str | None = "id"
    key: str
    member: str
    of: str


Shape: TypeAlias = Flat | Members


@dataclass(frozen=True, slots=True)
class Model:
    """One view.

    Attributes:
        name: Name of the asset, and of the view after `<prefix>rudder_`.
        description: What one row is, for people.
        shape: How it is made.
    """

    name: str
    description: str
    shape: Shape

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the resources whose tables it reads."""
        match self.shape:
            case Flat(resource, attributes):
                return (resource, attributes)
            case Members(resource=resource):
                return (resource,)


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
        "contact_companies",
        "One row per contact and company that the contact belongs to.",
        Members(
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
        Members(
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
        Members(
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
        Members(
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
        Members(
            resource="conversations",
            column="contacts",
            path=("contacts",),
            key="conversation_id",
            member="contact_id",
            of="contacts",
        ),
    ),
    Model(
        "team_admins",
        "One row per team and teammate in it.",
        Members(
            resource="teams",
            column="admin_ids",
            path=(),
            field=None,
            key="team_id",
            member="admin_id",
            of="admins",
        ),
    ),
)
"""Every view that a source can have."""

NAMES = tuple(model.name for model in MODELS)


def models_of(resources: Iterable[Resource]) -> tuple[Model, ...]:
    """Keep the models whose tables are all among those of some resources."""
    names = {resource.name for resource in resources}
    return tuple(model for model in MODELS if names.issuperset(model.sources))


def check(models: tuple[Model, ...], catalog: Catalog) -> None:
    """Refuse models that do not fit the catalogue.

    Raises:
        ValueError: A name is taken, or a table or column is not there; names the model.
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
        case Flat(attributes=attributes):
            table = catalog[attributes].table
            for name in ("full_name", "data_type", "custom"):
                table.column(name)
        case Members(of=of):
            catalog[of].table.column("id")


check(MODELS, CATALOG)

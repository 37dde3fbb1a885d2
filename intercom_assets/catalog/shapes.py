"""What a model is: its name and its shape, a closed union that the warehouse interprets."""

from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TypeAlias

from intercom_assets.catalog.resource import Level
from intercom_assets.catalog.table import Column, text


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

    @property
    def columns(self) -> tuple[Column, ...]:
        """The two columns of the view."""
        member = f"{self.of} ({self.of}.id)" if self.of else self.column
        return text(
            **{
                self.key: f"Row of {self.resource} ({self.resource}.id).",
                self.member: f"One of its {member}.",
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """A row per entry of a list in a table's row, with typed columns of the entry's fields.

    Attributes:
        paths: Keys that may lead from the column's value to the list; Intercom's documents differ.
        key: Columns of the view for the row's key, in the order of the table's.
        entry: Columns that identify an entry within its row.
    """

    resource: str
    column: str
    paths: tuple[tuple[str, ...], ...]
    key: tuple[str, ...]
    entry: tuple[str, ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Versions:
    """Every version of a table's rows: the current ones, and those of its history."""

    resource: str


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
    """A table of Fivetran's.

    Attributes:
        schema: Schema of the view, whose name is the model's own.
        attributes: Resource that declares the custom attributes, which become columns.
        bridge: The pairs that are the rows.
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


Shape: TypeAlias = Flat | Bridge | Entries | Versions | Fivetran


@dataclass(frozen=True, slots=True)
class Model:
    """A view, whose asset has its name; the warehouse's view is `<prefix>rudder_<name>`.

    Attributes:
        level: `all` selects what is core; only its name, or `everything`, any other.
        on_request: What the setting `include` has to name, or its list would be empty.
    """

    name: str
    description: str
    shape: Shape
    level: Level = Level.CORE
    on_request: str = ""

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the resources whose tables the view reads."""
        match self.shape:
            case Flat(resource, attributes):
                return (resource, attributes)
            case Bridge(resource=resource) | Entries(resource=resource) | Versions(resource):
                return (resource,)
            case Fivetran(resource=resource, attributes=attributes, lookup=lookup):
                others = (attributes, lookup.resource if lookup else None)
                return (resource, *filter(None, others))


def renamed(field: str, columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """Give another name to a field whose own name is a word of SQL."""
    return tuple(replace(column, path=(field,)) for column in columns)

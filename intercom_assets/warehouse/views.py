"""Views over tables: what each shows, how ours are told from others', and what to do then.

What is written into SQL is each warehouse's own.
"""

import hashlib
import re
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from intercom_assets.catalog.types import ColumnType
from intercom_assets.warehouse.warehouse import Target

MAKER = "intercom_assets"
"""Word that marks a view as ours."""


@dataclass(frozen=True, slots=True)
class Pick:
    """A typed column that is picked from a map of values.

    Attributes:
        name: Name of the column.
        key: Key of its value in the map, verbatim; where the map has no such key and there are
            dots in it, the keys that lead to the value within nested objects.
        type: What the values should be; those that are not are null.
    """

    name: str
    key: str
    type: ColumnType

    @property
    def paths(self) -> tuple[tuple[str, ...], ...]:
        """Where the value is looked for, in this order."""
        steps = tuple(self.key.split("."))
        return ((self.key,), steps) if len(steps) > 1 and all(steps) else ((self.key,),)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatView:
    """Unmarked rows of a table: some of its columns, and columns picked from a map.

    Attributes:
        table: The table.
        columns: Names of its columns that are shown.
        map: Column that holds the map.
        picks: What is picked from it.
    """

    table: Target
    columns: tuple[str, ...]
    map: str
    picks: tuple[Pick, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersView:
    """Pairs of a row's key and a member of its list, of unmarked rows, each once.

    Attributes:
        table: The table.
        column: Column that holds the list.
        path: Keys that lead from the column's value to the list.
        field: Field of a member that is its id, None where the member itself is.
        key: Column of the view that holds the row's key.
        member: Column of the view that holds the member's id.
    """

    table: Target
    column: str
    path: tuple[str, ...]
    field: str | None
    key: str
    member: str


Definition: TypeAlias = FlatView | MembersView


@dataclass(frozen=True, slots=True)
class View:
    """A view in the warehouse.

    Attributes:
        target: Its name, and the columns that it has.
        about: What it shows, for people.
        definition: How it is made.
    """

    target: Target
    about: str
    definition: Definition


class Made(Enum):
    """What became of a view."""

    CREATED = "created"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    """Something that is not ours has its name."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a view, and what to do where it was refused.

    Attributes:
        made: What became of it.
        rename: Statement that puts what has its name out of the way.
    """

    made: Made
    rename: str = ""


def mark_of(view: View, select: str) -> str:
    """Mark a view as ours, with what tells one definition from another."""
    digest = hashlib.sha256(f"{view.about}\n{select}".encode()).hexdigest()[:16]
    return f"{MAKER}:{digest}"


def is_ours(told: str) -> bool:
    """Tell whether a comment or definition carries the mark of any of our views."""
    return re.search(rf"\b{MAKER}:[0-9a-f]{{16}}\b", told) is not None


INTEGER = r"^(-?([0-9]{1,18}|[1-8][0-9]{18}))([.]0+)?$"
"""Text that is a whole number of 64 bits, but for those beyond 9e18; its first group."""

DOUBLE = r"^[+-]?([0-9]{1,200}[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,2})?$"
"""Text that is a number which a double can hold."""

SECONDS = r"^(-[0-9]{1,10}|[0-9]{1,11})([.]0+)?$"
"""Text that is Unix seconds between the years 1653 and 5138: milliseconds have more digits."""

INSTANT = (
    r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})$"
)
"""Text that is a time of ISO 8601 with an offset: without one it is no instant."""

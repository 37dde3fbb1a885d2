"""Hidden fields: resolves names from the settings to paths, and adapts a resource to them.

Excluded fields are stored nowhere; hashed ones are stored as a keyed hash. Masking of records is
implemented elsewhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TypeAlias

from intercom_assets.catalog.endpoints import Export, ReportExport
from intercom_assets.catalog.replication import ByParent
from intercom_assets.catalog.resource import Copied, Resource
from intercom_assets.catalog.table import EXTRA, METADATA_COLUMNS, Column
from intercom_assets.catalog.types import ColumnType

FieldPath: TypeAlias = tuple[str, ...]
"""Keys that lead from a record to a value; in a list they apply to each entry."""

HASHED = "Keyed hash (HMAC-SHA-256) of: "
"""Prefix of the description of a hashed column."""


@dataclass(frozen=True, slots=True)
class HiddenPaths:
    """The hidden fields of one resource's records."""

    excluded: tuple[FieldPath, ...] = ()
    hashed: tuple[FieldPath, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is hidden."""
        return bool(self.excluded or self.hashed)

    @property
    def paths(self) -> tuple[FieldPath, ...]:
        """Excluded and hashed paths."""
        return (*self.excluded, *self.hashed)


def path_of(resource: Resource, name: str) -> FieldPath:
    """Resolve a name in the settings to a path.

    The name is a column (`location_city`), its path (`location.city`), a field inside a JSON column
    (`custom_attributes.phone`), an object with all of its columns (`location`), or an undeclared
    field (`_extra.nickname`).

    Raises:
        ValueError: The name cannot be hidden; says which ones can.
    """
    columns = {column.name: column for column in resource.columns}
    keys = tuple(name.split("."))
    if name in columns:
        return columns[name].path
    if isinstance(resource.endpoint, Export | ReportExport) and keys[0] == resource.endpoint.rest:
        # What it holds is named by texts of people, such as questions, which may have dots.
        return (keys[0], name.removeprefix(f"{keys[0]}."))
    if "" in keys:
        raise ValueError("a name is empty between its dots")
    # Fields that a newer release declares can still be named by their place in `_extra`.
    in_extra = keys[0] == EXTRA
    if in_extra:
        keys = keys[1:]
    elif keys[0] in columns:
        keys = (*columns[keys[0]].path, *keys[1:])
    for column in resource.columns:
        if keys and keys == column.path[: len(keys)]:
            return keys
        if column.path == keys[: len(column.path)]:
            return _within(column, keys)
    if in_extra and keys:
        return keys
    raise ValueError(_unknown(resource, name))


def hide(resource: Resource, hidden: HiddenPaths) -> Resource:
    """Return a resource without its excluded columns, and with hashed ones described as such."""
    if not hidden:
        return resource
    columns = (one for one in resource.columns if not within(one.path, hidden.excluded))
    return replace(
        resource,
        columns=tuple(
            replace(one, description=HASHED + one.description)
            if within(one.path, hidden.hashed)
            else one
            for one in columns
        ),
        copied=resource.copied and _shown(resource.copied, resource, hidden),
        # An excluded list need not be completed.
        nested=tuple(one for one in resource.nested if (one.name,) not in hidden.excluded),
    )


def _shown(copied: Copied, resource: Resource, hidden: HiddenPaths) -> Copied:
    shown = [
        name
        for name in copied.columns
        if not within(resource.table.column(name).path, hidden.excluded)
    ]
    return replace(copied, columns=tuple(shown))


def needs(resource: Resource) -> Iterator[tuple[Column, str]]:
    """Yield the columns that a sync needs in plain text, each with the reason."""
    endpoint, made = resource.endpoint, resource.made_key
    if isinstance(endpoint, Export | ReportExport):
        made = endpoint.key
    for name in (*resource.primary_key, *made):
        yield resource.table.column(name), "rows are told apart, joined and found again by it"
    for date in {resource.cursor, resource.table.version} - {None}:
        yield resource.table.column(str(date)), "it tells what changed, and which version is newer"
    if isinstance(resource.replication, ByParent) and resource.replication.unfinished:
        status = resource.table.column(resource.replication.unfinished.column)
        yield status, "it tells which rows are read again"
    if isinstance(resource.replication, ByParent) and resource.replication.order_column:
        newest = resource.table.column(resource.replication.order_column)
        yield newest, "it tells which rows a list that Intercom cut off still covers"


def within(path: FieldPath, others: tuple[FieldPath, ...]) -> bool:
    """Return whether a path equals or extends one of others."""
    return any(path[: len(other)] == other for other in others)


def _within(column: Column, keys: FieldPath) -> FieldPath:
    if column.type is not ColumnType.JSON:
        raise ValueError(f"{column.name} is {column.type.value}: there are no fields in it")
    return keys


def _unknown(resource: Resource, name: str) -> str:
    names = [column.name for column in resource.columns]
    if name == EXTRA:
        return f"{EXTRA} is hidden field by field: {EXTRA}.nickname"
    if name in {column.name for column in METADATA_COLUMNS}:
        return f"{name} is no column of Intercom's, and the sync needs it"
    near = get_close_matches(name, names, n=3)
    hint = f"is {' or '.join(near)} meant?" if near else f"there are {', '.join(names)}."
    return (
        f"{resource.name} has no such column; {hint} A field that no column declares is named "
        f"{EXTRA}.{name}"
    )

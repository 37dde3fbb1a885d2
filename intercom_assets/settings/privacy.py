"""The settings of hidden columns, and the requirements for a salt."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from intercom_assets.catalog import CATALOG, Resource
from intercom_assets.catalog.endpoints import ChildSearch
from intercom_assets.catalog.hidden import FieldPath, HiddenPaths, needs, path_of, within
from intercom_assets.catalog.replication import ByParent
from intercom_assets.catalog.table import Column
from intercom_assets.catalog.types import ColumnType
from intercom_assets.errors import ConfigurationError
from intercom_assets.settings.values import (
    LIST,
    Info,
    Reads,
    Refused,
    map_of,
    variable_of,
    with_schema,
    wrong,
)

EXCLUDE = "exclude_columns"
HASH = "hash_columns"

SHORTEST_SALT = 16
"""Characters of a salt at the least: a shorter one could be tried out."""

_FORM = (
    "resources and their columns are allowed: `contacts.email, contacts.name` as text, or in YAML "
    "{contacts: [email, name]}"
)
_HASHABLE = {ColumnType.TEXT, ColumnType.JSON}


@dataclass(frozen=True, slots=True, kw_only=True)
class Privacy:
    """The hidden fields of a source's records, by resource, and the variable of the salt."""

    hidden: Mapping[str, HiddenPaths] = field(default_factory=dict)
    salt_variable: str | None = None

    def of(self, resource: str) -> HiddenPaths:
        """Return the hidden fields of a resource."""
        return self.hidden.get(resource, HiddenPaths())

    @property
    def excluded_columns(self) -> dict[str, list[str]]:
        """Excluded columns by resource, which tables may lack."""
        return {
            name: [one.name for one in CATALOG[name].columns if within(one.path, hidden.excluded)]
            for name, hidden in self.hidden.items()
            if hidden.excluded
        }


def hash_key(privacy: Privacy) -> bytes:
    """Return the key of hashes, unless the variable of the salt is empty or too short."""
    if (variable := privacy.salt_variable) is None:
        return b""
    salt = os.environ.get(variable, "").strip()
    if len(salt) < SHORTEST_SALT:
        found = f"shorter than {SHORTEST_SALT} characters" if salt else "empty"
        raise ConfigurationError(
            f"The variable {variable} is {found}, but hash_columns needs a salt, so nothing was "
            f"read. {how_to_make_one()}"
        )
    return salt.encode()


def how_to_make_one() -> str:
    """Return how to make a salt."""
    return (
        "Make one with `openssl rand -hex 32`, once, and keep it: with another one nothing can be "
        "compared with what was hashed before"
    )


NamedPaths: TypeAlias = Mapping[str, Mapping[FieldPath, str]]
"""Paths by resource, each with its name as it was written."""


def hidden_of(excluded: NamedPaths, hashed: NamedPaths) -> dict[str, HiddenPaths]:
    """Combine both settings by resource."""
    return {
        resource.name: HiddenPaths(
            tuple(excluded.get(resource.name, {})), tuple(hashed.get(resource.name, {}))
        )
        for resource in CATALOG
        if resource.name in excluded or resource.name in hashed
    }


_COLUMNS = {"anyOf": [LIST, map_of(LIST)]}


@with_schema(_COLUMNS)
@Reads
def read_excluded(value: object, info: Info) -> NamedPaths:
    """Read the columns that are stored nowhere."""
    return _read(value, info, {}, hashed=False)


@with_schema(_COLUMNS)
@Reads
def read_hashed(value: object, info: Info) -> NamedPaths:
    """Read the columns to hash, none of which may be excluded too."""
    return _read(value, info, info.context.understood.get(EXCLUDE, {}), hashed=True)


@Reads
def read_salt(value: object, info: Info) -> str | None:
    """Return the variable of the salt, if anything is hashed."""
    needed = bool(info.context.understood.get(HASH))
    variable = variable_of(value)
    if variable is None:
        if needed or value is not None:
            raise Refused(
                f"must name a variable, {{env: INTERCOM_HASH_SALT}}: {HASH} needs it, and a "
                "secret in a file ends up in version control"
            )
        return None
    if needed and not info.context.environment.get(variable, "").strip():
        # Only a warning: definitions also load without secrets, for example in CI.
        info.context.warnings.append(
            f"{HASH} needs a salt when a sync runs, and the variable {variable} is not set. "
            f"{how_to_make_one()}"
        )
    return variable if needed else None


def _read(value: object, info: Info, excluded: NamedPaths, *, hashed: bool) -> NamedPaths:
    problems: list[str] = []
    found: dict[str, dict[FieldPath, str]] = {}
    for resource, column in _entries(value, problems):
        name = f"{resource}.{column}".rstrip(".")
        if resource not in CATALOG.names:
            known = ", ".join(CATALOG.names)
            problems.append(wrong(name, f"there is no such resource; there are {known}"))
            continue
        try:
            path = path_of(CATALOG[resource], column)
            _refuse(CATALOG[resource], path, hashed=hashed)
        except ValueError as error:
            problems.append(wrong(f"{resource}.{column}", str(error)))
            continue
        found.setdefault(resource, {})[path] = f"{resource}.{column}"
    for resource, paths in found.items():
        problems += _overlaps(paths, excluded.get(resource, {}))
    info.context.understood[str(info.field_name)] = found
    if problems:
        raise Refused(*problems)
    _warn_of_unselected(found, info)
    return found


def _warn_of_unselected(found: NamedPaths, info: Info) -> None:
    selected = {resource.name for resource in info.data.get("selected", CATALOG)}
    info.context.warnings.extend(
        f"{info.field_name} names {', '.join(paths.values())}, but {name} is not selected: what is "
        "stored of it stays as it is"
        for name, paths in found.items()
        if name not in selected
    )


def _entries(value: object, problems: list[str]) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        for entry in filter(None, map(str.strip, value.split(","))):
            resource, _, column = entry.partition(".")
            yield resource.strip(), column.strip()
        return
    if not isinstance(value, Mapping):
        problems.append(wrong(value, _FORM))
        return
    for resource, columns in value.items():
        listed = columns.split(",") if isinstance(columns, str) else columns
        if not isinstance(listed, list | tuple) or not all(isinstance(one, str) for one in listed):
            problems.append(wrong({resource: columns}, _FORM))
            continue
        for column in filter(None, map(str.strip, listed)):
            yield str(resource), column


def _refuse(resource: Resource, path: FieldPath, *, hashed: bool) -> None:
    for column, reason in needs(resource):
        if within(column.path, (path,)):
            raise ValueError(f"{column.name} is needed as Intercom sends it: {reason}")
    for child, counted in _counts(resource):
        if within(counted.path, (path,)):
            raise ValueError(f"{counted.name} is needed: a check counts {child} by it")
    for child, asked in _asked_by(resource):
        if within(asked.path, (path,)):
            raise ValueError(f"{asked.name} is needed: {child} are asked for by it")
    if hashed:
        _refuse_hash(resource, path)


def _counts(resource: Resource) -> Iterator[tuple[str, Column]]:
    for child in CATALOG:
        link = child.replication
        if isinstance(link, ByParent) and link.parent == resource.name and link.count_column:
            yield child.name, resource.table.column(link.count_column)


def _asked_by(resource: Resource) -> Iterator[tuple[str, Column]]:
    for child in CATALOG:
        link = child.replication
        if isinstance(child.endpoint, ChildSearch) and child.parent == resource.name:
            yield child.name, resource.table.column(child.endpoint.by)
            if isinstance(link, ByParent) and link.unfinished:
                yield child.name, resource.table.column(link.unfinished.dated)


def _refuse_hash(resource: Resource, path: FieldPath) -> None:
    inside = [one for one in resource.columns if within(one.path, (path,))]
    if any(one.path != path for one in inside):
        names = ", ".join(one.name for one in inside if one.type in _HASHABLE)
        raise ValueError(f"it is an object of several columns: hash these: {names}")
    if any(one.type not in _HASHABLE for one in inside):
        raise ValueError(
            f"it is {inside[0].type.value}: only text and JSON are hashed, because a hash is text "
            "and a column keeps its type; exclude it instead"
        )


def _overlaps(paths: Mapping[FieldPath, str], excluded: Mapping[FieldPath, str]) -> Iterator[str]:
    for path, name in paths.items():
        if path in excluded:
            yield wrong(name, f"{EXCLUDE} names it too: hash it or exclude it")
    everything = {**excluded, **paths}
    for path, name in everything.items():
        for outer, other in everything.items():
            new = path in paths or outer in paths
            if new and path != outer and within(path, (outer,)):
                yield wrong(name, f"it is a part of {other}, which is hidden whole")

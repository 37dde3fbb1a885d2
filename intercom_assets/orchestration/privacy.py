"""What is hidden: the settings that say so, and what a salt has to be."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from intercom_assets.catalog import CATALOG, Resource
from intercom_assets.catalog.hidden import FieldPath, HiddenPaths, needs, path_of, within
from intercom_assets.catalog.resource import ByParent
from intercom_assets.catalog.table import Column
from intercom_assets.catalog.types import ColumnType
from intercom_assets.errors import ConfigurationError
from intercom_assets.orchestration.setting_reader import Reader

EXCLUDE = "exclude_columns"
HASH = "hash_columns"
SALT = "hash_salt"

SHORTEST_SALT = 16
"""Characters of a salt at the least: a shorter one could be tried out."""

_FORM = (
    "resources and their columns are allowed: `contacts.email, contacts.name` as text, or in YAML "
    "{contacts: [email, name]}"
)
_HASHABLE = {ColumnType.TEXT, ColumnType.JSON}


@dataclass(frozen=True, slots=True, kw_only=True)
class Privacy:
    """What is hidden of a source's records.

    Attributes:
        hidden: What is hidden, by resource.
        salt_variable: Environment variable that holds the salt, None where nothing is hashed.
    """

    hidden: Mapping[str, HiddenPaths] = field(default_factory=dict)
    salt_variable: str | None = None

    def of(self, resource: str) -> HiddenPaths:
        """Say what is hidden of a resource."""
        return self.hidden.get(resource, HiddenPaths())

    def hashes(self, resource: str) -> bool:
        """Tell whether a sync of a resource needs the salt."""
        return bool(self.of(resource).hashed)

    @property
    def excluded_columns(self) -> dict[str, list[str]]:
        """Columns that are in no frame, by resource: tables may lack them."""
        return {
            name: [one.name for one in CATALOG[name].columns if within(one.path, hidden.excluded)]
            for name, hidden in self.hidden.items()
            if hidden.excluded
        }


def hash_key(salt: str, variable: str) -> bytes:
    """Make the key of the hashes of a salt.

    Raises:
        ConfigurationError: It is none; names its variable.
    """
    salt = salt.strip()
    if len(salt) < SHORTEST_SALT:
        found = f"shorter than {SHORTEST_SALT} characters" if salt else "empty"
        raise ConfigurationError(
            f"The variable {variable} is {found}, but hash_columns needs a salt, so nothing was "
            f"read. {how_to_make_one()}"
        )
    return salt.encode()


def how_to_make_one() -> str:
    """Say where a salt comes from."""
    return (
        "Make one with `openssl rand -hex 32`, once, and keep it: with another one nothing can be "
        "compared with what was hashed before"
    )


def require_salt(privacy: Privacy, environment: Mapping[str, str]) -> None:
    """Find out before a run whether it will have its salt; Dagster tells it in sixty lines.

    Raises:
        ConfigurationError: The salt is needed and none; names the variable.
    """
    if (variable := privacy.salt_variable) is not None:
        hash_key(environment.get(variable, ""), variable)


def read_privacy(reader: Reader, selected: tuple[Resource, ...]) -> Privacy:
    """Read what is hidden."""
    excluded = _read(reader, EXCLUDE, selected)
    hashed = _read(reader, HASH, selected)
    hidden = {
        resource.name: HiddenPaths(
            tuple(excluded.get(resource.name, {})), tuple(hashed.get(resource.name, {}))
        )
        for resource in CATALOG
        if resource.name in excluded or resource.name in hashed
    }
    for name in hidden:
        _refuse_overlaps(reader, excluded.get(name, {}), hashed.get(name, {}))
    return Privacy(
        hidden=hidden,
        salt_variable=_salt_variable(reader, needed=bool(reader.value(HASH))),
    )


def _read(
    reader: Reader, setting: str, selected: tuple[Resource, ...]
) -> dict[str, dict[FieldPath, str]]:
    """Give the paths by resource, each with its name as it was written."""
    found: dict[str, dict[FieldPath, str]] = {}
    for resource, column in _entries(reader, setting):
        if resource not in CATALOG.names:
            known = ", ".join(CATALOG.names)
            shown = f"{resource}.{column}".rstrip(".")
            reader.problem(setting, shown, f"there is no such resource; there are {known}")
            continue
        try:
            path = path_of(CATALOG[resource], column)
            _refuse(CATALOG[resource], path, hashed=setting == HASH)
        except ValueError as error:
            reader.problem(setting, f"{resource}.{column}", str(error))
            continue
        found.setdefault(resource, {})[path] = f"{resource}.{column}"
    names = {resource.name for resource in selected}
    reader.warnings.extend(
        f"{setting} names {', '.join(found[name].values())}, but {name} is not selected: what is "
        "stored of it stays as it is"
        for name in found
        if name not in names
    )
    return found


def _entries(reader: Reader, setting: str) -> Iterator[tuple[str, str]]:
    value = reader.value(setting)
    if isinstance(value, str):
        for entry in filter(None, map(str.strip, value.split(","))):
            resource, _, column = entry.partition(".")
            yield resource.strip(), column.strip()
        return
    for resource, columns in value.items() if isinstance(value, Mapping) else ():
        listed = columns.split(",") if isinstance(columns, str) else columns
        if not isinstance(listed, list | tuple) or not all(isinstance(one, str) for one in listed):
            reader.problem(setting, {resource: columns}, _FORM)
            continue
        for column in filter(None, map(str.strip, listed)):
            yield str(resource), column
    if value is not None and not isinstance(value, Mapping):
        reader.problem(setting, value, _FORM)


def _refuse(resource: Resource, path: FieldPath, *, hashed: bool) -> None:
    for column, reason in needs(resource):
        if within(column.path, (path,)):
            raise ValueError(f"{column.name} is needed as Intercom sends it: {reason}")
    for child, counted in _counts(resource):
        if within(counted.path, (path,)):
            raise ValueError(f"{counted.name} is needed: a check counts {child} by it")
    if hashed:
        _refuse_hash(resource, path)


def _counts(resource: Resource) -> Iterator[tuple[str, Column]]:
    for child in CATALOG:
        link = child.replication
        if isinstance(link, ByParent) and link.parent == resource.name and link.count_column:
            yield child.name, resource.table.column(link.count_column)


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


def _refuse_overlaps(
    reader: Reader, excluded: Mapping[FieldPath, str], hashed: Mapping[FieldPath, str]
) -> None:
    for path, name in hashed.items():
        if path in excluded:
            reader.problem(HASH, name, f"{EXCLUDE} names it too: hash it or exclude it")
    everything = {**excluded, **hashed}
    for path, name in everything.items():
        for outer, other in everything.items():
            if path != outer and within(path, (outer,)):
                setting = HASH if path in hashed else EXCLUDE
                reader.problem(setting, name, f"it is a part of {other}, which is hidden whole")


def _salt_variable(reader: Reader, *, needed: bool) -> str | None:
    raw = reader.raw.get(SALT)
    if isinstance(raw, Mapping) and set(raw) == {"env"} and isinstance(raw["env"], str):
        if needed and not reader.environment.get(raw["env"], "").strip():
            # Not a problem: definitions load where the secrets are not, such as in CI.
            reader.warnings.append(
                f"{HASH} needs a salt when a sync runs, and the variable {raw['env']} is not set. "
                f"{how_to_make_one()}"
            )
        return raw["env"] if needed else None
    if needed or raw is not None:
        # The value is not repeated: it may be the salt.
        reader.problems.append(
            f"{SALT} must name a variable, {{env: INTERCOM_HASH_SALT}}: {HASH} needs it, and a "
            "secret in a file ends up in version control"
        )
    return None

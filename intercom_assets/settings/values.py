"""Reads settings: resolves `{env: NAME}`, protects secrets, and reports all problems at once.

A setting is a field of a `SettingsGroup`. Its validator raises a ValueError that says what is
allowed; pydantic continues with the other fields, and `problems_of` writes a line for each.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import core_schema

JsonSchema: TypeAlias = dict[str, Any]

TEXT: JsonSchema = {"type": "string"}
LIST: JsonSchema = {"anyOf": [TEXT, {"type": "array", "items": TEXT}]}


def map_of(values: JsonSchema) -> JsonSchema:
    """Return the JSON schema of a map, or the same as text."""
    return {"anyOf": [TEXT, {"type": "object", "additionalProperties": values}]}


def names_of(*allowed: str) -> JsonSchema:
    """Return the JSON schema of one of some names, a list of them, or several with commas."""
    name: JsonSchema = {"enum": [*allowed]}
    several = TEXT | {"pattern": ","}
    return {"anyOf": [name, several, {"type": "array", "items": name}]}


@dataclass(frozen=True, slots=True)
class Rules:
    """What Dagster accepts; by default everything, since it judges again when definitions load."""

    check_cron: Callable[[str, str], None] = lambda _cron, _zone: None
    is_owner: Callable[[str], bool] = lambda _owner: True
    is_tag: Callable[[str, str], bool] = lambda _key, _value: True


NO_RULES = Rules()


@dataclass(frozen=True, slots=True)
class Reading:
    """The context of a validator, to which it adds warnings."""

    raw: Mapping[str, object]
    environment: Mapping[str, str]
    project_root: Path
    folder: str = ""
    file: Path | None = None
    rules: Rules = NO_RULES
    warnings: list[str] = field(default_factory=list)
    understood: dict[str, Any] = field(default_factory=dict)
    """What is right of a setting that has problems too, for settings that are compared with it."""


Info: TypeAlias = ValidationInfo[Reading]


class Refused(ValueError):  # noqa: N818 - becomes a line of a ConfigurationError
    """Several problems of one setting, or one that omits the value because it may be secret."""

    def __init__(self, *problems: str) -> None:
        """Take problems that each follow the setting's name: `is 'x': y is allowed`."""
        super().__init__(*problems)
        self.problems = problems


def wrong(value: object, allowed: str) -> str:
    """Describe a problem including the value."""
    return f"is {value!r}: {allowed}"


def closest(unknown: Iterable[str], known: Collection[str]) -> str:
    """Ask whether a similar name was meant, if there is one, before what is allowed is listed."""
    matches = (get_close_matches(name.lower(), known, n=1) for name in unknown)
    found = dict.fromkeys(match for several in matches for match in several)
    return f"did you mean {', '.join(found)}? " if found else ""


@dataclass(frozen=True, slots=True)
class Variable:
    """Marks a setting whose variable has the same name for every source."""

    name: str


_ENV = re.compile(r"\{\{\s*env\.(\w+)\s*\}\}")

AS_WRITTEN = object()
"""Marks a setting whose `{env: NAME}` its validator reads: a secret, or a map with any keys."""


class SettingsGroup(BaseModel):
    """A group of settings. Unset and empty ones have their default."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True
    )

    @model_validator(mode="before")
    @classmethod
    def _read_variables(cls, raw: object, info: Info) -> object:
        if not isinstance(raw, Mapping):
            return raw
        fields = settings_of(cls)
        read = {
            name: resolve(value, info.context)
            if name in fields and AS_WRITTEN not in fields[name].metadata
            else value
            for name, value in raw.items()
        }
        return {
            name: value
            for name, value in read.items()
            if name not in fields or value not in (None, "")
        }


def settings_of(group: type[SettingsGroup]) -> dict[str, FieldInfo]:
    """Return the settings of a group by their name in files."""
    return {field.alias or name: field for name, field in group.model_fields.items()}


def schemas_of(setting: FieldInfo) -> list[JsonSchema]:
    """Return the JSON schemas of the values that a file may contain, besides a variable."""
    schemas = [each.schema for each in setting.metadata if isinstance(each, Reads) and each.schema]
    return schemas or ([] if AS_WRITTEN in setting.metadata else [TEXT])


def meaning_of(setting: FieldInfo) -> str:
    """Return the description of a setting on one line."""
    return " ".join((setting.description or "").split())


def as_written(value: object) -> object:
    """Return a value of a file, in which a template of one variable is that variable.

    A secret must not become part of a component, and Dagster's templates turn "2.10" into 2.1.
    """
    match value:
        case str() if found := _ENV.fullmatch(value.strip()):
            return {"env": found[1]}
        case _:
            return value


def variable_of(value: object) -> str | None:
    """Return the variable of `{env: NAME}`, or None for any other value."""
    if isinstance(value, Mapping) and set(value) == {"env"} and isinstance(value["env"], str):
        return value["env"]
    return None


def misspelt(reading: Reading) -> Iterator[str]:
    """Yield a warning for each variable that no setting reads, but is nearly one that is not set.

    A variable of another source, such as INTERCOM_REGION2, is longer or goes on.
    """
    read = set(_variables(reading.raw))
    unset = {name for name in read if not reading.environment.get(name, "").strip()}
    prefixes = {name.partition("_")[0] for name in unset}
    for name in sorted(set(reading.environment) - read):
        if name.partition("_")[0] in prefixes:
            for meant in get_close_matches(name, unset, n=1, cutoff=0.9):
                if abs(len(meant) - len(name)) <= 1 and not name.startswith(meant):
                    yield f"{name} is set, but no setting reads it: did you mean {meant}?"


def _variables(raw: Mapping[str, object]) -> Iterator[str]:
    for value in raw.values():
        if (variable := variable_of(value)) is not None:
            yield variable
        elif isinstance(value, Mapping):
            yield from _variables(value)


def resolve(value: object, reading: Reading) -> object:
    """Replace `{env: NAME}` with the value of the variable."""
    variable = variable_of(value)
    return value if variable is None else reading.environment.get(variable, "").strip()


@dataclass(frozen=True, slots=True)
class Reads:
    """Reads a setting in place of pydantic's validation.

    Attributes:
        schema: JSON schema of what a file may contain, for editors and `dg check yaml`; None for
            any text. What is allowed within a text is judged when the settings are read.
    """

    read: Callable[[Any, Info], object]
    schema: JsonSchema | None = None

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Replace validation by type, which for a `Resource` would cover all its classes."""
        return core_schema.with_info_plain_validator_function(self.read)


def with_schema(schema: JsonSchema) -> Callable[[Reads], Reads]:
    """Give a reader the JSON schema of what it reads."""
    return lambda reads: replace(reads, schema=schema)


def converted(convert: Callable[[object], object]) -> Reads:
    """Read a setting from any value."""
    return Reads(lambda value, _info: convert(value))


def parsed(parse: Callable[[str], object]) -> Reads:
    """Read a setting from text."""
    return parsed_with(lambda text, _info: parse(text))


def parsed_with(parse: Callable[[str, Info], object]) -> Reads:
    """Read a setting from text and its context."""

    def read(value: object, info: Info) -> object:
        if not isinstance(value, str):
            # YAML parses an unquoted 2.10 or 12_3 as another number.
            raise ValueError("write it in quotes, so that YAML keeps it as text")
        return parse(value, info)

    return Reads(read)


def one_of(*words: str, **meanings: object) -> Reads:
    """Read one of some words, ignoring case; `meanings` maps words to other values."""
    choices = {**dict(zip(words, words, strict=True)), **meanings}

    def parse(text: str) -> object:
        if (choice := text.strip().lower()) not in choices:
            raise ValueError(f"allowed are {', '.join(choices)}")
        return choices[choice]

    return Reads(parsed(parse).read, {"enum": [*choices]})


def read_secret(value: object, info: Info) -> str | None:
    """Return the variable of a secret, or None if it is not set."""
    if value is None:
        return None
    variable = variable_of(value)
    if variable is None:
        raise Refused(
            "must name a variable, {env: NAME}: a secret in a file ends up in version control"
        )
    return variable if info.context.environment.get(variable, "").strip() else None


Text: TypeAlias = Annotated[str, parsed(str)]

Secret: TypeAlias = Annotated[str | None, Reads(read_secret), AS_WRITTEN]
"""The variable of a secret that is set; the secret itself is never read here."""


def list_names(value: object) -> list[str] | None:
    """Return names from a list or from text separated by commas, or None for anything else."""
    names = [part.strip() for part in value.split(",")] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        return None
    return [name for name in names if name]


def problems_of(error: ValidationError, reading: Reading) -> Iterator[str]:
    """Yield every problem with the setting, its variable, its value, and what is allowed."""
    for found in error.errors(include_url=False):
        # Ignore defaults derived from a setting that failed itself.
        if found["type"] != "default_factory_not_called":
            path = [str(part) for part in found["loc"]]
            place = _place(path, reading.raw)
            yield from (f"{place} {problem}" for problem in _problems(found))


def _problems(found: Any) -> Sequence[str]:  # noqa: ANN401 - pydantic's own
    match found["type"]:
        case "missing":
            return ["is not set"]
        case "extra_forbidden":
            # Omit the value: under a misspelt name it may be a secret.
            return ["is no setting; docs/settings.md lists those that there are"]
        case "value_error":
            error = found["ctx"]["error"]
            if isinstance(error, Refused):
                return error.problems
            return [wrong(found["input"], str(error))]
        case _:
            return [f"is not understood: {found['msg']}"]


def _place(path: list[str], raw: object) -> str:
    for part in path:
        raw = raw.get(part) if isinstance(raw, Mapping) else None
    variable = variable_of(raw)
    return ".".join(path) + (f" (variable {variable})" if variable else "")

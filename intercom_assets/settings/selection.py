"""Readers of the settings that select resources and views."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from intercom_assets.catalog import CATALOG, NEWEST, ApiVersion, Level, Resource
from intercom_assets.catalog.hidden import FieldPath, within
from intercom_assets.catalog.shapes import Model
from intercom_assets.catalog.views import MODELS, NAMES, models_of
from intercom_assets.settings.privacy import EXCLUDE
from intercom_assets.settings.values import (
    LIST,
    Info,
    Reads,
    Refused,
    closest,
    list_names,
    names_of,
    with_schema,
    wrong,
)

_TYPES = "identifiers of types of custom objects are allowed, such as Order,Subscription"

LEVELS = {"all": Level.CORE, "everything": Level.CHEAP}
"""Words that select all resources up to a level."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The selected resources, parents before children.

    Attributes:
        optional: Names of those that only `everything` selects: what the token may not read of
            them is skipped.
    """

    resources: tuple[Resource, ...]
    optional: frozenset[str] = frozenset()

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.resources)


@with_schema(names_of(*LEVELS, *CATALOG.names))
@Reads
def resources(value: object, info: Info) -> Selection:
    """Read names of resources, and words for all of a level."""
    version = info.data.get("api_version", NEWEST)
    names = list_names(value)
    if names is None:
        raise ValueError("`all`, `everything` or a list of names is allowed")
    named = set(names) - set(LEVELS)
    level = max((LEVELS[word] for word in LEVELS if word in names), default=None)
    of_level = () if level is None else CATALOG.up_to(level, version)
    wanted = named | {resource.name for resource in of_level}
    if not wanted:
        raise ValueError("names nothing; `all`, `everything` or a list of names is allowed")
    problems = _unknown(wanted, [*LEVELS, *CATALOG.names])
    chosen = CATALOG.select(wanted)
    for resource in chosen:
        if resource.since > version:
            problems.append(_needs(resource.name, resource.since, version))
    if problems:
        raise Refused(*problems)
    info.context.warnings.extend(
        f"{resource.name} is selected without {resource.parent}: it is read for the "
        f"{resource.parent} that are stored already"
        for resource in chosen
        if resource.parent is not None and resource.parent not in wanted
    )
    optional = {resource.name for resource in of_level if resource.level > Level.CORE} - named
    return Selection(chosen, frozenset(optional))


@with_schema(LIST)
@Reads
def custom_object_types(value: object, info: Info) -> tuple[str, ...]:
    """Read identifiers of types; whatever reads custom objects needs one."""
    names = list_names(value)
    if names is None or (value and not names):
        raise ValueError(_TYPES)
    # Part of a path.
    if refused := [one for one in names if not re.fullmatch(r"\w[\w .-]{0,254}", one)]:
        raise Refused(*(wrong(one, _TYPES) for one in refused))
    if "selected" in info.data:
        needed = any(one.each for one in info.data["selected"])
        if needed and not names:
            raise Refused(
                "must name the types to read, such as Order,Subscription, since the setting "
                "resources selects custom_objects and Intercom lists no types; or take "
                "custom_objects out"
            )
        if names and not needed:
            info.context.warnings.append(
                "custom_object_types is set, but the setting resources leaves out custom_objects"
            )
    return tuple(dict.fromkeys(names))


ON_REQUEST = {one.name: one for resource in CATALOG for one in resource.on_request}
"""What Intercom sends only on request, by its name in the settings."""


@with_schema(names_of(*ON_REQUEST))
@Reads
def include(value: object, info: Info) -> tuple[str, ...]:
    """Read names of what Intercom sends only on request."""
    version = info.data.get("api_version", NEWEST)
    names = list_names(value)
    if not names:
        raise ValueError(f"names are allowed: {', '.join(ON_REQUEST)}")
    problems = _unknown(names, list(ON_REQUEST))
    for name in ON_REQUEST.keys() & set(names):
        if (since := ON_REQUEST[name].since) > version:
            problems.append(_needs(name, since, version))
    if problems:
        raise Refused(*sorted(problems))
    return tuple(name for name in ON_REQUEST if name in names)


@with_schema(names_of("all", "everything", "none", *NAMES))
@Reads
def models(value: object, info: Info) -> tuple[Model, ...]:
    """Read names of models whose tables are all synced."""
    resources = info.data.get("selected", tuple(CATALOG))
    include = info.data.get("include", ())
    possible = models_of(resources, Level.COSTLY, include)
    wanted = set(list_names(value) or ())
    if not wanted or ("none" in wanted and len(wanted) > 1):
        raise ValueError("`all`, `everything`, `none` or a list of names is allowed")
    problems = _unknown(wanted, ["all", "everything", "none", *NAMES])
    selected = {resource.name for resource in resources}
    for model in MODELS:
        if model.name in wanted and model not in possible:
            lacking = ", ".join(sorted(set(model.sources) - selected))
            needed = (
                f"is made of {lacking} too, which the setting resources leaves out"
                if lacking
                else f"is made of {model.on_request}, so add it to the setting include"
            )
            problems.append(wrong(model.name, needed))
    if problems:
        raise Refused(*problems)
    if "everything" in wanted:
        return possible
    core = models_of(resources, include=include) if "all" in wanted else ()
    return tuple(model for model in possible if model in core or model.name in wanted)


@with_schema(names_of("all", *CATALOG.names))
@Reads
def history(value: object, info: Info) -> frozenset[str]:
    """Read names of selected resources, or the word for all of them."""
    selected = [one.name for one in info.data.get("selected", CATALOG)]
    names = list_names(value)
    if not names:
        raise ValueError("`all` or a list of names is allowed")
    problems = _unknown(names, ["all", *CATALOG.names], ["all", *selected])
    if unselected := sorted({*names} & {*CATALOG.names} - {*selected}):
        needed = "not selected: add it to the setting resources, or leave it out here"
        problems.append(wrong(", ".join(unselected), needed))
    kept = frozenset(selected if "all" in names else names)
    problems += [
        wrong(name, f"{flag} tells what its history has to forget: take it out of {EXCLUDE}")
        for name, paths in info.context.understood.get(EXCLUDE, {}).items()
        if name in kept and (flag := _redacted(CATALOG[name], paths))
    ]
    if problems:
        raise Refused(*problems)
    return kept


def _redacted(resource: Resource, excluded: Iterable[FieldPath]) -> str | None:
    """Return the name of the column that says what was redacted, if it is excluded."""
    redacted = resource.table.redacted
    is_excluded = redacted is not None and within(redacted[0].path, tuple(excluded))
    return redacted[0].name if redacted and is_excluded else None


@with_schema({"enum": [True, False, "true", "false"]})
@Reads
def union_views(value: object, info: Info) -> bool:
    """Read true or false; true needs the step that makes models."""
    chosen = {"true": True, "false": False}.get(str(value).strip().lower())
    if chosen is None:
        raise ValueError("true or false is allowed")
    if chosen and not any(
        info.data.get(one, True) for one in ("models", "history", "fivetran_schema")
    ):
        raise ValueError("the step of the models makes these views, so models must not be none")
    return chosen


def _unknown(
    names: Collection[str], known: Sequence[str], allowed: Sequence[str] | None = None
) -> list[str]:
    unknown = sorted(set(names) - set(known))
    hint = f"{closest(unknown, known)}allowed are {', '.join(allowed or known)}"
    return [wrong(", ".join(unknown), f"unknown; {hint}")] if unknown else []


def _needs(name: str, since: ApiVersion, version: ApiVersion) -> str:
    return wrong(name, f"needs api_version {since} or newer, but api_version is {version}")

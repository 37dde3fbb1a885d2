"""Which resources are synced, and which views are made of them: names from the settings."""

from intercom_assets.catalog import CATALOG, ApiVersion, Resource
from intercom_assets.catalog.views import MODELS, NAMES, Model, models_of
from intercom_assets.orchestration.setting_reader import Reader


def read_resources(reader: Reader, version: ApiVersion) -> tuple[Resource, ...]:
    """Read which resources are synced: parents before children."""
    value = reader.value("resources")
    if value is None:
        return CATALOG.defaults(version)
    wanted = _names(value)
    if wanted is None:
        reader.problem("resources", value, "`all` or a list of names is allowed")
        return ()
    if "all" in wanted:
        wanted = wanted - {"all"} | {resource.name for resource in CATALOG.defaults(version)}
    if not wanted:
        reader.problem("resources", value, "names nothing; `all` or a list of names is allowed")
    if unknown := sorted(wanted - set(CATALOG.names)):
        known = ", ".join(CATALOG.names)
        reader.problem("resources", ", ".join(unknown), f"unknown; allowed are all, {known}")
    chosen = CATALOG.select(wanted)
    for resource in chosen:
        if resource.since > version:
            needed = f"needs api_version {resource.since} or newer, but api_version is {version}"
            reader.problem("resources", resource.name, needed)
        if resource.parent is not None and resource.parent not in wanted:
            reader.warnings.append(
                f"{resource.name} is selected without {resource.parent}: it is read for the "
                f"{resource.parent} that are stored already"
            )
    return chosen


def read_models(reader: Reader, resources: tuple[Resource, ...]) -> tuple[Model, ...]:
    """Read which views are made of the resources that are synced."""
    value = reader.value("models")
    possible = models_of(resources)
    if value is None:
        return possible
    wanted = _names(value)
    if not wanted or ("none" in wanted and len(wanted) > 1):
        reader.problem("models", value, "`all`, `none` or a list of names is allowed")
        return ()
    if wanted == {"none"}:
        return ()
    if unknown := sorted(wanted - {"all", *NAMES}):
        allowed = f"unknown; allowed are all, none, {', '.join(NAMES)}"
        reader.problem("models", ", ".join(unknown), allowed)
    selected = {resource.name for resource in resources}
    for model in MODELS:
        if model.name in wanted and model not in possible:
            lacking = ", ".join(sorted(set(model.sources) - selected))
            needed = f"is made of {lacking} too, which the setting resources leaves out"
            reader.problem("models", model.name, needed)
    return tuple(model for model in possible if "all" in wanted or model.name in wanted)


def _names(value: object) -> set[str] | None:
    """Read a list of names, from YAML or separated by commas; None where it is none."""
    names = [part.strip() for part in value.split(",")] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        return None
    return {name for name in names if name}

"""Writes the file of a new source: every setting, explained, and read from its own variable."""

import re
import textwrap
from collections.abc import Iterator
from typing import Any

from intercom_assets.settings.source import GROUPS, Settings
from intercom_assets.settings.values import Variable, meaning_of, settings_of

FIRST = "intercom"
"""Name of the source whose variables are the plain ones."""

_WIDTH = 100

_TRANSLATION = (
    "  # translation:",
    '  #   key: "support/{{ props.name }}"',
    "  #   group_name: support",
    "  #   owners: [team:support]",
)


def source_file(component: str, folder: str) -> str:
    """Return the file of a source, for a type of component."""
    name = source_name(folder)
    head = (
        f"The Intercom source {name}. Set {variable(name, 'access_token')} in the environment or "
        f"in .env, and {variable(name, 'region')} unless the workspace is in the us; every other "
        "setting has a default, which holds where its variable is unset or empty. Instead of a "
        "variable a setting takes a value as well: `region: eu`."
    )
    processes = (
        f'The job {name}_sync runs in one process. "Materialize all" starts one for each asset, '
        "which takes longer, unless the project's executor is dagster.in_process_executor."
    )
    lines = [
        *_comment(head, ""),
        "#",
        *_comment(processes, ""),
        f"type: {component}",
        "",
        "attributes:",
    ]
    for setting, field in settings_of(Settings).items():
        if setting in GROUPS:
            lines += _group(setting)
        else:
            lines += [
                *_comment(meaning_of(field), "  "),
                f"  {setting}: {_value(name, setting)}",
            ]
    translation = "What assets look like in Dagster; props has name, table, source and is_view:"
    lines += [*_comment(translation, "  "), *_TRANSLATION]
    return "\n".join([*lines, ""])


def from_variables() -> dict[str, Any]:
    """Return the settings of a source without a file: each is read from its variable."""
    return {
        setting: {part: _variable_of(f"{setting}.{part}") for part in settings_of(GROUPS[setting])}
        if setting in GROUPS
        else _variable_of(setting)
        for setting in settings_of(Settings)
        if setting != "name"
    }


def _variable_of(setting: str) -> dict[str, str]:
    return {"env": variable(FIRST, setting)}


def source_name(folder: str) -> str:
    """Derive the name of a source from its folder, in characters that Dagster accepts."""
    name = re.sub(r"\W", "_", folder, flags=re.ASCII)
    return f"source_{name}" if name[:1].isdigit() else name


def variable(source: str, setting: str) -> str:
    """Return the variable of a setting: sources share those of the warehouse, but no others."""
    if "." in setting:
        return setting.replace(".", "_").upper()
    for mark in settings_of(Settings)[setting].metadata:
        if isinstance(mark, Variable):
            return mark.name
    stem = _stem(source)
    return (f"INTERCOM_{stem}_{setting}" if stem else f"INTERCOM_{setting}").upper()


def _stem(source: str) -> str:
    return "" if source == FIRST else source.lower().removeprefix(f"{FIRST}_") or source.lower()


def _group(group: str) -> Iterator[str]:
    yield f"  {group}:"
    for setting, field in settings_of(GROUPS[group]).items():
        yield from _comment(meaning_of(field), "    ")
        yield f"    {setting}: {{env: {variable('', f'{group}.{setting}')}}}"


def _value(source: str, setting: str) -> str:
    if setting == "name":
        return f'"{source}"'
    if setting == "table_prefix" and (stem := _stem(source)):
        # An unset variable would mean no prefix, which is that of the first source.
        return f'"{stem}_"'
    return f"{{env: {variable(source, setting)}}}"


def _comment(text: str, indent: str) -> list[str]:
    return [f"{indent}# {line}" for line in textwrap.wrap(text, _WIDTH - len(indent) - 2)]

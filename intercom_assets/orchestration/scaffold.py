"""The file of a new source: every setting, explained, and read from a variable of the source's own.

Which settings there are is the component's to say; here is how they are written.
"""

import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import TypeAlias

Described: TypeAlias = Mapping[str, str | Mapping[str, str]]
"""Description of each setting; of a group, those of the settings in it."""

FIRST = "intercom"
"""Name of the source whose variables are the plain ones."""

_SHARED = {
    "warehouse": "INTERCOM_WAREHOUSE",
    "database": "DUCKDB_DATABASE",
    "warehouse_schema": "WAREHOUSE_SCHEMA",
    "ui_url": "DAGSTER_UI_URL",
}
"""Variables of settings that sources share: their tables and assets stand side by side."""

_WIDTH = 100


def source_file(component: str, folder: str, settings: Described) -> str:
    """Write the file of a source.

    Args:
        component: Name of the component's type.
        folder: Name of the source's folder.
        settings: The settings of the component.
    """
    name = source_name(folder)
    token = variable(name, "access_token")
    head = (
        f"The Intercom source {name}. Set {token} in the environment or in .env, and "
        f"{variable(name, 'region')} unless the workspace is in the us; every other setting has a "
        "default, which holds where its variable is unset or empty. Instead of a variable a "
        "setting takes a value as well: `region: eu`."
    )
    lines = [*_comment(head, ""), f"type: {component}", "", "attributes:"]
    for setting, meaning in settings.items():
        lines += _setting(name, setting, meaning)
    return "\n".join([*lines, ""])


def source_name(folder: str) -> str:
    """Name a source after its folder, in characters that Dagster takes."""
    name = re.sub(r"\W", "_", folder, flags=re.ASCII)
    return f"source_{name}" if name[:1].isdigit() else name


def variable(source: str, setting: str) -> str:
    """Name the variable of a setting: sources share where tables are, and nothing else."""
    stem = _stem(source)
    own = f"INTERCOM_{stem}_{setting}" if stem else f"INTERCOM_{setting}"
    return _SHARED.get(setting, own.upper())


def _stem(source: str) -> str:
    return "" if source == FIRST else source.lower().removeprefix(f"{FIRST}_") or source.lower()


def _setting(source: str, setting: str, meaning: str | Mapping[str, str]) -> Iterator[str]:
    if not isinstance(meaning, str):
        yield f"  {setting}:"
        for inner, description in meaning.items():
            yield from _comment(description, "    ")
            yield f"    {inner}: {{env: {setting.upper()}_{inner.upper()}}}"
        return
    yield from _comment(meaning, "  ")
    yield f"  {setting}: {_value(source, setting)}"


def _value(source: str, setting: str) -> str:
    if setting == "name":
        return f'"{source}"'
    if setting == "table_prefix" and (stem := _stem(source)):
        # A variable that is not set would be no prefix: that of the first source.
        return f'"{stem}_"'
    return f"{{env: {variable(source, setting)}}}"


def _comment(text: str, indent: str) -> list[str]:
    return [f"{indent}# {line}" for line in textwrap.wrap(text, _WIDTH - len(indent) - 2)]

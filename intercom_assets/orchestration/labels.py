"""Whose the assets are and how they are found: owners and tags, as Dagster takes them.

Dagster's own rules, written again: the command line reads settings too, and Dagster's import takes
seconds. A test holds them to Dagster's.
"""

import re
from collections.abc import Mapping, Sequence

from intercom_assets.orchestration.setting_reader import Reader

OWNERS = "an email address or team:name is allowed, several with commas between"

TAGS = (
    "key=value is allowed, several with commas between; a key and a value have at most 63 letters, "
    "digits, _, - and . (a key may have one / too, but not after dagster)"
)

_EMAIL = re.compile(r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Z|a-z]{2,7}\b")
_WORD = r"[A-Za-z0-9_.-]"
_KEY = re.compile(rf"(?:{_WORD}{{1,63}}/)?{_WORD}{{1,63}}")
_VALUE = re.compile(rf"{_WORD}{{0,63}}")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")


def read_owners(reader: Reader) -> tuple[str, ...]:
    """Read who answers for the assets: a list, or one string with commas."""
    value = reader.value("owners")
    if value is None:
        return ()
    if isinstance(value, str):
        value = _parts(value)
    if not isinstance(value, Sequence):
        reader.problem("owners", value, OWNERS)
        return ()
    for owner in value:
        if not (isinstance(owner, str) and is_owner(owner)):
            reader.problem("owners", owner, OWNERS)
    return tuple(dict.fromkeys(owner for owner in value if isinstance(owner, str)))


def read_tags(reader: Reader) -> tuple[tuple[str, str], ...]:
    """Read the tags of the assets: a mapping, or one string of pairs with commas."""
    raw = reader.raw.get("tags")
    # `env` is a common tag: a variable is written in capitals.
    is_tag = isinstance(raw, Mapping) and not _VARIABLE.fullmatch(str(raw.get("env", "")))
    value = raw if is_tag else reader.value("tags")
    if value is None:
        return ()
    pairs: Sequence[tuple[object, object]]
    if isinstance(value, Mapping):
        pairs = [*value.items()]
    elif isinstance(value, str):
        pairs = [_pair(part) for part in _parts(value)]
    else:
        reader.problem("tags", value, TAGS)
        return ()
    for key, text in pairs:
        if not isinstance(text, str):
            quoted = f"write the value of {key} in quotes, so that YAML keeps it as text"
            reader.problem("tags", text, TAGS if text is None else quoted)
        elif not (isinstance(key, str) and is_tag_pair(key, text)):
            reader.problem("tags", f"{key}={text}", TAGS)
    return tuple({str(key): str(text) for key, text in pairs}.items())


def is_owner(owner: str) -> bool:
    """Tell whether Dagster takes an owner."""
    return bool(_EMAIL.fullmatch(owner)) or (owner.startswith("team:") and len(owner) > 5)


def is_tag_pair(key: str, value: str) -> bool:
    """Tell whether Dagster takes a tag; its own are not for others to set."""
    if key.startswith("dagster/"):
        return False
    return bool(_KEY.fullmatch(key)) and bool(_VALUE.fullmatch(value))


def _parts(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


def _pair(part: str) -> tuple[str, str | None]:
    key, separator, value = part.partition("=")
    return key.strip(), value.strip() if separator else None

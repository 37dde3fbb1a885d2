"""Names and types of columns for custom attributes.

Names never depend on the columns of a table or on attributes that were created later.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from intercom_assets.catalog.table import Column
from intercom_assets.catalog.types import ColumnType, Json, Record, instant, micros_at

COLUMNS = (
    "full_name",
    "name",
    "label",
    "description",
    "data_type",
    "custom",
    "archived",
    "created_at",
    "id",
    "_deleted_at",
)
"""Columns to read from a table of attributes."""

PREFIX = "custom"
"""Prefix of every name, so that none clashes with a column of the table."""

_RESERVED = frozenset({f"{PREFIX}_attributes"})
_MOST = 100
_MAP = "custom_attributes."
_TYPES: Mapping[str, ColumnType] = {
    "string": ColumnType.TEXT,
    "integer": ColumnType.INTEGER,
    "float": ColumnType.DOUBLE,
    "decimal": ColumnType.DOUBLE,
    "boolean": ColumnType.BOOLEAN,
    "date": ColumnType.TIMESTAMP,
    "datetime": ColumnType.TIMESTAMP,
}
_FIRST = datetime.min.replace(tzinfo=UTC)
_NEVER = datetime.max.replace(tzinfo=UTC)


def attribute_columns(rows: Iterable[Mapping[str, Any]]) -> tuple[Column, ...]:
    """Return a column per custom attribute, ordered by age, with its key in the map as its path.

    If several would share a name, the oldest gets it; the others get a suffix from the hash of
    their full name. Attributes marked as gone keep their names reserved.
    """
    taken = set(_RESERVED)
    columns = []
    for row in sorted((row for row in rows if row["custom"]), key=_age):
        key = str(row["full_name"]).removeprefix(_MAP)
        name = _free(key, taken)
        taken.add(name)
        if row["_deleted_at"] is None:
            # Types that Intercom may add later are read as text.
            kind = _TYPES.get(str(row["data_type"]), ColumnType.TEXT)
            about = _description(key, row)
            columns.append(Column(name=name, type=kind, path=(key,), description=about))
    return tuple(columns)


def named_attributes(rows: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    """Complete attributes that have but a name, such as those of conversations; one per name.

    Of several that share a name, the one in use counts, then the one that was created last.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for row in sorted(rows, key=_use):
        found[row["name"]] = {"full_name": row["name"], "label": None, "custom": True, **row}
    return found.values()


def _use(row: Mapping[str, Any]) -> tuple[bool, bool, datetime]:
    return row["_deleted_at"] is None, not row["archived"], row["created_at"] or _FIRST


def listed_attributes(lists: Iterable[str | None]) -> Iterator[Mapping[str, Any]]:
    """Yield the attributes in lists of the forms of types, one per name.

    Types that ask for the same name in another way share a column of text.
    """
    found: dict[str, dict[str, Any]] = {}
    for text in lists:
        for one in _entries(msgspec.json.decode(text) if text else None):
            name, created_at = one.get("name"), micros_at(one, ("created_at",))
            if not isinstance(name, str):
                continue
            row = dict.fromkeys(COLUMNS) | {name: one.get(name) for name in _SHARED}
            row |= {"full_name": name, "custom": True, "_deleted_at": None}
            row["created_at"] = None if created_at is None else instant(created_at)
            known = found.setdefault(name, row)
            if known["data_type"] != row["data_type"]:
                known["data_type"] = "string"
    yield from found.values()


_SHARED = ("id", "description", "data_type", "archived")


def _entries(held: Json) -> Iterator[Record]:
    # Intercom's documents and answers disagree about the key.
    for key in ("data", "ticket_type_attributes"):
        listed = held.get(key) if isinstance(held, dict) else None
        if isinstance(listed, list):
            yield from (one for one in listed if isinstance(one, dict))


def column_name(key: str) -> str:
    """Convert a name to snake case: `CX Score` is `custom_cx_score`, `Größe 🚀` `custom_grosse`.

    Accents are dropped; letters of other scripts stay.
    """
    plain = "".join(_plain(char) for char in unicodedata.normalize("NFC", key))
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", plain).casefold()
    safe = "".join(char if _is_word(char) else "_" for char in parted)
    words = [PREFIX, *(word for word in safe.split("_") if word)]
    return "_".join(words)[:_MOST].rstrip("_")


def _free(key: str, taken: set[str]) -> str:
    name = column_name(key)
    if name not in taken and name != PREFIX:
        return name
    digest = hashlib.sha256(key.encode()).hexdigest()
    for length in range(6, len(digest) + 1):
        if (longer := f"{name}_{digest[:length]}") not in taken:
            return longer
    raise ValueError(f"two attributes are both {key!r}")


def _age(row: Mapping[str, Any]) -> tuple[datetime, int, str, str]:
    record_id = str(row["id"] or "")
    return (row["created_at"] or _NEVER, len(record_id), record_id, str(row["full_name"]))


def _plain(char: str) -> str:
    letters = "".join(mark for mark in unicodedata.normalize("NFKD", char) if mark.isascii())
    return letters or char


def _is_word(char: str) -> bool:
    # In many scripts marks are parts of letters.
    return unicodedata.category(char)[0] in "LMN"


def _description(key: str, row: Mapping[str, Any]) -> str:
    meaning = str(row["description"] or row["label"] or "").strip()
    kind = row["data_type"] or "unknown type"
    archived = ", archived in Intercom" if row["archived"] else ""
    return f"Custom attribute {key!r} ({kind}{archived}){f': {meaning}' if meaning else '.'}"

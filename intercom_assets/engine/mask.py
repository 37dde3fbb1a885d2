"""Masks, which remove or hash what the settings hide before any of it is written.

A mask is compiled once per sync and works on records as Intercom sends them, so that columns,
`_extra`, spooled files and row hashes never contain what is hidden.
"""

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from intercom_assets.catalog.hidden import FieldPath, HiddenPaths
from intercom_assets.catalog.table import LegacyField, Table
from intercom_assets.catalog.types import Json, Record, as_int, encode_json, is_null

_Hide = Callable[[Json], Json]
"""Returns what to store instead of a value; None for nothing."""


class Mask:
    """Removes excluded values from records, and replaces others by their keyed hash.

    If the path to a hidden field leads to something other than an object, all of that is excluded,
    since it may contain the field's value.

    Attributes:
        table: The table as declared, with hidden columns.
        memory: What to store, so that a later sync notices a changed mask.
    """

    def __init__(self, table: Table, hidden: HiddenPaths, key: bytes = b"") -> None:
        self.table = table
        self._key = key
        self.memory = MaskState(hidden, fingerprint(key) if hidden.hashed else "")
        self._steps = _Step()
        declared = {column.path: column for column in table.columns}
        for paths, hide in ((hidden.excluded, _excluded), (hidden.hashed, keyed_hash(key))):
            for path in paths:
                column = declared.get(path)
                # What is excluded has no column, so even "none" would be an unmodelled field.
                stays = column.null_value if column and hide is not _excluded else None
                self._steps.add(path, hide, null_value=stays)
                if column and column.legacy and column.legacy.field != path[0]:
                    self._steps.add_legacy(column.legacy, hide)

    def record(self, record: Record) -> Record:
        """Return a masked copy of a record."""
        return self._steps.fields(record)

    def of(self, hashed: tuple[FieldPath, ...]) -> "Mask":
        """Return a mask that only hashes these paths, with the same key."""
        return Mask(self.table, HiddenPaths(hashed=hashed), self._key)

    def touches(self, path: FieldPath) -> bool:
        """Return whether a value at a path may be changed."""
        return self._steps.touches(path)


@dataclass(frozen=True, slots=True)
class MaskState:
    """What was hidden in a table's rows, as stored with its cursor."""

    hidden: HiddenPaths = field(default_factory=HiddenPaths)
    fingerprint: str = ""

    def __str__(self) -> str:
        """Return the stored form; empty if nothing is hidden."""
        if not self.hidden:
            return ""
        paths = {
            "excluded": sorted(map(list, self.hidden.excluded)),
            "hashed": sorted(map(list, self.hidden.hashed)),
        }
        return json.dumps({**paths, "key": self.fingerprint})

    @classmethod
    def read(cls, stored: str | None) -> Self:
        """Parse the stored form; a table of an earlier release hid nothing."""
        if not stored:
            return cls()
        read = json.loads(stored)
        paths = (tuple(map(tuple, read[name])) for name in ("excluded", "hashed"))
        return cls(HiddenPaths(*paths), read["key"])


@dataclass(slots=True)
class _Step:
    """What happens to a value, or to its fields.

    Attributes:
        hide: Replaces the value; None if only something inside is hidden.
        null_value: A value that means "none", and is kept.
        legacy: Steps by type of object, in which older API versions send a column's value.
    """

    hide: _Hide | None = None
    null_value: Json = None
    inner: dict[str, "_Step"] = field(default_factory=dict)
    legacy: dict[str, "_Step"] = field(default_factory=dict)

    def add(self, path: FieldPath, hide: _Hide, null_value: Json = None) -> None:
        """Hide the value at a path."""
        step = self
        for key in path:
            step = step.inner.setdefault(key, _Step())
        step.hide, step.null_value = hide, null_value

    def add_legacy(self, legacy: LegacyField, hide: _Hide) -> None:
        """Hide the field in which older API versions send a column's value."""
        if legacy.type is None:
            self.add((legacy.field,), hide)
            return
        step = self.inner.setdefault(legacy.field, _Step())
        step.legacy.setdefault(legacy.type, _Step()).add(("id",), hide)

    def mask(self, value: Json) -> Json:
        """Return what to store of a value."""
        if value is None:
            return None
        if self.hide is not None:
            none = self.null_value is not None and is_null(value, self.null_value)
            return value if none else self.hide(value)
        if isinstance(value, list):
            return [self.mask(one) if isinstance(one, dict) else None for one in value]
        if not isinstance(value, dict):
            return None
        if self.legacy and (step := self.legacy.get(str(value.get("type")))):
            value = step.fields(value)
        return self.fields(value)

    def touches(self, path: FieldPath) -> bool:
        """Return whether a value at a path could be changed."""
        step: _Step | None = self
        for key in path:
            if step is None or step.hide is not None:
                break
            step = step.inner.get(key)
        return step is not None

    def fields(self, fields: Record) -> Record:
        """Return what to store of an object."""
        masked = dict(fields)
        for name, step in self.inner.items():
            value = masked.get(name)
            if value is None:
                continue
            stored = step.mask(value)
            # An object that is excluded entirely is removed, rather than left empty.
            if stored is None or stored == {}:
                del masked[name]
            else:
                masked[name] = stored
        return masked


def keyed_hash(key: bytes) -> _Hide:
    """Return a function that hashes values: HMAC-SHA-256 in hex.

    Text and whole numbers are hashed as their text, everything else as JSON with sorted keys, so
    that equal values have equal hashes in every table and column.
    """

    def hashed(value: Json) -> Json:
        return hmac.digest(key, _text(value).encode("utf-8", "surrogatepass"), "sha256").hex()

    return hashed


def fingerprint(key: bytes) -> str:
    """Identify a key without revealing it."""
    return hmac.digest(key, b"intercom_assets: which key is it?", "sha256").hex()[:16]


def _text(value: Json) -> str:
    if isinstance(value, str):
        return value
    return encode_json(value).decode() if as_int(value) is None else str(value)


def _excluded(_value: Json) -> Json:
    return None

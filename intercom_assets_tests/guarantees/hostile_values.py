"""Values that break pipelines, and how a stored row is read back as the record that it was."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from intercom_assets.catalog import Resource
from intercom_assets.catalog.table import Column
from intercom_assets.catalog.types import ColumnType
from intercom_assets_tests.world import Row

NOWHERE = object()
"""What stands for a field that a row does not hold."""


def deep(levels: int) -> Any:  # noqa: ANN401 - JSON
    """Nest an object in objects and lists."""
    value: Any = "bottom"
    for _ in range(levels // 2):
        value = {"d": [value]}
    return value


TEXTS = (
    "", " ", "نور 🙂👩‍👩‍👧", "\u202etxt.exe",
    "a\x00b", "\ud83d", "cut \udc00 off", "NaN", "null", "Infinity",
    "-0",
    "007", "1e999", "'; DROP TABLE x; --", '"', "\\u0000", "\n\r\t", "\ufeff",
    "2024-01-01T00:00:00Z",
    "{}", "[1", "true",
)  # fmt: skip
NUMBERS = (
    0, -1, 1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), 2**64,
    10**30, -(10**25), 0.1, 3.0, -0.0, 1e300,
    5e-324, 2_713_000_000, 253_402_300_799,
    253_402_300_800, 1_700_000_000_000, -62_135_596_801, 1_700_000_000.5,
)  # fmt: skip
KEYS = ("a.b", 'quo"te', "sp ace", "k" * 300, "", "Name", "NAME", "_extra",
        "_row_hash", "a\x00", "a\ud800",
        "a\udbff", "$", "select", "İ")  # fmt: skip

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(TEXTS),
    st.sampled_from(NUMBERS),
    st.text(st.characters(exclude_categories=()), max_size=12),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
)
values = st.recursive(
    st.one_of(scalars, st.just(deep(400))),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(KEYS), st.text(max_size=5)), inner, max_size=4),
    ),
    max_leaves=6,
)


def rebuilt(resource: Resource, row: Row) -> dict[str, Any]:
    """Read a row back as the record that it came from, as far as one can."""
    record: dict[str, Any] = json.loads(row["_extra"]) if row["_extra"] else {}
    for column in resource.columns:
        value = row[column.name]
        if value is None:
            continue
        level = record
        for key in column.path[:-1]:
            level = level.setdefault(key, {})
        assert column.path[-1] not in level, f"{column.name} is stored twice"
        level[column.path[-1]] = json.loads(value) if column.type is ColumnType.JSON else value
    return record


def lost(resource: Resource, sent: Any, stored: Any, path: tuple[str, ...] = ()) -> list[str]:  # noqa: ANN401
    """List the fields of a sent record that the stored one does not hold."""
    columns = {column.path: column for column in resource.columns}
    inner = {one[: len(path)] for one in columns if len(one) > len(path)}
    if path in columns:
        return (
            [] if _same(columns[path], sent, stored) else [f"{path}: {sent!r:.80} {stored!r:.80}"]
        )
    if isinstance(sent, dict) and (path in inner or not path):
        held = stored if isinstance(stored, dict) else {}
        return [
            problem
            for key, value in clean(sent).items()
            for problem in lost(resource, value, held.get(key, NOWHERE), (*path, key))
        ]
    same = clean(sent) == stored or (stored is NOWHERE and sent in (None, {}))
    return [] if same else [f"{path}: {sent!r:.80} {stored!r:.80}"]


def clean(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Replace what no warehouse holds, as the documents say: NUL and lone surrogates."""
    if isinstance(value, str):
        joined = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return joined.replace("\x00", "\ufffd")
    if isinstance(value, list):
        return [clean(item) for item in value]
    if not isinstance(value, dict):
        return value
    cleaned: dict[str, Any] = {}
    for key, item in value.items():
        name = clean(key)
        while name in cleaned or (name != key and name in value):
            name += "\ufffd"
        cleaned[name] = clean(item)
    return cleaned


def _same(column: Column, sent: Any, stored: Any) -> bool:  # noqa: ANN401
    if sent is None or stored is NOWHERE:
        return stored is NOWHERE and (sent is None or sent == column.null_value)
    if isinstance(stored, datetime):
        return stored == _instant(sent)
    if column.type is ColumnType.TEXT and isinstance(sent, int) and isinstance(stored, str):
        return not isinstance(sent, bool) and str(sent) == stored
    expected = clean(sent)
    return bool(expected == stored) and isinstance(expected, bool) == isinstance(stored, bool)


def _instant(sent: Any) -> datetime | None:  # noqa: ANN401
    if isinstance(sent, str):
        return datetime.fromisoformat(sent).astimezone(UTC)
    return datetime.fromtimestamp(sent, UTC)

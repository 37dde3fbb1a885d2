"""Any column of any resource can be hidden, whatever Intercom sends in its place."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intercom_assets.catalog import CATALOG, Resource
from intercom_assets.catalog.hidden import HASHED, HiddenPaths, hide, needs, within
from intercom_assets.catalog.table import Column
from intercom_assets.catalog.types import ColumnType, Record, value_at
from intercom_assets.engine.mask import Mask
from intercom_assets.engine.rows import Shaper
from intercom_assets_tests.guarantees.budget import budget
from intercom_assets_tests.guarantees.hostile_values import clean, values
from intercom_assets_tests.hiding import KEY, hash_of

PLANTED = "pl4nt3d"

# A value that a person could recognise, in whatever form it comes.
_PLANTED = st.sampled_from(
    [
        PLANTED,
        f"{PLANTED}@x.y",
        [PLANTED],
        {"a": {PLANTED: 1}},
        {"a": [{"b": PLANTED}]},
        {"type": "admin", "id": PLANTED},
    ]
)

# What stands where an object was to be; the other fields of an object are not hidden.
_NO_OBJECT = st.sampled_from([PLANTED, [PLANTED], [[PLANTED], 1]])

_FIELDS = values.map(clean)

some = settings(
    max_examples=budget(12, 500),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def hidable(resource: Resource) -> list[Column]:
    """List the columns that a sync does not need in the clear."""
    needed = {column.name for column, _ in needs(resource)}
    return [column for column in resource.columns if column.name not in needed]


HIDABLE = [resource for resource in CATALOG if hidable(resource)]
"""Resources with columns that a sync can do without; some files of exports have none."""

every_resource = pytest.mark.parametrize("resource", HIDABLE, ids=[one.name for one in HIDABLE])


def planted(record: Record, path: tuple[str, ...], value: Any) -> Record:  # noqa: ANN401 - JSON
    """Put a value where a path leads, in a copy of a record."""
    held = dict(record)
    if len(path) == 1:
        return {**held, path[0]: value}
    inner = held.get(path[0])
    return {**held, path[0]: planted(inner if isinstance(inner, dict) else {}, path[1:], value)}


def without(value: Any, path: tuple[str, ...]) -> Any:  # noqa: ANN401 - JSON
    """Take out where a path leads to."""
    if not isinstance(value, dict) or path[0] not in value:
        return value
    if len(path) == 1:
        return {key: one for key, one in value.items() if key != path[0]}
    rest = without(value[path[0]], path[1:])
    others = {key: one for key, one in value.items() if key != path[0]}
    # An object of which nothing is left is not there.
    return {**others, path[0]: rest} if rest != {} else others


@every_resource
@some
@given(chance=st.data())
def test_what_is_hidden_is_nowhere(resource: Resource, chance: st.DataObject) -> None:
    """Neither a column, nor `_extra`, nor a field beside it knows an excluded or hashed value."""
    column = chance.draw(st.sampled_from(hidable(resource)), label="column")
    record: Record = chance.draw(
        st.dictionaries(st.sampled_from(_fields(resource)), _FIELDS, max_size=6)
    )
    depth = chance.draw(st.integers(1, len(column.path)), label="depth")
    forms = _PLANTED if depth == len(column.path) else _NO_OBJECT
    record = planted(record, column.path[:depth], chance.draw(forms, label="planted"))
    way = chance.draw(st.sampled_from(["excluded", "hashed"]))
    hidden = HiddenPaths(**{way: (column.path,)})
    shaper = Shaper(hide(resource, hidden).table)

    masked = Mask(resource.table, hidden, KEY).record(record)

    assert PLANTED not in json.dumps(shaper.shape(masked), default=str)
    assert without(masked, column.path[:depth]) == without(record, column.path[:depth])
    assert (column.name in shaper.columns) == (way == "hashed")


def _fields(resource: Resource) -> list[str]:
    return [*{column.path[0] for column in resource.columns}, "undeclared"]


@every_resource
def test_every_text_can_be_hashed_and_says_so(resource: Resource) -> None:
    """A hashed column holds the hash of its text, keeps its type and says that it is hashed."""
    texts = [one for one in hidable(resource) if one.type is ColumnType.TEXT]
    hidden = HiddenPaths(hashed=tuple(one.path for one in texts))
    record: Record = {}
    for column in texts:
        record = planted(record, column.path, "7")
    masked = hide(resource, hidden)

    shaper = Shaper(masked.table)
    row = shaper.shape(Mask(resource.table, hidden, KEY).record(record))

    assert [hash_of("7")] * len(texts) == [row[one.name] for one in texts]
    assert all(masked.table.column(one.name).description.startswith(HASHED) for one in texts)
    assert [one.type for one in masked.columns] == [one.type for one in resource.columns]


@every_resource
@some
@given(chance=st.data())
def test_nothing_hidden_is_nothing_changed(resource: Resource, chance: st.DataObject) -> None:
    """A record in which nothing that is hidden comes keeps its fields, and its hash."""
    column = chance.draw(st.sampled_from(hidable(resource)))
    names = [name for name in _fields(resource) if name != column.path[0]]
    record: Record = chance.draw(st.dictionaries(st.sampled_from(names), _FIELDS, max_size=6))

    mask = Mask(resource.table, HiddenPaths(excluded=(column.path,)), KEY)

    former = column.legacy.field if column.legacy else None
    if former is None or former not in record:
        assert record == mask.record(record)
        assert value_at(mask.record(record), column.path) is None
    assert mask.touches(column.path)
    assert [] == [
        one.name
        for one in resource.columns
        if mask.touches(one.path) and not within(one.path, (column.path,)) and one.path != (former,)
    ]

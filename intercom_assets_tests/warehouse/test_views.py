"""Views of any warehouse: what they show, when they are written, and whose they are."""

import itertools
import json
import math
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from intercom_assets.catalog.shapes import Bridge, Flat
from intercom_assets.catalog.table import Column, Table, integer, text
from intercom_assets.catalog.table import json as json_columns
from intercom_assets.catalog.types import ColumnType, Json, Record
from intercom_assets.errors import SchemaError
from intercom_assets.warehouse.base import Target
from intercom_assets.warehouse.duckdb import connect
from intercom_assets.warehouse.queries import MissingMembers
from intercom_assets.warehouse.views import Definition, Made, View
from intercom_assets_tests.guarantees.budget import budget
from intercom_assets_tests.places import DuckDBPlace, Place, SnowflakePlace
from intercom_assets_tests.unit.storing import THINGS, Store, thing
from intercom_assets_tests.warehouse.sent import typed_column

MAPPED = Table(
    columns=(*text(id="Key."), *json_columns(held="A map.", members="A list.")),
    primary_key=("id",),
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PICKS = (typed_column("custom_seats", "seats", ColumnType.INTEGER),)


@pytest.fixture
def mapped(store: Store) -> Store:
    """Make a store of rows with a map and a list."""
    return replace(store, target=Target("s", "mapped", MAPPED))


def beside(store: Store, name: str, table: Table) -> Store:
    """Make a store of another table in the same warehouse."""
    folder = store.folder / name
    folder.mkdir()
    target = Target("s", name, table)
    return replace(store, target=target, prefix=f"{name}_", version=0, folder=folder)


def flat(*picks: Column, table: str = "mapped", about: str = "Flat rows.") -> View:
    """Define a view of the map."""
    definition = Definition(
        table=Target("s", table, MAPPED),
        shape=Flat("things", "attributes", column="held"),
        columns=("id",),
        typed=picks or PICKS,
    )
    return View(Target("s", f"{table}_flat", MAPPED), about, definition)


def members(field: str | None = "id", path: tuple[str, ...] = ("data",)) -> View:
    """Define a view of the list."""
    shape = Bridge(
        resource="things",
        column="members",
        path=path,
        field=field,
        key="row_id",
        member="member_id",
    )
    definition = Definition(table=Target("s", "mapped", MAPPED), shape=shape)
    table = Table(columns=text(row_id="Row.", member_id="M."), primary_key=("row_id", "member_id"))
    return View(Target("s", "mapped_members", table), "Pairs.", definition)


def make(store: Store, *views: View) -> list[Made]:
    """Make views; tell what became of each."""
    return [outcome.made for outcome in store.warehouse.make_views(views)]


def rows(store: Store, view: View) -> list[dict[str, Any]]:
    """Read a view."""
    read: list[dict[str, Any]] = store.warehouse.read_view(view.target).to_pylist()
    return read


def test_a_view_is_written_only_where_its_definition_changed(mapped: Store) -> None:
    """A view is created, left alone, and replaced when what it shows or is called changed."""
    mapped.commit([{"id": "1", "held": {"seats": 5, "more": "x"}}])
    wider = flat(*PICKS, typed_column("custom_more", "more", ColumnType.TEXT))

    made = [make(mapped, one)[0] for one in (flat(), flat(), wider, wider)]

    assert [Made.CREATED, Made.UNCHANGED, Made.REPLACED, Made.UNCHANGED] == made
    assert [{"id": "1", "custom_seats": 5, "custom_more": "x"}] == rows(mapped, wider)
    assert [Made.REPLACED] == make(mapped, replace(wider, about="Other words."))


def test_marked_rows_are_not_shown(mapped: Store) -> None:
    """A view shows what is not marked as gone."""
    held: Record = {"held": {}, "members": {"data": [{"id": 7}]}}
    mapped.commit([{"id": "1", **held}, {"id": "2", **held}])
    make(mapped, flat(), members())

    mapped.commit(seen=[{"id": "1"}])

    assert ["1"] == [row["id"] for row in rows(mapped, flat())]
    assert [{"row_id": "1", "member_id": "7"}] == rows(mapped, members())


@pytest.mark.parametrize("kind", ["VIEW", "TABLE"])
def test_what_is_not_ours_is_never_overwritten(mapped: Store, place: Place, kind: str) -> None:
    """A foreign view or table is refused, left as it is, and out of the way once renamed."""
    mapped.commit([{"id": "1", "held": {"seats": 5}}])
    place.execute(f"CREATE {kind} s.mapped_flat AS SELECT 'mine' AS mine")

    (refused, other) = mapped.warehouse.make_views([flat(), members()])

    assert (Made.REFUSED, Made.CREATED) == (refused.made, other.made)
    assert [("mine",)] == place.execute("SELECT * FROM s.mapped_flat")
    place.execute(refused.rename)
    assert [Made.CREATED] == make(mapped, flat())
    assert [("mine",)] == place.execute("SELECT * FROM s.mapped_flat_before")


def test_a_view_that_somebody_changed_is_theirs(mapped: Store, place: Place) -> None:
    """Whoever replaces a view of ours with one of theirs keeps it."""
    mapped.commit([{"id": "1", "held": {"seats": 5}}])
    make(mapped, flat())
    place.execute("CREATE OR REPLACE VIEW s.mapped_flat AS SELECT id AS mine FROM s.mapped")

    assert [Made.REFUSED] == make(mapped, flat())
    assert [("1",)] == place.execute("SELECT mine FROM s.mapped_flat")


def test_a_table_grows_under_its_view(mapped: Store) -> None:
    """A column that a newer release declares is added though views read the table."""
    mapped.commit([{"id": "1", "held": {"seats": 5}}])
    make(mapped, flat())
    columns = (*MAPPED.columns, *integer(weight="Weight."))
    grown = replace(mapped.target, table=replace(MAPPED, columns=columns))

    mapped.warehouse.add_columns(grown, integer(weight="Weight."), None)

    assert () == mapped.warehouse.inspect(grown).missing
    assert [{"id": "1", "custom_seats": 5}] == rows(mapped, flat())
    assert [Made.UNCHANGED] == make(mapped, flat())


def test_a_table_that_was_renamed_comes_back_under_its_view(mapped: Store, place: Place) -> None:
    """Renaming a table with views is possible; a table that is built anew is shown again."""
    mapped.commit([{"id": "1", "held": {"seats": 5}}])
    make(mapped, flat())

    place.execute("ALTER TABLE s.mapped RENAME TO s.mapped_before" if isinstance(
        place, SnowflakePlace) else "ALTER TABLE s.mapped RENAME TO mapped_before")  # fmt: skip
    mapped.commit([{"id": "2", "held": {"seats": 6}}])

    assert [{"id": "2", "custom_seats": 6}] == rows(mapped, flat())
    assert [Made.UNCHANGED] == make(mapped, flat())


def test_a_reader_is_not_disturbed(mapped: Store, place: Place) -> None:
    """Who is reading a view that is replaced reads on; whoever comes later sees the new one."""
    if not isinstance(place, DuckDBPlace):
        pytest.skip("others answer whole queries only")
    mapped.commit([{"id": str(number), "held": {"seats": number}} for number in range(5_000)])
    make(mapped, flat())

    with connect(place.database) as reader:
        answer = reader.execute("SELECT custom_seats FROM s.mapped_flat")
        first = answer.fetchmany(1)
        made = make(mapped, flat(typed_column("custom_other", "other", ColumnType.TEXT)))
        rest = answer.fetchall()
        with pytest.raises(duckdb.BinderException):
            reader.execute("SELECT custom_seats FROM s.mapped_flat")

    assert [Made.REPLACED] == made
    assert set(range(5_000)) == {seats for (seats,) in (*first, *rest)}


LISTS: list[tuple[Json, list[str]]] = [
    ({"data": [{"id": "a"}, {"id": 2}, {"id": "a"}]}, ["2", "a"]),
    ({"data": []}, []),
    ({"data": None}, []),
    ({"data": {"x": {"id": "no"}}}, []),
    ({"data": [None, 5, "text", {}, {"id": None}, {"id": "b"}]}, ["b"]),
    ({"other": [{"id": "no"}]}, []),
    ([{"id": "no"}], []),
    ("text", []),
    (None, []),
]


def test_members_are_distinct_texts_of_whatever_is_a_list(mapped: Store) -> None:
    """Ids are texts, each once; what is no list, and what has no id, is left out silently."""
    mapped.commit([{"id": str(n), "members": value} for n, (value, _) in enumerate(LISTS)])
    make(mapped, members())

    found = rows(mapped, members())

    expected = {(str(n), one) for n, (_, ids) in enumerate(LISTS) for one in ids}
    assert expected == {(row["row_id"], row["member_id"]) for row in found}
    assert len(expected) == len(found) == mapped.warehouse.count(members().target)


def test_a_member_can_be_its_own_id(mapped: Store) -> None:
    """A list of ids is a list of members."""
    lists: list[Json] = [[1, "2", 1], [], None, {"a": 1}, "text"]
    mapped.commit([{"id": str(n), "members": value} for n, value in enumerate(lists)])
    ids = members(field=None, path=())
    make(mapped, ids)

    found = rows(mapped, ids)

    assert {("0", "1"), ("0", "2")} == {(row["row_id"], row["member_id"]) for row in found}


def test_members_that_are_not_stored_are_found(mapped: Store) -> None:
    """Members whose table lacks them are counted by how many rows name them."""
    things = beside(mapped, "t", THINGS)
    things.commit([thing("1")])
    mapped.commit([{"id": key, "members": {"data": [{"id": 1}, {"id": 9}]}} for key in "ab"])
    make(mapped, members())

    found = mapped.warehouse.run(MissingMembers(members().target, "member_id", things.target), 10)

    assert (("9", 2), 1) == (found.rows[0], found.total)


def test_a_view_is_read_by_columns(mapped: Store) -> None:
    """A read can be restricted to columns; one that is not there is named with those that are."""
    mapped.commit([{"id": "1", "held": {"seats": 5}}])
    make(mapped, flat())

    some = mapped.warehouse.read_view(flat().target, ["custom_seats"])

    assert [{"custom_seats": 5}] == some.to_pylist()
    with pytest.raises(SchemaError, match=r"no column 'nope'\. Choose among id, custom_seats"):
        mapped.warehouse.read_view(flat().target, ["nope"])
    with pytest.raises(SchemaError, match=r"There is no table s\.mapped_members"):
        mapped.warehouse.read_view(members().target)


ODD_KEYS = ['q"q', "it's", "a/b", "a~1b", "back\\slash", "%s", "?", "[0]", "Größe 🚀", "x y"]
ODD_VALUES: list[Json] = [
    None, True, False, 0, -1, 42, 4.0, 4.5, -0.25, 1e20, 2**53, 2**63 - 1, 1_700_000_000,
    -62_135_596_800, 99_999_999_999, 1_700_000_000_000, "", " ", "42", "-7", "4.0", "+5", "0x10",
    "1_000", "1e5", "1e999", "nan", "inf", "true", "TRUE", "yes", "n/a", "2024-01-31",
    "2024-01-31T12:00:00Z", "2024-01-31 12:00:00.500+02:00", "2024-02-30T12:00:00Z", "infinity",
    "1700000000", "ünï ☃", [1, 2], {"x": 1}, [], {},
]  # fmt: skip
KINDS = (
    ColumnType.TEXT,
    ColumnType.INTEGER,
    ColumnType.DOUBLE,
    ColumnType.BOOLEAN,
    ColumnType.TIMESTAMP,
)

NUMBERS = itertools.count()

# fakesnow replaces $name within quotes, takes * for all keys, refuses an empty one, and lets a
# backslash at the end escape its own closing quote.
KEYS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0$*"), min_size=1, max_size=12
).filter(lambda key: not key.endswith("\\")) | st.sampled_from(ODD_KEYS)
VALUES = (
    st.sampled_from(ODD_VALUES)
    | st.integers(-(2**70), 2**70)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
)


@settings(
    max_examples=budget(2, 80),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(maps=[{**dict.fromkeys(ODD_KEYS, value), "plain": value} for value in ODD_VALUES])
@given(maps=st.lists(st.dictionaries(KEYS, VALUES, min_size=1, max_size=6), min_size=1, max_size=6))
def test_a_value_is_typed_or_null(store: Store, maps: list[dict[str, Json]]) -> None:
    """Whatever key a value has and whatever it is, each type shows it or null, and none fails."""
    keys = sorted({key for one in maps for key in one})
    picks = [
        typed_column(f"c{n}_{kind.value}", key, kind)
        for n, key in enumerate(keys)
        for kind in KINDS
    ]
    name = f"t{next(NUMBERS)}"
    mapped = beside(store, name, MAPPED)
    mapped.commit([{"id": str(n), "held": dict(one)} for n, one in enumerate(maps)])
    view = flat(*picks, table=name)
    make(mapped, view)

    shown = {row["id"]: row for row in rows(mapped, view)}

    for n, one in enumerate(maps):
        for pick in picks:
            expected = typed(found(one, pick.path[0]), pick.type)
            assert same(expected, shown[str(n)][pick.name]), (pick, one.get(pick.path[0]))


def found(held: dict[str, Json], key: str) -> Json:
    """Look a key up, and where it is not there or null, as a path through objects."""
    if held.get(key) is not None or "." not in key or not all(key.split(".")):
        return held.get(key)
    value: Json = held
    for step in key.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def typed(value: Json, kind: ColumnType) -> Any:  # noqa: ANN401 - of whatever type
    """Say what a column of a type should show of a value."""
    if value is None:
        return None
    told = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    match kind:
        case ColumnType.INTEGER:
            whole = re.fullmatch(r"(-?[0-9]+)(\.0+)?", told, re.ASCII)
            number = int(whole[1]) if whole else 2**63
            return number if abs(number) < 9 * 10**18 else None
        case ColumnType.DOUBLE:
            pattern = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?"
            return float(told) if re.fullmatch(pattern, told) else None
        case ColumnType.BOOLEAN:
            return {"true": True, "false": False}.get(told.lower())
        case ColumnType.TIMESTAMP:
            return instant(told)
        case _:
            return told


def instant(told: str) -> datetime | None:
    """Read Unix seconds, or a time with an offset."""
    if seconds := re.fullmatch(r"(-[0-9]{1,10}|[0-9]{1,11})(\.0+)?", told):
        return EPOCH + timedelta(seconds=int(seconds[1]))
    if not re.match(r"[1-9][0-9]{3}-..-..[T ]..:..", told):
        return None
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def same(expected: Any, shown: Any) -> bool:  # noqa: ANN401 - of whatever types
    """Compare; a double's text may be written in several ways."""
    if expected == shown:
        return True
    if isinstance(expected, str) and re.fullmatch(r"-?[0-9.]+(e[+-]?[0-9]+)?", expected):
        return shown is not None and math.isclose(float(expected), float(shown))
    if isinstance(expected, float):
        return shown is not None and math.isclose(expected, shown)
    return False


@pytest.mark.parametrize("key", ["$id", "$.id", "*", "", "$", "\\", "back\\"])
def test_a_key_is_no_path_of_json(mapped: Store, place: Place, key: str) -> None:
    """Signs that mean something in paths of JSON are parts of a name like others."""
    if isinstance(place, SnowflakePlace):
        pytest.skip("fakesnow gives these signs meanings that they do not have in Snowflake")
    mapped.commit([{"id": "1", "held": {key: 5, "id": 6}}])
    view = flat(typed_column("c", key, ColumnType.INTEGER))
    make(mapped, view)

    assert [5] == [row["c"] for row in rows(mapped, view)]


def test_a_name_with_dots_is_a_key_before_it_is_a_path(mapped: Store) -> None:
    """Where the map has the whole name as a key that counts; else its parts lead into objects."""
    maps: list[Record] = [
        {"a.b": 1, "a": {"b": 2}},
        {"a": {"b": 2}},
        {"a.b": None, "a": {"b": 3}},
        {"a": 5},
        {},
    ]
    mapped.commit([{"id": str(n), "held": one} for n, one in enumerate(maps)])
    view = flat(typed_column("c", "a.b", ColumnType.INTEGER))
    make(mapped, view)

    assert [1, 2, 3, None, None] == [
        row["c"] for row in sorted(rows(mapped, view), key=lambda row: str(row["id"]))
    ]

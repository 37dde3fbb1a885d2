"""Tables of any warehouse: names, foreign tables, columns that came or changed, locks."""

import json
from dataclasses import replace

import pytest

from intercom_assets.catalog.table import EXTRA, integer, text
from intercom_assets.engine.rewrite import evolve
from intercom_assets.errors import SchemaError, WarehouseError
from intercom_assets.warehouse.arrow import is_json
from intercom_assets.warehouse.base import Target
from intercom_assets_tests.guarantees.budget import TORTURE, budget
from intercom_assets_tests.places import Fate, Place
from intercom_assets_tests.unit.storing import THINGS, Store, thing

HOSTILE = ['a"; drop table x; --', "12_3", "ünï ☃", "select", "two words", "a.b", "%s", "?"]
PREFIXES = HOSTILE if TORTURE else ["".join(HOSTILE), "12_3"]
"""Each by itself where the budget is large; else all in one, and one that begins with a digit."""


def named(store: Store, prefix: str) -> Store:
    """Give the store a prefix."""
    return replace(store, target=Target("s", f"{prefix}rudder_things", THINGS), prefix=prefix)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_any_prefix_is_kept_verbatim(store: Store, place: Place, prefix: str) -> None:
    """A prefix may hold anything; tables are named exactly so."""
    hostile = named(store, prefix)
    hostile.commit([thing("1"), thing("2")])

    hostile.commit([thing("1", "b")], seen=[thing("1")])

    assert {"1": "b"} == hostile.names()
    assert hostile.warehouse.inspect(hostile.target).exists
    assert hostile.cursor() is not None
    made = {row[0].lower() for row in place.execute(place.tables())}
    assert {f"{prefix}rudder_things".lower(), f"{prefix}rudder__cursors".lower()} <= made


def test_a_plain_name_needs_no_quotes(store: Store, place: Place) -> None:
    """Whoever writes SQL finds a plain name as it is written in the settings."""
    plain = named(store, "my_")
    plain.commit([thing("1")])

    rows = place.execute("SELECT id, name FROM s.my_rudder_things")

    assert [("1", "a")] == rows


def test_a_query_says_which_columns_are_json(store: Store) -> None:
    """What a person asks in SQL comes with a mark on each column whose text is JSON."""
    store.commit([{**thing("1"), "more": [1]}])

    answer = store.warehouse.query("SELECT _extra, id, _extra AS id FROM s.t")

    assert [True, False, True] == [is_json(field) for field in answer.schema]
    assert {"more": [1]} == json.loads(answer.column(0)[0].as_py())


def test_a_row_of_any_length_lands(store: Store) -> None:
    """A row that is longer than what a reader takes at a time is no other row."""
    names = ["a", "b" * 1_048_500, "c", "d" * 5_000_000, "e"]

    store.commit([thing(str(number), name) for number, name in enumerate(names)])

    assert names == [row["name"] for row in store.rows()]


def test_a_table_without_our_columns_is_refused(store: Store, place: Place) -> None:
    """A table that was not made by us is refused with the statement that renames it."""
    foreign = named(store, "my_")
    place.execute("CREATE SCHEMA s")
    place.execute("CREATE TABLE s.my_rudder_things (id VARCHAR)")

    with pytest.raises(SchemaError) as caught:
        foreign.warehouse.inspect(foreign.target)

    place.execute(str(caught.value).split("again: ")[1])
    assert not foreign.warehouse.inspect(foreign.target).exists


def test_a_column_of_another_type_is_refused(store: Store, place: Place) -> None:
    """A column of another type than declared is refused by name, with both types."""
    place.execute("CREATE SCHEMA s")
    place.execute(
        "CREATE TABLE s.t (id VARCHAR, name VARCHAR, size VARCHAR, _row_hash VARCHAR, "
        "_synced_at VARCHAR)"
    )

    with pytest.raises(SchemaError, match=r"'size' of s\.t is VARCHAR.*declared"):
        store.warehouse.inspect(store.target)


def test_a_table_of_ours_is_not_refused(store: Store) -> None:
    """What a commit made fits what is declared: every type comes back as it was made."""
    store.commit([thing("1")])

    state = store.warehouse.inspect(store.target)

    assert (True, (), 1) == (state.exists, state.missing, state.row_count)


def test_a_missing_column_is_reported(store: Store) -> None:
    """A column that a newer release declares is missing, not an error."""
    store.commit([thing("1")])
    columns = (*THINGS.columns, *integer(weight="Weight."))

    state = store.warehouse.inspect(replace(store.target, table=replace(THINGS, columns=columns)))

    assert ("weight",) == tuple(column.name for column in state.missing)


def test_users_columns_keep_their_values(store: Store, place: Place) -> None:
    """A column that the user added is left alone by a merge, also in rows that change."""
    store.commit([thing("1")])
    place.execute("ALTER TABLE s.t ADD COLUMN mine VARCHAR DEFAULT 'x'")

    done = store.commit([thing("1", "b"), thing("2")])

    assert (1, 1) == (done.inserted, done.updated)
    assert ("b", "x") == place.execute("SELECT name, mine FROM s.t WHERE id = '1'")[0]


def test_reading_a_table_that_is_not_there_says_so(store: Store) -> None:
    """Reading without a schema or without the table is a SchemaError that names it."""
    with pytest.raises(SchemaError, match=r"s\.t"):
        store.rows()
    store.commit([thing("1")])
    with pytest.raises(SchemaError, match=r"s\.other"):
        store.warehouse.read(replace(store.target, name="other"))


def test_a_table_without_rows_reads_as_one(store: Store) -> None:
    """A resource of which Intercom has nothing has a table whose columns can be read."""
    store.commit([])

    table = store.warehouse.read(store.target)

    assert (0, [one.name for one in THINGS.all_columns]) == (table.num_rows, table.column_names)


def test_some_columns_are_read_in_the_order_asked_for(store: Store) -> None:
    """A read can be restricted to columns."""
    store.commit([thing("1")])

    table = store.warehouse.read(store.target, ["name", "id"])

    assert [{"name": "a", "id": "1"}] == table.to_pylist()


def test_looking_changes_nothing(store: Store) -> None:
    """Looking at a table and at cursors before the first sync finds nothing, and is no error."""
    assert not store.warehouse.inspect(store.target).exists
    assert store.cursor() is None


def test_a_second_sync_of_a_table_is_refused(store: Store, place: Place) -> None:
    """While a table is being synced another sync of it is refused, naming the holder's run."""
    with (
        store.warehouse.lock(store.target, "run-1"),
        pytest.raises(WarehouseError, match="run-1"),
        place.warehouse().lock(store.target, "run-2"),
    ):
        pass


def test_a_lock_is_free_after_its_sync(store: Store, place: Place) -> None:
    """A lock is given back, also after an error; other tables have locks of their own."""
    other = replace(store.target, name="other")

    with pytest.raises(ZeroDivisionError), store.warehouse.lock(store.target, "run-1"):
        raise ZeroDivisionError
    with (
        place.warehouse().lock(store.target, "run-2"),
        place.warehouse().lock(other, "run-3"),
    ):
        pass


def test_added_columns_are_filled_whole_or_not_at_all(store: Store, place: Place) -> None:
    """An error at any statement of an addition leaves a column missing; the next ends it."""
    store.commit([{**thing("1"), "weight": 7, "colour": "red", "other": {"a": [1]}}, thing("2")])
    columns = (*THINGS.columns, *integer(weight="Weight."), *text(colour="Colour."))
    newer = replace(store, target=replace(store.target, table=replace(THINGS, columns=columns)))
    errors = 0

    for fatal in range(1, 100, budget(2, 1)):
        missing = newer.warehouse.inspect(newer.target).missing
        try:
            evolve(place.frail(Fate(fatal)), newer.target, missing)
            break
        except WarehouseError:
            errors += 1
        assert newer.warehouse.inspect(newer.target).missing

    first, second = newer.rows()
    assert (7, "red", {"other": {"a": [1]}}) == (
        first["weight"],
        first["colour"],
        json.loads(first[EXTRA]),
    )
    assert (None, None, None) == (second["weight"], second["colour"], second[EXTRA])
    assert () == newer.warehouse.inspect(newer.target).missing
    assert errors > 2

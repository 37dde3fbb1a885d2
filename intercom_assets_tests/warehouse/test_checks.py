"""What any warehouse answers when it is asked which rows are not as they should be."""

import json
from dataclasses import replace

import pytest

from intercom_assets.catalog.table import Table, integer, text
from intercom_assets.catalog.types import Json
from intercom_assets.errors import SchemaError
from intercom_assets.warehouse.base import Target
from intercom_assets.warehouse.queries import (
    Answer,
    Counting,
    DuplicateKeys,
    ExtraFields,
    IncompleteChildren,
    MissingParents,
    Query,
)
from intercom_assets_tests.places import Place
from intercom_assets_tests.unit.storing import THINGS, Store, thing

PARENTS = Target("s", "t", THINGS)
CHILDREN = Target(
    "s",
    "c",
    Table(columns=text(parent_id="Parent.", id="Key."), primary_key=("parent_id", "id")),
)
ORPHANS = MissingParents(CHILDREN, "parent_id", PARENTS)
INCOMPLETE = IncompleteChildren(
    target=CHILDREN, key="parent_id", parent=PARENTS, counted="size", cap=3
)


@pytest.fixture
def children(store: Store) -> Store:
    """Make a store of children beside the store of things."""
    return replace(store, target=CHILDREN, prefix="c_", folder=store.folder / "children")


def ask(store: Store, question: Query, limit: int = 10) -> Answer:
    """Ask the store's warehouse."""
    return store.warehouse.run(question, limit)


def marked(place: Place, table: str, where: str) -> None:
    """Mark rows as gone, as a sync would."""
    place.execute(f"UPDATE s.{table} SET _deleted_at = _synced_at WHERE {where}")


def test_keys_are_unique_after_any_commit(store: Store) -> None:
    """No key of a merged table is null or repeated."""
    store.commit([thing("1"), thing("1"), thing("2")])

    assert (0, ()) == (
        ask(store, DuplicateKeys(PARENTS)).total,
        ask(store, DuplicateKeys(PARENTS)).rows,
    )


def test_repeated_and_missing_keys_are_found(store: Store, place: Place) -> None:
    """Keys that rows share, and null, are found with the number of their rows."""
    store.commit([thing("1"), thing("2"), thing("3")])
    place.execute("INSERT INTO s.t SELECT * FROM s.t WHERE id = '2'")
    place.execute("UPDATE s.t SET id = NULL WHERE id = '3'")

    found = ask(store, DuplicateKeys(PARENTS))

    assert 2 == found.total
    assert {("2", 2), (None, 1)} == set(found.rows)


def test_a_sample_is_limited_and_the_total_is_not(store: Store, place: Place) -> None:
    """At most the asked number of rows is read; the total counts all."""
    store.commit([thing(str(number)) for number in range(5)])
    place.execute("INSERT INTO s.t SELECT * FROM s.t")

    found = ask(store, DuplicateKeys(PARENTS), limit=2)

    assert (2, 5) == (len(found.rows), found.total)


def test_the_query_of_an_answer_can_be_run_by_a_person(store: Store, place: Place) -> None:
    """Whoever runs the query sees the rows that were found."""
    store.commit([thing("1"), thing("2")])
    place.execute("INSERT INTO s.t SELECT * FROM s.t WHERE id = '2'")

    found = ask(store, DuplicateKeys(PARENTS))

    assert list(found.rows) == place.execute(found.statement)


def test_rows_of_missing_parents_are_found(store: Store, children: Store, place: Place) -> None:
    """Unmarked children whose parent is not stored are counted by the parent that they name."""
    children.folder.mkdir()
    store.commit([thing("1"), thing("2")])
    rows = [("1", "a"), ("8", "b"), ("8", "c"), ("9", "d"), ("7", "e")]
    children.commit([{"parent_id": parent, "id": key} for parent, key in rows])
    marked(place, "c", "parent_id = '9'")
    marked(place, "t", "id = '1'")

    found = ask(store, ORPHANS)

    assert (("7", 1), ("8", 2)) == found.rows


def test_rows_with_a_number_above_zero_are_counted(store: Store, place: Place) -> None:
    """Rows whose number is null or zero, and marked ones, do not count."""
    store.commit([thing(str(number)) for number in range(6)])
    place.execute("UPDATE s.t SET size = NULL WHERE id = '1'")
    place.execute("UPDATE s.t SET size = 0 WHERE id = '2'")
    marked(place, "t", "id = '3'")

    assert 3 == ask(store, Counting(PARENTS, "size"), limit=1).total


@pytest.mark.parametrize(
    "question", [DuplicateKeys(PARENTS), ORPHANS, INCOMPLETE, ExtraFields(PARENTS)]
)
def test_a_question_about_no_table_is_a_schema_error(store: Store, question: Query) -> None:
    """Before the first sync there is nothing to ask; the error names the table."""
    with pytest.raises(SchemaError, match=r"There is no table s\.[ct]"):
        ask(store, question)


@pytest.mark.parametrize("question", [ORPHANS, INCOMPLETE])
def test_a_question_about_no_parents_is_a_schema_error(children: Store, question: Query) -> None:
    """Children without a table of parents cannot be judged; the error names the parents."""
    children.folder.mkdir()
    children.commit([{"parent_id": "1", "id": "a"}])

    with pytest.raises(SchemaError, match=r"There is no table s\.t"):
        ask(children, question)


def test_parents_with_too_few_children_are_found(
    store: Store, children: Store, place: Place
) -> None:
    """A parent counts more children than are stored, up to the cap; marked rows do not count."""
    children.folder.mkdir()
    counted = {"none": 1, "right": 2, "more": 1, "marked": 2, "gone": 2, "capped": 900, "few": 900}
    store.commit([{**thing(key), "size": size} for key, size in counted.items()])
    store.commit([{"id": "unknown", "updated_at": 1}])
    stored = {"right": 2, "more": 2, "marked": 2, "capped": 3, "few": 2}
    children.commit(
        {"parent_id": parent, "id": str(number)}
        for parent, count in stored.items()
        for number in range(count)
    )
    marked(place, "c", "parent_id = 'marked' AND id = '0'")
    marked(place, "t", "id = 'gone'")

    found = ask(store, INCOMPLETE)

    assert {("none", 1, 0), ("marked", 2, 1), ("few", 900, 2)} == {row[:3] for row in found.rows}
    assert 3 == found.total


def test_the_parents_that_changed_last_come_first(store: Store, children: Store) -> None:
    """A sample shows what a recent sync did."""
    children.folder.mkdir()
    children.commit([{"parent_id": "0", "id": "a"}])
    for key in ("b", "a", "c"):
        store.commit([thing(key)])

    found = ask(store, INCOMPLETE, limit=2)

    assert (["c", "a"], 3) == ([row[0] for row in found.rows], found.total)


HOSTILE = ["plain", "a.b", "a/b", "a~b", 'q"q', "it's", "ünï ☃", "two words"]


def test_every_field_of_extra_is_listed(store: Store) -> None:
    """Fields are listed with the number of their rows, an example and its row."""
    store.commit(
        [
            {**thing("1"), **dict.fromkeys(HOSTILE, "x")},
            {**thing("2"), "plain": {"deep": 1}},
            {**thing("3"), "plain": "y"},
            thing("4"),
        ]
    )

    found = ask(store, ExtraFields(PARENTS), limit=50)

    listed = {(row[0], bool(row[1])): row[2:] for row in found.rows}
    assert {(field, False) for field in HOSTILE} | {("plain", True)} == set(listed)
    assert (2, "1", '"x"') == listed["plain", False]
    assert (1, "2", '{"deep":1}') == listed["plain", True]
    assert (1, "1", '"x"') == listed["it's", False]


def test_fields_of_objects_within_extra_are_listed(store: Store) -> None:
    """The fields of one object are listed; where it is something else, it has none."""
    values: list[Json] = [{"b": 1, "c": {"d": True}}, "text", ["list"], 7, {"b": [1]}]
    store.commit({**thing(str(n)), "source": value} for n, value in enumerate(values))

    fields = {row[0]: row[2] for row in ask(store, ExtraFields(PARENTS, ("source",))).rows}
    deeper = ask(store, ExtraFields(PARENTS, ("source", "c"))).rows

    assert {"b": 2, "c": 1} == fields
    assert [("d", 1, "0", "true")] == [(row[0], *row[2:]) for row in deeper]


def test_fields_of_marked_rows_do_not_count(store: Store, place: Place) -> None:
    """What is gone from Intercom is no news."""
    store.commit([{**thing("1"), "new": 1}])
    marked(place, "t", "id = '1'")

    assert 0 == ask(store, ExtraFields(PARENTS)).total


def test_a_long_value_is_cut(store: Store) -> None:
    """Of an example only the beginning is read."""
    store.commit([{**thing("1"), "long": "x" * 10_000}])

    [row] = ask(store, ExtraFields(PARENTS)).rows

    assert json.dumps("x" * 10_000)[:100] == row[4]


def test_a_row_of_a_key_of_several_columns_is_named(children: Store) -> None:
    """The example's row is named by its whole key."""
    children.folder.mkdir()
    children.commit([{"parent_id": "1", "id": "a", "new": 1}])

    [row] = ask(children, ExtraFields(CHILDREN)).rows

    assert "1/a" == row[3]


@pytest.mark.parametrize("name", ['a"; drop table x; --', "two words", "%s", "?"])
def test_names_stay_names(store: Store, name: str) -> None:
    """Names of tables and columns are quoted in every question."""
    table = replace(THINGS, columns=(*THINGS.columns, *integer(**{name: "Count."})))
    odd = replace(store, target=Target("s", f"{name}things", table), prefix=name)
    odd.commit([{**thing("1"), name: 1}])
    incomplete = replace(
        INCOMPLETE, target=odd.target, key="id", parent=odd.target, counted=name, cap=None
    )

    totals = [
        ask(odd, question).total
        for question in (
            DuplicateKeys(odd.target),
            MissingParents(odd.target, "id", odd.target),
            incomplete,
            ExtraFields(odd.target),
        )
    ]

    assert [0, 0, 0, 0] == totals

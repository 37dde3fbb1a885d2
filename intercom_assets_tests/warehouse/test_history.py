"""The history of any warehouse: what a commit replaces is kept, once, and for how long it held."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from intercom_assets.catalog.shapes import Versions
from intercom_assets.catalog.table import Table, boolean, json, nested, text
from intercom_assets.catalog.types import Record
from intercom_assets.engine.rows import RowSpool, encode_row
from intercom_assets.errors import WarehouseError
from intercom_assets.warehouse.base import Commit, Committed, Target
from intercom_assets.warehouse.queries import BrokenVersions
from intercom_assets.warehouse.views import Definition, Made, View, versions_of
from intercom_assets_tests.guarantees.budget import budget
from intercom_assets_tests.places import Fate, Place
from intercom_assets_tests.unit.storing import THINGS, Row, Store, thing
from intercom_assets_tests.world import DAY, HOUR, Clock

LETTERS = Table(
    columns=(
        *text(id="Key.", title="Title."),
        *nested("source", text(body="Text."), boolean(redacted="R."), json(files="Files.")),
    ),
    primary_key=("id",),
)


def commit(store: Store, records: Iterable[Record] = (), **more: Any) -> Committed:  # noqa: ANN401 - fields of Commit
    """Commit records with a history."""
    seen = more.pop("seen", None)
    prepared = replace(store.prepared(records, seen=seen), archives=True, **more)
    done = store.warehouse.commit(store.prefix, prepared)
    store.version += 1
    return done


def former(store: Store) -> list[Row]:
    """Read the history, oldest first."""
    rows: list[Row] = store.warehouse.read(store.target.history).to_pylist()
    return sorted(rows, key=lambda row: (row["_valid_to"], row["id"]))


def versions(store: Store) -> View:
    """Define the view of all versions."""
    names = tuple(column.name for column in store.target.table.all_columns)
    target = Target("s", "t_versions", versions_of(store.target.table))
    definition = Definition(table=store.target, shape=Versions("things"), columns=names)
    return View(target, "Versions.", definition)


def test_what_a_commit_replaces_is_kept(store: Store, clock: Clock) -> None:
    """A changed row's version is kept until the commit that replaced it; no other row's is."""
    first = commit(store, [thing("1"), thing("2")])
    clock.forward(HOUR)

    second = commit(store, [thing("1"), thing("2", "b"), thing("3")])

    [kept] = former(store)
    assert (0, 1) == (first.archived, second.archived)
    assert ("2", "a", None) == (kept["id"], kept["name"], kept["_deleted_at"])
    assert (first.synced_at, second.synced_at) == (kept["_synced_at"], kept["_valid_to"])
    assert {"1": "a", "2": "b", "3": "a"} == store.names()


def test_an_older_version_leaves_no_trace(store: Store) -> None:
    """What is older than the row changes neither the row nor its history."""
    commit(store, [thing("1", "new", 200)])

    done = commit(store, [thing("1", "old", 100)])

    assert (0, []) == (done.archived, former(store))


def test_a_mark_and_its_undoing_are_versions(store: Store, clock: Clock) -> None:
    """A row that is gone, comes back older and then newer has a version for each state."""
    commit(store, [thing("1", "a", 200)])
    done = []
    for records, seen in (([], []), ([thing("1", "z", 100)], None), ([], []), ([thing("1")], None)):
        clock.forward(HOUR)
        done.append(commit(store, records, seen=seen))

    kept = former(store)
    assert [1] * 4 == [one.archived for one in done]
    assert [False, True, False, True] == [row["_deleted_at"] is not None for row in kept]
    assert [row["_valid_to"] for row in kept] == [one.synced_at for one in done]
    assert [row["_synced_at"] for row in kept[1:]] == [row["_valid_to"] for row in kept[:-1]]


def test_a_merged_row_was_not_merged_before(store: Store) -> None:
    """The version before a mark does not say what the record was merged into later."""
    commit(store, [thing("1")])
    spool = RowSpool(
        store.folder / "gone",
        {"key": THINGS.column("id").type, "merged_into": THINGS.column("id").type},
    )
    spool.add([encode_row({"key": "1", "merged_into": "2"})])

    done = commit(store, gone=spool.close())

    [kept], [row] = former(store), store.rows()
    assert (1, None) == (done.archived, kept["_extra"])
    assert '"2"' in row["_extra"]


def test_without_a_history_none_is_made(store: Store, place: Place) -> None:
    """Off, there is no table of former versions; on again there is a gap and no overlap."""
    store.commit([thing("1")])
    store.commit([thing("1", "b")])
    assert not [name for (name,) in place.execute(place.tables()) if "history" in name.lower()]

    on = commit(store, [thing("1", "c")])
    store.commit([thing("1", "d")])
    again = commit(store, [thing("1", "e")])

    assert (1, 1) == (on.archived, again.archived)
    assert ["b", "d"] == [row["name"] for row in former(store)]
    assert former(store)[0]["_valid_to"] < former(store)[1]["_synced_at"]
    store.warehouse.make_views([versions(store)])
    assert 0 == store.warehouse.run(BrokenVersions(versions(store).target), 9).total


def test_the_view_shows_every_version(store: Store, clock: Clock) -> None:
    """The view shows former and current versions, each from when until when it was valid."""
    first = commit(store, [thing("1"), thing("2")])
    clock.forward(HOUR)
    second = commit(store, [thing("1", "b")])

    [made] = store.warehouse.make_views([versions(store)])

    shown = store.warehouse.read_view(versions(store).target).to_pylist()
    assert Made.CREATED == made.made
    assert sorted(
        (row["id"], row["name"], row["_valid_from"], row["_is_current"]) for row in shown
    ) == [
        ("1", "a", first.synced_at, False),
        ("1", "b", second.synced_at, True),
        ("2", "a", first.synced_at, True),
    ]
    assert {second.synced_at, None} == {row["_valid_to"] for row in shown}


def test_broken_versions_are_found(store: Store, place: Place) -> None:
    """Versions that overlap, and those that end before they begin, are found by a query."""
    for name in "abc":
        commit(store, [thing("1", name), thing("2", name)])
    store.warehouse.make_views([versions(store)])
    asked = BrokenVersions(versions(store).target)
    whole = store.warehouse.run(asked, 9).total

    table = '"S"."T_HISTORY"' if "TABLE_NAME" in place.tables() else "s.t_history"
    place.execute(f"UPDATE {table} SET _valid_to = _synced_at WHERE id = '1' AND name = 'a'")
    twice = f"SELECT * FROM {table} WHERE id = '2' AND name = 'a'"
    place.execute(f"INSERT INTO {table} {twice}")

    assert (0, 2) == (whole, store.warehouse.run(asked, 9).total)


def test_versions_expire(store: Store, clock: Clock) -> None:
    """What was replaced more than the given days before today is deleted, nothing else."""
    for name in "abcd":
        commit(store, [thing("1", name)])
        clock.forward(DAY)

    commit(store, history_days=2)

    assert ["b", "c"] == [row["name"] for row in former(store)]
    commit(store)
    assert ["b", "c"] == [row["name"] for row in former(store)]


def test_what_is_redacted_is_erased(store: Store) -> None:
    """Once a row is redacted, no former version holds its text; what else it was stays."""
    letters = replace(store, target=Target("s", "letters", LETTERS))
    other: Record = {"id": "2", "source": {"body": "plain", "redacted": False}}

    def letter(title: str, body: str, *, redacted: bool = False) -> Record:
        source: Record = {"body": body, "redacted": redacted, "files": [body], "hint": body}
        return {"id": "1", "title": title, "source": source}

    commit(letters, [letter("a", "secret"), other])
    commit(letters, [letter("b", "secret too"), {**other, "title": "x"}])
    commit(letters, [letter("c", "(redacted)", redacted=True)])
    commit(letters, [letter("d", "(redacted)", redacted=True)])

    kept = former(letters)
    assert "secret" not in str(kept)
    assert ["a", None, "b", "c"] == [row["title"] for row in kept]
    assert [None, "plain", None, "(redacted)"] == [row["source_body"] for row in kept]


def test_what_was_redacted_meanwhile_is_erased(store: Store) -> None:
    """What is redacted while no history is kept is erased when the next sync with one ends."""
    letters = replace(store, target=Target("s", "letters", LETTERS))
    for body in ("secret", "edited"):
        commit(letters, [{"id": "1", "source": {"body": body}}])
    letters.commit([{"id": "1", "source": {"redacted": True}}])
    ended = letters.prepared()

    letters.warehouse.commit(
        "", replace(ended, archives=True, cursor=replace(ended.cursor, complete=True))
    )

    assert [None] == [row["source_body"] for row in former(letters)]


def _changes(store: Store) -> Commit:
    commit(store, [thing("1"), thing("2"), thing("3")])
    commit(store, [thing("3", "b")])
    changes = store.prepared([thing("1", "b"), thing("4")], seen=[thing("1"), thing("4")])
    return replace(changes, archives=True, history_days=1)


def test_history_moves_only_with_its_rows(store: Store, place: Place, clock: Clock) -> None:
    """An error at any statement leaves rows and history as they were; then all is kept once."""
    changes = _changes(store)
    before, errors = (store.rows(), former(store)), 0

    for fatal in range(1, 100, budget(7, 1)):
        try:
            place.frail(Fate(fatal), clock.moment).commit("", changes)
            break
        except WarehouseError:
            errors += 1
        assert before == (store.rows(), former(store))

    assert errors >= budget(3, 10)
    assert [("1", "a"), ("2", "a"), ("3", "a"), ("3", "b")] == sorted(
        (row["id"], row["name"]) for row in former(store)
    )


def test_an_interrupted_commit_keeps_once(store: Store, place: Place, clock: Clock) -> None:
    """An interrupt at any statement leaves a history of all or nothing."""
    changes, before = _changes(store), former(store)

    for fatal in range(1, 100, budget(7, 1)):
        with suppress(KeyboardInterrupt):
            place.frail(Fate(fatal, interrupt=True), clock.moment).commit("", changes)
        if store.stored_version() == changes.cursor.version:
            break
        assert before == former(store)

    assert 4 == len(former(store))
    with pytest.raises(WarehouseError, match=r"committed meanwhile"):
        store.warehouse.commit("", changes)
    assert 4 == len(former(store))


def test_synced_at_of_a_version_is_its_key(store: Store) -> None:
    """Versions follow each other even where the clock stands still."""
    for name in "abc":
        commit(store, [thing("1", name)])

    kept = former(store)
    assert len({row["_synced_at"] for row in kept}) == 2
    assert timedelta(microseconds=1) == kept[1]["_valid_to"] - kept[0]["_valid_to"]

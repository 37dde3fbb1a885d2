"""A commit to any warehouse: the merge, the marks, the cursor, and all of it or nothing."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from intercom_assets.errors import WarehouseError
from intercom_assets_tests.guarantees.budget import budget
from intercom_assets_tests.places import Fate, Place
from intercom_assets_tests.unit.storing import Store, thing
from intercom_assets_tests.world import Clock


def test_a_merge_counts_what_it_did(store: Store) -> None:
    """New rows are inserted, changed ones updated, others left, and each is counted."""
    first = store.commit([thing("1"), thing("2")])

    second = store.commit([thing("1"), thing("2", "b"), thing("3")])

    assert (2, 0, 0) == (first.inserted, first.updated, first.unchanged)
    assert (1, 1, 1, 3) == (second.inserted, second.updated, second.unchanged, second.row_count)


def test_an_unchanged_row_keeps_its_time(store: Store, clock: Clock) -> None:
    """A row that did not change keeps `_synced_at`; one that changed gets the commit's."""
    store.commit([thing("1"), thing("2")])
    clock.forward(60)

    done = store.commit([thing("1"), thing("2", "b")])

    synced = {row["id"]: row["_synced_at"] for row in store.rows()}
    assert clock.moment() == synced["2"] == done.synced_at
    assert clock.moment() - timedelta(seconds=60) == synced["1"]


def test_an_older_version_never_overwrites_a_newer_one(store: Store) -> None:
    """A record with an older `updated_at` than the stored one changes nothing."""
    store.commit([thing("1", "new", 1_700_000_100)])

    done = store.commit([thing("1", "old", 1_700_000_099)])

    assert {"1": "new"} == store.names()
    assert (0, 0, 1) == (done.inserted, done.updated, done.unchanged)


def test_the_same_second_may_change_again(store: Store) -> None:
    """A record that changed twice in one second is updated."""
    store.commit([thing("1", "first")])

    store.commit([thing("1", "second")])

    assert {"1": "second"} == store.names()


def test_a_row_dated_in_the_future_can_be_mended(store: Store) -> None:
    """A stored date counts up to its commit only, so a mistaken one can be put right."""
    store.commit([thing("1", "2056", 2_713_000_000)])

    store.commit([thing("1", "mended", 1_767_614_401)])

    assert {"1": "mended"} == store.names()


def test_an_undated_record_overwrites(store: Store) -> None:
    """A record without a date is taken as it comes."""
    store.commit([thing("1", "dated")])

    store.commit([thing("1", "undated", None)])
    store.commit([thing("1", "again")])

    assert {"1": "again"} == store.names()


def test_of_duplicates_in_a_read_the_newest_is_kept(store: Store) -> None:
    """Of several versions in one read the newest is stored, of equal ones the last."""
    versions: dict[str, list[tuple[str, int | None]]] = {
        "rising": [("old", 1), ("new", 2)],
        "falling": [("new", 2), ("old", 1)],
        "equal": [("first", 1), ("last", 1)],
        "undated first": [("undated", None), ("dated", 1)],
        "undated last": [("dated", 1), ("undated", None)],
    }

    done = store.commit([thing(key, *one) for key, two in versions.items() for one in two])

    assert {
        "rising": "new",
        "falling": "new",
        "equal": "last",
        "undated first": "dated",
        "undated last": "dated",
    } == store.names()
    assert 5 == done.inserted == done.row_count


def test_unseen_rows_are_marked_and_come_back(store: Store) -> None:
    """A row that a complete read lacks is marked; it is unmarked when it is read again."""
    both = [thing("1"), thing("2")]
    store.commit(both)

    gone = store.commit([thing("1")], seen=[thing("1")])
    marked = store.names()
    back = store.commit(both, seen=both)

    assert (1, {"1": "a"}) == (gone.deleted, marked)
    assert (0, 1) == (back.inserted, back.updated)
    assert {"1": "a", "2": "a"} == store.names()


def test_unseen_rows_of_other_lists_stay(store: Store) -> None:
    """Where the lists are named that were read whole, rows of no other list are marked."""
    store.commit([thing("1", "a"), thing("2", "a"), thing("3", "b")])

    none = store.commit(seen=[], seen_in=[])
    some = store.commit(seen=[thing("1", "a")], seen_in=["a", "c"])

    assert (0, 1) == (none.deleted, some.deleted)
    assert {"1": "a", "3": "b"} == store.names()


def test_an_older_version_unmarks_and_keeps_the_newer_content(store: Store) -> None:
    """A marked row whose record is seen in an older version exists, as it was last known."""
    store.commit([thing("1", "new", 200)])
    store.commit(seen=[])

    store.commit([thing("1", "old", 100)])

    assert {"1": "new"} == store.names()


def test_a_complete_read_of_nothing_marks_all(store: Store) -> None:
    """A complete read that saw nothing marks every row."""
    store.commit([thing("1"), thing("2")])

    done = store.commit(seen=[])

    assert (2, 2) == (done.deleted, done.row_count)


def test_compare_and_swap_refuses_a_stale_version(store: Store) -> None:
    """A commit that starts from another version than the stored one changes nothing."""
    store.commit([thing("1")])
    before = (store.rows(), store.cursor())
    store.version = 0

    with pytest.raises(WarehouseError, match=r"Another sync of .* committed meanwhile"):
        store.commit([thing("1", "b"), thing("2")], seen=[])

    assert before == (store.rows(), store.cursor())


def test_synced_at_grows_though_the_clock_does_not(store: Store, clock: Clock) -> None:
    """`_synced_at` is strictly later at each commit, also when the clock stands or goes back."""
    moments: list[datetime | None] = []
    for step in (0.0, -3600.0, -3600.0, 0.0):
        moments.append(store.commit([thing(str(len(moments)))]).synced_at)
        clock.forward(step)

    assert sorted(set(moments), key=str) == moments


def test_cursor_moves_only_with_its_rows(store: Store, place: Place) -> None:
    """An error at any statement leaves rows, cursor and what is still due as they were."""
    store.commit([thing("1"), thing("2"), thing("3")])
    before = (store.rows(), store.cursor())
    later = datetime(2025, 6, 1, tzinfo=UTC)
    changes = store.prepared(
        [thing("1", "b"), thing("4")],
        seen=[thing("1"), thing("4")],
        at=later,
        unread=("5", 'six "6"'),
    )
    errors = 0

    for fatal in range(1, 100, budget(5, 1)):
        try:
            place.frail(Fate(fatal)).commit("", changes)
            break
        except WarehouseError:
            errors += 1
        assert before == (store.rows(), store.cursor())

    assert errors >= budget(3, 10)
    assert {"1": "b", "4": "a"} == store.names()
    stored = store.cursor()
    assert stored is not None
    assert (later, changes.cursor.unread) == (stored.at, stored.unread)


def test_an_interrupt_leaves_all_or_nothing(store: Store, place: Place) -> None:
    """An interrupt at any statement leaves rows and cursor both as they were, or both moved."""
    store.commit([thing("1")])
    changes = store.prepared([thing("1", "b"), thing("2")])
    states = set()

    for fatal in range(1, 100, budget(5, 1)):
        fate = Fate(fatal, interrupt=True)
        with suppress(KeyboardInterrupt):
            place.frail(fate).commit("", changes)
        states.add((store.stored_version(), *sorted(store.names().items())))
        if store.stored_version() != 1:
            break

    assert {(1, ("1", "a")), (2, ("1", "b"), ("2", "a"))} == states
    assert fatal >= 8

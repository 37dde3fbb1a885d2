"""A copy of another record is right after each sync: rows follow what its own list said last."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.hidden import hide
from intercom_assets.engine.cursor import BatchLimits
from intercom_assets_tests.guarantees.budget import budget
from intercom_assets_tests.guarantees.worlds import differences
from intercom_assets_tests.hiding import hash_of, hidden_of, sync_hiding
from intercom_assets_tests.world import DAY, HOUR, Row, World

ALL = ("segments", "companies", "company_segments")
COPY = "company_segments"


def popular(world: World) -> str:
    """Find the segment that most companies are in."""
    held = [str(one) for each in world.workspace.company_segments.values() for one in each]
    return max(sorted(set(held)), key=held.count)


def rows_of(world: World, segment: str) -> list[Row]:
    """Read the rows of a segment."""
    return [row for row in world.rows(COPY) if row["id"] == segment]


def names_of(world: World, segment: str) -> set[str]:
    """Read the names that a segment has in rows that are not marked."""
    return {row["name"] for row in rows_of(world, segment) if row["_deleted_at"] is None}


def requests(world: World, act: Callable[[], Any]) -> int:
    """Count the requests of something."""
    before = world.workspace.log.total()
    act()
    return world.workspace.log.total() - before


def test_a_renamed_segment_has_its_new_name_in_all_rows(world: World) -> None:
    """One ordinary sync, no request more than without a change, and rows as if read again."""
    world.sync_all(*ALL)
    world.clock.forward(DAY)
    quiet = requests(world, lambda: world.sync_all(*ALL))
    segment = popular(world)
    world.workspace.rename("segments", segment, "Renamed")
    reports = {}

    asked = requests(world, lambda: reports.update(world.sync_all(*ALL)))

    assert quiet == asked
    assert {"Renamed"} == names_of(world, segment)
    assert (0, len(rows_of(world, segment))) == (reports[COPY].inserted, reports[COPY].updated)
    assert world.expected(COPY) == world.stored(COPY)
    assert (0, 0) == (world.sync(COPY).updated, world.sync(COPY, reconcile=True).updated)


def test_only_rows_of_what_changed_are_written(world: World) -> None:
    """Rows of other segments, and rows that are marked, stay as they are."""
    segment = popular(world)
    world.sync_all(*ALL)
    left = rows_of(world, segment)[0]["company_id"]
    world.workspace.set_company_segments(left, [])
    world.workspace.touch("companies", left)
    world.sync_all(*ALL)
    world.clock.forward(HOUR)
    before = {(row["company_id"], row["id"]): row for row in world.rows(COPY)}
    world.workspace.rename("segments", segment, "Renamed")

    world.sync_all(*ALL)

    after = {(row["company_id"], row["id"]): row for row in world.rows(COPY)}
    changed = {key for key, row in after.items() if row != before[key]}
    assert changed == {(row["company_id"], segment) for row in rows_of(world, segment)} - {
        (left, segment)
    }
    assert all(after[key]["_synced_at"] >= world.clock.moment() for key in changed)


def test_a_company_that_left_a_renamed_segment_is_marked(world: World) -> None:
    """A whole list that lacks the segment counts, though its name changed in the same sync."""
    world.sync_all(*ALL)
    segment = popular(world)
    left = rows_of(world, segment)[0]["company_id"]
    world.clock.forward(HOUR)
    world.workspace.rename("segments", segment, "Renamed")
    world.workspace.set_company_segments(left, [])
    world.workspace.touch("companies", left)

    world.sync_all(*ALL)

    assert left in {r["company_id"] for r in rows_of(world, segment) if r["_deleted_at"]}
    assert {"Renamed"} == names_of(world, segment)
    assert world.expected(COPY) == world.stored(COPY)


@pytest.mark.parametrize("bump", [True, False])
def test_a_name_that_goes_and_comes_back_is_followed(world: World, bump: bool) -> None:  # noqa: FBT001
    """Rows have the segment's name after each sync, whether or not its date moves."""
    segment = popular(world)
    first = world.workspace.find("segments", segment)["name"]
    world.sync_all(*ALL)
    company = rows_of(world, segment)[0]["company_id"]
    for name in ("Other", first, "Other", first):
        world.clock.forward(HOUR)
        world.workspace.patch("segments", segment, {"name": name}, bump=bump)
        world.sync_all(*ALL)
        assert {name} == names_of(world, segment)
        assert world.expected(COPY) == world.stored(COPY)
        world.workspace.touch("companies", company)


def test_a_copy_that_is_newer_than_the_original_stays(world: World) -> None:
    """What a company's list said after the list of segments was read is not taken back."""
    world.sync_all(*ALL)
    segment = popular(world)
    company = rows_of(world, segment)[0]["company_id"]
    world.clock.forward(HOUR)
    world.workspace.rename("segments", segment, "Renamed")
    world.workspace.touch("companies", company)

    world.sync_all("companies", COPY)
    between = {row["company_id"]: row["name"] for row in rows_of(world, segment)}
    world.sync_all(*ALL)

    assert [company] == [key for key, name in between.items() if name == "Renamed"]
    assert {"Renamed"} == names_of(world, segment)
    assert world.expected(COPY) == world.stored(COPY)


@pytest.mark.parametrize("seed", range(budget(3, 300)))
def test_rows_follow_in_whatever_order_things_happen(world: World, seed: int) -> None:
    """After any order of renames, touches and syncs one sync of all equals the workspace."""
    chance, workspace = Random(seed), world.workspace
    world.portions = BatchLimits(commit_rows=3, ahead_rows=chance.choice([5, 200_000]))
    segments, companies = (workspace.collection(kind).ids() for kind in ("segments", "companies"))
    for _ in range(12):
        world.clock.forward(chance.choice([0, 1, HOUR]))
        match chance.randrange(6):
            case 0 | 1:
                fields = {"name": chance.choice("ABC")}
                bump = chance.random() < 0.7
                workspace.patch("segments", chance.choice(segments), fields, bump=bump)
            case 2:
                # A second touch within the second of a sync cannot be told from the first.
                world.clock.forward(1)
                company = chance.choice(companies)
                workspace.set_company_segments(company, chance.sample(segments, 3))
                workspace.touch("companies", company)
            case 3 | 4:
                world.sync_all("companies", *chance.sample(ALL, 2))
            case _:
                world.sync_all(*ALL, reconcile=chance.random() < 0.5)

    world.sync_all(*ALL)

    assert [] == differences(world, *ALL)


def test_without_the_list_of_segments_rows_stay_as_companies_showed_them(world: World) -> None:
    """Segments that are not synced are not followed, and nothing fails for it."""
    world.sync_all("companies", COPY)
    segment = popular(world)
    before = names_of(world, segment)
    world.workspace.rename("segments", segment, "Renamed")

    report = world.sync_all("companies", COPY)[COPY]

    assert (0, before) == (report.updated, names_of(world, segment))


def test_a_table_of_segments_that_is_gone_or_foreign_stops_nothing(world: World) -> None:
    """A table that was dropped, or that somebody made in its place, is not followed."""
    world.sync_all(*ALL)
    table = world.source.target(CATALOG["segments"])
    world.execute(f"DROP TABLE {table}")
    dropped = world.sync(COPY)
    world.execute(f"CREATE TABLE {table} (id TEXT)")
    foreign = world.sync(COPY)

    assert (0, 0) == (dropped.updated, foreign.updated)
    assert world.expected(COPY) == world.stored(COPY)


def test_rows_of_a_segment_that_was_deleted_stay(world: World) -> None:
    """Only a company's own list tells that it is in a segment no longer."""
    world.sync_all(*ALL)
    segment = popular(world)
    before = rows_of(world, segment)
    world.workspace.rename("segments", segment, "Renamed")
    world.workspace.delete("segments", segment)

    world.sync_all(*ALL)
    assert before == rows_of(world, segment)
    world.sync_all(*ALL, reconcile=True)

    assert set() == names_of(world, segment)
    assert world.expected(COPY) == world.stored(COPY)


def test_what_no_column_declares_stays(world: World) -> None:
    """A field of the company's list that the list of segments lacks is kept; a misfit follows."""
    segment = popular(world)
    record = world.workspace.find("segments", segment)
    company = next(one for one, held in world.workspace.company_segments.items() if segment in held)
    world.workspace.set_company_segments(company, [{**record, "only_here": 1, "person_type": [5]}])
    world.sync_all(*ALL)
    world.clock.forward(HOUR)
    world.workspace.patch("segments", segment, {"name": "Renamed", "person_type": {"odd": True}})

    world.sync_all(*ALL)

    (row,) = (row for row in rows_of(world, segment) if row["company_id"] == company)
    assert ("Renamed", None) == (row["name"], row["person_type"])
    assert {"only_here": 1, "person_type": {"odd": True}} == json.loads(row["_extra"])


OLD, NEW = "Old name", "New name"

HIDDEN: dict[str, tuple[dict[str, Any], dict[str, Any], set[str | None]]] = {
    "hashed in both": ({"hashed": ["name"]}, {"hashed": ["name"]}, {hash_of(NEW)}),
    "excluded from both": ({"exclude": ["name"]}, {"exclude": ["name"]}, {None}),
    "excluded here alone": ({}, {"exclude": ["name"]}, {None}),
    "hashed here alone": ({}, {"hashed": ["name"]}, {hash_of(OLD)}),
    "hashed there alone": ({"hashed": ["name"]}, {}, {OLD}),
    "excluded there alone": ({"exclude": ["name"]}, {}, {OLD}),
}


@pytest.mark.parametrize("case", HIDDEN)
def test_what_is_hidden_stays_hidden(world: World, case: str) -> None:
    """Rows follow where both tables hide alike; else they wait for the company's own list."""
    there, here, shown = HIDDEN[case]
    segment = popular(world)
    resource = hide(CATALOG[COPY], hidden_of(COPY, here.get("exclude", ()), here.get("hashed", ())))
    for name in (OLD, NEW):
        world.clock.forward(HOUR)
        world.workspace.rename("segments", segment, name)
        sync_hiding(world, "segments", **there)
        world.sync("companies")
        sync_hiding(world, COPY, **here)

    rows = [row for row in world.rows_of(resource) if row["id"] == segment]

    assert shown == {row.get("name") for row in rows}


def test_a_renamed_tag_has_its_new_name_in_companies_and_lags_in_conversations(
    world: World,
) -> None:
    """Each scroll reads companies anew; a conversation shows it when it changes, or reconciled."""
    tag = world.workspace.find("tags", world.workspace.collection("tags").ids()[0])
    nested = {"tags": {"type": "tag.list", "tags": [tag]}}
    company, conversation, other = (
        world.workspace.collection(kind).ids()[place]
        for kind, place in (("companies", 0), ("conversations", 0), ("conversations", 1))
    )
    world.workspace.patch("companies", company, nested)
    world.workspace.patch("conversations", conversation, nested)
    world.workspace.patch("conversations", other, nested)
    names = ("tags", "companies", "conversations")
    world.clock.forward(DAY)
    world.workspace.touch("conversations", other)
    world.sync_all(*names)
    world.clock.forward(DAY)
    world.workspace.rename("tags", str(tag["id"]), "Renamed")
    world.workspace.touch("conversations", other)

    world.sync_all(*names)
    shown = {one: _tag_names(world.row("conversations", one)) for one in (conversation, other)}
    world.sync("conversations", reconcile=True)

    assert "Renamed" == world.row("tags", str(tag["id"]))["name"]
    assert ["Renamed"] == _tag_names(world.row("companies", company))
    assert {conversation: [tag["name"]], other: ["Renamed"]} == shown
    assert ["Renamed"] == _tag_names(world.row("conversations", conversation))


def _tag_names(row: Row) -> list[str]:
    return [tag["name"] for tag in json.loads(row["tags"])["tags"]]

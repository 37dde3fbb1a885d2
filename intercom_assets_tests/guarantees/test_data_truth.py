"""Data truth: no value of Intercom is bent, dropped or able to stop a sync."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from intercom_assets.catalog import CATALOG
from intercom_assets.warehouse.duckdb_file import connect
from intercom_assets_tests.guarantees.budget import budget
from intercom_assets_tests.guarantees.figures import count
from intercom_assets_tests.guarantees.hostile_values import (
    KEYS,
    NUMBERS,
    TEXTS,
    clean,
    deep,
    lost,
    rebuilt,
    values,
)
from intercom_assets_tests.guarantees.worlds import SmallPages, small_pages
from intercom_simulator import Record

ATTACKED = ("admins", "tags", "segments", "companies", "contacts", "conversations",
            "conversation_parts")  # fmt: skip
RECORDS = 5
COLLIDING = ("a\ud800", "a\udbff", "a\x00", "a\ufffd")
"""Keys that are one key where what no warehouse holds is only replaced."""

UPDATED = 1_760_000_000


@contextmanager
def fresh_world() -> Iterator[SmallPages]:
    """Make an empty world whose records are served as they are."""
    with tempfile.TemporaryDirectory() as folder, connect(Path(folder) / "test.duckdb"):
        world = small_pages(Path(folder) / "test.duckdb", admins=1, teams=0, tags=0, segments=0)
        world.workspace.verbatim = True
        world.per_page = 150
        yield world


def put(world: SmallPages, name: str, records: list[Record]) -> None:
    """Put records in the workspace, as they are."""
    if name == "conversation_parts":
        world.workspace.collection("conversations").fill([{"id": "c1", "updated_at": UPDATED}])
        world.workspace.parts["c1"] = records
        world.sync("conversations")
    else:
        world.workspace.collection(name).fill(records)


def types(world: SmallPages, name: str) -> list[tuple[str, str]]:
    """Read the column types of a table."""
    query = (
        "SELECT column_name, data_type FROM duckdb_columns() "
        f"WHERE table_name = 'p_rudder_{name}' ORDER BY column_index"
    )
    with connect(world.database) as connection:
        return connection.execute(query).fetchall()


def set_at(record: Record, path: tuple[str, ...], value: Any) -> None:  # noqa: ANN401 - JSON
    """Set a value at a path, unless something else stands in the way."""
    level: Any = record
    for key in path[:-1]:
        level = level.setdefault(key, {})
        if not isinstance(level, dict):
            return
    level[path[-1]] = value


@st.composite
def records(draw: st.DrawFn, name: str) -> list[Record]:
    """Draw records whose fields hold anything; only key and date are what they should be."""
    resource = CATALOG[name]
    paths = [
        column.path for column in resource.columns if column.path[0] not in {"id", "updated_at"}
    ]
    paths = [path for path in paths if path != ("conversation_id",)]
    heads = [path[:1] for path in paths if len(path) > 1]
    places = st.sampled_from(
        [*paths, *heads, *((key,) for key in KEYS), ("custom_attributes", "x")]
    )
    drawn = []
    for number in range(RECORDS):
        record: Record = {"id": f"00{number}", "updated_at": UPDATED + number}
        for path in draw(st.lists(places, max_size=5, unique=True)):
            set_at(record, path, draw(values))
        drawn.append(record)
    return drawn


@pytest.mark.parametrize("name", ATTACKED)
@settings(
    max_examples=budget(3, 80),
    deadline=None,
    database=None,
    print_blob=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_every_field_is_found_again(name: str, data: st.DataObject) -> None:
    """Whatever Intercom sends in any field is found again in a column or in `_extra`."""
    sent = data.draw(records(name))
    count("records of hostile values", len(sent))
    with fresh_world() as world:
        put(world, name, sent)

        report = world.sync(name)

        stored = {row["id"]: rebuilt(CATALOG[name], row) for row in world.rows(name)}
        own = {str(one["id"]): one for one in sent}
        assert own.keys() <= stored.keys()
        assert [] == [
            problem for key, one in own.items() for problem in lost(CATALOG[name], one, stored[key])
        ]
        again = world.sync(name, full_refresh=True)
        assert (0, 0) == (again.inserted, again.updated)
        assert report.inserted == len(stored)


@pytest.mark.parametrize("name", ATTACKED)
def test_each_column_takes_each_hostile_value(name: str) -> None:
    """Each value in each column of its own: types stay, misfits are counted, nothing is lost."""
    resource = CATALOG[name]
    hostile: list[Any] = [*TEXTS, *NUMBERS, True, [], {}, [1], {"a": {"b": 1}}, deep(400)]
    paths = {column.path for column in resource.columns}
    paths -= {("id",), ("updated_at",), ("conversation_id",)}
    sent: list[Record] = []
    for number, value in enumerate(hostile):
        record: Record = {"id": f"{number:03}", "updated_at": UPDATED + number}
        for path in sorted(paths):
            set_at(record, path, value)
        sent.append(record)
    with fresh_world() as world:
        put(world, name, [{"id": "plain", "updated_at": UPDATED}])
        world.sync(name)
        before = types(world, name)
        put(world, name, [*sent, {"id": "plain", "updated_at": UPDATED}])
        if name == "conversation_parts":
            world.workspace.patch("conversations", "c1", {})
            world.sync("conversations")

        report = world.sync(name, full_refresh=True)

        stored = {row["id"]: rebuilt(resource, row) for row in world.rows(name)}
        problems = [problem for one in sent for problem in lost(resource, one, stored[one["id"]])]
        assert [] == problems
        assert before == types(world, name)
        assert report.misfits.total() > 0


@settings(
    max_examples=budget(8, 100),
    deadline=None,
    database=None,
    print_blob=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(value=values)
@example(value=dict(zip(COLLIDING, range(4), strict=True)))
@example(value={"x": "b" * 2_000_000})
@example(value={f"attribute {number}": number for number in range(250)})
def test_custom_attributes_are_stored_whole(value: Any) -> None:  # noqa: ANN401 - JSON
    """Custom attributes of any names, depth, number and size are one JSON value, whole."""
    with fresh_world() as world:
        record = {"id": "1", "updated_at": UPDATED, "custom_attributes": value}
        put(world, "contacts", [record])
        count("hostile custom attributes")

        world.sync("contacts")

        (row,) = world.rows("contacts")
        stored = row["custom_attributes"]
        assert clean(value) == (None if stored is None else json.loads(stored))


def test_fields_of_names_that_differ_in_case_stay_apart() -> None:
    """A field whose name is a column's in another case is no column, and is kept."""
    with fresh_world() as world:
        record = {"id": "1", "updated_at": UPDATED, "name": "a", "Name": "b", "NAME": "c", "ID": 2}
        put(world, "contacts", [record])

        report = world.sync("contacts")

        assert record | {"updated_at": None} == rebuilt(
            CATALOG["contacts"], world.row("contacts", "1")
        ) | {"updated_at": None}
        assert {"Name": 1, "NAME": 1, "ID": 1} == dict(report.unmodelled)


def test_ids_are_text_to_the_last_digit() -> None:
    """Leading zeros, a blank and numbers beyond 64 bits make ids of their own."""
    ids = ["7", "007", "0007", " 7", "7 ", "7.0", "é", "e\u0301", 10**30, "x" * 300]
    with fresh_world() as world:
        put(world, "tags", [{"id": one, "name": "n"} for one in ids])

        report = world.sync("tags")

        assert sorted(map(str, ids)) == sorted(row["id"] for row in world.rows("tags"))
        assert len(ids) == report.inserted


def test_of_records_that_come_twice_the_newest_is_kept() -> None:
    """The same id twice in a page, or on two pages, is one row: the newest version."""

    def double(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if not request.url.path.endswith("/search"):
            return response
        body = response.json()
        old = [one | {"updated_at": UPDATED - 9, "name": "old"} for one in body["data"]]
        body["data"] = [*old, *body["data"], *old, {"id": "c0", "updated_at": UPDATED, "name": "0"}]
        return httpx.Response(200, json=body)

    with fresh_world() as world:
        world.per_page, world.after = 2, double
        put(
            world,
            "contacts",
            [{"id": f"c{n}", "updated_at": UPDATED + 5 * n, "name": str(n)} for n in range(6)],
        )

        world.sync("contacts")

        names = {row["id"]: row["name"] for row in world.rows("contacts")}
        assert {f"c{number}": str(number) for number in range(6)} == names


@pytest.mark.parametrize("updated_at", [2_713_000_000, 253_402_300_799, 1_760_000_000_000])
def test_dates_of_the_far_future_stop_no_later_sync(updated_at: int) -> None:
    """A record dated 2056, 9999 or in milliseconds is stored, and later changes are found."""
    with fresh_world() as world:
        put(
            world,
            "conversations",
            [{"id": "f", "updated_at": updated_at}, {"id": "n", "updated_at": UPDATED}],
        )
        world.sync("conversations")
        world.workspace.patch("conversations", "n", {"title": "changed"})

        world.sync("conversations")

        stored = {row["id"]: rebuilt(CATALOG["conversations"], row) for row in
                  world.rows("conversations")}  # fmt: skip
        assert "changed" == stored["n"]["title"]
        problems = lost(CATALOG["conversations"], {"updated_at": updated_at}, stored["f"])
        assert [] == problems

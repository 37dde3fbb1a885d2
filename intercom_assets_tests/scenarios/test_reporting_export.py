"""Exports of reports: a job for each dataset, asked for what the workspace offers of it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.endpoints import ReportExport
from intercom_assets.catalog.types import Json, Record
from intercom_assets.intercom.exports.datasets import find_dataset
from intercom_assets.intercom.responses import Response
from intercom_assets_tests.places import Place
from intercom_assets_tests.world import DAY, World, make_world
from intercom_simulator.reports import DATASETS

NAMES = tuple(one.name for one in CATALOG if isinstance(one.endpoint, ReportExport))
TALKS, STATES = "reporting_conversation", "reporting_conversation_state"
LIST, CREATE = "/export/reporting_data/get_datasets", "/export/reporting_data/enqueue"
STATE, DOWNLOAD = "/export/reporting_data/{job}", "/download/reporting_data/{job}"
START = datetime(2025, 8, 1, tzinfo=UTC)


@pytest.fixture
def reported(database: Place) -> World:
    """Make a world with a few conversations and tickets, of which some began lately."""
    world = make_world(
        database, contacts=9, companies=2, conversations=80, tickets=30, activity_logs=60
    )
    world.source = replace(world.source, start_date=START)
    return world


@pytest.fixture
def talk(reported: World) -> str:
    """Begin a conversation a day ago, and sync the states of all."""
    reported.clock.forward(-DAY)
    key = reported.workspace.add("conversations", {**_newest(reported), "id": "77"})
    reported.clock.forward(DAY)
    reported.sync(STATES)
    reported.workspace.log.clear()
    return str(key)


def _newest(world: World) -> dict[str, object]:
    held = max(world.workspace.collection("conversations"), key=lambda one: one["created_at"])
    return {**held, "created_at": int(world.clock())}


def requests(world: World) -> list[int]:
    """Count the looks at the datasets, the jobs, the looks at their state, and the downloads."""
    count = world.workspace.log.count
    return [
        count("GET", LIST),
        count("POST", CREATE),
        count("GET", STATE),
        count("GET", DOWNLOAD),
    ]


def test_every_dataset_has_its_table(reported: World) -> None:
    """Each row of a dataset is a row, also where nothing tells it from another."""
    reports = reported.sync_all(*NAMES)

    for name in NAMES:
        dataset = DATASETS[name.removeprefix("reporting_")]
        column = dataset.time.partition(".")[2]
        moments = sorted(
            moment
            for row in dataset.rows(reported.workspace)
            if (moment := datetime.fromtimestamp(row[column], UTC)) >= START
        )
        assert moments == sorted(row[column] for row in reported.rows(name)) != []
    assert [] == [one for one in reports.values() if one.misfits or one.unmodelled]


def test_an_attribute_is_never_shown_under_the_name_of_another() -> None:
    """Two have one simple id, which a CSV shows: who hides one would see it as the other."""
    report = CATALOG[TALKS].endpoint
    assert isinstance(report, ReportExport)
    ids = ("standard.conversation_id", "people.plan", "company.Plan", "company.size")
    attributes: list[Json] = [{"id": one.partition(".")[2], "qualified_id": one} for one in ids]
    listed: Record = {"data": [{"id": report.dataset, "attributes": attributes}]}

    found = find_dataset(report, Response(listed, None), ["conversation_id"])

    assert ["standard.conversation_id", "people.plan", "company.size"] == found.asked
    assert {"conversation_id", "people.plan", "company.size"} == set(found.names.values())

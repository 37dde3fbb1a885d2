"""Exports of reports: a job for each dataset, asked for what the workspace offers of it."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from intercom_assets.catalog import CATALOG, ApiVersion
from intercom_assets.catalog.endpoints import ReportExport
from intercom_assets.catalog.types import Json, Record
from intercom_assets.engine.reads.exported import keyed
from intercom_assets.errors import PermanentError, TransientError, Unauthorized
from intercom_assets.intercom.exports.datasets import find_dataset
from intercom_assets.intercom.metrics import RequestMetrics
from intercom_assets.intercom.responses import Response
from intercom_assets.intercom.workspace import probe
from intercom_assets_tests.hiding import sync_hiding
from intercom_assets_tests.places import Place
from intercom_assets_tests.world import DAY, HOUR, World, make_world
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


def test_a_quiet_sync_takes_four_requests(reported: World) -> None:
    """Datasets, job, state and file; what is read again writes nothing."""
    reported.sync_all(*NAMES)
    reported.workspace.log.clear()

    reports = reported.sync_all(*NAMES)

    assert [len(NAMES)] * 4 == requests(reported)
    assert [0] * len(NAMES) == [one.inserted + one.updated for one in reports.values()]
    assert sum(one.unchanged for one in reports.values()) > 0


def test_what_changes_within_the_rewind_is_updated(reported: World, talk: str) -> None:
    """A conversation that is closed later has two rows, the first with its end; later is missed."""
    closed = [{**part, "state": "closed"} for part in _one_part(reported)]
    reported.clock.forward(20 * DAY)
    reported.workspace.parts[talk] = [{**one, "created_at": reported.clock()} for one in closed]

    soon = reported.sync(STATES)
    reported.clock.forward(20 * DAY)
    reported.sync(STATES)
    reported.clock.forward(20 * DAY)
    reported.workspace.parts.pop(talk)
    late = reported.sync(STATES)

    assert (1, 1) == (soon.inserted, soon.updated)
    assert (0, 0, 0) == (late.inserted, late.updated, late.deleted)
    rows = [row for row in reported.rows(STATES) if row["conversation_id"] == talk]
    assert {("Open", True), ("Closed", False)} == {
        (row["conversation_state"], row["conversation_state_ended_at"] is not None) for row in rows
    }


def _one_part(world: World) -> list[dict[str, object]]:
    return next(parts for parts in world.workspace.parts.values() if parts)[-1:]


def test_a_name_in_a_row_does_not_make_another_row(reported: World) -> None:
    """Teammates are told by name, so that a new name changes the rows that the key keeps."""
    name = "reporting_teammate_handling_conversation"
    before = reported.sync(name).row_count
    for admin in reported.workspace.collection("admins").ids():
        reported.workspace.rename("admins", admin, "Somebody")

    report = reported.sync(name, full_refresh=True)

    assert (0, before) == (report.inserted, report.row_count)
    assert {"Somebody"} == {row["handling_teammate_id"] for row in reported.rows(name)}


def test_what_the_workspace_added_is_in_one_column(reported: World) -> None:
    """It is under its full id; what bears the name of a column is not asked for, as is told."""
    reported.sync(TALKS)

    log = reported.workspace.log.entries
    asked = [one.body["attribute_ids"] for one in log if one.path == CREATE]
    others = [json.loads(row["other_attributes"]) for row in reported.rows(TALKS)]
    assert "standard.channel" in asked[0]
    assert "people.channel" not in asked[0]
    assert any("not asked for is people.channel:" in line for line in reported.ear.notes)
    assert {"conversation.CX Score rating", "conversation.Größe"} == {
        name for one in others for name in one
    }
    assert "newsletter" not in {row["channel"] for row in reported.rows(TALKS)}


def test_what_is_not_offered_is_null(reported: World) -> None:
    """An attribute that the workspace lacks is neither asked for nor an error."""
    reported.workspace.behaviour.unreported = ["standard.current_conversation_state"]

    report = reported.sync(TALKS)

    assert report.row_count > 0
    assert {None} == {row["current_conversation_state"] for row in reported.rows(TALKS)}


@pytest.mark.parametrize(
    ("lacking", "wrong"),
    [
        ("conversation_state", "This workspace has no reporting dataset 'conversation_state'"),
        ("standard.conversation_id", "lacks what tells its records apart.*no conversation_id"),
    ],
)
def test_what_cannot_be_read_is_named(reported: World, lacking: str, wrong: str) -> None:
    """A plan without the dataset, or a dataset without its keys, is an error before any job."""
    reported.workspace.behaviour.unreported = [lacking]

    with pytest.raises(PermanentError, match=rf"{wrong}"):
        reported.sync(STATES)

    assert [1, 0, 0, 0] == requests(reported)


def test_the_permission_is_named(reported: World) -> None:
    """A token that may not export reports is told which permission it needs."""
    reported.workspace.access.missing_scopes = {"export_reporting_data"}

    with pytest.raises(Unauthorized, match="Export reporting data"):
        reported.sync(STATES)


def test_looking_for_the_permission_begins_no_job(reported: World) -> None:
    """What a plan or check asks is the list of datasets, which shows whether this one is there."""
    reported.workspace.behaviour.unreported = ["tickets"]
    with reported.connection() as connection:
        session = connection.session(meter=RequestMetrics(), scope="", note=lambda _: None)
        counted = connection.call(probe, session, CATALOG[STATES])
        with pytest.raises(PermanentError, match="no reporting dataset 'tickets'"):
            connection.call(probe, session, CATALOG["reporting_tickets"])

    assert counted is None
    assert [2, 0, 0, 0] == requests(reported)


def test_older_versions_ask_with_simple_ids(reported: World) -> None:
    """Up to 2.15 attributes have no qualified ids; times may be Unix seconds."""
    reported.sync(STATES)
    rows = reported.rows(STATES)
    reported.version = ApiVersion(2, 14)
    again = reported.sync(STATES, full_refresh=True)
    reported.workspace.behaviour.report_times = "unix"

    report = reported.sync("reporting_tickets")

    assert {row["id"] for row in rows} == {row["id"] for row in reported.rows(STATES)}
    assert 0 == again.inserted == report.misfits.total()


def test_a_window_of_two_months_is_exported_at_once(reported: World) -> None:
    """Windows follow each other from the start date on, and overlap by a day."""
    began = reported.clock()
    reported.sync(STATES)

    bodies = [one.body for one in reported.workspace.log.entries if one.path == CREATE]
    windows = [(one["start_time"], one["end_time"]) for one in bodies]
    assert START.timestamp() == windows[0][0]
    assert began == windows[-1][1]
    assert all(60 * DAY >= until - since for since, until in windows)
    assert {int(DAY)} == {until - since for (_, until), (since, _) in pairwise(windows)}


@pytest.mark.usefixtures("talk")
def test_jobs_of_others_are_waited_for(reported: World) -> None:
    """While five are pending none is begun; if none ends for a quarter of an hour, it is told."""
    workspace = reported.workspace
    for seconds in (600, 2 * DAY, 2 * DAY, 2 * DAY, 2 * DAY):
        workspace.reports.begin(0, 1, workspace.clock(), seconds=seconds)

    reported.sync(STATES)
    waited, before = sum(reported.slept), reported.cursor(STATES).at
    workspace.reports.begin(0, 1, workspace.clock(), seconds=2 * DAY)
    with pytest.raises(PermanentError, match=r"allows 5\. Let one finish.* 5 pending reporting"):
        reported.sync(STATES)

    assert 600 <= waited <= HOUR
    assert before == reported.cursor(STATES).at


@pytest.mark.usefixtures("talk")
def test_a_lost_job_is_made_again(reported: World) -> None:
    """A job that failed is asked for anew."""
    reported.workspace.reports.outcomes.append("failed")

    reported.sync(STATES)

    assert [1, 2, 2, 1] == requests(reported)


@pytest.mark.usefixtures("talk")
def test_a_file_that_is_cut_off_is_downloaded_again(reported: World) -> None:
    """Half a file is not taken for a whole one; three times is an error, and the cursor stays."""
    reported.workspace.faults.on("GET", "/download/*", "truncated")
    whole = reported.sync(STATES).unchanged
    before = reported.cursor(STATES).at
    reported.workspace.faults.on("GET", "/download/*", "truncated", times=3)

    with pytest.raises(TransientError, match="damaged, or cut off"):
        reported.sync(STATES)

    assert whole > 0
    assert before == reported.cursor(STATES).at


def test_what_is_hidden_is_nowhere(reported: World) -> None:
    """An excluded attribute that the workspace added is named with its full id."""
    hidden = "other_attributes.conversation.Größe"
    sync_hiding(reported, TALKS, exclude=[hidden, "conversation_rating_remark"])

    resource = CATALOG[TALKS]
    kept = tuple(one for one in resource.columns if one.name != "conversation_rating_remark")
    rows = reported.rows_of(replace(resource, columns=kept))
    others = [json.loads(row["other_attributes"] or "{}") for row in rows]
    assert {"conversation.CX Score rating"} == {name for one in others for name in one}


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


def test_where_the_time_of_a_report_is_hidden_all_cells_tell_rows_apart() -> None:
    """A number within the file alone would replace rows of the window before."""
    seen: list[Record] = [{"a": "1", "at": "x"}, {"a": "1", "at": "x"}]
    hidden: list[Record] = [{"a": "1", "b": "y"}, {"a": "1", "b": "z"}]

    both = [[one["id"] for one in keyed(it, ("a", "at"), numbered=True)] for it in (seen, hidden)]
    alone = [one["id"] for one in keyed(hidden[1:], ("a", "at"), numbered=True)]

    assert [2, 2] == [len(set(ids)) for ids in both]
    assert both[1][1:] == alone

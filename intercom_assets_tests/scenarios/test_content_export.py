"""Exports of content: one job for many tables, waited for, and read from its file."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import anyio
import httpx
import pytest

from intercom_assets.catalog import CATALOG, ApiVersion, Resource
from intercom_assets.catalog.endpoints import Export
from intercom_assets.catalog.types import Record
from intercom_assets.engine.cursor import BatchLimits
from intercom_assets.engine.reads.exported import keyed, spans
from intercom_assets.errors import PermanentError, TransientError, Unauthorized
from intercom_assets.intercom.client import ResourceSession
from intercom_assets.intercom.connection import Connection
from intercom_assets.intercom.exports.job import ExportPolicy, Span, content_job
from intercom_assets.intercom.metrics import RequestMetrics
from intercom_assets.intercom.workspace import probe
from intercom_assets_tests.hiding import sync_hiding
from intercom_assets_tests.places import Place
from intercom_assets_tests.world import DAY, HOUR, World, make_world
from intercom_simulator.outbound import TIMES, UNDOCUMENTED

NAMES = tuple(one.name for one in CATALOG if isinstance(one.endpoint, Export))
RECEIPTS, OPENS = "content_receipts", "content_opens"
CREATE, STATE = "/export/content/data", "/export/content/data/{job}"
DOWNLOAD, CANCEL = "/download/content/data/{job}", "/export/cancel/{job}"


@pytest.fixture
def rested(world: World) -> World:
    """Make a world whose receipts are stored, with one that was sent a day ago and opened."""
    world.source = replace(world.source, start_date=datetime(2025, 10, 20, tzinfo=UTC))
    world.clock.forward(-DAY)
    world.workspace.deliver("r1", email="ann@example.com", name="Ann")
    world.workspace.engage("r1", "open")
    world.clock.forward(DAY)
    world.sync_all(RECEIPTS, OPENS)
    world.workspace.log.clear()
    return world


def requests(world: World) -> list[int]:
    """Count the jobs asked for, the looks at their state, the downloads and the cancelled."""
    count = world.workspace.log.count
    return [
        count("POST", CREATE),
        count("GET", STATE),
        count("GET", DOWNLOAD),
        count("POST", CANCEL),
    ]


def stored(world: World, name: str = RECEIPTS) -> set[str]:
    """Read the receipts that a table holds rows of."""
    return {row["receipt_id"] for row in world.live(name)}


def sent(world: World) -> set[str]:
    """Say who was sent what."""
    return {row["receipt_id"] for row in world.workspace.outbound["receipt"]}


def test_every_file_has_its_table(world: World) -> None:
    """Each receipt and each thing that came of it is a row; what is not modelled is nothing."""
    reports = world.sync_all(*NAMES)

    outbound = world.workspace.outbound
    tables = {CATALOG[name].endpoint.file: name for name in NAMES}  # type: ignore[union-attr]
    assert sent(world) == stored(world)
    for file, time in TIMES.items():
        events = {json.dumps(one, sort_keys=True) for one in outbound[file]}
        rows = world.rows(tables[file])
        assert len(events) == len(rows) > 0, file
        moments = {datetime.fromtimestamp(one[time], UTC) for one in outbound[file]}
        assert moments == {row[time] for row in rows}
    for file in UNDOCUMENTED:
        assert {one["receipt_id"] for one in outbound[file]} == stored(world, tables[file]) != set()
    assert len(outbound["checkpoint"]) == reports["content_series_checkpoints"].row_count > 0
    assert len(outbound["overview"]) == reports["content_overview"].row_count
    assert [] == [one for one in reports.values() if one.misfits or one.unmodelled]


def test_the_first_of_what_came_is_beside_the_receipt(world: World) -> None:
    """A receipt has the first open, even where that came in the next window of a first read."""
    world.sync(RECEIPTS)

    firsts: dict[str, int] = {}
    for one in world.workspace.outbound["open"]:
        at, key = one["opened_at"], one["receipt_id"]
        firsts[key] = min(at, firsts.get(key, at))
    assert {key: datetime.fromtimestamp(at, UTC) for key, at in firsts.items()} == {
        row["receipt_id"]: row["first_open"] for row in world.rows(RECEIPTS) if row["first_open"]
    }


def test_answers_to_questions_are_one_json(world: World) -> None:
    """A column per question of a survey is an entry of `answers`, under the question's text."""
    world.sync("content_survey_responses")

    answers = [json.loads(row["answers"]) for row in world.rows("content_survey_responses")]
    assert answers
    assert all(set(one) == {"How likely are you to recommend us?", "Why, in a word?"}
               for one in answers)  # fmt: skip


def test_tables_of_a_run_share_one_job(rested: World) -> None:
    """A quiet sync of all tables asks for one job, its state and its file, and writes nothing."""
    rested.sync_all(*NAMES)
    rested.workspace.log.clear()

    reports = rested.sync_all(*NAMES)

    assert [1, 1, 1, 0] == requests(rested)
    assert 1 == reports[RECEIPTS].records_returned == reports[OPENS].unchanged
    assert [0] * len(NAMES) == [one.inserted + one.updated for one in reports.values()]


def test_tables_that_were_last_synced_on_one_day_share_one_job(rested: World) -> None:
    """A window begins at midnight, so that cursors of one day make one window."""
    rested.clock.forward(HOUR)
    rested.sync(RECEIPTS)
    rested.workspace.log.clear()

    rested.sync_all(RECEIPTS, OPENS)

    assert [1, 1, 1, 0] == requests(rested)


def test_a_late_open_is_found_within_the_rewind(rested: World) -> None:
    """What happens to a message within 30 days is read, and the receipt tells it."""
    rested.clock.forward(28 * DAY)
    rested.workspace.engage("r1", "click", url="https://example.com")
    clicked = rested.clock.moment().replace(microsecond=0)

    reports = rested.sync_all(RECEIPTS, "content_clicks")

    assert (0, 1) == (reports[RECEIPTS].inserted, reports[RECEIPTS].updated)
    (row,) = (row for row in rested.rows(RECEIPTS) if row["receipt_id"] == "r1")
    assert clicked == row["first_click"]
    assert "r1" in stored(rested, "content_clicks")


def test_a_later_open_is_in_a_new_export_only(rested: World) -> None:
    """After the rewind an open is missed, until what was sent then is asked for by `since`."""
    for _ in range(2):
        rested.clock.forward(20 * DAY)
        rested.sync(OPENS)
    rested.workspace.engage("r1", "open")

    missed = rested.sync(OPENS)
    found = rested.sync(OPENS, since=datetime(2026, 1, 1, tzinfo=UTC))

    assert (0, 1) == (missed.inserted, found.inserted)


def test_nothing_is_ever_marked(rested: World) -> None:
    """Receipts that an export no longer has stay, also after a full refresh."""
    before = stored(rested)
    rested.workspace.outbound.clear()

    report = rested.sync(RECEIPTS, full_refresh=True)

    assert (0, before) == (report.deleted, stored(rested))


def test_without_content_nothing_is_downloaded(database: Place) -> None:
    """A workspace that sent nothing has empty tables and a cursor, without a single file."""
    world = make_world(database)
    began = world.clock.moment()

    reports = world.sync_all(RECEIPTS, OPENS)

    jobs, looks, downloads, _ = requests(world)
    assert 0 == downloads == reports[RECEIPTS].row_count
    assert jobs == looks > 15
    assert began == world.cursor(OPENS).at


def test_a_first_read_begins_at_the_start_date(world: World) -> None:
    """Nothing that was sent before the start date is asked for."""
    start = datetime(2025, 3, 1, tzinfo=UTC)
    world.source = replace(world.source, start_date=start)

    world.sync(RECEIPTS)

    asked = [one.body for one in world.workspace.log.entries if one.method == "POST"]
    assert start.timestamp() == asked[0]["created_at_after"]
    assert min(world.moments(RECEIPTS, "received_at")) >= start


def test_a_first_read_goes_on_where_it_stopped(world: World) -> None:
    """Each window is a checkpoint: a failure in the fifth costs no export of the four before."""
    world.portions = BatchLimits(commit_rows=1)
    world.workspace.faults.on("POST", CREATE, "403", call=5)

    with pytest.raises(Unauthorized, match="Export content data"):
        world.sync(RECEIPTS)
    reached = world.cursor(RECEIPTS).at
    world.workspace.log.clear()
    world.sync(RECEIPTS)

    assert reached is not None
    assert requests(world)[0] in {15, 16, 17}
    assert sent(world) == stored(world)


@pytest.mark.parametrize("rewind", [1, 30, 60])
@pytest.mark.parametrize("days", [1, 60, 90, 91, 400, 1_500])
def test_windows_cover_everything_and_overlap(rewind: int, days: int) -> None:
    """None is over 90 days long, and what is sent is still exported `rewind` days later."""
    begin, overlap = datetime(2021, 5, 5, 7, tzinfo=UTC), timedelta(days=rewind)
    end = begin + timedelta(days=days)

    found = list(spans(begin, end, overlap, timedelta(days=90)))
    later = list(spans(begin + timedelta(days=7), end, overlap, timedelta(days=90)))

    assert (begin, end) == (found[0].since, found[-1].until)
    assert max(one.until - one.since for one in found) <= timedelta(days=90)
    assert all(two.since + overlap == one.until
               for one, two in pairwise(found))  # fmt: skip
    assert {one.until for one in later} <= {one.until for one in found}


def test_a_job_is_waited_for_with_few_requests(rested: World) -> None:
    """A job of three hours is looked at once a minute in the end, and each time it is told."""
    rested.workspace.behaviour.export_seconds = 3 * HOUR

    rested.sync(OPENS)

    jobs, looks, downloads, _ = requests(rested)
    assert (1, 1) == (jobs, downloads)
    assert 180 <= looks <= 190
    assert looks - 1 == sum("waiting for the export of" in note for note in rested.ear.notes)


def test_a_job_of_somebody_else_is_waited_for(rested: World) -> None:
    """While another job is pending none is begun; it is left alone, and its end is enough."""
    workspace = rested.workspace
    other = workspace.exports.begin(0, 1, workspace.clock(), seconds=600)

    rested.sync(OPENS)

    assert "completed" == other.state(rested.clock())
    assert [1, 1, 0] == requests(rested)[1:]
    assert [note for note in rested.ear.notes if "another export of this workspace" in note]


def test_a_job_that_stays_is_named(rested: World) -> None:
    """After a quarter of an hour it is an error, which says what to do; the cursor stays."""
    workspace, before = rested.workspace, rested.cursor(OPENS).at
    rested.clock.forward(DAY)
    workspace.exports.begin(0, 1, workspace.clock(), seconds=2 * DAY)

    with pytest.raises(PermanentError, match=r"Let it finish or cancel .* 1 pending message"):
        rested.sync(OPENS)

    assert 900 <= sum(rested.slept) <= 1_000
    assert before == rested.cursor(OPENS).at
    assert [0, 0, 0] == requests(rested)[1:]


def test_a_refusal_is_waited_for_once(rested: World) -> None:
    """The tables of a run that would ask for the same job learn of the refusal at once."""
    rested.workspace.exports.begin(0, 1, rested.clock(), seconds=2 * DAY)

    with rested.connection() as connection:
        for name in (RECEIPTS, OPENS):
            with pytest.raises(PermanentError, match="and Intercom allows one"):
                rested.sync_over(connection, name)

    assert 900 <= sum(rested.slept) <= 1_000


def test_a_job_whose_answer_was_lost_is_waited_for(rested: World) -> None:
    """The job that was begun stands in the way of the next: it is waited for, and another made."""
    rested.workspace.behaviour.export_seconds = 60
    rested.workspace.faults.on("POST", CREATE, "truncated")

    report = rested.sync(OPENS)

    assert 1 == report.unchanged
    began = [job.began for job in rested.workspace.exports.jobs.values()]
    assert began[-1] - began[-2] >= 60


def test_a_job_that_is_given_up_is_cancelled(rested: World) -> None:
    """Where a job can no longer be looked at, it is cancelled, and the next sync begins at once."""
    rested.workspace.behaviour.export_seconds = HOUR
    rested.workspace.faults.on("GET", "/export/content/data/*", "403", call=3)

    with pytest.raises(Unauthorized):
        rested.sync(OPENS)
    cancelled = requests(rested)[3]
    rested.workspace.behaviour.export_seconds = 0
    rested.sync(OPENS)

    assert 1 == cancelled
    assert [] == [note for note in rested.ear.notes if "another export" in note]


def test_an_interrupted_wait_cancels_its_job(rested: World) -> None:
    """Whoever stops waiting, as at Ctrl-C, leaves no job behind; others then make their own."""
    rested.workspace.behaviour.export_seconds = HOUR
    span = Span(datetime(2026, 1, 1, tzinfo=UTC), rested.clock.moment())

    async def interrupted(connection: Connection, session: ResourceSession) -> None:
        with anyio.CancelScope() as scope:

            def stop(request: httpx.Request) -> None:
                if requests(rested)[1] == 3 and request.method == "GET":
                    scope.cancel()

            rested.before = stop
            await connection.exports.export(session, content_job(Export("open"), span))

    with rested.connection() as connection:
        session = connection.session(meter=RequestMetrics(), scope="", note=lambda _: None)
        connection.call(interrupted, connection, session)

    assert 1 == requests(rested)[3]
    assert {"canceled", "completed"} == {
        job.state(rested.clock()) for job in rested.workspace.exports.jobs.values()
    } - {"no_data"}


@pytest.mark.parametrize("outcome", ["failed", "canceled"])
def test_a_lost_job_is_made_again(rested: World, outcome: str) -> None:
    """A job that failed or was cancelled is asked for anew, three times at the most."""
    before = rested.cursor(OPENS).at
    rested.workspace.exports.outcomes.extend([outcome] * 4)

    with pytest.raises(PermanentError, match=rf"did not finish an export, 3 times.*{outcome}"):
        rested.sync(OPENS)
    jobs, kept = requests(rested)[0], rested.cursor(OPENS).at
    report = rested.sync(OPENS)

    assert (3, before) == (jobs, kept)
    assert 1 == report.unchanged


def test_an_expired_file_is_made_again(rested: World) -> None:
    """A file that is gone when it is downloaded is exported once more."""
    waited: list[str] = []

    def expire(request: httpx.Request) -> None:
        if request.url.path.startswith("/download/") and not waited:
            waited.append(request.url.path)
            rested.clock.forward(3 * DAY)

    rested.before = expire

    assert 1 == rested.sync(OPENS).unchanged
    assert [2, 2, 2, 0] == requests(rested)


@pytest.mark.parametrize("fault", ["truncated", "empty200", "garbage200", "502"])
def test_a_damaged_file_is_downloaded_again(rested: World, fault: str) -> None:
    """A file that is cut off, empty or a page is not read, but downloaded again."""
    rested.workspace.engage("r1", "open")
    rested.workspace.faults.on("GET", "/download/*", fault)  # type: ignore[arg-type]

    report = rested.sync(OPENS)

    assert (1, 1) == (report.inserted, report.unchanged)
    assert [1, 1, 2, 0] == requests(rested)


def test_a_file_that_stays_damaged_is_an_error(rested: World) -> None:
    """Nothing of it is stored and the cursor stays; the next sync has everything."""
    rested.clock.forward(DAY)
    rested.workspace.engage("r1", "open")
    before = rested.cursor(OPENS).at, len(rested.rows(OPENS))
    rested.workspace.faults.on("GET", "/download/*", "truncated", times=3)

    with pytest.raises(TransientError, match=r"The file of an export is damaged.*Run again"):
        rested.sync(OPENS)
    after = rested.cursor(OPENS).at, len(rested.rows(OPENS))
    report = rested.sync(OPENS)

    assert before == after
    assert 1 == report.inserted


def test_a_new_column_is_kept(rested: World) -> None:
    """A column that nobody declares is in `_extra`, and changes no key."""
    rested.workspace.outbound["open"][-1]["opened_from"] = "Berlin"

    report = rested.sync(OPENS)

    assert (0, 1) == (report.inserted, report.updated)
    assert [{"opened_from": "Berlin"}] == [
        json.loads(row["_extra"]) for row in rested.rows(OPENS) if row["_extra"]
    ]


def test_a_new_column_of_an_undocumented_file_doubles_no_row() -> None:
    """Lines are told apart by receipt, time and number: in whatever order, and if some are left.

    An export of fewer days may lack lines of a receipt that an earlier one had.
    """
    times = ("2026-01-01 10:00:00", "2026-01-02 10:00:00", None, "2026-01-02 10:00:00")
    first: list[Record] = [
        {"receipt_id": receipt, **({"at": at} if at else {}), "step": "a"}
        for receipt in ("1", "2")
        for at in times
    ]
    later: list[Record] = [{**one, "step": "b", "city": "Berlin"} for one in reversed(first)]
    fewer = later[:1]

    keys, again, one = ([str(line["id"]) for line in keyed(x, ())] for x in (first, later, fewer))

    assert len(first) == len(set(keys))
    assert set(keys) == set(again)
    assert again[:1] == one == keys[5:6]


def test_where_the_receipt_is_hidden_all_cells_tell_lines_apart() -> None:
    """A number within the file alone would replace rows of the window before."""
    keys = [one["id"] for one in keyed([{"at": "a"}, {"at": "b"}, {"at": "a"}], ())]

    assert keys[0] == keys[2] != keys[1]


@pytest.mark.parametrize("form", ["gzip", "csv", "plural_zip"])
def test_other_forms_of_the_file_are_read(world: World, form: str) -> None:
    """A file that is no archive, as the documents have it, is that of the receipts."""
    world.workspace.behaviour.export_form = form  # type: ignore[assignment]

    reports = world.sync_all(RECEIPTS, OPENS)

    assert sent(world) == stored(world)
    assert (reports[OPENS].row_count > 0) == (form == "plural_zip")


def test_a_full_file_is_read_in_parts(world: World) -> None:
    """Where Intercom cuts a file at its limit, shorter windows are exported, and nothing lacks."""
    world.exports = ExportPolicy(most_lines=75)

    world.sync(RECEIPTS)

    assert sent(world) == stored(world)
    assert [note for note in world.ear.notes if "reading it in parts" in note]


def test_a_file_that_is_full_in_any_case_is_an_error(rested: World) -> None:
    """Where a shorter window does not help, the setting that does is named."""
    rested.exports = ExportPolicy(most_lines=2)
    before = rested.cursor(OPENS).at

    with pytest.raises(PermanentError, match="Set export_rewind to fewer days"):
        rested.sync(OPENS)

    assert before == rested.cursor(OPENS).at


def test_what_is_hidden_is_not_in_the_key_nor_among_answers(world: World) -> None:
    """A key is made of what is left, and an excluded column is not taken for a question."""
    sync_hiding(world, "content_survey_responses", exclude=["email", "name"])
    sync_hiding(world, "content_clicks", exclude=["url"])
    before = {row["id"] for row in world.rows_of(hidden_clicks())}
    for click in world.workspace.outbound["click"]:
        click["url"] = "https://elsewhere.example"
    sync_hiding(world, "content_clicks", exclude=["url"], full_refresh=True)

    resource = CATALOG["content_survey_responses"]
    kept = tuple(one for one in resource.columns if one.name not in {"email", "name"})
    rows = world.rows_of(replace(resource, columns=kept))
    assert all(set(json.loads(row["answers"])) == {"How likely are you to recommend us?",
               "Why, in a word?"} for row in rows)  # fmt: skip
    assert before == {row["id"] for row in world.rows_of(hidden_clicks())}


def hidden_clicks() -> Resource:
    """Declare clicks without the column that is hidden."""
    resource = CATALOG["content_clicks"]
    kept = tuple(one for one in resource.columns if one.name != "url")
    return replace(resource, columns=kept)


@pytest.mark.parametrize("version", ["2.7", "2.11", "2.13", "2.16"])
def test_versions_spell_the_job_differently(rested: World, version: str) -> None:
    """`job_identfier`, as most versions before 2.14 have it, names a job too."""
    rested.version = ApiVersion.parse(version)

    assert 1 == rested.sync(OPENS).unchanged


def test_looking_for_the_permission_begins_no_job(world: World) -> None:
    """What a plan or check asks is one request for a job that does not exist."""
    with world.connection() as connection:
        session = connection.session(meter=RequestMetrics(), scope="", note=lambda _: None)
        counted = connection.call(probe, session, CATALOG[RECEIPTS])

    assert counted is None
    assert [0, 1, 0, 0] == requests(world)

"""Lists by parent that are only added to: what data connectors did, and how busy teams were."""

import httpx
import pytest

from intercom_assets.catalog import CATALOG
from intercom_assets.errors import IntercomError
from intercom_assets_tests.world import DAY, HOUR, World

LOG, LISTED = "data_connector_executions", "GET /data_connectors/{id}/execution_results"
METRICS = "team_metrics"


def connectors(world: World) -> list[str]:
    """List the data connectors."""
    return world.workspace.collection("data_connectors").ids()


def synced(world: World) -> World:
    """Sync connectors and what they did."""
    world.sync_all("data_connectors", LOG)
    world.workspace.log.clear()
    return world


def test_what_connectors_did_is_read_from_the_beginning(world: World) -> None:
    """Intercom shows the last hour unless it is asked for more: all of each log is stored."""
    world.sync_all("data_connectors", LOG)

    assert world.expected(LOG) == world.stored(LOG)
    assert 77 == len(world.rows(LOG))
    assert {None} == {row["_extra"] for row in world.rows(LOG)}
    assert not any("include_bodies" in one.query for one in world.workspace.log.entries)


def test_bodies_are_stored_nowhere(world: World) -> None:
    """What a connector sent and received stays with Intercom, even if the list should tell."""
    bodies = ("request_body", "response_body", "raw_response_body")
    world.workspace.execute(connectors(world)[0], "x", **dict.fromkeys(bodies, "hunter2"))

    world.sync_all("data_connectors", LOG)

    assert "hunter2" not in repr(world.rows(LOG))


def test_a_quiet_sync_asks_each_connector_once(world: World) -> None:
    """A sync without news costs a request per connector and writes nothing."""
    synced(world)

    report = world.sync(LOG)

    assert (0, 0, 0) == (report.inserted, report.updated, report.deleted)
    assert 3 == world.workspace.log.counts[LISTED]


def test_later_syncs_read_what_is_new(world: World) -> None:
    """One cursor serves all connectors, and what Intercom shows an hour late is found too."""
    first, second, third = connectors(synced(world))
    world.clock.forward(DAY)
    world.workspace.execute(first, "new-1")
    world.sync(LOG)
    world.workspace.execute(second, "late", created_at="2026-01-06T11:30:00Z")
    world.workspace.execute(third, "new-2")

    report = world.sync(LOG)

    assert (2, 0, 0) == (report.inserted, report.updated, report.deleted)
    assert world.expected(LOG) == world.stored(LOG)


def test_a_new_connector_is_read_from_its_beginning(world: World) -> None:
    """What a connector did before its row was stored is older than the cursor, and not lost."""
    synced(world)
    world.workspace.execute(connectors(world)[0], "moves the cursor")
    world.sync(LOG)
    added = world.workspace.add("data_connectors", {"id": "990"})
    world.workspace.execute(added, "early", created_at="2024-01-01T00:00:00Z")

    world.sync(LOG)
    before = world.stored(LOG)
    world.sync_all("data_connectors", LOG)

    assert world.expected(LOG) == world.stored(LOG)
    assert 1 == len(world.stored(LOG)) - len(before)


def test_nothing_is_marked(world: World) -> None:
    """Intercom may forget a log, and a connector may be deleted: rows stay as they are."""
    gone, kept, _ = connectors(synced(world))
    world.workspace.delete("data_connectors", gone)
    world.workspace.connector_executions[kept] = []

    world.sync_all("data_connectors", LOG)
    report = world.sync(LOG, full_refresh=True)

    assert (77, 0) == (report.row_count, report.deleted)
    assert set() == world.marked(LOG)


def test_a_killed_first_read_resumes_after_the_last_connector(world: World) -> None:
    """The connectors that were read are asked for what is new only."""
    world.sync("data_connectors")
    second = connectors(world)[1]

    def die(request: httpx.Request) -> None:
        if second in request.url.path:
            raise RuntimeError("killed")

    world.portions = type(world.portions)(commit_rows=1)
    world.before = die
    with pytest.raises(RuntimeError, match="killed"):
        world.sync(LOG)
    world.before = lambda _request: None
    world.workspace.log.clear()
    world.sync(LOG)

    assert world.expected(LOG) == world.stored(LOG)
    assert 3 == world.workspace.log.counts[LISTED]


def test_a_log_that_cannot_be_read_is_read_whole_later(world: World) -> None:
    """It holds back no other; what it gained meanwhile is not lost, though the cursor moves on."""
    first, second, _ = connectors(world)
    world.sync("data_connectors")
    log = f"/data_connectors/{first}/execution_results"
    world.workspace.faults.on("GET", log, "404", times=None)
    world.workspace.execute(second, "moves the cursor")

    world.sync(LOG)
    unread = world.cursor(LOG).unread
    world.workspace.faults.targets.clear()
    world.clock.forward(DAY)
    world.sync(LOG)

    assert (first,) == unread
    assert () == world.cursor(LOG).unread
    assert world.expected(LOG) == world.stored(LOG)


def test_the_start_date_limits_a_log(world: World) -> None:
    """What is older than the start date is neither asked for nor kept."""
    world.source = type(world.source)(
        name="test", schema="main_", prefix="p_", start_date=world.clock.moment()
    )
    world.workspace.execute(connectors(world)[0], "new")

    world.sync_all("data_connectors", LOG)

    assert ["new"] == [row["id"] for row in world.rows(LOG)]


def test_each_sync_adds_how_busy_teams_are(world: World) -> None:
    """A row per team, teammate and sync; one request a team."""
    world.sync_all("teams", METRICS)
    world.workspace.log.clear()
    world.clock.forward(HOUR)
    world.workspace.team_loads = {
        team: [{**one, "open": 77} for one in loads]
        for team, loads in world.workspace.team_loads.items()
    }

    report = world.sync(METRICS)

    loads = [one for held in world.workspace.team_loads.values() for one in held]
    assert len(loads) == report.inserted > 5
    assert 2 * len(loads) == report.row_count
    assert 2 == len(world.moments(METRICS, "measured_at"))
    assert len(loads) == len([row for row in world.rows(METRICS) if row["open"] == 77])
    assert len(world.workspace.team_loads) == world.workspace.log.counts["GET /teams/{id}/metrics"]
    assert set() == world.marked(METRICS, "admin_id")


def test_a_plan_without_metrics_is_an_error(world: World) -> None:
    """Where no list may be read, the sync names why; rows of before stay."""
    world.sync_all("teams", METRICS)
    before = world.rows(METRICS)
    world.workspace.faults.on("GET", "/teams/*/metrics", "403", times=None)

    with pytest.raises(IntercomError, match="permission"):
        world.sync(METRICS)

    assert before == world.rows(METRICS)


def test_a_stamped_key_may_be_a_time() -> None:
    """The time of the sync is a key column, though keys are text otherwise."""
    assert "measured_at" in CATALOG[METRICS].primary_key

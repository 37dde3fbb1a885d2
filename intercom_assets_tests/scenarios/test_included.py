"""What Intercom sends only on request: asked for by the searches that are sent anyway."""

import json
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.views import MODELS
from intercom_assets.intercom.search import UPDATED
from intercom_assets.views.build import make_views
from intercom_assets_tests.guarantees.worlds import as_it_came, small_pages
from intercom_assets_tests.world import DAY, HOUR, World, make_world

MERGES, QUALITY = ("merge_history",), ("monitors", "scorecards")


@pytest.fixture
def world(database: Path) -> World:
    """Make a world with a merged contact and judged conversations."""
    world = make_world(database, contacts=40, conversations=40)
    users = [one["id"] for one in world.workspace.truth("contacts") if one["role"] == "user"]
    world.workspace.merges.clear()
    world.workspace.merge_contacts(users[0], users[1])
    return world


def held(world: World, name: str, column: str) -> dict[str, list[dict[str, object]]]:
    """Read the lists of a column that are not empty, by id."""
    return {
        row["id"]: found for row in world.live(name) if (found := json.loads(row[column] or "[]"))
    }


def test_nothing_is_asked_for_by_default(world: World) -> None:
    """No request has a parameter more, and the columns are null."""
    world.sync_all("contacts", "conversations")

    assert {} == held(world, "contacts", "merge_history")
    assert {} == held(world, "conversations", "scorecards")
    assert not [one for one in world.workspace.log.entries if "include_" in one.query]


def test_what_is_included_is_stored_without_a_request_more(world: World) -> None:
    """The searches that are sent anyway fill the columns; a quiet sync writes nothing."""
    world.sync_all("contacts", "conversations")
    plain = world.workspace.log.total()
    world.include = MERGES + QUALITY
    world.workspace.log.clear()

    world.sync_all("contacts", "conversations", full_refresh=True)
    total = world.workspace.log.total()
    quiet = world.sync_all("contacts", "conversations")

    [(source, merge)] = world.workspace.merges.items()
    [history] = held(world, "contacts", "merge_history").values()
    assert [merge["target"]] == list(held(world, "contacts", "merge_history"))
    assert source == history[0]["source_contact_id"]
    assert plain == total
    assert world.workspace.monitor_evaluations == held(
        world, "conversations", "monitor_evaluations"
    )
    assert world.workspace.scorecards == held(world, "conversations", "scorecards")
    assert [(0, 0)] * 2 == [(one.inserted, one.updated) for one in quiet.values()]


def test_a_reconcile_fills_what_is_stored(world: World) -> None:
    """It reads everything anyway, so that what was judged later is found, too."""
    world.sync("conversations")
    world.include = QUALITY
    world.clock.forward(DAY)

    world.sync("conversations", reconcile=True)

    assert world.workspace.scorecards == held(world, "conversations", "scorecards")


def test_a_lookup_empties_nothing(database: Path) -> None:
    """A row that a reconcile looks up keeps what only searches show."""
    world = small_pages(database, contacts=10, conversations=30)
    world.include = MERGES + QUALITY
    world.sync_all("contacts", "conversations")
    before = [held(world, "conversations", one) for one in ("monitor_evaluations", "scorecards")]
    missed = next(iter(world.workspace.scorecards))
    users = [one["id"] for one in world.workspace.truth("contacts") if one["role"] == "user"]
    world.clock.forward(2 * DAY)
    world.workspace.merge_contacts(users[0], users[1])
    world.sync_all("contacts", "conversations")

    def without(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        body = response.json()
        if UPDATED in request.content.decode() and request.url.path.endswith("/search"):
            name = "data" if "contacts" in request.url.path else "conversations"
            by_time = b'"field":"id"' not in request.content.replace(b" ", b"")
            hidden = {missed, users[1]} if by_time else set()
            body[name] = [one for one in body[name] if one["id"] not in hidden]
        return httpx.Response(
            response.status_code, headers={"date": response.headers["date"]}, json=body
        )

    world.after = without
    world.workspace.log.clear()
    world.sync_all("contacts", "conversations", reconcile=True)
    world.after = as_it_came
    looked = [one for one in world.workspace.log.entries if one.path.endswith((missed, users[1]))]

    assert 2 == len(looked)
    assert before == [
        held(world, "conversations", one) for one in ("monitor_evaluations", "scorecards")
    ]
    assert [users[1]] == list(held(world, "contacts", "merge_history"))
    asked = parse_qs(next(one.query for one in looked if "contacts" in one.path))
    assert {"include_merge_history": ["true"]} == asked


def test_an_included_list_is_a_view(world: World) -> None:
    """Each has a row per entry, with typed columns."""
    world.include = MERGES + QUALITY
    world.sync_all("contacts", "conversations")
    world.clock.forward(HOUR)
    wanted = [model for model in MODELS if model.on_request]

    reports = make_views(wanted, world.source, world.warehouse, CATALOG)

    counts = {report.model.name: report.row_count for report in reports}
    assert {
        "merged_contacts": 1,
        "conversation_monitors": sum(map(len, world.workspace.monitor_evaluations.values())),
        "conversation_scorecards": len(world.workspace.scorecards),
    } == counts

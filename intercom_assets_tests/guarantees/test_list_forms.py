"""Lists that continue, end or break off in forms that the documents do not show lose no row."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.resource import Child, Listing, Search
from intercom_assets.errors import IntercomError
from intercom_assets.simulator import FORMS, Form
from intercom_assets_tests.scenarios.conftest import database  # noqa: F401 - the same place
from intercom_assets_tests.world import DAY, World, make_world

PAGE = 4
"""Records on a page, also of lists that are documented as one."""

NESTED = ("tags", "companies", "notes")

ALWAYS = 100_000


def kind_of(name: str) -> str | None:
    """Say how a resource's list is paged; None for what is no list, and for the scroll."""
    match CATALOG[name].endpoint:
        case Search():
            return "search"
        case Listing(path) if "scroll" not in path:
            return "list"
        case Child(records=("data",)):
            return "child"
        case _:
            return None


def lists(kind: str) -> Mapping[str, tuple[str, str]]:
    """Give method and path of each list of a kind, by the resource that is synced for it."""
    found: dict[str, tuple[str, str]] = {}
    for resource in CATALOG:
        if kind_of(resource.name) == kind:
            method = "POST" if kind == "search" else "GET"
            found[resource.name] = (method, resource.endpoint.path.replace("{id}", "*"))
    return found


@pytest.fixture
def world(database: Path) -> World:  # noqa: F811 - the fixture
    """Make a world whose lists all have three pages or more."""
    world = make_world(database, contacts=14, companies=3, conversations=14, admins=9)
    world.page_size = PAGE
    workspace = world.workspace
    workspace.list_pages = PAGE
    for name in ("contacts", "conversations"):
        for number, record_id in enumerate(workspace.collection(name).ids()):
            dated = int(world.clock.now - 2 * number * DAY)
            workspace.patch(name, record_id, {"updated_at": dated}, bump=False)
    for kind in ("admins", "teams", "tags", "segments", "ticket_types", "ticket_states",
                 "contact_attributes", "company_attributes"):  # fmt: skip
        for number in range(9):
            workspace.add(kind, {"full_name": f"x.{number}", "name": f"{kind} {number}"})
    segments = workspace.collection("segments").ids()[:9]
    for company in workspace.collection("companies").ids():
        workspace.set_company_segments(company, segments)
    return world


def with_long_lists(world: World) -> None:
    """Give a contact nested lists that Intercom cuts at ten."""
    workspace = world.workspace
    person = workspace.collection("contacts").ids()[5]
    for name in NESTED:
        entries = [
            {"type": name, "id": f"{name}{n}", "url": f"/{name}/{name}{n}"} for n in range(13)
        ]
        cut = {"type": "list", "data": entries, "total_count": 13, "has_more": False}
        workspace.patch("contacts", person, {name: cut}, bump=False)


def outcome(world: World, name: str) -> str:
    """Sync, and say what came of it."""
    try:
        world.sync(name)
    except IntercomError:
        return "refused"
    if world.expected(name) != world.stored(name):
        return "named" if world.ear.warnings else "LOST"
    return "whole"


ONCE = {("refused", 2), ("gone", 2)}


@pytest.mark.parametrize("kind", ["list", "child", "search", "nested"])
@pytest.mark.parametrize("times", [1, ALWAYS])
@pytest.mark.parametrize("form", FORMS)
def test_no_form_of_a_list_loses_a_row(world: World, form: Form, times: int, kind: str) -> None:
    """In each form a list is read whole, or nothing is taken and the failure says so."""
    if kind == "nested":
        with_long_lists(world)
        found = {name: ("contacts", ("GET", f"/contacts/*/{name}")) for name in NESTED}
    else:
        found = {name: (name, asked) for name, asked in lists(kind).items()}
    world.sync("companies")
    outcomes = {}
    for label, (name, (method, path)) in found.items():
        page = {"page": 2} if form in {"refused", "gone"} else {}
        call = 2 if times == 1 and not page else 1
        target = world.workspace.faults.on(method, path, form, times=times, call=call, **page)
        outcomes[label] = outcome(world, name)
        assert target.seen
        world.workspace.faults.targets.clear()
        world.clock.forward(DAY)
        world.sync(name, full_refresh=name == "company_segments")
        assert world.expected(name) == world.stored(name), label

    assert "LOST" not in outcomes.values()

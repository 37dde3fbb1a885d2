"""Lists that continue, end or break off in forms that the documents do not show lose no row."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import httpx
import pytest

from intercom_assets.catalog import CATALOG, Resource
from intercom_assets.catalog.endpoints import Child, Listing, Search, SinglePage
from intercom_assets.catalog.replication import AddedByParent, Windowed
from intercom_assets.errors import CutOff, IntercomError
from intercom_assets.warehouse.duckdb import connect
from intercom_assets_tests.guarantees.budget import TORTURE, budget
from intercom_assets_tests.guarantees.worlds import as_it_came, small_pages
from intercom_assets_tests.world import DAY, World, make_world
from intercom_simulator import FORMS, Form

PAGE = 4
"""Records on a page, also of lists that are documented as one."""

_NESTED = {"tags": "tag", "companies": "company", "notes": "note"}

ALWAYS = 100_000

# Each form has eight cases: steps of seven miss no form, and come to each of the eight places.
CASES = list(product(FORMS, [1, ALWAYS], ["list", "child", "search", "nested"]))[:: budget(7, 1)]
"""Forms, how often they come, and where; a seventh of them where the budget is small."""

UNPAGED = (
    *("help_centers", "subscription_types", "conversation_attributes"),
    *("brands", "email_senders", "away_status_reasons", "office_hours_schedules"),
)
"""Lists of one page that a made workspace has too few records of."""

CHILDREN = ("company_segments", "office_hours_exceptions", "article_versions")
"""Lists by parent that are tried, one of each pagination: a made workspace has few of others."""

FEW_LISTS = ("tags", "segments")
"""Lists of one page that are tried where the budget is small: one under `data`, one not."""


def lists(kind: str) -> dict[str, tuple[str, str, str]]:
    """Give the resource, method and path of each list of a kind that the catalogue declares.

    A list that is only added to counts nothing, so that nothing shows what it leaves out.
    """
    if kind == "nested":
        contacts = CATALOG["contacts"]
        return {
            one.name: ("contacts", "GET", one.path.replace("{id}", "*")) for one in contacts.nested
        }
    found = {}
    for resource in CATALOG:
        if is_added_to(resource):
            continue
        match resource.endpoint, resource.pagination:
            case Search(path), _ if kind == "search":
                found[resource.name] = (resource.name, "POST", path)
            case Listing(path), SinglePage() if kind == "list":
                found[resource.name] = (resource.name, "GET", path)
            case Child(path), _ if kind == "child" and resource.name in CHILDREN:
                found[resource.name] = (resource.name, "GET", path.replace("{id}", "*"))
            case _:
                pass
    return found if TORTURE or kind != "list" else {name: found[name] for name in FEW_LISTS}


def is_added_to(resource: Resource) -> bool:
    """Say whether a resource is read by what was added to its lists."""
    return isinstance(resource.replication, Windowed | AddedByParent)


def expected(form: Form, times: int, kind: str, label: str) -> str:
    """Say what must come of a form: whole unless what is missing cannot be asked for at all."""
    lost: set[Form] = {"null_list"}
    if kind != "search":
        lost |= {"fewer", "refused", "gone", "same_next"}
    if kind != "search" and label not in {"companies", "notes", "article_versions"}:
        lost |= {"no_pages", "null_pages"}
    if form not in lost or times == 1:
        return "whole"
    # What belongs to one record is passed over, told, and due until it is read.
    return "named" if kind in {"child", "nested"} else "refused"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Path]:
    """Name the database, and hold it open: that makes each of many looks at it quick."""
    path = tmp_path / "test.duckdb"
    with connect(path):
        yield path


@pytest.fixture
def world(database: Path) -> World:
    """Make a world whose lists all have three pages or more."""
    records = {"contacts": 14, "companies": 3, "conversations": 14, "tickets": 14}
    world = make_world(database, **records, admins=9, teams=9)
    world.page_size = PAGE
    workspace = world.workspace
    workspace.behaviour.list_pages = PAGE
    # Of many lists that fail one after the other no record is passed over: that is an incident.
    for article in workspace.collection("articles").ids()[3:]:
        workspace.delete("articles", article)
    for name in ("contacts", "conversations", "tickets"):
        for number, record_id in enumerate(workspace.collection(name).ids()):
            dated = int(world.clock.now - 2 * number * DAY)
            workspace.patch(name, record_id, {"updated_at": dated}, bump=False)
    for kind in ("ticket_types", "ticket_states", *UNPAGED):
        for number in range(9):
            workspace.add(kind, {"name": f"{kind} {number}"})
    for schedule, (first, *_) in workspace.office_hours_exceptions.items():
        long = [{**first, "id": f"{schedule}-{number}"} for number in range(9)]
        workspace.office_hours_exceptions[schedule] = long
    segments = workspace.collection("segments").ids()[:9]
    for company in workspace.collection("companies").ids():
        workspace.set_company_segments(company, segments)
    return world


def with_long_lists(world: World) -> None:
    """Give a contact nested lists that Intercom cuts at ten."""
    person = world.workspace.collection("contacts").ids()[5]
    for name, kind in _NESTED.items():
        entries = [
            {"type": kind, "id": f"{kind}{n}", "url": f"/{name}/{kind}{n}"} for n in range(13)
        ]
        whole = {"type": "list", "data": entries, "total_count": 13, "has_more": False}
        world.workspace.patch("contacts", person, {name: whole}, bump=False)


def outcome(world: World, name: str) -> str:
    """Read everything, and say what came of it."""
    try:
        world.sync(name, full_refresh=True)
    except IntercomError:
        return "refused"
    if world.expected(name) == world.stored(name):
        return "whole"
    return "named" if world.ear.warnings else "LOST"


@pytest.mark.parametrize(("form", "times", "kind"), CASES)
def test_no_form_of_a_list_loses_a_row(world: World, form: Form, times: int, kind: str) -> None:
    """In each form a list is read whole, or the sync says that it is not; then it is found."""
    faults = world.workspace.faults
    # A page that is refused is always the second one: the first is not there to be continued.
    where = {"page": 2} if form in {"refused", "gone"} else {"call": 2 if times == 1 else 1}
    if kind == "nested":
        with_long_lists(world)
    if kind == "child":
        world.sync_all("companies", "articles", "office_hours_schedules")
    outcomes: dict[str, str] = {}
    for label, (name, method, path) in lists(kind).items():
        target = faults.on(method, path, form, times=times, **where)
        outcomes[label] = outcome(world, name)
        faults.targets.clear()
        if outcomes[label] != "whole":
            world.sync(name, full_refresh=True)

        assert target.seen, label
        assert world.expected(name) == world.stored(name), label

    assert {label: expected(form, times, kind, label) for label in outcomes} == outcomes


@pytest.mark.parametrize("companies", [0, 100, 250])
@pytest.mark.parametrize("end", ["empty", "gone", "refused", "null_list", "no_token"])
@pytest.mark.parametrize("renews", [False, True])
def test_no_end_of_the_scroll_loses_a_company(
    database: Path,
    companies: int,
    end: str,
    renews: bool,  # noqa: FBT001
) -> None:
    """A scroll ends in any form after a page that is not full; after a full one it must say so."""
    world = make_world(database, companies=companies)
    world.workspace.behaviour.scroll_end = end  # type: ignore[assignment]
    world.workspace.behaviour.scroll_renews = renews

    came_of_it = outcome(world, "companies")
    opened = [one for one in world.workspace.log.entries if (one.query, one.status) == ("", 200)]
    world.workspace.behaviour.scroll_end = "empty"
    world.sync("companies")

    is_clear = end == "empty" or companies == 250 or (companies == 0 and end != "null_list")
    assert ("whole" if is_clear else "refused") == came_of_it
    assert 3 >= len([one for one in opened if one.path == "/companies/scroll"])
    assert world.expected("companies") == world.stored("companies")


@pytest.mark.parametrize("call", [2, 3, 4])
@pytest.mark.parametrize("form", ["refused", "gone", "null_list", "other_key"])
def test_a_scroll_that_stops_once_begins_again(database: Path, form: Form, call: int) -> None:
    """A scroll that stops in the middle begins again, and marks nothing as deleted."""
    world = make_world(database, companies=250)
    world.sync("companies")
    world.workspace.faults.on("GET", "/companies/scroll", form, call=call)

    report = world.sync("companies")

    assert (250, 0) == (report.records_returned, report.deleted)
    assert world.expected("companies") == world.stored("companies")


def test_a_record_that_is_only_counted_holds_nothing_back(database: Path) -> None:
    """Where Intercom counts a record that it never returns the rest lands, and that is named."""
    world = small_pages(database, conversations=30)
    hidden = world.workspace.collection("conversations").ids()[7]

    def without(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        body = response.json()
        if request.url.path == "/conversations/search":
            body["conversations"] = [one for one in body["conversations"] if one["id"] != hidden]
        return httpx.Response(200, headers={"date": response.headers["date"]}, json=body)

    world.after = without
    world.sync("conversations")
    warnings, first = world.ear.warnings, {row["id"] for row in world.live("conversations")}
    report = world.sync("conversations", full_refresh=True)

    assert set(world.workspace.collection("conversations").ids()) - {hidden} == first
    assert 2 == len(warnings)
    assert "that is its last page" in warnings[0]
    assert "1 are missing" in warnings[1]
    assert 0 == report.deleted


def test_many_records_that_are_only_counted_are_an_error(database: Path) -> None:
    """Where Intercom counts what it does not return, and it is much, the cursor stays."""
    world = small_pages(database, conversations=30)

    def nothing(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        body = response.json()
        if request.url.path == "/conversations/search":
            body |= {"conversations": [], "pages": None}
        return httpx.Response(200, headers={"date": response.headers["date"]}, json=body)

    world.after = nothing
    with pytest.raises(CutOff, match="breaks off after 0 of"):
        world.sync("conversations")
    world.after = as_it_came
    world.sync("conversations")

    assert world.expected("conversations") == world.stored("conversations")

"""What a sync may cost, counted: requests, commits, pages in memory, modules at start-up."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path

import anyio
import httpx
import pytest

from intercom_assets.catalog import CATALOG, NEWEST
from intercom_assets.catalog.cost import Cost, cost_of
from intercom_assets.catalog.endpoints import ReportExport, Search
from intercom_assets.catalog.replication import AddedByParent, ByParent, Exported
from intercom_assets.engine.concurrency import PAGES_AHEAD, SIDE_BY_SIDE
from intercom_assets.engine.cursor import BatchLimits
from intercom_assets.intercom.metrics import RequestMetrics
from intercom_assets.intercom.retry import LARGEST
from intercom_assets.intercom.transport import DirectTransport
from intercom_assets.intercom.workspace import probe
from intercom_assets_tests.copies import copied
from intercom_assets_tests.world import CUSTOM_OBJECT_TYPES, DAY, World, make_world
from intercom_simulator.request_log import endpoint_of

LIMITS = httpx.Limits(max_connections=4, max_keepalive_connections=4)


@pytest.fixture
def world(database: Path) -> World:
    """Make a world of several pages."""
    return make_world(database, contacts=700, companies=120, conversations=320)


def searched(request: httpx.Request) -> bool:
    """Tell whether a request is a search."""
    return request.url.path.endswith("/search")


def at_rest(database: Path) -> World:
    """Make that world, and sync it until nothing is left to do."""
    world = make_world(database, contacts=700, companies=120, conversations=320)
    world.workspace.deliver("of late")
    world.sync_all()
    world.clock.forward(2 * DAY)
    world.sync_all()
    return world


@pytest.fixture
def rested(tmp_path: Path) -> Iterator[World]:
    """Copy that world at rest."""
    with copied(tmp_path, at_rest) as world:
        yield world


def test_a_sync_without_changes_asks_little(rested: World) -> None:
    """Where nothing changed, a request per list and the pages of one scroll are enough."""
    world = rested
    world.workspace.log.clear()

    world.sync_all()

    scrolls = world.workspace.log.count("GET", "/companies/scroll")
    assert 3 == scrolls
    # Once for the marks of conversations, and once for the table of deletions.
    assert 2 == world.workspace.log.count("GET", "/conversations/deleted")
    assert 1 == world.workspace.log.count("GET", "/admins/activity_logs")
    # All exports share one job.
    assert 1 == world.workspace.log.count("POST", "/export/content/data")
    # Of contacts and conversations one each, and GET /me; no child asks for anything.
    assert world.workspace.log.total() - scrolls <= len(CATALOG.names) + 3


def counts(world: World) -> dict[str, int | None]:
    """Count the records of each resource, by one small request each."""
    with world.connection() as connection:
        return {
            one.name: connection.call(
                probe,
                connection.session(meter=RequestMetrics(), scope=one.scope, note=lambda _: None),
                one,
                CUSTOM_OBJECT_TYPES,
            )
            for one in CATALOG
        }


def costs(world: World) -> dict[str, Cost]:
    """Say what a sync of each resource should cost."""
    counted = counts(world)
    return {
        one.name: cost_of(one, counted[one.parent or one.name], NEWEST, LARGEST) for one in CATALOG
    }


def asked(world: World, name: str) -> int:
    """Sync a resource; gives its requests, the workspace's and those of cut lists left out."""
    world.workspace.log.clear()
    world.sync(name)
    cut = {one.path.replace("{id}", "*") for one in CATALOG[name].nested}
    return len([
        one
        for one in world.workspace.log.entries
        if one.path != "/me" and not any(fnmatchcase(one.path, path) for path in cut)
    ])  # fmt: skip


UNCOUNTED = {"data_connectors", "data_connector_executions", "macros"}
"""Lists by cursor, which do not say how long they are, and what is read per record of one."""
EXPORTED = {one.name for one in CATALOG if isinstance(one.replication, Exported)}
"""Files of exports, of which Intercom counts nothing."""
WINDOWED = {"activity_logs", *EXPORTED}
"""Lists of which Intercom counts what lies in a window."""


def test_one_small_request_counts_a_resource(world: World) -> None:
    """Records are counted without reading them, those of children through their parents only."""
    counted = counts(world)

    several = len(CUSTOM_OBJECT_TYPES) - 1
    assert len(CATALOG.names) + several == world.workspace.log.total()
    # Intercom's list of companies, which counts, leaves out those without users.
    assert (700, 114, 320, 40) == tuple(
        counted[name] for name in ("contacts", "companies", "conversations", "tags")
    )
    assert {one.name for one in CATALOG if counted[one.name] is None} == {
        *(one.name for one in CATALOG if one.parent),
        *UNCOUNTED,
        *WINDOWED,
    }


def test_a_quiet_sync_costs_what_is_planned(rested: World) -> None:
    """Where nothing changed, each resource asks for exactly what its declaration lets expect."""
    planned = costs(rested)
    rested.sync_all(*(one.name for one in CATALOG if isinstance(one.endpoint, ReportExport)))

    unknown = {name for name, cost in planned.items() if cost.quiet is None}
    assert UNCOUNTED == unknown
    assert {name: cost.quiet for name, cost in planned.items() if name not in unknown} == {
        name: asked(rested, name) for name in planned if name not in unknown
    }


def test_a_first_sync_costs_about_what_is_planned(world: World) -> None:
    """The plan of a first sync is right where lists are read whole, and near it for others."""
    for name, cost in costs(world).items():
        if cost.first is None:
            assert name in UNCOUNTED | WINDOWED
            continue
        # Of a search the slices are estimated; companies without users are not counted.
        below, above = (0, 4) if isinstance(CATALOG[name].endpoint, Search) else (0, 0)
        if CATALOG[name].parent is not None:  # some lists have a second page
            below = 8 if CATALOG[name].parent == "companies" else 3
        link = CATALOG[name].replication
        if isinstance(link, ByParent) and link.counted_in:  # how many count none is not known
            above = counts(world)["contacts"] or 0
        assert -below <= cost.first - asked(world, name) <= above, name


def test_a_sync_asks_for_what_changed_only(rested: World) -> None:
    """A changed conversation costs one request, and a changed company one."""
    world = rested
    for kind in ("conversations", "companies"):
        for record_id in world.workspace.collection(kind).ids()[:5]:
            world.workspace.touch(kind, record_id)
    world.clock.forward(1)
    world.workspace.log.clear()

    world.sync_all()

    sent = [endpoint_of(one.method, one.path) for one in world.workspace.log.entries]
    assert 5 == sent.count("GET /conversations/{id}")
    assert 5 == sent.count("GET /companies/{id}/segments")
    children = sum(one.parent in ("conversations", "companies") for one in CATALOG)
    always = sum(
        len(world.workspace.collection(one.replication.parent))
        for one in CATALOG
        if isinstance(one.replication, AddedByParent)
    )
    at_most = 5 * children + always + len(CATALOG.names) + 3
    assert len(sent) - sent.count("GET /companies/scroll") <= at_most


def test_a_first_sync_asks_for_few_pages(world: World) -> None:
    """Reading in slices costs half as many searches again as whole pages would, at the most."""
    world.portions = BatchLimits(slice_records=300)

    world.sync("contacts")

    log = world.workspace.log
    searches = [
        one for one in log.entries if (one.method, one.path) == ("POST", "/contacts/search")
    ]
    counts = [one for one in searches if one.body["pagination"]["per_page"] == 1]
    assert len(searches) - len(counts) <= 1.5 * (-(-700 // 150)) + 3 + 3
    # What has no date is looked for by Intercom's counts.
    assert 3 == len(counts)
    assert 2 + 1 == log.count("GET", "/contacts")


def test_slices_are_read_side_by_side_in_bounded_memory(world: World) -> None:
    """Several searches are in flight at once, and never more pages than may wait for their turn."""
    world.portions = BatchLimits(slice_records=30)
    sent = 0
    most_ahead = 0

    def count(request: httpx.Request) -> None:
        nonlocal sent, most_ahead
        sent += searched(request)
        given = world.ear.progress[-1].done if world.ear.progress else 0
        most_ahead = max(most_ahead, sent * 30 - given)

    world.before = count

    report = world.sync("conversations")

    assert 320 == report.row_count
    assert most_ahead > 2 * 30
    assert most_ahead <= 30 * (SIDE_BY_SIDE + 6) * PAGES_AHEAD


def test_a_sync_commits_seldom(world: World) -> None:
    """A commit holds as many rows as were spooled: a small resource is one transaction."""
    reports = world.sync_all()

    assert len(reports) <= sum(report.commits for report in reports.values()) <= len(reports) + 1


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        (
            "intercom_assets.definitions as loaded; loaded.defs()",
            {"pandas", "snowflake.connector", "aiohttp", "duckdb", "jinja2"},
        ),
        ("intercom_assets.cli", {"dagster", "rich", "httpx", "duckdb", "intercom_assets.catalog"}),
        ("intercom_assets.cli.status", {"dagster", "pandas", "pyarrow", "httpx", "duckdb"}),
        ("intercom_assets.cli.run", {"dagster", "pandas", "pyarrow", "httpx", "duckdb"}),
        ("intercom_assets.cli.check", {"dagster", "pandas", "snowflake.connector", "aiohttp"}),
        ("intercom_assets.engine.load", {"dagster", "pandas", "snowflake.connector", "aiohttp"}),
    ],
)
def test_start_up_imports_only_what_is_needed(module: str, unwanted: set[str]) -> None:
    """What takes long to import is imported when it is used."""
    script = f"import sys, {module}; print(*sys.modules)"

    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=True
    )

    assert set() == unwanted & set(done.stdout.split())


@contextmanager
def hanging_up() -> Iterator[tuple[str, list[bytes]]]:
    """Serve one good answer per connection and hang up at the second request; gives what came."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    heard.append(connection.recv(4096))
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                    heard.append(connection.recv(4096))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", heard
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def test_a_request_is_sent_once() -> None:
    """A GET whose connection is lost is not sent again behind our back: a scroll would skip."""
    with hanging_up() as (url, heard):

        async def ask_twice() -> None:
            transport = DirectTransport(limits=LIMITS)
            async with transport:
                first = await transport.handle_async_request(httpx.Request("GET", f"{url}/a"))
                await first.aread()
                await transport.handle_async_request(httpx.Request("GET", f"{url}/b"))

        with pytest.raises(httpx.RemoteProtocolError):
            anyio.run(ask_twice)

    assert [b"GET /a", b"GET /b"] == [one[:6] for one in heard]


def test_what_was_closed_stays_closed() -> None:
    """A request that is tried again after the end opens no connection that nobody would close."""
    transport = DirectTransport(limits=LIMITS)

    async def ask_after_the_end() -> None:
        await transport.aclose()
        await transport.handle_async_request(httpx.Request("GET", "http://127.0.0.1:9/a"))

    with pytest.raises(httpx.NetworkError, match="closed"):
        anyio.run(ask_after_the_end)

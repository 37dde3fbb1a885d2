"""The token stays with Intercom, names stay names, and nothing listens to strangers."""

import logging
import re
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from intercom_assets.catalog import NEWEST
from intercom_assets.engine.cursor import Source
from intercom_assets.errors import ConfigurationError, IntercomAssetsError
from intercom_assets.intercom.connection import Connection
from intercom_assets.intercom.metrics import RequestMetrics
from intercom_assets.intercom.retry import RetryPolicy
from intercom_assets.intercom.transport import check_address
from intercom_assets.warehouse.duckdb import connect
from intercom_assets_tests.dagster_project.processes import Machine
from intercom_assets_tests.dagster_project.running import ROOT, TOKEN_VARIABLE, Project
from intercom_assets_tests.guarantees import hostile_server
from intercom_assets_tests.guarantees.hostile_server import Talk, listening, say
from intercom_assets_tests.world import World, make_world, no_sleep

TOKEN = "dG9rOjE2Qz/kq+Zr9xWv_c4n4ry-T0ken=="
"""Recognisable, and with the characters that JSON writers escape."""

FAILING: list[Talk] = [
    hostile_server.in_message,
    hostile_server.in_escapes,
    hostile_server.in_page,
    hostile_server.in_headers,
    hostile_server.in_no_http,
    hostile_server.in_success,
    hostile_server.in_next_page,
    hostile_server.in_workspace,
]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Make a small world."""
    database = tmp_path / "test.duckdb"
    with connect(database):
        yield make_world(database, contacts=3, companies=2, conversations=2)


def reaching(url: str) -> Connection:
    """Reach a server with the token."""
    return Connection(
        token=TOKEN,
        region="us",
        version=NEWEST,
        base_url=url,
        retry_policy=RetryPolicy(attempts=2, sleep=no_sleep),
    )


def chain(error: BaseException | None) -> Iterator[str]:
    """Give all that an exception says, and the ones that it came from, suppressed or not."""
    while error is not None:
        yield from (str(error), repr(error), repr(vars(error)))
        yield "".join(traceback.format_exception(error))
        if error.__cause__ is not None:
            yield from chain(error.__cause__)
        error = error.__context__


def assert_without_token(*texts: str) -> None:
    """Look for the token, and for a telling part of it."""
    for text in texts:
        assert TOKEN not in text
        assert TOKEN[8:24] not in text


@pytest.mark.parametrize("talk", FAILING, ids=lambda talk: talk.__name__)
def test_an_answer_that_quotes_the_token_is_shown_without_it(
    world: World, caplog: pytest.LogCaptureFixture, talk: Talk
) -> None:
    """Errors, notes and logs of every level never hold the token, however a server quotes it."""
    caplog.set_level(logging.NOTSET)
    with (
        listening(talk) as server,
        reaching(server.url) as connection,
        pytest.raises(IntercomAssetsError) as caught,
    ):
        world.sync_over(connection, "tags")

    assert f"Bearer {TOKEN}" in server.heard
    assert_without_token(*chain(caught.value), *world.ear.notes, *world.ear.warnings)
    assert caplog.records
    assert_without_token(*(record.getMessage() for record in caplog.records), caplog.text)


def test_records_that_quote_the_token_are_stored_without_it(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Keys and values of records are stored with the token's place marked, and no byte of it."""
    caplog.set_level(logging.NOTSET)
    with listening(hostile_server.in_records) as server, reaching(server.url) as connection:
        report = world.sync_over(connection, "tags")

    (row,) = world.rows("tags")
    assert "Bearer [access token]" == row["id"]
    assert_without_token(repr(row), repr(report), caplog.text)
    for file in world.database.parent.rglob("*"):
        assert not file.is_file() or TOKEN.encode() not in file.read_bytes()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_never_takes_the_token_along(world: World, status: int) -> None:
    """Another host that an answer points to is never asked."""
    with listening(hostile_server.in_message) as other:

        def redirect(handler: object, told: str) -> None:
            say(handler, status, b"", Location=f"{other.url}/me?{told}")  # type: ignore[arg-type]

        with (
            listening(redirect) as server,
            reaching(server.url) as connection,
            pytest.raises(IntercomAssetsError, match="base_url") as caught,
        ):
            world.sync_over(connection, "tags")

    assert [] == other.heard
    assert_without_token(*chain(caught.value))


def test_no_repr_shows_the_token(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections, sessions, settings, definitions and resources print without the token."""
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    project = Project(workspace=world.workspace, url="http://127.0.0.1:9", folder=Path("x"))
    definitions = project.definitions()
    seen = []

    @dg.asset(required_resource_keys={"intercom_intercom"})
    def look(context: dg.AssetExecutionContext) -> None:
        one = context.resources.intercom_intercom
        seen.extend([repr(one), str(one), repr(one.open())])

    resources = definitions.resources or {}
    dg.materialize([look], resources={"intercom_intercom": resources["intercom_intercom"]})
    with reaching("http://127.0.0.1:9") as connection:
        session = connection.session(meter=RequestMetrics(), scope="x", note=print)
        extract = world.extract(connection, "tags")
        for one in (connection, session, session.client, vars(session.client), extract):
            seen.extend([repr(one), str(one)])
    settings = project.settings()
    seen.extend([repr(settings), repr(definitions), repr(definitions.resources)])

    assert len(seen) > 10
    assert_without_token(*seen)


@pytest.mark.parametrize("token", [f"{TOKEN}\n{TOKEN}", f"{TOKEN} x", f"{TOKEN}\0", f"{TOKEN}é"])
def test_a_token_that_cannot_be_one_is_refused_unseen(token: str) -> None:
    """A token with blanks, line ends or other letters is refused without being shown."""
    with pytest.raises(ConfigurationError) as caught:
        Connection(token=token, region="us", version=NEWEST)

    assert_without_token(*chain(caught.value))


@pytest.mark.parametrize(
    "url",
    [
        "http://api.intercom.io",
        "HTTP://API.INTERCOM.IO",
        "http://127.evil.com",
        "http://127.0.0.1.evil.com",
        "http://localhost.evil.com",
        "http://[::1]@evil.com",
        "http://127.0.0.1@evil.com",
        "http://localhost:80@evil.com",
        "http://evil.com#@127.0.0.1",
        "http://evil.com\\@127.0.0.1",
        "http://evil.com/127.0.0.1",
        "http://evil.com?localhost",
        "http://localhost.",
        "http://0.0.0.0",
        "http://0",
        "http://10.0.0.1",
        "http://[::]",
        "http://ⓛocalhost.evil.com",
        "https://user:password@api.intercom.io",
        "https://user@api.intercom.io",
        "http://user:password@localhost",
        "//api.intercom.io",
        "api.intercom.io",
        "ftp://localhost",
        "file:///etc/passwd",
        "https://",
        "http://",
        "",
        "https://\n",
        "http://[::1",
    ],
)
def test_the_token_travels_encrypted_off_this_machine(url: str) -> None:
    """A base URL that is neither https nor loopback, or that names a user, is refused."""
    assert check_address(url)
    if url:
        with pytest.raises(ConfigurationError):
            Connection(token=TOKEN, region="us", version=NEWEST, base_url=url)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.eu.intercom.io",
        "HTTPS://PROXY",
        "http://localhost:1",
        "http://127.3.2.1",
        "http://[::1]:8",
    ],
)
def test_https_and_loopback_are_allowed(url: str) -> None:
    """Any https host, and plain http on loopback, are good."""
    assert check_address(url) is None


HOSTILE = ['"; DROP TABLE canary; --', "'); DROP TABLE canary; --", 'a".b', "%s ? $1 {}", "ünï ☃"]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_and_values_stay_names_and_values(world: World, name: str) -> None:
    """A prefix, a schema, ids, values and keys that look like SQL are stored as they are."""
    world.execute("CREATE TABLE main.canary (a INT)")
    world.source = Source(name=name, schema=name, prefix=name)
    for kind in ("tags", "contacts", "companies"):
        attributes = {name: name, f"{name}2": {name: [name]}}
        world.workspace.add(kind, {"id": name, "name": name, "custom_attributes": attributes})

    for _ in range(2):
        world.sync_all("tags", "contacts", "companies", "company_segments")
        world.sync("contacts", reconcile=True)
        world.sync_all("tags", "contacts", full_refresh=True)

    for kind in ("tags", "contacts", "companies"):
        assert world.expected(kind) == world.stored(kind)
        assert name == world.row(kind, name)["name"]
    with connect(world.database) as connection:
        made = connection.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
    kinds = ("_cursors", "tags", "contacts", "companies", "company_segments")
    assert {("main", "canary"), *((name, f"{name}rudder_{kind}") for kind in kinds)} == set(made)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """Set up a machine whose Intercom quotes the token in records and errors."""
    with listening(hostile_server.in_records) as server:
        yield Machine(url=server.url, folder=tmp_path)


def run(machine: Machine, *command: str) -> str:
    """Run a command with the token; gives all that it printed."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=machine.environment()
        | {TOKEN_VARIABLE: TOKEN, "INTERCOM_RESOURCES": "tags,admins", "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.stdout + done.stderr


def test_commands_print_and_store_no_token(machine: Machine) -> None:
    """Output, Dagster's records and the database of good and failing syncs hold no token."""
    printed = [
        run(machine, "intercom_assets", "run"),
        run(machine, "intercom_assets", "check"),
        run(machine, "intercom_assets", "status"),
        run(machine, "dagster", "job", "execute", "-m", "intercom_assets.definitions",
            "-j", "intercom_sync"),
    ]  # fmt: skip

    assert all("tags" in text or "workspace" in text for text in printed)
    assert "[access token]" in printed[0] + printed[3]
    assert_without_token(*printed)
    files = [file for file in machine.folder.rglob("*") if file.is_file()]
    assert any(file.suffix == ".db" for file in files)
    assert machine.database in files
    assert [] == [file for file in files if TOKEN.encode() in file.read_bytes()]


def addresses() -> set[str]:
    """Give this machine's addresses that others can reach."""
    found = {str(one[4][0]) for one in socket.getaddrinfo(socket.gethostname(), None)}
    return {one for one in found if not one.startswith("127.") and one != "::1"}


def test_the_simulator_listens_on_loopback_only() -> None:
    """The simulator cannot be reached by an address of the network."""
    command = [sys.executable, "-m", "intercom_simulator", "--port", "0"]
    size = ["--contacts", "1", "--companies", "1", "--conversations", "1", "--exit-with-parent"]
    with subprocess.Popen(
        [*command, *size], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        try:
            host, _, port = process.stdout.readline().strip().rpartition(":")
            socket.create_connection(("127.0.0.1", int(port)), 5).close()
            for address in {"127.0.0.2", *addresses()}:
                with pytest.raises(OSError):  # noqa: PT011 - refused or not routed
                    socket.create_connection((address, int(port)), 2).close()
        finally:
            process.terminate()
    assert host.endswith("http://127.0.0.1")


def test_make_dev_listens_on_loopback_only() -> None:
    """Dagster's pages, which have no password, are served on loopback."""
    recipes = (ROOT / "Makefile").read_text()
    servers = [line for line in recipes.splitlines() if re.search("dg dev |webserver", line)]

    assert servers
    assert all("--host 127.0.0.1" in line for line in servers)
    assert "0.0.0.0" not in recipes


def test_no_secret_is_in_version_control() -> None:
    """`.env` is ignored, and no file holds what looks like a token of Intercom."""
    assert ".env" in (ROOT / ".gitignore").read_text().splitlines()
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a checkout")
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    own = Path(__file__).resolve()
    found = [
        file
        for file in files
        if file.is_file() and file != own and re.search(rb"dG9r[\w+/=:-]{30,}", file.read_bytes())
    ]

    assert [] == found
    assert ROOT / ".env" not in files

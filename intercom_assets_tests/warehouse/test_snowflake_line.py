"""What happens between us and Snowflake: lost sessions, locks, refusals."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from intercom_assets.errors import WarehouseError
from intercom_assets_tests.guarantees.budget import budget
from intercom_assets_tests.places import SnowflakePlace
from intercom_assets_tests.unit.storing import Store, thing
from intercom_assets_tests.warehouse.line import SESSION_GONE, Json, Line, line_to, refusal
from intercom_assets_tests.world import Clock


@pytest.fixture
def line(fakesnow: int) -> Iterator[Line]:
    """Lay a line to Snowflake."""
    with line_to(fakesnow) as line:
        yield line


@pytest.fixture
def place(fakesnow: int) -> Iterator[SnowflakePlace]:
    """Make a database that is looked at without the line."""
    with closing(SnowflakePlace(fakesnow)) as place:
        yield place


@pytest.fixture
def store(place: SnowflakePlace, line: Line, tmp_path: Path) -> Store:
    """Make a store at the far end of the line."""
    warehouse = place.opened(lambda: place.connect(port=line.port), Clock().moment)
    return Store(warehouse, tmp_path)


def nth(number: int, told: Json, seen: list[int]) -> Callable[[str], Json | None]:
    """Tell something at the n-th statement, once.

    An upload is left alone: fakesnow plays one kind of storage, whose connector would go elsewhere
    after a refusal.
    """

    def tell(statement: str) -> Json | None:
        if statement.startswith("PUT"):
            return None
        seen.append(1)
        return told if len(seen) == number else None

    return tell


def at_gate(statement: str) -> bool:
    """Tell whether a statement passes a gate."""
    return statement.startswith("UPDATE") and '"GATE" + 1' in statement


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_session_that_is_lost_at_any_statement_changes_nothing(
    store: Store, line: Line, when: str
) -> None:
    """Whichever statement of a commit loses the session, the commit happens, once and counted."""
    store.commit([thing("1"), thing("2"), thing("3")])
    losses = version = 0

    for number in range(budget(3, 1), 100, budget(17, 1)):
        name, seen = f"name {number}", list[int]()
        changes = [thing("1", name), thing(f"new {number}")]
        seen_keys = [thing("1"), thing("2"), thing(f"new {number}")]
        setattr(line, when, nth(number, SESSION_GONE, seen))
        done = store.commit(changes, seen=seen_keys)
        setattr(line, when, lambda _: None)
        assert (1, 1, 0) == (done.inserted, done.updated, done.unchanged), number
        assert {"1": name, "2": "a", f"new {number}": "a"} == store.names(), number
        assert version < store.stored_version()
        version = store.stored_version()
        if len(seen) < number:
            break
        losses += 1

    assert losses >= 15 // budget(17, 1)


def test_no_table_of_a_commit_stays_when_it_ended(store: Store, place: SnowflakePlace) -> None:
    """The tables that a commit stages its files in are gone afterwards."""
    store.commit([thing("1")], seen=[thing("1")])

    tables = {name for (name,) in place.execute(place.tables())}

    assert {"T", "RUDDER__CURSORS"} == tables


PASSING = {
    "000625": "Statement has locked table and this lock has not yet been released",
    "000603": "SQL execution internal error",
    "000608": "Warehouse cannot be resumed right now",
    "390114": "Authentication token has expired. The user must authenticate again.",
}
"""What passes when it is tried again."""


def test_what_passes_is_tried_again(store: Store, line: Line) -> None:
    """A lock that lasted, a warehouse that resumes and an expired session end well."""
    for code, message in PASSING.items():
        seen: list[int] = []
        line.before = nth(3, refusal(code, message), seen)

        done = store.commit([thing(code)])

        assert 1 == done.inserted, code
        assert len(seen) > 3, code
    assert dict.fromkeys(PASSING, "a") == store.names()


def test_what_does_not_pass_is_given_up(store: Store, line: Line) -> None:
    """A failure that comes again and again is told after a few sessions."""
    line.before = lambda statement: (
        refusal("000625", "the lock has not yet been released") if at_gate(statement) else None
    )

    with pytest.raises(WarehouseError, match="has not yet been released"):
        store.commit([thing("1")])

    assert 3 == sum(at_gate(statement) for statement in line.statements)
    line.before = lambda _: None
    assert 0 == store.stored_version()


REFUSED = {
    "003001": ("Insufficient privileges to operate on schema 'S'", "docs/snowflake.md"),
    "000606": ("No active warehouse selected in the current session.", "SNOWFLAKE_WAREHOUSE"),
    "090073": ("Warehouse 'W' cannot be resumed because resource monitor", "quota is used up"),
    "090105": (
        "Cannot perform CREATE TABLE. This session does not have a current database.",
        "SNOWFLAKE_DATABASE",
    ),
    "001003": ("SQL compilation error: syntax error", "syntax error"),
}
"""What Snowflake says when it refuses a statement, and what of it is told."""


def test_a_refused_statement_is_explained(store: Store, line: Line) -> None:
    """A statement that Snowflake refuses is told once, with what to do, and changes nothing."""
    store.commit([thing("1")])

    for code, (message, told) in REFUSED.items():
        line.statements.clear()
        answer = refusal(code, message)
        line.before = lambda sql, answer=answer: answer if sql.startswith("INSERT") else None  # type: ignore[misc]
        with pytest.raises(WarehouseError) as caught:
            store.commit([thing("1", "b"), thing("2")])

        assert told in str(caught.value)
        assert message.split(".", maxsplit=1)[0] in str(caught.value)
        assert 1 == sum(statement.startswith("INSERT") for statement in line.statements)
        line.before = lambda _: None
        assert ({"1": "a"}, 1) == (store.names(), store.stored_version())


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (refusal("390100", "Incorrect username or password was specified."), "SNOWFLAKE_PASSWORD"),
        (refusal("390106", "Password expired."), "the password has expired"),
        (refusal("390102", "User temporarily locked."), "is locked for some minutes"),
        (refusal("390144", "JWT token is invalid. [0ce9eb56]"), "RSA_PUBLIC_KEY"),
        (refusal("390189", "Role 'R' specified in the connect string does not exist or not "
         "authorized."), "GRANT ROLE"),
        (refusal("390201", "The requested warehouse does not exist or not authorized."),
         "SNOWFLAKE_WAREHOUSE"),
        (refusal("390318", "OAuth access token expired."), "SNOWFLAKE_TOKEN"),
        (refusal("390422", "Incoming request with IP is not allowed."), "network policy"),
        (403, "There is no Snowflake account fakesnow"),
        (404, "There is no Snowflake account fakesnow"),
    ],
)  # fmt: skip
def test_a_refused_login_is_explained(
    store: Store, line: Line, answer: Json | int, told: str
) -> None:
    """A login that Snowflake refuses is told at once, with what to do."""
    logins = []

    def login() -> Json | int:
        logins.append(1)
        return answer

    line.login = login

    with pytest.raises(WarehouseError, match=told) as caught:
        store.warehouse.inspect(store.target)

    assert "irrelevant" not in str(caught.value)
    assert 1 == len(logins)

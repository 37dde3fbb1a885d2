"""What nobody needs and the token may not read is skipped: told once, nothing marked, no cursor."""

from dataclasses import replace
from typing import Any, Literal

import pytest

from intercom_assets.catalog import ApiVersion
from intercom_assets.engine.progress import Report
from intercom_assets.errors import PermanentError, TransientError, Unauthorized
from intercom_assets_tests.guarantees.budget import some
from intercom_assets_tests.world import World
from intercom_simulator import FaultKind

TYPES = "ticket_types"


def sync(world: World, name: str = TYPES, **request: Any) -> Report:  # noqa: ANN401 - of SyncOptions
    """Sync a resource that only `everything` selects."""
    world.ear = type(world.ear)()
    with world.connection() as connection:
        return world.sync_extract(
            replace(world.extract(connection, name, **request), optional=True)
        )


@pytest.mark.parametrize("status", [401, 403])
def test_a_missing_permission_skips_and_is_told_once(
    world: World, status: Literal[401, 403]
) -> None:
    """One warning names resource and permission; the table is empty, and no cursor was reached."""
    world.workspace.access.missing_scopes = {"read_tickets"}
    world.workspace.access.scope_status = status

    report = sync(world)

    [warning] = world.ear.warnings
    assert warning.startswith(
        'ticket_types is skipped: The access token lacks the permission "Read tickets"; '
    )
    assert 'The access token lacks the permission "Read tickets"' == report.skipped
    assert [] == world.rows(TYPES)
    stored = world.cursor(TYPES)
    assert (None, False, report.skipped) == (stored.at, stored.complete, stored.skipped)
    assert ["/me", "/ticket_types"] == [one.path for one in world.workspace.log.entries]


def test_what_is_needed_fails_as_before(world: World) -> None:
    """A resource that was named, or is of the core, is an error, and stores nothing."""
    world.workspace.access.missing_scopes = {"read_tickets"}

    with pytest.raises(Unauthorized, match="Read tickets"):
        world.sync(TYPES)

    assert TYPES not in world.warehouse.cursors("main_", "p_")


def test_a_version_that_lacks_the_resource_skips_it(world: World) -> None:
    """A resource that Intercom says the version lacks is skipped as well."""
    world.version = ApiVersion(2, 8)

    report = sync(world)

    assert "Version 2.8 of Intercom's API does not have the resource" == report.skipped


@pytest.mark.parametrize("kind", ["400", "404", "500"])
def test_other_refusals_fail(world: World, kind: FaultKind) -> None:
    """An incident, or a request that Intercom does not understand, is no missing permission."""
    world.workspace.faults.on("GET", "/ticket_types", kind, times=None)

    with pytest.raises((PermanentError, TransientError)):
        sync(world)


def test_a_refused_token_fails(world: World) -> None:
    """A token that Intercom does not know at all is a mistake, whatever was selected."""
    world.workspace.access.tokens.clear()

    with pytest.raises(Unauthorized, match="wrong or was revoked"):
        sync(world)


def test_a_permission_that_comes_later_is_used_by_the_next_sync(world: World) -> None:
    """Once the token may read it, a sync reads it from the beginning, and says skipped no more."""
    world.workspace.access.missing_scopes = {"read_conversations"}
    assert sync(world, "conversations").skipped
    world.workspace.access.missing_scopes.clear()

    report = sync(world, "conversations")

    assert "" == report.skipped
    assert [] == world.ear.warnings
    assert world.expected("conversations") == world.stored("conversations")
    assert world.cursor("conversations").skipped is None


def test_a_permission_that_goes_keeps_rows_and_cursor(world: World) -> None:
    """Rows stay unmarked, the cursor stays; what changed meanwhile comes with the permission."""
    for name in ("conversations", TYPES):
        sync(world, name)
    before = {name: (world.rows(name), world.cursor(name)) for name in ("conversations", TYPES)}
    world.workspace.access.missing_scopes = {"read_conversations", "read_tickets"}
    world.clock.forward(3600)
    world.workspace.touch("conversations", world.workspace.collection("conversations").ids()[0])

    for name, (rows, cursor) in before.items():
        report = sync(world, name)
        stored = world.cursor(name)
        assert rows == world.rows(name)
        assert report.row_count == len(rows)
        assert (cursor.at, cursor.complete) == (stored.at, stored.complete)

    world.workspace.access.missing_scopes.clear()
    sync(world, "conversations")
    assert world.expected("conversations") == world.stored("conversations")


@pytest.mark.parametrize("call", some(range(1, 7), 2, 3))
@pytest.mark.parametrize("name", ["conversations", "companies"])
@pytest.mark.parametrize("known", [False, True])
def test_a_refusal_in_the_middle_marks_nothing(
    world: World, name: str, call: int, *, known: bool
) -> None:
    """What was committed stays, nothing is marked, and the next sync reads the rest."""
    lists = {
        "conversations": ("POST", "/conversations/search"),
        "companies": ("GET", "/companies/scroll"),
    }
    if known:
        sync(world, name)
    world.page_size = 5
    world.portions = replace(world.portions, commit_rows=1)
    world.workspace.faults.on(*lists[name], "403", call=call, times=None)

    report = sync(world, name, full_refresh=True)

    assert 0 == report.deleted
    assert set(world.stored(name)) <= set(world.expected(name))
    assert not known or world.expected(name) == world.stored(name)
    world.workspace.faults.targets.clear()
    sync(world, name)
    assert world.expected(name) == world.stored(name)
    assert [] == [row for row in world.rows(name) if row["_deleted_at"]]


def test_the_children_of_what_was_skipped_are_skipped(world: World) -> None:
    """Nothing is asked for them, and the reason is their parent's."""
    world.workspace.access.missing_scopes = {"read_conversations"}
    reason = sync(world, "conversations").skipped
    asked = world.workspace.log.total()

    report = sync(world, "conversation_parts")

    assert reason == report.skipped
    assert 1 == len(world.ear.warnings)
    assert 1 == world.workspace.log.total() - asked, "only GET /me"
    assert [] == world.rows("conversation_parts")

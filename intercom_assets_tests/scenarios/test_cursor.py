"""Rules 1, 2 and 8: the cursor, where a window starts, the start date."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from intercom_assets.engine.cursor import BatchLimits
from intercom_assets.engine.progress import Progress
from intercom_assets.errors import ConfigurationError, SchemaError, Unauthorized, WarehouseError
from intercom_assets_tests.world import DAY, HOUR, NOON, Ear, World

NOW = datetime.fromtimestamp(NOON, UTC)


class Stopping(Ear):
    """A listener that stops a sync at its first batch."""

    def on_progress(self, progress: Progress) -> None:
        """Stop the sync, unless it still only spools."""
        if progress.total is not None:
            raise RuntimeError("stop")


def start_on(world: World, moment: datetime | None) -> None:
    """Set the start date."""
    world.source = replace(world.source, start_date=moment)


def middle(world: World, name: str) -> datetime:
    """Name a moment that about half of the records are older than."""
    moments = sorted(record["updated_at"] for record in world.workspace.truth(name))
    return datetime.fromtimestamp(moments[len(moments) // 2], UTC)


def test_cursor_is_the_newest_update_read(world: World) -> None:
    """The cursor is the greatest `updated_at` that was read."""
    world.workspace.touch("contacts", world.workspace.collection("contacts").ids()[0])
    world.clock.forward(DAY)

    report = world.sync("contacts")

    assert NOW == world.cursor("contacts").at == report.cursor_after
    assert report.cursor_before is None


@pytest.mark.parametrize("name", ["contacts", "conversations", "companies"])
def test_a_record_of_2056_does_not_stop_the_sync(world: World, name: str) -> None:
    """A cursor is never beyond Intercom's clock, so that later changes are found."""
    future, other = world.workspace.collection(name).ids()[:2]
    world.workspace.patch(name, future, {"updated_at": 2_713_000_000}, bump=False)
    world.sync(name)
    world.clock.forward(2 * DAY)
    world.workspace.touch(name, other)

    report = world.sync(name)

    assert 1 == report.updated
    assert world.expected(name) == world.stored(name)
    assert world.clock.moment() == world.cursor(name).at


def test_a_date_of_2056_can_be_mended(world: World) -> None:
    """A record that was dated 2056 by mistake is updated when its date is put right."""
    contact = world.workspace.collection("contacts").ids()[0]
    world.workspace.patch("contacts", contact, {"updated_at": 2_713_000_000}, bump=False)
    world.sync("contacts")
    world.clock.forward(HOUR)
    world.workspace.patch("contacts", contact, {"name": "mended"})

    world.sync("contacts")

    assert "mended" == world.row("contacts", contact)["name"]


def test_cursor_never_moves_back(world: World) -> None:
    """A cursor never moves back, not even when its newest record is deleted."""
    contact = world.workspace.collection("contacts").ids()[0]
    world.workspace.touch("contacts", contact)
    world.sync("contacts")
    world.workspace.delete("contacts", contact)

    world.sync("contacts")

    assert NOW == world.cursor("contacts").at


def test_full_refresh_moves_the_cursor_back(world: World) -> None:
    """A full refresh is the only thing that moves a cursor back."""
    contact = world.workspace.collection("contacts").ids()[0]
    world.workspace.touch("contacts", contact)
    world.sync("contacts")
    world.workspace.delete("contacts", contact)

    world.sync("contacts", full_refresh=True)

    assert 0 < world.moment_of_cursor("contacts") < NOON


def test_since_widens_a_window(world: World) -> None:
    """`since` before the cursor reads more, and what changed unnoticed is mended."""
    world.sync("contacts")
    old = min(world.workspace.truth("contacts"), key=lambda record: record["updated_at"])
    world.workspace.patch("contacts", old["id"], {"name": "changed unnoticed"}, bump=False)

    narrow = world.sync("contacts")
    wide = world.sync("contacts", since=datetime(2020, 1, 1, tzinfo=UTC))

    assert (0, 1) == (narrow.updated, wide.updated)
    assert 60 == wide.records_returned


def test_since_never_makes_a_gap(world: World) -> None:
    """`since` after the cursor still reads from the cursor on."""
    world.sync("contacts")
    world.clock.forward(DAY)
    world.workspace.touch("contacts", world.workspace.collection("contacts").ids()[0])
    world.clock.forward(30 * DAY)

    report = world.sync("contacts", since=world.clock.moment())

    assert 1 == report.updated


@pytest.mark.parametrize("name", ["contacts", "conversations"])
def test_lookback_finds_what_search_indexed_late(world: World, name: str) -> None:
    """A record that search shows after a later one was read is found by the next window."""
    first, second = world.workspace.collection(name).ids()[:2]
    world.workspace.index_delay = 1800.0
    world.workspace.touch(name, first)
    world.workspace.index_delay = 0.0
    world.clock.forward(60)
    world.workspace.touch(name, second)
    during = world.sync(name)
    world.clock.forward(1800.0)

    later = world.sync(name)

    assert 1 == later.updated
    assert during.records_returned >= 1
    assert world.expected(name) == world.stored(name)


def test_without_lookback_late_records_are_passed_over(world: World) -> None:
    """The lookback is what finds them: with none, a late record stays unread."""
    world.source = replace(world.source, lookback=timedelta(0))
    first, second = world.workspace.collection("conversations").ids()[:2]
    world.workspace.index_delay = 1800.0
    world.workspace.touch("conversations", first)
    world.workspace.index_delay = 0.0
    world.clock.forward(60)
    world.workspace.touch("conversations", second)
    world.sync("conversations")
    world.clock.forward(1800.0)

    later = world.sync("conversations")

    assert 0 == later.updated


@pytest.mark.parametrize("name", ["contacts", "conversations", "companies", "segments"])
def test_start_date_filters_by_updated_at(world: World, name: str) -> None:
    """Records updated before the start date are not kept; those at it and after it are."""
    moment = middle(world, name)
    start_on(world, moment)

    world.sync(name)

    expected = {
        record["id"]
        for record in world.workspace.truth(name)
        if record["updated_at"] >= moment.timestamp()
    }
    assert 0 < len(expected) < len(world.workspace.collection(name))
    assert expected == {row["id"] for row in world.live(name)}


def test_start_date_lets_undated_records_pass(world: World) -> None:
    """A company without `updated_at` is kept whatever the start date is."""
    company = world.workspace.add("companies", {"name": "undated", "updated_at": None})
    start_on(world, NOW)

    world.sync("companies")

    assert {company} == {row["id"] for row in world.rows("companies")}


def test_start_date_never_marks(world: World) -> None:
    """A start date that is set later marks nothing, not even in a full refresh."""
    names = ("contacts", "conversations", "companies", "segments")
    world.sync_all(*names)
    start_on(world, NOW)

    reports = world.sync_all(*names, full_refresh=True)

    assert {0} == {report.deleted for report in reports.values()}
    assert 60 == len(world.live("contacts"))


def test_start_date_moved_earlier_reads_again(world: World) -> None:
    """A start date moved earlier, or taken away, clears the cursor and reads the rest."""
    start_on(world, middle(world, "contacts"))
    world.sync("contacts")
    half = len(world.rows("contacts"))
    start_on(world, None)

    report = world.sync("contacts")

    assert 60 - half == report.inserted
    assert world.expected("contacts") == world.stored("contacts")


def test_start_date_moved_later_keeps_old_rows(world: World) -> None:
    """A start date moved later reads less from then on and keeps the rows that are stored."""
    world.sync("contacts")
    start_on(world, NOW)
    world.clock.forward(DAY)
    world.workspace.touch("contacts", world.workspace.collection("contacts").ids()[0])

    report = world.sync("contacts")

    assert (1, 1, 60) == (report.records_returned, report.updated, report.row_count)


def test_start_date_spares_children(world: World) -> None:
    """A start date that moves earlier does not read children again: it never filters them."""
    start_on(world, datetime(2020, 1, 1, tzinfo=UTC))
    world.sync_all("companies", "company_segments")
    start_on(world, None)

    report = world.sync("company_segments")

    assert 0 == report.records_returned


def test_another_workspace_is_refused(world: World) -> None:
    """A token of another workspace is refused before anything is read."""
    world.sync("tags")
    world.workspace.id_code = "another1"
    world.workspace.log.clear()

    with pytest.raises(ConfigurationError, match=r"sim4dev1.*another1"):
        world.sync("contacts")

    assert ["/me"] == [entry.path for entry in world.workspace.log.entries]


def test_another_region_is_refused(world: World) -> None:
    """A region that is not the workspace's is refused before anything is read."""
    world.workspace.region = "eu"

    with pytest.raises(ConfigurationError, match="'eu'"):
        world.sync("contacts")

    assert ["/me"] == [entry.path for entry in world.workspace.log.entries]


def test_rows_committed_ahead_name_their_workspace(world: World) -> None:
    """Rows that are committed before any checkpoint already refuse another workspace."""
    world.portions = BatchLimits(ahead_rows=10)
    world.workspace.add("companies", {"id": "last"})

    with world.connection() as connection:
        extract = replace(world.extract(connection, "companies"), listener=Stopping())
        with pytest.raises(RuntimeError, match="stop"):
            world.sync_extract(extract)

    assert "sim4dev1" == world.cursor("companies").workspace_id
    assert world.cursor("companies").at is None


def test_a_renamed_table_is_built_anew(world: World) -> None:
    """A table that was renamed away is read from the beginning: its cursor lost its rows."""
    world.sync("contacts")
    world.execute('ALTER TABLE "main_"."p_rudder_contacts" RENAME TO "before"')

    report = world.sync("contacts")

    assert 60 == report.inserted
    assert world.expected("contacts") == world.stored("contacts")


def test_a_child_without_its_parents_table_names_it(world: World) -> None:
    """A child whose parent has no table fails before any request and says what to sync first."""
    with pytest.raises(SchemaError, match="Sync conversations first"):
        world.sync("conversation_parts")

    assert 0 == world.workspace.log.total()


def test_a_foreign_table_is_refused_before_any_request(world: World) -> None:
    """A table that RudderStack left is refused with the statement that renames it."""
    world.execute("CREATE SCHEMA main_")
    world.execute("CREATE TABLE main_.p_rudder_tags (id VARCHAR, name VARCHAR)")

    with pytest.raises(SchemaError, match=r'(?i)RENAME TO .*"p_rudder_tags_before"'):
        world.sync("tags")

    assert 0 == world.workspace.log.total()


def test_a_wrong_token_is_refused_with_the_other_regions(world: World) -> None:
    """A token that is refused is named as such, with the regions that it may be of."""
    world.token = "wrong-token-of-mine"

    with pytest.raises(Unauthorized, match="eu, au") as caught:
        world.sync("tags")

    assert "wrong-token-of-mine" not in str(caught.value)


def test_the_later_of_two_syncs_is_refused(world: World) -> None:
    """Of two syncs at once the second to commit is refused and changes nothing."""
    world.sync("contacts")
    world.workspace.patch(
        "contacts", world.workspace.collection("contacts").ids()[0], {"name": "x"}
    )
    before = world.rows("contacts")
    world.before = lambda request: (
        world.bump_version("contacts") if request.url.path == "/contacts/search" else None
    )

    with pytest.raises(WarehouseError, match=r"Another sync of .* committed meanwhile"):
        world.sync("contacts")

    assert before == world.rows("contacts")

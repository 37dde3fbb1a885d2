"""Redirects of help centers: lists in pages, which change without their help center."""

from intercom_assets_tests.world import World

NAMES = ("help_centers", "help_center_redirects")
CALL = "GET /help_center/help_centers/{id}/redirects"


def test_redirects_are_read_to_the_last_page(world: World) -> None:
    """The first help center has more than one page, though no answer names the next one."""
    world.sync_all(*NAMES)
    world.workspace.log.clear()

    quiet = world.sync_all(*NAMES)["help_center_redirects"]

    assert len(world.workspace.truth(NAMES[1])) > 250
    assert world.expected(NAMES[1]) == world.stored(NAMES[1])
    assert {None} == {row["_extra"] for row in world.rows(NAMES[1])}
    assert (0, 0, 0, 0) == (quiet.inserted, quiet.updated, quiet.deleted, quiet.records_returned)
    assert 0 == world.workspace.log.counts[CALL]


def test_a_reconcile_finds_what_changed_without_its_help_center(world: World) -> None:
    """A redirect that was changed and one that is gone: each is found by the next reconcile."""
    world.sync_all(*NAMES)
    key, (first, second, *rest) = next(iter(world.workspace.redirects.items()))
    moved = {**first, "target_id": "4711", "updated_at": world.workspace.now()}
    world.workspace.redirects[key] = [moved, *rest]

    plain = world.sync_all(*NAMES)["help_center_redirects"]
    report = world.sync("help_center_redirects", reconcile=True)

    assert (0, 0) == (plain.updated, plain.deleted)
    assert (0, 1, 1) == (report.inserted, report.updated, report.deleted)
    assert {second["id"]} == world.marked("help_center_redirects")


def test_redirects_go_with_their_help_center(world: World) -> None:
    """Those of a help center that is gone are marked without a request."""
    world.sync_all(*NAMES)
    key = next(iter(world.workspace.redirects))
    gone = {one["id"] for one in world.workspace.redirects[key]}
    world.workspace.delete("help_centers", key)
    world.workspace.log.clear()

    world.sync_all(*NAMES)

    assert gone == world.marked("help_center_redirects")
    assert 0 == world.workspace.log.counts[CALL]

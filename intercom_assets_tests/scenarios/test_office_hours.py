"""Office hours: schedules, and exceptions that change without their schedule."""

from intercom_assets_tests.world import World

NAMES = ("office_hours_schedules", "office_hours_exceptions")
LIST = "GET /office_hours_schedules"
EXCEPTIONS = "GET /office_hours_schedules/{id}/office_hours_exceptions"


def test_a_quiet_sync_asks_for_the_schedules_only(world: World) -> None:
    """All is stored as Intercom shows it; without a change one request is enough."""
    world.sync_all(*NAMES)
    world.workspace.log.clear()

    reports = world.sync_all(*NAMES)

    assert {0} == {one.inserted + one.updated + one.deleted for one in reports.values()}
    assert (1, 0) == (world.workspace.log.counts[LIST], world.workspace.log.counts[EXCEPTIONS])
    for name in NAMES:
        assert world.expected(name) == world.stored(name) != []


def test_an_exception_that_changed_alone_is_found_by_a_reconcile(world: World) -> None:
    """Whether a schedule changes with its exceptions is not documented: a reconcile reads all."""
    world.sync_all(*NAMES)
    schedule, (first, *rest) = next(iter(world.workspace.office_hours_exceptions.items()))
    world.workspace.office_hours_exceptions[schedule] = [{**rest[0], "name": "Fête"}, *rest[1:]]

    quiet = world.sync("office_hours_exceptions")
    report = world.sync("office_hours_exceptions", reconcile=True)

    assert (0, 0) == (quiet.updated, quiet.deleted)
    assert (1, 1) == (report.updated, report.deleted)
    assert {first["id"]} == world.marked("office_hours_exceptions")


def test_a_schedule_takes_its_exceptions_with_it(world: World) -> None:
    """The exceptions of a deleted schedule are marked with it."""
    world.sync_all(*NAMES)
    schedule, exceptions = next(iter(world.workspace.office_hours_exceptions.items()))
    world.workspace.delete("office_hours_schedules", schedule)

    world.sync_all(*NAMES)

    assert {schedule} == world.marked("office_hours_schedules")
    assert {one["id"] for one in exceptions} == world.marked("office_hours_exceptions")

"""Calls: a list of its own paging, with times in two spellings."""

from intercom_assets_tests.world import World


def test_calls_cost_a_request_per_25(world: World) -> None:
    """Every sync reads all calls, 25 a request: there is no filter, and no order."""
    for number in range(60 - len(world.workspace.collection("calls"))):
        world.workspace.add("calls", {"id": f"c{number}"})
    for _ in range(2):
        world.workspace.log.clear()
        world.sync("calls")

        assert 3 == world.workspace.log.counts["GET /calls"]
    assert 60 == len(world.live("calls"))


def test_times_may_be_numbers_or_text(world: World) -> None:
    """A time in ISO 8601 and the same time in seconds are one value; no answer is null."""
    world.workspace.patch("calls", "7101", {"initiated_at": 1_700_000_000})
    world.workspace.patch("calls", "7102", {"initiated_at": "2023-11-14T22:13:20Z"})

    world.sync("calls")

    rows = {row["id"]: row for row in world.rows("calls")}
    assert rows["7101"]["initiated_at"] == rows["7102"]["initiated_at"]
    assert {None} == {rows[key]["answered_at"] for key in ("7100", "7105", "7110")}
    assert {None} == {row["_extra"] for row in rows.values()}


def test_a_call_that_is_gone_is_marked(world: World) -> None:
    """The next sync marks what the list no longer shows."""
    world.sync("calls")
    world.workspace.delete("calls", "7103")

    world.sync("calls")

    assert {"7103"} == world.marked("calls")

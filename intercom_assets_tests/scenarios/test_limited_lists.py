"""A list that depends on the permissions of the token's teammate marks no row by their loss."""

import pytest

from intercom_assets_tests.world import World


@pytest.fixture
def synced(world: World) -> World:
    """Give a world with thirty macros that are stored."""
    for number in range(30 - len(world.workspace.collection("macros"))):
        world.workspace.add("macros", {"name": f"Macro {number}"})
    world.sync("macros")
    return world


def lose(world: World, count: int) -> set[str]:
    """Let Intercom list some macros no longer."""
    lost = world.workspace.collection("macros").ids()[:count]
    for record_id in lost:
        world.workspace.delete("macros", record_id)
    return set(lost)


def test_few_that_are_gone_are_marked(synced: World) -> None:
    """A tenth of the rows or fewer are marked as in every list."""
    lost = lose(synced, 3)

    synced.sync("macros")

    assert lost == synced.marked("macros")
    assert [] == synced.ear.warnings


@pytest.mark.parametrize("count", [4, 30])
@pytest.mark.parametrize("full_refresh", [False, True])
def test_many_that_are_gone_are_told_and_not_marked(
    synced: World,
    count: int,
    full_refresh: bool,  # noqa: FBT001
) -> None:
    """Over a tenth stay, whatever the read, until a person says that they are gone."""
    lost = lose(synced, count)

    synced.sync("macros", full_refresh=full_refresh)
    stay, (warning,) = synced.marked("macros"), synced.ear.warnings
    synced.sync("macros", force=True)

    assert set() == stay
    assert f"{count} of 30 stored macros are no longer listed" in warning
    assert lost == synced.marked("macros")


def test_as_many_others_do_not_hide_the_loss(synced: World) -> None:
    """Rows are compared by key: new ones that come at the same time make up for nothing."""
    lose(synced, 5)
    for number in range(5):
        synced.workspace.add("macros", {"name": f"Of another team {number}"})

    synced.sync("macros")

    assert set() == synced.marked("macros")
    assert 35 == len(synced.live("macros"))
    assert 1 == len(synced.ear.warnings)

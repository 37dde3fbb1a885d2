"""A state works once, in one browser, for ten minutes; at most twenty are open."""

import pytest

from intercom_assets.cli.connect_server import Attempts
from intercom_assets_tests.simulator.asking import Clock


@pytest.fixture
def clock() -> Clock:
    """Make a clock that stands still."""
    return Clock()


@pytest.fixture
def attempts(clock: Clock) -> Attempts:
    """Begin without a press of the button."""
    return Attempts(clock)


def test_a_state_works_once(attempts: Attempts) -> None:
    """The second answer with the same state is refused."""
    state, browser = attempts.begin(None)

    first, second = (attempts.claim(state, browser) for _ in range(2))

    assert first is None
    assert second is not None


@pytest.mark.parametrize(("seconds", "good"), [(599.0, True), (600.0, False)])
def test_a_state_ends(attempts: Attempts, clock: Clock, seconds: float, *, good: bool) -> None:
    """After ten minutes the state is refused."""
    state, browser = attempts.begin(None)
    clock.forward(seconds)

    assert good == (attempts.claim(state, browser) is None)


def test_a_state_belongs_to_its_browser(attempts: Attempts) -> None:
    """Another browser uses the state up without success; guessing twice is not possible."""
    state, browser = attempts.begin(None)
    _, other = attempts.begin(None)

    assert attempts.claim(state, other)
    assert attempts.claim(state, browser)


def test_a_browser_keeps_the_name_that_it_was_given_and_no_other(attempts: Attempts) -> None:
    """A name that somebody planted in the browser is replaced, ours is kept."""
    _, given = attempts.begin("planted")
    _, again = attempts.begin(given)

    assert "planted" != given
    assert given == again


def test_presses_without_end_take_no_memory(attempts: Attempts) -> None:
    """The oldest of more than twenty states is forgotten."""
    states = [attempts.begin(None) for _ in range(21)]

    assert attempts.claim(*states[0])
    assert attempts.claim(*states[1]) is None

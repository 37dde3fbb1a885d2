"""Activity logs of the simulator: limited by time, in pages of twenty, in a documented shape."""

from collections import Counter
from typing import Literal

import pytest

from intercom_assets_tests.simulator.asking import ask, error_code, read
from intercom_simulator import Record, Workspace, generate
from intercom_simulator.generation.chance import DAY, END

PATH = "/admins/activity_logs"


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    """Makes a workspace of the default size."""
    return generate()


def pages(workspace: Workspace, query: str) -> list[list[Record]]:
    """Follows the URL of the next page to the last."""
    found, path = [], f"{PATH}?{query}"
    while path:
        answer = read(workspace, path)
        found.append(answer["activity_logs"])
        path = (answer["pages"]["next"] or "").removeprefix("http://testserver")
    return found


def test_logs_come_twenty_a_page_whatever_is_asked_for(workspace: Workspace) -> None:
    """No parameter for the size of a page is documented, so none is obeyed."""
    found = pages(workspace, "created_at_after=0&per_page=150")

    assert [20] * 15 == [len(page) for page in found]
    assert len({log["id"] for page in found for log in page}) == 300


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_bounds_are_exclusive_unless_turned(
    workspace: Workspace, order: Literal["asc", "desc"]
) -> None:
    """Documents leave open whether a bound is included, and the order: both can be turned."""
    moments = sorted(log["created_at"] for log in workspace.truth("activity_logs"))
    begin, end = moments[50], moments[200]
    behaviour = workspace.behaviour
    behaviour.activity_order = order

    for inclusive in (False, True):
        behaviour.inclusive_bounds = inclusive
        found = pages(workspace, f"created_at_after={begin}&created_at_before={end}")
        dates = [log["created_at"] for page in found for log in page]
        inside = [one for one in moments if begin - inclusive < one < end + inclusive]
        assert (inside if order == "asc" else inside[::-1]) == dates


@pytest.mark.parametrize("query", ["", "created_at_after=yesterday", "created_at_before=5"])
def test_a_begin_in_unix_seconds_is_required(workspace: Workspace, query: str) -> None:
    """Without a begin, or with another word for it, nothing is listed."""
    response = ask(workspace, "GET", f"{PATH}?{query}")

    assert (400, "parameter_invalid") == (response.status_code, error_code(response))


def test_logs_are_of_the_last_200_days_and_share_seconds(workspace: Workspace) -> None:
    """Many teammates' actions fall into one second, as a script's do."""
    dates = Counter(log["created_at"] for log in workspace.truth("activity_logs"))

    assert END - 200 * DAY < min(dates) <= max(dates) <= END
    assert dates.most_common(1)[0][1] >= 4


def test_logging_adds_a_log_of_now() -> None:
    """What a teammate does is logged with the time of the workspace."""
    made = generate(activity_logs=0)

    key = made.log_activity("bulk_export", created_at=1_700_000_000)

    (log,) = made.truth("activity_logs")
    assert (key, "bulk_export", 1_700_000_000) == (
        log["id"],
        log["activity_type"],
        log["created_at"],
    )

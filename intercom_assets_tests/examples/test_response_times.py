"""`examples/response_times`: its figures are true, and its files show them."""

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median
from typing import Any

import dagster as dg
import pandas as pd
import pytest
from PIL import Image

from intercom_assets_tests.dagster_project.running import (
    ROOT,
    TOKEN,
    TOKEN_VARIABLE,
    Row,
    execute,
    query,
    serving,
)
from intercom_simulator import Record, Workspace, generate

EXAMPLE = ROOT / "examples" / "response_times"
OURS = ("response_times", "csat", "response_time_dashboard", "open_conversations")

Cell = tuple[str, date]
"""Id of a team, and the Monday of a week."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The example after a sync of Intercom and a run of its own assets.

    Attributes:
        workspace: The simulated Intercom.
        deleted: Id of a conversation that is marked as deleted.
        folder: Where its warehouse and its files are.
        requested: Assets that Dagster would start after the sync.
        result: The run of its own assets.
    """

    workspace: Workspace
    deleted: str
    folder: Path
    requested: set[str]
    result: dg.ExecuteInProcessResult

    def table(self, name: str) -> list[Row]:
        """Read one of its tables."""
        return query(self.folder / "warehouse.duckdb", f"SELECT * FROM reports.{name}")


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Do what its README says, in this process."""
    folder = tmp_path_factory.mktemp("response_times")
    database = folder / "warehouse.duckdb"
    workspace = generate(
        contacts=20, companies=2, conversations=200, parts_per_conversation=6, teams=3
    )
    deleted = workspace.collection("conversations").ids()[0]
    with pytest.MonkeyPatch.context() as machine, serving(workspace) as url:
        machine.syspath_prepend(str(EXAMPLE / "src"))
        machine.setenv(TOKEN_VARIABLE, TOKEN)
        machine.setenv("INTERCOM_BASE_URL", url)
        machine.setenv("DUCKDB_DATABASE", str(database))
        # As `definitions.py` does, but without importing every library of components.
        definitions = dg.ComponentTree.for_project(EXAMPLE).build_defs(Path())
        with dg.DagsterInstance.ephemeral() as instance:
            before = dg.evaluate_automation_conditions(definitions, instance)
            synced = definitions.resolve_job_def("intercom_sync").execute_in_process(
                instance=instance
            )
            assert synced.success
            after = dg.evaluate_automation_conditions(definitions, instance, cursor=before.cursor)
            requested = {name for name in OURS if after.get_num_requested(dg.AssetKey(name))}
        execute(
            database,
            f"UPDATE intercom.rudder_conversations SET _deleted_at = now() WHERE id = '{deleted}'",
        )
        job = definitions.resolve_implicit_global_asset_job_def()
        result = job.execute_in_process(asset_selection=[dg.AssetKey(name) for name in OURS])
    return Seen(
        workspace=workspace, deleted=deleted, folder=folder, requested=requested, result=result
    )


def truth(seen: Seen) -> dict[Cell, list[Record]]:
    """Sort the conversations that are not deleted by team and week, from Intercom's own records."""
    teams_of = {one["id"]: one["team_ids"] for one in seen.workspace.truth("admins")}
    cells: dict[Cell, list[Record]] = defaultdict(list)
    for one in seen.workspace.truth("conversations"):
        of_admin = teams_of.get(str(one["admin_assignee_id"]), [])
        team = one["team_assignee_id"] or (of_admin[0] if len(of_admin) == 1 else "No team")
        year, week, _ = datetime.fromtimestamp(one["created_at"], UTC).isocalendar()
        if one["id"] != seen.deleted:
            cells[str(team), date.fromisocalendar(year, week, 1)].append(one)
    return cells


def hours(seen: Seen, cell: list[Record], statistic: str, kind: str) -> float | None:
    """Take the median of a statistic, or where there are none of the first such part."""
    known = []
    for one in cell:
        seconds = (one["statistics"] or {}).get(statistic)
        moments = [
            part["created_at"]
            for part in seen.workspace.parts[one["id"]]
            if part["part_type"] == kind and (kind == "close" or part["author"]["type"] == "admin")
        ]
        if seconds is None and moments:
            seconds = min(moments) - one["created_at"]
        if seconds is not None:
            known.append(seconds / 3600)
    return median(known) if known else None


def by_cell(rows: list[Row]) -> dict[Cell, Row]:
    """Find rows by team and week."""
    return {(row["team_id"], row["week"].date()): row for row in rows}


def test_it_follows_each_sync(seen: Seen) -> None:
    """Once a sync is over, Dagster's automation starts every asset of the example."""
    assert set(OURS) == seen.requested


def test_times_are_those_of_the_conversations(seen: Seen) -> None:
    """Each team and week has the medians that Intercom's records give, without deleted ones."""
    cells = truth(seen)

    rows = by_cell(seen.table("response_times"))

    assert set(cells) == set(rows)
    for cell, ours in rows.items():
        assert len(cells[cell]) == ours["conversations"]
        reply = hours(seen, cells[cell], "time_to_admin_reply", "comment")
        close = hours(seen, cells[cell], "time_to_first_close", "close")
        assert pytest.approx(reply) == ours["hours_to_first_reply"]
        assert pytest.approx(close) == ours["hours_to_first_close"]


def test_the_documented_query_answers(seen: Seen) -> None:
    """The README's query gives a line per team, the busiest first."""
    (asked,) = re.findall(r'intercom-assets query "(.*)"', (EXAMPLE / "README.md").read_text())

    answer = query(seen.folder / "warehouse.duckdb", asked)

    since = date(2025, 7, 1)
    recent = {team: 0 for team, week in truth(seen) if week >= since}
    for (team, week), made in truth(seen).items():
        if week >= since:
            recent[team] += len(made)
    assert sorted(recent.values(), reverse=True) == [row["conversations"] for row in answer]


def test_ratings_are_those_of_the_conversations(seen: Seen) -> None:
    """Each team and week has its ratings, and the share of 4 and 5 where there are any."""
    rows = by_cell(seen.table("csat"))

    assert set(truth(seen)) == set(rows)
    for cell, made in truth(seen).items():
        rated = [one["conversation_rating"]["rating"] for one in made if one["conversation_rating"]]
        good = sum(one >= 4 for one in rated)
        assert (len(rated), good) == (rows[cell]["ratings"], rows[cell]["satisfied"])
        share = pytest.approx(good / len(rated)) if rated else None
        assert share == rows[cell]["share_satisfied"]


def test_the_generated_workspace_tries_every_way(seen: Seen) -> None:
    """Times come from statistics and from parts, and weeks have several conversations."""
    made = truth(seen)

    assert max(map(len, made.values())) > 3
    assert any(one["statistics"] is None for cell in made.values() for one in cell)
    assert "No team" in {team for team, _ in made}


def test_its_checks_pass(seen: Seen) -> None:
    """Its own checks looked at the stored tables and found them in order."""
    checked = {one.check_name: one.passed for one in seen.result.get_asset_check_evaluations()}

    assert {"every_conversation_counts": True, "no_time_is_negative": True} == checked


def test_the_chart_is_a_picture(seen: Seen) -> None:
    """The file is a PNG with lines of both colours on it."""
    with Image.open(seen.folder / "response_times.png") as picture:
        assert "PNG" == picture.format
        found = picture.convert("RGB").getcolors(1 << 24) or []

    assert {(31, 119, 180), (255, 127, 14)} <= {colour for _, colour in found}


def test_the_page_needs_nothing_else(seen: Seen) -> None:
    """The page refers to nothing outside of itself, and spells every team's name."""
    page = (seen.folder / "response_times.html").read_text()

    assert [] == re.findall(
        r"""(?:href|src)="(?!#)[^"]*|url\((?!#)[^)]*|@import|<script|<link""", page
    )
    for team in seen.workspace.truth("teams"):
        assert team["name"] in page


def test_the_chart_is_shown_in_the_ui(seen: Seen) -> None:
    """The dashboard's metadata holds the chart itself, small enough for a log of events."""
    (event,) = seen.result.asset_materializations_for_node("response_time_dashboard")
    told: dict[str, Any] = {name: value.value for name, value in event.metadata.items()}

    assert "(data:image/svg+xml;base64," in told["chart"]
    assert len(told["chart"]) < 200_000
    assert Path(told["picture"]).is_file()
    assert Path(told["page"]).is_file()


def test_open_conversations_are_counted_by_day(seen: Seen) -> None:
    """The last day has as many as are open now; its chart is in the metadata."""
    (event,) = seen.result.asset_materializations_for_node("open_conversations")
    *_, newest = seen.table("open_conversations")

    stored = "SELECT * FROM intercom.rudder_conversations WHERE state = 'open'"
    kept = [
        one for one in query(seen.folder / "warehouse.duckdb", stored) if not one["_deleted_at"]
    ]
    assert len(kept) == newest["open_conversations"] > 0
    assert "(data:image/svg+xml;base64," in str(event.metadata["chart"].value)


@pytest.mark.usefixtures("seen")
def test_each_day_counts_the_versions_of_its_end() -> None:
    """A version counts from its day on until the day that replaces it; deleted ones do not."""
    from response_times.measures import open_by_day  # noqa: PLC0415 - on the path of the fixture

    spans = [("open", "01", "03"), ("closed", "03", "04"), ("open", "04", ""), ("open", "02", "")]
    versions = pd.DataFrame(
        {
            "state": [state for state, _, _ in spans],
            "_valid_from": noons([since for _, since, _ in spans]),
            "_valid_to": noons([until for _, _, until in spans]),
            "_deleted_at": noons(["", "", "", "02"]),
        }
    )

    counted = open_by_day(versions, pd.Timestamp("2026-01-05T12:00Z"))

    assert [1, 1, 0, 1, 1] == counted["open_conversations"].to_list()


def noons(days: list[str]) -> pd.DatetimeIndex:
    """Give the noon of days of a month; none where the text is empty."""
    return pd.to_datetime([f"2026-01-{day}T12:00Z" if day else "" for day in days], utc=True)

"""A day of a data engineer in Dagster's UI: the first sync, its figures, what is wrong and why.

Webserver and daemon take longer to start than all pages together, so that one deployment, on which
a person has pressed "Materialize all", serves every test. Nothing else is shared. What the UI asks
of the webserver about runs is asked without a browser.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page

from intercom_assets_tests.chromium import chromium, needs_chromium, new_page
from intercom_assets_tests.dagster_project.landing import assert_landed, stored
from intercom_assets_tests.dagster_project.processes import (
    Deployment,
    GraphQL,
    Machine,
    deployed,
    until,
)
from intercom_assets_tests.dagster_project.running import execute, serving
from intercom_assets_tests.telling import parts_of
from intercom_simulator import Workspace, generate

LINEAGE = "/asset-groups"
LAUNCHPAD = "/locations/intercom_assets/jobs/intercom_sync/playground"
SCHEDULE = "/locations/intercom_assets/schedules/intercom_schedule"
KEY_OF_TEAMS = "/assets/intercom/teams?view=checks&checkDetail=key_is_unique"
RESOURCES = ("contacts", "conversations", "conversation_parts", "tags", "teams")
CONTACTS = 40
FULL_REFRESH = """\
ops:
  intercom__contacts:
    config:
      full_refresh: true
"""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A person's browser, and what it looks at."""

    workspace: Workspace
    deployment: Deployment
    browser: Browser

    def open(self, path: str) -> Page:
        """Open a page of the UI, as if for the first time."""
        page = new_page(self.browser)
        page.goto(f"{self.deployment.ui.url}{path}", wait_until="commit")
        return page


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    """Generate a workspace."""
    return generate(contacts=CONTACTS, conversations=12, parts_per_conversation=3)


@pytest.fixture(scope="module")
def deployment(
    workspace: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    """Start Dagster beside it, as workspace.yaml tells."""
    settings = {
        "INTERCOM_RESOURCES": ",".join(RESOURCES),
        "INTERCOM_SCHEDULE": "every 24h starting 04:30",
    }
    with serving(workspace) as url:
        machine = Machine(url=url, folder=tmp_path_factory.mktemp("browser"), variables=settings)
        with deployed(machine) as deployment:
            yield deployment


@pytest.fixture(scope="module")
def desk(workspace: Workspace, deployment: Deployment) -> Iterator[Desk]:
    """Press "Materialize all" in the asset graph, and wait for the run's success."""
    with chromium() as browser:
        desk = Desk(workspace=workspace, deployment=deployment, browser=browser)
        page = desk.open(LINEAGE)
        press(page, "Materialize all")
        see_run(page)
        see(page, "Success")
        page.context.close()
        yield desk


@pytest.fixture
def pages(desk: Desk) -> Iterator[Desk]:
    """Close the pages that a test opens."""
    yield desk
    for context in desk.browser.contexts:
        context.close()


@needs_chromium
def test_the_asset_graph_shows_status_checks_and_rows(pages: Desk) -> None:
    """After "Materialize all" each asset tells that it went well; a click on it tells its rows."""
    page = pages.open(LINEAGE)
    for asset, checks in (("conversation_parts", "7 / 7 Passed"), ("contacts", "6 / 6 Passed")):
        page.get_by_text(asset, exact=True).first.click()
        see(node(page, asset), checks)
        see(node(page, asset), "Materialized")

    see(row(page, "dagster/row_count"), str(CONTACTS))
    see(page, "One row per contact, a user or a lead", exact=False)
    assert_landed(pages.deployment.machine, pages.workspace, *RESOURCES)


@needs_chromium
def test_the_page_of_an_asset_shows_figures_columns_preview_plots_and_checks(pages: Desk) -> None:
    """Whether a sync was complete and right is on one page; no value of a person is."""
    page = pages.open("/assets/intercom/contacts")

    see(row(page, "records_returned"), str(CONTACTS))
    see(row(page, "rows_updated"), "0")
    see(row(page, "cursor_after"), "UTC", exact=False)
    see(row(page, "email_domain"), "Part of the email address after the @.")
    see(row(page, "preview").first, "external_id")
    preview = row(page, "preview").first.inner_text()
    page.get_by_text("Plots", exact=True).click()
    see(page, "rows_inserted")
    page.locator("canvas").first.wait_for()
    page.get_by_text("Checks", exact=True).click()
    page.get_by_text("Succeeded", exact=True).nth(4).wait_for()
    page.get_by_text("row_count_is_intercoms", exact=True).first.click()
    see(page, f"{CONTACTS} rows are stored, Intercom counts {CONTACTS}")

    people = pages.workspace.truth("contacts")
    told = {text for one in people for text in (one["name"], one["email"]) if text}
    assert any(one["id"] in preview for one in people)
    assert [] == [text for text in told if text in preview]


@needs_chromium
def test_a_failing_check_says_what_is_wrong_and_how_to_see_it(pages: Desk) -> None:
    """A check that is executed alone fails where rows are wrong, and shows the query for them."""
    execute(
        pages.deployment.machine.database,
        "INSERT INTO intercom.rudder_teams SELECT * FROM intercom.rudder_teams LIMIT 1",
    )
    page = pages.open(KEY_OF_TEAMS)
    see(page, "The key (id) is unique and never null")

    press(page, "Execute")

    see_run(page)
    see(page, "Success")
    page = pages.open(KEY_OF_TEAMS)
    see(page, "Values of id that are null or repeated: 1")
    see(page, "Fails where a primary key is null or held by several rows.", exact=False)
    row(page, "query").get_by_text("[Show Markdown]").click()
    see(page.get_by_role("dialog"), "HAVING COUNT(*) > 1", exact=False)


@needs_chromium
def test_a_schedule_is_switched_on(pages: Desk) -> None:
    """A switch under Automation starts a schedule, whose page tells when it ticks next."""
    page = pages.open("/automation")
    schedule = page.locator("a[href$='/schedules/intercom_schedule']").locator("..")
    see(schedule, "Scheduled At 04:30 AM UTC")
    # The first label selects the row; the switch may come later.
    switch = schedule.locator("label").nth(1)
    switch.locator("input:not(:checked)").wait_for(state="attached")

    with page.expect_response(lambda answer: "startSchedule" in (answer.request.post_data or "")):
        switch.click()

    page = pages.open(SCHEDULE)
    row(page, "Running").locator("input:checked").wait_for(state="attached")
    see(row(page, "Next tick"), "4:30:00 AM UTC", exact=False)
    see(row(page, "Description"), "Runs intercom_sync by itself", exact=False)


@needs_chromium
def test_a_full_refresh_is_launched_from_the_launchpad(pages: Desk) -> None:
    """Its config is written in the launchpad; the asset then tells that all rows were unchanged."""
    page = pages.open(LAUNCHPAD)
    see(page, "All defaults expanded")
    page.locator(".CodeMirror").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(FULL_REFRESH)
    page.get_by_text("All defaults expanded").wait_for(state="hidden")

    press(page, "Launch Run")

    see(page, "Success")
    page = pages.open("/assets/intercom/contacts")
    see(row(page, "rows_unchanged"), str(CONTACTS))
    see(row(page, "rows_inserted"), "0")


@needs_chromium
def test_a_run_that_failed_says_what_to_do(pages: Desk) -> None:
    """The failure begins with the permission that the token lacks and where it is granted."""
    pages.workspace.access.missing_scopes.add("read_tags")
    try:
        page = pages.open("/assets/intercom/tags")
        press(page, "Materialize")
        see_run(page)
        see(page, "Failure")
    finally:
        pages.workspace.access.missing_scopes.clear()
    told = page.get_by_text("dagster._core.definitions.events.Failure").last.inner_text()

    first = told.partition("Failure: ")[2].splitlines()[0]
    in_parts = parts_of(first)
    assert 'The access token lacks the permission "Read tags"' == in_parts.wrong
    assert in_parts.remedy.startswith("Grant it in Intercom's Developer Hub")
    assert in_parts.said.startswith("GET /tags → HTTP 403")


def test_a_run_that_is_cancelled_leaves_the_rest_to_the_next(
    workspace: Workspace, deployment: Deployment
) -> None:
    """What "Terminate" sends ends the run; what was committed stays, and the next run completes.

    `dagster job launch` queues that one, and the daemon runs it.
    """
    ui, machine = deployment.ui, deployment.machine
    before = len(ended_runs(ui, 0) or [])
    workspace.add("tags", {"id": "before-cancel", "name": "Added before the cancelled run"})
    workspace.log.clear()
    workspace.behaviour.latency = 0.5
    try:
        launch(ui)
        until(lambda: workspace.log.total() >= 2 or None, "the run's first requests")
        answer = ui.ask(
            "mutation End($id: String!) { terminateRun(runId: $id) { __typename } }",
            id=newest_run(ui)["runId"],
        )
        cancelled = until(lambda: ended_runs(ui, before + 1), "the end of the cancelled run")[0]
    finally:
        workspace.behaviour.latency = 0.0

    machine.call("dagster", "job", "launch", "-j", "intercom_sync", "-w", "workspace.yaml")
    completed = until(lambda: ended_runs(ui, before + 2), "the end of the next run")[0]

    assert answer == {"terminateRun": {"__typename": "TerminateRunSuccess"}}
    assert (cancelled["status"], cancelled["jobName"]) == ("CANCELED", "__ASSET_JOB")
    assert (completed["status"], completed["jobName"]) == ("SUCCESS", "intercom_sync")
    assert "before-cancel" in stored(machine, "tags")
    assert_landed(machine, workspace, *RESOURCES)


def test_a_table_that_is_synced_alone_leaves_no_model_unsynced(deployment: Deployment) -> None:
    """Dagster's pages show a view as new as its tables, whoever synced them."""
    ui = deployment.ui
    for number, chosen in enumerate(({}, {"assetSelection": [{"path": ["intercom", "contacts"]}]})):
        before = len(until(lambda: ended_runs(ui, 0), "an idle deployment"))
        ui.launch("__ASSET_JOB" if number else "intercom_sync", **chosen)
        run = until(lambda: ended_runs(ui, before + 1), "the end of the run")[0]  # noqa: B023
        assert "SUCCESS" == run["status"]

    answer = ui.ask("{ assetNodes { assetKey { path } staleStatus } }")

    assert answer is not None
    listed: Any = answer["assetNodes"]
    told = {node["assetKey"]["path"][-1]: node["staleStatus"] for node in listed}
    assert "contact_tags" in told
    assert {"FRESH"} == set(told.values()), told


def press(page: Page, label: str) -> None:
    """Press the button of a label."""
    icon_and_label = re.compile(rf"(^|\s){label}$")
    page.get_by_role("button", name=icon_and_label).first.click()


def see(where: Page | Locator, text: str, *, exact: bool = True) -> None:
    """Wait until a text is to be seen."""
    where.get_by_text(text, exact=exact).first.wait_for()


def see_run(page: Page) -> None:
    """Follow the message that a run was launched to its page."""
    see(page, "Launched run", exact=False)
    page.get_by_text("View", exact=True).first.click()


def node(page: Page, asset: str) -> Locator:
    """Find an asset's box in the graph."""
    return page.locator("foreignObject").filter(has=page.get_by_text(asset, exact=True))


def row(page: Page, key: str) -> Locator:
    """Find the line of a table that a key begins."""
    return page.locator("tr").filter(has=page.get_by_text(key, exact=True))


def launch(ui: GraphQL) -> None:
    """Launch the implicit job over all assets, as the asset graph's button does."""
    nodes = ui.ask("{ assetNodes { assetKey { path } isMaterializable } }")
    assert nodes is not None
    listed: Any = nodes["assetNodes"]
    chosen = [node["assetKey"] for node in listed if node["isMaterializable"]]
    ui.launch("__ASSET_JOB", assetSelection=chosen)


def newest_run(ui: GraphQL) -> dict[str, str]:
    """Give the run that was launched last."""
    return all_runs(ui)[0]


def all_runs(ui: GraphQL) -> list[dict[str, str]]:
    """List the runs, newest first."""
    answer = ui.ask("{ runsOrError { ... on Runs { results { runId jobName status } } } }")
    assert answer is not None
    found: Any = answer["runsOrError"]
    runs: list[dict[str, str]] = found["results"]
    return runs


def ended_runs(ui: GraphQL, at_least: int) -> list[dict[str, str]] | None:
    """List the runs, newest first; None while one is under way or fewer were started."""
    runs = all_runs(ui)
    ended = all(run["status"] in {"SUCCESS", "FAILURE", "CANCELED"} for run in runs)
    return runs if ended and len(runs) >= at_least else None

"""What the asset graph shows, and what each materialization reports."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from intercom_assets.catalog import CATALOG, NEWEST, Level
from intercom_assets.definitions import defs
from intercom_assets_tests.dagster_project.running import (
    TOKEN,
    TOKEN_VARIABLE,
    Project,
    failures,
    figures,
    run_job,
    serving,
)
from intercom_assets_tests.docs.blocks import blocks
from intercom_simulator import generate
from intercom_simulator.request_log import LoggedRequest, endpoint_of

DIGEST = Path(__file__).with_name("asset_graph.txt")
NUMBERS = {
    "dagster/row_count",
    "records_returned",
    "records_per_second",
    "rows_inserted",
    "rows_updated",
    "rows_unchanged",
    "rows_deleted",
    "records_still_due",
    "requests",
    "retries",
    "slowest_request_seconds",
    "used_quota_percent",
    "throttled_seconds",
    "seconds",
    "values_that_did_not_fit",
}
SKIPPED = ("ticket_types", "tickets")
CURSORS = {"cursor_before", "cursor_after"}
DETAILS = {
    "slowest_request",
    "unmodelled_fields",
    "preview",
    "dagster/column_lineage",
    # Only reads from the beginning compare with Intercom's count.
    "rows_missing",
}


@dataclass(frozen=True)
class FirstRun:
    """The first sync of a workspace."""

    project: Project
    result: dg.ExecuteInProcessResult
    requests: list[LoggedRequest]


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch) -> dg.Definitions:
    """Load the project as it is shipped, without any variable but a schedule."""
    for name in os.environ:
        if name.startswith(("INTERCOM_", "DUCKDB_", "WAREHOUSE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("INTERCOM_SCHEDULE", "every 6h starting 02:30")
    return defs()


def test_the_asset_graph_is_the_reviewed_one(shipped: dg.Definitions) -> None:
    """Keys, dependencies, kinds, checks, jobs, schedules, resources change on purpose only."""
    assert digest(shipped) == DIGEST.read_text(encoding="utf-8").splitlines()


def digest(definitions: dg.Definitions) -> list[str]:
    """Describe definitions in a few lines that a person can review."""
    graph = definitions.resolve_asset_graph()
    lines = ["# asset <- parents | group | kinds | resources"]
    for key in sorted(graph.get_all_asset_keys()):
        node = graph.get(key)
        parents = ", ".join(sorted(parent.path[-1] for parent in node.parent_keys)) or "-"
        kinds = " ".join(sorted(node.kinds))
        needed = " ".join(sorted(node.assets_def.required_resource_keys))
        shown = f"{key.to_user_string()} <- {parents} | {node.group_name} | {kinds} | {needed}"
        lines.append(shown)
    lines.append("# overdue after, warned of after")
    policies = {node.freshness_policy for node in graph.asset_nodes}
    lines.extend(sorted(", ".join(windows(one)) for one in policies))
    lines.append("# checks")
    checks = sorted(graph.asset_check_keys, key=lambda each: each.to_user_string())
    for key in sorted({check.asset_key for check in checks}):
        names = " ".join(check.name for check in checks if check.asset_key == key)
        lines.append(f"{key.path[-1]}: {names}")
    repository = definitions.get_repository_def()
    lines.append("# jobs: assets, executor, tags")
    for job in sorted(repository.get_all_jobs(), key=lambda each: each.name):
        if not job.name.startswith("__"):
            assets = len(job.asset_layer.selected_asset_keys)
            lines.append(f"{job.name}: {assets}, {job.executor_def.name}, {dict(job.tags)}")
    lines.append("# schedules")
    lines.extend(
        f"{one.name}: {one.cron_schedule} {one.execution_timezone} -> {one.job_name}, "
        f"{one.default_status.value}"
        for one in sorted(repository.schedule_defs, key=lambda each: each.name)
    )
    lines.append("# sensors")
    lines.extend(sorted(one.name for one in repository.sensor_defs))
    lines.append("# resources")
    lines.extend(sorted(repository.get_top_level_resources()))
    return lines


def windows(policy: Any) -> tuple[str, str]:  # noqa: ANN401 - its type has no public name
    """Give how old an asset may be before it fails, and before it warns."""
    limits = (policy.fail_window, policy.warn_window)
    fail, warn = (str(one.to_timedelta()) for one in limits)
    return fail, warn


def test_every_asset_shows_its_table(shipped: dg.Definitions) -> None:
    """Table, columns with types and keys, sync type and endpoint stand on each asset's page."""
    graph = shipped.resolve_asset_graph()
    for resource in CATALOG.up_to(Level.CORE, NEWEST):
        node = graph.get(dg.AssetKey(["intercom", resource.name]))
        shown = dict(node.metadata)
        schema = shown["dagster/column_schema"]

        assert shown["dagster/table_name"] == f"intercom.rudder_{resource.name}"
        assert [one.name for one in schema.columns][-4:] == [
            "_extra",
            "_row_hash",
            "_synced_at",
            "_deleted_at",
        ]
        keys = [one.name for one in schema.columns if not one.constraints.nullable]
        assert ", ".join(sorted(keys)) == ", ".join(sorted(shown["primary_key"].split(", ")))
        assert all(one.description and one.type for one in schema.columns)
        assert shown["sync_type"]
        assert shown["endpoint"].startswith(("GET /", "POST /"))
        assert resource.description in str(node.description)
        assert resource.docs in str(node.description)


def test_every_asset_has_the_tag_of_its_family(project: Project) -> None:
    """Tables and views are filtered by family; the settings' tags stand beside it."""
    graph = project.definitions(tags="tier=1", resources="everything").resolve_asset_graph()

    tags = {key.path[-1]: graph.get(key).tags for key in graph.get_all_asset_keys()}
    families = {name: told["intercom/family"] for name, told in tags.items()}
    assert {"1"} == {told["tier"] for told in tags.values()}
    assert ("inbox", "people", "tickets") == tuple(
        families[name] for name in ("conversation_parts", "contacts_flat", "ticket_types")
    )


def test_what_everything_alone_selects_is_skipped_if_it_may_not_be_read(project: Project) -> None:
    """The step succeeds, metadata say why, no check complains; what is named fails."""
    project.workspace.access.missing_scopes = {"read_tickets"}
    reason = 'The access token lacks the permission "Read tickets"'

    nodes = project.definitions(resources="everything").resolve_asset_graph().asset_nodes
    of_tickets = [one.key.path[-1] for one in nodes if one.tags["intercom/family"] == "tickets"]

    skipped = project.run(*of_tickets, "contacts", "tags", resources="everything")
    named = project.run("ticket_types", "tags", resources="everything,ticket_types")

    assert skipped.success
    told = figures(skipped)
    assert dict.fromkeys(SKIPPED, reason) == {name: told[name]["skipped"] for name in SKIPPED}
    assert "skipped" not in told["tags"]
    checked = skipped.get_asset_check_evaluations()
    assert [] == [one for one in checked if one.asset_key.path[-1].startswith("ticket")
                  and not one.passed]  # fmt: skip
    assert {"ticket_types"} == set(failures(named))
    assert failures(named)["ticket_types"].startswith(reason)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FirstRun]:
    """Sync a whole workspace once; gives what the run told and what was asked."""
    workspace = generate(contacts=30, companies=6, conversations=8, parts_per_conversation=3)
    folder = tmp_path_factory.mktemp("first")
    with pytest.MonkeyPatch.context() as patch, serving(workspace) as url:
        patch.setenv(TOKEN_VARIABLE, TOKEN)
        project = Project(workspace=workspace, url=url, folder=folder)
        result = project.run()
        yield FirstRun(project, result, list(workspace.log.entries))


def test_the_stored_table_is_the_shown_one(first: FirstRun) -> None:
    """The columns on the asset's page are those of the table, in that order."""
    graph = first.project.definitions().resolve_asset_graph()
    for name in ("contacts", "conversations"):
        shown = graph.get(dg.AssetKey(["intercom", name])).metadata["dagster/column_schema"]
        rows = first.project.rows(f"rudder_{name}")
        assert list(rows[0]) == [one.name for one in shown.columns]


def test_each_materialization_reports_the_same_figures(first: FirstRun) -> None:
    """Names and types never change, and a number is never missing, so that all can be plotted."""
    quiet = first.project.run("contacts", "conversation_parts", "tags")
    for name, told in [*figures(first.result).items(), *figures(quiet).items()]:
        assert set(told) - NUMBERS - CURSORS <= DETAILS, name
        assert set(told) >= NUMBERS | CURSORS, name
        for number in NUMBERS:
            assert type(told[number]) in {int, float}, (name, number)
            assert told[number] >= 0, (name, number)
        assert all(value is not None and value != "" for value in told.values()), name


def test_the_figures_are_true(first: FirstRun) -> None:
    """Records, rows and requests are what the other side counted."""
    workspace = first.project.workspace
    told = figures(first.result)

    for name, one in told.items():
        truth = len(workspace.truth(name, include_archived=True))
        assert one["records_returned"] == truth, name
        assert one["rows_inserted"] == one["dagster/row_count"] == truth, name
        assert (one["rows_updated"], one["rows_unchanged"], one["rows_deleted"]) == (0, 0, 0), name
        assert (one["retries"], one["values_that_did_not_fit"]) == (0, 0), name
    answered = Counter(endpoint_of(one.method, one.path) for one in first.requests)
    counted_by_checks = 3
    assert sum(one["requests"] for one in told.values()) == answered.total() - counted_by_checks
    assert told["conversation_parts"]["requests"] == answered["GET /conversations/{id}"]
    assert told["company_segments"]["requests"] == answered["GET /companies/{id}/segments"]
    assert told["companies"]["requests"] == answered["GET /companies/scroll"]


def test_steps_come_in_the_order_of_the_catalogue(first: FirstRun) -> None:
    """Each child follows its parent, so that its requests use the quota early; checks come last."""
    started = [
        str(event.step_key).split("__")[1:]
        for event in first.result.all_events
        if event.event_type is dg.DagsterEventType.STEP_START
    ]
    resources = [name for name, *rest in started if not rest and name != "models"]
    assert [one.name for one in CATALOG.up_to(Level.CORE, NEWEST)] == resources
    assert 11 == len(resources)
    assert [[name] for name in resources] == started[:11]


def test_the_figures_of_a_second_run_tell_what_changed(project: Project) -> None:
    """A rename is one update, a deletion one mark, a new record one insertion."""
    project.run("tags", "admins")
    tags = project.workspace.collection("tags").ids()
    project.workspace.rename("tags", tags[0], "Renamed")
    project.workspace.delete("tags", tags[1])
    project.workspace.add("tags", {"id": "new", "name": "New"})

    told = figures(project.run("tags"))["tags"]

    assert (told["rows_inserted"], told["rows_updated"], told["rows_deleted"]) == (1, 1, 1)
    assert (told["records_returned"], told["rows_unchanged"]) == (40, 38)
    assert told["dagster/row_count"] == 41


def test_failed_requests_are_counted_as_retries(project: Project) -> None:
    """A request that is sent again counts as a retry, and nothing is lost."""
    project.workspace.faults.on("GET", "/tags", "502", times=2)

    told = figures(project.run("tags"))["tags"]

    assert told["retries"] == 2
    assert told["requests"] == project.workspace.log.total() == 4
    assert told["dagster/row_count"] == 40


def test_the_cursor_is_reported(project: Project) -> None:
    """The cursor before and after are timestamps, and the second run starts at the first's."""
    first = figures(project.run("contacts"))["contacts"]
    second = figures(project.run("contacts"))["contacts"]

    newest = max(int(one["updated_at"]) for one in project.workspace.collection("contacts"))
    assert first["cursor_before"] == "none"
    assert first["cursor_after"] == second["cursor_before"] == second["cursor_after"]
    assert newest == first["cursor_after"]


def test_full_refresh_from_run_config_reads_everything_again(project: Project) -> None:
    """A full refresh marks what an incremental sync cannot see is gone."""
    project.run("contacts")
    gone = project.workspace.collection("contacts").ids()[0]
    project.workspace.delete("contacts", gone)

    incremental = figures(project.run("contacts"))["contacts"]
    refreshed = figures(project.run("contacts", config={"full_refresh": True}))["contacts"]

    assert incremental["rows_deleted"] == 0
    assert (refreshed["records_returned"], refreshed["rows_deleted"]) == (29, 1)
    assert refreshed["rows_unchanged"] == 29
    assert gone not in project.ids("rudder_contacts")


def test_since_from_run_config_widens_the_window(project: Project) -> None:
    """`since` reads again what was updated from then on, and writes nothing that is stored."""
    project.run("conversations")

    usual = figures(project.run("conversations"))["conversations"]
    told = figures(project.run("conversations", config={"since": "2020-01-01T00:00:00Z"}))[
        "conversations"
    ]

    assert usual["records_returned"] < 8
    assert (told["records_returned"], told["rows_unchanged"]) == (8, 8)
    assert told["cursor_after"] == usual["cursor_after"]


def test_until_from_run_config_backfills_a_range(project: Project) -> None:
    """With `until` only the range is read, and the cursor stays."""
    project.run("conversations")
    end = sorted(row["updated_at"] for row in project.rows("rudder_conversations"))[4].isoformat()

    told = figures(project.run("conversations", config={"since": "2015-01-01", "until": end}))

    assert told["conversations"]["records_returned"] == 4
    assert told["conversations"]["cursor_after"] == told["conversations"]["cursor_before"]


def test_a_start_date_of_one_resource_is_for_it_alone(project: Project) -> None:
    """Older records of that resource are not kept, and it is not compared with a count of all."""
    raw = {"start_dates": {"conversations": "2025-12-31"}}
    end = datetime(2025, 12, 31, tzinfo=UTC)

    assert project.run("contacts", "conversations", **raw).success

    assert len(project.rows("rudder_contacts")) == 30
    assert all(row["updated_at"] >= end for row in project.rows("rudder_conversations"))
    graph = project.definitions(**raw).resolve_asset_graph()
    counted = {key.asset_key.path[-1] for key in graph.asset_check_keys if "row_count" in key.name}
    assert "contacts" in counted
    assert "conversations" not in counted


def test_runs_need_no_config(project: Project) -> None:
    """The job and each of its assets run with nothing but defaults."""
    job = project.definitions().resolve_job_def("intercom_sync")
    shared = {"full_refresh": False, "since": "", "until": "", "reconcile": False, "force": False}

    config = dg.validate_run_config(job, {})

    assert config["resources"]["intercom_options"]["config"] == shared
    assert config["ops"]["intercom__contacts"]["config"] == dict.fromkeys(shared)


def test_options_of_a_run_hold_for_all_its_assets_but_those_with_their_own(
    project: Project,
) -> None:
    """One entry is for every asset; what an asset's own config says goes first."""
    project.run("contacts", "conversations")
    job = project.definitions().resolve_job_def("intercom_sync")
    keys = [dg.AssetKey(["intercom", name]) for name in ("contacts", "conversations")]

    result = job.execute_in_process(
        run_config={
            "resources": {"intercom_options": {"config": {"since": "2015-01-01"}}},
            "ops": {"intercom__conversations": {"config": {"since": ""}}},
        },
        asset_selection=keys,
    )

    told = figures(result)
    assert told["contacts"]["records_returned"] == 30
    assert told["conversations"]["records_returned"] < 8


def test_one_entry_backfills_a_whole_source(project: Project) -> None:
    """A first run of a range succeeds for every asset: dated ones in part, lists whole."""
    job = project.definitions().resolve_job_def("intercom_sync")
    shared = {"since": "2025-10-01", "until": "2025-12-01"}

    result = job.execute_in_process(
        run_config={"resources": {"intercom_options": {"config": shared}}}, raise_on_error=False
    )

    assert failures(result) == {}
    told = figures(result)
    assert set(told) == {resource.name for resource in project.settings().resources}
    stored = {row["id"] for row in project.rows("rudder_conversations")}
    parts = project.rows("rudder_conversation_parts")
    assert {row["conversation_id"] for row in parts} <= stored
    assert told["conversations"]["cursor_after"] == told["contacts"]["cursor_after"] == "none"
    assert len(project.rows("rudder_tags")) == len(project.workspace.collection("tags").ids())


def test_the_documented_run_config_is_accepted(project: Project) -> None:
    """What how-a-sync-works.md shows for the launchpad can be launched."""
    job = project.definitions().resolve_job_def("intercom_sync")
    [shown] = [one for one in blocks("yaml") if one.document == "docs/how-a-sync-works.md"]

    config = dg.validate_run_config(job, yaml.safe_load(shown.text))

    assert config["resources"]["intercom_options"]["config"]["until"] == "2024-02-01"
    assert config["ops"]["intercom__contacts"]["config"]["full_refresh"] is True


def test_the_reconcile_job_has_one_entry_of_config(project: Project) -> None:
    """The launchpad shows what the second job does in one place."""
    job = project.definitions().resolve_job_def("intercom_reconcile")

    config = {name: value for name, value in (job.run_config or {}).items() if value}

    assert ["resources"] == list(config)
    assert config["resources"]["intercom_options"]["config"]["reconcile"] is True


def test_the_reconcile_job_marks_what_is_gone(project: Project) -> None:
    """A deletion that no search shows is confirmed and marked by the second job."""
    definitions = project.definitions(resources="contacts,conversations,tags")
    assert run_job(definitions, "contacts").success
    gone = project.workspace.collection("contacts").ids()[3]
    project.workspace.delete("contacts", gone)

    synced = run_job(definitions, "contacts")
    kept = gone in project.ids("rudder_contacts")
    reconciled = run_job(definitions, job="intercom_reconcile")

    assert synced.success
    assert kept
    assert failures(reconciled) == {}
    assert not [name for name in figures(synced)["contacts"] if "reconcile" in name]
    told = figures(reconciled)["contacts"]
    assert (told["rows_gone_by_reconcile"], told["rows_deleted"]) == (1, 1)
    assert gone not in project.ids("rudder_contacts")
    assert len(project.ids("rudder_contacts")) == 29


def test_a_part_of_the_reconcile_job_can_be_run(project: Project) -> None:
    """The second job's own config does not stand in the way of a selection."""
    definitions = project.definitions()
    assert run_job(definitions, "contacts").success
    gone = project.workspace.collection("contacts").ids()[3]
    project.workspace.delete("contacts", gone)

    result = run_job(definitions, "contacts", job="intercom_reconcile")

    assert failures(result) == {}
    assert list(figures(result)) == ["contacts"]


def test_no_asset_shows_the_token(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither definitions nor a run's events hold the token's value."""
    secret = "dG9rOnZlcnktc2VjcmV0"
    project.workspace.access.tokens.add(secret)
    monkeypatch.setenv(TOKEN_VARIABLE, secret)
    definitions = project.definitions()

    result = project.run("tags")

    assert result.success
    shown = [repr(definitions), repr(definitions.resources), repr(project.settings())]
    shown.extend(repr(event) for event in result.all_events)
    assert not [text for text in shown if secret in text]

"""What is wrong around a sync is told in one line, before harm is done."""

import dagster as dg
import pytest

from intercom_assets.errors import ConfigurationError
from intercom_assets_tests.dagster_project.running import (
    TOKEN_VARIABLE,
    Project,
    failures,
    figures,
    is_missing,
    query,
    run_job,
    serving,
)
from intercom_assets_tests.telling import parts_of
from intercom_simulator import Workspace, generate


def test_an_unset_token_fails_the_run_and_names_the_variable(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Definitions load without a token; a run says at once which variable is missing."""
    monkeypatch.delenv(TOKEN_VARIABLE)
    definitions = project.definitions()

    with pytest.raises(dg.Failure, match=f"The variable {TOKEN_VARIABLE} is empty"):
        definitions.resolve_job_def("intercom_sync").execute_in_process()

    assert project.workspace.log.total() == 0
    assert not project.database.exists()


@pytest.mark.parametrize("token", ["", "  ", "two words", "naïve"])
def test_a_token_that_cannot_be_one_is_refused_unsent(
    project: Project, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    """An empty or broken token is never sent, and never shown."""
    monkeypatch.setenv(TOKEN_VARIABLE, token)

    told = failures(project.run("tags"))["tags"]

    assert "empty" in told
    assert "Developer Hub" in told
    assert not token.strip() or token not in told
    assert project.workspace.log.total() == 0


def test_a_revoked_token_fails_every_resource_alike(project: Project) -> None:
    """A refused token is told with the request, the code and the regions to check."""
    project.workspace.access.tokens.clear()

    told = failures(project.run("tags", "admins"))

    assert set(told) == {"tags", "admins"}
    for line in told.values():
        told_in_parts = parts_of(line)
        assert "The access token is wrong or was revoked" == told_in_parts.wrong
        assert "if that is not 'us', set region to one of: eu, au" in told_in_parts.remedy
        assert told_in_parts.said.startswith("GET /me → HTTP 401 unauthorized")
        assert "simulated-token" not in line
    assert project.workspace.log.total() == 1


def test_a_wrong_region_names_the_right_one(project: Project) -> None:
    """A workspace of another region is not read."""
    project.workspace.region = "eu"

    (told,) = failures(project.run("tags")).values()

    assert told.startswith("Workspace sim4dev1 lives in region 'eu', but region is set to 'us'")
    assert project.workspace.log.total() == 1
    assert not project.database.exists()


def test_another_workspace_is_refused_and_the_stored_one_named(project: Project) -> None:
    """Rows of two workspaces never mix: nothing is read, nothing is written."""
    assert project.run("tags", "contacts").success
    before = project.rows("rudder__cursors")
    project.workspace.id_code = "other999"
    project.workspace.add("tags", {"id": "new", "name": "New"})
    project.workspace.log.clear()

    told = failures(project.run("tags", "contacts", "companies", "teams"))

    assert {"tags", "contacts", "companies", "teams"} == set(told)
    for line in told.values():
        assert "hold workspace sim4dev1 (region us)" in line
        assert "belongs to workspace other999" in line
    assert set(project.workspace.log.counts) == {"GET /me"}
    assert project.rows("rudder__cursors") == before
    assert "new" not in project.ids("rudder_tags")


def test_children_alone_use_the_stored_parents(project: Project) -> None:
    """A run of a child only reads the children of the parents that are stored."""
    assert project.run("conversations").success

    result = project.run("conversation_parts")

    assert failures(result) == {}
    truth = project.workspace.truth("conversation_parts")
    assert project.ids("rudder_conversation_parts") == {part["id"] for part in truth}
    assert list(figures(result)) == ["conversation_parts"]


@pytest.mark.parametrize(
    ("child", "parent"),
    [("conversation_parts", "conversations"), ("company_segments", "companies")],
)
def test_children_without_stored_parents_name_what_to_run(
    project: Project, child: str, parent: str
) -> None:
    """A child whose parent was never synced says what to sync first, before any request."""
    told = failures(project.run(child))[child]

    assert told.startswith(f"{child} is read per record of {parent}, and there is no table")
    assert f"Sync {parent} first, or both together" in told
    assert project.workspace.log.total() == 0


def test_a_child_may_be_selected_without_its_parent(project: Project) -> None:
    """Settings may leave the parent out: it is shown, and its stored rows are used."""
    assert project.run("conversations").success

    definitions = project.definitions(resources="conversation_parts")
    result = run_job(definitions)

    assert failures(result) == {}
    assert list(figures(result)) == ["conversation_parts"]
    graph = definitions.resolve_asset_graph()
    parent = dg.AssetKey(["intercom", "conversations"])
    assert graph.get(dg.AssetKey(["intercom", "conversation_parts"])).parent_keys == {parent}
    assert not graph.get(parent).is_materializable


@pytest.mark.parametrize("status", [401, 403])
def test_a_missing_scope_stops_only_its_resource(project: Project, status: int) -> None:
    """A resource that the token may not read fails with the scope; the others land."""
    project.workspace.access.missing_scopes = {"read_conversations"}
    project.workspace.access.scope_status = 401 if status == 401 else 403

    result = project.run("contacts", "conversations", "conversation_parts", "tags")

    assert not result.success
    (told,) = failures(result).items()
    assert told[0] == "conversations"
    in_parts = parts_of(told[1])
    assert 'The access token lacks the permission "Read conversations"' == in_parts.wrong
    assert in_parts.said.startswith(f"POST /conversations/search → HTTP {status}")
    assert is_missing(project.database, "rudder_conversations")
    assert project.ids("rudder_contacts") == set(project.workspace.collection("contacts").ids())
    assert {"contacts", "tags"} == set(figures(result))


def test_wrong_schedules_are_told_before_there_are_definitions(project: Project) -> None:
    """Each wrong schedule is one line that says what to write, and all come at once."""
    with pytest.raises(ConfigurationError) as refused:
        project.definitions(
            schedule="cron 0,2 3 1 1 *", reconcile="cron 0 0 3 * * *", schedule_status="on"
        )

    headline, *told = str(refused.value).split("\n")
    assert headline == (
        "Settings of the Intercom source 'intercom' are wrong. Change each one below:"
    )
    schedule, reconcile, status = told
    assert "at least 5 minutes must lie between two runs" in schedule
    assert reconcile.endswith("'0 0 3 * * *' has 6")
    assert status.endswith("allowed are stopped, running")


def test_the_first_line_of_a_failure_is_ours(project: Project) -> None:
    """The reader of a failed run sees the reason, not that an output could not be handled."""
    project.workspace.access.tokens.clear()

    (event,) = project.run("tags").get_step_failure_events()

    error = event.step_failure_data.error
    assert error is not None
    first_line = error.message.split("\n")[0]
    assert first_line.startswith(
        "dagster._core.definitions.events.Failure: The access token is wrong or was revoked. Copy"
    )
    assert "[GET /me → HTTP 401" in first_line
    assert "Error occurred while handling output" not in error.message
    failure = event.step_failure_data.user_failure_data
    assert failure is not None
    told = {name: value.value for name, value in failure.metadata.items()}
    assert told["error"] == "Unauthorized"
    assert (told["request"], told["status"]) == ("GET /me", "401")


def test_a_range_that_contradicts_itself_is_refused(project: Project) -> None:
    """The launchpad's range is checked before anything is asked."""
    told = failures(project.run("contacts", config={"until": "2024-01-31"}))["contacts"]

    assert told.startswith("until is set without since. Set since too")
    assert project.workspace.log.total() == 0


@pytest.mark.parametrize("option", ["since", "until"])
@pytest.mark.parametrize("value", ["yesterday", "2999-01-01", "1700000000"])
def test_a_bad_time_is_told_with_what_is_allowed(project: Project, option: str, value: str) -> None:
    """Run config is checked before anything is asked; a time in the future is none."""
    told = failures(project.run("tags", config={option: value}))["tags"]

    allowed = "Change it: a UTC date or time is allowed"
    assert told.startswith(f"The option {option} is '{value}'. {allowed}")
    assert project.workspace.log.total() == 0


def test_a_second_workspace_needs_a_prefix_of_its_own(project: Project) -> None:
    """With another prefix a second workspace lands beside the first, untouched by it."""
    assert project.run("tags").success
    other = generate(contacts=0, companies=0, tags=3, workspace=Workspace(id_code="other999"))

    with serving(other) as url:
        refused = project.run("tags", base_url=url)
        accepted = project.run("tags", base_url=url, table_prefix="other_")

    assert "other999" in failures(refused)["tags"]
    assert failures(accepted) == {}
    assert len(project.rows("rudder_tags")) == 40
    assert len(project.rows("other_rudder_tags")) == 3
    owners = query(project.database, "SELECT workspace_id FROM intercom.other_rudder__cursors")
    assert owners == [{"workspace_id": "other999"}]

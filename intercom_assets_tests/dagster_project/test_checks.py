"""The checks of an asset: content after a sync, not where rows are wrong; none fails a run."""

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from intercom_assets.catalog import CATALOG, NEWEST, Level
from intercom_assets.component import build_definitions
from intercom_assets.errors import WarehouseError
from intercom_assets.intercom.connection import Connection
from intercom_assets.quality.checks import CheckResult, checks_of
from intercom_assets.quality.context import CheckContext
from intercom_assets.warehouse.duckdb import DuckDBWarehouse, connect
from intercom_assets_tests.dagster_project.running import (
    TOKEN,
    TOKEN_VARIABLE,
    Project,
    execute,
    failures,
    run_job,
    serving,
)
from intercom_assets_tests.dagster_project.test_recorded_input import RECORDED
from intercom_assets_tests.dagster_project.test_snowflake import source
from intercom_assets_tests.places import SnowflakePlace
from intercom_assets_tests.warehouse.line import line_to
from intercom_simulator import Workspace, generate, load_records

Found = dict[str, dg.AssetCheckEvaluation]

WARN, ERROR = dg.AssetCheckSeverity.WARN, dg.AssetCheckSeverity.ERROR
ALL = [
    "key_is_unique",
    "parents_exist",
    "parts_are_complete",
    "row_count_is_intercoms",
    "no_undeclared_fields",
    "values_fit",
    "all_were_read",
    "cursor_is_not_ahead",
]


def small_workspace() -> Workspace:
    """Generate the same few records of each kind, every time."""
    return generate(contacts=30, companies=6, conversations=8, parts_per_conversation=3)


def checked(result: dg.ExecuteInProcessResult) -> Found:
    """Give what each check found, a sentence, as `resource.check`."""
    assert result.success, failures(result)
    told = [str(one.description) for one in evaluations(result)]
    assert not [text for text in told if not (text[0].isupper() or text[0].isdigit())]
    return {f"{one.asset_key.path[-1]}.{one.check_name}": one for one in evaluations(result)}


def evaluations(result: dg.ExecuteInProcessResult) -> list[dg.AssetCheckEvaluation]:
    """List what checks found."""
    return list(result.get_asset_check_evaluations())


def wrong(found: Found) -> dict[str, str]:
    """Say what failed, and what it said."""
    return {name: str(one.description) for name, one in found.items() if not one.passed}


def look(definitions: dg.Definitions, *names: str, check: str | None = None) -> Found:
    """Run the checks of the named resources, or one of each, and nothing else."""
    job = definitions.resolve_job_def("intercom_sync")
    keys = {
        key
        for key in job.asset_layer.asset_graph.asset_check_keys
        if key.asset_key.path[-1] in names and check in {None, key.name}
    }
    assert keys
    subset = job.get_subset(asset_selection=set(), asset_check_selection=keys)
    return checked(subset.execute_in_process(raise_on_error=False))


def told(one: dg.AssetCheckEvaluation) -> dict[str, Any]:
    """Give the metadata of what a check found."""
    return {name: value.value for name, value in one.metadata.items()}


def query_of(one: dg.AssetCheckEvaluation) -> str:
    """Give the query that a check shows."""
    return str(told(one)["query"]).removeprefix("```sql\n").removesuffix("\n```")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Found]:
    """Sync the workspace of these tests once; gives the database and what the checks found."""
    workspace = small_workspace()
    with pytest.MonkeyPatch.context() as patch, serving(workspace) as url:
        patch.setenv(TOKEN_VARIABLE, TOKEN)
        folder = tmp_path_factory.mktemp("stored")
        project = Project(workspace=workspace, url=url, folder=folder)
        return project.database, checked(project.run())


@pytest.fixture(scope="module")
def stored(first: tuple[Path, Found]) -> Path:
    """Give the database of a sync in which nothing was found wrong."""
    assert wrong(first[1]) == {}
    return first[0]


@pytest.fixture
def workspace() -> Workspace:
    """Generate the workspace that is stored."""
    return small_workspace()


@pytest.fixture
def synced(project: Project, stored: Path) -> Iterator[Project]:
    """Give a project whose tables are as a sync left them; the database is held open."""
    shutil.copy(stored, project.database)
    with connect(project.database):
        yield project


def test_every_check_passes_after_a_sync(synced: Project, first: tuple[Path, Found]) -> None:
    """A sync of a workspace runs every check of its resources, and each is content, also again."""
    before, again = first[1], checked(synced.run())

    assert {} == wrong(before) | wrong(again)
    assert list(before) == list(again)
    of_models = {"rows_are_the_tables", "members_are_stored"}
    assert set(ALL) | of_models == {name.split(".")[1] for name in before}
    for resource in CATALOG.up_to(Level.CORE, NEWEST):
        assert {"key_is_unique", "no_undeclared_fields", "values_fit"} <= {
            name.split(".")[1] for name in before if name.startswith(f"{resource.name}.")
        }


@pytest.mark.skipif(
    not (RECORDED / "contacts.jsonl").is_file(), reason=f"no recorded answers in {RECORDED}"
)
def test_recorded_answers_raise_no_false_alarm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Conversations that count more parts than Intercom returns are no alarm, and are counted.

    The recording holds three contacts; that others are named by memberships is told, and right.
    """
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    workspace = load_records(RECORDED)
    with serving(workspace) as url:
        found = checked(Project(workspace=workspace, url=url, folder=tmp_path).run())

    assert {"members_are_stored"} == {name.split(".")[1] for name in wrong(found)}
    parts = told(found["conversation_parts.parts_are_complete"])
    assert (3, 3, []) == (parts["fewer_than_counted"], parts["asked"], parts["sample"])


def test_checks_are_evaluated_in_the_step_of_their_asset(project: Project) -> None:
    """After its rows landed and before the next asset's step; the log tells of nothing missing."""
    job = project.definitions().resolve_job_def("intercom_sync")
    keys = [dg.AssetKey(["intercom", name]) for name in ("tags", "contacts", "contact_tags")]

    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, asset_selection=keys)
        lines = [one.user_message for one in instance.all_logs(result.run_id)]

    kinds = (dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    of_tags = [
        event.event_type
        for event in result.all_events
        if event.step_key == "intercom__tags" and event.event_type in kinds
    ]
    assert [kinds[0], *[kinds[1]] * 3] == of_tags
    assert 10 == len(evaluations(result))
    assert "Views: created contact_tags" in lines
    assert [] == [line for line in lines if "output" in line and "did not" in line]


def test_a_run_of_some_resources_runs_their_checks(project: Project) -> None:
    """The checks of what was selected run, and no others."""
    found = checked(project.run("tags", "contacts"))

    assert {"tags", "contacts"} == {name.split(".")[0] for name in found}


def test_a_check_runs_alone(synced: Project) -> None:
    """One check of one table can be run by itself; nothing is synced."""
    before = synced.rows("rudder__cursors")

    found = look(synced.definitions(), "tags", check="values_fit")

    assert ["tags.values_fit"] == list(found)
    assert before == synced.rows("rudder__cursors")


def test_a_repeated_key_is_an_error(synced: Project) -> None:
    """Rows that share a key are found; the query shows them."""
    execute(
        synced.database,
        "INSERT INTO intercom.rudder_tags SELECT * FROM intercom.rudder_tags LIMIT 2",
        "UPDATE intercom.rudder_teams SET id = NULL WHERE id = (SELECT min(id) FROM "
        "intercom.rudder_teams)",
    )

    found = look(synced.definitions(), "tags", "teams")

    assert {"tags.key_is_unique", "teams.key_is_unique"} == set(wrong(found))
    tags = found["tags.key_is_unique"]
    assert (ERROR, 2) == (tags.severity, told(tags)["bad_keys"])
    with connect(synced.database) as connection:
        rows = connection.execute(query_of(tags)).fetchall()
    assert sorted(told(tags)["sample"]) == sorted(row[0] for row in rows)


@pytest.mark.parametrize(
    ("parent", "child"),
    [("companies", "company_segments"), ("conversations", "conversation_parts")],
)
def test_a_missing_parent_is_an_error(synced: Project, parent: str, child: str) -> None:
    """Rows whose parent is not stored are found, with the parent that they name."""
    key = "company_id" if parent == "companies" else "conversation_id"
    [gone] = {row[key] for row in synced.rows(f"rudder_{child}")[:1]}
    execute(synced.database, f"DELETE FROM intercom.rudder_{parent} WHERE id = '{gone}'")

    found = look(synced.definitions(), child, check="parents_exist")[f"{child}.parents_exist"]

    assert (False, ERROR, [gone]) == (found.passed, found.severity, told(found)["sample"])


def test_a_missing_table_of_parents_is_not_evaluated(synced: Project) -> None:
    """Without parents nothing can be said about their children: a warning, and no failure."""
    execute(synced.database, "DROP TABLE intercom.rudder_conversations")

    found = look(synced.definitions(), "conversation_parts")

    assert {
        "conversation_parts.parents_exist",
        "conversation_parts.parts_are_complete",
    } == set(wrong(found))
    for name in wrong(found):
        assert found[name].severity == WARN
        assert "Not evaluated: There is no table intercom.rudder_conv" in str(
            found[name].description
        )


def _without_parts(synced: Project) -> str:
    conversation = str(synced.rows("rudder_conversation_parts")[0]["conversation_id"])
    execute(
        synced.database,
        f"DELETE FROM intercom.rudder_conversation_parts WHERE conversation_id = '{conversation}'",
    )
    return conversation


def test_missing_parts_are_found(synced: Project) -> None:
    """A conversation that counts more parts than are stored, and of which Intercom has more."""
    conversation = _without_parts(synced)

    found = look(synced.definitions(), "conversation_parts")

    assert {"conversation_parts.parts_are_complete"} == set(wrong(found))
    parts = found["conversation_parts.parts_are_complete"]
    assert (WARN, [conversation]) == (parts.severity, told(parts)["sample"])


def test_a_single_missing_part_is_found(synced: Project) -> None:
    """A conversation that lacks one part of those that Intercom returns is named."""
    part = synced.rows("rudder_conversation_parts")[0]
    lost = f"DELETE FROM intercom.rudder_conversation_parts WHERE id = '{part['id']}'"
    execute(synced.database, lost)

    found = look(synced.definitions(), "conversation_parts", check="parts_are_complete")

    [parts] = found.values()
    assert (False, [part["conversation_id"]]) == (parts.passed, told(parts)["sample"])


def test_parts_that_intercom_does_not_return_are_not_missed(synced: Project) -> None:
    """A deleted part stays in the count; Intercom is asked, and returns what is stored."""
    part = synced.rows("rudder_conversation_parts")[0]
    synced.workspace.delete_part(part["conversation_id"], part["id"])
    execute(
        synced.database, f"DELETE FROM intercom.rudder_conversation_parts WHERE id = '{part['id']}'"
    )

    found = look(synced.definitions(), "conversation_parts", check="parts_are_complete")

    assert {} == wrong(found)
    parts = told(found["conversation_parts.parts_are_complete"])
    assert (1, 1) == (parts["fewer_than_counted"], parts["asked"])


def test_a_conversation_that_went_on_is_not_judged(synced: Project) -> None:
    """What was said after the sync is not missing from it."""
    conversation = _without_parts(synced)
    synced.workspace.reply(conversation, body="one more")

    found = look(synced.definitions(), "conversation_parts", check="parts_are_complete")

    assert {} == wrong(found)


def test_a_conversation_at_the_cap_is_explained(project: Project) -> None:
    """Of a conversation of more than 500 parts 500 are all that Intercom returns."""
    conversation = project.workspace.collection("conversations").ids()[0]
    for _ in range(510):
        project.workspace.reply(conversation, body="again")

    found = checked(project.run("conversations", "conversation_parts"))

    stored = [
        row
        for row in project.rows("rudder_conversation_parts")
        if row["conversation_id"] == conversation
    ]
    assert 500 == len(stored)
    assert {} == wrong(found)
    assert 0 == told(found["conversation_parts.parts_are_complete"])["fewer_than_counted"]


@pytest.mark.parametrize("name", ["contacts", "conversations", "companies"])
def test_a_single_missing_row_is_found(project: Project, name: str) -> None:
    """A table with one row less than Intercom counts is a warning that tells both numbers."""
    counted = {"user_count": 1} if name == "companies" else {}
    project.workspace.add(name, {"id": "the newest", **counted})
    assert {} == wrong(checked(project.run(name)))
    execute(project.database, f"DELETE FROM intercom.rudder_{name} WHERE id = 'the newest'")

    found = look(project.definitions(), name)

    assert {f"{name}.row_count_is_intercoms"} == set(wrong(found))
    count = found[f"{name}.row_count_is_intercoms"]
    assert WARN == count.severity
    assert told(count)["in_intercom"] - 1 == told(count)["stored"]
    assert ": 1 missing, which a" in str(count.description)


@pytest.mark.parametrize("name", ["contacts", "conversations", "companies"])
def test_a_single_row_that_is_gone_is_found(synced: Project, name: str) -> None:
    """A table with one row more than Intercom counts is a warning that says what marks it."""
    collection = synced.workspace.collection(name)
    synced.workspace.delete(name, next(one["id"] for one in collection if one.get("user_count", 1)))

    found = look(synced.definitions(), name, check="row_count_is_intercoms")

    assert ": 1 gone, which a" in wrong(found)[f"{name}.row_count_is_intercoms"]


@pytest.mark.parametrize("name", ["contacts", "conversations"])
def test_what_came_since_the_sync_is_not_missed(synced: Project, name: str) -> None:
    """Records that were created after the sync are counted, and a row that is lost beside them."""
    for _ in range(3):
        synced.workspace.add(name, {})

    found = look(synced.definitions(), name, check="row_count_is_intercoms")
    lost = synced.rows(f"rudder_{name}")[0]["id"]
    execute(synced.database, f"DELETE FROM intercom.rudder_{name} WHERE id = '{lost}'")
    without = look(synced.definitions(), name, check="row_count_is_intercoms")

    assert {} == wrong(found)
    assert 3 == told(found[f"{name}.row_count_is_intercoms"])["new_since"]
    assert ": 1 missing, which a" in wrong(without)[f"{name}.row_count_is_intercoms"]


def test_a_record_without_a_date_is_missed_too(synced: Project) -> None:
    """What no search by `updated_at` returns is counted by the list, so a lost row is found."""
    [undated, *_] = synced.workspace.undate("contacts", 0.05)
    execute(synced.database, f"DELETE FROM intercom.rudder_contacts WHERE id = '{undated}'")

    found = look(synced.definitions(), "contacts", check="row_count_is_intercoms")

    assert ": 1 missing, which a" in wrong(found)["contacts.row_count_is_intercoms"]


def test_companies_without_users_are_not_compared(project: Project) -> None:
    """Intercom's list leaves out companies without users: they are stored, and no surplus."""
    project.workspace.add("companies", {"user_count": 0})

    found = checked(project.run("companies"))

    assert {} == wrong(found)
    count = told(found["companies.row_count_is_intercoms"])
    assert count["stored"] < len(project.rows("rudder_companies"))


def test_companies_without_a_column_of_users_are_not_counted(project: Project) -> None:
    """Where the settings hide the number of users, there is nothing to compare."""
    found = checked(project.run("companies", exclude_columns={"companies": ["user_count"]}))

    assert "companies.key_is_unique" in found
    assert "companies.row_count_is_intercoms" not in found


def test_with_a_start_date_rows_are_not_counted(project: Project) -> None:
    """A table that starts at a date holds less than Intercom counts, so there is no such check."""
    found = checked(project.run("contacts", start_date="2025-06-01"))

    assert "contacts.key_is_unique" in found
    assert "contacts.row_count_is_intercoms" not in found


def test_undeclared_fields_are_named_and_not_quoted(synced: Project) -> None:
    """Fields of any depth that no column declares are told with a masked example."""
    contacts = synced.workspace.collection("contacts").ids()[:3]
    secret = "jane.doe42@example.com"
    for contact in contacts:
        location = {**synced.workspace.find("contacts", contact)["location"], "postcode": "8001"}
        synced.workspace.patch("contacts", contact, {"shoe": secret, "location": location})

    found = checked(synced.run("contacts"))

    assert {"contacts.no_undeclared_fields"} == set(wrong(found))
    one = found["contacts.no_undeclared_fields"]
    fields = {field["field"]: field for field in told(one)["fields"]}
    assert (WARN, {"shoe", "location.postcode"}) == (one.severity, set(fields))
    assert (3, "text", '"xxxx.xxx99@xxxxxxx.xxx"') == tuple(
        fields["shoe"][name] for name in ("rows", "type", "example")
    )
    assert fields["shoe"]["row"] in contacts
    assert "shoe (3 rows)" in wrong(found)["contacts.no_undeclared_fields"]
    assert secret not in json.dumps(told(one))


def test_values_that_do_not_fit_are_named(synced: Project) -> None:
    """A value of another type, also in the place of an object, is told with its path."""
    first, second = synced.workspace.collection("contacts").ids()[:2]
    synced.workspace.patch("contacts", first, {"created_at": "soon", "location": "Zürich"})
    synced.workspace.patch("contacts", second, {"created_at": {"at": 1}})

    found = checked(synced.run("contacts"))

    assert {"contacts.values_fit"} == set(wrong(found))
    fields = told(found["contacts.values_fit"])["fields"]
    assert {("created_at", "text"), ("created_at", "object"), ("location", "text")} == {
        (field["field"], field["type"]) for field in fields
    }


@pytest.mark.parametrize(
    ("name", "parent", "path"),
    [
        ("conversation_parts", "conversations", "/conversations/{}"),
        ("company_segments", "companies", "/companies/{}/segments"),
    ],
)
def test_a_single_parent_that_could_not_be_read_is_found(
    synced: Project, name: str, parent: str, path: str
) -> None:
    """One parent that is due still is a warning that names it; once it is read there is none."""
    record_id = synced.workspace.collection(parent).ids()[2]
    synced.workspace.touch(parent, record_id)
    synced.workspace.faults.on("GET", path.format(record_id), "404")

    found = checked(synced.run(parent, name))
    again = checked(synced.run(name))

    assert {f"{name}.all_were_read"} == set(wrong(found))
    one = found[f"{name}.all_were_read"]
    assert (WARN, 1, [record_id]) == (one.severity, told(one)["still_due"], told(one)["sample"])
    assert {} == wrong(again)


def test_a_single_list_that_could_not_be_completed_is_found(synced: Project) -> None:
    """One contact whose tags are not whole is a warning that names it."""
    contact = synced.workspace.collection("contacts").ids()[2]
    tags = [{"type": "tag", "id": str(number), "url": f"/tags/{number}"} for number in range(12)]
    wrapped = {"type": "list", "data": tags, "total_count": 12, "has_more": False}
    synced.workspace.patch("contacts", contact, {"tags": wrapped})
    synced.workspace.faults.on("GET", f"/contacts/{contact}/tags", "403")

    found, again = checked(synced.run("contacts")), checked(synced.run("contacts"))

    assert {"contacts.all_were_read"} == set(wrong(found))
    assert [contact] == told(found["contacts.all_were_read"])["sample"]
    assert {} == wrong(again)


def test_what_a_contact_was_merged_into_is_no_field(synced: Project) -> None:
    """What a reconcile notes in `_extra` itself is nothing that Intercom sent."""
    source, target = synced.workspace.collection("contacts").ids()[:2]
    synced.workspace.merge_contacts(source, target)

    found = checked(run_job(synced.definitions(), "contacts", job="intercom_reconcile"))

    assert {} == wrong(found)
    execute(synced.database, "UPDATE intercom.rudder_contacts SET _deleted_at = NULL")
    assert {} == wrong(look(synced.definitions(), "contacts", check="no_undeclared_fields"))


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("contacts", "cursor_at"),
        ("companies", "synced_at"),
        ("conversation_parts", "parent_synced_at"),
    ],
)
def test_a_cursor_ahead_of_the_clock_is_an_error(synced: Project, name: str, column: str) -> None:
    """A cursor in the future is found, whichever of its instants it is."""
    ahead = f"SET {column} = now() + INTERVAL 1 DAY WHERE resource = '{name}'"
    execute(synced.database, f"UPDATE intercom.rudder__cursors {ahead}")

    found = look(synced.definitions(), name)

    assert {f"{name}.cursor_is_not_ahead"} == set(wrong(found))
    assert ERROR == found[f"{name}.cursor_is_not_ahead"].severity
    instants = found[f"{name}.cursor_is_not_ahead"].metadata
    assert {dg.TimestampMetadataValue} == {type(instant) for instant in instants.values()}


def test_before_the_first_sync_nothing_is_evaluated(project: Project) -> None:
    """Without a database every check is a warning that says what to do."""
    found = look(project.definitions(), *(one.name for one in CATALOG.up_to(Level.CORE, NEWEST)))

    assert found
    for one in found.values():
        assert (False, WARN) == (one.passed, one.severity)
        assert str(one.description).startswith("Not evaluated: ")


def test_an_intercom_that_refuses_is_a_warning(synced: Project) -> None:
    """What needs Intercom is not evaluated, with the reason; everything else is."""
    _without_parts(synced)
    synced.workspace.access.missing_scopes.update({"read_conversations", "read_users"})
    synced.workspace.access.tokens.clear()

    found = look(synced.definitions(), "contacts", "conversations", "conversation_parts")

    assert {
        "contacts.row_count_is_intercoms",
        "conversations.row_count_is_intercoms",
        "conversation_parts.parts_are_complete",
    } == set(wrong(found))
    for name in wrong(found):
        assert found[name].severity == WARN
        assert "401" in wrong(found)[name]


def test_a_token_of_another_workspace_counts_nothing(synced: Project) -> None:
    """Another workspace's count says nothing about these rows."""
    synced.workspace.id_code = "another"

    found = look(synced.definitions(), "contacts")

    assert "workspace another" in wrong(found)["contacts.row_count_is_intercoms"]


def test_a_warehouse_that_fails_is_a_warning(project: Project) -> None:
    """What the warehouse refuses is not evaluated; no check fails the run."""
    project.database.parent.mkdir(exist_ok=True)
    project.database.write_bytes(b"this is no database" * 1_000)

    found = look(project.definitions(), "contacts", "conversation_parts")

    assert set(found) == set(wrong(found))
    assert {WARN} == {one.severity for one in found.values()}
    assert all(str(one.description).startswith("Not evaluated: ") for one in found.values())


def test_no_error_of_a_check_fails_a_run(project: Project) -> None:
    """Even what nobody thought of is a warning: here resources that are not ours."""
    definitions = project.definitions()
    broken = dg.Definitions(
        assets=definitions.assets,
        jobs=definitions.jobs,
        resources={
            "intercom_intercom": 1,
            "intercom_io_manager": dg.mem_io_manager,
            "intercom_options": 1,
        },
    )

    found = look(broken, "contacts")

    assert {"contacts.row_count_is_intercoms", "contacts.key_is_unique"} <= set(wrong(found))
    assert {WARN} == {one.severity for one in found.values()}


def test_a_failing_check_fails_no_run(synced: Project) -> None:
    """A run whose checks find errors succeeds, and its exit is that of the sync."""
    execute(
        synced.database,
        "INSERT INTO intercom.rudder_contacts SELECT * FROM intercom.rudder_contacts LIMIT 1",
    )

    result = synced.run("contacts")

    assert result.success
    assert "contacts.key_is_unique" in wrong(checked(result))


def test_a_failed_sync_leaves_the_checks_of_others(project: Project) -> None:
    """A resource that fails skips its own checks only."""
    project.workspace.access.missing_scopes.add("read_tags")

    result = project.run("tags", "teams")

    assert ["tags"] == list(failures(result))
    assert {"teams"} == {one.asset_key.path[-1] for one in evaluations(result)}


def test_what_needs_no_intercom_needs_no_token(
    synced: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Checks that ask the warehouse only run where no token is set."""
    monkeypatch.delenv(TOKEN_VARIABLE)

    assert {} == wrong(look(synced.definitions(), "tags", "company_segments"))


def table(project: Project, name: str, **changed: Any) -> CheckContext:  # noqa: ANN401 - any attribute
    """Prepare the checks of a resource, with an Intercom that never answers."""
    resource = CATALOG[name]
    given: dict[str, Any] = {
        "source": project.settings().source,
        "resource": resource,
        "parent": CATALOG[resource.parent] if resource.parent else None,
        "open_warehouse": lambda: DuckDBWarehouse(project.database, patience=0.0),
        "open_connection": unused,
    }
    return CheckContext(**given | changed)


def unused() -> Connection:
    """Fail: nothing was to be asked of Intercom."""
    raise AssertionError


def results(context: CheckContext) -> dict[str, CheckResult]:
    """Evaluate each check of a table."""
    return {one.name: one.evaluate(context) for one in checks_of(context.resource, None)}


def test_an_intercom_that_does_not_answer_is_waited_for_a_little(synced: Project) -> None:
    """Patience ends before the client's does: a check must not hold up a sync."""
    synced.workspace.faults.on("GET", "/contacts", "500", times=1_000)
    connection = Connection(token=TOKEN, region="us", version=NEWEST, base_url=synced.url)

    with connection:
        found = results(
            table(synced, "contacts", open_connection=lambda: connection, patience=0.2)
        )["row_count_is_intercoms"]

    assert (False, False) == (found.passed, found.evaluated)
    assert "Not evaluated: Intercom gave no answer within 0 s" == found.summary


def test_the_file_is_let_go_of_before_intercom_is_asked(project: Project, stored: Path) -> None:
    """Whoever waits for the DuckDB file need not wait for Intercom, nor for whose token it is."""
    shutil.copy(stored, project.database)
    connection = Connection(token=TOKEN, region="us", version=NEWEST, base_url=project.url)

    def opened() -> Connection:
        # Refused while the file is open in this process with another configuration.
        duckdb.connect(str(project.database), read_only=True).close()
        return connection

    with connection, table(project, "contacts", open_connection=opened) as context:
        found = results(context).values()

    assert all(one.passed and one.evaluated for one in found)


def test_a_warehouse_that_is_not_reached_is_tried_once(synced: Project) -> None:
    """Where a file is locked by another process, only the first check of a table waits for it."""
    tried = []

    def refused() -> DuckDBWarehouse:
        tried.append(1)
        raise WarehouseError("the file is open elsewhere")

    found = results(table(synced, "tags", open_warehouse=refused))

    assert [1] == tried
    assert {"Not evaluated: the file is open elsewhere"} == {one.summary for one in found.values()}


def test_the_clock_may_be_a_little_slow(synced: Project) -> None:
    """A cursor is ahead only beyond ten minutes."""
    [at] = [
        row["synced_at"] for row in synced.rows("rudder__cursors") if row["resource"] == "segments"
    ]

    early = results(table(synced, "segments", now=lambda: at - timedelta(minutes=9)))
    earlier = results(table(synced, "segments", now=lambda: at - timedelta(days=1)))

    assert early["cursor_is_not_ahead"].passed
    assert not earlier["cursor_is_not_ahead"].passed


def test_snowflake_answers_alike(
    fakesnow: int, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In Snowflake each check passes after a sync, and fails where rows are wrong."""
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    monkeypatch.setenv("SNOWFLAKE_PASSWORD", "hunter2")
    names = ("conversations", "conversation_parts")
    with (
        closing(SnowflakePlace(fakesnow)) as place,
        serving(workspace) as url,
        line_to(place.port) as line,
    ):
        definitions = build_definitions(source(place, line, url))
        healthy = checked(run_job(definitions, *names))
        place.execute(
            "DELETE FROM intercom.eu_rudder_conversation_parts WHERE conversation_id = "
            "(SELECT MIN(conversation_id) FROM intercom.eu_rudder_conversation_parts)"
        )
        place.execute(
            'UPDATE intercom.eu_rudder_conversation_parts SET "_EXTRA" = '
            'PARSE_JSON(\'{"mood": "good", "created_at": "soon"}\')'
        )
        found = look(definitions, "conversation_parts")

    assert {} == wrong(healthy)
    assert {
        "conversation_parts.parts_are_complete",
        "conversation_parts.no_undeclared_fields",
        "conversation_parts.values_fit",
    } == set(wrong(found))

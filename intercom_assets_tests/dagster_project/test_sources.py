"""Several sources: side by side where their tables differ, refused where they do not."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import pytest

from intercom_assets_tests.dagster_project.hosting import Host
from intercom_assets_tests.dagster_project.running import (
    Project,
    execute,
    failures,
    figures,
    query,
    run_job,
)

SNOWFLAKE = {
    "warehouse": "snowflake",
    "snowflake": {"account": "acme-one", "user": "sync", "database": "LAKE"},
}

SHARED = {
    "neither has a prefix": ({}, {}),
    "DuckDB's names differ in more than case": ({"table_prefix": "A_"}, {"table_prefix": "a_"}),
    "so do its schemas": ({"warehouse_schema": "crm"}, {"warehouse_schema": "CRM"}),
    "one file, written in two ways": (
        {"database": "data/lake.duckdb"},
        {"database": "data/../data/./lake.duckdb"},
    ),
    "Snowflake's plain names are upper case": (
        {**SNOWFLAKE, "warehouse_schema": "intercom"},
        {**SNOWFLAKE, "warehouse_schema": "INTERCOM"},
    ),
    "so are its accounts and databases": (
        SNOWFLAKE,
        {**SNOWFLAKE, "snowflake": {"account": "ACME-ONE", "user": "other", "database": "lake"}},
    ),
}

APART = {
    "by prefix": ({"table_prefix": "us_"}, {"table_prefix": "eu_"}),
    "by schema": ({"warehouse_schema": "us"}, {"warehouse_schema": "eu"}),
    "by file": ({"database": "data/us.duckdb"}, {"database": "data/eu.duckdb"}),
    "by warehouse": ({}, SNOWFLAKE),
    "by Snowflake's account": (
        SNOWFLAKE,
        {**SNOWFLAKE, "snowflake": {"account": "acme-two", "user": "sync", "database": "LAKE"}},
    ),
    "by quoted names in Snowflake": (
        {**SNOWFLAKE, "table_prefix": "Mixed_"},
        {**SNOWFLAKE, "table_prefix": "mixed_"},
    ),
}


KINDS = ["contacts", "companies", "conversations", "tags"]


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """Make a Dagster project of somebody else."""
    host = Host(folder=tmp_path / "host")
    monkeypatch.syspath_prepend(str(host.home))
    return host


@pytest.mark.parametrize("settings", SHARED.values(), ids=SHARED)
def test_two_sources_of_the_same_tables_are_refused(
    host: Host, settings: tuple[dict[str, object], dict[str, object]]
) -> None:
    """Definitions do not load where two sources would write the same tables; both are named."""
    host.add("first", **settings[0])
    host.add("second", **settings[1])

    told = host.refusal()

    assert "The Intercom sources 'first' and 'second' would both write the tables " in told or (
        "The Intercom sources 'second' and 'first' would both write the tables " in told
    )
    assert "another table_prefix or warehouse_schema" in told


@pytest.mark.parametrize("settings", APART.values(), ids=APART)
def test_sources_of_other_tables_stand_side_by_side(
    host: Host, settings: tuple[dict[str, object], dict[str, object]]
) -> None:
    """Each source has assets, a group, jobs, schedules, resources and a pool of its own."""
    host.add("first", schedule="every 1h", **settings[0])
    host.add("second", schedule="every 6h", **settings[1])

    repository = host.load().get_repository_def()

    assets = repository.assets_defs_by_key
    assert {"first", "second"} == {key.path[0] for key in assets}
    for key, asset in assets.items():
        name = key.path[0]
        assert {name} == set(asset.group_names_by_key.values())
        # Outputs that store nothing, such as those of views, name the project's own.
        own = asset.required_resource_keys - {"io_manager"}
        assert {name} == {one.partition("_")[0] for one in own}
        assert asset.op.pool is not None
        assert name in asset.op.pool
    for name in ("first", "second"):
        assert repository.has_job(f"{name}_sync")
        assert repository.has_job(f"{name}_reconcile")
        assert repository.has_schedule_def(f"{name}_schedule")


def test_two_sources_of_one_name_are_refused(host: Host) -> None:
    """A name is the group, the first part of keys and part of job names: it has one source."""
    host.add("first", name="crm")
    host.add("second", name="crm", table_prefix="eu_")

    assert "Two Intercom sources are named 'crm'" in host.refusal()


def test_a_mistake_in_one_source_is_told_as_such(host: Host) -> None:
    """A source whose settings are wrong is told by itself, not as a clash with another."""
    host.add("good")
    host.add("wrong", region="uk")

    told = host.refusal()

    assert "Settings of the Intercom source 'wrong' are wrong. " in told
    assert "would both write" not in told


def test_templates_of_dagster_are_filled_in(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting may be a template of Dagster's; other texts are taken as they are written."""
    monkeypatch.setenv("THE_NAME", "from_a_template")
    monkeypatch.setenv("THE_OWNER", "team:support")
    host.add("first", name="{{ env.THE_NAME }}", owners=["{{ env.THE_OWNER }}", "a@example.com"])

    assets = host.load().get_repository_def().assets_defs_by_key

    assert {"from_a_template"} == {key.path[0] for key in assets}
    assert {("team:support", "a@example.com")} == {
        tuple(owners) for asset in assets.values() for owners in asset.owners_by_key.values()
    }


@pytest.mark.parametrize("command", ["run", "check", "status"])
def test_commands_refuse_sources_of_the_same_tables(host: Host, command: str) -> None:
    """The command line refuses them too, before anything is read or written."""
    host.add("first")
    host.add("second", table_prefix="")

    done = host.call(command)

    assert done.exit_code != 0
    assert "'first' and 'second' would both write the tables" in done.output
    assert not list(host.folder.rglob("*.duckdb"))


def test_a_command_takes_the_name_of_a_source_or_of_its_folder(host: Host) -> None:
    """`--source` takes the name that Dagster shows, and the folder's where they differ."""
    host.add("acme-eu", table_prefix="eu_")
    host.add("folder", table_prefix="us_", name="acme_us")

    shown = [
        host.call("status", "--source", name).stdout
        for name in ("acme_eu", "acme-eu", "acme_us", "folder")
    ]

    names = [text.splitlines()[0].split(" in ")[0] for text in shown]
    assert ["Source acme_eu"] * 2 + ["Source acme_us"] * 2 == names


def test_a_selection_leaves_out_sources_that_have_none_of_it(host: Host, project: Project) -> None:
    """`--select` syncs what each source has of it; a source without any is not run.

    Its token is not asked for either.
    """
    common = {"base_url": project.url, "database": "data/both.duckdb"}
    host.add("first", table_prefix="a_", resources="tags", **common)
    host.add(
        "second",
        access_token={"env": "NOT_SET"},
        table_prefix="b_",
        resources="teams",
        models="none",
        **common,
    )

    done = host.call("run", "--select", "tags")

    assert 0 == done.exit_code, done.stderr
    assert re.search(r"^tags +intercom.a_rudder_tags +[1-9]", done.stdout, re.MULTILINE)
    assert "teams" not in done.stdout


def test_tables_of_another_source_are_refused(project: Project) -> None:
    """A sync refuses tables that a source of another name wrote, before it asks Intercom."""
    project.run("tags", name="billing")
    asked = project.workspace.log.total()

    refused = failures(project.run("tags", "teams", name="support"))

    assert {"tags", "teams"} == set(refused)
    for said in refused.values():
        assert "intercom.rudder_… belong to the Intercom source 'billing'" in said
        assert "`name: billing`" in said
        assert "another table_prefix" in said
    assert asked == project.workspace.log.total()


def test_a_source_whose_folder_was_renamed_keeps_its_tables(project: Project, host: Host) -> None:
    """A renamed folder is refused, until `name` says whose tables these are; then it goes on."""
    settings = {"base_url": project.url, "database": str(project.database)}
    host.add("billing", **settings)
    assert failures(run_job(host.load(), "contacts", source="billing")) == {}
    (host.defs / "billing").rename(host.defs / "support")

    refused = failures(run_job(host.load(), "contacts", source="support"))
    host.add("support", name="billing", **settings)
    again = run_job(host.load(), "contacts", source="billing")

    assert "Write `name: billing` into its defs.yaml" in refused["contacts"]
    assert failures(again) == {}
    told = figures(again)["contacts"]
    assert (0, 0) == (told["rows_inserted"], told["rows_updated"])


def test_a_table_whose_owner_is_unknown_is_taken_over(project: Project) -> None:
    """Cursors without a source's name belong to whoever syncs next."""
    project.run("tags", name="billing")
    execute(project.database, "UPDATE intercom.rudder__cursors SET source = ''")

    assert failures(project.run("tags", name="support")) == {}

    [owner] = query(project.database, "SELECT source FROM intercom.rudder__cursors")
    assert {"source": "support"} == owner


def test_two_sources_sync_at_the_same_time(project: Project, host: Host) -> None:
    """Runs of two sources of one workspace at once leave both sets of tables whole."""
    for name in ("us", "eu"):
        host.add(
            name,
            table_prefix=f"{name}_",
            base_url=project.url,
            database=str(project.database),
            resources=KINDS,
        )
    definitions = host.load()

    def run(name: str) -> dg.ExecuteInProcessResult:
        with dg.DagsterInstance.ephemeral() as instance:
            return run_job(definitions, source=name, instance=instance)

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(run, ("us", "eu")))

    assert [{}, {}] == [failures(result) for result in results]
    for kind in KINDS:
        true = set(project.workspace.collection(kind).ids())
        for prefix in ("us_", "eu_"):
            assert true == project.ids(f"{prefix}rudder_{kind}")

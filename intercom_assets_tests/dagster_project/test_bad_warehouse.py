"""What is wrong with the database is told before anything is asked or changed."""

import subprocess
import sys

import pytest

from intercom_assets.errors import ConfigurationError
from intercom_assets.settings.warehouse import (
    DEFAULT_DATABASE,
    DEFAULT_SCHEMA,
)
from intercom_assets_tests.dagster_project.running import (
    Project,
    execute,
    failures,
)
from intercom_assets_tests.guarantees.budget import some


def test_a_database_that_another_program_holds_is_told(project: Project) -> None:
    """The lock of another process is waited for as long as the setting says, then named."""
    assert project.run("tags").success
    hold = f"import duckdb; c = duckdb.connect({str(project.database)!r}); print(1); input()"
    with subprocess.Popen(
        [sys.executable, "-uc", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        told = failures(project.run("tags", lock_timeout="2s"))["tags"]
        other.communicate(b"\n")

    assert told.startswith(f"{project.database} is in use by another process")
    assert f"PID {other.pid}" in told
    assert "[Waited 2 s." in told
    assert "Close the other program" in told


def test_a_file_that_is_no_database_is_kept(project: Project) -> None:
    """A file of another kind is named and left as it is."""
    project.database.write_text("minutes of the meeting " * 500, encoding="utf-8")

    told = failures(project.run("tags"))["tags"]

    assert told.startswith(f"{project.database} cannot be opened")
    assert "DuckDB file" in told
    assert project.database.read_text(encoding="utf-8").startswith("minutes of the meeting")
    assert project.workspace.log.total() == 0


def test_a_folder_that_cannot_be_made_is_told(project: Project) -> None:
    """A path below a file is refused with the setting to change."""
    (project.folder / "file").write_text("", encoding="utf-8")

    told = failures(project.run("tags", database="file/sub/test.duckdb"))["tags"]

    assert told.startswith(f"The folder of {project.folder / 'file/sub/test.duckdb'} cannot")
    assert "DUCKDB_DATABASE" in told
    assert project.workspace.log.total() == 0


def test_a_folder_instead_of_a_file_is_told(project: Project) -> None:
    """A database path that is a folder is refused, and nothing is asked of Intercom."""
    told = failures(project.run("tags", database=str(project.folder)))["tags"]

    assert told.startswith(f"{project.folder} cannot be opened")
    assert project.workspace.log.total() == 0


def test_the_default_names_work(project: Project) -> None:
    """The default file and schema take a sync, and their tables can be asked for by name."""
    result = project.run("tags", database=str(DEFAULT_DATABASE), warehouse_schema=DEFAULT_SCHEMA)

    assert failures(result) == {}


@pytest.mark.parametrize(
    ("database", "schema"), [("intercom.duckdb", "intercom"), ("Sales.duckdb", "sales")]
)
def test_a_file_named_like_its_schema_is_refused(
    project: Project, database: str, schema: str
) -> None:
    """DuckDB names its catalogue after the file, so that schema.table would be ambiguous."""
    with pytest.raises(ConfigurationError, match="may not be named like the schema"):
        project.run("tags", database=database, warehouse_schema=schema)


@pytest.mark.parametrize(
    "database", [":memory:", ":memory:lake", "md:lake", "ducklake:meta.ducklake", "s3://lake/x.db"]
)
def test_a_database_that_is_no_file_is_refused(project: Project, database: str) -> None:
    """DuckDB's other databases would become files of those names, and are refused with a reason."""
    with pytest.raises(ConfigurationError, match="the path of a file on this machine is allowed"):
        project.settings(database=database)


def test_a_table_of_rudderstack_is_refused_before_any_request(project: Project) -> None:
    """A table that we did not make is left alone, with the statement that renames it."""
    execute(
        project.database,
        "CREATE SCHEMA intercom",
        "CREATE TABLE intercom.rudder_tags (id VARCHAR, name VARCHAR)",
        "INSERT INTO intercom.rudder_tags VALUES ('1', 'old')",
    )

    told = failures(project.run("tags"))["tags"]

    rename = 'ALTER TABLE "intercom"."rudder_tags" RENAME TO "rudder_tags_before";'
    assert told.startswith("The table intercom.rudder_tags exists and was not made by")
    assert told.endswith(rename)
    assert project.workspace.log.total() == 0
    assert project.rows("rudder_tags") == [{"id": "1", "name": "old"}]

    execute(project.database, rename)
    assert project.run("tags").success
    assert project.rows("rudder_tags_before") == [{"id": "1", "name": "old"}]


LITERAL = ['a"; drop table x; --', "12_3", "2024", "Ünïcode ", "select", "%"]


@pytest.mark.parametrize("name", some(LITERAL, 'a"; drop table x; --', "12_3", "%"))
def test_prefix_and_schema_are_taken_literally(project: Project, name: str) -> None:
    """No character of a prefix or a schema means anything to SQL."""
    execute(project.database, "CREATE TABLE x (a INT)")

    for _ in range(2):
        result = project.run(
            "companies", "company_segments", table_prefix=name, warehouse_schema=name
        )
        assert failures(result) == {}

    assert project.tables() == {
        ("main", "x"),
        (name, f"{name}rudder_companies"),
        (name, f"{name}rudder_company_segments"),
        (name, f"{name}rudder__cursors"),
    }
    assert len(project.rows(f"{name}rudder_companies", schema=name)) == 6

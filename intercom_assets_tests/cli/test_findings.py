"""What checks found stands under a run's table, a line each, and changes no exit code."""

from pathlib import Path

from intercom_assets_tests.cli.conftest import CommandLine
from intercom_assets_tests.dagster_project.running import execute


def test_findings_are_told_and_end_no_run(workspace: CommandLine) -> None:
    """A run whose checks find something says so in a line each, and succeeds."""
    first = workspace("run", "--quiet", "--select", "tags,teams")
    database = Path(workspace.environment["DUCKDB_DATABASE"])
    execute(database, "INSERT INTO intercom.rudder_tags SELECT * FROM intercom.rudder_tags")

    second = workspace("run", "--select", "tags,teams")

    assert (0, 0) == (first.returncode, second.returncode), second.stderr
    assert ("", "") == (first.stdout, first.stderr)
    assert [
        "check: tags: key_is_unique: Values of id that are null or repeated: 40",
    ] == [line for line in second.stderr.splitlines() if line.startswith("check: ")]

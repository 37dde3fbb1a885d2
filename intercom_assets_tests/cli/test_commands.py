"""`intercom-assets` syncs, checks, shows and asks."""

import re

import httpx
import pytest

from intercom_assets_tests.cli.conftest import CommandLine

ELEVEN = 11


def figures(output: str) -> dict[str, dict[str, str]]:
    """Read the table that a run prints: numbers by resource and column."""
    lines = output.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("resource"))
    columns = lines[start].split()
    rows = [line.split() for line in lines[start + 1 :] if line.strip()]
    return {
        row[0]: dict(zip(columns, row, strict=True)) for row in rows if len(row) == len(columns)
    }


def test_second_run_inserts_and_updates_nothing(workspace: CommandLine) -> None:
    """Run twice, write once: the table at the end says so, and status shows the rows."""
    first = workspace("run")
    second = workspace("run")
    status = workspace("status")

    assert (0, 0, 0) == (first.returncode, second.returncode, status.returncode), first.stderr
    assert ELEVEN == len(figures(first.stdout))
    assert "60" == figures(first.stdout)["contacts"]["inserted"]
    assert "Warning" not in first.stderr
    for row in figures(second.stdout).values():
        assert ("0", "0") == (row["inserted"], row["updated"])
    assert re.search(r"^contacts +60 20\d\d-", status.stdout, re.MULTILINE)
    assert "never" not in status.stdout


def test_run_without_a_token_is_a_demo_that_spares_the_real_database(
    commands: CommandLine,
) -> None:
    """Without a token the simulator is synced, into the demo's database, and it is said."""
    run = commands("run", "--select", "teams,tags")

    assert 0 == run.returncode, run.stderr
    assert "this is a demo" in run.stderr
    assert "data/demo.duckdb" in run.stdout
    assert {"teams", "tags"} == set(figures(run.stdout))


def test_run_fails_with_one_line_per_failed_resource(
    workspace: CommandLine, simulator: str
) -> None:
    """A scope that is missing fails its resources, named with the scope; the others land."""
    refused = {"missing": ["read_conversations"], "status": 403}
    httpx.post(f"{simulator}/_simulator/scopes", json=refused).raise_for_status()

    try:
        run = workspace("run", "--select", "tags,conversations,conversation_parts")
    finally:
        allowed: dict[str, object] = {"missing": [], "status": 403}
        httpx.post(f"{simulator}/_simulator/scopes", json=allowed).raise_for_status()

    assert 1 == run.returncode
    assert "40" == figures(run.stdout)["tags"]["inserted"]
    assert re.search(r'^conversations failed: .*"Read conversations"', run.stderr, re.MULTILINE)
    assert re.search(r"^conversation_parts failed: not run", run.stderr, re.MULTILINE)


def test_unknown_selection_is_refused_with_the_names_that_exist(workspace: CommandLine) -> None:
    """A resource that the source does not have ends the run with code 2 before it begins."""
    run = workspace("run", "--select", "contact")

    assert 2 == run.returncode
    assert "contact" in run.stderr
    assert "contacts" in run.stderr


def test_wrong_settings_are_listed_at_once(workspace: CommandLine) -> None:
    """Every wrong setting is named with its variable, and the code is 2."""
    run = workspace("run", INTERCOM_REGION="mars", INTERCOM_API_VERSION="1.4")

    assert 2 == run.returncode
    assert "INTERCOM_REGION" in run.stderr
    assert "INTERCOM_API_VERSION" in run.stderr


def test_check_names_what_may_be_read(workspace: CommandLine) -> None:
    """A good source has a ticked line for settings, warehouse, workspace and each resource."""
    check = workspace("check")

    assert 0 == check.returncode, check.stdout
    assert "✗" not in check.stdout
    for name in ("settings", "warehouse", "workspace", "contacts", "conversation_parts"):
        assert re.search(rf"^✓ {name} ", check.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        ({"INTERCOM_ACCESS_TOKEN": ""}, r"^✗ access token .*INTERCOM_ACCESS_TOKEN"),
        ({"INTERCOM_ACCESS_TOKEN": "wrong"}, r"^✗ workspace .*401.*Developer Hub"),
        ({"INTERCOM_REGION": "eu"}, r"^✗ workspace .*'us'"),
        ({"DUCKDB_DATABASE": "/dev/null/x.duckdb"}, r"^✗ warehouse .*/dev/null"),
        ({"INTERCOM_SCHEDULE": "sometimes"}, r"✗ settings .*"),
    ],
)
def test_check_says_what_to_mend(
    workspace: CommandLine, variables: dict[str, str], line: str
) -> None:
    """What is wrong has a crossed line with the remedy, and the code is 1."""
    check = workspace("check", **variables)

    assert 1 == check.returncode
    assert re.search(line, check.stdout, re.MULTILINE), check.stdout
    assert "wrong" not in check.stdout.replace("is wrong", "")


def test_query_answers_and_keeps_nothing(workspace: CommandLine) -> None:
    """A query prints its answer; what it changes is gone afterwards."""
    workspace("run", "--select", "teams")

    deleted = workspace("query", "DELETE FROM intercom.rudder_teams")
    counted = workspace("query", "SELECT count(*) AS teams FROM intercom.rudder_teams")

    assert (0, 0) == (deleted.returncode, counted.returncode)
    assert ["teams", "6"] == counted.stdout.split()


def test_query_without_a_database_says_to_sync_first(workspace: CommandLine) -> None:
    """A database that does not exist yet is explained."""
    query = workspace("query", "SELECT 1")

    assert 2 == query.returncode
    assert "sync first" in query.stderr


@pytest.mark.parametrize("command", [(), ("run",), ("check",), ("status",), ("query",)])
def test_help_does_not_import_dagster(commands: CommandLine, command: tuple[str, ...]) -> None:
    """Help appears at once: Dagster's import takes seconds."""
    shown = commands(*command, "--help", PYTHONPROFILEIMPORTTIME="1")

    assert 0 == shown.returncode
    assert "Usage:" in shown.stdout
    assert not re.search(r"\| +dagster$", shown.stderr, re.MULTILINE)

"""`intercom-assets` syncs, checks, shows and asks."""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import httpx
import pytest
from click.testing import CliRunner

from intercom_assets.cli import main
from intercom_assets_tests.cli.conftest import (
    READY,
    ROOT,
    CommandLine,
    Done,
    command_line,
    token_of,
)
from intercom_assets_tests.dagster_project.hosting import shipped_project

ELEVEN = 11
QUANTITIES = ("requests_first", "requests_quiet")


def figures(output: str) -> dict[str, dict[str, str]]:
    """Read the table that a run prints: numbers by resource and column."""
    lines = output.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("resource"))
    columns = lines[start].split()
    rows = [line.split() for line in lines[start + 1 :] if line.strip()]
    return {
        row[0]: dict(zip(columns, row, strict=True)) for row in rows if len(row) == len(columns)
    }


@dataclass(frozen=True)
class TwoRuns:
    """What a first and a second run printed, and where they ran."""

    workspace: CommandLine
    first: Done
    second: Done


@pytest.fixture(scope="module")
def ran(simulator: str, tmp_path_factory: pytest.TempPathFactory) -> TwoRuns:
    """Run twice, the second time for programs."""
    workspace = command_line(tmp_path_factory.mktemp("ran"), **token_of(simulator))
    return TwoRuns(
        workspace, workspace("run"), workspace("run", "--json", "--select", "tags,contacts")
    )


def test_second_run_inserts_and_updates_nothing(ran: TwoRuns) -> None:
    """Run twice, write once: the table at the end says so, and status shows the rows."""
    first, second = ran.first, ran.second
    status = ran.workspace("status")

    assert (0, 0, 0) == (first.returncode, second.returncode, status.returncode), first.stderr
    assert "\x1b" not in first.stdout + first.stderr + status.stdout
    assert ELEVEN == len(figures(first.stdout))
    assert "60" == figures(first.stdout)["contacts"]["inserted"]
    assert "Warning" not in first.stderr
    [source] = json.loads(second.stdout)["sources"]
    assert (0, 0) == (source["totals"]["rows_inserted"], source["totals"]["rows_updated"])
    assert re.search(r"^contacts +60 20\d\d-", status.stdout, re.MULTILINE)
    assert "never" not in status.stdout


def test_json_has_the_documented_fields(ran: TwoRuns) -> None:
    """A run, a status and a check as JSON have the fields of the document, and nothing else."""
    documented = examples((ROOT / "docs" / "command-line.md").read_text())

    run = ran.second
    status = ran.workspace("status", "--json")
    check = ran.workspace("check", "--json")

    assert (0, 0, 0) == (run.returncode, status.returncode, check.returncode), check.stdout
    assert documented["run"] == shape(json.loads(run.stdout))
    assert documented["status"] == shape(json.loads(status.stdout))
    assert documented["check"] == shape(json.loads(check.stdout))
    shown = json.loads(run.stdout)
    assert ("ok", 0) == (shown["status"], shown["exit_code"])
    assert datetime.fromisoformat(shown["started_at"]) < datetime.fromisoformat(shown["ended_at"])
    tags, _ = shown["sources"][0]["resources"]
    assert (40, 40, "ok", None) == tuple(
        tags[name] for name in ("rows_unchanged", "row_count", "status", "error")
    )


def examples(document: str) -> dict[str, object]:
    """Read the shape of each command's JSON from the document's examples."""
    found = re.findall(
        r"\$ intercom-assets (\w+) --json.*?\n(\{.*?^\})", document, re.DOTALL | re.MULTILINE
    )
    return {command: shape(json.loads(shown)) for command, shown in found}


def shape(value: object) -> object:
    """Give the fields of a JSON value; of a list, those of its first value."""
    match value:
        case dict():
            return {name: shape(inner) for name, inner in value.items()}
        case [first, *_] if isinstance(first, dict):
            return [shape(first)]
        case list():
            return []
        case _:
            return None


def test_a_demo_spares_the_real_database(commands: CommandLine, tmp_path: Path) -> None:
    """A demo is asked for by name, and has a database of its own; without a token `run` is refused.

    What a source's file says is left alone: the demo does not read it.
    """
    demo = CommandLine(commands.environment, shipped_project(tmp_path / "demo"))
    file = demo.folder / "demo_project" / "defs" / "intercom" / "defs.yaml"
    file.write_text(file.read_text().replace("{env: DUCKDB_DATABASE}", "data/real.duckdb"))

    refused = demo("run", "--json")
    before = demo("status", "--demo")
    run = demo("demo", "--select", "teams,tags")

    assert 2 == refused.returncode
    assert "The variable INTERCOM_ACCESS_TOKEN is empty." in json.loads(refused.stdout)["error"]
    assert 0 == run.returncode, run.stderr
    assert "intercom-assets demo syncs for the first time" in before.stdout
    assert (demo.folder / "data" / "demo.duckdb").exists()
    assert not (demo.folder / "data" / "real.duckdb").exists()
    assert not Path(commands.environment["DUCKDB_DATABASE"]).exists()
    assert "This is a demo" in run.stderr
    assert "data/demo.duckdb" in run.stdout
    assert {"teams", "tags"} <= set(figures(run.stdout))


def test_run_fails_with_one_line_per_failed_resource(
    workspace: CommandLine, simulator: str
) -> None:
    """A scope that is missing fails its resources, named with the scope; the others land."""
    refused = {"missing": ["read_conversations"], "status": 403}
    httpx.post(f"{simulator}/_simulator/scopes", json=refused).raise_for_status()

    try:
        run = workspace("run", "--select", "tags,conversations,conversation_parts")
        quiet = workspace("run", "--quiet", "--select", "tags,conversations")
    finally:
        allowed: dict[str, object] = {"missing": [], "status": 403}
        httpx.post(f"{simulator}/_simulator/scopes", json=allowed).raise_for_status()

    assert (1, 1) == (run.returncode, quiet.returncode)
    assert re.search(r"^tags +intercom.rudder_tags +40 +40 ", run.stdout, re.MULTILINE)
    assert re.search(r"^conversations +failed ", run.stdout, re.MULTILINE)
    assert re.search(r'^conversations failed: .*"Read conversations"', run.stderr, re.MULTILINE)
    assert re.search(r"^conversation_parts not run: ", run.stderr, re.MULTILINE)
    failed, last = quiet.stderr.splitlines()
    assert failed.startswith("conversations failed: ")
    assert "1 of 2 failed or were not run." == last
    assert "" == quiet.stdout


def test_what_is_skipped_is_said_and_fails_nothing(workspace: CommandLine, simulator: str) -> None:
    """A run and a status say what was skipped, and why, in text and as JSON."""
    chosen = {"INTERCOM_RESOURCES": "everything"}
    reason = 'The access token lacks the permission "Read tickets"'
    refused = {"missing": ["read_tickets"], "status": 403}
    httpx.post(f"{simulator}/_simulator/scopes", json=refused).raise_for_status()

    try:
        run = workspace("run", "--select", "tags,ticket_types", **chosen)
        again = workspace("run", "--json", "--select", "ticket_types", **chosen)
    finally:
        allowed: dict[str, object] = {"missing": [], "status": 403}
        httpx.post(f"{simulator}/_simulator/scopes", json=allowed).raise_for_status()
    status = workspace("status", **chosen)
    document = json.loads(workspace("status", "--json", **chosen).stdout)

    assert (0, 0, 0) == (run.returncode, again.returncode, status.returncode), run.stderr
    assert 1 == run.stderr.count(reason)
    assert re.search(r"^ticket_types +skipped ", run.stdout, re.MULTILINE)
    [shown] = json.loads(again.stdout)["sources"][0]["resources"]
    assert ("skipped", reason, None) == (shown["status"], shown["skipped"], shown["error"])
    assert f"ticket_types is skipped: {reason}" in status.stdout
    [stored] = [
        one for one in document["sources"][0]["resources"] if one["resource"] == "ticket_types"
    ]
    assert ("skipped", reason) == (stored["status"], stored["skipped"])


def test_a_dry_run_says_what_syncs_would_cost(workspace: CommandLine, simulator: str) -> None:
    """Requests and minutes by resource, from one request each; nothing is written."""
    arguments = ("run", "--dry-run", "--select", "tags,companies,conversation_parts,macros")
    workspace = CommandLine({**workspace.environment, "INTERCOM_RESOURCES": "everything"})
    log = f"{simulator}/_simulator/requests"
    before = httpx.get(log).json()["total"]
    dry = workspace(*arguments)
    asked = httpx.get(log).json()["total"] - before
    shown = workspace(*arguments, "--json")
    wrong = workspace(*arguments, "--json", INTERCOM_ACCESS_TOKEN="nobody")

    assert (0, 0, 1) == (dry.returncode, shown.returncode, wrong.returncode), dry.stderr
    assert 1 + 4 + 1 == asked, "GET /me, a request per resource, and one for the parent of parts"
    assert re.search(r"^conversation_parts +12 +0\.0 +0 +0\.0", dry.stdout, re.MULTILINE)
    assert re.search(r"^macros +1\+ +0\.0\+ +1\+ +0\.0\+", dry.stdout, re.MULTILINE)
    assert re.search(r"^total +17\+ +0\.0\+ +5\+", dry.stdout, re.MULTILINE)
    [source] = json.loads(shown.stdout)["sources"]
    tags, companies, parts, macros = source["resources"]
    assert (40, 1, 1) == tuple(tags[name] for name in ("records", *QUANTITIES))
    assert (8, 2, 2) == tuple(companies[name] for name in ("records", *QUANTITIES))
    assert (None, 12, 0) == tuple(parts[name] for name in ("records", *QUANTITIES))
    assert (None, None, None) == tuple(macros[name] for name in ("records", *QUANTITIES))
    assert source["requests_per_minute"] == pytest.approx(1667 * 6 * 0.9, rel=0.01)
    assert "Copy it again" in json.loads(wrong.stdout)["error"]
    assert not Path(workspace.environment["DUCKDB_DATABASE"]).exists()


def test_a_run_begins_anew_or_compares(workspace: CommandLine) -> None:
    """A full refresh reads everything, and a reconcile after it finds nothing to mend."""
    whole = workspace("run", "--select", "contacts", "--full-refresh", "--since", "2024-01-31")
    compared = workspace("run", "--select", "contacts", "--reconcile")

    assert (0, 0) == (whole.returncode, compared.returncode), compared.stderr
    assert "60" == figures(whole.stdout)["contacts"]["inserted"]
    assert ("0", "0", "60") == tuple(
        figures(compared.stdout)["contacts"][one] for one in ("inserted", "updated", "rows")
    )


def test_a_run_backfills_a_range(workspace: CommandLine) -> None:
    """`--until` limits what is read; without `--since` it is refused before anything starts."""
    range_of = ("run", "--select", "contacts", "--until", "2024-01-31")
    some = workspace(*range_of, "--since", "1990-01-01", "--json")
    refused = workspace(*range_of)

    assert (0, 2) == (some.returncode, refused.returncode), some.stderr
    [source] = json.loads(some.stdout)["sources"]
    assert 0 < source["totals"]["rows_inserted"] < 60
    assert "until is set without since. Set since too" in refused.stderr


def test_a_model_can_be_selected(with_teams: CommandLine) -> None:
    """A model is made alone; one whose table was never synced is named, and nothing fails."""
    run = with_teams("run", "--select", "team_admins,contact_tags")

    assert 0 == run.returncode, run.stderr
    assert re.search(r"^team_admins +9 ", run.stdout, re.MULTILINE), run.stdout
    assert re.search(r"^contact_tags +skipped ", run.stdout, re.MULTILINE)


def test_unknown_selection_is_refused_with_the_names_that_exist(workspace: CommandLine) -> None:
    """A resource that the source does not have ends the run with code 2 before it begins."""
    run = workspace("run", "--select", "contact")

    assert 2 == run.returncode
    assert "--select names contact, which" in run.stderr
    assert "another name: did you mean contacts? allowed are admins, " in run.stderr


def test_a_selection_that_the_settings_leave_out_names_the_setting(workspace: CommandLine) -> None:
    """A resource of the catalogue that the source does not sync is not called unknown only."""
    run = workspace("run", "--select", "tickets,contact")

    assert 2 == run.returncode
    assert "Choose another name, or put tickets into the setting resources: did you" in run.stderr


def test_wrong_settings_are_listed_at_once(workspace: CommandLine) -> None:
    """Every wrong setting is named with its variable, in JSON too, and the code is 2."""
    run = workspace("run", "--json", INTERCOM_REGION="mars", INTERCOM_API_VERSION="1.4")

    assert 2 == run.returncode
    shown = json.loads(run.stdout)
    assert ("failed", 2, []) == (shown["status"], shown["exit_code"], shown["sources"])
    assert "INTERCOM_REGION" in shown["error"]
    assert "INTERCOM_REGION" in run.stderr
    assert "INTERCOM_API_VERSION" in run.stderr


def test_check_names_what_may_be_read(workspace: CommandLine) -> None:
    """A good source has a ticked line for settings, warehouse, workspace and each resource."""
    check = workspace("check")

    assert 0 == check.returncode, check.stdout
    assert "✗" not in check.stdout
    for name in ("settings", "warehouse", "workspace", "contacts", "conversation_parts"):
        assert re.search(rf"^✓ {name} ", check.stdout, re.MULTILINE)
    assert 'may be read ("Read tags"), 40 records, 1 request per quiet sync' in check.stdout


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        ({"INTERCOM_ACCESS_TOKEN": ""}, r"^✗ access token .*INTERCOM_ACCESS_TOKEN"),
        ({"INTERCOM_ACCESS_TOKEN": "wrong"}, r"^✗ workspace .*Developer Hub.*401"),
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
    assert "wrong" not in check.stdout.replace("is wrong", "").replace("are wrong", "")


def test_check_finds_the_tables_of_another_tool(workspace: CommandLine) -> None:
    """What a sync would refuse to write has a crossed line that says how to rename it."""
    with duckdb.connect(workspace.environment["DUCKDB_DATABASE"]) as database:
        database.execute("CREATE SCHEMA intercom")
        database.execute("CREATE TABLE intercom.rudder_tags (id INTEGER)")
        database.execute("CREATE TABLE intercom.rudder_teams (id INTEGER)")

    check = workspace("check")

    assert 1 == check.returncode
    crossed = re.findall(r"^✗ (\S+) +.*RENAME TO", check.stdout, re.MULTILINE)
    assert ["intercom.rudder_teams", "intercom.rudder_tags"] == crossed


def test_query_answers_and_keeps_nothing(with_teams: CommandLine) -> None:
    """A query prints its answer as it is asked to; what it changes is gone afterwards."""
    asked = "SELECT count(*) AS teams, max(_synced_at) AS at, 'a,b' AS text, 1 AS text FROM {}"
    sql = asked.format("intercom.rudder_teams")

    deleted = with_teams("query", "DELETE FROM intercom.rudder_teams")
    table = with_teams("query", sql)
    csv = with_teams("query", "--format", "csv", sql)
    shown = with_teams("query", "--format", "json", "SELECT 6 AS teams, DATE '2026-01-05' AS day")

    codes = (deleted.returncode, table.returncode, csv.returncode, shown.returncode)
    assert (0, 0, 0, 0) == codes, csv.stderr
    assert ["teams", "at", "text", "text", "6"] == table.stdout.split()[:5]
    header, row = csv.stdout.splitlines()
    assert "teams,at,text,text" == header
    assert re.fullmatch(r'6,20\d\d-\d\d-\d\dT[\d:.]+Z,"a,b",1', row)
    assert [{"teams": 6, "day": "2026-01-05"}] == json.loads(shown.stdout)


_AS_ON_WINDOWS = """\
import json, sys
for stream in (sys.stdout, sys.stderr):
    stream.reconfigure(encoding="cp1252", errors="strict", newline="\\r\\n")
from intercom_assets.cli import main
for arguments in json.loads(sys.argv[1]):
    try:
        main(["query", *arguments])
    except SystemExit:
        for stream in (sys.stdout, sys.stderr):
            print("", end="\\0", file=stream, flush=True)
"""
_HARD = "Zoë → 日本𝄞"


def test_what_is_piped_is_utf_8(with_teams: CommandLine) -> None:
    """A file or pipe holds every letter in UTF-8 and lines as they are, on any console."""
    hard = " || ".join(f"chr({ord(one)})" for one in _HARD)
    sql = f"SELECT {hard} AS name, 'a' || chr(13) || 'b' AS cr, 'a' || chr(13) || chr(10) AS crlf"

    queries = (
        ("--format", "csv", sql),
        (f"SELECT {hard} AS name",),
        ("--format", "json", sql),
        (f'FROM "{_HARD}"',),
    )
    done = subprocess.run(
        [sys.executable, "-c", _AS_ON_WINDOWS, json.dumps(queries)],
        cwd=ROOT,
        env=with_teams.environment,
        capture_output=True,
        check=False,
    )
    csv, table, shown, nothing, _ = done.stdout.split(b"\0")
    csv_errors, *_, refusal, _ = done.stderr.split(b"\0")

    assert (f'name,cr,crlf\n{_HARD},"a\rb","a\r\n"\n'.encode(), b"") == (csv, csv_errors)
    assert f"name\n{_HARD}\n" == table.decode()
    assert _HARD == json.loads(shown)[0]["name"]
    assert b"" == nothing
    assert b"\r" not in refusal
    assert refusal.decode().startswith("intercom-assets: DuckDB cannot answer this query")
    assert _HARD in refusal.decode()


def test_simulate_serves_a_workspace(commands: CommandLine) -> None:
    """The command says where it serves, and answers there."""
    arguments = [sys.executable, "-m", "intercom_assets", "simulate", "--port", "0"]
    with subprocess.Popen(
        [*arguments, "--contacts", "5", "--exit-with-parent"],
        env=commands.environment,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip().removeprefix(READY)
        answer = httpx.get(f"{url}/me", headers={"Authorization": "Bearer simulated-token"})
        process.terminate()

    assert "sim4dev1" == answer.json()["app"]["id_code"]


@pytest.mark.parametrize("port", ["99999", "-1"])
def test_simulate_refuses_a_port_that_does_not_exist(commands: CommandLine, port: str) -> None:
    """A port out of range is refused in two lines, without a traceback."""
    refused = commands.process("simulate", "--port", port, "--contacts", "1")

    assert 2 == refused.returncode
    assert 2 == refused.stderr.count("\n"), refused.stderr
    assert "port must be 0-65535" in refused.stderr


def test_the_help_of_simulate_names_itself(commands: CommandLine) -> None:
    """Its usage begins with the command that was typed."""
    assert commands.process("simulate", "--help").stdout.startswith(
        "usage: intercom-assets simulate "
    )


def test_query_without_a_database_says_to_sync_first(workspace: CommandLine) -> None:
    """A database that does not exist yet is explained, and the code is 1."""
    query = workspace("query", "SELECT 1")

    assert 1 == query.returncode
    assert "Run a sync first" in query.stderr


@pytest.mark.parametrize(
    "arguments",
    [("run", "--nonsense"), ("run", "--since"), ("sync",), ("query",), ("completion", "tcsh"),
     ("status", "--source", "mars"), ("check", "--source", "mars")],
    ids=" ".join,
)  # fmt: skip
def test_a_wrong_command_line_is_refused(arguments: tuple[str, ...]) -> None:
    """What cannot be understood has code 2, and says why on stderr only."""
    answer = CliRunner().invoke(main, arguments)

    assert 2 == answer.exit_code
    assert "" == answer.stdout
    assert answer.stderr


def test_the_list_of_commands_cuts_no_sentence() -> None:
    """In 80 columns the help says of each command, whole, what it does."""
    commands = CliRunner().invoke(main, ["--help"], terminal_width=80).stdout.split("Commands:")[1]

    assert "dbt-sources" in commands
    assert "..." not in commands


@pytest.mark.parametrize("command", [(), ("run",), ("check",), ("status",), ("query",)])
def test_help_does_not_import_dagster(commands: CommandLine, command: tuple[str, ...]) -> None:
    """Help appears at once: Dagster's import takes seconds."""
    shown = commands.process(*command, "--help", PYTHONPROFILEIMPORTTIME="1")

    assert 0 == shown.returncode
    assert "Usage:" in shown.stdout
    assert not re.search(r"\| +dagster$", shown.stderr, re.MULTILINE)


def test_status_imports_no_more_than_it_shows(commands: CommandLine) -> None:
    """A status loads the definitions, but nothing that only a sync or Snowflake needs."""
    shown = commands.process(
        "status",
        PYTHONPROFILEIMPORTTIME="1",
        INTERCOM_ACCESS_TOKEN="never-used",
        INTERCOM_SCHEDULE="cron 0 */3 * * * in Europe/Berlin",
    )

    assert 0 == shown.returncode
    assert "intercom-assets run syncs for the first time" in shown.stdout
    imported = set(re.findall(r"\| +([\w.]+)$", shown.stderr, re.MULTILINE))
    assert set() == imported & {"pandas", "pyarrow", "snowflake.connector"}

"""`intercom-assets query` answers with everything that the database answered."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from intercom_assets.cli import main
from intercom_assets.warehouse.duckdb import connect
from intercom_assets_tests.cli.conftest import ROOT, CommandLine
from intercom_assets_tests.cli.test_pty import terminal

WIDE = "SELECT " + ", ".join(f"'{'x' * 20}' AS column_{number}" for number in range(9))


@pytest.fixture
def environment(commands: CommandLine) -> Mapping[str, str]:
    """Make a database, and give the variables that point at it."""
    connect(Path(commands.environment["DUCKDB_DATABASE"])).close()
    return {**commands.environment, "INTERCOM_ACCESS_TOKEN": "set"}


def ask(environment: Mapping[str, str], *arguments: str, stdin: str | None = None) -> Result:
    """Run a query in this process."""
    return CliRunner(env=environment).invoke(main, ["query", *arguments], input=stdin)


def test_json_is_json(environment: Mapping[str, str]) -> None:
    """Columns of JSON are objects, NaN is null, sums are numbers, and times are in UTC."""
    sql = """SELECT '{"a": [1, null]}'::JSON AS data, NULL::JSON AS none, 'NaN'::DOUBLE AS nan,
        sum(n) AS total, 1.50 AS exact, [{'x': 'inf'::DOUBLE}] AS nested,
        TIMESTAMPTZ '2026-01-05 12:00:00+01' AS at, DATE '2026-01-05' AS day
        FROM range(3) AS r(n)"""

    answer = ask(environment, "--format", "json", sql)

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    assert [
        {
            "data": {"a": [1, None]},
            "none": None,
            "nan": None,
            "total": 3,
            "exact": 1.5,
            "nested": [{"x": None}],
            "at": "2026-01-05T11:00:00Z",
            "day": "2026-01-05",
        }
    ] == json.loads(answer.stdout, parse_constant=refuse)


@pytest.mark.parametrize("arguments", [("-",), ()])
def test_sql_comes_from_stdin(environment: Mapping[str, str], arguments: tuple[str, ...]) -> None:
    """A dash, or no statement where stdin is no terminal, reads the statement from stdin."""
    answer = ask(environment, *arguments, stdin="SELECT 6 AS n;\n-- the end\n")

    assert (0, "n\n6\n") == (answer.exit_code, answer.stdout)


def test_a_file_or_pipe_gets_every_column(environment: Mapping[str, str]) -> None:
    """However wide a table is, nothing of it is left out or cut where no terminal limits it."""
    answer = ask(environment, WIDE)

    assert 9 == answer.stdout.count("x" * 20)
    assert "" == answer.stderr


def test_a_terminal_is_told_what_does_not_fit(environment: dict[str, str]) -> None:
    """On 80 columns as many columns are shown as fit, long values end with a mark."""
    with terminal(CommandLine(environment), "query", WIDE) as screen:
        screen.read()
    assert "3 of 9 columns fit this terminal. Name fewer of them" in screen.shown

    with terminal(CommandLine(environment), "query", "SELECT repeat('y', 200) AS y") as screen:
        screen.read()
    assert f"{'y' * 49}…\r\n" in screen.shown


def test_a_table_holds_no_control_characters(environment: Mapping[str, str]) -> None:
    """What a customer wrote neither breaks a line nor commands a terminal; letters stay."""
    answer = ask(environment, r"SELECT E'a\nb\x1b[31m' || 'ü日' AS name")

    assert "name\na\\nb\\x1b[31mü日\n" == answer.stdout


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_a_closed_pipe_ends_quietly(environment: Mapping[str, str], form: str) -> None:
    """Who reads the first line only, as `head` does, sees no error; the code is SIGPIPE's."""
    sql = "SELECT n, repeat('x', 100) AS x FROM range(20000) AS r(n)"
    with subprocess.Popen(
        [sys.executable, "-m", "intercom_assets", "query", "--format", form, sql],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()

    assert (141, b"") == (process.returncode, said)

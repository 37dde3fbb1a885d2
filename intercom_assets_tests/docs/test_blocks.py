"""What the documents show works: every command, setting, query and program in them.

A block of code is run here, or a mark before it says why not (`blocks.py`).
"""

import re
import shlex
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import click
import pytest
import sqlglot
import yaml
from click.testing import CliRunner
from dotenv import dotenv_values

from intercom_assets.catalog import CATALOG, Level
from intercom_assets.catalog.views import MODELS, VERSIONS
from intercom_assets.cli import main
from intercom_assets.cli.demo import DEMO_DATABASE
from intercom_assets.component import IntercomSource
from intercom_assets.engine.cursor import Source
from intercom_assets.engine.progress import Report
from intercom_assets.settings.source import Settings, as_settings, read_settings
from intercom_assets.views.build import make_views
from intercom_assets.warehouse.duckdb import connect
from intercom_assets_tests.docs.blocks import Block, all_blocks, blocks, documents
from intercom_assets_tests.docs.generate import PARTS, ROOT
from intercom_assets_tests.docs.settings_page import (
    EXAMPLES,
    SHIPPED,
    described_settings,
    shipped_settings,
)
from intercom_assets_tests.docs.tables_page import REFERENCES
from intercom_assets_tests.places import DuckDBPlace
from intercom_assets_tests.world import make_world

RUN_HERE = {"console", "dotenv", "python", "sql", "yaml"}
SHOWN_ONLY = {"text"}
REASONS = ("needs ", "asks for ")
OTHER_VARIABLES = {"POSTGRES_PASSWORD", "REDIS_PASSWORD"}
COMMAND = "intercom-assets "
KEY_FILE = "intercom_loader.p8"
LEFT_BEHIND = "CREATE TABLE intercom.old_rudder_contacts AS FROM intercom.rudder_contacts LIMIT 10"
LOGIN = {"account": "myorg-myaccount", "user": "u", "database": "d"}


@dataclass(frozen=True)
class Demo:
    """A project whose demo was synced.

    Attributes:
        folder: Its folder.
        reports: What the syncs did.
    """

    folder: Path
    reports: dict[str, Report]

    @property
    def database(self) -> Path:
        """The file that was synced."""
        return self.folder / DEMO_DATABASE


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Sync a workspace of the demo's size, without Dagster."""
    folder = tmp_path_factory.mktemp("demo")
    world = make_world(
        DuckDBPlace(folder / DEMO_DATABASE), contacts=2000, companies=120, conversations=400, seed=7
    )
    kept = frozenset({"contacts", "conversations"})
    world.source = Source(name="intercom", schema="intercom", prefix="", history=kept)
    names = [resource.name for resource in CATALOG if resource.level is Level.CORE]
    reports = world.sync_all(*names)
    views = (*MODELS, *(one for one in VERSIONS if kept.issuperset(one.sources)))
    make_views(views, world.source, world.warehouse)
    return Demo(folder, reports)


@pytest.mark.parametrize("block", all_blocks(), ids=str)
def test_each_block_is_run_or_says_why_not(block: Block) -> None:
    """A block is of a kind that is run here, or its mark names the reason or the test."""
    kind, _, rest = block.mark.partition(": ")
    match kind:
        case "not run":
            assert rest.startswith(REASONS)
        case "run by":
            tests = [ROOT / "intercom_assets_tests" / name for name in rest.split(", ")]
            source = "".join(test.read_text() for test in tests)
            # A test that reads the page takes the commands from there.
            read = Path(block.document).name in source
            assert read or [] == [word for word in block.words if f'"{word}"' not in source]
        case "output of":
            assert rest.removeprefix("intercom-assets ") in main.commands
        case "snowflake":
            assert "sql" == block.language
        case "":
            assert block.language in RUN_HERE | SHOWN_ONLY
        case _:
            assert kind in PARTS.get(block.document, {})


@pytest.mark.parametrize("document", documents())
def test_lists_are_indented_by_four(document: str) -> None:
    """What belongs to a list's entry is indented by four, or the site takes it for a paragraph."""
    odd = re.findall(
        r"^(?: {1,3}| {5,7})(?:```|\d+\. |[*-] ).*$", (ROOT / document).read_text(), re.MULTILINE
    )

    assert [] == odd


@pytest.mark.parametrize("document", documents())
def test_tables_are_whole(document: str) -> None:
    """A row stands below the head of its table: a blank line would end the table before it."""
    tables = re.findall(r"^\|.*(?:\n\|.*)*", (ROOT / document).read_text(), re.MULTILINE)

    assert [] == [table for table in tables if not re.match(r".*\n\|[-:| ]+\|", table)]


def for_snowflake(block: Block) -> bool:
    """Whether a block is SQL of Snowflake."""
    return "snowflake" == block.mark


COMMANDS = sorted(
    {
        one.removeprefix(".venv/bin/")
        for block in blocks("console")
        if not block.mark
        for one in block.commands
    }
)


def asked(demo: Demo, command: str) -> str:
    """Run one of our commands in this process, on the demo's database."""
    environment = {"DUCKDB_DATABASE": str(demo.database), "INTERCOM_ACCESS_TOKEN": "set"}
    arguments = [one for one in shlex.split(command.removeprefix(COMMAND)) if one != "--demo"]
    result = CliRunner(env=environment).invoke(main, arguments)
    assert 0 == result.exit_code, result.output
    return result.stdout


def test_each_command_works(demo: Demo) -> None:
    """A command that a document shows ends well where the demo was synced."""
    strange = [command for command in COMMANDS if not command.startswith(f"{COMMAND}query")]

    assert [] == strange, "only queries are run here: mark their blocks"
    for command in COMMANDS:
        assert asked(demo, command)


def test_the_shown_outputs_are_those_of_the_commands(demo: Demo) -> None:
    """What the README shows below a command is what it prints, but for what time changes."""
    [ran] = [one for one in all_blocks() if one.mark == "output of: intercom-assets run"]
    [answer] = [one for one in all_blocks() if one.mark == "output of: intercom-assets query"]
    [query] = [one for one in COMMANDS if "query --demo 'SELECT state" in one]

    assert answer.text.split() == asked(demo, query).split()
    shown = {line.split()[0]: line.split()[2:-2] for line in ran.text.splitlines() if " " in line}
    for name, report in demo.reports.items():
        if name in shown:
            assert shown[name] == [f"{figure:,}" for figure in figures(report)]
    total = [sum(column) for column in zip(*map(figures, demo.reports.values()), strict=True)]
    assert [f"{figure:,}" for figure in total] == ran.text.splitlines()[-1].split()[1:-2]


def figures(report: Report) -> tuple[int, ...]:
    """Give the figures of a sync, in the order of the table, but for requests and seconds."""
    return (
        report.records_returned,
        report.inserted,
        report.updated,
        report.unchanged,
        report.deleted,
        report.row_count,
    )


def test_each_program_runs(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program of a document runs in the project's folder."""
    programs = [block for block in blocks("python") if not block.mark]
    monkeypatch.chdir(demo.folder)

    assert programs
    for block in programs:
        exec(compile(block.text, str(block), "exec"), {})  # noqa: S102 - our own documents


def test_each_query_answers(demo: Demo) -> None:
    """SQL of a document runs on a synced DuckDB file, beside a table that RudderStack left."""
    queries = [block for block in blocks("sql") if not block.mark]

    assert queries
    with connect(demo.database) as connection:
        for block in queries:
            connection.begin()
            if "RENAME TO old_rudder_contacts" not in block.text:
                connection.execute(LEFT_BEHIND)
            for statement in connection.extract_statements(block.text):
                connection.execute(statement).fetchall()
            connection.rollback()


def test_tables_join_as_documented(demo: Demo) -> None:
    """Each column that is said to hold the ids of another table holds nothing else."""
    with connect(demo.database) as connection:
        for one in REFERENCES:
            where = one.where or "true"
            strangers = connection.execute(
                f"SELECT {one.column} FROM intercom.rudder_{one.table} WHERE {where} "
                f"AND {one.column} IS NOT NULL "
                f"AND {one.column} NOT IN (SELECT id FROM intercom.rudder_{one.to})"
            ).fetchall()
            assert [] == strangers, one


@pytest.mark.parametrize(
    "command",
    sorted(
        {
            found
            for document in documents()
            for found in re.findall(
                r"(?<=intercom-assets )(?:run|check|connect|status)\b[^`\"\n]*",
                (ROOT / document).read_text(),
            )
            if " --" in found and "-->" not in found
        }
    ),
)
def test_each_option_exists(command: str) -> None:
    """A command in running text names options that there are."""
    name, *arguments = shlex.split(re.split(r"\s{2,}#|[:;(]", command)[0])

    context = main.commands[name].make_context(name, arguments)

    assert isinstance(context, click.Context)


@pytest.mark.parametrize("block", [one for one in blocks("sql") if for_snowflake(one)], ids=str)
def test_each_statement_for_snowflake_parses(block: Block) -> None:
    """SQL of a document for Snowflake is Snowflake's SQL."""
    for statement in sqlglot.parse(block.text, dialect="snowflake"):
        assert statement is not None


def settings(raw: dict[str, object], folder: Path, variables: dict[str, str]) -> Settings:
    """Check settings as a source's file would give them, with what Snowflake needs besides."""
    (folder / KEY_FILE).touch()
    secrets = {"access_token": {"env": "INTERCOM_ACCESS_TOKEN"}, "hash_salt": {"env": "SALT"}}
    given: dict[str, object] = {**secrets, **raw}
    if isinstance(given.get("snowflake"), dict):
        given["snowflake"] = {**LOGIN, **given["snowflake"]}  # type: ignore[dict-item]
    elif "snowflake" in [given.get("warehouse"), *variables.values()]:
        given["snowflake"] = LOGIN
    return read_settings(given, name="intercom", project_root=folder, environment=variables)


@pytest.mark.parametrize("block", [one for one in blocks("yaml") if not one.mark], ids=str)
def test_each_source_file_loads(block: Block, tmp_path: Path) -> None:
    """YAML of a document is a source's file, or a part of one, that is accepted as it stands."""
    document = yaml.safe_load(block.text)
    attributes = document.get("attributes", document)

    component = IntercomSource.resolve_from_dict(attributes)

    assert isinstance(component, IntercomSource)
    assert isinstance(settings(as_settings(attributes), tmp_path, {}), Settings)


@pytest.mark.parametrize("block", blocks("dotenv"), ids=str)
def test_each_env_file_is_accepted(block: Block, tmp_path: Path) -> None:
    """Lines for `.env` set variables that the shipped source or a deployment reads."""
    variables = {
        name: value or "" for name, value in dotenv_values(stream=StringIO(block.text)).items()
    }
    known = set(shipped_settings().values()) | OTHER_VARIABLES
    needed = {f"SNOWFLAKE_{name.upper()}": value for name, value in LOGIN.items()}

    assert set() == set(variables) - known
    shipped = yaml.safe_load(SHIPPED.read_text())["attributes"]
    assert isinstance(settings(shipped, tmp_path, {**needed, **variables}), Settings)


@pytest.mark.parametrize("name", described_settings())
def test_each_setting_has_an_example_of_both_forms(name: str, tmp_path: Path) -> None:
    """The file's value and the variable's text of an example mean the same."""
    assert name in EXAMPLES, "give it an example in settings_page.py"
    example = EXAMPLES[name]
    group, _, inner = name.rpartition(".")
    warehouse: dict[str, object] = {"warehouse": "snowflake"} if group else {}

    def given(value: object) -> dict[str, object]:
        return {**warehouse, (group or name): {inner: value} if group else value}

    written = settings(given(example.value), tmp_path, {"V": example.variable})
    read = settings(given({"env": "V"}), tmp_path, {"V": example.variable})

    if isinstance(example.value, dict) and "env" in example.value:
        assert isinstance(read, Settings)
    else:
        assert written == read

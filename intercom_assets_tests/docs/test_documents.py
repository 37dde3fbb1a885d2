"""What the documents say is true."""

import re
import subprocess
from pathlib import Path

import click
import dagster as dg
import pandas as pd
import pytest

from intercom_assets.catalog import CATALOG
from intercom_assets.cli import main
from intercom_assets_tests.docs.blocks import blocks, documents
from intercom_assets_tests.docs.generate import FILES, PARTS, ROOT, rendered
from intercom_assets_tests.docs.settings_page import described_settings, shipped_settings

README = (ROOT / "README.md").read_text()
SETTINGS = (ROOT / "docs" / "settings.md").read_text()
PROMISES = (ROOT / "docs" / "guarantees.md").read_text()


@pytest.mark.parametrize("document", [*PARTS, *FILES])
def test_generated_parts_are_current(document: str) -> None:
    """What follows from the code in the documents is as the code says."""
    assert rendered(document) == (ROOT / document).read_text()


@pytest.mark.parametrize("name", CATALOG.names)
def test_readme_lists_each_resource(name: str) -> None:
    """The README names each resource."""
    assert f"[{name}](docs/tables.md#{name})" in README


@pytest.mark.parametrize("name", described_settings())
def test_each_setting_is_explained(name: str) -> None:
    """The page of settings has a section for each setting of the component."""
    assert f"### `{name}`" in SETTINGS


@pytest.mark.parametrize("command", main.commands)
def test_readme_shows_each_command(command: str) -> None:
    """The README shows each command of the command line."""
    assert f"intercom-assets {command}" in README


@pytest.mark.parametrize("command", main.commands.values(), ids=main.commands)
def test_each_command_explains_itself_and_its_options(command: click.Command) -> None:
    """Each command and each of its options has a help text."""
    assert command.help
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, option.name


@pytest.mark.parametrize("document", documents())
def test_links_to_files_lead_somewhere(document: str) -> None:
    """A relative link in a document names a file that exists."""
    place = ROOT / document
    targets = re.findall(r"\]\((?!https?:)([^)#\s]+)", place.read_text())

    assert [] == [target for target in targets if not (place.parent / target).exists()]


@pytest.mark.parametrize("target", ["setup", "run", "test", "check", "dev", "docs"])
def test_make_explains_each_target(target: str) -> None:
    """`make help` lists each target that the documents name, with what it does."""
    shown = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout

    assert re.search(rf"make {target}\s+\S", shown)


def test_the_downstream_example_runs() -> None:
    """The documented downstream asset computes what it says from a DataFrame of contacts."""
    [example] = [block for block in blocks("python") if "signups_per_day" in block.text]
    namespace: dict[str, object] = {}
    exec(compile(example.text, str(example), "exec"), namespace)  # noqa: S102 - our own document
    asset = namespace["signups_per_day"]
    contacts = pd.DataFrame(
        {
            "id": ["1", "2", "3", "4"],
            "role": ["user", "user", "lead", "user"],
            "created_at": pd.to_datetime(["2024-01-31T12:00:00Z"] * 4),
            "_deleted_at": pd.Series(pd.NaT, index=range(3), dtype="datetime64[us, UTC]").reindex(
                range(4), fill_value=pd.Timestamp("2024-02-01", tz="UTC")
            ),
        }
    )

    assert isinstance(asset, dg.AssetsDefinition)
    frame = asset(contacts=contacts)

    assert isinstance(frame, pd.DataFrame)
    assert [2] == frame["signups"].tolist()


def test_shipped_source_reads_every_setting_from_a_variable() -> None:
    """A newcomer edits no file: each setting of the shipped source but the name is a variable."""
    assert set(described_settings()) - {"name"} == set(shipped_settings())


def test_constraints_name_no_place() -> None:
    """The pinned versions are versions only, without the address of a registry."""
    lines = Path(ROOT / "constraints.txt").read_text().splitlines()

    odd = [line for line in lines if not re.fullmatch(r"#.*|[\w.-]+==[\w.+!]+", line)]

    assert odd == []


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([a-z_]+/test_[\w/.:]+)`", PROMISES))))
def test_each_promise_names_tests_that_exist(name: str) -> None:
    """A test that the guarantees name as their proof is there."""
    file, _, function = name.partition("::")

    source = (ROOT / "intercom_assets_tests" / file).read_text()

    assert f"def {function}" in source

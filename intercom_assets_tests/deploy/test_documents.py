"""What docs/deploy.md tells a reader to type exists."""

import re

import pytest

from intercom_assets.cli import main
from intercom_assets_tests.dagster_project.running import ROOT
from intercom_assets_tests.deploy.files import services

DOCUMENT = (ROOT / "docs" / "deploy.md").read_text()
COMMANDS = [
    line.strip().removeprefix("$ ").split("#")[0]
    for block in re.findall(r"```console\n(.*?)```", DOCUMENT, re.DOTALL)
    for line in block.splitlines()
    if line.strip()
]


def test_each_link_leads_somewhere() -> None:
    """Relative links name files that exist, and links within the document its headings."""
    targets = re.findall(r"\]\((?!https?:)([^)]+)\)", DOCUMENT)
    headings = {
        "#" + re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.*)$", DOCUMENT, re.MULTILINE)
    }

    missing = [
        target
        for target in targets
        if target not in headings and not (ROOT / "docs" / target).exists()
    ]

    assert [] == missing


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_names_what_exists(command: str) -> None:
    """Files after -f are there, and so are our commands and the services that `dc` names."""
    for file in re.findall(r"-f (\S+)", command):
        assert file == "-" or (ROOT / file).exists()
    for name in re.findall(r"intercom-assets ([a-z]+)", command):
        assert name in main.commands
    match command.split():
        case ["dc", "exec" | "stop" | "start" | "logs", *rest]:
            [service, *_] = [one for one in rest if not one.startswith("-")]
            assert service in services("compose")
        case _:
            assert command


def test_named_files_of_the_project_exist() -> None:
    """Paths in the text are paths of the project."""
    named = set(re.findall(r"`((?:deploy|intercom_assets)/[\w./-]+)`", DOCUMENT))
    tests = {name for name in named if name.startswith("deploy/test_")}

    assert [] == sorted(name for name in named - tests if not (ROOT / name).exists())
    assert [] == sorted(
        name for name in tests if not (ROOT / "intercom_assets_tests" / name).exists()
    )

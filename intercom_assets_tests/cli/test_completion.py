"""A shell completes commands, options, resources and sources, at once."""

import os
import subprocess
import sys

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from intercom_assets.cli import main
from intercom_assets_tests.cli.conftest import ROOT

HEAVY = {"dagster", "httpx", "duckdb", "pyarrow"}


def completed(*arguments: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Complete the last argument, in the project's folder."""
    monkeypatch.chdir(ROOT)
    given, begun = list(arguments[:-1]), arguments[-1]
    shell = ShellComplete(main, {}, "intercom-assets", "_INTERCOM_ASSETS_COMPLETE")
    return [item.value for item in shell.get_completions(given, begun)]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("comp",), ["completion"]),
        (("completion", ""), ["bash", "zsh", "fish"]),
        (("run", "--se"), ["--select"]),
        (
            ("run", "--select", "conv"),
            [
                "conversations",
                "conversation_parts",
                "conversation_attributes",
                "conversations_flat",
                "conversation_tags",
                "conversation_contacts",
                "conversation_monitors",
                "conversation_scorecards",
                "conversation_taggings",
                "conversation_teammates",
                "conversation_links",
                "conversation_ai_sources",
                "conversation_attachments",
            ],
        ),
        (
            ("run", "--select", "conversations,tags,conversation_p"),
            ["conversations,tags,conversation_parts"],
        ),
        (("status", "--source", "int"), ["intercom"]),
        (("query", "--format", "c"), ["csv"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_names_are_completed(
    arguments: tuple[str, ...], expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commands, options, and each of several resources and models are completed."""
    assert expected == completed(*arguments, monkeypatch=monkeypatch)


def test_wrong_settings_complete_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where settings are wrong there is nothing to complete, and no trace on the line."""
    monkeypatch.setenv("INTERCOM_RESOURCES", "martians")

    assert [] == completed("status", "--source", "", monkeypatch=monkeypatch)


_COMPLETE = """
import sys
from click.shell_completion import ShellComplete
from intercom_assets.cli import main
shell = ShellComplete(main, {}, "intercom-assets", "_INTERCOM_ASSETS_COMPLETE")
print(len(shell.get_completions(["run", "--select"], "c")))
print(*sys.modules)
"""


def test_completion_imports_what_settings_need() -> None:
    """Names are completed without Dagster, a client or a driver."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _COMPLETE],
        cwd=ROOT,
        env={**os.environ, "INTERCOM_BASE_URL": "", "INTERCOM_RESOURCES": ""},
        capture_output=True,
        text=True,
        check=True,
    )

    count, modules = done.stdout.splitlines()
    assert 55 == int(count)
    assert set() == HEAVY & set(modules.split())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell_asks_the_command(shell: str) -> None:
    """The script that a shell evaluates calls the command for completions."""
    shown = CliRunner().invoke(main, ["completion", shell])

    assert 0 == shown.exit_code
    assert f"_INTERCOM_ASSETS_COMPLETE={shell}_complete" in shown.stdout

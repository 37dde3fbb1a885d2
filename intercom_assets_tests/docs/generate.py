"""The parts of the documents that follow from the code, between their marks.

`python -m intercom_assets_tests.docs.generate` writes them; `--check` only compares.
"""

import inspect
import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from intercom_assets.catalog import CATALOG, OLDEST, Level
from intercom_assets.catalog.families import tickets
from intercom_assets.catalog.views import MODELS, VERSIONS
from intercom_assets.cli import main as command_line
from intercom_assets.quality.checks import Check, checks_of
from intercom_assets.quality.view_checks import view_checks_of
from intercom_assets_tests.docs import diagrams, rudderstack, settings_page, tables_page
from intercom_assets_tests.docs.api_changes import CHANGES
from intercom_assets_tests.docs.decisions import listed
from intercom_assets_tests.docs.speed import speed
from intercom_simulator.control import describe_actions

ROOT = Path(__file__).resolve().parents[2]


def resources() -> str:
    """Give the table of resources: a row for each family, a column for each way to select."""
    rows = ["| family | `all` | `everything` adds | by name |", "|---|---|---|---|"]
    for family, resources in CATALOG.families.items():
        cells = (
            ", ".join(f"[{one.name}](docs/tables.md#{one.name})" for one in those)
            for those in ([one for one in resources if one.level is level] for level in Level)
        )
        rows.append(f"| {family} | {' | '.join(cells)} |")
    return "\n".join(rows)


def changes() -> str:
    """Give the table of what each version of the API changed."""
    rows = ["| version | about | Intercom changed | in our tables |", "|---|---|---|---|"]
    for change in CHANGES:
        version = f"{change.since}" if change.is_verified else f"{change.since} *unverified*"
        columns = ", ".join(f"`{one}`" for one in (*change.added, *change.respelled))
        effect = f"{columns}: {change.effect}" if columns else change.effect
        about = change.resource or "requests"
        rows.append(f"| {version} | {about} | {change.what} | {effect} |")
    return "\n".join(rows)


def endpoints() -> str:
    """Give the table of the resources that did not exist from the oldest version on."""
    rows = ["| resource | since |", "|---|---|"]
    rows += [f"| {one.name} | {one.since} |" for one in CATALOG if one.since > OLDEST]
    rows.append(f"| all others | {OLDEST} or before |")
    return "\n".join(rows)


def recipe() -> str:
    """Give the declaration of `ticket_types` as it stands in its file."""
    source = inspect.getsource(tickets)
    pattern = r'^    Resource\(\n        name="ticket_types".*?^    \),$'
    found = re.search(pattern, source, re.MULTILINE | re.DOTALL)
    assert found is not None, "ticket_types is declared otherwise than the recipe says"
    return f"```python\n{found[0]}\n```"


def checks() -> str:
    """Give the table of checks, with the resources that have each."""
    rows = ["| check | of | severity | fails |", "|---|---|---|---|"]
    of: dict[Check[Any], list[str]] = {}
    for resource in CATALOG:
        for check in checks_of(resource, None):
            of.setdefault(check, []).append(resource.name)
    for model in MODELS:
        for judged in view_checks_of(model):
            of.setdefault(judged, []).append(model.name)
    for judged in view_checks_of(VERSIONS[0]):
        of[judged] = ["each view of versions, where a [history](history.md) is kept"]
    for described, names in of.items():
        shown = "every resource" if len(names) == len(CATALOG.names) else ", ".join(names)
        severity = described.severity.value.upper()
        rows.append(f"| `{described.name}` | {shown} | {severity} | {described.description} |")
    return "\n".join(rows)


def models() -> str:
    """Give the table of models."""
    rows = ["| model | selected by | what it shows | made of |", "|---|---|---|---|"]
    for one in MODELS:
        selected = f"with `include: {one.on_request}`" if one.on_request else "`all`"
        selected = selected if one.level is Level.CORE else "`everything`"
        made_of = ", ".join(one.sources)
        rows.append(f"| `{one.name}` | {selected} | {one.description} | {made_of} |")
    return "\n".join(rows)


def commands() -> str:
    """Give each command with what it does, and a table of its options."""
    parts: list[str] = []
    for name, command in command_line.commands.items():
        told = inspect.cleandoc(command.help or "").split("\n\n")[0].replace("\n", " ")
        arguments = [one.make_metavar(click.Context(command)) for one in command.params
                     if isinstance(one, click.Argument) and name != "simulate"]  # fmt: skip
        parts += [f"### `{' '.join(['intercom-assets', name, *arguments])}`", "", told, ""]
        if options := [one for one in command.params if isinstance(one, click.Option)]:
            rows = [f"| {_spelled(option)} | {_told(option)} |" for option in options]
            parts += ["| option | meaning |", "|---|---|", *rows, ""]
    return "\n".join(parts).strip()


def simulator() -> str:
    """Give the actions of the simulator's control API."""
    rows = ["| action | arguments | what it does |", "|---|---|---|"]
    for name, arguments, what in describe_actions():
        rows.append(f"| `{name}` | {f'`{arguments}`' if arguments else ''} | {what} |")
    return "\n".join(rows)


def _spelled(option: click.Option) -> str:
    value = "" if option.is_flag else f" {option.make_metavar(click.Context(command_line))}"
    return ", ".join(f"`{one}{value}`" for one in option.opts).replace("|", "\\|")


def _told(option: click.Option) -> str:
    default = f" Default: {option.default}." if option.show_default else ""
    return f"{option.help}{default}"


PARTS: dict[str, dict[str, Callable[[], str]]] = {
    "README.md": {"resources": resources, "speed": speed},
    "CONTRIBUTING.md": {"recipe": recipe},
    "docs/checks.md": {"checks": checks},
    "docs/command-line.md": {"commands": commands, "simulator": simulator},
    "docs/decisions/index.md": {"decisions": listed},
    "docs/models.md": {"models": models},
    "docs/api-versions.md": {"changes": changes, "endpoints": endpoints},
    "docs/settings.md": {"overview": settings_page.overview, "sections": settings_page.sections},
    "docs/tables.md": {
        "overview": tables_page.overview,
        "types": tables_page.types,
        "metadata": tables_page.metadata,
        "joins": tables_page.joins,
        "tables": tables_page.tables,
    },
}
"""Parts of documents, by their marks."""

FILES: dict[str, Callable[[], str]] = {
    "docs/images/sync.svg": diagrams.sync,
    "docs/images/tables.svg": diagrams.tables,
} | {
    f"docs/rudderstack-views-{name}.sql": partial(rudderstack.script, dialect)
    for name, dialect in rudderstack.DIALECTS.items()
}
"""Files that are generated whole."""


def rendered(document: str) -> str:
    """Give a document or file as it should be: generated, or with its generated parts."""
    if document in FILES:
        return FILES[document]()
    text = (ROOT / document).read_text()
    for mark, part in PARTS[document].items():
        pattern = re.compile(rf"(<!-- {mark} -->\n).*?(<!-- /{mark} -->)", re.DOTALL)
        text, count = pattern.subn(lambda m, part=part: f"{m[1]}{part()}\n{m[2]}", text)  # type: ignore[misc]
        assert count == 1, f"{document} lacks the marks of {mark}"
    return text


def _written(document: str) -> str:
    path = ROOT / document
    return path.read_text() if path.exists() else ""


def main() -> None:
    """Write the documents, or with `--check` fail where one is not current."""
    stale = [name for name in (*PARTS, *FILES) if _written(name) != rendered(name)]
    if "--check" in sys.argv:
        if stale:
            sys.exit(f"not current: {', '.join(stale)}; run make format")
        return
    for name in stale:
        (ROOT / name).write_text(rendered(name))


if __name__ == "__main__":
    main()

"""Options that say how a command answers, and the JSON that it prints then."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

FAILED = 1
"""Exit code where something failed or has to be mended."""

REFUSED = 2
"""Exit code of a wrong command line or wrong settings: click's own."""


def as_json(command: Command) -> Command:
    """Add --json."""
    return click.option(
        "--json",
        "as_json",
        is_flag=True,
        help="Print one JSON object on stdout instead of text; docs/command-line.md names its "
        "fields.",
    )(command)


def quiet(command: Command) -> Command:
    """Add --quiet."""
    return click.option(
        "--quiet",
        "-q",
        is_flag=True,
        help="Print nothing unless something fails: then what failed, and one line at the end.",
    )(command)


def print_json(value: Mapping[str, object]) -> None:
    """Print one object, in ASCII, so that it passes through every pipe."""
    click.echo(json.dumps(value, indent=2, default=_written))


def instant(at: datetime | None) -> str | None:
    """Write a time in ISO 8601, in UTC."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _written(value: object) -> str:
    return str(instant(value)) if isinstance(value, datetime) else str(value)

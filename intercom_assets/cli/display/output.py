"""Output options shared by commands, their exit codes, and how JSON is printed."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import click

from intercom_assets.errors import ConfigurationError, IntercomAssetsError

FAILED = 1
"""Exit code if something failed or needs fixing."""

REFUSED = 2
"""Exit code for a wrong command line or wrong settings, the same as click's."""

INTERRUPTED = 130
"""Exit code after Ctrl-C, as in shells."""


def exit_code_of(error: IntercomAssetsError) -> int:
    """Return the exit code of a command that an error ends."""
    return REFUSED if isinstance(error, ConfigurationError) else FAILED


as_json = click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print one JSON object on stdout instead of text; docs/command-line.md names its fields.",
)

of_demo = click.option("--demo", is_flag=True, help="Read the database that `demo` wrote.")

quiet = click.option(
    "--quiet",
    "-q",
    is_flag=True,
    help="Print nothing unless something fails: then what failed, and one line at the end.",
)


def print_json(value: Mapping[str, object]) -> None:
    """Print an object as ASCII JSON, which survives any pipe."""
    click.echo(json.dumps(value, indent=2, default=_written))


def print_document(code: int, error: str | None, sources: Sequence[Mapping[str, object]]) -> None:
    """Print how a command ended, and what it found of each source."""
    status = "failed" if code else "ok"
    print_json({"status": status, "exit_code": code, "error": error, "sources": sources})


def instant(at: datetime | None) -> str | None:
    """Format a time in ISO 8601, in UTC."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _written(value: object) -> str:
    return str(instant(value)) if isinstance(value, datetime) else str(value)

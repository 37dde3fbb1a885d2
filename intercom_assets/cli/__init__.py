"""The command `intercom-assets`: run, demo, check, connect, status, query, state and others.

What a command cannot do is a `ConfigurationError`; the group prints it, and ends with code 2.
"""

import io
import os
import sys
from typing import NoReturn

import click

from intercom_assets.cli.commands import (
    check,
    connect,
    dbt_sources,
    demo,
    forget,
    query,
    run,
    state,
    status,
)
from intercom_assets.cli.completion import completion
from intercom_assets.cli.display.output import exit_code_of
from intercom_assets.errors import IntercomAssetsError

__all__ = ["main"]

_CLOSED_PIPE = 141
"""The exit code that shells give to a program ended by a closed pipe."""


class _Commands(click.Group):
    def invoke(self, context: click.Context) -> object:
        """Run a command; say why it is refused, and end it if the pipe it writes to is closed."""
        try:
            return super().invoke(context)
        except IntercomAssetsError as error:
            click.echo(f"intercom-assets: {error}", err=True)
            sys.exit(exit_code_of(error))
        except BrokenPipeError:
            # Python flushes stdout once more when it exits.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(_CLOSED_PIPE)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Settings are environment variables, or lines of .env in the project's folder: "
    "INTERCOM_ACCESS_TOKEN, INTERCOM_REGION, DUCKDB_DATABASE and others; docs/settings.md "
    "lists them.",
)
@click.version_option(package_name="intercom-assets")
def main() -> None:
    """Sync Intercom into a warehouse with Dagster.

    \b
    First time:       intercom-assets demo     (a simulated workspace, no account needed)
    Your workspace:   put INTERCOM_ACCESS_TOKEN=... into .env (or: intercom-assets connect), then
                      intercom-assets check    (token, region, scopes, warehouse)
                      intercom-assets run
    Every day:        intercom-assets status, or the Dagster UI (make dev)
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.isatty():
            # A character that the terminal cannot encode must not abort the command.
            stream.reconfigure(errors="replace")
        elif isinstance(stream, io.TextIOWrapper):
            # Files and pipes get UTF-8 and unchanged line ends, whatever the console's encoding.
            stream.reconfigure(encoding="utf-8", errors="replace", newline="\n")


@main.command(
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def simulate(arguments: tuple[str, ...]) -> NoReturn:
    """Serve a simulated Intercom on this machine."""
    os.environ["INTERCOM_SIMULATOR_COMMAND"] = "intercom-assets simulate"  # the name in its help
    os.execv(  # noqa: S606 - our own module in our own interpreter
        sys.executable, [sys.executable, "-m", "intercom_simulator", *arguments]
    )


for command in (run, demo, check, connect, status, query, state, forget, dbt_sources, completion):
    main.add_command(command)

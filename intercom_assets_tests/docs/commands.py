"""The commands of the command line, by name; each is imported."""

import click

from intercom_assets.cli import main


def all_commands() -> dict[str, click.Command]:
    """Import every command, in the order of the help."""
    context = click.Context(main)
    found = {name: main.get_command(context, name) for name in main.list_commands(context)}
    return {name: command for name, command in found.items() if command is not None}

"""Shell completion: click's own, with the names of the project's resources and sources."""

import click
from click.shell_completion import CompletionItem, get_completion_class

from intercom_assets.errors import ConfigurationError

_COMMAND = "intercom-assets"
_VARIABLE = "_INTERCOM_ASSETS_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that completes commands in a shell.

    It completes options, resources and sources too.

    \b
    bash: put into ~/.bashrc       eval "$(intercom-assets completion bash)"
    zsh:  put into ~/.zshrc        eval "$(intercom-assets completion zsh)"
    fish: once                     intercom-assets completion fish > ~/.config/fish/completions/intercom-assets.fish
    """  # noqa: D301, E501 - \b is click's mark for text that is not to be wrapped
    kind = get_completion_class(shell)
    assert kind is not None, f"click completes {shell}"
    click.echo(kind(context.find_root().command, {}, _COMMAND, _VARIABLE).source())


def complete_resources(
    _: click.Context, __: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete the last name in a comma-separated list of resources and models.

    All that there are, since finding out which a project has takes seconds.
    """
    from intercom_assets.catalog import CATALOG  # noqa: PLC0415 - only when asked
    from intercom_assets.catalog.views import NAMES  # noqa: PLC0415

    before, comma, begun = incomplete.rpartition(",")
    given = before.split(",")
    return [
        CompletionItem(f"{before}{comma}{name}")
        for name in (*CATALOG.names, *NAMES)
        if name.startswith(begun) and name not in given
    ]


def complete_sources(
    _: click.Context, __: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete the name of a source."""
    from intercom_assets.cli.project import find_project  # noqa: PLC0415 - only when asked

    try:
        names = [source.name for source in find_project().sources()]
    except ConfigurationError:
        return []
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]

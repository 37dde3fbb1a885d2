"""Shell completion: click's own, with the names of the project's resources and sources."""

from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem, get_completion_class

from intercom_assets.errors import ConfigurationError

if TYPE_CHECKING:
    from intercom_assets.cli.project import SourceFile

_COMMAND = "intercom-assets"
_VARIABLE = "_INTERCOM_ASSETS_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that completes commands, options, resources and sources in a shell.

    \b
    bash: put into ~/.bashrc       eval "$(intercom-assets completion bash)"
    zsh:  put into ~/.zshrc        eval "$(intercom-assets completion zsh)"
    fish: once                     intercom-assets completion fish > ~/.config/fish/completions/intercom-assets.fish
    """  # noqa: D301, E501 - \b is click's mark for text that is not to be wrapped
    kind = get_completion_class(shell)
    assert kind is not None, f"click completes {shell}"
    click.echo(kind(context.find_root().command, {}, _COMMAND, _VARIABLE).source())


def complete_resources(
    context: click.Context, _: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete the last name in a comma-separated list of resources and models."""
    from intercom_assets.cli.project import readable  # noqa: PLC0415 - only when asked

    before, comma, begun = incomplete.rpartition(",")
    given = before.split(",")
    named = context.params.get("source") or ()
    chosen = list(readable(_sources((named,) if isinstance(named, str) else named)))
    names = [resource.name for settings in chosen for resource in settings.resources]
    names += [model.name for settings in chosen for model in settings.models]
    return [
        CompletionItem(f"{before}{comma}{name}")
        for name in dict.fromkeys(names)
        if name.startswith(begun) and name not in given
    ]


def complete_sources(
    _: click.Context, __: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete the name of a source."""
    names = [source.name for source in _sources()]
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def _sources(names: tuple[str, ...] = ()) -> "list[SourceFile]":
    from intercom_assets.cli.project import find_project  # noqa: PLC0415 - only when asked

    try:
        return find_project().sources(names)
    except ConfigurationError:
        return []

"""`intercom-assets status`: what stands in the warehouse, and how old it is."""

import sys

import click

from intercom_assets.cli.completion import complete_sources
from intercom_assets.cli.output import as_json


@click.command()
@click.option(
    "--source",
    multiple=True,
    metavar="NAME",
    shell_complete=complete_sources,
    help="Source to show; repeat it for several. Default: every source.",
)
@as_json
def status(source: tuple[str, ...], *, as_json: bool) -> None:
    """Show rows, cursor, last sync and age of each resource.

    Nothing is asked of Intercom. Without an access token this shows the demo's database. "rows"
    leaves out rows that are marked as deleted. A sync that was interrupted says so: the next run
    goes on from its cursor.

    \b
    Examples:
      intercom-assets status
      intercom-assets status --source eu --json

    Exit code: 0, whatever stands there; 1 when the warehouse cannot be read, 2 for a wrong command
    line or wrong settings.
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped
    # What it imports takes longer than --help should take.
    from intercom_assets.cli.standing import show_status  # noqa: PLC0415

    sys.exit(show_status(source, as_json=as_json))

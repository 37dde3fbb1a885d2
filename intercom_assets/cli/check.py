"""`intercom-assets check`: everything that a sync needs, a line each, with what to do."""

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
    help="Source to check; repeat it for several. Default: every source.",
)
@as_json
def check(source: tuple[str, ...], *, as_json: bool) -> None:
    """Check settings, token, region, version, permissions and warehouse.

    Asks Intercom for next to nothing, about one request per resource, and changes nothing.

    \b
    Examples:
      intercom-assets check
      intercom-assets check --source eu --json

    Exit code: 0 when a sync would work, 1 when something has to be mended, 2 for a wrong command
    line or where there is no such source.
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped
    # What it imports takes longer than --help should take.
    from intercom_assets.cli.findings import show_findings  # noqa: PLC0415

    sys.exit(show_findings(source, as_json=as_json))

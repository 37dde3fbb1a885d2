"""`intercom-assets run`: one sync of every selected resource through Dagster, in this process."""

import sys

import click

from intercom_assets.cli.completion import complete_resources, complete_sources
from intercom_assets.cli.output import as_json, quiet


@click.command()
@click.option(
    "--select",
    "-s",
    metavar="NAMES",
    shell_complete=complete_resources,
    help="Resources to sync and models to make, separated by commas: contacts,contacts_flat. "
    "Default: all that the settings select.",
)
@click.option(
    "--full-refresh",
    is_flag=True,
    help="Forget the cursors, read everything again, and mark what is gone as deleted. No reader "
    "of the tables misses a row meanwhile.",
)
@click.option(
    "--reconcile",
    is_flag=True,
    help="Afterwards compare every stored row with Intercom: fetch what syncs missed, and mark "
    "what Intercom confirms as gone.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Let a reconcile go on where more than a tenth of the rows are missing.",
)
@click.option(
    "--since",
    metavar="TIME",
    help="Read what was updated from this UTC date or time on, if that is earlier than the "
    "cursor: 2024-01-31 or 2024-01-31T12:00:00Z.",
)
@click.option(
    "--source",
    multiple=True,
    metavar="NAME",
    shell_complete=complete_sources,
    help="Source to sync, by the name of its folder under defs/; repeat it for several. "
    "Default: every source.",
)
@quiet
@as_json
def run(
    select: str | None,
    since: str | None,
    source: tuple[str, ...],
    *,
    full_refresh: bool,
    reconcile: bool,
    force: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Sync once: only what changed since the last time is read.

    With INTERCOM_ACCESS_TOKEN set (or in .env) this syncs that workspace. Without, it starts the
    bundled simulator on this machine and syncs that into data/demo.duckdb, so that you can look
    at the tables before you have a token.

    Progress goes to stderr: lines that move on a terminal; elsewhere, and with NO_COLOR or
    TERM=dumb, a plain line every few seconds. The table at the end goes to stdout. Ctrl-C stops
    after what is being committed, a second one ends at once; the next sync goes on from there.

    \b
    Examples:
      intercom-assets run --select contacts,conversations
      intercom-assets run --full-refresh --quiet
      intercom-assets run --json > result.json

    Exit code: 0 when every resource was synced, 1 when one failed, 2 for a wrong command line or
    wrong settings, 130 for Ctrl-C.
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped
    # What it imports takes longer than --help should take.
    from intercom_assets.cli.running import Wishes, run_sources  # noqa: PLC0415

    wishes = Wishes(
        select=select,
        since=since,
        sources=source,
        flags={"full_refresh": full_refresh, "reconcile": reconcile, "force": force},
        quiet=quiet,
        as_json=as_json,
    )
    sys.exit(run_sources(wishes))

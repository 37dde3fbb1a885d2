"""`intercom-assets query`: a look into the tables without another tool."""

import sys

import click

from intercom_assets.cli.completion import complete_sources


@click.command()
@click.argument("sql")
@click.option(
    "--source",
    metavar="NAME",
    shell_complete=complete_sources,
    help="Source whose database is asked. Default: the first.",
)
@click.option(
    "--format",
    "-f",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="How the answer is printed: a table for people, CSV with a header, or a JSON list with "
    "an object per row.",
)
def query(sql: str, source: str | None, form: str) -> None:
    """Ask the database of a source in SQL; what the statement changes is not kept.

    Without an access token this asks the demo's database.

    \b
    Examples:
      intercom-assets query "SELECT name, size FROM intercom.rudder_companies LIMIT 5"
      intercom-assets query --format csv "FROM intercom.rudder_tags" > tags.csv

    Exit code: 0, 1 when the database refuses the statement or cannot be read, 2 for a wrong
    command line or wrong settings.
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped
    # What it imports takes longer than --help should take.
    from intercom_assets.cli.answers import print_answer  # noqa: PLC0415

    sys.exit(print_answer(sql, source, form))

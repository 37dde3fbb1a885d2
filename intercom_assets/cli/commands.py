"""The commands, with their options and help.

A command's implementation is imported when it is called, so help and completion are instant. Only
the process in which `run` executes a job imports Dagster, which takes seconds.
"""

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from intercom_assets.cli.completion import complete_resources, complete_sources
from intercom_assets.cli.display.output import as_json, of_demo, quiet
from intercom_assets.engine import SYNC_OPTIONS

F = TypeVar("F", bound=Callable[..., Any])

selection = click.option(
    "--select",
    "-s",
    metavar="NAMES",
    shell_complete=complete_resources,
    help="Resources to sync and models to make, separated by commas: contacts,contacts_flat. "
    "Default: all that the settings select.",
)


def of_sync(command: F) -> F:
    """Give a command the options of a sync."""
    for name, about in reversed(SYNC_OPTIONS.items()):
        option = f"--{name.replace('_', '-')}"
        if name in {"since", "until"}:
            command = click.option(option, metavar="TIME", help=about)(command)
        else:
            command = click.option(option, is_flag=True, help=about)(command)
    return command


def of_source(about: str, *, multiple: bool = False) -> Callable[[F], F]:
    """Give a command the option `--source`."""
    return click.option(
        "--source",
        multiple=multiple,
        metavar="NAME",
        shell_complete=complete_sources,
        help=about,
    )


@click.command()
@selection
@of_sync
@of_source(
    "Source to sync, by its name or its folder under defs/; repeat it for several. "
    "Default: every source.",
    multiple=True,
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Sync nothing; show how many requests and minutes a first sync and a quiet one take, from "
    "Intercom's own counts: one request per resource.",
)
@quiet
@as_json
def run(**options: Any) -> None:  # noqa: ANN401 - click names them
    """Sync once: only what changed since the last time is read.

    Works on the sources of the Dagster project that contains this folder. Where there is none, it
    syncs the workspace of INTERCOM_ACCESS_TOKEN (in the environment or in .env) into
    data/warehouse.duckdb. `intercom-assets demo` needs no token.

    Progress goes to stderr: lines that move on a terminal; elsewhere, and with NO_COLOR or
    TERM=dumb, a plain line every few seconds. The table at the end goes to stdout. Ctrl-C stops
    after what is being committed, a second one ends at once; the next sync resumes from there.

    \b
    Examples:
      intercom-assets run --select contacts,conversations
      intercom-assets run --dry-run
      intercom-assets run --full-refresh --quiet
      intercom-assets run --json > result.json

    Exit code: 0 when every resource was synced, 1 when one failed, 2 for a wrong command line or
    wrong settings, 130 for Ctrl-C.
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped
    from intercom_assets.cli.run import RunOptions, run_sources

    sys.exit(run_sources(RunOptions(**options)))


@click.command()
@selection
@quiet
@as_json
def demo(**options: Any) -> None:  # noqa: ANN401 - click names them
    """Sync a simulated workspace, to look around without a token.

    Starts the bundled simulator on this machine, syncs it into data/demo.duckdb and ends it. Your
    sources and their database are left alone. `query` and `status` read the demo's database with
    --demo.

    \b
    Examples:
      intercom-assets demo
      intercom-assets query --demo "SELECT state, count(*) FROM intercom.rudder_conversations
        GROUP BY ALL"

    Exit code: as of `run`.
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped
    from intercom_assets.cli.run import RunOptions, run_sources

    sys.exit(run_sources(RunOptions(**options, demo=True)))


@click.command()
@of_source("Source to check; repeat it for several. Default: every source.", multiple=True)
@as_json
def check(source: tuple[str, ...], *, as_json: bool) -> None:
    """Check settings, token, permissions and warehouse.

    Asks Intercom for next to nothing, about one request per resource, and changes nothing.

    \b
    Examples:
      intercom-assets check
      intercom-assets check --source eu --json

    Exit code: 0 when a sync would work, 1 when something has to be fixed, 2 for a wrong command
    line or where there is no such source.
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped
    from intercom_assets.cli.check import show_findings

    sys.exit(show_findings(source, as_json=as_json))


@click.command()
@of_source("Source to connect; needed where there are several.")
@click.option(
    "--redirect-url",
    metavar="URL",
    help="Address that Intercom sends the browser back to, as registered in the Developer Hub: an "
    "https address that forwards to this command's port, with its path. Default: "
    "INTERCOM_REDIRECT_URL, else http://localhost:PORT/connect.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8089,
    show_default=True,
    help="Port of 127.0.0.1 to serve the page on; 0 takes a free one.",
)
@click.option("--no-browser", is_flag=True, help="Print the page's address only.")
@click.option(
    "--no-store",
    is_flag=True,
    help="Leave .env alone: the page shows the token once, behind a button. The terminal never "
    "shows it.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(1, 86_400),
    default=600.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the answer.",
)
def connect(**options: Any) -> None:  # noqa: ANN401 - click names them
    """Get an access token by pressing "Connect with Intercom".

    Needs an app in Intercom's Developer Hub that uses OAuth, and its INTERCOM_CLIENT_ID and
    INTERCOM_CLIENT_SECRET in the environment or in .env. Opens a page of this machine; once
    Intercom has been told to authorize, the token's line in .env is written (other lines stay,
    mode 600), and the workspace, its region and its permissions are shown. The token of your own
    workspace can be copied from the Developer Hub instead, without this command.

    Exit code: 0 when connected, 1 when refused or out of time (nothing is stored then), 2 for
    wrong settings, 130 for Ctrl-C.
    """
    from intercom_assets.cli.connect.command import ConnectOptions, connect_source

    try:
        connected = connect_source(ConnectOptions(**options))
    except KeyboardInterrupt:
        click.echo("\nInterrupted. Nothing was stored.", err=True)
        sys.exit(130)
    sys.exit(0 if connected else 1)


@click.command()
@of_source("Source to show; repeat it for several. Default: every source.", multiple=True)
@of_demo
@as_json
def status(source: tuple[str, ...], *, demo: bool, as_json: bool) -> None:
    """Show rows, cursor, last sync and age of each resource.

    Nothing is asked of Intercom. "rows" leaves out rows that are marked as deleted. A sync that
    was interrupted says so: the next run resumes from its cursor.

    \b
    Examples:
      intercom-assets status
      intercom-assets status --source eu --json

    Exit code: 0, whatever stands there; 1 when the warehouse cannot be read, 2 for a wrong command
    line or wrong settings.
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped
    from intercom_assets.cli.status import show_status

    show_status(source, as_json=as_json, demo=demo)


@click.command()
@click.argument("sql", required=False)
@of_source("Source whose database is asked. Default: the first.")
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
@of_demo
def query(sql: str | None, source: str | None, form: str, *, demo: bool) -> None:
    """Ask the database of a source in SQL.

    What the statement changes is not kept. With - instead of SQL, or with nothing, the statement
    is read from stdin.

    \b
    Examples:
      intercom-assets query "SELECT name, size FROM intercom.rudder_companies LIMIT 5"
      intercom-assets query --format csv "FROM intercom.rudder_tags" > tags.csv
      intercom-assets query --format json < report.sql

    Exit code: 0, 1 when the database refuses the statement or cannot be read, 2 for a wrong
    command line or wrong settings.
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped
    from intercom_assets.cli.query import print_answer

    if sql == "-" or (sql is None and not sys.stdin.isatty()):
        sql = sys.stdin.read()
    if not (sql and sql.strip()):
        raise click.UsageError("Missing argument 'SQL'.")
    print_answer(sql, source, form, demo=demo)


@click.command()
@of_source("Source whose cursors are meant; needed where there are several.")
@click.option(
    "--import",
    "file",
    metavar="FILE",
    help="Store the cursors of a file that this command printed, as after copying the tables to "
    "another warehouse; - reads stdin.",
)
@click.option(
    "--reset",
    metavar="RESOURCE",
    shell_complete=complete_resources,
    help="Forget the cursor of a resource, so that its next sync reads everything; rows stay.",
)
@click.option("--yes", "-y", is_flag=True, help="Reset without asking.")
def state(source: str | None, file: str | None, reset: str | None, *, yes: bool) -> None:
    """Show where the next syncs start, copy that, or reset it.

    Printed as JSON, which --import stores in another warehouse.

    \b
    Examples:
      intercom-assets state > cursors.json
      intercom-assets state --import cursors.json
      intercom-assets state --reset conversations

    Exit code: 0, 1 when the warehouse cannot be read or the answer is no, 2 for a wrong command
    line, wrong settings or a file without cursors.
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped
    from intercom_assets.cli.state import work_on_state

    if file is not None and reset is not None:
        raise click.UsageError("--import and --reset exclude each other.")
    work_on_state(source, file, reset, sure=yes)


@click.command()
@click.argument("resource", type=click.Choice(["contacts"]), expose_value=False)
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@of_source("Source whose tables are meant; needed where there are several.")
@click.option("--yes", "-y", is_flag=True, help="Forget without asking.")
def forget(ids: tuple[str, ...], source: str | None, *, yes: bool) -> None:
    """Forget what tables and their histories hold of contacts.

    Shows how many rows that is, and asks. Rows of the contacts, their events, notes, segments,
    subscriptions and tags are deleted; what is personal in their conversations becomes null.
    Delete the contacts and their conversations in Intercom first: what it still has may come back.

    \b
    Example:
      intercom-assets forget contacts 5ba682d23d7cf92bef87bfd4

    Exit code: 0, 1 when nothing is stored of a contact, the answer is no or the warehouse refuses,
    2 for a wrong command line or wrong settings.
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped
    from intercom_assets.cli.forget import forget_contacts

    sys.exit(forget_contacts(source, ids, sure=yes))


@click.command("dbt-sources")
def dbt_sources() -> None:
    """Print the tables and models as sources of dbt.

    Each has the key of its Dagster asset.

    \b
    Example:
      intercom-assets dbt-sources > models/intercom.yml

    Exit code: 0, 2 for wrong settings or definitions that cannot be loaded.
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped
    from intercom_assets.cli.dbt_sources import print_sources

    print_sources()

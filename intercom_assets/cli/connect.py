"""`intercom-assets connect`: an access token by way of a button in the browser."""

import sys

import click

from intercom_assets.cli.completion import complete_sources
from intercom_assets.errors import ConfigurationError


@click.command()
@click.option(
    "--source",
    metavar="NAME",
    shell_complete=complete_sources,
    help="Source to connect; needed where there are several.",
)
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
def connect(
    source: str | None,
    redirect_url: str | None,
    port: int,
    *,
    no_browser: bool,
    no_store: bool,
    timeout: float,
) -> None:
    """Get an access token by pressing "Connect with Intercom".

    Needs an app in Intercom's Developer Hub that uses OAuth, and its INTERCOM_CLIENT_ID and
    INTERCOM_CLIENT_SECRET in the environment or in .env. Opens a page of this machine; once
    Intercom has been told to authorize, the token's line in .env is written (other lines stay,
    mode 600), and the workspace, its region and its permissions are shown. The token of your own
    workspace can be copied from the Developer Hub instead, without this command.

    Exit code: 0 when connected, 1 when refused or out of time (nothing is stored then), 2 for
    wrong settings, 130 for Ctrl-C.
    """
    # The web server takes longer to import than --help should take.
    from intercom_assets.cli.connect_plan import Wishes, connect_source  # noqa: PLC0415

    wishes = Wishes(
        source=source,
        redirect_url=redirect_url,
        port=port,
        browser=not no_browser,
        store=not no_store,
        timeout=timeout,
    )
    try:
        connected = connect_source(wishes)
    except ConfigurationError as error:
        click.echo(f"intercom-assets connect: {error}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        click.echo("\nInterrupted. Nothing was stored.", err=True)
        sys.exit(130)
    sys.exit(0 if connected else 1)

"""`intercom-assets connect`: get an access token with a button in the browser."""

import os
import socket
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import click

from intercom_assets.cli.connect.env_file import check_writable, write_variables
from intercom_assets.cli.connect.server import ConsentResult, OAuthServer, serve
from intercom_assets.cli.demo import only_source
from intercom_assets.cli.display.terminal import relative
from intercom_assets.cli.project import find_project
from intercom_assets.errors import ConfigurationError
from intercom_assets.intercom import REGIONS
from intercom_assets.intercom.oauth import CLIENT_ID, CLIENT_SECRET, App, Grant
from intercom_assets.intercom.transport import check_address, is_loopback
from intercom_assets.settings.source import Settings

REDIRECT_URL = "INTERCOM_REDIRECT_URL"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectOptions:
    """The options of `intercom-assets connect`."""

    source: str | None
    redirect_url: str | None
    port: int
    no_browser: bool
    no_store: bool
    timeout: float


def connect_source(options: ConnectOptions) -> bool:
    """Serve the page, print the outcome and return whether the workspace is connected.

    Raises:
        ConfigurationError: A setting or option is wrong, found before Intercom is called.
    """
    fixed = frozenset(os.environ)
    settings = only_source(options.source)
    path = find_project().root / ".env"
    app = _app(settings, path)
    if not options.no_store:
        check_writable(path)
    with _listen(options.port) as listener:
        port = int(listener.getsockname()[1])
        stored = f"{relative(path)}, as {settings.token_variable}"
        server = OAuthServer(
            app=app,
            source=settings.name,
            resources=settings.resources,
            place="the page that follows, once" if options.no_store else stored,
            redirect_url=_redirect_url(options, port),
            keep=partial(
                _keep, path=path, settings=settings, fixed=None if options.no_store else fixed
            ),
            port=port,
        )
        _invite(server, options)
        try:
            serve(server, listener, options.timeout)
        except KeyboardInterrupt:
            if server.outcome is None:
                raise
    return _conclude(server.outcome, options)


def _app(settings: Settings, path: Path) -> App:
    found = {name: os.environ.get(name, "").strip() for name in (CLIENT_ID, CLIENT_SECRET)}
    if missing := [name for name, value in found.items() if not value]:
        raise ConfigurationError(
            f"{' and '.join(missing)} must be set. Copy from Intercom's Developer Hub (Settings > "
            "Integrations > Developer Hub > your app > Configure > Basic information) into "
            f"{relative(path)}"
        )
    return App(
        client_id=found[CLIENT_ID],
        client_secret=found[CLIENT_SECRET],
        region=settings.region,
        version=settings.api_version,
        base_url=settings.base_url,
    )


def _redirect_url(options: ConnectOptions, port: int) -> str:
    given = options.redirect_url or os.environ.get(REDIRECT_URL, "").strip()
    if not given:
        return f"http://localhost:{port}/connect"
    problem = check_address(given)
    if not problem and ("?" in given or "#" in given):
        problem = "must not hold ? or #"
    if problem:
        raise ConfigurationError(
            f"The redirect URL (--redirect-url, {REDIRECT_URL}) {problem}. Change it here and in "
            "the app in Intercom's Developer Hub"
        )
    parts = urlsplit(given)
    if parts.scheme == "http" and is_loopback(given) and (parts.port or 80) != port:
        raise ConfigurationError(
            f"The redirect URL (--redirect-url, {REDIRECT_URL}) leads to port {parts.port or 80} "
            f"of this machine, but the page is on port {port}. Make --port the same"
        )
    return given


def _keep(
    token: str, grant: Grant, *, path: Path, settings: Settings, fixed: frozenset[str] | None
) -> ConsentResult:
    """Store a token, and the workspace's region unless the settings name one.

    `fixed` are variables of the environment, which override the file; None to store nothing.

    Raises:
        ConfigurationError: The settings name another region, or the file cannot be written.
            Nothing is stored.
    """
    variable, where = settings.token_variable, relative(path)
    region = _region(path, settings, grant)
    outcome = partial(
        ConsentResult,
        title=f"Connected to {grant.workspace.name or grant.workspace.id}",
        grant=grant,
    )
    if fixed is None:
        put = f"The token is on the page only: put it into {where} as {variable}."
        put += "".join(f" Set {name}={value} too." for name, value in region.items())
        return outcome(message=put, token=token)
    write_variables(path, {variable: token, **region})
    kept = f"The token is in {where} as {variable}."
    kept += "".join(f" {name}={value} is there too." for name, value in region.items())
    if winning := ", ".join(sorted(fixed & {variable, *region})):
        note = f"The environment sets {winning} too and wins over {where}: unset it there."
        return outcome(message=kept, notes=(note,))
    return outcome(message=kept)


def _region(path: Path, settings: Settings, grant: Grant) -> dict[str, str]:
    """Return the variable of the region, if it has to be set."""
    found = grant.workspace.region
    if found not in REGIONS or found == settings.region:
        return {}
    variable = settings.variable("region")
    if variable and not os.environ.get(variable, "").strip():
        return {variable: found}
    place = f"{variable}={found}" if variable else f"region: {found}"
    where = relative(path if variable else settings.file or path)
    raise ConfigurationError(
        f"Workspace {grant.workspace.name} ({grant.workspace.id}) lives in region {found}, but "
        f"the source's region is {settings.region}. Set {place} in {where}"
    )


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise ConfigurationError(
            f"Port {port} cannot be used ({error.strerror}). Choose another with --port, and "
            "register the redirect URL with it"
        ) from None


def _invite(server: OAuthServer, options: ConnectOptions) -> None:
    click.echo(
        f"Connecting source {server.source}.\n\n"
        "  1. Once: register this redirect URL in Intercom's Developer Hub (your app > Configure > "
        f"Authentication):\n     {server.redirect_url}\n"
        f'  2. Press "Connect with Intercom" on this page:\n     {server.address}\n\n'
        f"Waiting for {options.timeout:.0f} seconds; Ctrl-C ends it."
    )
    # Without a display a text-mode browser might open and take over the terminal.
    display = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if not options.no_browser and (display or sys.platform in {"darwin", "win32"}):
        click.launch(server.address)


def _conclude(outcome: ConsentResult | None, options: ConnectOptions) -> bool:
    if outcome is None or outcome.grant is None:
        silence = f"Nobody answered in {options.timeout:.0f} s."
        reason = f"{outcome.title}. {outcome.message}" if outcome else silence
        _print(f"intercom-assets connect: {reason} Nothing was stored.", err=True)
        return False
    grant, workspace = outcome.grant, outcome.grant.workspace
    granted = ", ".join(permission.scope for permission in grant.granted)
    named = f"{workspace.name} ({workspace.id}, region {workspace.region or 'not told'})"
    _print(f"Granted: {granted or 'nothing that could be tried'}.")
    _print(f"Connected workspace {named}. {outcome.message} Next: intercom-assets check")
    for permission in grant.refused:
        _print(
            f'! The permission "{permission.scope}" is missing for '
            f"{', '.join(permission.resources)}: tick it in the Developer Hub and connect again, "
            "or deselect them",
            err=True,
        )
    for note in outcome.notes:
        _print(f"! {note}", err=True)
    return True


def _print(text: str, *, err: bool = False) -> None:
    # Names come from Intercom and must not control the terminal.
    plain = "".join(character if character.isprintable() else " " for character in text)
    click.echo(plain, err=err)

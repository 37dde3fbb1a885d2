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
from intercom_assets.cli.display.terminal import relative
from intercom_assets.cli.project import Project, choose, find_project, the_only
from intercom_assets.errors import ConfigurationError
from intercom_assets.intercom import REGIONS
from intercom_assets.intercom.connection import check_base_url
from intercom_assets.intercom.oauth import CLIENT_ID, CLIENT_SECRET, App, Grant
from intercom_assets.intercom.transport import is_loopback
from intercom_assets.settings.source import Settings

REDIRECT_URL = "INTERCOM_REDIRECT_URL"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectOptions:
    """The options of `intercom-assets connect`.

    Attributes:
        source: Name of the source; None if the project has only one.
        redirect_url: Registered address; None for the environment variable's or the default.
        port: Port to listen on; 0 picks a free one.
        browser: Whether to open the page.
        store: Whether to write the token into `.env`.
        timeout: Seconds to wait for the answer.
    """

    source: str | None
    redirect_url: str | None
    port: int
    browser: bool
    store: bool
    timeout: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvTokenStore:
    """Stores a token in the project's `.env`, and the region if none was set.

    Attributes:
        path: The `.env` file.
        stores: Whether to write the file; otherwise the user is asked to set the variables.
        fixed: Variables set in the environment, which override the file.
    """

    path: Path
    settings: Settings
    stores: bool
    fixed: frozenset[str]

    def keep(self, token: str, grant: Grant) -> ConsentResult:
        """Store the token, and the workspace's region unless the settings name one.

        Raises:
            ConfigurationError: The settings name another region, or the file cannot be written.
                Nothing is stored.
        """
        variable, where = self.settings.token_variable, relative(self.path)
        region = self._region(grant)
        outcome = partial(
            ConsentResult,
            title=f"Connected to {grant.workspace.name or grant.workspace.id}",
            grant=grant,
        )
        if not self.stores:
            put = f"The token is on the page only: put it into {where} as {variable}."
            put += "".join(f" Set {name}={value} too." for name, value in region.items())
            return outcome(message=put, token=token)
        write_variables(self.path, {variable: token, **region})
        kept = f"The token is in {where} as {variable}."
        kept += "".join(f" {name}={value} is there too." for name, value in region.items())
        if winning := ", ".join(sorted(self.fixed & {variable, *region})):
            note = f"The environment sets {winning} too and wins over {where}: unset it there."
            return outcome(message=kept, notes=(note,))
        return outcome(message=kept)

    def _region(self, grant: Grant) -> dict[str, str]:
        found = grant.workspace.region
        if found not in REGIONS or found == self.settings.region:
            return {}
        variable = self.settings.variable("region")
        if variable and not os.environ.get(variable, "").strip():
            return {variable: found}
        place = f"{variable}={found}" if variable else f"region: {found}"
        where = relative(self.path if variable else self.settings.file or self.path)
        raise ConfigurationError(
            f"Workspace {grant.workspace.name} ({grant.workspace.id}) lives in region {found}, but "
            f"the source's region is {self.settings.region}. Set {place} in {where}"
        )


def connect_source(options: ConnectOptions) -> bool:
    """Serve the page, print the outcome and return whether the workspace is connected.

    Raises:
        ConfigurationError: A setting or option is wrong, found before Intercom is called.
    """
    fixed = frozenset(os.environ)
    project = _project()
    settings = the_only(choose(project.sources(), (options.source,) if options.source else ()))
    path = project.root / ".env"
    token_store = EnvTokenStore(path=path, settings=settings, stores=options.store, fixed=fixed)
    app = _app(settings, path)
    if options.store:
        check_writable(path)
    with _listen(options.port) as listener:
        port = int(listener.getsockname()[1])
        stored = f"{relative(path)}, as {settings.token_variable}"
        server = OAuthServer(
            app=app,
            source=settings.name,
            resources=settings.resources,
            place=stored if options.store else "the page that follows, once",
            redirect_url=_redirect_url(options, port),
            keep=token_store.keep,
            port=port,
        )
        _invite(server, options)
        try:
            serve(server, listener, options.timeout)
        except KeyboardInterrupt:
            if server.outcome is None:
                raise
    return _conclude(server.outcome, options)


def _project() -> Project:
    try:
        return find_project()
    except UnicodeDecodeError:
        raise ConfigurationError(".env is not UTF-8 text. Save it as UTF-8") from None


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
    problem = check_base_url(given)
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
    if options.browser and (display or sys.platform in {"darwin", "win32"}):
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

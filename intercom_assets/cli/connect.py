"""`intercom-assets connect`: get an access token with a button in the browser."""

import errno
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import click

from intercom_assets.cli.connect_page import ConsentRequest
from intercom_assets.cli.connect_server import Connected, NotConnected, OAuthServer, serve
from intercom_assets.cli.env_file import check_writable, write_variables
from intercom_assets.cli.project import Project, SourceFile, find_project
from intercom_assets.errors import ConfigurationError
from intercom_assets.intercom.connection import check_base_url
from intercom_assets.intercom.oauth import App, Grant
from intercom_assets.intercom.transport import is_loopback
from intercom_assets.settings.source import Settings

CLIENT_ID = "INTERCOM_CLIENT_ID"
CLIENT_SECRET = "INTERCOM_CLIENT_SECRET"  # noqa: S105 - the name of a variable
REDIRECT_URL = "INTERCOM_REDIRECT_URL"

_PATH = "/connect"
_EVERY_REGION = "https://*.intercom.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectOptions:
    """The options of `intercom-assets connect`.

    Attributes:
        source: Name or folder of the source; None if the project has only one.
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
    source: SourceFile
    settings: Settings
    stores: bool
    fixed: frozenset[str]

    def keep(self, token: str, grant: Grant) -> Connected:
        """Store the token, and the workspace's region unless the settings name one.

        Raises:
            ConfigurationError: The settings name another region, or the file cannot be written.
                Nothing is stored.
        """
        region = self._region(grant)
        values = {self.settings.token_variable: token, **region}
        where = shown_path(self.path)
        if not self.stores:
            rest = "".join(f" Set {name}={value} too." for name, value in region.items())
            kept = f"The token is on the page only: put it into {where} as "
            return Connected(grant, f"{kept}{self.settings.token_variable}.{rest}", ())
        write_variables(self.path, values)
        kept = f"The token is in {where} as {self.settings.token_variable}."
        kept += "".join(f" {name}={value} is there too." for name, value in region.items())
        if winning := sorted(self.fixed & set(values)):
            both = ", ".join(winning)
            note = f"The environment sets {both} too and wins over {where}: unset it there."
            return Connected(grant, kept, (note,))
        return Connected(grant, kept, ())

    def _region(self, grant: Grant) -> dict[str, str]:
        found = grant.workspace.region
        if not found or found == self.settings.region:
            return {}
        variable = self.source.variable("region")
        if variable and not os.environ.get(variable, "").strip():
            return {variable: found}
        place = f"{variable}={found}" if variable else f"region: {found}"
        where = shown_path(self.path if variable else self.source.path)
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
    source = _one_source(project.sources((options.source,) if options.source else ()))
    settings = source.settings()
    path = project.root / ".env"
    token_store = EnvTokenStore(
        path=path, source=source, settings=settings, stores=options.store, fixed=fixed
    )
    app = _app(settings, path)
    if options.store:
        check_writable(path)
    with _listening(options.port) as listener:
        port = int(listener.getsockname()[1])
        consent = _consent_request(app, token_store, _redirect_url(options, port))
        server = OAuthServer(
            app=app,
            consent=consent,
            resources=settings.resources,
            token_store=token_store,
            port=port,
        )
        _invite(server, options)
        try:
            serve(server, listener, options.timeout)
        except KeyboardInterrupt:
            if server.outcome is None:
                raise
    return _conclude(server, options)


def shown_path(path: Path) -> str:
    """Return a path in the working directory as relative, any other unchanged."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _project() -> Project:
    try:
        return find_project()
    except UnicodeDecodeError:
        raise ConfigurationError(".env is not UTF-8 text. Save it as UTF-8") from None


def _one_source(sources: list[SourceFile]) -> SourceFile:
    if len(sources) > 1:
        names = ", ".join(source.path.parent.name for source in sources)
        raise ConfigurationError(f"There are several sources. Choose one with --source ({names})")
    return sources[0]


def _app(settings: Settings, path: Path) -> App:
    found = {name: os.environ.get(name, "").strip() for name in (CLIENT_ID, CLIENT_SECRET)}
    if missing := [name for name, value in found.items() if not value]:
        raise ConfigurationError(
            f"{' and '.join(missing)} must be set. Copy from Intercom's Developer Hub (Settings > "
            "Integrations > Developer Hub > your app > Configure > Basic information) into "
            f"{shown_path(path)}"
        )
    return App(
        client_id=found[CLIENT_ID],
        client_secret=found[CLIENT_SECRET],
        region=settings.region,
        version=settings.api_version,
        base_url=settings.base_url,
    )


def _consent_request(app: App, token_store: EnvTokenStore, redirect_url: str) -> ConsentRequest:
    settings = token_store.settings
    stored = f"{shown_path(token_store.path)}, as {settings.token_variable}"
    return ConsentRequest(
        source=settings.name,
        region=settings.region,
        pages=app.pages,
        place=stored if token_store.stores else "the page that follows, once",
        scopes=tuple(dict.fromkeys(resource.scope for resource in settings.resources)),
        redirect_url=redirect_url,
        leads_to=_origin(app.base_url) if app.base_url else _EVERY_REGION,
    )


def _redirect_url(options: ConnectOptions, port: int) -> str:
    given = options.redirect_url or os.environ.get(REDIRECT_URL, "").strip()
    if not given:
        return f"http://localhost:{port}{_PATH}"
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


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    try:
        listener = socket.create_server(("127.0.0.1", port))
    except OSError as error:
        if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
            raise
        raise ConfigurationError(
            f"Port {port} cannot be used ({error.strerror}). Choose another with --port, and "
            "register the redirect URL with it"
        ) from None
    with listener:
        yield listener


def _invite(server: OAuthServer, options: ConnectOptions) -> None:
    consent = server.consent
    click.echo(
        f"Connecting source {consent.source}.\n\n"
        "  1. Once: register this redirect URL in Intercom's Developer Hub (your app > Configure > "
        f"Authentication):\n     {consent.redirect_url}\n"
        f'  2. Press "Connect with Intercom" on this page:\n     {server.address}\n\n'
        f"Waiting for {options.timeout:.0f} seconds; Ctrl-C ends it."
    )
    if options.browser and _has_screen():
        click.launch(server.address)


def _has_screen() -> bool:
    # Without a display a text-mode browser might open and take over the terminal.
    return sys.platform in {"darwin", "win32"} or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )


def _conclude(server: OAuthServer, options: ConnectOptions) -> bool:
    match server.outcome:
        case Connected(grant, kept, notes):
            workspace = grant.workspace
            named = f"{workspace.name} ({workspace.id}, region {workspace.region or 'not told'})"
            granted = ", ".join(permission.scope for permission in grant.granted)
            click.echo(f"Granted: {granted or 'nothing that could be tried'}.")
            click.echo(_plain(f"Connected workspace {named}. {kept} Next: intercom-assets check"))
            for permission in grant.refused:
                click.echo(
                    f'! The permission "{permission.scope}" is missing for '
                    f"{', '.join(permission.resources)}: tick it in the Developer Hub and connect "
                    "again, or deselect them",
                    err=True,
                )
            for note in notes:
                click.echo(f"! {note}", err=True)
            return True
        case NotConnected(title, reason):
            message = f"{title}. {reason} Nothing was stored."
        case None:
            message = f"Nobody answered in {options.timeout:.0f} s. Nothing was stored."
    click.echo(_plain(f"intercom-assets connect: {message}"), err=True)
    return False


def _plain(text: str) -> str:
    """Replace control characters: names come from Intercom and must not control the terminal."""
    return "".join(character if character.isprintable() else " " for character in text)

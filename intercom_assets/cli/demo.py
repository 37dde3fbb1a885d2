"""The demo: without an access token, a run syncs the simulator into a database of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from intercom_assets.cli.project import SourceFile
from intercom_assets.errors import ConfigurationError
from intercom_assets.settings.source import Settings

DEMO_DATABASE = "data/demo.duckdb"

_DEMO_WAREHOUSE = {"warehouse": "duckdb", "database": DEMO_DATABASE}
# Keeps a demo away from the real warehouse, whichever that is.

_TOKEN = "simulated-token"  # noqa: S105 - the simulator's, not a secret
_READY = "simulator ready "
_SIZE = ("--seed", "7", "--contacts", "2000", "--companies", "120", "--conversations", "400")


def demo_or_real(source: SourceFile) -> Settings:
    """Return the settings that `run` would use, with the demo's database if no token is set.

    Schedules are left out.

    Raises:
        ConfigurationError: Lists every problem of the settings.
    """
    settings = source.unscheduled()
    variables = {name: source.variable(name) for name in _DEMO_WAREHOUSE}
    if has_token(settings) or None in variables.values():
        return settings
    changed = {str(variables[name]): value for name, value in _DEMO_WAREHOUSE.items()}
    return source.unscheduled({**os.environ, **changed})


def has_token(settings: Settings) -> bool:
    """Return whether the access token's variable is set."""
    return bool(os.environ.get(settings.token_variable, "").strip())


@contextmanager
def demo_workspace(source: SourceFile, region: str) -> Iterator[dict[str, str]]:
    """Run the simulator for a block, and yield the variables that point a source at it.

    Raises:
        ConfigurationError: The source's file hard-codes a host or database, so a demo might write
            where it must not; or the simulator does not start.
    """
    named = ("access_token", "base_url", *_DEMO_WAREHOUSE)
    variables = {name: source.variable(name) for name in named}
    if missing := [setting for setting, variable in variables.items() if variable is None]:
        raise ConfigurationError(
            f"The variable {variables['access_token']} is not set, and {source.path} fixes "
            f"{', '.join(missing)}, so it cannot be pointed at the simulator. Set the token"
        )
    with _simulator(region) as url:
        values = {"access_token": _TOKEN, "base_url": url, **_DEMO_WAREHOUSE}
        yield {str(variables[setting]): value for setting, value in values.items()}


@contextmanager
def _simulator(region: str) -> Iterator[str]:
    command = (sys.executable, "-m", "intercom_simulator", "--port", "0", "--region", region)
    with subprocess.Popen(  # noqa: S603 - our own module in our own interpreter
        (*command, "--exit-with-parent", *_SIZE),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,  # Ctrl-C is for the run, which stops the simulator
    ) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline().strip()
            if not line.startswith(_READY):
                raise ConfigurationError(
                    f"The simulator did not start: {line or 'no answer'}. Run "
                    "`intercom-assets simulate` and read what it says"
                )
            yield line.removeprefix(_READY)
        finally:
            process.terminate()

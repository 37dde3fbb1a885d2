"""The demo: a sync of the bundled simulator into a database of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from intercom_assets.cli.project import choose, find_project, standalone
from intercom_assets.errors import ConfigurationError
from intercom_assets.settings.source import Settings

DEMO_DATABASE = "data/demo.duckdb"

_TOKEN = "simulated-token"  # noqa: S105 - the simulator's, not a secret
_READY = "simulator ready "
_SIZE = ("--seed", "7", "--contacts", "2000", "--companies", "120", "--conversations", "400")


def settings_to_read(names: tuple[str, ...], *, demo: bool) -> list[Settings]:
    """Return the settings of sources whose database is read: the demo's, or the project's."""
    project = find_project()
    if not demo:
        return choose(project.sources(), names)
    environment = {**os.environ, **demo_variables(project.root)}
    return choose(standalone(project.root).sources(environment), names)


def only_source(name: str | None) -> Settings:
    """Return the source that a command works on, which must be named where there are several."""
    sources = settings_to_read((name,) if name else (), demo=False)
    if len(sources) > 1:
        names = ", ".join(source.name for source in sources)
        raise ConfigurationError(f"There are several sources. Choose one with --source ({names})")
    return sources[0]


def demo_variables(root: Path) -> dict[str, str]:
    """Return the variables that keep a demo away from the real warehouse, whichever that is."""
    return {"INTERCOM_WAREHOUSE": "duckdb", "DUCKDB_DATABASE": str(root / DEMO_DATABASE)}


def require_token(settings: Settings) -> None:
    """Verify that there is a token."""
    if not has_token(settings):
        raise ConfigurationError(
            f"The variable {settings.token_variable} is empty. Set it to the access token of your "
            "Intercom app (Developer Hub > your app > Configure > Authentication), in the "
            "environment or in .env. To look around without one: intercom-assets demo"
        )


def has_token(settings: Settings) -> bool:
    """Return whether the access token's variable is set."""
    return bool(os.environ.get(settings.token_variable, "").strip())


@contextmanager
def demo_workspace() -> Iterator[dict[str, str]]:
    """Run the simulator for a block, and yield the variables that point a source at it."""
    with _simulator(os.environ.get("INTERCOM_REGION", "").strip().lower() or "us") as url:
        yield {"INTERCOM_ACCESS_TOKEN": _TOKEN, "INTERCOM_BASE_URL": url}


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

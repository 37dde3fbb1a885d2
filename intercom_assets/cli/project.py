"""The Dagster project that a command works on, and the Intercom sources in it."""

import importlib
import logging
import os
import sys
import tomllib
import traceback
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from dotenv import load_dotenv

from intercom_assets.errors import ConfigurationError
from intercom_assets.settings.scaffold import FIRST, from_variables
from intercom_assets.settings.sharing import refuse_shared_tables
from intercom_assets.settings.source import Settings, read_settings
from intercom_assets.settings.warehouse import DEFAULT_DATABASE
from intercom_assets.warehouse.duckdb_file import make_folder

if TYPE_CHECKING:
    import dagster as dg

    from intercom_assets.orchestration.specs import SourceSpecs

_STANDALONE = "intercom_assets.standalone"


@dataclass(frozen=True, slots=True)
class Project:
    """A Dagster project: the one that contains the working directory, or `standalone`.

    Its definitions are in `module`, which is imported from the folder `home`.
    """

    root: Path
    home: Path
    module: str

    def sources(self, environment: Mapping[str, str] = os.environ) -> list[Settings]:
        """Return the settings of all Intercom sources, as the project's definitions have them."""
        if self.module != _STANDALONE:
            return [specs.settings for specs in self.specs()]
        # One source of variables needs no Dagster, which takes seconds to import.
        return [
            read_settings(
                from_variables(), name=FIRST, project_root=self.root, environment=environment
            )
        ]

    def specs(self) -> "list[SourceSpecs]":
        """Return the assets of all Intercom sources, as the project's definitions have them."""
        # What others print or warn of while they load is no part of a command's output.
        with _silenced():
            return specs_of(load_definitions(self.home, self.module))


class Selectable(Protocol):
    """A source that a command may name, as its settings or as the process of a run knows it."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def folder(self) -> str:
        """The folder of its file."""
        ...

    @property
    def assets(self) -> list[str]:
        """Names of its resources, followed by its views."""
        ...


S = TypeVar("S", bound=Selectable)


def choose(sources: Sequence[S], names: tuple[str, ...]) -> list[S]:
    """Return the sources with these names or folders, or all if none is given."""
    known = {source.name: source for source in sources}
    folders = {source.folder: source for source in sources}
    if unknown := sorted(set(names) - {*known, *folders}):
        raise ConfigurationError(
            f"There is no source {', '.join(unknown)}. Choose among {', '.join(known)}"
        )
    return [(folders | known)[name] for name in names] if names else list(sources)


def load_definitions(home: Path, module: str) -> "dg.Definitions":
    """Load a project's definitions."""
    import dagster as dg  # noqa: PLC0415 - takes a second

    sys.path.insert(0, str(home))
    try:
        found = importlib.import_module(module).defs
        loaded: dg.Definitions = found if isinstance(found, dg.Definitions) else found()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - of anybody's code
        raise _unloadable(module, error) from None
    return loaded


@contextmanager
def _silenced() -> Iterator[None]:
    logging.disable(logging.WARNING)
    try:
        with redirect_stdout(sys.stderr), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)


def _unloadable(module: str, error: BaseException) -> ConfigurationError:
    while not isinstance(error, ConfigurationError) and (cause := error.__cause__) is not None:
        error = cause
    if isinstance(error, ConfigurationError):
        return error
    reason = " ".join(str(error).split("\n", 1)[0].split())
    last = traceback.extract_tb(error.__traceback__)[-1:]
    place = "".join(f", {frame.filename}:{frame.lineno}" for frame in last)
    return ConfigurationError(
        f"The project's definitions, {module}, cannot be loaded. Run dg check defs, which "
        f"shows the whole error, and correct it. [{type(error).__name__}: {reason}{place}]"
    )


def specs_of(definitions: "dg.Definitions") -> "list[SourceSpecs]":
    """Return the assets of all Intercom sources: there must be one, and no two share tables."""
    from intercom_assets.orchestration.connections import IntercomConnection  # noqa: PLC0415

    connections = (definitions.resources or {}).values()
    found = [
        one.specs
        for one in connections
        if isinstance(one, IntercomConnection) and one.specs is not None
    ]
    if not found:
        raise ConfigurationError(
            "There is no Intercom source in the project's definitions. Make one: "
            "dg scaffold defs intercom_assets.IntercomSource intercom"
        )
    refuse_shared_tables([specs.settings for specs in found])
    return found


def find_project() -> Project:
    """Find the project, or make one of the working directory, and load its `.env`.

    DAGSTER_HOME becomes the project's folder if that has a `dagster.yaml`. Variables that are
    already set are left alone.
    """
    folders = (Path.cwd(), *Path.cwd().parents)
    project = next((found for folder in folders if (found := _project_at(folder))), None)
    project = project or standalone(Path.cwd())
    try:
        load_dotenv(project.root / ".env")
    except UnicodeDecodeError:
        raise ConfigurationError(".env is not UTF-8 text. Save it as UTF-8") from None
    if not os.environ.get("DAGSTER_HOME") and (project.root / "dagster.yaml").exists():
        os.environ["DAGSTER_HOME"] = str(project.root)
    return project


def standalone(root: Path) -> Project:
    """Return a project of one source whose settings are all variables."""
    return Project(root, root, _STANDALONE)


def make_dagster_home(project: Project) -> str:
    """Return DAGSTER_HOME, or a folder of our own beside the data for a project without one."""
    if home := os.environ.get("DAGSTER_HOME"):
        return home
    data = project.root / DEFAULT_DATABASE.parent
    own = data / ".dagster"
    try:
        make_folder(data)
        own.mkdir(mode=0o700, exist_ok=True)
        if not (own / "dagster.yaml").exists():
            (own / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"Dagster's records cannot be kept in {own}: {error.strerror}. Run this in a folder "
            "that you may write to, or set DAGSTER_HOME to one"
        ) from None
    return str(own)


def _project_at(folder: Path) -> Project | None:
    pyproject = folder / "pyproject.toml"
    settings = _table(folder / "dg.toml", "project") or _table(pyproject, "tool", "dg", "project")
    root_module = settings.get("root_module")
    module = settings.get("code_location_target_module") or (
        f"{root_module}.definitions"
        if root_module
        else _table(pyproject, "tool", "dagster").get("module_name")
    )
    if not module:
        return None
    home, top = folder / "src", module.split(".")[0]
    is_in_src = (home / top).is_dir() or (home / f"{top}.py").is_file()
    return Project(folder, home if is_in_src else folder, module)


def _table(file: Path, *path: str) -> dict[str, Any]:
    try:
        table: Any = tomllib.loads(file.read_text(encoding="utf-8"))
        for key in path:
            table = table[key]
    except (OSError, tomllib.TOMLDecodeError, KeyError):
        return {}
    return dict(table)

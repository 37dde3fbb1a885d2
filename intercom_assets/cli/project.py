"""The Dagster project that a command works on, and the Intercom sources in it."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from dotenv import load_dotenv

from intercom_assets.errors import ConfigurationError
from intercom_assets.settings.scaffold import FIRST, from_variables, source_name
from intercom_assets.settings.source import (
    Settings,
    as_settings,
    read_settings,
    refuse_shared_tables,
)
from intercom_assets.settings.values import RuleBook, Rules, no_rules
from intercom_assets.settings.warehouse import DEFAULT_DATABASE
from intercom_assets.warehouse.duckdb_file import make_folder

_COMPONENT = "intercom_assets.IntercomSource"
_SCHEDULES = {"schedule", "reconcile"}


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A `defs.yaml` that declares an Intercom source, or without a path a source of variables.

    Attributes:
        raw: Settings as the file contains them.
        root: The project's root folder.
    """

    path: Path | None
    raw: Mapping[str, object]
    root: Path

    @property
    def name(self) -> str:
        """The name set in the file, or else the folder's name."""
        name = self.raw.get("name")
        return name if isinstance(name, str) and name else source_name(self.folder)

    @property
    def folder(self) -> str:
        """The name of the file's folder, after which the source is named."""
        return self.path.parent.name if self.path else FIRST

    def settings(self, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read and check the settings.

        Raises:
            ConfigurationError: Lists every problem.
        """
        return self._read(self.raw, environment, _dagster_rules)

    def unscheduled(self, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read and check all settings except schedules.

        Schedules need Dagster, which takes half a second to import.

        Raises:
            ConfigurationError: Lists every problem of the other settings.
        """
        raw = {name: value for name, value in self.raw.items() if name not in _SCHEDULES}
        return self._read(raw, environment, no_rules)

    def _read(
        self, raw: Mapping[str, object], environment: Mapping[str, str], rules: RuleBook
    ) -> Settings:
        return read_settings(
            raw,
            name=self.folder,
            project_root=self.root,
            environment=environment,
            rules=rules,
        )

    def variable(self, setting: str) -> str | None:
        """Return the environment variable that a setting reads, or None for a literal."""
        raw = self.raw.get(setting)
        return str(raw["env"]) if isinstance(raw, Mapping) and "env" in raw else None


@dataclass(frozen=True, slots=True)
class Project:
    """A Dagster project: the one that contains the working directory, or this package's own.

    Attributes:
        root: Folder of its `pyproject.toml`.
        home: Folder from which its modules are imported.
        module: Python module with its definitions.
        folder: Folder of its component files; None for one source of variables.
    """

    root: Path
    home: Path
    module: str
    folder: Path | None

    def sources(self, names: tuple[str, ...] = ()) -> list[SourceFile]:
        """Find all Intercom sources, or the named ones.

        Raises:
            ConfigurationError: The project has no source, a name is unknown, or two sources would
                write to the same tables.
        """
        found = list(self._found())
        if not found:
            raise ConfigurationError(
                f"There is no Intercom source under {self.folder}. Make one: "
                "dg scaffold defs intercom_assets.IntercomSource intercom"
            )
        known = {source.name: source for source in found}
        folders = {source.folder: source for source in found}
        if unknown := sorted(set(names) - {*known, *folders}):
            raise ConfigurationError(
                f"There is no source {', '.join(unknown)}. Choose among {', '.join(known)}"
            )
        refuse_shared_tables(list(readable(found)))
        return [(folders | known)[name] for name in names] if names else found

    def _found(self) -> Iterator[SourceFile]:
        if self.folder is None:
            yield SourceFile(None, from_variables(), self.root)
            return
        for path in sorted(self.folder.rglob("defs.yaml")):
            yield from self._read(path)

    def _read(self, path: Path) -> Iterator[SourceFile]:
        try:
            documents = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
        except (OSError, yaml.YAMLError) as error:
            raise ConfigurationError(
                f"{path} cannot be read. Check its YAML and its permissions. [{error}]"
            ) from None
        for document in documents:
            if isinstance(document, dict) and document.get("type") == _COMPONENT:
                yield SourceFile(path, as_settings(document.get("attributes") or {}), self.root)


def _dagster_rules() -> Rules:
    from intercom_assets.orchestration.rules import (  # noqa: PLC0415 - half a second
        dagster_rules,
    )

    return dagster_rules()


def readable(sources: list[SourceFile]) -> Iterator[Settings]:
    """Yield the settings, without schedules, of each source that has valid ones."""
    for source in sources:
        # A command that works on the source reports the error.
        with suppress(ConfigurationError):
            yield source.unscheduled()


def find_project() -> Project:
    """Find the project, or make one of the working directory, and load its `.env`.

    DAGSTER_HOME becomes the project's folder if that has a `dagster.yaml`. Variables that are
    already set are left alone.
    """
    own = Path(__file__).resolve().parents[2]
    folders = (Path.cwd(), *Path.cwd().parents, own)
    # Our own folder is a project in a checkout only, not where the package is installed.
    project = next((found for folder in folders if (found := _project_at(folder))), None)
    project = project or standalone(Path.cwd())
    load_dotenv(project.root / ".env")
    if not os.environ.get("DAGSTER_HOME") and (project.root / "dagster.yaml").exists():
        os.environ["DAGSTER_HOME"] = str(project.root)
    return project


def standalone(root: Path) -> Project:
    """Return a project of one source whose settings are all variables."""
    return Project(root, root, "intercom_assets.standalone", None)


def make_dagster_home(project: Project) -> str:
    """Return DAGSTER_HOME, or a folder of our own beside the data for a project without one.

    Raises:
        ConfigurationError: The folder cannot be made.
    """
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
    settings = _project_table(folder / "dg.toml", "project") or _project_table(
        folder / "pyproject.toml", "tool", "dg", "project"
    )
    root_module = settings.get("root_module")
    if not root_module:
        return None
    home = folder / "src" if (folder / "src" / root_module).is_dir() else folder
    return Project(
        folder,
        home,
        settings.get("code_location_target_module", f"{root_module}.definitions"),
        home / settings.get("defs_module", f"{root_module}.defs").replace(".", "/"),
    )


def _project_table(file: Path, *path: str) -> dict[str, Any]:
    try:
        table: Any = tomllib.loads(file.read_text(encoding="utf-8"))
        for key in path:
            table = table[key]
    except (OSError, tomllib.TOMLDecodeError, KeyError):
        return {}
    return dict(table)

"""The Dagster project that a command works on, and the Intercom sources in it."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import yaml
from dotenv import load_dotenv

from intercom_assets.errors import ConfigurationError
from intercom_assets.settings.scaffold import source_name
from intercom_assets.settings.source import (
    Settings,
    read_settings,
    refuse_shared_tables,
)
from intercom_assets.settings.values import RuleBook, Rules, no_rules

_COMPONENT = "intercom_assets.IntercomSource"
_SCHEDULES = {"schedule", "reconcile"}


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A `defs.yaml` that declares an Intercom source.

    Attributes:
        raw: Settings as the file contains them.
        root: The project's root folder.
    """

    path: Path
    raw: Mapping[str, object]
    root: Path

    @property
    def name(self) -> str:
        """The name set in the file, or else the folder's name."""
        name = self.raw.get("name")
        return name if isinstance(name, str) and name else source_name(self.path.parent.name)

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
            name=self.path.parent.name,
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
        folder: Folder of its component files.
    """

    root: Path
    home: Path
    module: str
    folder: Path

    def sources(self, names: tuple[str, ...] = ()) -> list[SourceFile]:
        """Find all Intercom sources, or the named ones.

        Raises:
            ConfigurationError: The project has no source, a name is unknown, or two sources would
                write to the same tables.
        """
        found = [source for path in sorted(self.folder.rglob("defs.yaml")) for source in
                 self._read(path)]  # fmt: skip
        if not found:
            raise ConfigurationError(
                f"There is no Intercom source under {self.folder}. Make one: "
                "dg scaffold defs intercom_assets.IntercomSource intercom"
            )
        known = {source.name: source for source in found}
        folders = {source.path.parent.name: source for source in found}
        if unknown := sorted(set(names) - {*known, *folders}):
            raise ConfigurationError(
                f"There is no source {', '.join(unknown)}. Choose among {', '.join(known)}"
            )
        refuse_shared_tables(list(readable(found)))
        return [(folders | known)[name] for name in names] if names else found

    def _read(self, path: Path) -> Iterator[SourceFile]:
        try:
            documents = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
        except (OSError, yaml.YAMLError) as error:
            raise ConfigurationError(
                f"{path} cannot be read. Check its YAML and its permissions. [{error}]"
            ) from None
        for document in documents:
            if isinstance(document, dict) and document.get("type") == _COMPONENT:
                yield SourceFile(path, document.get("attributes") or {}, self.root)


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
    """Find the project, load its `.env`, and point `DAGSTER_HOME` at it.

    Variables that are already set, DAGSTER_HOME included, are left alone.

    Raises:
        ConfigurationError: There is no project.
    """
    own = Path(__file__).resolve().parents[2]
    folders = (Path.cwd(), *Path.cwd().parents, own)
    project = next((found for folder in folders if (found := _project_at(folder))), None)
    if project is None:
        # Our own folder is a project in a checkout only, not where the package is installed.
        raise ConfigurationError(
            f"There is no Dagster project in {Path.cwd()} or above it. Go to the folder whose "
            "pyproject.toml has [tool.dg.project], or make one (uvx create-dagster@latest project "
            "my_project) and a source in it (dg scaffold defs intercom_assets.IntercomSource "
            "intercom)"
        )
    load_dotenv(project.root / ".env")
    if not os.environ.get("DAGSTER_HOME") and (project.root / "dagster.yaml").exists():
        os.environ["DAGSTER_HOME"] = str(project.root)
    return project


def _project_at(folder: Path) -> Project | None:
    try:
        text = (folder / "pyproject.toml").read_text(encoding="utf-8")
        settings = tomllib.loads(text)["tool"]["dg"]["project"]
        root_module = settings["root_module"]
    except (OSError, tomllib.TOMLDecodeError, KeyError):
        return None
    home = folder / "src" if (folder / "src" / root_module).is_dir() else folder
    return Project(
        folder,
        home,
        settings.get("code_location_target_module", f"{root_module}.definitions"),
        home / settings.get("defs_module", f"{root_module}.defs").replace(".", "/"),
    )

"""How tests make a Dagster project of somebody else, with Intercom sources in it."""

import contextlib
import itertools
import json
import shutil
import traceback
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner, Result

from intercom_assets.cli import main
from intercom_assets_tests.dagster_project.running import ROOT

_NAMES = itertools.count()

_PYPROJECT = """
[project]
name = "{module}"
version = "0"

[tool.dg]
directory_type = "project"

[tool.dg.project]
root_module = "{module}"
"""

# `dg.load_from_defs_folder` also imports every installed component library: Snowflake's takes 7 s.
_DEFINITIONS = """\
from pathlib import Path
import dagster as dg

defs = dg.ComponentTree.for_project(Path(__file__).parent).build_defs(Path())
"""


def shipped_project(
    folder: Path, definitions: str = _DEFINITIONS, module: str = "demo_project"
) -> Path:
    """Make a project with the shipped source; gives its folder."""
    defs = folder / module / "defs" / "intercom"
    defs.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(f'[tool.dg.project]\nroot_module = "{module}"\n')
    shutil.copy(ROOT / "dagster.yaml", folder)
    shipped = ROOT / "intercom_assets" / "defs" / "intercom" / "defs.yaml"
    (defs / "defs.yaml").write_text(shipped.read_text())
    (folder / module / "definitions.py").write_text(definitions)
    return folder


@dataclass(frozen=True, kw_only=True)
class Host:
    """An empty Dagster project, as Dagster's own tool makes it.

    Attributes:
        folder: Its root.
        layout: Folder of its modules: `src`, or the root.
        module: Its package; each has a name of its own, because this process imports them all.
    """

    folder: Path
    layout: str = "."
    module: str = field(default_factory=lambda: f"acme_{next(_NAMES)}")

    def __post_init__(self) -> None:
        """Write the project."""
        package = self.home / self.module
        (package / "defs").mkdir(parents=True)
        for module in (package, package / "defs"):
            (module / "__init__.py").touch()
        (package / "definitions.py").write_text(_DEFINITIONS)
        (self.folder / "pyproject.toml").write_text(_PYPROJECT.format(module=self.module))

    @property
    def home(self) -> Path:
        """Where its modules are imported from."""
        return self.folder / self.layout

    @property
    def defs(self) -> Path:
        """The folder of its component files."""
        return self.home / self.module / "defs"

    def add(self, folder: str, **attributes: object) -> Path:
        """Write the file of a source, with a token's variable unless one is given."""
        file = self.defs / folder / "defs.yaml"
        file.parent.mkdir(exist_ok=True)
        given = {"access_token": {"env": "INTERCOM_ACCESS_TOKEN"}, **attributes}
        # JSON is YAML.
        component = {"type": "intercom_assets.IntercomSource", "attributes": given}
        file.write_text(json.dumps(component))
        return file

    def refusal(self) -> str:
        """Load the project, which is refused; gives all that the code location shows."""
        with pytest.raises(Exception, match="Error while building definitions") as refused:
            self.load()
        return "".join(traceback.format_exception(refused.value))

    def load(self) -> dg.Definitions:
        """Load its component files; the test has put its home on the path."""
        return dg.ComponentTree.for_project(self.folder).build_defs(Path())

    def call(self, *arguments: str, **variables: str) -> Result:
        """Run `intercom-assets` in its folder; only the worker of a run is another process."""
        own = dict.fromkeys(("DAGSTER_HOME", "DUCKDB_DATABASE"), "")
        with contextlib.chdir(self.defs):
            return CliRunner(env=own | variables).invoke(main, arguments)

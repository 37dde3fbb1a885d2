"""What holds for every file of ours: documented, short, named after a topic, free of mocks."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from intercom_assets import errors

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "intercom_assets"
SIMULATOR = ROOT / "intercom_simulator"
TESTS = ROOT / "intercom_assets_tests"
LONGEST = 400
MOST_MODULES = 16
TOPICLESS = {"utils", "util", "helpers", "helper", "common", "misc", "tools", "resources"}
# Written in pieces, so that this file does not contain what it looks for.
PATCHES = ("unittest." + "mock", "monkeypatch." + "setattr", "mock." + "patch", "Magic" + "Mock")


def sources(*folders: Path) -> list[Path]:
    """List our Python files."""
    found = [path for folder in folders for path in sorted(folder.rglob("*.py"))]
    assert len(found) > 20
    return found


def name_of(path: Path) -> str:
    """Name a file from the checkout on."""
    return str(path.relative_to(ROOT))


def definitions_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Go through the functions of a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def imported_by(path: Path) -> Iterator[str]:
    """Name what a file imports from elsewhere: modules, and what it takes out of them."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{one.name}" for one in node.names)


def test_every_module_says_what_belongs_in_it() -> None:
    """Each file begins with a docstring."""
    silent = [
        name_of(path)
        for path in sources(PACKAGE, SIMULATOR, TESTS)
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]

    assert silent == []


def test_every_test_states_its_rule() -> None:
    """Each test has a docstring: read in order they are the specification."""
    silent = [
        f"{name_of(path)}: {function.name}"
        for path in sources(TESTS)
        for function in definitions_of(path)
        if function.name.startswith("test_") and not ast.get_docstring(function)
    ]

    assert silent == []


def test_no_module_is_without_a_topic() -> None:
    """A module is named after what it holds, never after being useful."""
    assert [
        name_of(path) for path in sources(PACKAGE, SIMULATOR, TESTS) if path.stem in TOPICLESS
    ] == []


def test_no_module_is_long() -> None:
    """A file that has more than 400 lines has more than one topic."""
    lengths = {
        name_of(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in sources(PACKAGE, SIMULATOR)
    }

    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}


def test_nothing_is_patched() -> None:
    """Tests put fakes in by arguments; none replaces our code while it runs."""
    patched = [
        f"{name_of(path)}: {patch}"
        for path in sources(PACKAGE, SIMULATOR, TESTS)
        for patch in PATCHES
        if patch in path.read_text(encoding="utf-8")
    ]

    assert patched == []


def test_nothing_private_of_other_packages_is_imported() -> None:
    """What another package marks as its own by an underscore changes without notice."""
    private = [
        f"{name_of(path)}: {module}"
        for path in sources(PACKAGE, SIMULATOR, TESTS)
        for module in imported_by(path)
        if any(part.startswith("_") and part != "__future__" for part in module.split("."))
    ]

    assert private == []


def test_no_public_class_name_exists_twice() -> None:
    """A reader who meets a class by its name knows which one is meant."""
    places: dict[str, list[str]] = {}
    for path in sources(PACKAGE):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(name_of(path))

    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_no_folder_is_crowded() -> None:
    """A folder of more than 16 modules has more than one topic."""
    folders = {path.parent for path in sources(PACKAGE)}
    modules = {
        name_of(folder): len([path for path in folder.glob("*.py") if path.stem != "__init__"])
        for folder in folders
    }

    assert {name: count for name, count in modules.items() if count > MOST_MODULES} == {}


@pytest.mark.parametrize(
    "path",
    [path for path in sources(PACKAGE, SIMULATOR) if "__all__" in path.read_text(encoding="utf-8")],
    ids=name_of,
)
def test_public_names_exist_and_are_sorted(path: Path) -> None:
    """`__all__` lists names that exist, each once, in the order that ruff sorts them."""
    module = path.parent if path.stem == "__init__" else path.with_suffix("")
    imported = importlib.import_module(".".join(module.relative_to(ROOT).parts))

    assert len(set(imported.__all__)) == len(imported.__all__)
    assert [name for name in imported.__all__ if not hasattr(imported, name)] == []
    assert set(imported.__all__) <= set(dir(imported))


def test_the_tree_of_errors_is_the_drawn_one() -> None:
    """The docstring of `errors` draws each exception below the one that it is."""
    assert errors.__doc__ is not None
    above: dict[int, str] = {}
    drawn = {}
    for line in errors.__doc__.splitlines():
        if "──" not in line and line.strip() != "IntercomAssetsError":
            continue
        indent = len(line) - len(line.lstrip(" │├└─"))
        name = line.strip(" │├└─").split()[0]
        parents = [depth for depth in above if depth < indent]
        drawn[name] = above[max(parents)] if parents else "Exception"
        above = {depth: one for depth, one in above.items() if depth < indent} | {indent: name}

    declared = {
        name: value.__base__.__name__
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, Exception) and value.__base__
    }
    assert drawn == declared
    assert len(declared) <= 11

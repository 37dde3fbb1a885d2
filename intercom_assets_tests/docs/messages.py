"""The messages that the code can raise, read from its source; `…` stands for what is filled in."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "intercom_assets"

ERRORS = frozenset({
    "ConfigurationError", "Failure", "NotFound", "PassingError", "PermanentError", "RateLimited",
    "SchemaError", "TransientError", "Unauthorized", "WarehouseError",
})  # fmt: skip
"""What is raised with words for the user. A ValueError becomes a line of one of them: what is
allowed for a setting is on the page of settings."""

# A declaration that contradicts itself is for who develops, and a simulator is no part of a sync.
_INTERNAL = ("simulator", "catalog", "schema")


@cache
def raised() -> dict[str, str]:
    """Give every message that is raised with words of its own, and the module that does."""
    found: dict[str, str] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        module = path.relative_to(PACKAGE).as_posix()
        if module.startswith(_INTERNAL):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and _name(node.func) in ERRORS:
                found |= {words: module for words in _texts(node) if _says_something(words)}
    return found


@cache
def told() -> tuple[str, ...]:
    """Give every text in the source, raised or not."""
    texts: list[str] = []
    for path in sorted(PACKAGE.rglob("*.py")):
        texts += [
            words
            for node in ast.walk(ast.parse(path.read_text()))
            if (words := _words(node)) is not None
        ]
    return tuple(texts)


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _texts(call: ast.Call) -> Iterator[str]:
    for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
        if (words := _words(argument)) is not None:
            yield words


def _words(node: ast.AST) -> str | None:
    match node:
        case ast.Constant(value=str() as words):
            # A template's fields look like an f-string's.
            return re.sub(r"\{\w+\}", "…", words)
        case ast.JoinedStr(values=values):
            return "".join(_words(value) or "…" for value in values)
        case _:
            return None


def _says_something(words: str) -> bool:
    return len(re.findall(r"[a-z]{2,}", words)) >= 3

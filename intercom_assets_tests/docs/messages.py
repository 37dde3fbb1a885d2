"""The messages that the code can raise, read from its source; `…` stands for what is filled in."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "intercom_assets"

ERRORS = frozenset({
    "ConfigurationError", "Failure", "NotFound", "PassingError", "PermanentError", "RateLimited",
    "SchemaError", "TransientError", "Unauthorized", "WarehouseError",
})  # fmt: skip
"""What is raised with words for the user. A ValueError becomes a line of one of them: what is
allowed for a setting is on the page of settings."""

OF_INTERCOM = frozenset({"NotFound", "PermanentError", "TransientError", "Unauthorized"})
"""Their class writes the message, of what is wrong and what to do."""

# A declaration that contradicts itself is for who develops.
_INTERNAL = ("catalog", "schema")


@cache
def raised() -> dict[str, str]:
    """Give every message that is raised with words of its own, and the module that does."""
    found: dict[str, str] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        module = path.relative_to(PACKAGE).as_posix()
        if module.startswith(_INTERNAL):
            continue
        tree = ast.parse(path.read_text())
        named = _named(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _name(node.func) in ERRORS:
                found |= {words: module for words in _texts(node, named) if _says_something(words)}
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


def _texts(call: ast.Call, named: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Give what a call that makes an error says; what is wrong and what to do are one message."""
    given = (*call.args, *(keyword.value for keyword in call.keywords))
    said = [found for one in given if (found := _said(one, named))]
    if said and _name(call.func) in OF_INTERCOM and len(said) == 2:
        yield from (f"{wrong}. {remedy}" for wrong in said[0] for remedy in said[1])
    else:
        yield from (words for found in said for words in found)


def _said(node: ast.expr, named: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    match node:
        case ast.Name(id=name) | ast.Call(func=ast.Name(id=name)):
            return named.get(name, ())
        case ast.JoinedStr(values=[*_, ast.FormattedValue(value=ast.Call() as last)]):
            tail = _said(last, named)
            return tuple(f"{(_words(node) or '').removesuffix('…')}{words}" for words in tail) or (
                (_words(node) or "",)
            )
        case _:
            words = _words(node)
            return () if words is None else (words,)


def _named(tree: ast.AST) -> dict[str, tuple[str, ...]]:
    """Give the words that a module has under a name: of a variable, or of a function's answer."""
    found: dict[str, tuple[str, ...]] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                words = _words(value)
                found[name] = (*found.get(name, ()), *(() if words is None else (words,)))
            case ast.FunctionDef(name=name, body=body):
                answers = [
                    _words(one.value)
                    for part in body
                    for one in ast.walk(part)
                    if isinstance(one, ast.Return) and one.value is not None
                ]
                found[name] = tuple(words for words in answers if words is not None)
            case _:
                pass
    return found


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

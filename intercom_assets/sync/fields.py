"""What `_extra` holds: fields that no column declares, and values that did not fit theirs.

Paths mean here what they mean to `rows`: an object that columns are flattened from is no field of
its own, its fields are.
"""

from collections.abc import Callable
from dataclasses import dataclass

from intercom_assets.catalog.types import Json
from intercom_assets.warehouse.base import MERGED_INTO, Target
from intercom_assets.warehouse.queries import Answer, ExtraFields, Query

FIELDS = 100
"""Fields of one object that are read."""

_SHOWN = 60
_TYPES = {'"': "text", "{": "object", "[": "list", "t": "boolean", "f": "boolean", "n": "null"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenField:
    """A field that rows keep in `_extra`.

    Attributes:
        path: Keys that lead to it.
        rows: Rows that have it.
        row: Key of one of them.
        example: Beginning of its value there, as JSON.
    """

    path: tuple[str, ...]
    rows: int
    row: str
    example: str

    def __str__(self) -> str:
        """Read as its path and how often it came."""
        return f"{'.'.join(self.path)} ({self.rows:,} {'row' if self.rows == 1 else 'rows'})"

    def shown(self) -> Json:
        """Show it without what it says: a value may be personal."""
        return {
            "field": ".".join(self.path),
            "rows": self.rows,
            "type": _TYPES.get(self.example[:1], "number"),
            "example": masked(self.example),
            "row": self.row,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What `_extra` of a table's unmarked rows holds.

    Attributes:
        undeclared: Fields that no column declares, the most frequent first.
        misfits: Fields whose values did not fit their columns.
        statement: The query that lists the fields.
    """

    undeclared: list[SeenField]
    misfits: list[SeenField]
    statement: str


def survey(target: Target, ask: Callable[[Query, int], Answer]) -> Survey:
    """List what `_extra` holds; objects that columns are flattened from are looked into.

    Args:
        target: The table.
        ask: Asks the warehouse.
    """
    columns = target.table.columns
    declared = {column.path for column in columns}
    # Where older versions of the API have a column's value, and what we note ourselves.
    known = {(one.legacy.field,) for one in columns if one.legacy} | {(MERGED_INTO,)}
    objects = {path[:end] for path in declared for end in range(1, len(path))}
    undeclared: list[SeenField] = []
    misfits: list[SeenField] = []
    statements: list[str] = []
    pending: list[tuple[str, ...]] = [()]
    while pending:
        within = pending.pop(0)
        answer = ask(ExtraFields(target, within), FIELDS)
        statements.append(answer.statement)
        for name, is_object, rows, row, example in answer.rows:
            path = (*within, name)
            if path in objects and is_object:
                pending.append(path)
            elif path not in known:
                seen = SeenField(path=path, rows=rows, row=row, example=example)
                (misfits if path in declared | objects else undeclared).append(seen)
    return Survey(undeclared=undeclared, misfits=misfits, statement=";\n\n".join(statements))


def masked(example: str) -> str:
    """Show the form of a value and nothing of what it says: `"xxx@xxxxxxx.xxx"`."""
    form = "".join(_form(one) for one in example)
    return form if len(form) <= _SHOWN else f"{form[:_SHOWN]}…"


def _form(character: str) -> str:
    if character.isdigit():
        return "9"
    # Marks of other scripts, and pictures, say something too.
    return character if character.isascii() and not character.isalpha() else "x"

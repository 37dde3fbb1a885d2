"""Lists the contents of `_extra`: undeclared fields, and values that did not fit their column.

As in `rows`, an object that columns are flattened from is not a field, but its fields are.
"""

from collections.abc import Callable
from dataclasses import dataclass

from intercom_assets.catalog.preview import masked
from intercom_assets.catalog.types import Json
from intercom_assets.engine.progress import counted
from intercom_assets.warehouse.base import MERGED_INTO, Target
from intercom_assets.warehouse.queries import Answer, ExtraFields, Query

FIELDS = 100
"""Maximum number of fields to read of one object."""

_TYPES = {'"': "text", "{": "object", "[": "list", "t": "boolean", "f": "boolean", "n": "null"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraField:
    """A field in `_extra`, with the key and the JSON value of one row as an example."""

    path: tuple[str, ...]
    rows: int
    row: str
    example: str

    def __str__(self) -> str:
        """Return the path and the number of rows."""
        return f"{'.'.join(self.path)} ({counted(self.rows, 'row')})"

    def as_json(self) -> Json:
        """Return the field as JSON, with its value masked, as that may be personal."""
        return {
            "field": ".".join(self.path),
            "rows": self.rows,
            "type": _TYPES.get(self.example[:1], "number"),
            "example": masked(self.example),
            "row": self.row,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraFieldReport:
    """The fields in `_extra` of a table's unmarked rows, most frequent first."""

    undeclared: list[ExtraField]
    misfits: list[ExtraField]
    statement: str


def list_extra_fields(target: Target, run: Callable[[Query, int], Answer]) -> ExtraFieldReport:
    """List the fields in `_extra`, descending into objects that columns are flattened from."""
    columns = target.table.columns
    declared = {column.path for column in columns}
    # Fields of older API versions that columns are read from, and our own note on merged records.
    known = {(column.legacy.field,) for column in columns if column.legacy} | {(MERGED_INTO,)}
    objects = {path[:end] for path in declared for end in range(1, len(path))}
    undeclared: list[ExtraField] = []
    misfits: list[ExtraField] = []
    statements: list[str] = []
    pending: list[tuple[str, ...]] = [()]
    while pending:
        within = pending.pop(0)
        answer = run(ExtraFields(target, within), FIELDS)
        statements.append(answer.statement)
        for name, is_object, rows, row, example in answer.rows:
            path = (*within, name)
            if path in objects and is_object:
                pending.append(path)
            elif path not in known:
                found = ExtraField(path=path, rows=rows, row=row, example=example)
                (misfits if path in declared | objects else undeclared).append(found)
    return ExtraFieldReport(
        undeclared=undeclared, misfits=misfits, statement=";\n\n".join(statements)
    )

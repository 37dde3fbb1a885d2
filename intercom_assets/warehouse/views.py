"""Views over tables: their definitions, and the SELECT behind each, shared by all warehouses."""

import hashlib
import re
from dataclasses import dataclass
from enum import Enum
from typing import assert_never

from intercom_assets.catalog.shapes import (
    Bridge,
    Entries,
    Fivetran,
    Flat,
    How,
    Mapped,
    Shape,
    Versions,
)
from intercom_assets.catalog.table import (
    DELETED_AT,
    SYNCED_AT,
    VALID_TO,
    Column,
    Table,
    boolean,
    text,
    timestamp,
)
from intercom_assets.catalog.types import ColumnType
from intercom_assets.warehouse.base import Target
from intercom_assets.warehouse.dialects import Dialect
from intercom_assets.warehouse.statements import qualified

_VALID_FROM = "_valid_from"
_IS_CURRENT = "_is_current"

VALIDITY = (
    *timestamp(
        **{
            _VALID_FROM: "When this version of the row was committed.",
            VALID_TO: "When the next version replaced it; null for the current one.",
        }
    ),
    *boolean(**{_IS_CURRENT: "Whether it is the row as it is now."}),
)
"""The columns of a view of versions that its table lacks."""

ORIGIN = text(
    _source="Name of the source that the row is of; ids are unique within it only.",
    _workspace_id="Intercom's id of its workspace; null until a sync has stored it.",
)
"""The columns of a view of several sources that their tables lack."""

_MAKER = "intercom_assets"

# Patterns decide the type of a value, because casts differ between warehouses: DuckDB rounds 4.7 to
# an integer and accepts 0x10, and a time without an offset would depend on the reader's zone. The
# first group of each is the value.
_INTEGER = r"^(-?([0-9]{1,18}|[1-8][0-9]{18}))([.]0+)?$"  # 64 bits, except those beyond 9e18
_DOUBLE = r"^([+-]?([0-9]{1,200}[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,2})?)$"
_SECONDS = r"^(-[0-9]{1,10}|[0-9]{1,11})([.]0+)?$"  # years 1653 to 5138: milliseconds are longer
_INSTANT = (
    r"^([1-9][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2}))$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What a view shows: the shape of its model, and what is stored of its columns.

    Attributes:
        columns: Names of the table's columns that are shown as they are.
        typed: Columns read from `shape.column`, or from the entries of a list in it, by the last
            key of their paths; values of another type become null.
        mapped: Fivetran's columns, made of those of ours that are stored.
        joined: The table that Fivetran's view looks up, if it is stored.
    """

    table: Target
    shape: Shape
    columns: tuple[str, ...] = ()
    typed: tuple[Column, ...] = ()
    mapped: tuple[Mapped, ...] = ()
    joined: Target | None = None


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A table of one of several sources, and the names of the columns that it has."""

    table: Target
    source: str
    workspace_id: str | None
    columns: frozenset[str]


@dataclass(frozen=True, slots=True)
class UnionView:
    """All rows of the tables of several sources, with null for columns that one lacks."""

    tables: tuple[SourceTable, ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class View:
    """A view with its description and definition."""

    target: Target
    about: str
    definition: Definition | UnionView


class Made(Enum):
    """The result of creating a view."""

    CREATED = "created"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    """A relation that is not ours has its name."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of creating a view and, if refused, a statement that renames the obstacle."""

    made: Made
    rename: str = ""


def versions_of(table: Table) -> Table:
    """Return the columns of a view of the versions of a table's rows."""
    return Table(columns=(*table.columns, *VALIDITY), primary_key=(*table.primary_key, _VALID_FROM))


def mark_of(view: View, select: str) -> str:
    """Return the mark that identifies a view as ours and its definition by a hash."""
    digest = hashlib.sha256(f"{view.about}\n{select}".encode()).hexdigest()[:16]
    return f"{_MAKER}:{digest}"


def is_ours(text: str) -> bool:
    """Return whether a comment or definition contains the mark of one of our views."""
    return re.search(rf"\b{_MAKER}:[0-9a-f]{{16}}\b", text) is not None


def select(definition: Definition | UnionView, dialect: Dialect) -> str:
    """Return the SELECT behind a view; it ends with a condition."""
    if isinstance(definition, UnionView):
        tables = (_of_source(one, definition, dialect) for one in definition.tables)
        return "\nUNION ALL\n".join(tables)
    match definition.shape:
        case Flat(column=column):
            return _flat(definition, column, dialect)
        case Bridge() as bridge:
            return _bridge(definition.table, bridge, dialect)
        case Entries() as entries:
            return _entries(definition, entries, dialect)
        case Versions():
            return _versions(definition, dialect)
        case Fivetran() as shape:
            return _fivetran(definition, shape, dialect)
        case _:
            assert_never(definition.shape)


def _flat(view: Definition, column: str, dialect: Dialect) -> str:
    columns = [dialect.name(name) for name in view.columns]
    columns += [
        f"{_value(dialect.name(column), one, dialect)} AS {dialect.name(one.name)}"
        for one in view.typed
    ]
    listed, table = ",\n  ".join(columns), qualified(view.table, dialect)
    return f"SELECT\n  {listed}\nFROM {table}\nWHERE {dialect.name(DELETED_AT)} IS NULL"


def _bridge(table: Target, shape: Bridge, dialect: Dialect) -> str:
    key, member = f"t.{dialect.name(table.table.primary_key[0])}", _member(shape, dialect)
    members = dialect.members(f"t.{dialect.name(shape.column)}", shape.path)
    return (
        f"SELECT DISTINCT {key} AS {dialect.name(shape.key)}, {member} AS "
        f"{dialect.name(shape.member)}\nFROM {qualified(table, dialect)} AS t, {members}\n"
        f"WHERE t.{dialect.name(DELETED_AT)} IS NULL AND {member} IS NOT NULL"
    )


def _member(shape: Bridge, dialect: Dialect) -> str:
    return dialect.text_at("m.VALUE", (shape.field,) if shape.field is not None else ())


def _entries(view: Definition, shape: Entries, dialect: Dialect) -> str:
    keys = [
        f"t.{dialect.name(own)} AS {dialect.name(name)}"
        for own, name in zip(view.table.table.primary_key, shape.key, strict=True)
    ]
    fields = [
        f"{_value('m.VALUE', one, dialect)} AS {dialect.name(one.name)}" for one in view.typed
    ]
    listed, table = ",\n  ".join([*keys, *fields]), qualified(view.table, dialect)
    column, live = f"t.{dialect.name(shape.column)}", f"t.{dialect.name(DELETED_AT)} IS NULL"
    return "\nUNION ALL\n".join(
        f"SELECT\n  {listed}\nFROM {table} AS t, {dialect.members(column, path)}\nWHERE {live}"
        for path in shape.paths
    )


def _versions(view: Definition, dialect: Dialect) -> str:
    columns = ",\n  ".join(map(dialect.name, view.columns))
    start, end = dialect.name(SYNCED_AT), dialect.name(VALID_TO)
    versions = f"SELECT\n  {columns},\n  {start} AS {dialect.name(_VALID_FROM)},\n  "
    current = dialect.name(_IS_CURRENT)
    return (
        f"{versions}CAST(NULL AS {dialect.types[ColumnType.TIMESTAMP]}) AS {end},\n"
        f"  TRUE AS {current}\nFROM {qualified(view.table, dialect)}\nUNION ALL\n"
        f"{versions}{end},\n  FALSE AS {current}\n"
        f"FROM {qualified(view.table.history, dialect)}\nWHERE {end} IS NOT NULL"
    )


def _of_source(one: SourceTable, view: UnionView, dialect: Dialect) -> str:
    null = {kind: f"CAST(NULL AS {spelled})" for kind, spelled in dialect.types.items()}
    known = one.workspace_id
    cells = [
        dialect.text(one.source),
        null[ColumnType.TEXT] if known is None else dialect.text(known),
        *(
            dialect.name(column.name) if column.name in one.columns else null[column.type]
            for column in view.columns
        ),
    ]
    named = zip(cells, (*ORIGIN, *view.columns), strict=True)
    listed = ",\n  ".join(f"{cell} AS {dialect.name(column.name)}" for cell, column in named)
    return f"SELECT\n  {listed}\nFROM {qualified(one.table, dialect)}\nWHERE TRUE"


def _fivetran(view: Definition, shape: Fivetran, dialect: Dialect) -> str:
    named = [(one.column.name, one.column.type, _mapped(one, view, dialect)) for one in view.mapped]
    custom = f"t.{dialect.name(shape.column)}"
    named += [(one.name, one.type, _value(custom, one, dialect)) for one in view.typed]
    tables = f"{qualified(view.table, dialect)} AS t"
    shown = "TRUE" if shape.deleted else f"t.{dialect.name(DELETED_AT)} IS NULL"
    if bridge := shape.bridge:
        tables += f", {dialect.members(f't.{dialect.name(bridge.column)}', bridge.path)}"
        shown += f" AND {_member(bridge, dialect)} IS NOT NULL"
    if shape.lookup and view.joined:
        tables += f"\nLEFT JOIN {qualified(view.joined, dialect)} AS o "
        tables += f"ON o.{dialect.name(shape.lookup.key)} = t.{dialect.name(shape.lookup.value)}"
    listed = ",\n  ".join(
        f"{dialect.utc(found) if kind is ColumnType.TIMESTAMP else found} AS {dialect.name(name)}"
        for name, kind, found in named
    )
    distinct = " DISTINCT" if shape.bridge else ""
    return f"SELECT{distinct}\n  {listed}\nFROM {tables}\nWHERE {shown}"


def _mapped(column: Mapped, view: Definition, dialect: Dialect) -> str:
    """Read a column of Fivetran's; null if it is made of none of ours."""
    names = [(f"t.{dialect.name(name)}", name) for name in column.names]
    match column.how:
        case How.ACTIVE | How.DELETED:
            marked = "IS NULL" if column.how is How.ACTIVE else "IS NOT NULL"
            return f"t.{dialect.name(DELETED_AT)} {marked}"
        case How.MEMBER if isinstance(view.shape, Fivetran) and view.shape.bridge:
            return _member(view.shape.bridge, dialect)
        case How.LOOKUP if names:
            return f"o.{dialect.name(column.names[0])}"
        case How.KIND if names:
            words = (f"WHEN {own} IS NOT NULL THEN '{name.split('_')[0]}'" for own, name in names)
            return f"CASE {' '.join(words)} END"
        case How.OWN if names:
            table = view.table.table
            found = [
                dialect.text_at(own, (0,)) if table.column(name).type is ColumnType.JSON else own
                for own, name in names
            ]
            return f"COALESCE({', '.join(found)})" if len(found) > 1 else found[0]
        case _:
            return f"CAST(NULL AS {dialect.types[column.column.type]})"


def _value(values: str, column: Column, dialect: Dialect) -> str:
    """Read a value of a map as the column's type; null if it does not match."""
    key = column.path[-1]
    # With dots it may also be a path through nested objects.
    steps = tuple(key.split("."))
    paths = ((key,), steps) if len(steps) > 1 and all(steps) else ((key,),)
    found = [dialect.text_at(values, path) for path in paths]
    text = f"COALESCE({', '.join(found)})" if len(found) > 1 else found[0]
    match column.type:
        case ColumnType.TEXT | ColumnType.JSON:
            return text
        case ColumnType.INTEGER:
            return _cast(text, _INTEGER, ColumnType.INTEGER, dialect)
        case ColumnType.DOUBLE:
            return _cast(text, _DOUBLE, ColumnType.DOUBLE, dialect)
        case ColumnType.BOOLEAN:
            return f"CASE LOWER({text}) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END"
        case ColumnType.TIMESTAMP:
            seconds = _cast(text, _SECONDS, ColumnType.INTEGER, dialect)
            return (
                f"COALESCE({dialect.typed(f'{seconds} * 1000000', ColumnType.TIMESTAMP)},\n"
                f"    {_cast(text, _INSTANT, ColumnType.TIMESTAMP, dialect)})"
            )
        case _:
            assert_never(column.type)


def _cast(text: str, pattern: str, kind: ColumnType, dialect: Dialect) -> str:
    return f"TRY_CAST({dialect.match(text, pattern)} AS {dialect.types[kind]})"

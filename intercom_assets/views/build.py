"""Creates views in the warehouse from declared models and stored attributes.

Nothing is requested from Intercom. The warehouse writes the SQL.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never

from intercom_assets.catalog import CATALOG, Resource
from intercom_assets.catalog.shapes import (
    Bridge,
    Entries,
    Fivetran,
    Flat,
    How,
    Mapped,
    Model,
    Shape,
    Versions,
)
from intercom_assets.catalog.table import (
    DELETED_AT,
    EXTRA,
    ROW_HASH,
    SYNCED_AT,
    Column,
    Table,
    text,
)
from intercom_assets.engine.cursor import Source
from intercom_assets.errors import SchemaError
from intercom_assets.views.attributes import (
    COLUMNS,
    attribute_columns,
    listed_attributes,
    named_attributes,
)
from intercom_assets.warehouse.base import TableState, Target
from intercom_assets.warehouse.views import (
    VALIDITY,
    Definition,
    Made,
    View,
    versions_of,
)
from intercom_assets.warehouse.warehouse import Warehouse

_HIDDEN = frozenset({EXTRA, ROW_HASH, DELETED_AT})


@dataclass(frozen=True, slots=True)
class ViewColumn:
    """A column of a view, and the name of the table's column that it is read from."""

    column: Column
    source: str


@dataclass(frozen=True, slots=True)
class ViewReport:
    """The result of creating the view of a model.

    Attributes:
        made: None if a table or column that the view reads is missing.
        problem: Why the view was omitted or refused, and what to do.
        row_count: Rows of the view.
        live: Unmarked rows of its table.
    """

    model: Model
    target: Target
    made: Made | None
    problem: str = ""
    columns: tuple[ViewColumn, ...] = ()
    row_count: int = 0
    live: int = 0

    @property
    def stands(self) -> bool:
        """Whether the view exists and is ours."""
        return self.made is not None and self.made is not Made.REFUSED


@dataclass(frozen=True, slots=True)
class _Plan:
    model: Model
    view: View
    columns: tuple[ViewColumn, ...]
    live: int


@dataclass(slots=True)
class _Tables:
    """The stored tables that models read, each inspected once."""

    source: Source
    warehouse: Warehouse
    resources: Mapping[str, Resource]
    _states: dict[str, TableState] = field(default_factory=dict)

    def state(self, resource: str, *, history: bool = False) -> TableState:
        """Inspect a table, or the history beside it.

        Raises:
            SchemaError: The table does not exist or is not ours.
        """
        target = self.target(resource, history=history)
        if target.name not in self._states:
            self._states[target.name] = self.warehouse.inspect(target)
        if not self._states[target.name].exists:
            raise SchemaError(f"There is no table {target} yet. Sync {resource} first")
        return self._states[target.name]

    def target(self, resource: str, *, history: bool = False) -> Target:
        """Return the table of a resource, or the history beside it."""
        target = self.source.target(self.resources[resource])
        return target.history if history else target

    def stored(self, resource: str, *, history: bool = False) -> list[Column]:
        """Return the columns that a table has."""
        missing = self.state(resource, history=history).lacking
        columns = self.target(resource, history=history).table.all_columns
        return [one for one in columns if one.name not in missing]

    def columns(self, resource: str) -> frozenset[str]:
        """Return the names of a table's columns.

        Raises:
            SchemaError: The table does not exist or is not ours.
        """
        return frozenset(one.name for one in self.stored(resource))

    def columns_if_stored(self, resource: str) -> frozenset[str]:
        """Return the names of a table's columns, or none if it does not exist."""
        try:
            return self.columns(resource)
        except SchemaError:
            return frozenset()

    def require(self, resource: str, column: str) -> None:
        """Make sure that a table has a column.

        Raises:
            SchemaError: It was excluded, or no sync of this release has added it yet.
        """
        if column not in self.columns(resource):
            raise SchemaError(
                f"{self.target(resource)} has no column {column}. Sync {resource}, or leave the "
                "column out of exclude_columns"
            )

    def attributes(self, resource: str, within: str | None) -> tuple[Column, ...]:
        """Return columns for the custom attributes in a table, or in lists of its rows."""
        target = self.target(resource)
        if within is not None:
            self.require(resource, within)
            lists = self.warehouse.values(target, (within,))
            return attribute_columns(listed_attributes(text for (text,) in lists))
        declared = {column.name for column in CATALOG[resource].table.all_columns}
        columns = [name for name in COLUMNS if name in declared]
        if self.state(resource).lacking & set(columns):
            raise SchemaError(f"{target} lacks columns of this release. Sync {resource} first")
        rows = (
            dict(zip(columns, row, strict=True)) for row in self.warehouse.values(target, columns)
        )
        return attribute_columns(rows if "custom" in declared else named_attributes(rows))


def view_target(source: Source, model: Model) -> Target:
    """Return the view of a model; columns beyond its table's are found when it is created."""
    match model.shape:
        case Flat(resource=resource):
            table = source.target(CATALOG[resource]).table
        case Entries(key=key):
            table = Table(
                columns=(*text(**dict.fromkeys(key, "")), *model.shape.columns),
                primary_key=(*key, *model.shape.entry),
            )
        case Bridge(key=key, member=member) as bridge:
            table = Table(columns=bridge.columns, primary_key=(key, member))
        case Versions(resource=resource):
            table = versions_of(source.target(CATALOG[resource]).table)
        case Fivetran(resource=resource, schema=schema):
            return Target(schema, model.name, CATALOG[resource].table)
        case _:
            assert_never(model.shape)
    return Target(source.schema, f"{source.prefix}rudder_{model.name}", table)


def make_views(
    models: Iterable[Model],
    source: Source,
    warehouse: Warehouse,
    resources: Iterable[Resource] = CATALOG,
) -> list[ViewReport]:
    """Create the views of models whose tables exist.

    The database is opened once, and a view is replaced only if its definition changed.

    Args:
        models: The models.
        source: The source's settings.
        warehouse: Contains the tables and views.
        resources: The resources as stored: settings may hide columns.
    """
    with warehouse.connected():
        tables = _Tables(source, warehouse, {resource.name: resource for resource in resources})
        plans: list[_Plan] = []
        left_out: list[ViewReport] = []
        for model in models:
            try:
                plans.append(_plan(model, tables))
            except SchemaError as error:
                target = view_target(source, model)
                left_out.append(ViewReport(model, target, None, problem=str(error)))
        fivetran = [plan for plan in plans if isinstance(plan.model.shape, Fivetran)]
        own = [plan for plan in plans if not isinstance(plan.model.shape, Fivetran)]
        # None of Fivetran's is made in a schema that Fivetran itself writes.
        return [
            *left_out,
            *_made(own, warehouse, together=False),
            *_made(fivetran, warehouse, together=True),
        ]


def _made(plans: list[_Plan], warehouse: Warehouse, *, together: bool) -> Iterator[ViewReport]:
    outcomes = warehouse.make_views([plan.view for plan in plans], together=together)
    foreign = [plan.model.name for plan, one in zip(plans, outcomes, strict=True) if one.rename]
    for plan, outcome in zip(plans, outcomes, strict=True):
        target, name = plan.view.target, plan.model.name
        refused = outcome.made is Made.REFUSED
        problem = (
            f"The schema {target.schema} has {', '.join(foreign)}, not made by intercom_assets (or "
            "changed since), so none of Fivetran's views was made there. Set fivetran_schema to "
            "another schema, or rename what is there"
            if together
            else f"{target} exists and was not made by intercom_assets (or was changed since), so "
            f"it is left as it is. Rename it and materialize {name} again: {outcome.rename} Or "
            f"leave {name} out of the setting models"
        )
        yield ViewReport(
            plan.model,
            target,
            outcome.made,
            problem=problem if refused else "",
            columns=plan.columns,
            row_count=0 if refused else warehouse.count(target),
            live=plan.live,
        )


def _plan(model: Model, tables: _Tables) -> _Plan:
    shape = model.shape
    columns = tuple(_columns(shape, tables))
    state, table = tables.state(shape.resource), tables.target(shape.resource)
    read_from = None if isinstance(shape, Bridge | Versions) else shape.column
    definition = Definition(
        table=table,
        shape=shape,
        columns=tuple(one.source for one in columns if one.source == one.column.name),
        typed=tuple(one.column for one in columns if one.source == read_from),
    )
    if isinstance(shape, Fivetran):
        definition = replace(
            definition, mapped=tuple(_mapped(shape, tables)), joined=_joined(shape, tables)
        )
    view = View(view_target(tables.source, model), model.description, definition)
    return _Plan(model, view, columns, state.row_count)


def _version_columns(shape: Versions, tables: _Tables) -> Iterator[ViewColumn]:
    """Yield the columns that a table and its history have, and when a version is valid."""
    kept = {one.name for one in tables.stored(shape.resource, history=True)}
    for column in tables.stored(shape.resource):
        if column.name in kept:
            yield ViewColumn(column, column.name)
    for column in VALIDITY:
        yield ViewColumn(column, SYNCED_AT)


def _columns(shape: Shape, tables: _Tables) -> Iterator[ViewColumn]:
    """Yield the columns of a model.

    Raises:
        SchemaError: A table or column that it reads is missing.
    """
    match shape:
        case Versions():
            return _version_columns(shape, tables)
        case Fivetran():
            return _fivetran_columns(shape, tables)
        case _:
            return _own_columns(shape, tables)


def _own_columns(shape: Flat | Bridge | Entries, tables: _Tables) -> Iterator[ViewColumn]:
    tables.require(shape.resource, shape.column)
    match shape:
        case Flat():
            for column in tables.stored(shape.resource):
                if column.name not in {*_HIDDEN, shape.column}:
                    yield ViewColumn(column, column.name)
            for attribute in tables.attributes(shape.attributes, shape.within):
                yield ViewColumn(attribute, shape.column)
        case Entries(resource=resource, key=key):
            for name, own in zip(key, CATALOG[resource].primary_key, strict=True):
                [row] = text(**{name: f"Row of {resource} ({resource}.{own})."})
                yield ViewColumn(row, own)
            for column in shape.columns:
                yield ViewColumn(column, shape.column)
        case Bridge(resource=resource):
            row, pointed = shape.columns
            yield ViewColumn(row, CATALOG[resource].primary_key[0])
            yield ViewColumn(pointed, shape.column)
        case _:
            assert_never(shape)


def _fivetran_columns(shape: Fivetran, tables: _Tables) -> Iterator[ViewColumn]:
    if shape.bridge:
        tables.require(shape.resource, shape.bridge.column)
    for one in _mapped(shape, tables):
        yield ViewColumn(one.column, "" if one.how is How.LOOKUP else next(iter(one.names), ""))
    for attribute in _attributes(shape, tables):
        yield ViewColumn(attribute, shape.column)


def _mapped(shape: Fivetran, tables: _Tables) -> Iterator[Mapped]:
    """Yield the columns of Fivetran's, each with those of ours that are stored."""
    own = tables.columns(shape.resource)
    other = tables.columns_if_stored(shape.lookup.resource) if shape.lookup else frozenset()
    for one in shape.columns:
        stored = other if one.how is How.LOOKUP else own
        yield replace(one, names=tuple(name for name in one.names if name in stored))


def _joined(shape: Fivetran, tables: _Tables) -> Target | None:
    if shape.lookup is None or not tables.columns_if_stored(shape.lookup.resource):
        return None
    return tables.target(shape.lookup.resource)


def _attributes(shape: Fivetran, tables: _Tables) -> tuple[Column, ...]:
    """Return the custom attributes, if both they and their values are stored."""
    if shape.attributes is None or shape.column not in tables.columns(shape.resource):
        return ()
    known = tables.columns_if_stored(shape.attributes)
    return tables.attributes(shape.attributes, None) if known else ()

"""From declared models and the stored attributes to views in the warehouse, and what came of each.

Nothing is asked of Intercom.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never

from intercom_assets.catalog import CATALOG, Resource
from intercom_assets.catalog.models import Flat, Members, Model
from intercom_assets.catalog.table import DELETED_AT, EXTRA, ROW_HASH, Column, Table, text
from intercom_assets.errors import SchemaError
from intercom_assets.sync.attributes import COLUMNS, AttributeColumn, attribute_columns
from intercom_assets.sync.extract import Source
from intercom_assets.warehouse.base import TableState, Target
from intercom_assets.warehouse.views import BridgeView, FlatView, Made, Outcome, TypedColumn, View
from intercom_assets.warehouse.warehouse import Warehouse

_HIDDEN = frozenset({EXTRA, ROW_HASH, DELETED_AT})


@dataclass(frozen=True, slots=True)
class Lineage:
    """A column of a model, and the column that it is made of.

    Attributes:
        column: The column of the view.
        source: The column of the table that is read.
    """

    column: Column
    source: str


@dataclass(frozen=True, slots=True)
class ModelReport:
    """What became of a model.

    Attributes:
        model: The model.
        target: Its view.
        made: What became of the view, None where there was nothing to make it of.
        told: Why it was left out or refused, and what to do.
        columns: Its columns.
        row_count: Rows that it shows.
        live: Rows of its table that are not marked as gone.
    """

    model: Model
    target: Target
    made: Made | None
    told: str = ""
    columns: tuple[Lineage, ...] = ()
    row_count: int = 0
    live: int = 0

    @property
    def stands(self) -> bool:
        """Whether the view is there and ours."""
        return self.made is not None and self.made is not Made.REFUSED


@dataclass(frozen=True, slots=True)
class _Planned:
    model: Model
    view: View
    columns: tuple[Lineage, ...]
    live: int


@dataclass(slots=True)
class _Tables:
    """The stored tables that models read, each looked at once."""

    source: Source
    warehouse: Warehouse
    resources: Mapping[str, Resource]
    _states: dict[str, TableState] = field(default_factory=dict)

    def state(self, resource: str) -> TableState:
        """Look at a table.

        Raises:
            SchemaError: It is not there, or not ours.
        """
        target = self.target(resource)
        if resource not in self._states:
            self._states[resource] = self.warehouse.inspect(target)
        if not self._states[resource].exists:
            raise SchemaError(f"There is no table {target} yet. Sync {resource} first")
        return self._states[resource]

    def target(self, resource: str) -> Target:
        """Name a table."""
        return self.source.target(self.resources[resource])

    def attributes(self, resource: str) -> tuple[AttributeColumn, ...]:
        """Give the columns of the custom attributes that a table declares."""
        missing = {column.name for column in self.state(resource).missing}
        target = self.target(resource)
        if missing & set(COLUMNS):
            raise SchemaError(f"{target} lacks columns of this release. Sync {resource} first")
        rows = self.warehouse.values(target, COLUMNS)
        return attribute_columns(dict(zip(COLUMNS, row, strict=True)) for row in rows)


def view_target(source: Source, model: Model) -> Target:
    """Name the view of a model; its columns beyond the key are found when it is made."""
    match model.shape:
        case Flat(resource=resource):
            table = source.target(CATALOG[resource]).table
        case Members(key=key, member=member):
            table = Table(columns=text(**{key: "", member: ""}), primary_key=(key, member))
        case _:
            assert_never(model.shape)
    return Target(source.schema, f"{source.prefix}rudder_{model.name}", table)


def refresh(
    models: Iterable[Model],
    source: Source,
    warehouse: Warehouse,
    resources: Iterable[Resource] = CATALOG,
) -> list[ModelReport]:
    """Make the views of models, as far as their tables are there.

    The database is opened once; a view is written only where its definition changed.

    Args:
        models: The models.
        source: The source's settings.
        warehouse: Where the tables and views are.
        resources: Resources as the tables hold them: settings may hide columns.
    """
    with warehouse.connected():
        tables = _Tables(source, warehouse, {one.name: one for one in resources})
        planned: list[_Planned] = []
        left_out: list[ModelReport] = []
        for model in models:
            try:
                planned.append(_plan(model, tables))
            except SchemaError as error:
                left_out.append(
                    ModelReport(model, view_target(source, model), None, told=str(error))
                )
        outcomes = warehouse.make_views([one.view for one in planned])
        done = zip(planned, outcomes, strict=True)
        return [*left_out, *(_reported(one, outcome, warehouse) for one, outcome in done)]


def _reported(planned: _Planned, outcome: Outcome, warehouse: Warehouse) -> ModelReport:
    target = planned.view.target
    report = ModelReport(
        planned.model, target, outcome.made, columns=planned.columns, live=planned.live
    )
    if outcome.made is not Made.REFUSED:
        return replace(report, row_count=warehouse.count(target))
    return replace(
        report,
        told=f"{target} exists and was not made by intercom_assets (or was changed since), so "
        f"it is left as it is. Rename it and materialize {planned.model.name} again: "
        f"{outcome.rename} Or leave {planned.model.name} out of the setting models",
    )


def _plan(model: Model, tables: _Tables) -> _Planned:
    columns = tuple(_columns(model, tables))
    shape, state = model.shape, tables.state(model.shape.resource)
    target = view_target(tables.source, model)
    match shape:
        case Flat():
            table = tables.target(shape.resource)
            own = tuple(one.source for one in columns if one.source == one.column.name)
            picks = tuple(
                TypedColumn(one.column.name, one.column.path[-1], one.column.type)
                for one in columns
                if one.source == shape.column
            )
            definition: FlatView | BridgeView = FlatView(
                table=table, columns=own, map=shape.column, typed=picks
            )
        case Members():
            definition = BridgeView(
                table=tables.target(shape.resource),
                column=shape.column,
                path=shape.path,
                field=shape.field,
                key=shape.key,
                member=shape.member,
            )
        case _:
            assert_never(shape)
    view = View(target, model.description, definition)
    return _Planned(model, view, columns, state.row_count)


def _columns(model: Model, tables: _Tables) -> Iterator[Lineage]:
    """List the columns of a model.

    Raises:
        SchemaError: A table or column that it reads is not there.
    """
    shape = model.shape
    missing = {column.name for column in tables.state(shape.resource).missing}
    there = [
        column
        for column in tables.target(shape.resource).table.all_columns
        if column.name not in missing
    ]
    if shape.column not in {column.name for column in there}:
        raise SchemaError(
            f"{tables.target(shape.resource)} has no column {shape.column}. Sync {shape.resource}, "
            "or leave the column out of exclude_columns"
        )
    match shape:
        case Flat(attributes=attributes):
            for column in there:
                if column.name not in {*_HIDDEN, shape.column}:
                    yield Lineage(column, column.name)
            for one in tables.attributes(attributes):
                path = (shape.column, one.key)
                column = Column(
                    name=one.name, type=one.type, path=path, description=one.description
                )
                yield Lineage(column, shape.column)
        case Members(resource=resource, key=key, member=member, of=of):
            (first, second) = text(
                **{
                    key: f"Row of {resource} ({resource}.id).",
                    member: f"One of its {of} ({of}.id).",
                }
            )
            yield Lineage(first, CATALOG[resource].primary_key[0])
            yield Lineage(second, shape.column)
        case _:
            assert_never(shape)

"""The columns and the definition of a view with Fivetran's names, of what is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.table import text
from intercom_assets.catalog.types import ColumnType
from intercom_assets.catalog.views import Fivetran, How, Mapped
from intercom_assets.views.attributes import AttributeColumn
from intercom_assets.warehouse.base import Target
from intercom_assets.warehouse.views import FivetranView, TypedColumn


def declared_columns(shape: Fivetran) -> list[Mapped]:
    """Return the columns of a view, custom attributes apart."""
    resource = CATALOG[shape.resource]
    if bridge := shape.bridge:
        [key] = text(**{bridge.key: f"Row of {resource.name} ({resource.name}.id)."})
        [member] = text(**{bridge.member: f"One of its {bridge.of} ({bridge.of}.id)."})
        pair = [Mapped(key, How.OWN, resource.primary_key), Mapped(member, How.MEMBER, ())]
        return [*pair, *shape.columns]
    taken = {one.column.name for one in shape.columns}
    own = [
        Mapped(column, How.OWN, (column.name,))
        for column in resource.table.columns
        if column.type is not ColumnType.JSON and column.name not in taken
    ]
    return [*own, *shape.columns]


def fivetran_view(
    shape: Fivetran,
    tables: Mapping[str, Target],
    stored: Mapping[str, frozenset[str]],
    attributes: Sequence[AttributeColumn],
) -> FivetranView:
    """Define a view.

    Args:
        shape: What the view shows.
        tables: The tables that it may read, by resource.
        stored: The columns that each of them has; none if it does not exist.
        attributes: The custom attributes.
    """
    own, lookup = stored[shape.resource], shape.lookup
    other = stored[lookup.resource] if lookup else frozenset()
    joined = (tables[lookup.resource], lookup.key, lookup.value) if lookup and other else None
    return FivetranView(
        table=tables[shape.resource],
        columns=tuple(
            replace(
                one,
                names=tuple(
                    name for name in one.names if name in (other if one.how is How.LOOKUP else own)
                ),
            )
            for one in declared_columns(shape)
        ),
        map=shape.column,
        typed=tuple(TypedColumn(one.name, one.key, one.type) for one in attributes),
        bridge=shape.bridge,
        lookup=joined,
        deleted=shape.deleted,
    )

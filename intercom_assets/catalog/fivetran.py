"""Fivetran's tables of Intercom, each declared by how it differs from a table of ours."""

from collections.abc import Iterable
from dataclasses import replace

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.resource import Resource
from intercom_assets.catalog.shapes import Bridge, Fivetran, How, JoinedTable, Mapped, Model
from intercom_assets.catalog.table import (
    SYNCED_AT,
    Column,
    boolean,
    integer,
    text,
    timestamp,
)
from intercom_assets.catalog.types import ColumnType
from intercom_assets.catalog.views import MODELS


def _mapped(columns: tuple[Column, ...], how: How, *names: str) -> tuple[Mapped, ...]:
    return tuple(Mapped(column, how, names) for column in columns)


def _own(columns: tuple[Column, ...], *names: str) -> tuple[Mapped, ...]:
    return _mapped(columns, How.OWN, *names)


_SYNCED = _own(timestamp(_fivetran_synced="When this version of the row was stored."), SYNCED_AT)
_CURRENT = (
    *_mapped(boolean(_fivetran_deleted="Whether it is gone from Intercom."), How.DELETED),
    *_SYNCED,
)
_HISTORY = (
    *_mapped(boolean(_fivetran_active="Whether it exists in Intercom."), How.ACTIVE),
    *_own(timestamp(_fivetran_start="When this version of the row was stored."), SYNCED_AT),
    *_own(timestamp(_fivetran_end="Null: only the newest version of a row is shown.")),
    *_SYNCED,
)
_ARTICLE = (
    *_own(text(collection_id="Collection that it is in."), "parent_id", "parent_ids"),
    *_own(text(section_id="Null: Intercom no longer has sections.")),
    *(
        Mapped(replace(column, name=f"statistics_{column.name}"), How.LOOKUP, (column.name,))
        for column in CATALOG["article_statistics"].columns
        if column.name != "article_id"
    ),
)
_CONVERSATION = (
    *_own(text(assignee_id="Teammate it is assigned to; null when nobody."), "admin_assignee_id"),
    *_mapped(
        text(assignee_type="`admin` where a teammate is assigned, else `team`, or null."),
        How.KIND,
        "admin_assignee_id",
        "team_assignee_id",
    ),
    *_own(integer(conversation_rating_value="Rating, 1 to 5."), "conversation_rating_rating"),
    *_own(text(sla_name="Name of the SLA."), "sla_applied_sla_name"),
    *_own(text(sla_status="State of the SLA."), "sla_applied_sla_status"),
)
_PART = timestamp(conversation_updated_at="When the conversation last changed.")


def _rows(
    resource: str,
    *columns: Mapped,
    attributes: str | None = None,
    lookup: JoinedTable | None = None,
    deleted: bool = True,
) -> Fivetran:
    """Declare a table with the columns of ours, except for JSON, and those that differ."""
    different = {one.column.name for one in columns}
    own = (
        Mapped(column, How.OWN, (column.name,))
        for column in CATALOG[resource].table.columns
        if column.type is not ColumnType.JSON and column.name not in different
    )
    return Fivetran(
        resource=resource,
        columns=(*own, *columns),
        attributes=attributes,
        lookup=lookup,
        deleted=deleted,
    )


def _pairs(bridge: str, *columns: Mapped) -> Fivetran:
    """Declare a table of the pairs of a bridge, with the time at which its row last changed."""
    [shape] = (model.shape for model in MODELS if model.name == bridge)
    assert isinstance(shape, Bridge)
    resource, name = CATALOG[shape.resource], shape.key.replace("_id", "_updated_at")
    key, member = shape.columns
    pair = (Mapped(key, How.OWN, resource.primary_key), Mapped(member, How.MEMBER, ()))
    dated = _own(timestamp(**{name: f"When the row of {shape.resource} changed."}), "updated_at")
    mapped = (*pair, *(columns or (*dated, *_HISTORY)))
    return Fivetran(resource=shape.resource, columns=mapped, bridge=shape, deleted=False)


TABLES: dict[str, Fivetran] = {
    "admin": _rows("admins", *_CURRENT),
    "team": _rows("teams", *_CURRENT),
    "team_admin": _pairs("team_admins", *_CURRENT),
    "tag": _rows("tags", *_CURRENT),
    "company_history": _rows("companies", *_HISTORY, attributes="company_attributes"),
    "company_tag_history": _pairs("company_tags"),
    "contact_history": _rows(
        "contacts",
        *_own(text(admin_id="Teammate who owns the contact."), "owner_id"),
        *_HISTORY,
        attributes="contact_attributes",
    ),
    "contact_company_history": _pairs("contact_companies"),
    "contact_tag_history": _pairs("contact_tags"),
    "conversation_history": _rows(
        "conversations", *_CONVERSATION, *_HISTORY, attributes="conversation_attributes"
    ),
    # dbt's package counts the events of all rows, active or not.
    "conversation_part_history": _rows(
        "conversation_parts",
        *_mapped(_PART, How.LOOKUP, "updated_at"),
        *_HISTORY,
        lookup=JoinedTable("conversations", key="id", value="conversation_id"),
        deleted=False,
    ),
    "conversation_tag_history": _pairs("conversation_tags"),
    "conversation_contact_history": _pairs("conversation_contacts"),
    "article_history": _rows(
        "articles",
        *_ARTICLE,
        *_HISTORY,
        lookup=JoinedTable("article_statistics", key="article_id", value="id"),
    ),
    "collection_history": _rows("collections", *_HISTORY),
    "help_center_history": _rows("help_centers", *_HISTORY),
}
"""All tables that the dbt package `fivetran/intercom` reads, by name."""


def fivetran_models(schema: str, resources: Iterable[Resource]) -> tuple[Model, ...]:
    """Return the views in a schema whose rows are of the given resources."""
    names = {resource.name for resource in resources}
    return tuple(
        Model(
            name,
            f"The table `{name}` of Fivetran, as a view of {table.resource}: names of columns as "
            "there, times in UTC without zone.",
            replace(
                table,
                schema=schema,
                attributes=table.attributes if table.attributes in names else None,
                lookup=table.lookup if table.lookup and table.lookup.resource in names else None,
            ),
        )
        for name, table in TABLES.items()
        if table.resource in names
    )

"""The right to be forgotten: what is stored of contacts, and its erasure.

Rows of contacts and of what is listed by contact are deleted, former versions too. Conversations
stay, since reports count them, without what is personal in them. `_synced_at` and the cursors stay,
so that nothing becomes due. Nothing is remembered: what Intercom still returns may come back.
"""

from collections.abc import Mapping, Sequence

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.replication import PerParent
from intercom_assets.catalog.resource import Resource
from intercom_assets.catalog.table import EXTRA, ROW_HASH
from intercom_assets.engine.cursor import Source
from intercom_assets.warehouse.base import Target
from intercom_assets.warehouse.erasure import Erasure, Naming
from intercom_assets.warehouse.warehouse import Warehouse

CONTACTS = "contacts"

_CONVERSATIONS, _PARTS = "conversations", "conversation_parts"

# fmt: off
PERSONAL: Mapping[str, tuple[str, ...]] = {
    _CONVERSATIONS: (
        "title", "contacts", "custom_attributes", "external_references", "monitor_evaluations",
        "scorecards", "sales_agent_collected_data", "ai_agent_rating_remark",
        "conversation_rating_remark", "conversation_rating_contact_external_id",
        "first_contact_reply_url", "source_author_name", "source_author_email", "source_subject",
        "source_body", "source_url", "source_attachments", "source_recipients", "source_reply_to",
        "source_email_message_metadata",
    ),
    _PARTS: (
        "body", "author_name", "author_email", "attachments", "event_details",
        "email_message_metadata", "metadata", "translations",
    ),
}
# fmt: on
"""Columns that become null, as docs/privacy.md names them."""


_KEYS = {CONTACTS: "id", _CONVERSATIONS: "id", _PARTS: "author_id"}

_NAMING: Mapping[str, tuple[str, ...]] = {"source_author_id": (), CONTACTS: (CONTACTS,)}
"""Columns of a conversation that name its contacts, and the way to the list in each."""


def stored_of(
    source: Source, warehouse: Warehouse, contacts: Sequence[str]
) -> dict[Target, dict[Erasure, int]]:
    """Return by table what to erase of contacts there and in its history, each with its rows.

    Raises:
        SchemaError: A table is not ours, or not as declared.
    """
    stored: dict[Target, dict[Erasure, int]] = {}
    for resource in CATALOG:
        target, by = source.target(resource), _key(resource)
        tables = {
            one: {column.name for column in one.table.all_columns} - {c.name for c in state.missing}
            for one in ((target, target.history) if by else ())
            if (state := warehouse.inspect(one)).exists
        }
        keys = set(contacts)
        if resource.name == _CONVERSATIONS:
            keys = {
                key
                for table, there in tables.items()
                for column, path in _NAMING.items()
                if column in there
                for key in warehouse.keys_naming(Naming(table, column, path), contacts)
            }
        # The hash of a whole record could confirm a guess at what was in it.
        personal = PERSONAL.get(resource.name)
        blanked = (*personal, EXTRA, ROW_HASH) if personal else ()
        found = {
            Erasure(table, by, tuple(sorted(keys)), tuple(c for c in blanked if c in there))
            for table, there in tables.items()
            if by in there
        }
        counted = {one: warehouse.count_erasable(one) for one in found}
        if any(counted.values()):
            stored[target] = {one: count for one, count in counted.items() if count}
    return stored


def forget(warehouse: Warehouse, stored: Mapping[Target, Mapping[Erasure, int]]) -> None:
    """Erase what is stored of contacts: each table with its history, under its lock."""
    for target, erasures in stored.items():
        with warehouse.lock(target, "forget"):
            warehouse.erase(target, tuple(erasures))


def _key(resource: Resource) -> str | None:
    """Return the column by which the rows to erase are found."""
    if resource.name in _KEYS:
        return _KEYS[resource.name]
    link = resource.replication
    return link.key if isinstance(link, PerParent) and link.parent == CONTACTS else None

"""The right to be forgotten: what is stored of contacts, and its erasure.

Rows of contacts and of what is listed by contact are deleted, former versions too. Conversations
stay, since reports count them, without what is personal in them. `_synced_at` and the cursors stay,
so that nothing becomes due. Nothing is remembered: what Intercom still returns may come back.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.replication import PerParent
from intercom_assets.catalog.table import EXTRA, ROW_HASH
from intercom_assets.engine.cursor import Source
from intercom_assets.warehouse.base import Target
from intercom_assets.warehouse.erasure import Erasing, Erasure, Naming, Replacement
from intercom_assets.warehouse.warehouse import Warehouse

CONTACTS = "contacts"

_CONVERSATIONS, _PARTS = "conversations", "conversation_parts"

# fmt: off
PERSONAL: Mapping[str, tuple[str, ...]] = {
    _CONVERSATIONS: (
        "title", "custom_attributes", "external_references", "monitor_evaluations", "scorecards",
        "sales_agent_collected_data", "ai_agent_rating_remark", "conversation_rating_remark",
        "conversation_rating_contact_external_id", "first_contact_reply_url", "source_author_name",
        "source_author_email", "source_subject", "source_body", "source_url", "source_attachments",
        "source_recipients", "source_reply_to", "source_email_message_metadata",
    ),
    _PARTS: (
        "body", "author_name", "author_email", "attachments", "event_details",
        "email_message_metadata", "metadata", "translations",
    ),
}
# fmt: on
"""Columns that become null, as docs/privacy.md names them."""


_KEYS = {CONTACTS: "id", _CONVERSATIONS: "id", _PARTS: "author_id"} | {
    one.name: link.key
    for one in CATALOG
    if isinstance(link := one.replication, PerParent) and link.parent == CONTACTS
}
"""Tables that may hold contacts, with the column by which their rows are found."""

_NAMING: Mapping[str, tuple[str, ...]] = {"source_author_id": (), CONTACTS: (CONTACTS,)}
"""Columns of a conversation that name its contacts, and the way to the list in each."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored of contacts.

    Attributes:
        tables: What to erase in a table and its history, with the number of its rows.
        known: Ids of the contacts of whom anything is stored.
    """

    tables: Mapping[Target, Mapping[Erasing, int]]
    known: frozenset[str]


def stored_of(source: Source, warehouse: Warehouse, contacts: Collection[str]) -> Stored:
    """Look up what is stored of contacts.

    Raises:
        SchemaError: A table is not ours, or not as declared.
    """
    stored: dict[Target, Mapping[Erasing, int]] = {}
    known: set[str] = set()
    for name in _KEYS:
        found, people = _look_up(source, warehouse, name, contacts)
        known |= people
        if found:
            stored[source.target(CATALOG[name])] = found
    return Stored(stored, frozenset(known))


def _look_up(
    source: Source, warehouse: Warehouse, name: str, contacts: Collection[str]
) -> tuple[dict[Erasing, int], set[str]]:
    """Return what to erase in a table and its history, with its rows, and whom it is of."""
    target, by, personal = source.target(CATALOG[name]), _KEYS[name], PERSONAL.get(name, ())
    known = set[str]()
    tables = {
        one: {column.name for column in one.table.all_columns} - {c.name for c in state.missing}
        for one in (target, target.history)
        if (state := warehouse.inspect(one)).exists
    }
    people, erasing = {one: {one} for one in contacts}, list[Erasing]()
    if name == _CONVERSATIONS:
        people, erasing, known = _taking_part(warehouse, tables, contacts)
    # The hash of a whole record could confirm a guess at what was in it.
    blanked = (*personal, EXTRA, ROW_HASH) if personal else ()
    erasing += [
        Erasure(table, by, tuple(sorted(people)), tuple(c for c in blanked if c in there))
        for table, there in tables.items()
        if by in there
    ]
    found = {one: warehouse.erasable(one) for one in erasing}
    keys = {key for counts in found.values() for key in counts}
    known |= {who for key in keys & people.keys() for who in people[key]}
    return {one: sum(counts.values()) for one, counts in found.items() if counts}, known


def _taking_part(
    warehouse: Warehouse, tables: Mapping[Target, Collection[str]], contacts: Collection[str]
) -> tuple[dict[str, set[str]], list[Erasing], set[str]]:
    """Return the contacts by conversation, the lists without them, and who is in one."""
    people: dict[str, set[str]] = {}
    lists, listed = list[Erasing](), set[str]()
    for table, there in tables.items():
        for column, path in _NAMING.items():
            if column not in there:
                continue
            rows = warehouse.naming(Naming(table, column, path), contacts)
            for key, who, _ in rows:
                people.setdefault(key, set()).add(who)
            if path and rows:
                listed.update(who for _, who, _ in rows)
                values = {cell: _without(contacts, cell) for _, _, cell in rows}
                lists.append(Replacement(table, column, values))
    return people, lists, listed


def _without(contacts: Collection[str], cell: str) -> str:
    """Take contacts out of the list of a conversation: others in it did not ask."""
    value = json.loads(cell)
    value[CONTACTS] = [
        one
        for one in value[CONTACTS]
        if not (isinstance(one, dict) and str(one.get("id")) in contacts)
    ]
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def forget(source: Source, warehouse: Warehouse, contacts: Collection[str]) -> None:
    """Erase what is stored of contacts: each table with its history, under its lock.

    It is looked up there, since a sync may have written before it let the lock go.
    """
    for name in _KEYS:
        target = source.target(CATALOG[name])
        with warehouse.lock(target, "forget"):
            if found := _look_up(source, warehouse, name, contacts)[0]:
                warehouse.erase(target, found)

"""Lists inside a record that Intercom cuts at ten entries are completed: rule 10."""

from urllib.parse import quote

from intercom_assets.catalog.resource import NestedList
from intercom_assets.errors import NotFound
from intercom_assets.intercom.client import CONNECTIONS, Call
from intercom_assets.intercom.pagination import read_pages
from intercom_assets.schema.types import Json, Record
from intercom_assets.sync.ordered import in_order
from intercom_assets.sync.reading import Reading


async def completed(reading: Reading, records: list[Record]) -> list[Record]:
    """Give the records with their nested lists whole, in the same order.

    Entries keep the short shape that Intercom nests: `{id, type, url}`.
    """
    if not reading.resource.nested:
        return records

    async def complete(record: Record) -> Record:
        for nested in reading.resource.nested:
            record = await _complete(reading, nested, record)
        return record

    return [record async for record in in_order(complete, records, CONNECTIONS)]


async def _complete(reading: Reading, nested: NestedList, record: Record) -> Record:
    envelope = record.get(nested.name)
    owner = record.get("id")
    if not isinstance(envelope, dict) or envelope.get("has_more") is not True or owner is None:
        return record
    try:
        entries = await _read(reading, nested, str(owner))
    except NotFound:
        # The record went away after it was listed; what the list showed of it is the last truth.
        return record
    cut = envelope.get("data")
    whole = _shaped(entries, cut if isinstance(cut, list) else [], nested.name)
    return {
        **record,
        nested.name: {**envelope, "data": whole, "has_more": False, "total_count": len(whole)},
    }


async def _read(reading: Reading, nested: NestedList, owner: str) -> list[Record]:
    call = Call(
        path=nested.path.replace("{id}", quote(owner, safe="")),
        needs=tuple((key,) for key in nested.records),
    )
    pages = read_pages(reading.session, call, nested.pagination)
    return [record async for page in pages for record in page.records]


def _shaped(entries: list[Record], cut: list[Json], name: str) -> list[Json]:
    """Give the whole list in the shape of the cut one: a list looks the same at any size."""
    shown = {entry.get("id"): entry for entry in cut if isinstance(entry, dict)}
    return [
        shown.get(entry.get("id"))
        or {
            "id": entry.get("id"),
            "type": entry.get("type"),
            "url": f"/{name}/{entry.get('id')}",
        }
        for entry in entries
    ]

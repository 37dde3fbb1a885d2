"""Lists inside a record that Intercom cuts at ten entries are completed: rule 10."""

from urllib.parse import quote

from intercom_assets.catalog.resource import NestedList
from intercom_assets.errors import CutOff, NotFound, PermanentError
from intercom_assets.intercom.client import CONNECTIONS, Call
from intercom_assets.intercom.pagination import read_list
from intercom_assets.schema.types import Json, Record
from intercom_assets.sync.ordered import in_order
from intercom_assets.sync.reading import Reading


async def completed(reading: Reading, records: list[Record]) -> list[Record]:
    """Give the records with their nested lists whole, in the same order.

    Entries keep the short shape that Intercom nests: `{id, type, url}`.
    """

    async def complete(place: int) -> Record:
        record = records[place]
        for nested in reading.resource.nested:
            if _is_cut(nested, record):
                record = await _complete(reading, nested, record)
        return record

    lists = reading.resource.nested
    cut = [i for i, one in enumerate(records) if any(_is_cut(nested, one) for nested in lists)]
    if not cut:
        return records
    whole = [record async for record in in_order(complete, cut, CONNECTIONS)]
    mended = list(records)
    for place, record in zip(cut, whole, strict=True):
        mended[place] = record
    return mended


def _is_cut(nested: NestedList, record: Record) -> bool:
    envelope = record.get(nested.name)
    if not isinstance(envelope, dict) or envelope.get("has_more") is not True:
        return False
    return record.get("id") is not None


async def _complete(reading: Reading, nested: NestedList, record: Record) -> Record:
    envelope = record[nested.name]
    assert isinstance(envelope, dict)
    try:
        entries = await _read(reading, nested, str(record["id"]))
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
    try:
        return (await read_list(reading.session, call, nested.pagination)).records
    except CutOff as error:
        # Not the list that the record is in, which would be read around.
        raise PermanentError(error.request, error.wrong, error.remedy) from None


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

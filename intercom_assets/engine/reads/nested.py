"""Lists inside a record: one that Intercom cuts at ten entries is completed (rule 10)."""

from collections.abc import Awaitable, Iterable
from dataclasses import dataclass
from math import inf

from intercom_assets.catalog.endpoints import record_path
from intercom_assets.catalog.resource import NestedList
from intercom_assets.catalog.types import Json, Record
from intercom_assets.engine.concurrency import map_ordered
from intercom_assets.engine.cursor import PassedOver
from intercom_assets.engine.extract import ReadContext
from intercom_assets.engine.unread import TRIES, Judge, too_short
from intercom_assets.errors import IntercomError, RateLimited
from intercom_assets.intercom.client import CONNECTIONS, Call
from intercom_assets.intercom.pagination import (
    read_list,
)
from intercom_assets.intercom.responses import Response


@dataclass(frozen=True, slots=True)
class Completed:
    """Records with their nested lists, as complete as possible.

    Attributes:
        passed_over: Records whose lists stay cut.
        settled: Keys that were due and are complete now.
    """

    records: list[Record]
    passed_over: list[PassedOver]
    settled: list[str]


async def completed(context: ReadContext, records: list[Record], most: float = inf) -> Completed:
    """Complete the nested lists of records.

    Entries keep the short shape that Intercom nests: `{id, type, url}`. A list that cannot be
    completed stays as the record shows it, with `has_more` as before.
    """
    lists = context.resource.nested
    cut = [i for i, one in enumerate(records) if any(_is_cut(nested, one) for nested in lists)]
    mended = list(records)
    passed_over: dict[str, PassedOver] = {}

    async def complete(place: int) -> None:
        for nested in (one for one in lists if _is_cut(one, records[place])):
            whole = await _complete(context, nested, mended[place], most)
            if isinstance(whole, IntercomError):
                key = str(records[place]["id"])
                passed_over[key] = context.unread.passed_over(key, whole)
            else:
                mended[place] = whole

    async for _ in map_ordered(complete, cut, CONNECTIONS):
        pass
    keys = (str(record.get("id")) for record in records)
    settled = context.unread.settled(key for key in keys if key not in passed_over)
    return Completed(mended, list(passed_over.values()), settled)


def _is_cut(nested: NestedList, record: Record) -> bool:
    envelope = record.get(nested.name)
    if not isinstance(envelope, dict) or envelope.get("has_more") is not True:
        return False
    return record.get("id") is not None


async def _complete(
    context: ReadContext, nested: NestedList, record: Record, most: float
) -> Record | IntercomError:
    envelope = record[nested.name]
    assert isinstance(envelope, dict)
    key = str(record["id"])
    judge = _judge(context, nested)
    if judge.end is not None:
        # Most likely a missing permission: do not request thousands of lists in vain.
        return judge.end

    async def read(tries: float) -> list[Record]:
        call = _call(nested, key, min(tries, most))
        entries = (await read_list(context.session, call, nested.pagination)).records
        _refuse_shorter(call, envelope, entries)
        return entries

    try:
        entries = await judge.read(key, read)
    except RateLimited:
        raise
    except IntercomError as error:
        judge.note(error)
        return error
    whole = _shaped(entries, _shown(envelope), nested.name)
    return {
        **record,
        nested.name: {**envelope, "data": whole, "has_more": False, "total_count": len(whole)},
    }


def _judge(context: ReadContext, nested: NestedList) -> Judge:
    def ask(key: str) -> Awaitable[Response]:
        return context.session.ask(_call(nested, key, TRIES))

    return context.unread.lists.setdefault(nested.path, Judge(ask))


def _call(nested: NestedList, key: str, most: float) -> Call:
    return Call(
        path=record_path(nested.path, key),
        needs=tuple((name,) for name in nested.records),
        scope=nested.scope,
        most=most,
    )


def _refuse_shorter(call: Call, envelope: Record, entries: list[Record]) -> None:
    """Refuse a list that lacks what its record shows or counts."""
    known, listed, total = _ids(_shown(envelope)), _ids(entries), envelope.get("total_count")
    counted = total if isinstance(total, int) else len(known) + 1
    if known - listed or len(listed) < counted:
        raise too_short(call.answered(f"{len(listed)} of {counted}"))


def _shown(envelope: Record) -> list[Json]:
    shown = envelope.get("data")
    return shown if isinstance(shown, list) else []


def _ids(entries: Iterable[Json]) -> set[str]:
    return {
        str(entry["id"])
        for entry in entries
        if isinstance(entry, dict) and entry.get("id") is not None
    }


def _shaped(entries: list[Record], cut: list[Json], name: str) -> list[Json]:
    """Return the complete list in the shape of the cut one, whatever its length."""
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

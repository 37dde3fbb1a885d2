"""Full reads: lists and the scroll, read completely at each sync."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime

import anyio

from intercom_assets.catalog.resource import FullRefresh, Listing, Scroll
from intercom_assets.catalog.types import EPOCH, Record, micros_at
from intercom_assets.engine.cursor import Batch, Checkpoint, reached
from intercom_assets.engine.extract import ReadContext, local_now
from intercom_assets.engine.reconcile import SHARE, Unseen
from intercom_assets.engine.rows import RecordSpool, hash_record
from intercom_assets.errors import PermanentError, RequestInfo
from intercom_assets.intercom.client import Call
from intercom_assets.intercom.pagination import Page, paged, read_pages
from intercom_assets.intercom.scroll import Restarted, read_scroll


async def read_full(context: ReadContext, listing: Listing) -> AsyncGenerator[Batch]:
    """Read a list to its end, twice if it is unexpectedly empty.

    Raises:
        PermanentError: The list is empty, but cannot be.
    """
    with RecordSpool(context.folder / f"{context.resource.name}.jsonl") as spool:
        opened = await _fill(context, listing, spool)
        if not spool.records and (context.stored_rows or not _may_be_empty(context)):
            opened = await _fill(context, listing, spool)
            if not spool.records:
                _explain_empty(context, listing)
        newest: datetime | None = None
        done = 0
        for page in spool.read():
            records = _one_of_each_key(context, page)
            done += len(page)
            newest = context.newest(records, newest)
            yield Batch(
                rows=context.shaper.lines(context.kept(records), masked=True),
                seen=context.shaper.keys(records, masked=True),
                returned=len(page),
                total=spool.records,
                done=done,
            )
        yield Batch(
            checkpoint=Checkpoint(at=reached(context.window, newest, opened)),
            complete=True,
            total=done,
            done=done,
        )


def is_limited(context: ReadContext) -> bool:
    """Return whether a list shows only what the teammate behind the token may see."""
    replication = context.resource.replication
    return isinstance(replication, FullRefresh) and replication.limited


async def unless_limited(
    context: ReadContext, batches: AsyncGenerator[Batch], unseen: Unseen
) -> AsyncGenerator[Batch]:
    """Yield the batches of a limited list; if over a tenth of the rows are gone, none is marked."""
    (key,) = context.resource.primary_key
    seen: list[str] = []
    async with aclosing(batches):
        async for batch in batches:
            seen += (str(row[key]) for row in batch.seen)
            if batch.complete:
                gone = len(await anyio.to_thread.run_sync(unseen, seen, EPOCH, None))
                if gone > max(1, int(context.stored_rows * SHARE)):
                    _explain_loss(context, gone)
                    batch = replace(batch, complete=False)  # noqa: PLW2901 - the last one
            yield batch


async def _fill(context: ReadContext, listing: Listing, spool: RecordSpool) -> datetime:
    # Pages are only spooled here: nothing slow may come between two scroll requests.
    spool.clear()
    began, opened = local_now(), None
    async for page in _pages(context, listing):
        if isinstance(page, Restarted):
            spool.clear()
            continue
        opened = opened or page.date
        if page.records:
            records = _without(listing.secret, page.records)
            spool.add(list(context.shaper.masked(records)))
            context.spooled(spool.records)
    return opened or began


def _without(secret: tuple[str, ...], records: list[Record]) -> list[Record]:
    if not secret:
        return records
    return [{name: one[name] for name in one if name not in secret} for one in records]


def _one_of_each_key(context: ReadContext, records: list[Record]) -> list[Record]:
    """Keep one of several records that share a key, whatever their order, and warn of it.

    Records that share an id are one record that came twice; the commit keeps the newer.
    """
    resource = context.resource
    if "id" in resource.primary_key:
        return records
    sharing: dict[tuple[object, ...], list[Record]] = {}
    for record in records:
        sharing.setdefault(tuple(context.shaper.key(record).values()), []).append(record)
    for key, same in sharing.items():
        same.sort(key=_precedence, reverse=True)
        if len({hash_record(record) for record in same}) > 1:
            kept, *others = (f"id {record.get('id') or 'none'}" for record in same)
            context.warn(
                f"{len(same)} {resource.name} share the {' and '.join(resource.primary_key)} "
                f"{', '.join(map(repr, key))}, which identifies a row: kept is {kept}, left out "
                f"{', '.join(others)}. One in use goes before an archived one, then the one that "
                "was updated last"
            )
    return [same[0] for same in sharing.values()]


def _precedence(record: Record) -> tuple[bool, int, str, str]:
    return (
        record.get("archived") is not True,
        micros_at(record, ("updated_at",)) or 0,
        str(record.get("id")),
        hash_record(record),
    )


def _pages(context: ReadContext, listing: Listing) -> AsyncIterator[Page | Restarted]:
    call = Call(path=listing.path, params=listing.params, needs=((listing.records,),))
    if isinstance(context.resource.pagination, Scroll):
        return read_scroll(context.session, call, context.scroll_patience)
    return read_pages(context.session, call, paged(context.resource.pagination))


def _may_be_empty(context: ReadContext) -> bool:
    replication = context.resource.replication
    return not isinstance(replication, FullRefresh) or replication.may_be_empty


def _explain_empty(context: ReadContext, listing: Listing) -> None:
    name = context.resource.name
    if is_limited(context):
        return
    if not _may_be_empty(context):
        raise PermanentError(
            RequestInfo(method="GET", path=listing.path, status=200),
            f"The list of {name} is empty, which it never is in a workspace",
            "Run again, and check that the access token may read it; nothing was changed",
        )
    context.warn(
        f"Intercom returned no {name} twice, where {context.stored_rows:,} are stored: they are "
        "marked as deleted now, and unmarked when they come back"
    )


def _explain_loss(context: ReadContext, gone: int) -> None:
    context.warn(
        f"{gone:,} of {context.stored_rows:,} stored {context.resource.name} are no longer listed, "
        "more than a tenth: the teammate behind the access token may see fewer of them. None is "
        "marked as deleted. If they were really deleted, run again with force"
    )

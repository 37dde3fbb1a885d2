"""One record asked for by its id: what a reconcile misses, and what is due from before."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from urllib.parse import quote

from intercom_assets.catalog.types import Record
from intercom_assets.errors import IntercomError, Request, TransientError
from intercom_assets.intercom.client import CONNECTIONS, Call
from intercom_assets.sync.batch import Batch, PassedOver
from intercom_assets.sync.nested import completed
from intercom_assets.sync.ordered import in_order
from intercom_assets.sync.reading import Reading
from intercom_assets.sync.unread import TRIES_AGAIN, refuse_others

_RUN = 150


async def look_up(reading: Reading, key: str, most: float) -> Record:
    """Ask for one record, as a search would show it.

    Args:
        reading: What is read.
        key: The record's id.
        most: Tries at the most.

    Raises:
        NotFound: Intercom itself says that it is gone.
        IntercomError: It cannot be read.
    """
    lookup = reading.resource.lookup
    assert lookup is not None, "the catalogue holds that each search has one"
    path = lookup.path.replace("{id}", quote(key, safe=""))
    answer = await reading.session.ask(Call(path=path, most=most))
    if not answer.body.get("id"):
        raise TransientError(
            Request(method="GET", path=path, status=200),
            "An answer of Intercom is no record: it has no id, so it may have been cut off",
            "Run again; if it stays, report the request in brackets",
        )
    return {name: value for name, value in answer.body.items() if name not in lookup.beyond}


async def with_unread(reading: Reading, batches: AsyncGenerator[Batch]) -> AsyncGenerator[Batch]:
    """Ask for what is due from before, then read on; who reads everything meets it anyway."""
    if not reading.start.from_beginning:
        for begin in range(0, len(reading.unread.before), _RUN):
            yield await _again(reading, reading.unread.before[begin : begin + _RUN])
    async with aclosing(batches):
        async for batch in batches:
            yield batch


async def _again(reading: Reading, keys: tuple[str, ...]) -> Batch:
    # Records whose lists nobody may read would be read for nothing.
    ended = [one.end for one in reading.unread.lists.values() if one.end is not None]

    async def look(key: str) -> Record | PassedOver:
        if ended:
            return reading.unread.passed_over(key, ended[0])
        try:
            return await look_up(reading, key, TRIES_AGAIN)
        except IntercomError as error:
            refuse_others(error)
            return reading.unread.passed_over(key, error)

    found = [one async for one in in_order(look, keys, CONNECTIONS)]
    passed_over = [one for one in found if isinstance(one, PassedOver)]
    records = [one for one in found if not isinstance(one, PassedOver)]
    whole = await completed(reading, records, TRIES_AGAIN)
    return Batch(
        rows=reading.shaper.lines(whole.records),
        passed_over=[*passed_over, *whole.passed_over],
        settled=whole.settled,
    )

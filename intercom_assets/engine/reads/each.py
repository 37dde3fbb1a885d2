"""Reads of a resource that has a list for each of some values, which the settings name."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime

from intercom_assets.catalog.endpoints import Listing
from intercom_assets.engine.cursor import Batch, Checkpoint
from intercom_assets.engine.extract import ReadContext
from intercom_assets.engine.reads.full import explain_empty, read_full
from intercom_assets.errors import NotFound, PermanentError
from intercom_assets.intercom.workspace import no_list


async def read_each(context: ReadContext, listing: Listing) -> AsyncGenerator[Batch]:
    """Read one list after the other; rows of a list that was not read whole stay as they are.

    So do those of a value that the settings no longer name.

    Raises:
        PermanentError: Intercom has none of the lists, or shows none.
    """
    whole, refused, done = list[str](), list[PermanentError](), 0
    warnings = list[str]()
    reached: datetime | None = None
    for value in context.values:
        before = done
        try:
            async with aclosing(read_full(context, listing, value)) as batches:
                async for batch in batches:
                    done = before + batch.done
                    if batch.checkpoint is None:
                        yield replace(batch, done=done, total=None)
                        continue
                    reached = max(filter(None, (reached, batch.checkpoint.at)), default=None)
                    whole += [value] if batch.complete else []
        except PermanentError as error:
            # The whole list is spooled before it is yielded, so that nothing of it was.
            if isinstance(error, NotFound):
                refused.append(no_list(error, context.resource, value))
                warnings.append(str(refused[-1]))
            elif error.is_withheld:
                refused.append(error)
                stays = f"what is stored of the {listing.each} {value!r} stays as it is"
                warnings.append(error.but(stays))
            else:
                raise
    if refused and len(refused) == len(context.values):
        raise refused[0]
    for warning in warnings:
        context.warn(warning)
    if not done and context.stored_rows and not refused:
        explain_empty(context, listing)
    yield Batch(
        checkpoint=Checkpoint(at=reached),
        complete=bool(whole),
        complete_of=tuple(whole),
        total=done,
        done=done,
    )

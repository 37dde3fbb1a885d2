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


async def read_each(context: ReadContext, listing: Listing) -> AsyncGenerator[Batch]:
    """Read one list after the other; rows of a list that Intercom does not have stay as they are.

    So do those of a value that the settings no longer name.

    Raises:
        PermanentError: Intercom has none of the lists.
    """
    name, whole, done = context.resource.name, list[str](), 0
    reached: datetime | None = None
    unknown: NotFound | None = None
    for value in context.values:
        before = done
        try:
            async with aclosing(read_full(context, listing, value)) as batches:
                async for batch in batches:
                    done = before + batch.done
                    if batch.checkpoint is None:
                        yield replace(batch, done=done, total=None)
                    elif at := batch.checkpoint.at:
                        reached = at if reached is None else max(reached, at)
        except NotFound as error:
            # The whole list is spooled before it is yielded, so that nothing of it was.
            unknown = error
            context.warn(
                f"Intercom has no {name} of the {listing.each} {value!r}: what is stored of it "
                "stays as it is. Correct the setting custom_object_types, or take it out there"
            )
            continue
        whole.append(value)
    if unknown is not None and not whole:
        raise PermanentError(
            unknown.request,
            f"Intercom has {name} of none of the types {', '.join(context.values)}",
            "Write the setting custom_object_types with the identifiers that Intercom shows in "
            "Settings, Data, Custom objects; nothing was changed",
        )
    if not done and context.stored_rows and unknown is None:
        explain_empty(context, listing)
    yield Batch(
        checkpoint=Checkpoint(at=reached),
        complete=True,
        complete_of=tuple(whole),
        total=done,
        done=done,
    )

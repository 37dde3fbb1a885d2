"""Reconcile stored rows with Intercom: fetch what syncs missed, and mark what is gone.

Search returns what exists, so a stored row that its slice of time does not return is a candidate:
it was deleted, merged into another record, or changed since. Each candidate is requested by its
id, and only what Intercom itself says is gone is marked, while it returns others. What cannot be
read is skipped. A search that returns half of the truth therefore costs requests but never a row;
candidates beyond a tenth of the rows stop it.
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial

import anyio

from intercom_assets.catalog.endpoints import Granularity, Search
from intercom_assets.catalog.types import EPOCH, Record
from intercom_assets.engine.concurrency import map_ordered
from intercom_assets.engine.cursor import Batch, Checkpoint, Gone, PassedOver
from intercom_assets.engine.extract import Extract, ReadContext
from intercom_assets.engine.reads.changes import look_up, read_undated
from intercom_assets.engine.reads.incremental import (
    IncrementalRead,
    first_slices,
    newest_first,
    open_window,
    read_slices,
)
from intercom_assets.engine.reads.nested import completed
from intercom_assets.engine.slices import Slice
from intercom_assets.engine.unread import MANY, TRIES, Judge, incident
from intercom_assets.errors import IntercomError, NotFound, PermanentError, RequestInfo
from intercom_assets.intercom.client import CONNECTIONS
from intercom_assets.intercom.search import count_records
from intercom_assets.warehouse.warehouse import Warehouse

Unseen = Callable[[Sequence[str], datetime, datetime | None], list[str]]
"""Returns the keys of an interval's stored rows that are not among those seen; blocks."""

SHARE = 0.1
"""Share of the stored rows that may be candidates before a person has to look."""

FEW = 20
"""This many candidates are always allowed: a tenth of a small table is nothing."""


async def reconcile(context: ReadContext, *, unseen: Unseen, force: bool) -> AsyncGenerator[Batch]:
    """Compare slice by slice, with a checkpoint after each from which a later call resumes.

    With `force`, any number of candidates is allowed.

    Raises:
        PermanentError: More than a tenth of the stored rows are candidates.
    """
    search = context.resource.endpoint
    assert isinstance(search, Search)
    assert context.window.since is not None
    judge = Judge(partial(look_up, context, most=TRIES))
    comparison = _Comparison(context, judge, unseen, force, context.window.since)
    begin = int(context.window.since.timestamp())
    read = IncrementalRead(context, search, comparing=True)
    async with aclosing(read.pages_since(begin)) as pages:
        await open_window(read, pages)
    context.note(f"comparing {context.stored_rows:,} stored rows with Intercom")
    async for batch in read_undated(read):
        yield comparison.see_undated(batch)
    async for batch in read_slices(read, await first_slices(read, begin)):
        yield replace(comparison.see(batch), checkpoint=None)
        if batch.covered is not None:
            yield await comparison.compare(read, _end(batch.covered, search))
    tail = read.tail()
    async for batch in newest_first(read, read.pages_since(tail), read.early(tail)):
        yield comparison.see(batch)
    yield await comparison.compare(read, None)


@dataclass(slots=True)
class _Comparison:
    """How far stored rows have been compared, and what was found."""

    context: ReadContext
    judge: Judge
    unseen: Unseen
    force: bool
    position: datetime
    seen: list[str] = field(default_factory=list)
    undated: list[str] = field(default_factory=list)
    candidates: int = 0
    missing: NotFound | None = None

    def see(self, batch: Batch) -> Batch:
        """Note the records of a batch, and return the batch without their keys.

        The keys serve only this comparison: unseen rows are marked by full reads only.
        """
        [key] = self.context.resource.primary_key
        self.seen += [str(row[key]) for row in batch.seen]
        return replace(batch, seen=[])

    def see_undated(self, batch: Batch) -> Batch:
        """Note records without a date, which belong to no slice of time."""
        seen = self.see(batch)
        self.undated += self.seen
        self.seen = []
        return seen

    async def compare(self, read: IncrementalRead, until: datetime | None) -> Batch:
        """Request the stored rows of an interval that were not returned."""
        seen = self.seen + self.undated
        missing = await anyio.to_thread.run_sync(self.unseen, seen, self.position, until)
        # If what was just listed cannot be requested, nothing can.
        self.judge.known = self.seen[-1] if self.seen else self.judge.known
        self.seen = []
        self._limit(len(missing))
        looked = [found async for found in map_ordered(self._look, missing, CONNECTIONS)]
        passed_over = [found for found in looked if isinstance(found, PassedOver)]
        await self._confirm(passed_over)
        records = [found for found in looked if not isinstance(found, Gone | PassedOver)]
        whole = await completed(self.context, records)
        reached = read.reached()
        assert reached.checkpoint is not None
        self.position = until or self.position
        return replace(
            reached,
            rows=self.context.shaper.lines(whole.records),
            gone=[found for found in looked if isinstance(found, Gone)],
            passed_over=[*passed_over, *whole.passed_over],
            settled=whole.settled,
            checkpoint=Checkpoint(at=reached.checkpoint.at, reconciled=self.position),
            reconciled_at=read.opened if until is None else None,
        )

    async def _confirm(self, passed_over: list[PassedOver]) -> None:
        """Accept that records are gone, or many unreadable, only while Intercom returns others."""
        self.judge.close()
        failed = passed_over[0].error if len(passed_over) >= MANY else None
        doubtful, self.missing = self.missing or failed, None
        if doubtful and self.judge.known and not await self.judge.answers():
            raise incident(doubtful)

    def _limit(self, more: int) -> None:
        self.candidates += more
        path = self.context.resource.endpoint.path
        allowed = max(FEW, int(self.context.stored_rows * SHARE))
        if self.candidates > allowed and not self.force:
            raise PermanentError(
                RequestInfo(method="POST", path=path),
                f"At least {self.candidates:,} of {self.context.stored_rows:,} stored rows are "
                f"missing in Intercom's answers, over the limit of {allowed:,}",
                "Run the reconcile again with force, if so many were really deleted or changed; "
                "nothing of this part was marked",
            )

    async def _look(self, key: str) -> Gone | Record | PassedOver:
        try:
            return await self.judge.read(key, partial(look_up, self.context, key))
        except NotFound as error:
            self.missing = error
            into = (error.merged_into or "").rstrip("/").rpartition("/")[2]
            return Gone(key, into or None)
        except IntercomError as error:
            await self.judge.excuse(error)
            if error.status == 404 and await self.judge.answers():
                # A proxy's page each time, for this record only: Intercom has lost it.
                return Gone(key)
            return self.context.unread.passed_over(key, error)


def _end(covered: Slice, search: Search) -> datetime:
    """Return when the next slice begins; an hour of error costs one request."""
    until = datetime.fromtimestamp(covered.until, UTC)
    whole_day = search.granularity is Granularity.DAY
    return until + (timedelta(hours=12) if whole_day else timedelta(seconds=1))


def count_all(extract: Extract, context: ReadContext) -> int | None:
    """Return Intercom's count of records; None if unknown, or if not all of them are to be stored.

    With a start date older records are not stored, though Intercom counts them.
    """
    search, window = extract.resource.endpoint, context.window
    complete = window.must_balance or extract.request.reconcile
    if not isinstance(search, Search) or not complete or window.start_date is not None:
        return None
    try:
        return extract.connection.call(count_records, context.session, search)
    except IntercomError as error:
        # Nothing else depends on this count, and a lasting failure hits the next request, too.
        context.note(error.but("the rows are not compared with a count"))
        return None


def missing_rows(extract: Extract, warehouse: Warehouse, context: ReadContext, before: int) -> int:
    """Return how many rows are missing, by the lesser of Intercom's counts before and after."""
    after = count_all(extract, context)
    counted = before if after is None else min(before, after)
    stored = warehouse.inspect(extract.target).row_count
    missing = max(counted - stored, 0)
    if missing:
        context.warn(
            f"Intercom counts {counted:,} {extract.resource.name}, and {stored:,} are stored: "
            f"{missing:,} are missing, which none of its lists and searches returned. Run a "
            "reconcile; if they stay missing, ask Intercom's support why its list counts more "
            "than it shows"
        )
    return missing


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


def _explain_loss(context: ReadContext, gone: int) -> None:
    context.warn(
        f"{gone:,} of {context.stored_rows:,} stored {context.resource.name} are no longer listed, "
        "more than a tenth: the teammate behind the access token may see fewer of them. None is "
        "marked as deleted. If they were really deleted, run again with force"
    )

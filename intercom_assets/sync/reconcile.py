"""Every stored row compared with Intercom: what syncs missed is fetched, what is gone is marked.

Searching returns what exists, so a stored row that its slice of time does not return is a
candidate: it was deleted, merged into another record, or changed since. Each candidate is asked
for by its id, and only what Intercom itself says is gone is marked, while it shows others. What
cannot be read is passed over. A search that returns half of the truth therefore costs requests and
never a row; a tenth of the rows as candidates stops it.
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial

import anyio

from intercom_assets.catalog.resource import Granularity, Search
from intercom_assets.catalog.types import Record
from intercom_assets.errors import IntercomError, NotFound, PermanentError, Request
from intercom_assets.intercom.client import CONNECTIONS
from intercom_assets.intercom.search import Order
from intercom_assets.sync.batch import Batch, Checkpoint, Gone, PassedOver
from intercom_assets.sync.lookup import look_up
from intercom_assets.sync.nested import completed
from intercom_assets.sync.ordered import in_order
from intercom_assets.sync.reading import Reading
from intercom_assets.sync.slices import Slice
from intercom_assets.sync.undated import read_undated
from intercom_assets.sync.unread import MANY, TRIES, Judge, incident
from intercom_assets.sync.walk import Walk, first_slices, newest_first, opened, read_slices

Unseen = Callable[[Sequence[str], datetime, datetime | None], list[str]]
"""Lists stored rows of an interval that are not among the keys seen; blocks."""

SHARE = 0.1
"""Part of the stored rows that may be candidates before a person has to look."""

FEW = 20
"""As many candidates are always looked into: a tenth of a small table is nothing."""


async def reconcile(reading: Reading, *, unseen: Unseen, force: bool) -> AsyncGenerator[Batch]:
    """Compare slice by slice, with a checkpoint after each; a later call goes on from there.

    Args:
        reading: What is read, from where the last reconcile stopped or the beginning.
        unseen: Lists stored rows that were not seen.
        force: Whether any number of candidates is looked into.

    Raises:
        PermanentError: More than a tenth of the stored rows are candidates.
    """
    search = reading.resource.endpoint
    assert isinstance(search, Search)
    assert reading.start.since is not None
    judge = Judge(partial(look_up, reading, most=TRIES))
    comparison = _Comparison(reading, judge, unseen, force, reading.start.since)
    begin = int(reading.start.since.timestamp())
    walk = Walk(reading, search, comparing=True)
    async with aclosing(walk.pages(begin, None, Order.NEWEST_FIRST)) as pages:
        await opened(walk, pages)
    reading.note(f"comparing {reading.stored_rows:,} stored rows with Intercom")
    async for batch in read_undated(walk):
        yield comparison.see_undated(batch)
    async for batch in read_slices(walk, await first_slices(walk, begin)):
        yield replace(comparison.see(batch), checkpoint=None)
        if batch.covered is not None:
            yield await comparison.compare(walk, _end(batch.covered, search))
    tail = walk.tail()
    newest = walk.pages(tail, None, Order.NEWEST_FIRST)
    async for batch in newest_first(walk, newest, walk.early(tail)):
        yield comparison.see(batch)
    yield await comparison.compare(walk, None)


@dataclass(slots=True)
class _Comparison:
    """How far stored rows were compared, and what was found."""

    reading: Reading
    judge: Judge
    unseen: Unseen
    force: bool
    position: datetime
    seen: list[str] = field(default_factory=list)
    undated: list[str] = field(default_factory=list)
    candidates: int = 0
    missing: NotFound | None = None

    def see(self, batch: Batch) -> Batch:
        """Note the records that a batch returned; gives the batch without their keys.

        They are for this comparison alone: what a read did not see is marked by a full read only.
        """
        [key] = self.reading.resource.primary_key
        self.seen += [str(row[key]) for row in batch.seen]
        return replace(batch, seen=[])

    def see_undated(self, batch: Batch) -> Batch:
        """Note records without a date: they belong to no slice of time."""
        seen = self.see(batch)
        self.undated += self.seen
        self.seen = []
        return seen

    async def compare(self, walk: Walk, until: datetime | None) -> Batch:
        """Look into the stored rows of an interval that were not returned."""
        seen = self.seen + self.undated
        missing = await anyio.to_thread.run_sync(self.unseen, seen, self.position, until)
        # What was just listed can be asked for, or nothing can.
        self.judge.known = self.seen[-1] if self.seen else self.judge.known
        self.seen = []
        self._limit(len(missing))
        looked = [found async for found in in_order(self._look, missing, CONNECTIONS)]
        passed_over = [found for found in looked if isinstance(found, PassedOver)]
        await self._confirm(passed_over)
        records = [found for found in looked if not isinstance(found, Gone | PassedOver)]
        whole = await completed(self.reading, records)
        reached = walk.reached()
        assert reached.checkpoint is not None
        self.position = until or self.position
        return replace(
            reached,
            rows=self.reading.shaper.lines(whole.records),
            gone=[found for found in looked if isinstance(found, Gone)],
            passed_over=[*passed_over, *whole.passed_over],
            settled=whole.settled,
            checkpoint=Checkpoint(at=reached.checkpoint.at, reconciled=self.position),
            reconciled_at=walk.opened if until is None else None,
        )

    async def _confirm(self, passed_over: list[PassedOver]) -> None:
        """Believe that records are gone, or many unreadable, only while Intercom shows others."""
        self.judge.close()
        failed = passed_over[0].error if len(passed_over) >= MANY else None
        doubtful, self.missing = self.missing or failed, None
        if doubtful and self.judge.known and not await self.judge.answers():
            raise incident(doubtful)

    def _limit(self, more: int) -> None:
        self.candidates += more
        path = self.reading.resource.endpoint.path
        allowed = max(FEW, int(self.reading.stored_rows * SHARE))
        if self.candidates > allowed and not self.force:
            raise PermanentError(
                Request(method="POST", path=path),
                f"At least {self.candidates:,} of {self.reading.stored_rows:,} stored rows are "
                f"missing in Intercom's answers, over the limit of {allowed:,}",
                "Run the reconcile again with force, if so many were really deleted or changed; "
                "nothing of this part was marked",
            )

    async def _look(self, key: str) -> Gone | Record | PassedOver:
        try:
            return await self.judge.read(key, partial(look_up, self.reading, key))
        except NotFound as error:
            self.missing = error
            into = (error.merged_into or "").rstrip("/").rpartition("/")[2]
            return Gone(key, into or None)
        except IntercomError as error:
            await self.judge.excuse(error)
            if error.status == 404 and await self.judge.answers():
                # A proxy's page, each time, for this record alone: Intercom has lost it.
                return Gone(key)
            return self.reading.unread.passed_over(key, error)


def _end(covered: Slice, search: Search) -> datetime:
    """Give the instant where the next slice begins; an hour of error costs a request at most."""
    until = datetime.fromtimestamp(covered.until, UTC)
    whole_day = search.granularity is Granularity.DAY
    return until + (timedelta(hours=12) if whole_day else timedelta(seconds=1))

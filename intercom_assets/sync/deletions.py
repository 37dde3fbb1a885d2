"""What Intercom itself lists as deleted: read before each search, down to what is known.

The list comes first, so that what search returns afterwards exists: a row that came back, or one
that search still shows. What was deleted within `lookback` of the last reading is therefore given
again, until search shows it too. The position moves only when the list was read that far, and is
stored with the marks.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta

from intercom_assets.catalog.resource import Deletions, Numbered
from intercom_assets.catalog.types import Record, to_timestamp
from intercom_assets.errors import IntercomError
from intercom_assets.intercom.client import Call
from intercom_assets.intercom.pagination import Page, read_pages
from intercom_assets.sync.batch import Batch, Gone
from intercom_assets.sync.cursor import EPOCH
from intercom_assets.sync.reading import Reading, now


async def after_deletions(
    reading: Reading, deletions: Deletions | None, batches: AsyncGenerator[Batch]
) -> AsyncGenerator[Batch]:
    """Give what was deleted, where the version of the API lists it, then the read itself."""
    async with aclosing(batches):
        if deletions is not None and reading.session.client.version >= deletions.since:
            async with aclosing(_listed(reading, deletions)) as listed:
                async for batch in listed:
                    yield batch
        async for batch in batches:
            yield batch


async def _listed(reading: Reading, deletions: Deletions) -> AsyncGenerator[Batch]:
    call = Call(path=deletions.path, params={"order": "desc"}, needs=((deletions.records,),))
    walk = _Walk(deletions.dated, reading.start.deletions_since, any_stored=reading.stored_rows > 0)
    pages = read_pages(reading.session, call, Numbered(deletions.per_page))
    try:
        async with aclosing(pages):
            async for page in pages:
                yield walk.take(page)
                if walk.is_past(page):
                    break
    except IntercomError as error:
        reading.warn(error.but("what was deleted is looked for again by the next sync"))
    else:
        yield Batch(deletions_at=None if walk.shrunk else walk.opened)


@dataclass(slots=True)
class _Walk:
    """The way from the newest deletion back to the known ones.

    Attributes:
        dated: Field that says when a record was deleted.
        since: Deletions before this are known; None where none is.
        any_stored: Whether there are rows that could be marked.
        opened: Intercom's clock when the list was opened.
        total: Entries of the list, as the last page counted them.
        shrunk: Whether entries went away, so that one may have passed between two pages.
    """

    dated: str
    since: datetime | None
    any_stored: bool
    opened: datetime | None = None
    total: int = 0
    shrunk: bool = False

    def take(self, page: Page) -> Batch:
        """Give what a page tells that may not be known."""
        if self.opened is None:
            newest = max(filter(None, map(self._date, page.records)), default=None)
            # Without Intercom's clock a deletion that it dated tells how far the list goes.
            self.opened = page.date or (min(newest, now()) if newest else None)
            if not self.any_stored:
                self.since = self.since or self.opened
        total = page.total_count or 0
        self.shrunk, self.total = self.shrunk or total < self.total, total
        return Batch(gone=[Gone(str(one["id"])) for one in page.records if self._is_news(one)])

    def is_past(self, page: Page) -> bool:
        """Whether all further pages are known; never where a page is out of order."""
        dates = [date for record in page.records if (date := self._date(record))]
        in_order = len(dates) == len(page.records) and dates == sorted(dates, reverse=True)
        return self.since is not None and in_order and bool(dates) and dates[-1] < self.since

    def _is_news(self, record: Record) -> bool:
        date = self._date(record)
        is_known = date is not None and self.since is not None and date < self.since
        return record.get("id") is not None and not is_known

    def _date(self, record: Record) -> datetime | None:
        micros = to_timestamp(record.get(self.dated))
        return EPOCH + timedelta(microseconds=micros) if isinstance(micros, int) else None

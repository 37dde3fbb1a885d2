"""Lists by parent that are only added to: each sync asks every parent, and no row is marked."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import anyio

from intercom_assets.catalog.endpoints import Child, record_path
from intercom_assets.catalog.replication import AddedByParent
from intercom_assets.catalog.types import Record
from intercom_assets.engine.cursor import Batch, Checkpoint, reached
from intercom_assets.engine.extract import ReadContext, local_now
from intercom_assets.engine.unread import TRIES, Judge
from intercom_assets.errors import IntercomError, PermanentError
from intercom_assets.intercom.client import Call
from intercom_assets.intercom.pagination import Page, paged, read_pages
from intercom_assets.warehouse.base import ParentVersion


async def read_added_by_parent(
    context: ReadContext, child: Child, link: AddedByParent
) -> AsyncGenerator[Batch]:
    """Read what was added to the lists of all parents, in the order of the parents' versions.

    The cursor holds for the parents that earlier syncs read: these come first. A list that is new,
    that of a parent that changed, and one that could not be read are read from their beginning.

    Raises:
        PermanentError: No list may be read.
    """
    lists, done = _Lists(context, child, link), 0
    position = context.window.after
    while parents := await anyio.to_thread.run_sync(partial(next, context.due, ())):
        for parent in parents:
            here, done = (parent.synced_at, parent.key), done + 1
            is_known = context.window.after is not None and here <= context.window.after
            async with aclosing(lists.read(parent, is_known=is_known)) as batches:
                async for batch in batches:
                    yield batch
            if not is_known:
                position = here
                yield Batch(checkpoint=lists.reached(position), done=done, total=context.due_total)
    lists.close()
    yield Batch(checkpoint=lists.reached(position), done=done, total=context.due_total)


@dataclass(slots=True)
class _Lists:
    """Reads the lists of parents, and remembers the newest record of them all."""

    context: ReadContext
    child: Child
    link: AddedByParent
    opened: datetime = field(init=False)
    newest: datetime | None = None
    refused: PermanentError | None = None
    judge: Judge = field(init=False)

    def __post_init__(self) -> None:
        self.opened = self.context.workspace.date or local_now()
        self.judge = Judge(self._first_page)

    async def read(self, parent: ParentVersion, *, is_known: bool) -> AsyncGenerator[Batch]:
        """Read the list of a parent; there is nothing to ask of a deleted one."""
        unread, key = self.context.unread, parent.key
        if parent.deleted:
            yield Batch(settled=unread.settled([key]))
            return
        since = self.context.window.since if is_known and key not in unread.before else None
        try:
            async with aclosing(self._pages(key, since or self.context.oldest)) as pages:
                async for page in pages:
                    yield self._shaped(key, page)
        except IntercomError as error:
            await self.judge.excuse(error)
            if isinstance(error, PermanentError) and error.is_withheld:
                self.refused = error
            yield Batch(passed_over=[unread.passed_over(key, error)])
            return
        self.judge.known = key
        yield Batch(settled=unread.settled([key]))

    def reached(self, position: tuple[datetime, str] | None) -> Checkpoint:
        """Return the cursor: no later than when the first list was requested."""
        at = reached(self.context.window, self.newest, self.opened)
        return Checkpoint(at=at, parent=position)

    def close(self) -> None:
        """Refuse a read that showed nothing, since the token may read no list.

        Raises:
            PermanentError: Intercom withholds all lists.
        """
        self.judge.close()
        if self.refused is not None and self.judge.known is None:
            raise self.refused

    def _shaped(self, key: str, page: Page) -> Batch:
        added: Record = {self.link.key: key}
        if self.link.after is None:
            added[self.link.cursor] = int(self.opened.timestamp())
        records = [{**record, **added} for record in page.records]
        self.newest = self.context.newest(records, self.newest)
        rows = self.context.shaper.lines(self.context.kept(records))
        return Batch(rows=rows, returned=len(records), total=self.context.due_total)

    def _pages(self, key: str, since: datetime) -> AsyncGenerator[Page]:
        pagination = paged(self.context.resource.pagination)
        return read_pages(self.context.session, self._call(key, since), pagination)

    async def _first_page(self, key: str) -> None:
        await self.context.session.ask(self._call(key, self.opened, TRIES))

    def _call(self, key: str, since: datetime, most: float = float("inf")) -> Call:
        after = self.link.after
        # Whether the bound is inclusive is not documented.
        begins = {} if after is None else {after: str(int(since.timestamp()) - 1)}
        path = record_path(self.child.path, key)
        return Call(path=path, params=begins, needs=(self.child.records,), most=most)

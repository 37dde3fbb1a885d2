"""Children of the parents that are due: those whose stored version changed, rule 7."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial

import anyio

from intercom_assets.catalog.resource import ByParent, Child, SinglePage, record_path
from intercom_assets.catalog.types import Record, as_int, micros_at, value_at
from intercom_assets.errors import IntercomError, Request, TransientError
from intercom_assets.intercom.client import CONNECTIONS, Call
from intercom_assets.intercom.pagination import Page, read_list
from intercom_assets.intercom.responses import records_at
from intercom_assets.sync.concurrency import map_ordered
from intercom_assets.sync.cursor import Batch, Checkpoint, PassedOver, WholeList
from intercom_assets.sync.extract import ReadContext, local_now
from intercom_assets.sync.unread import TRIES, TRIES_AGAIN, Judge, refuse_others, too_short
from intercom_assets.warehouse.warehouse import ParentVersion

_RUN = 50
_NEVER = 2**62


@dataclass(frozen=True, slots=True)
class _Family:
    """A parent and what Intercom returned of its children.

    Attributes:
        due: The parent's version that was due; None where it is due from before.
        whole: What the list was whole of, None where it was not.
        passed_over: Why the parent stays due, None where it does not.
    """

    key: str
    due: ParentVersion | None = None
    children: list[bytes] = field(default_factory=list)
    whole: WholeList | None = None
    passed_over: PassedOver | None = None


async def read_by_parent(
    context: ReadContext, child: Child, link: ByParent
) -> AsyncGenerator[Batch]:
    """Read the children of each due parent, in the order of the parents' versions.

    Those that earlier syncs could not read come first, unless all parents are due.
    """
    lists = _Lists(context, child, link)
    done = 0
    if context.window.after is not None:
        again = map_ordered(lists.read_again, context.unread.before, CONNECTIONS)
        async with aclosing(_runs(again, lists.judge)) as runs:
            async for run in runs:
                yield _batch(context, run, done)
    while due := await anyio.to_thread.run_sync(partial(next, context.due, ())):
        async with aclosing(_runs(map_ordered(lists.read, due, CONNECTIONS), lists.judge)) as runs:
            async for run in runs:
                done += len(run)
                yield _batch(context, run, done)


async def _runs(families: AsyncGenerator[_Family], judge: Judge) -> AsyncGenerator[list[_Family]]:
    """Give what is committed together; nothing before it is known that Intercom shows anything."""
    run: list[_Family] = []
    async with aclosing(families):
        async for family in families:
            run.append(family)
            if len(run) >= _RUN and not judge.unproven:
                yield run
                run = []
    judge.close()
    if run:
        yield run


def _batch(context: ReadContext, families: list[_Family], done: int) -> Batch:
    last = families[-1].due
    read = (family.key for family in families if family.passed_over is None)
    return Batch(
        rows=[row for family in families for row in family.children],
        returned=sum(len(family.children) for family in families),
        checkpoint=Checkpoint(parent=(last.synced_at, last.key)) if last else None,
        whole=[family.whole for family in families if family.whole],
        passed_over=[family.passed_over for family in families if family.passed_over],
        settled=context.unread.settled(read),
        total=context.due_total,
        done=done,
    )


class _Lists:
    """Reads the list of a parent's children, and judges what cannot be read."""

    def __init__(self, context: ReadContext, child: Child, link: ByParent) -> None:
        self._context, self._child, self._link = context, child, link
        self.judge = Judge(partial(self._list, most=TRIES))

    async def read(self, parent: ParentVersion) -> _Family:
        """Read the children of a due parent; those of a deleted one are gone with it."""
        if parent.deleted:
            return _Family(parent.key, parent, whole=WholeList(parent.key))
        try:
            family = await self.judge.read(parent.key, partial(self._family, parent.key))
        except IntercomError as error:
            await self.judge.excuse(error)
            return self._passed_over(parent.key, error, parent)
        return replace(family, due=parent)

    async def read_again(self, key: str) -> _Family:
        """Read the children of a parent that could not be read before."""
        try:
            family = await self._family(key, TRIES_AGAIN)
        except IntercomError as error:
            refuse_others(error)
            return self._passed_over(key, error)
        self.judge.known = key
        return family

    def _passed_over(
        self, key: str, error: IntercomError, due: ParentVersion | None = None
    ) -> _Family:
        return _Family(key, due, passed_over=self._context.unread.passed_over(key, error))

    async def _family(self, key: str, most: float) -> _Family:
        page = await self._list(key, most)
        if _just_changed(page):
            # Another change within this second would leave the parent as it is, and never be due.
            await self._context.session.client.patience.sleep(1.0)
            page = await self._list(key, most)
        children = [{**record, self._link.key: key} for record in page.records]
        lines = self._context.shaper.lines(children)
        if error := self._shortness(key, page, len(children)):
            # What came is true; of what is missing it says nothing.
            return _Family(key, children=lines, passed_over=self._context.unread.noted(key, error))
        newer_than = _newer_than(self._child, self._link, page.body, children)
        return _Family(key, children=lines, whole=WholeList(key, newer_than))

    def _shortness(self, key: str, page: Page, listed: int) -> TransientError | None:
        """Say that a list holds less than it counts, up to what Intercom returns at the most."""
        total = _total(page.body, self._child.records) or 0
        # What is no object is an entry all the same.
        entries = records_at(page.body, (self._child.records,)) or ()
        total = max(min(total, self._child.cap or total), len(entries))
        if listed >= total:
            return None
        said = f"{listed} of {total}"
        return too_short(Request(method="GET", path=self._path(key), status=200, message=said))

    async def _list(self, key: str, most: float) -> Page:
        call = Call(path=self._path(key), needs=(self._child.records,), most=most)
        return await read_list(self._context.session, call, SinglePage())

    def _path(self, key: str) -> str:
        return record_path(self._child.path, key)


def _just_changed(page: Page) -> bool:
    """Tell whether a parent that is shown with its children changed in this very second."""
    updated = micros_at(page.body, ("updated_at",))
    answered = (page.date or local_now()).timestamp()
    return updated is not None and updated >= int(answered) * 1_000_000


def _newer_than(child: Child, link: ByParent, answer: Record, children: list[Record]) -> int | None:
    """Say from where on the list is whole: from its oldest child where Intercom capped it."""
    if child.cap is None or link.newest is None:
        return None
    total = _total(answer, child.records)
    whole = len(children) >= total if total is not None else len(children) < child.cap
    if whole:
        return None
    dates = [micros_at(record, (link.newest,)) for record in children]
    known = [date for date in dates if date is not None]
    return min(known) if known and len(known) == len(dates) else _NEVER


def _total(body: Record, keys: tuple[str, ...]) -> int | None:
    return as_int(value_at(body, (*keys[:-1], "total_count")))

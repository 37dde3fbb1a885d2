"""Children of the parents that are due: those whose stored version changed, rule 7."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial
from urllib.parse import quote

import anyio

from intercom_assets.catalog.resource import ByParent, Child, SinglePage
from intercom_assets.errors import IntercomError, Request, TransientError
from intercom_assets.intercom.client import CONNECTIONS, Call, records_at
from intercom_assets.intercom.pagination import Page, read_list
from intercom_assets.schema.coerce import to_timestamp
from intercom_assets.schema.types import Json, Record
from intercom_assets.sync.batch import Batch, Checkpoint, PassedOver, WholeList
from intercom_assets.sync.ordered import in_order
from intercom_assets.sync.reading import Reading, now
from intercom_assets.sync.unread import TRIES, TRIES_AGAIN, Judge, refuse_others, too_short
from intercom_assets.warehouse.base import ParentVersion

_CHUNK = 5_000
_RUN = 50
_NEVER = 2**62


@dataclass(frozen=True, slots=True)
class _Family:
    """A parent and what Intercom returned of its children.

    Attributes:
        key: The parent's key.
        due: The parent's version that was due; None where it is due from before.
        children: Rows of what was returned.
        whole: What the list was whole of, None where it was not.
        passed_over: Why the parent stays due, None where it does not.
    """

    key: str
    due: ParentVersion | None = None
    children: list[bytes] = field(default_factory=list)
    whole: WholeList | None = None
    passed_over: PassedOver | None = None


async def read_by_parent(reading: Reading, child: Child, link: ByParent) -> AsyncGenerator[Batch]:
    """Read the children of each due parent, in the order of the parents' versions.

    Those that earlier syncs could not read come first, unless all parents are due.
    """
    lists = _Lists(reading, child, link)
    after = reading.start.after
    done = 0
    if after is not None:
        again = in_order(lists.read_again, reading.unread.before, CONNECTIONS)
        async with aclosing(_runs(again, lists.judge)) as runs:
            async for run in runs:
                yield _batch(reading, run, done)
    while True:
        due = await anyio.to_thread.run_sync(reading.due, after, _CHUNK)
        async with aclosing(_runs(in_order(lists.read, due, CONNECTIONS), lists.judge)) as runs:
            async for run in runs:
                done += len(run)
                yield _batch(reading, run, done)
        if len(due) < _CHUNK:
            return
        after = (due[-1].synced_at, due[-1].key)


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


def _batch(reading: Reading, families: list[_Family], done: int) -> Batch:
    last = families[-1].due
    read = (family.key for family in families if family.passed_over is None)
    return Batch(
        rows=[row for family in families for row in family.children],
        returned=sum(len(family.children) for family in families),
        checkpoint=Checkpoint(parent=(last.synced_at, last.key)) if last else None,
        whole=[family.whole for family in families if family.whole],
        passed_over=[family.passed_over for family in families if family.passed_over],
        settled=reading.unread.settled(read),
        total=reading.due_total,
        done=done,
    )


class _Lists:
    """Reads the list of a parent's children, and judges what cannot be read.

    Args:
        reading: What is read.
        child: Where the list is.
        link: How children belong to parents.
    """

    def __init__(self, reading: Reading, child: Child, link: ByParent) -> None:
        self._reading, self._child, self._link = reading, child, link
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
        return _Family(key, due, passed_over=self._reading.unread.passed_over(key, error))

    async def _family(self, key: str, most: float) -> _Family:
        page = await self._list(key, most)
        if _just_changed(page):
            # Another change within this second would leave the parent as it is, and never be due.
            await self._reading.session.client.patience.sleep(1.0)
            page = await self._list(key, most)
        children = [{**record, self._link.key: key} for record in page.records]
        lines = self._reading.shaper.lines(children)
        if error := self._shortness(key, page, len(children)):
            # What came is true; of what is missing it says nothing.
            return _Family(key, children=lines, passed_over=self._reading.unread.noted(key, error))
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
        return await read_list(self._reading.session, call, SinglePage())

    def _path(self, key: str) -> str:
        return self._child.path.replace("{id}", quote(key, safe=""))


def _just_changed(page: Page) -> bool:
    """Tell whether a parent that is shown with its children changed in this very second."""
    updated = to_timestamp(page.body.get("updated_at"))
    answered = (page.date or now()).timestamp()
    return isinstance(updated, int) and updated >= int(answered) * 1_000_000


def _newer_than(child: Child, link: ByParent, answer: Record, children: list[Record]) -> int | None:
    """Say from where on the list is whole: from its oldest child where Intercom capped it."""
    if child.cap is None or link.newest is None:
        return None
    total = _total(answer, child.records)
    whole = len(children) >= total if total is not None else len(children) < child.cap
    if whole:
        return None
    dates = [to_timestamp(record.get(link.newest)) for record in children]
    known = [date for date in dates if isinstance(date, int) and not isinstance(date, bool)]
    return min(known) if known and len(known) == len(dates) else _NEVER


def _total(body: Record, keys: tuple[str, ...]) -> int | None:
    value: Json = body
    for key in (*keys[:-1], "total_count"):
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None

"""Records of parents that are searched by a value of each, many parents at a time."""

from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing
from dataclasses import replace
from functools import partial

import anyio

from intercom_assets.catalog.endpoints import ChildSearch, SinglePage
from intercom_assets.catalog.replication import ByParent
from intercom_assets.catalog.types import Record
from intercom_assets.engine.concurrency import map_ordered
from intercom_assets.engine.cursor import Batch, Checkpoint, WholeList
from intercom_assets.engine.extract import ReadContext
from intercom_assets.engine.unread import TRIES, Judge, refuse_others
from intercom_assets.errors import IntercomError
from intercom_assets.intercom.pagination import read_list
from intercom_assets.intercom.search import children_call
from intercom_assets.warehouse.base import ParentVersion

_SEARCHES = 4
"""Searches at a time."""


async def read_searched(
    context: ReadContext, search: ChildSearch, link: ByParent
) -> AsyncGenerator[Batch]:
    """Read the records of parents that are asked for again, then of due ones.

    A record that a search does not return is not marked: only its parent's end tells that it is
    gone. Nothing is yielded until a search was answered.
    """
    reads, held = _Searches(context, search, link), list[Batch]()
    async with aclosing(reads.batches()) as batches:
        async for batch in batches:
            held.append(batch)
            while held and not reads.judge.unproven:
                yield held.pop(0)
    reads.judge.close()
    for batch in held:
        yield batch


class _Searches:
    """Searches for the records of parents, and judges what cannot be read."""

    def __init__(self, context: ReadContext, search: ChildSearch, link: ByParent) -> None:
        self._context, self._search, self._link = context, search, link
        self._done = 0
        self.judge = Judge(lambda value: self._ask([value], TRIES))

    async def batches(self) -> AsyncGenerator[Batch]:
        """Yield a batch per search; those of due parents move the cursor."""
        async for batch in self._each(self._context.again):
            yield batch
        while due := await anyio.to_thread.run_sync(partial(next, self._context.due, ())):
            async for batch in self._each(due, are_due=True):
                yield batch

    async def _each(
        self, parents: list[ParentVersion], *, are_due: bool = False
    ) -> AsyncGenerator[Batch]:
        read = partial(self._read, are_due=are_due)
        groups = _groups(parents, self._search.at_once)
        async with aclosing(map_ordered(read, groups, _SEARCHES)) as batches:
            async for batch in batches:
                yield batch

    async def _read(self, group: list[ParentVersion], *, are_due: bool) -> Batch:
        records, failed = await self._found(_values(group))
        keys = {parent.key for parent in group}
        key, unread = self._link.key, self._context.unread
        # A search may return more: others of the same value, or all if it ignores its filter.
        own = [one for one in records if str(one.get(key)) in keys]
        read = (one.key for one in group if one.deleted or one.value not in failed)
        self._done += len(group) if are_due else 0
        last = group[-1]
        return Batch(
            rows=self._context.shaper.lines(own),
            returned=len(own),
            whole=[WholeList(one.key) for one in group if one.deleted],
            passed_over=[
                unread.passed_over(one.key, failed[one.value])
                for one in group
                if not one.deleted and one.value in failed
            ],
            settled=unread.settled(read),
            checkpoint=Checkpoint(parent=(last.synced_at, last.key)) if are_due else None,
            total=self._context.due_total,
            done=self._done,
        )

    async def _found(
        self, values: list[str]
    ) -> tuple[list[Record], dict[str | None, IntercomError]]:
        """Search, by halves if Intercom refuses; return records, and errors by their value."""
        if not values:
            return [], {}
        try:
            records = await self.judge.read(values[0], partial(self._ask, values))
        except IntercomError as error:
            refuse_others(error)
            if len(values) == 1:
                await self.judge.excuse(error)
                return [], {values[0]: error}
        else:
            return records, {}
        half = len(values) // 2
        found, failed = await self._found(values[:half])
        others, also = await self._found(values[half:])
        return [*found, *others], {**failed, **also}

    async def _ask(self, values: list[str], most: float) -> list[Record]:
        call = replace(children_call(self._search, values), most=most)
        return (await read_list(self._context.session, call, SinglePage())).records


def _groups(parents: Iterable[ParentVersion], at_once: int) -> Iterator[list[ParentVersion]]:
    """Divide parents so that a group has `at_once` different values at most."""
    group: list[ParentVersion] = []
    values: set[str] = set()
    for parent in parents:
        new = set(_values([parent])) - values
        if new and len(values) == at_once:
            yield group
            group, values = [], set()
        group.append(parent)
        values |= new
    if group:
        yield group


def _values(group: list[ParentVersion]) -> list[str]:
    """Return what to search for; a deleted parent, or one without a value, has no records."""
    return list(dict.fromkeys(one.value for one in group if one.value and not one.deleted))

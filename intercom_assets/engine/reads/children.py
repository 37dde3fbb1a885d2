"""The children of parents, which are due when their stored version changed (rule 7)."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice

import anyio

from intercom_assets.catalog.endpoints import (
    Child,
    ParentSearch,
    StartingAfter,
    record_params,
    record_path,
)
from intercom_assets.catalog.replication import ByParent
from intercom_assets.catalog.types import Record, as_int, instant, micros_at, value_at
from intercom_assets.engine.concurrency import map_ordered
from intercom_assets.engine.cursor import Batch, Checkpoint, PassedOver, WholeList
from intercom_assets.engine.extract import ReadContext, just_changed
from intercom_assets.engine.unread import TRIES, TRIES_AGAIN, Judge, refuse_others, too_short
from intercom_assets.errors import IntercomError, RequestInfo, TransientError
from intercom_assets.intercom.client import CONNECTIONS, Call
from intercom_assets.intercom.pagination import (
    Page,
    key_of,
    paged,
    read_children,
    read_page,
    read_pages,
)
from intercom_assets.intercom.responses import Response, records_at
from intercom_assets.intercom.search import parents_call
from intercom_assets.warehouse.base import ParentVersion

_RUN = 50
_HELD = 1 << 24
"""Bytes of children after which a run ends early."""

_GROUPS = 4
"""Searches for parents at a time."""

_NEVER = 2**62


@dataclass(frozen=True, slots=True)
class _Result:
    """A parent and what Intercom returned of its children.

    Attributes:
        due: The parent's version that was due; None if an earlier sync could not read it.
        whole: What the list covers completely, None if nothing.
        passed_over: Why the parent stays due, None if it does not.
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

    Parents that earlier syncs could not read come first, unless all are due.
    """
    lists = _Lists(context, child, link)
    done = 0
    if context.window.after is not None:
        again = map_ordered(lists.read_again, context.unread.before, CONNECTIONS)
        async with aclosing(_runs(again, lists.judge)) as runs:
            async for run in runs:
                yield _batch(context, run, done)
    while due := await anyio.to_thread.run_sync(partial(next, context.due, ())):
        results = map_ordered(lists.read, due, CONNECTIONS)
        if child.search is not None:
            results = lists.read_together(due, child.search)
        async with aclosing(_runs(results, lists.judge)) as runs:
            async for run in runs:
                done += len(run)
                yield _batch(context, run, done)


async def _runs(results: AsyncGenerator[_Result], judge: Judge) -> AsyncGenerator[list[_Result]]:
    """Yield results to commit together, but none until Intercom has shown any list."""
    run: list[_Result] = []
    held = 0
    async with aclosing(results):
        async for result in results:
            run.append(result)
            held += sum(map(len, result.children))
            if (len(run) >= _RUN or held >= _HELD) and not judge.unproven:
                yield run
                run, held = [], 0
    judge.close()
    if run:
        yield run


def _batch(context: ReadContext, results: list[_Result], done: int) -> Batch:
    last = results[-1].due
    read = (result.key for result in results if result.passed_over is None)
    return Batch(
        rows=[row for result in results for row in result.children],
        returned=sum(len(result.children) for result in results),
        checkpoint=Checkpoint(parent=(last.synced_at, last.key)) if last else None,
        whole=[result.whole for result in results if result.whole],
        passed_over=[result.passed_over for result in results if result.passed_over],
        settled=context.unread.settled(read),
        total=context.due_total,
        done=done,
    )


class _Lists:
    """Reads the list of a parent's children, and judges what cannot be read."""

    def __init__(self, context: ReadContext, child: Child, link: ByParent) -> None:
        self._context, self._child, self._link = context, child, link
        self._refused = False
        self.judge = Judge(partial(self._list, most=TRIES))

    async def read_together(
        self, due: list[ParentVersion], search: ParentSearch
    ) -> AsyncGenerator[_Result]:
        """Read the lists of due parents by searches, and those that they do not show by GET."""
        groups = self._groups(due, search)
        # The first search shows how large parents are, and so how many to request at a time.
        for some, width in ((islice(groups, 1), 1), (groups, _GROUPS)):
            async with aclosing(map_ordered(partial(self._found, search), some, width)) as found:
                async for group, results in found:
                    read = partial(self._read_unless, results)
                    async with aclosing(map_ordered(read, group, CONNECTIONS)) as whole:
                        async for result in whole:
                            yield result

    def _groups(
        self, due: list[ParentVersion], search: ParentSearch
    ) -> Iterator[list[ParentVersion]]:
        size = self._context.session.page_size(search.per_page)
        while due:
            group, due = due[: size.size], due[size.size :]
            yield group

    async def _found(
        self, search: ParentSearch, group: list[ParentVersion]
    ) -> tuple[list[ParentVersion], dict[str, _Result]]:
        """Search for a group's parents; return the lists that are whole and as new as stored."""
        wanted = {parent.key: parent for parent in group if not parent.deleted}
        results: dict[str, _Result] = {}
        if self._refused or not wanted:
            return group, results
        call, paged = parents_call(search, wanted), StartingAfter(search.per_page)
        try:
            async with aclosing(read_pages(self._context.session, call, paged)) as pages:
                async for page in pages:
                    records = {str(record.get("id")): record for record in page.records}
                    if not records.keys() <= wanted.keys():
                        # A filter that is ignored would return everything.
                        self._refused = True
                        break
                    for key, record in records.items():
                        if result := self._shown(wanted[key], record, page):
                            results[key] = result
        except IntercomError as error:
            refuse_others(error)
            self._context.note(error.but("reading their lists one by one"))
            self._refused = self._refused or not isinstance(error, TransientError)
        return group, results

    def _shown(self, parent: ParentVersion, record: Record, page: Page) -> _Result | None:
        """Return a parent's list as a search shows it; None if a GET may show more."""
        listed = records_at(record, (self._child.records,))
        updated, stored = micros_at(record, ("updated_at",)), parent.updated_at
        # Search indexes late: a list from before the stored version lacks what made it due.
        late = updated is None or stored is None or instant(updated) < stored
        if listed is None or late or just_changed(record, page.date):
            return None
        children = read_page(Response(record, page.date), (self._child.records,))
        if self._shortness(parent.key, children, len(children.records)):
            return None
        self.judge.known = parent.key
        return replace(self._of(parent.key, children), due=parent)

    async def _read_unless(self, results: dict[str, _Result], parent: ParentVersion) -> _Result:
        return results.pop(parent.key, None) or await self.read(parent)

    async def read(self, parent: ParentVersion) -> _Result:
        """Read the children of a due parent; those of a deleted parent are gone with it."""
        if parent.deleted:
            gone = None if self._link.append_only else WholeList(parent.key)
            return _Result(parent.key, parent, whole=gone)
        if parent.childless and parent.key not in self._context.unread.before:
            # Its count may be stale: nothing is marked, or said about what was read.
            return _Result(parent.key, parent)
        try:
            result = await self.judge.read(parent.key, partial(self._read_list, parent.key))
        except IntercomError as error:
            await self.judge.excuse(error)
            return self._passed_over(parent.key, error, parent)
        return replace(result, due=parent)

    async def read_again(self, key: str) -> _Result:
        """Read the children of a parent that an earlier sync could not read."""
        try:
            result = await self._read_list(key, TRIES_AGAIN)
        except IntercomError as error:
            refuse_others(error)
            return self._passed_over(key, error)
        self.judge.known = key
        return result

    def _passed_over(
        self, key: str, error: IntercomError, due: ParentVersion | None = None
    ) -> _Result:
        return _Result(key, due, passed_over=self._context.unread.passed_over(key, error))

    async def _read_list(self, key: str, most: float) -> _Result:
        page = await self._list(key, most)
        if just_changed(page.body, page.date):
            # Another change in this second would not change the parent's date, and never be due.
            await self._context.session.client.retry_policy.sleep(1.0)
            page = await self._list(key, most)
        return self._of(key, page)

    def _of(self, key: str, page: Page) -> _Result:
        children = [{**record, self._link.key: key} for record in page.records]
        lines = self._context.shaper.lines(children)
        if error := self._shortness(key, page, len(children)):
            # What came is stored, but says nothing about what is missing.
            return _Result(key, children=lines, passed_over=self._context.unread.noted(key, error))
        if self._link.append_only:
            return _Result(key, children=lines)
        newer_than = _newer_than(self._child, self._link, page.body, children)
        return _Result(key, children=lines, whole=WholeList(key, newer_than))

    def _shortness(self, key: str, page: Page, listed: int) -> TransientError | None:
        """Return the error for a list that is shorter than its count, up to Intercom's cap."""
        total = _total(page.body, self._child.records) or 0
        # Entries that are not objects count, too, but no entry twice.
        listing = paged(self._context.resource.pagination)
        entries = records_at(page.body, (self._child.records,)) or ()
        distinct = {key_of(e, listing) if isinstance(e, dict) else str(e) for e in entries}
        total = max(min(total, self._child.cap or total), len(distinct))
        if listed >= total:
            return None
        said = f"{listed} of {total}"
        return too_short(RequestInfo(method="GET", path=self._path(key), status=200, message=said))

    async def _list(self, key: str, most: float) -> Page:
        params = record_params(self._child.params, key)
        call, pagination = (
            Call(path=self._path(key), params=params, most=most),
            self._context.resource.pagination,
        )
        return await read_children(self._context.session, call, self._child, pagination)

    def _path(self, key: str) -> str:
        return record_path(self._child.path, key)


def _newer_than(child: Child, link: ByParent, answer: Record, children: list[Record]) -> int | None:
    """Return where completeness begins: at the oldest child if Intercom capped the list."""
    if child.cap is None or link.order_column is None:
        return None
    total = _total(answer, child.records)
    whole = len(children) >= total if total is not None else len(children) < child.cap
    if whole:
        return None
    dates = [micros_at(record, (link.order_column,)) for record in children]
    known = [date for date in dates if date is not None]
    return min(known) if known and len(known) == len(dates) else _NEVER


def _total(body: Record, keys: tuple[str, ...]) -> int | None:
    return as_int(value_at(body, (*keys[:-1], "total_count")))

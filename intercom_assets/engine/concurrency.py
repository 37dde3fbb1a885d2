"""Concurrent work with results in order: slices of time, pages, requests, and two threads.

The pages of one slice are sequential, since each names the next, but slices are independent. A
slice that is read ahead keeps its pages until those before it are taken, so that at a checkpoint
everything before it was read completely.
"""

import asyncio
import gc
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, TypeVar

import anyio
from anyio.from_thread import BlockingPortal
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from intercom_assets.engine.cursor import ShapedPage
from intercom_assets.engine.slices import Slice
from intercom_assets.errors import CutOff, NotFound
from intercom_assets.intercom.connection import started
from intercom_assets.intercom.pagination import Page

S = TypeVar("S")
T = TypeVar("T")
_Streams: TypeAlias = tuple[MemoryObjectSendStream[T], MemoryObjectReceiveStream[T]]


async def map_ordered(
    work: Callable[[S], Awaitable[T]], items: Iterable[S], width: int
) -> AsyncGenerator[T]:
    """Process up to `width` items at a time and yield the results in the order of the items.

    The rest is cancelled when a result fails or the consumer stops.
    """
    running: deque[asyncio.Task[T]] = deque()
    try:
        for item in items:
            running.append(asyncio.ensure_future(_awaited(work, item)))
            if len(running) >= width:
                yield await running.popleft()
        while running:
            yield await running.popleft()
    finally:
        await _cancel(running)


async def prefetch(work: Callable[[S], Awaitable[T]], items: AsyncIterable[S]) -> AsyncGenerator[T]:
    """Yield the result for each item, processing it while the next item is fetched.

    Results so far are yielded before a failure to get the next item is raised, so that a page is
    not lost with its successor. The rest is cancelled when a result fails or the consumer stops.
    """
    running: deque[asyncio.Task[T]] = deque()
    coming, failure = aiter(items), None
    try:
        while failure is None:
            try:
                item = await anext(coming)
            except Exception as error:  # noqa: BLE001 - raised below
                failure = error
            else:
                running.append(asyncio.ensure_future(_awaited(work, item)))
                del item
            if running and (failure is not None or len(running) > 1):
                yield await running.popleft()
        if not isinstance(failure, StopAsyncIteration):
            raise failure
    finally:
        await _cancel(running)


async def chain(first: T, rest: AsyncIterable[T]) -> AsyncGenerator[T]:
    """Yield an item that was already taken, then the rest."""
    yield first
    del first
    async for item in rest:
        yield item


async def _cancel(running: Iterable[asyncio.Task[T]]) -> None:
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def _awaited(work: Callable[[S], Awaitable[T]], item: S) -> T:
    return await work(item)


SIDE_BY_SIDE = 6
"""Slices read at a time."""

PAGES_AHEAD = 5
"""Pages of a slice that may wait for their turn."""


class SlicePages(Protocol):
    """Reads the pages of slices."""

    def pages_of(self, one: Slice) -> AsyncGenerator[Page]:
        """Yield the pages of a slice, oldest first."""
        ...

    async def shaped(self, page: Page) -> ShapedPage:
        """Shape a page's records into rows, completing their nested lists."""
        ...

    def smaller(self, one: Slice, total: int | None) -> list[Slice]:
        """Cut a slice that is too large; return the slice itself if it is not."""
        ...


@dataclass(frozen=True, slots=True)
class SliceResult:
    """How the read of a slice ended.

    Attributes:
        cut: Smaller slices to read in its place; none of its pages counts.
        moved: Whether its records changed while they were read.
        missing: Intercom's 404, if it refused to list the slice.
        broken: The list broke off, but a smaller slice may be listed completely.
        short: The list ended with fewer records than Intercom counts.
    """

    cut: list[Slice] = field(default_factory=list)
    moved: bool = False
    missing: NotFound | None = None
    broken: CutOff | None = None
    short: CutOff | None = None


@dataclass(slots=True)
class SliceRead:
    """A slice that is being read, or will be."""

    slice: Slice
    _task: "asyncio.Task[SliceResult] | None" = None
    _streams: "_Streams[ShapedPage] | None" = None

    @property
    def started(self) -> bool:
        """Whether reading has started."""
        return self._task is not None

    def split(self) -> "list[SliceRead]":
        """Return the reads of the smaller slices it was cut into, or itself."""
        task = self._task
        if task is None or not task.done() or task.cancelled() or task.exception():
            return [self]
        if not (cut := task.result().cut):
            return [self]
        self.stop()
        return [SliceRead(one) for one in cut]

    def start(self, source: SlicePages) -> "asyncio.Task[SliceResult]":
        """Read the slice in the background, a few pages ahead of the consumer."""
        self._streams = anyio.create_memory_object_stream[ShapedPage](PAGES_AHEAD)
        self._task = asyncio.ensure_future(_read_slice(source, self.slice, self._streams[0]))
        return self._task

    async def pages(self) -> AsyncGenerator[ShapedPage]:
        """Yield the pages as they arrive."""
        assert self._streams is not None
        # A closed stream means that the slice was cut meanwhile.
        with suppress(anyio.ClosedResourceError):
            async for shaped in self._streams[1]:
                yield shaped

    async def result(self) -> SliceResult:
        """Wait for the read to end, and return how it did.

        Raises:
            IntercomError: The slice could not be read.
        """
        assert self._task is not None
        return await self._task

    def stop(self) -> "list[asyncio.Task[SliceResult]]":
        """Drop what was read ahead, and return the task that is ending, if any."""
        for stream in self._streams or ():
            stream.close()
        if self._task is None:
            return []
        self._task.cancel()
        return [self._task]


class SliceQueue:
    """Slices in order of time, the first few of which are being read.

    Pages are taken only from the first slice, so that rows and checkpoints stay in order of time
    however fast later slices are. Those are read only a few pages ahead, which bounds memory.
    """

    def __init__(self, source: SlicePages, slices: Iterable[Slice]) -> None:
        self._source = source
        self._stopped = False
        self._reads = deque(map(SliceRead, slices))

    def next(self) -> SliceRead | None:
        """Return the read whose pages come next; it is running, and so are some behind it."""
        self._fill()
        return self._reads[0] if self._reads else None

    def replace(self, smaller: Iterable[Slice]) -> None:
        """Replace the first read by slices, or drop it if there are none."""
        self._reads.popleft().stop()
        self._reads.extendleft(reversed([SliceRead(one) for one in smaller]))

    def _fill(self, _: object = None) -> None:
        """Start the reads that may run; called again whenever one ends."""
        if self._stopped:
            return
        # Only a slice's first response shows how many records it contains. A slice that proves too
        # large is cut at once, not when its turn comes, so that its parts are read concurrently.
        self._reads = deque(part for read in self._reads for part in read.split())
        running = sum(read.started for read in self._reads)
        for number, read in enumerate(self._reads):
            # The first one always starts, since the others wait for it.
            if not read.started and (number == 0 or running < SIDE_BY_SIDE):
                read.start(self._source).add_done_callback(self._fill)
                running += 1

    async def stop(self) -> None:
        """Cancel all reads, and wait for them to end."""
        self._stopped = True
        ending = [task for read in self._reads for task in read.stop()]
        await asyncio.gather(*ending, return_exceptions=True)


async def _read_slice(
    source: SlicePages, one: Slice, send: MemoryObjectSendStream[ShapedPage]
) -> SliceResult:
    moved, total = False, None
    async with send:
        try:
            async with aclosing(source.pages_of(one)) as pages:
                first = await anext(pages)
                if len(smaller := source.smaller(one, first.total_count)) > 1:
                    return SliceResult(cut=smaller)
                # The next page is requested while the nested lists of the last are completed.
                total = first.total_count
                whole = prefetch(source.shaped, chain(first, pages))
                del first
                async with aclosing(whole) as taken:
                    async for shaped in taken:
                        moved = moved or shaped.total_count != total
                        await send.send(shaped)
        except NotFound as error:
            return SliceResult(moved=True, missing=error)
        except CutOff as error:
            if error.missing:
                return SliceResult(moved=moved, short=error)
            if total is None:
                raise
            return SliceResult(moved=True, broken=error)
    return SliceResult(moved=moved)


_AHEAD = 4
"""Batches that may wait while one is loaded, before reading pauses."""


@contextmanager
def iterate_in_thread(portal: BlockingPortal, source: AsyncGenerator[T]) -> Iterator[Iterator[T]]:
    """Iterate in this thread over a generator that runs on the event loop.

    One task of the loop owns the generator from its first step to its close, which happens
    before this returns, even if the consumer fails or is interrupted.
    """
    make: Callable[[], Awaitable[_Streams[T]]] = _make_streams
    send, receive = portal.call(make)

    async def produce() -> None:
        async with send, aclosing(source):
            async for item in source:
                await send.send(item)

    with started(portal, produce) as future:

        def consume() -> Iterator[T]:
            while True:
                try:
                    yield portal.call(receive.receive)
                except anyio.EndOfStream:
                    break
            future.result()

        try:
            yield consume()
        finally:
            future.cancel()
            portal.call(receive.aclose)
            # A failure was raised to the consumer above, or the consumer failed first.
            with suppress(Exception, CancelledError):
                future.result()


async def _make_streams() -> _Streams[T]:
    return anyio.create_memory_object_stream[T](_AHEAD)


_THRESHOLDS = (50_000, 20, 100)


@contextmanager
def relaxed_gc() -> Iterator[None]:
    """Collect cyclic garbage less often for a block, unless a user has already set that.

    Records are trees without cycles, freed as soon as they are written. Each page creates thousands
    of objects, so at the usual thresholds Python would scan everything that a Dagster process
    holds, again and again, and find nothing.
    """
    before = gc.get_threshold()
    if 0 < before[0] < _THRESHOLDS[0]:
        gc.set_threshold(*_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)

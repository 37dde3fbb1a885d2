"""Slices of time read side by side, their pages given in order.

The pages of one slice follow each other, for each names the next; slices do not wait for each
other. A slice that is read ahead keeps its pages until the ones before it were taken, so that
checkpoints stay what they are: everything before them was read whole.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from intercom_assets.errors import CutOff, NotFound
from intercom_assets.intercom.pagination import Page
from intercom_assets.sync.batch import Shaped
from intercom_assets.sync.ordered import following, meanwhile
from intercom_assets.sync.slices import Slice

SIDE_BY_SIDE = 6
"""Slices that are read at a time."""

PAGES_AHEAD = 5
"""Pages of a slice that wait for their turn."""

_Streams: TypeAlias = tuple[MemoryObjectSendStream[Shaped], MemoryObjectReceiveStream[Shaped]]


class Paging(Protocol):
    """How the pages of a slice are read."""

    def pages_of(self, one: Slice) -> AsyncGenerator[Page]:
        """Ask for the pages of a slice, oldest first."""
        ...

    async def shaped(self, page: Page) -> Shaped:
        """Make rows of a page's records, with their nested lists whole."""
        ...

    def smaller(self, one: Slice, total: int | None) -> list[Slice]:
        """Cut a slice that holds too much; itself where it does not."""
        ...


@dataclass(frozen=True, slots=True)
class Ended:
    """How the read of a slice ended.

    Attributes:
        cut: The smaller slices that are read in its place; none of its pages counts.
        moved: Whether its records changed while they were read.
        missing: Intercom's answer where it refused to list it.
        broken: Its list broke off, though a smaller slice may be listed whole.
        short: It came to its end with fewer records than Intercom counts.
    """

    cut: list[Slice] = field(default_factory=list)
    moved: bool = False
    missing: NotFound | None = None
    broken: CutOff | None = None
    short: CutOff | None = None


@dataclass(slots=True)
class Piece:
    """A slice that is read now or later.

    Attributes:
        slice: What is read.
    """

    slice: Slice
    _task: "asyncio.Task[Ended] | None" = None
    _streams: "_Streams | None" = None

    @property
    def began(self) -> bool:
        """Whether it is being read, or was."""
        return self._task is not None

    def arranged(self) -> "list[Piece]":
        """Give the smaller pieces that it was cut into, or itself."""
        task = self._task
        if task is None or not task.done() or task.cancelled() or task.exception():
            return [self]
        if not (cut := task.result().cut):
            return [self]
        self.stop()
        return [Piece(one) for one in cut]

    def begin(self, paging: Paging) -> "asyncio.Task[Ended]":
        """Read it in the background, a few pages ahead of who takes them."""
        self._streams = anyio.create_memory_object_stream[Shaped](PAGES_AHEAD)
        self._task = asyncio.ensure_future(_read(paging, self.slice, self._streams[0]))
        return self._task

    async def taken(self) -> AsyncGenerator[Shaped]:
        """Take the pages as they come."""
        assert self._streams is not None
        # It was cut meanwhile where its stream is closed.
        with suppress(anyio.ClosedResourceError):
            async for shaped in self._streams[1]:
                yield shaped

    async def ended(self) -> Ended:
        """Say how its read ended.

        Raises:
            IntercomError: It could not be read.
        """
        assert self._task is not None
        return await self._task

    def stop(self) -> "list[asyncio.Task[Ended]]":
        """Forget what was read ahead; gives what then comes to its end."""
        for stream in self._streams or ():
            stream.close()
        if self._task is None:
            return []
        self._task.cancel()
        return [self._task]


class Line:
    """Pieces in the order of their times, the first few of which are being read.

    Args:
        paging: How the pages of a slice are read.
        slices: What is read.
    """

    def __init__(self, paging: Paging, slices: Iterable[Slice]) -> None:
        self._paging = paging
        self._stopped = False
        self._pieces = deque(map(Piece, slices))

    def following(self) -> Piece | None:
        """Give the piece whose pages come next; it is being read, and others behind it."""
        self._arrange()
        return self._pieces[0] if self._pieces else None

    def replace(self, smaller: Iterable[Slice]) -> None:
        """Put slices in the place of the first piece."""
        self._pieces.popleft().stop()
        self._pieces.extendleft(reversed([Piece(one) for one in smaller]))

    def _arrange(self, _: object = None) -> None:
        if self._stopped:
            return
        # What turned out too large is cut at once, and not only when its turn comes.
        self._pieces = deque(new for piece in self._pieces for new in piece.arranged())
        reading = sum(piece.began for piece in self._pieces)
        for number, piece in enumerate(self._pieces):
            # The first one is read whatever the others hold: they wait for it.
            if not piece.began and (number == 0 or reading < SIDE_BY_SIDE):
                piece.begin(self._paging).add_done_callback(self._arrange)
                reading += 1

    async def stop(self) -> None:
        """End what is being read."""
        self._stopped = True
        ending = [task for piece in self._pieces for task in piece.stop()]
        await asyncio.gather(*ending, return_exceptions=True)


async def _read(paging: Paging, one: Slice, send: MemoryObjectSendStream[Shaped]) -> Ended:
    moved, total = False, None
    async with send:
        try:
            async with aclosing(paging.pages_of(one)) as pages:
                first = await anext(pages)
                if len(smaller := paging.smaller(one, first.total_count)) > 1:
                    return Ended(cut=smaller)
                # The next page is asked for while the lists of the last one are completed.
                total = first.total_count
                whole = meanwhile(paging.shaped, following(first, pages))
                del first
                async with aclosing(whole) as taken:
                    async for shaped in taken:
                        moved = moved or shaped.total_count != total
                        await send.send(shaped)
        except NotFound as error:
            return Ended(moved=True, missing=error)
        except CutOff as error:
            if error.missing:
                return Ended(moved=moved, short=error)
            if total is None:
                raise
            return Ended(moved=True, broken=error)
    return Ended(moved=moved)

"""From the event loop to an ordinary thread: batches through a short queue."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import aclosing, contextmanager, suppress
from typing import TypeAlias, TypeVar

import anyio
from anyio.from_thread import BlockingPortal
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from intercom_assets.intercom.connection import started

T = TypeVar("T")
_Streams: TypeAlias = tuple[MemoryObjectSendStream[T], MemoryObjectReceiveStream[T]]

_AHEAD = 4
"""Batches that may wait: reading goes on while a batch is loaded, and no further."""


@contextmanager
def from_loop(portal: BlockingPortal, source: AsyncGenerator[T]) -> Iterator[Iterator[T]]:
    """Iterate in this thread over what a generator yields on the event loop.

    One task of the loop owns the generator from its first step to its close, which happens
    before this returns, also when the reader fails or is interrupted.
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
            # What failed was raised to the reader above, or the reader failed first.
            with suppress(Exception, CancelledError):
                future.result()


async def _make_streams() -> _Streams[T]:
    return anyio.create_memory_object_stream[T](_AHEAD)

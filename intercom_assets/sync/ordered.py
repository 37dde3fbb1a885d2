"""Requests side by side, answers in order."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")


async def in_order(
    work: Callable[[S], Awaitable[T]], items: Iterable[S], width: int
) -> AsyncIterator[T]:
    """Work on up to `width` items at a time and give the results in the order of the items.

    What is left is cancelled when a result fails or the reader stops.
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
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _awaited(work: Callable[[S], Awaitable[T]], item: S) -> T:
    return await work(item)

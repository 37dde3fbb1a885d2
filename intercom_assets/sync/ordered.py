"""Requests side by side, answers in order."""

import asyncio
from collections import deque
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    Awaitable,
    Callable,
    Iterable,
)
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")


async def in_order(
    work: Callable[[S], Awaitable[T]], items: Iterable[S], width: int
) -> AsyncGenerator[T]:
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


async def meanwhile(
    work: Callable[[S], Awaitable[T]], items: AsyncIterable[S]
) -> AsyncGenerator[T]:
    """Give what is made of each item, which is worked on while the next item comes.

    What came is given before a failure to get more is raised: a page is not lost with the one after
    it. What is left is cancelled when a result fails or the reader stops.
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
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def following(first: T, rest: AsyncIterable[T]) -> AsyncGenerator[T]:
    """Put an item that was taken already before the rest."""
    yield first
    del first
    async for item in rest:
        yield item


async def _awaited(work: Callable[[S], Awaitable[T]], item: S) -> T:
    return await work(item)

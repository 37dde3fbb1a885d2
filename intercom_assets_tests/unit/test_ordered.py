"""Work side by side, with results in order."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import anyio
import anyio.lowlevel
import pytest

from intercom_assets.engine.concurrency import prefetch


def test_the_next_item_is_awaited_while_one_is_worked_on() -> None:
    """Work on an item need not end before the next item comes; results keep their order."""

    async def scenario() -> list[int]:
        came = [anyio.Event() for _ in range(4)]

        async def items() -> AsyncGenerator[int]:
            for number in range(3):
                came[number].set()
                yield number
            came[3].set()

        async def doubled(number: int) -> int:
            await came[number + 1].wait()
            return 2 * number

        with anyio.fail_after(20):
            return [taken async for taken in prefetch(doubled, items())]

    assert [0, 2, 4] == anyio.run(scenario)


def test_what_came_before_a_failure_is_given() -> None:
    """An item is not lost because the one after it could not be got."""
    given: list[int] = []

    async def scenario() -> None:
        async def items() -> AsyncGenerator[int]:
            yield 1
            yield 2
            raise ValueError("no more")

        async def same(number: int) -> int:
            await anyio.lowlevel.checkpoint()
            return number

        async for number in prefetch(same, items()):
            given.append(number)  # noqa: PERF401 - what came before a failure is kept

    with pytest.raises(ValueError, match="no more"):
        anyio.run(scenario)
    assert [1, 2] == given


def test_what_is_left_is_cancelled() -> None:
    """Work that nobody waits for any more is ended before the reader goes on."""
    ended: list[str] = []

    async def scenario() -> None:
        async def items() -> AsyncGenerator[str]:
            yield "fails"
            yield "waits"
            yield "never"

        async def work(item: str) -> None:
            if item == "fails":
                await anyio.lowlevel.checkpoint()
                raise ValueError(item)
            try:
                await anyio.sleep_forever()
            finally:
                ended.append(item)

        async with aclosing(prefetch(work, items())) as results:
            async for _ in results:
                pass

    with pytest.raises(ValueError, match="fails"):
        anyio.run(scenario)
    assert ["waits"] == ended

"""Ctrl-C put off until what must not be torn apart is done."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let Ctrl-C wait until a block is through, which should take no time; a second one does not.

    Python's own threads, events and executors are not made for an exception in the midst of their
    code: it leaves locks that nobody releases, and threads that nobody ends. DuckDB's driver ends
    the process when one comes while it is imported. In other threads than the main one nothing
    comes, and the block runs as it is.

    Raises:
        BaseException: What whoever handles SIGINT raises, after the block or at the second one.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard: list[int] = []

    def hear(number: int, frame: FrameType | None) -> None:
        if heard and callable(before):
            heard.clear()
            before(number, frame)
        heard.append(number)

    before = signal.signal(signal.SIGINT, hear)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)
        # The signal itself is not sent again: who counts signals would count two.
        if heard and callable(before):
            before(signal.SIGINT, None)
        elif heard:
            signal.raise_signal(signal.SIGINT)

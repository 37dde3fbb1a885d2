"""Ctrl-C, and what else asks the process to end, put off until what must not be torn is done."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def uninterrupted(patience: float = 1.0) -> Iterator[None]:
    """Let Ctrl-C wait until a block is through, which should take no time.

    Python's own threads, events and executors are not made for an exception in the midst of their
    code: it leaves locks that nobody releases, and threads that nobody ends. DuckDB's driver ends
    the process when one comes while it is imported. In other threads than the main one nothing
    comes, and the block runs as it is. SIGTERM is treated alike where it has a handler: Dagster
    gives both the same one.

    Args:
        patience: Seconds after which a block is left at once. So it is at a second Ctrl-C.

    Raises:
        BaseException: What whoever handles the signal raises, usually after the block.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    began, heard = time.monotonic(), list[int]()
    handlers = {
        number: handler
        for number in (signal.SIGINT, signal.SIGTERM)
        if callable(handler := signal.getsignal(number))
    }

    def hear(number: int, frame: FrameType | None) -> None:
        if heard or time.monotonic() - began >= patience:
            heard.clear()
            handlers[signal.Signals(number)](number, frame)
        heard.append(number)

    try:
        for number in handlers:
            signal.signal(number, hear)
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        # The signal itself is not sent again: who counts signals would count two.
        if heard:
            handlers[signal.Signals(heard[-1])](heard[-1], None)


def interrupt() -> None:
    """Have whoever handles Ctrl-C hear one that a library kept to itself.

    Raises:
        BaseException: What he raises.
    """
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is threading.main_thread() and callable(handler):
        handler(signal.SIGINT, None)

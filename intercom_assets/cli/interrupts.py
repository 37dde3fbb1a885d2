"""Ctrl-C during a run: the first one stops it, the second one ends the process at once."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self, TypeAlias

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells give it."""

Hook: TypeAlias = "Callable[[sys.UnraisableHookArgs], object]"
"""Reports an exception that nothing can catch."""

_SHOW_CURSOR = "\x1b[?25h"


class Interrupts:
    """Counts what Ctrl-C sends during a block, whoever handles the signal.

    Dagster takes the signal for itself, and while it cleans up it hears no second one. What is
    counted here is what the interpreter writes to a pipe at each signal.

    Args:
        stopping: Called at the first one, from another thread.

    Attributes:
        heard: How many there were.
    """

    def __init__(self, stopping: Callable[[], None]) -> None:
        self.heard = 0
        self._stopping = stopping
        self._ours = 0

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count during a block; only the main thread can."""
        reader, writer = os.pipe()
        # Dagster points stderr at a file while a step runs.
        terminal = os.dup(2)
        os.set_blocking(writer, False)
        before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        hook, sys.unraisablehook = sys.unraisablehook, _without_interrupts(sys.unraisablehook)
        thread = threading.Thread(target=self._count, args=(reader, terminal), daemon=True)
        thread.start()
        try:
            yield
        finally:
            sys.unraisablehook = hook
            signal.set_wakeup_fd(before)
            os.close(writer)
            thread.join()
            os.close(reader)
            os.close(terminal)

    def again(self) -> None:
        """Send the signal once more, uncounted.

        A library that is interrupted may swallow it, and Dagster would go on with the next step.
        """
        self._ours += 1
        signal.raise_signal(signal.SIGINT)

    def _count(self, reader: int, terminal: int) -> None:
        while number := os.read(reader, 1):
            if number[0] != signal.SIGINT:
                continue
            if self._ours:
                self._ours -= 1
                continue
            self.heard += 1
            if self.heard > 1:
                _end_at_once(terminal)
            self._stopping()


def _without_interrupts(hook: Hook) -> Hook:
    # Where an object is collected, an interrupt can only be reported, as a traceback; it was
    # counted, and ends the next step. Dagster's is no `KeyboardInterrupt`, and no `Exception`.
    def report(unraisable: "sys.UnraisableHookArgs") -> None:
        if issubclass(unraisable.exc_type, Exception):
            hook(unraisable)

    return report


def _end_at_once(terminal: int) -> None:
    shown = _SHOW_CURSOR if os.isatty(terminal) else ""
    os.write(terminal, f"{shown}\nEnded at once. What was committed is kept.\n".encode())
    os._exit(INTERRUPTED)


class Unheard:
    """Keeps Ctrl-C from processes that are started meanwhile; this one hears it afterwards.

    The terminal sends it to every process of the command, and Dagster's helpers, which copy what
    a run prints, would end with a traceback each.
    """

    def __enter__(self) -> Self:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Hear it again: all processes have been started."""
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

"""Processes that Ctrl-C meets each at another line of what they do with a connection.

Run as a program it starts one child after the other, each a copy of itself, and prints about how
many lines there were.
"""

import faulthandler
import os
import signal
import sys
import threading
from collections.abc import AsyncGenerator, Callable
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Final

import anyio

from intercom_assets.catalog import NEWEST
from intercom_assets.intercom.connection import Connection
from intercom_assets.sync.concurrency import iterate_in_thread

if TYPE_CHECKING:
    from _typeshed import TraceFunction

_TOKEN: Final = "dG9rOmV4YW1wbGU"
_CAME: Final = 3
_PATIENCE: Final = 30.0
"""Seconds after which a child that hangs shows where, and ends."""

_WAITS: Final = 2.0
"""Seconds after which Ctrl-C comes at the latest: where it waits for what does not end."""

_STEP: Final = 3
"""Lines between those of two children: each takes a tenth of a second."""

_EVERY: Final = 20
"""Of the lines at which Ctrl-C waits, which are many, one of so many counts."""

_NOT_OURS: Final = ("threading.py", "_base.py")
"""Where Python's own locks and futures are made; there a Ctrl-C may leave anything."""


def _open(connection: Connection) -> None:
    with connection:
        pass


def _call(connection: Connection) -> None:
    connection.call(anyio.sleep_forever)


def _iterate(connection: Connection) -> None:
    with iterate_in_thread(connection.portal, _numbers()) as numbers:
        for _ in numbers:
            pass


async def _numbers() -> AsyncGenerator[int]:
    yield 1
    await anyio.sleep_forever()


USES: Final = {"open": _open, "call": _call, "iterate": _iterate}


def main(use: Callable[[Connection], None]) -> None:
    """Interrupt children, each at another line, until there is no further line."""
    _open(_connection())  # What is imported late is imported.
    at = 0
    codes = [_CAME]
    while codes[-1] == _CAME:
        at += _STEP
        if not (child := os.fork()):
            faulthandler.dump_traceback_later(_PATIENCE, exit=True)
            sys.exit(_CAME if _Interrupted(use, at).came() else 0)
        codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    sys.stdout.write(f"{at} {codes[-1]}\n")


def _connection() -> Connection:
    return Connection(token=_TOKEN, region="eu", version=NEWEST)


class _Interrupted:
    def __init__(self, use: Callable[[Connection], None], at: int) -> None:
        self._use = use
        self._left = at
        self._met: set[tuple[CodeType, int, bool]] = set()
        self._waiting = 0

    def came(self) -> bool:
        """Use a connection until it is interrupted; say whether that was at the line."""
        hook, sys.unraisablehook = sys.unraisablehook, lambda _: None  # As the command does.
        connection = _connection()
        if self._use is not _open:
            connection.open()
        late = threading.Timer(_WAITS, self._late)
        late.start()
        sys.settrace(self._trace)
        try:
            self._use(connection)
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(None)
            sys.unraisablehook = hook
            late.cancel()
        # An interrupt where an object is collected is reported, not raised.
        return not self._left

    def _late(self) -> None:
        self._left = -1
        os.kill(os.getpid(), signal.SIGINT)

    def _trace(self, frame: FrameType, event: str, _argument: object) -> "TraceFunction":
        at_once = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        line = frame.f_code, frame.f_lineno, at_once
        ours = not frame.f_code.co_filename.endswith(_NOT_OURS)
        if event == "line" and self._left > 0 and ours and line not in self._met:
            self._met.add(line)
            self._waiting += not at_once
            self._left -= at_once or self._waiting % _EVERY == 0
            if not self._left:
                signal.raise_signal(signal.SIGINT)
        return self._trace


if __name__ == "__main__":
    main(USES[sys.argv[1]])

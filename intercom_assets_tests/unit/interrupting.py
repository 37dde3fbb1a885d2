"""Processes that Ctrl-C meets at one line each, while a connection opens or closes.

Run as a program it starts one child after the other, each a copy of itself, and prints how many
lines there were.
"""

import faulthandler
import os
import signal
import sys
from types import FrameType
from typing import TYPE_CHECKING, Final

from intercom_assets.catalog import NEWEST
from intercom_assets.intercom.connection import Connection

if TYPE_CHECKING:
    from _typeshed import TraceFunction

_TOKEN: Final = "dG9rOmV4YW1wbGU"
_CAME: Final = 3
_PATIENCE: Final = 30.0
"""Seconds after which a child that hangs shows where, and ends."""

_EVERY: Final = 60
"""Of the lines at which Ctrl-C waits, which are many: one of so many."""


def main() -> None:
    """Interrupt a child at each line at which Ctrl-C is heard at once, and at some others."""
    _use(_connection())  # What is imported late is imported.
    at = 0
    codes = [_CAME]
    while codes[-1] == _CAME:
        at += 1
        if not (child := os.fork()):
            faulthandler.dump_traceback_later(_PATIENCE, exit=True)
            sys.exit(_CAME if _Interrupted(at).came() else 0)
        codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    sys.stdout.write(f"{at - 1} {codes[-1]}\n")


def _connection() -> Connection:
    return Connection(token=_TOKEN, region="eu", version=NEWEST)


def _use(connection: Connection) -> None:
    with connection:
        pass


class _Interrupted:
    def __init__(self, at: int) -> None:
        self._left = at
        self._waiting = 0

    def came(self) -> bool:
        """Use a connection until it is interrupted; say whether it was."""
        hook, sys.unraisablehook = sys.unraisablehook, lambda _: None  # As the command does.
        connection = _connection()
        sys.settrace(self._trace)
        try:
            _use(connection)
        except KeyboardInterrupt:
            return True
        finally:
            sys.settrace(None)
            sys.unraisablehook = hook
        # An interrupt where an object is collected is reported, not raised.
        return not self._left

    def _trace(self, _frame: FrameType, event: str, _argument: object) -> "TraceFunction":
        if event == "line" and self._left:
            at_once = signal.getsignal(signal.SIGINT) is signal.default_int_handler
            self._waiting += not at_once
            self._left -= at_once or self._waiting % _EVERY == 0
            if not self._left:
                signal.raise_signal(signal.SIGINT)
        return self._trace


if __name__ == "__main__":
    main()

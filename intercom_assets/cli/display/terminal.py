"""What a terminal supports: colour and live lines or plain text, Unicode or ASCII.

Colour and control characters are sent only to terminals that are not dumb, and not if NO_COLOR is
set (https://no-color.org).
"""

import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, TextIO

from rich.console import Console

_DUMB = {"", "dumb", "unknown"}
UNBOUNDED = 10_000
"""The width of a pipe."""

_COMMAND = "intercom-assets"


@dataclass(frozen=True, slots=True)
class Marks:
    """The symbols before a line, and how a long one ends."""

    good: str
    bad: str
    warning: str
    idle: str
    spinner: str
    overflow: Literal["ellipsis", "crop"]


UNICODE = Marks("✓", "✗", "!", "·", "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "ellipsis")
ASCII = Marks("+", "x", "!", ".", "|/-\\", "crop")


def is_lively(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether colour and control characters may be sent."""
    dumb = environment.get("TERM", "") in _DUMB
    return stream.isatty() and not dumb and not environment.get("NO_COLOR")


def speaks_unicode(stream: IO[str], environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether symbols beyond ASCII can be shown.

    Python treats the locale C as UTF-8 and sets LC_CTYPE=C.UTF-8; the terminal may disagree.
    """
    if not (getattr(stream, "encoding", None) or "").lower().startswith("utf"):
        return False
    variables = ("LC_ALL", "LC_CTYPE", "LANG")
    chosen = [environment[name] for name in variables if environment.get(name)]
    locale = next((value for value in chosen if value != "C.UTF-8"), "C.UTF-8")
    return "utf" in locale.lower()


def marks_for(stream: IO[str]) -> Marks:
    """Return the marks that a stream can show."""
    return UNICODE if speaks_unicode(stream) else ASCII


class _Console(Console):
    @property
    def encoding(self) -> str:
        """The encoding that bars are drawn for."""
        return "utf-8" if speaks_unicode(self.file) else "ascii"


def console_on(stream: TextIO) -> Console:
    """Return a console that colours only where allowed and never truncates in a pipe."""
    lively = is_lively(stream)
    return _Console(
        file=stream,
        force_terminal=lively,
        color_system="auto" if lively else None,
        width=None if stream.isatty() else UNBOUNDED,
        highlight=False,
        markup=False,
        emoji=False,
    )


def command_line(*arguments: str) -> str:
    """Return one of our commands in a form that can be typed here."""
    own = Path(sys.argv[0])
    found = shutil.which(_COMMAND)
    elsewhere = own.name == _COMMAND and own.is_file() and not (found and own.samefile(found))
    return shlex.join([os.path.relpath(own) if elsewhere else _COMMAND, *arguments])


def relative(path: Path) -> str:
    """Return a path in the working directory as relative, any other unchanged."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)

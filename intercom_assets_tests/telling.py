"""How a message of a failure is built: what is wrong, what to do, and what the other side said."""

import re
from dataclasses import dataclass

_PARTS = re.compile(r"(?P<wrong>.+?[^.])\. (?P<remedy>[A-Z].*?)(?:\. \[(?P<said>.*)\])?", re.DOTALL)

_DOING = frozenset({
    "Ask", "Begin", "Change", "Check", "Choose", "Close", "Connect", "Copy", "Fix", "Free", "Give",
    "Go", "Grant", "Leave", "Let", "Lower", "Make", "Put", "Raise", "Register", "Remove",
    "Rename", "Run", "Save", "Set", "Sync", "Unset", "Use", "Wait", "Write",
})  # fmt: skip
"""Words that a remedy begins with: what to do."""

_EXCHANGE = re.compile(r"\bHTTP\b|\b(GET|POST) /|\brequest id\b|→|\b[A-Z][a-z]+Error\b")
"""What only support can read."""


@dataclass(frozen=True, slots=True)
class Told:
    """A message in its parts.

    Attributes:
        wrong: Its first sentence: what is wrong.
        remedy: What to do.
        said: What the other side said, empty where there is no other side.
    """

    wrong: str
    remedy: str
    said: str


def parts_of(message: str) -> Told:
    """Take a message apart; fails where it is not built by the rule."""
    found = _PARTS.fullmatch(message)
    assert found, f"no sentence about what to do, or brackets not at the end: {message}"
    told = Told(found["wrong"], found["remedy"], found["said"] or "")
    assert not _EXCHANGE.search(told.wrong), f"begins with the exchange: {message}"
    assert not _EXCHANGE.search(told.remedy), f"an exchange that is not in brackets: {message}"
    assert re.split(r"\W", told.remedy, maxsplit=1)[0] in _DOING, (
        f"does not say what to do: {message}"
    )
    return told

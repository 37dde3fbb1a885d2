"""The blocks of code in the documents, and what their marks say.

A block is run by a test, unless a comment in the line before it says otherwise:

* `<!-- not run: needs a Docker engine -->`: why it cannot be run here.
* `<!-- run by: cli/test_connect.py -->`: which test, or which part of CI, runs it.
* `<!-- output of: intercom-assets query -->`: which command printed it.
* `<!-- snowflake -->`: SQL of Snowflake, which is parsed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = (
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "examples/response_times/README.md",
)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code in a document.

    Attributes:
        document: The document.
        line: Where it begins.
        language: The word after the fence.
        text: What is in it.
        mark: What the comment before it says; empty where there is none.
    """

    document: str
    line: int
    language: str
    text: str
    mark: str

    def __str__(self) -> str:
        """Read as a place."""
        return f"{self.document}:{self.line}"

    @property
    def commands(self) -> list[str]:
        """The commands that a reader types."""
        return [
            line.removeprefix("$ ").partition("  #")[0].strip()
            for line in self.text.splitlines()
            if line.startswith("$ ")
        ]

    @property
    def words(self) -> set[str]:
        """The words of our and Dagster's commands: names and options, without values."""
        found: set[str] = set()
        for command in self.commands:
            program, *rest = command.split()
            if program != "make":
                found |= {word for word in rest if re.fullmatch(r"--[a-z-]+|[a-z]+", word)}
        return found


def documents() -> tuple[str, ...]:
    """Name every document."""
    pages = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("**/*.md"))
    return (*DOCUMENTS, *pages)


def blocks(language: str) -> list[Block]:
    """Give the blocks of a language, of all documents."""
    return [one for one in all_blocks() if one.language == language]


@cache
def all_blocks() -> tuple[Block, ...]:
    """Give every block of every document."""
    return tuple(block for document in documents() for block in _blocks_of(document))


def _blocks_of(document: str) -> Iterator[Block]:
    mark = ""
    for token in MarkdownIt().parse((ROOT / document).read_text()):
        if token.type == "fence":
            assert token.map is not None
            yield Block(document, token.map[0] + 1, token.info, token.content, mark)
        comments = re.findall(r"<!--\s*(.*?)\s*-->", token.content)
        mark = comments[-1] if token.type == "html_block" and comments else ""

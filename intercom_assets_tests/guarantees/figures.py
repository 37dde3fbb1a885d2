"""What the attacks tried, in numbers, over all processes of a test run."""

import os
from collections import Counter
from pathlib import Path

VARIABLE = "INTERCOM_ASSETS_FIGURES"
"""Names the file that the processes of a run append to."""


def count(what: str, number: int = 1) -> None:
    """Add to a figure of this run."""
    if file := os.environ.get(VARIABLE):
        with Path(file).open("a", encoding="utf-8") as figures:
            figures.write(f"{int(number)}\t{what}\n")


def figures(file: Path) -> Counter[str]:
    """Add up what the processes of a run counted."""
    total: Counter[str] = Counter()
    for line in file.read_text(encoding="utf-8").splitlines():
        number, _, what = line.partition("\t")
        total[what] += int(number)
    return total

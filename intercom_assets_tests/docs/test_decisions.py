"""Each decision is short, says the same five things, and has a number of its topic."""

import re
from pathlib import Path

import pytest

from intercom_assets_tests.docs.decisions import PARTS, TOPICS, files, title


@pytest.mark.parametrize("file", files(), ids=lambda file: file.stem)
def test_each_decision_has_its_number_and_five_parts(file: Path) -> None:
    """A decision has context, decision, measurement, cost and a time to look again."""
    number = file.name[:4]
    lines = file.read_text().splitlines()

    assert number[:2] in TOPICS
    assert title(file).startswith(f"{number}: ")
    assert list(PARTS) == re.findall(r"^\* \*\*(\w+):\*\* ", file.read_text(), re.MULTILINE)
    assert 5 <= len(lines[2:]) <= 10


def test_no_number_is_used_twice() -> None:
    """A number names one decision."""
    numbers = [file.name[:4] for file in files()]

    assert sorted(set(numbers)) == numbers

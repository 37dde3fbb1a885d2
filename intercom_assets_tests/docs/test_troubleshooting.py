"""The page of troubleshooting quotes what the code says, and says something about all of it."""

import re

import pytest

from intercom_assets_tests.docs.blocks import ROOT
from intercom_assets_tests.docs.messages import raised, told

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text()
QUOTED = sorted(set(re.findall(r"\*\*`([^`]+)`\*\*", PAGE)))
RAISED = raised()


@pytest.mark.parametrize("message", QUOTED)
def test_each_quoted_message_is_in_the_code(message: str) -> None:
    """What the page quotes can be said by the code, word for word."""
    assert any(message in text for text in told())


@pytest.mark.parametrize("message", RAISED, ids=[f"{RAISED[one]}: {one[:40]}" for one in RAISED])
def test_each_message_is_explained(message: str) -> None:
    """What the code can raise has an entry; write one where a message is new."""
    assert any(quoted in message for quoted in QUOTED), f"docs/troubleshooting.md lacks {message!r}"

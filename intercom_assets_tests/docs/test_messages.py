"""Every message that the code can raise is built by the one rule."""

import pytest
from snowflake.connector import errors

from intercom_assets.warehouse.snowflake.errors import Login, explained
from intercom_assets_tests.docs.messages import raised
from intercom_assets_tests.telling import parts_of

RAISED = {message: module for message, module in raised().items() if not message.startswith("…. ")}
"""All but the one that is another message with a longer remedy."""

LOGIN = Login(account="acme-1", user="loader", role="loading", warehouse="small", database="raw")
KNOWN = (
    606, 2003, 2043, 3001, 90073, 90105, 250007, 251009, 290403, 290404, 390100, 390101, 390102,
    390105, 390106, 390144, 390189, 390201, 390303, 390318, 390422, 390432,
)  # fmt: skip
"""Errors of Snowflake that have words of their own."""


@pytest.mark.parametrize("message", RAISED, ids=[f"{RAISED[one]}: {one[:40]}" for one in RAISED])
def test_the_first_sentence_says_what_is_wrong(message: str) -> None:
    """The first sentence says what is wrong, the second what to do; what was said comes last."""
    told = parts_of(message)

    assert told.wrong
    assert told.remedy


@pytest.mark.parametrize("number", [*KNOWN, 625, 390114, 1003])
def test_what_snowflake_says_comes_last(number: int) -> None:
    """An error of Snowflake is told in our words, then in its own, with what was worked on."""
    error = errors.ProgrammingError(msg="SQL error: no.", errno=number)

    told = parts_of(str(explained(error, LOGIN, "s.t")))

    assert told.said.startswith("s.t")
    assert told.said.endswith("SQL error: no.")
    assert ("Snowflake refused a statement" == told.wrong) == (number == 1003)

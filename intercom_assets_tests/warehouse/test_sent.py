"""The SQL that Snowflake is sent: as it was reviewed, and SQL that Snowflake can parse."""

import inspect
from typing import get_args

import pytest
import sqlglot
from sqlglot import exp

from intercom_assets.warehouse.questions import Question
from intercom_assets.warehouse.snowflake.cursors import CursorStatements, LeaseStatements
from intercom_assets.warehouse.snowflake.staging import Staging
from intercom_assets.warehouse.snowflake.statements import Statements
from intercom_assets_tests.warehouse.sent import REVIEWED, rendered, statements

SENT = dict(statements())
NO_STATEMENT = {"name", "raw", "keys", "table", "target", "schema", "prefix", "columns"}


def test_every_statement_is_as_it_was_reviewed() -> None:
    """Statements change in the reviewed file first.

    `python -m intercom_assets_tests.warehouse.sent` writes it.
    """
    assert REVIEWED.read_text() == rendered()


@pytest.mark.parametrize("what", SENT)
def test_every_statement_parses_as_snowflakes(what: str) -> None:
    """Each statement is one statement of Snowflake's dialect."""
    parsed = sqlglot.parse(SENT[what], dialect="snowflake", error_level=sqlglot.ErrorLevel.RAISE)

    (statement,) = (one for one in parsed if one is not None)
    assert not isinstance(statement, exp.Command)


@pytest.mark.parametrize(
    ("kind", "prefix"),
    [
        (Statements, ""),
        (Staging, "staging "),
        (CursorStatements, "cursors "),
        (LeaseStatements, "leases "),
    ],
)
def test_no_statement_is_left_out(kind: type, prefix: str) -> None:
    """Each method that gives a statement is among the reviewed ones."""
    methods = {
        name
        for name, _ in inspect.getmembers(kind)
        if not name.startswith("_") and name not in NO_STATEMENT
    }

    assert {f"{prefix}{name}" for name in methods} <= set(SENT)


def test_no_question_is_left_out() -> None:
    """Each kind of question about rows is among the reviewed statements."""
    assert {f"question {kind.__name__}" for kind in get_args(Question)} <= set(SENT)

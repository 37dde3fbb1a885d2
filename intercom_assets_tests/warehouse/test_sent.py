"""The SQL that a warehouse is sent: as it was reviewed, and SQL that it can parse."""

import inspect
from typing import get_args

import pytest
import sqlglot
from sqlglot import exp

from intercom_assets.warehouse.cursors import CursorStatements
from intercom_assets.warehouse.queries import Query, Rows
from intercom_assets.warehouse.snowflake.lease import LeaseStatements
from intercom_assets.warehouse.snowflake.staging import Staging
from intercom_assets.warehouse.statements import Statements
from intercom_assets_tests.warehouse.sent import DIALECTS, rendered, reviewed, statements

SENT = {name: dict(statements(dialect)) for name, dialect in DIALECTS.items()}
ALL = [(name, what) for name, sent in SENT.items() for what in sent]
NO_STATEMENT = {"name", "table", "target", "schema", "prefix", "columns", "dialect", "stage"}
NO_STATEMENT |= {"unseen_rows", "unseen_in", "missing_children", "gone_rows"}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_statement_is_as_it_was_reviewed(dialect: str) -> None:
    """Statements change in the reviewed file first.

    `python -m intercom_assets_tests.warehouse.sent` writes it.
    """
    assert reviewed(dialect).read_text() == rendered(DIALECTS[dialect])


@pytest.mark.parametrize(("dialect", "what"), ALL)
def test_every_statement_parses(dialect: str, what: str) -> None:
    """Each statement is one statement of its warehouse's dialect."""
    parsed = sqlglot.parse(
        SENT[dialect][what], dialect=dialect, error_level=sqlglot.ErrorLevel.RAISE
    )

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

    assert {f"{prefix}{name}" for name in methods} <= set(SENT["snowflake"])


def test_no_query_is_left_out() -> None:
    """Each kind of query about rows is among the reviewed statements."""
    kinds = (*get_args(Query), *get_args(Rows))

    assert {f"query {kind.__name__}" for kind in kinds} <= set(SENT["snowflake"])


def test_a_replacement_keeps_who_may_read() -> None:
    """Snowflake takes grants off a view that is replaced, unless it is told to copy them."""
    sent = SENT["snowflake"]
    replacements = [text for what, text in sent.items() if "replace 1" in what]

    assert replacements
    assert all(" COPY GRANTS " in text for text in replacements)

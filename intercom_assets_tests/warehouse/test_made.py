"""The SQL of views: as it was reviewed, and SQL that its warehouse can parse."""

import pytest
import sqlglot
from sqlglot import exp

from intercom_assets_tests.warehouse.made import REVIEWED, rendered, statements

SENT = [(dialect, what) for dialect in REVIEWED for what, _ in statements(dialect)]


@pytest.mark.parametrize("dialect", REVIEWED)
def test_every_view_is_as_it_was_reviewed(dialect: str) -> None:
    """Views change in the reviewed file first.

    `python -m intercom_assets_tests.warehouse.made` writes it.
    """
    assert REVIEWED[dialect].read_text() == rendered(dialect)


@pytest.mark.parametrize(("dialect", "what"), SENT)
def test_every_statement_parses(dialect: str, what: str) -> None:
    """Each statement is one statement of its warehouse's dialect."""
    statement = dict(statements(dialect))[what]

    parsed = sqlglot.parse(statement, dialect=dialect, error_level=sqlglot.ErrorLevel.RAISE)

    (one,) = (each for each in parsed if each is not None)
    assert not isinstance(one, exp.Command)


@pytest.mark.parametrize("dialect", REVIEWED)
def test_a_replacement_keeps_who_may_read(dialect: str) -> None:
    """Snowflake takes grants off a view that is replaced, unless it is told to copy them."""
    replacements = [text for what, text in statements(dialect) if what.endswith("replace")]

    assert replacements
    if dialect == "snowflake":
        assert all(" COPY GRANTS " in text for text in replacements)

"""A few rows for people: keys, dates and kinds are legible, nothing personal is, nothing acts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.preview import Preview, is_legible, sample
from intercom_assets.catalog.types import ColumnType, Row, Value

CONTACTS = CATALOG["contacts"].table


def row(**values: Value) -> Row:
    """Give a row of contacts, null but for some columns."""
    assert set(values) <= {column.name for column in CONTACTS.columns}
    return values


ADA = row(
    id="65a1",
    external_id="ada@example.com",
    role="user",
    email="ada@example.com",
    name="Ada Lovelace",
    phone="+44 20 7946",
    updated_at=1_700_000_000_000_000,
)


def test_what_may_be_personal_is_masked() -> None:
    """By default the form of a text is shown; keys, dates, counts and kinds are legible."""
    [shown] = sample(CONTACTS, [ADA], Preview.MASKED)

    assert {
        "id": "65a1",
        "updated_at": "2023-11-14 22:13",
        "external_id": "xxx@xxxxxxx.xxx",
        "role": "user",
        "email": "xxx@xxxxxxx.xxx",
        "name": "xxx xxxxxxxx",
        "phone": "+99 99 9999",
    }.items() <= shown.items()


@given(st.text())
def test_no_letter_of_any_script_is_shown(name: str) -> None:
    """A masked value is made of x, 9 and ASCII's signs; marks and pictures are no exception."""
    [shown] = sample(CONTACTS, [row(id="1", name=f"a{name}")], Preview.MASKED)

    assert not set(shown["name"]) - set("x9 …¦") - {chr(n) for n in range(33, 127)}
    assert not [one for one in shown["name"] if one.isalnum() and one not in "x9"]


def test_plain_shows_values_and_none_shows_nothing() -> None:
    """A setting shows the rows as they are, or no row at all."""
    [shown] = sample(CONTACTS, [ADA], Preview.PLAIN)

    assert "Ada Lovelace" == shown["name"]
    assert [] == sample(CONTACTS, [ADA], Preview.NONE)
    assert [] == sample(CONTACTS, [], Preview.MASKED)


def test_a_value_is_one_line() -> None:
    """Nothing in a value starts a line, or turns the direction in which its neighbours are read."""
    [shown] = sample(CONTACTS, [row(id="a\n# b \u202e", name="a\u202eb")], Preview.PLAIN)

    assert all(cell.isprintable() for cell in shown.values())


def test_a_wide_row_is_cut_to_what_matters() -> None:
    """Eight columns, the key first; what is empty is left out, what is long is cut."""
    everything: Row = {
        column.name: 1 if column.type is not ColumnType.TEXT else "x" * 1000
        for column in CONTACTS.columns
    }
    [shown] = sample(CONTACTS, [everything], Preview.PLAIN)

    assert (8, "id") == (len(shown), next(iter(shown)))
    assert 40 + 1 == max(len(value) for value in shown.values())
    assert ["id"] == list(sample(CONTACTS, [row(id="1")], Preview.PLAIN)[0])


@pytest.mark.parametrize(
    ("resource", "hidden"),
    [
        ("admins", {"name", "email"}),
        ("companies", {"name", "company_id", "website", "monthly_spend", "custom_attributes"}),
        ("contacts", {"name", "email", "phone", "external_id", "location_city"}),
        ("conversations", {"title", "source_body", "source_author_email", "source_author_name"}),
        ("conversation_parts", {"body", "author_email", "author_name"}),
    ],
)
def test_what_names_a_person_or_a_company_is_never_legible(resource: str, hidden: set[str]) -> None:
    """Names, addresses, texts, places and money are masked."""
    table = CATALOG[resource].table

    assert hidden <= {column.name for column in table.columns}
    assert not {column.name for column in table.columns if is_legible(table, column)} & hidden

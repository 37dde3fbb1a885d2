"""A few rows for people: keys, dates and kinds are legible, nothing personal is, nothing acts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.types import ColumnType, Row, Value
from intercom_assets.sync.extract import Preview
from intercom_assets.sync.preview import is_legible, preview

CONTACTS = CATALOG["contacts"].table

HOSTILE = "![x](https://evil.example/a.png) <img src=x> | `code` \n# Head \u202e"


def row(**values: Value) -> Row:
    """Give a row of contacts, null but for some columns."""
    assert set(values) <= {column.name for column in CONTACTS.columns}
    return values


def cells(shown: str) -> list[dict[str, str]]:
    """Read a preview back: the cells of each row by column."""
    head, rule, *rows = [
        [cell.strip() for cell in line.strip("| ").split("|")] for line in shown.split("\n")
    ]
    assert {"---"} == set(rule)
    return [dict(zip(head, cells, strict=True)) for cells in rows]


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
    [shown] = cells(preview(CONTACTS, [ADA], Preview.MASKED))

    assert {
        "id": "`65a1`",
        "updated_at": "`2023-11-14 22:13`",
        "external_id": "`xxx@xxxxxxx.xxx`",
        "role": "`user`",
        "email": "`xxx@xxxxxxx.xxx`",
        "name": "`xxx xxxxxxxx`",
        "phone": "`+99 99 9999`",
    }.items() <= shown.items()


@given(st.text())
def test_no_letter_of_any_script_is_shown(name: str) -> None:
    """A masked value is made of x, 9 and ASCII's signs; marks and pictures are no exception."""
    [shown] = cells(preview(CONTACTS, [row(id="1", name=f"a{name}")], Preview.MASKED))

    assert not set(shown["name"]) - set("x9 …¦") - {chr(n) for n in range(33, 127)}
    assert not [one for one in shown["name"] if one.isalnum() and one not in "x9"]


def test_plain_shows_values_and_none_shows_nothing() -> None:
    """A setting shows the rows as they are, or no row at all."""
    [shown] = cells(preview(CONTACTS, [ADA], Preview.PLAIN))

    assert "`Ada Lovelace`" == shown["name"]
    assert "" == preview(CONTACTS, [ADA], Preview.NONE)
    assert "" == preview(CONTACTS, [], Preview.MASKED)


@pytest.mark.parametrize("mode", [Preview.MASKED, Preview.PLAIN])
def test_a_value_cannot_act_on_the_page(mode: Preview) -> None:
    """Whatever a customer wrote is text in one cell: no link, image, tag or further row."""
    [shown] = cells(preview(CONTACTS, [row(id=HOSTILE, name=HOSTILE)], mode))

    assert {"id", "name"} == set(shown)
    for cell in shown.values():
        assert cell.startswith("`")
        assert cell.endswith("`")
        assert cell.isprintable()
        assert 2 == cell.count("`")


def test_few_rows_open_the_wide_dialog_too() -> None:
    """Dagster's page shows Markdown of less than 1,000 characters in a cell that cuts a table."""
    assert 1000 == len(preview(CONTACTS, [row(id="1")], Preview.MASKED))


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), min_size=1, max_size=5))
def test_any_text_is_one_cell(rows: list[list[str]]) -> None:
    """There are as many rows and cells as values, whatever they hold."""
    shown = cells(preview(CONTACTS, [row(id=a, name=b) for a, b in rows], Preview.PLAIN))

    assert len(rows) == len(shown)


def test_a_wide_row_is_cut_to_what_matters() -> None:
    """Eight columns: key, name, then others, dates last; what is empty is left out, long is cut."""
    everything: Row = {
        column.name: 1 if column.type is not ColumnType.TEXT else "x" * 1000
        for column in CONTACTS.columns
    }
    [shown] = cells(preview(CONTACTS, [everything], Preview.PLAIN))

    assert ["id", "name", "email", "role", "external_id", "phone", "created_at", "updated_at"] == [
        *shown
    ]
    assert {"id": 40 + 3, "name": 20 + 3}.items() <= {
        name: len(value) for name, value in shown.items()
    }.items()
    assert ["id"] == list(cells(preview(CONTACTS, [row(id="1")], Preview.PLAIN))[0])


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

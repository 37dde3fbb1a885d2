"""Custom attributes as columns: names that are safe, distinct, and stay."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.shapes import Flat
from intercom_assets.catalog.table import Column
from intercom_assets.catalog.types import ColumnType
from intercom_assets.catalog.views import MODELS
from intercom_assets.views.attributes import (
    attribute_columns,
    column_name,
    named_attributes,
)

EPOCH = datetime(2024, 1, 1, tzinfo=UTC)


def attribute(key: str, age: int = 0, **changed: object) -> dict[str, Any]:
    """Make a stored custom attribute, `age` days younger than the first."""
    return {
        "full_name": f"custom_attributes.{key}",
        "name": key.rpartition(".")[2],
        "label": key,
        "description": None,
        "data_type": "string",
        "custom": True,
        "archived": False,
        "created_at": EPOCH + timedelta(days=age),
        "id": str(1000 + age),
        "_deleted_at": None,
        **changed,
    }


def names(*rows: dict[str, Any]) -> dict[str, str]:
    """Give the column of each attribute by its key."""
    return {one.path[0]: one.name for one in attribute_columns(rows)}


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("plan_tier", "custom_plan_tier"),
        ("CX Score rating", "custom_cx_score_rating"),
        ("lifetimeValue", "custom_lifetime_value"),
        ("MRRTotal", "custom_mrr_total"),
        ("is.beta", "custom_is_beta"),
        ("ARR €", "custom_arr"),
        ("Größe 🚀", "custom_grosse"),
        ("2fa", "custom_2fa"),
        ("select", "custom_select"),
        ("id", "custom_id"),
        ("  a  --  b  ", "custom_a_b"),
        ('x"; DROP TABLE y; --', "custom_x_drop_table_y"),
        ("会社名", "custom_会社名"),
        ("Имя", "custom_имя"),
        ("हिन्दी", "custom_हिन्दी"),
        ("½", "custom_12"),
        ("🚀", "custom"),
    ],
)
def test_a_name_is_snake_case(key: str, name: str) -> None:
    """Words are lower case and joined by _; accents go, letters of other scripts stay."""
    assert name == column_name(key)


def test_the_older_of_two_that_would_share_a_name_gets_it() -> None:
    """Names that fold into one differ by digits of the younger one's own name."""
    found = names(attribute("Plan tier", 2), attribute("plan_tier", 1), attribute("PLAN.TIER", 3))

    assert "custom_plan_tier" == found["plan_tier"]
    assert re.fullmatch("custom_plan_tier_[0-9a-f]{6}", found["Plan tier"])
    assert 3 == len(set(found.values()))


@pytest.mark.parametrize("key", ["🚀", "...", "", "attributes"])
def test_a_name_of_nothing_gets_digits(key: str) -> None:
    """What has no letters, or is the name of the raw column, is told apart by digits."""
    [name] = names(attribute(key)).values()

    assert re.fullmatch("custom(_attributes)?_[0-9a-f]{6}", name)


def test_an_attribute_that_went_keeps_its_name_from_others() -> None:
    """The column of an attribute does not become another's when its own is marked as gone."""
    gone = attribute("a b", 1, _deleted_at=EPOCH)

    before = names(attribute("a b", 1), attribute("a.b", 2))
    after = names(gone, attribute("a.b", 2))

    assert {"a.b": before["a.b"]} == after


def test_built_in_attributes_have_no_column_of_their_own() -> None:
    """Intercom's own attributes are columns of the table already."""
    assert {} == names(attribute("role", custom=False, full_name="role"))


@pytest.mark.parametrize(
    ("data_type", "kind"),
    [
        ("string", ColumnType.TEXT),
        ("integer", ColumnType.INTEGER),
        ("float", ColumnType.DOUBLE),
        ("boolean", ColumnType.BOOLEAN),
        ("date", ColumnType.TIMESTAMP),
        ("datetime", ColumnType.TIMESTAMP),
        ("relationship", ColumnType.TEXT),
        (None, ColumnType.TEXT),
    ],
)
def test_a_column_has_the_type_of_its_attribute(data_type: str | None, kind: ColumnType) -> None:
    """Types that nobody has heard of are text, which holds anything."""
    [column] = attribute_columns([attribute("a", data_type=data_type)])

    assert kind is column.type


def test_a_column_says_what_its_attribute_means() -> None:
    """Name and type stand before the description, or the label; an archived one says so."""
    rows = (
        attribute("a", 1, description="How it pays."),
        attribute("b", 2, data_type="date", archived=True),
        attribute("c", 3, label=None),
    )

    assert [
        "Custom attribute 'a' (string): How it pays.",
        "Custom attribute 'b' (date, archived in Intercom): b",
        "Custom attribute 'c' (string).",
    ] == [column.description for column in attribute_columns(rows)]


KEYS = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=150)
    | st.sampled_from(
        ["a b", "A B", "a.b", "a_b", "\uff41 \uff42", "", "🚀", "🎉", "attributes", "İ"]
    ),
    max_size=12,
    unique=True,
)


def _columns(keys: list[str]) -> tuple[Column, ...]:
    return attribute_columns([attribute(key, age) for age, key in enumerate(keys)])


@given(keys=KEYS)
def test_names_are_safe_and_distinct(keys: list[str]) -> None:
    """Whatever attributes are called, no two names are alike in any case, nor a table's own."""
    found = [column.name for column in _columns(keys)]
    own = {
        column.name
        for model in MODELS
        if isinstance(model.shape, Flat)
        for column in CATALOG[model.shape.resource].table.all_columns
    }

    assert keys == [column.path[0] for column in _columns(keys)]
    assert len(keys) == len({name.lower() for name in found}) == len({n.upper() for n in found})
    assert not own & set(found)
    for name in found:
        assert re.fullmatch(r"custom[^\x00-\x2f\x3a-\x5e\x60\x7b-\x7f]*", name)
        assert len(name) <= 120


@given(keys=KEYS, more=st.text(max_size=10))
def test_a_new_attribute_renames_no_other(keys: list[str], more: str) -> None:
    """An attribute that is added later changes the name of none that was there."""
    before = _columns(keys)

    assert before == _columns([*keys, *([] if more in keys else [more])])[: len(before)]


@given(keys=KEYS, order=st.randoms(use_true_random=False))
def test_names_do_not_depend_on_the_order_of_rows(keys: list[str], order: Any) -> None:  # noqa: ANN401
    """A warehouse gives rows in any order."""
    rows = [attribute(key, age) for age, key in enumerate(keys)]
    shuffled = list(rows)
    order.shuffle(shuffled)

    assert attribute_columns(rows) == attribute_columns(shuffled)


def test_attributes_that_share_a_name_are_one_column() -> None:
    """Attributes of conversations are known by their name: of several the one in use counts."""
    rows = [
        {
            "name": "Reason",
            "description": None,
            "data_type": data_type,
            "archived": archived,
            "created_at": EPOCH + timedelta(days=age),
            "id": str(age),
            "_deleted_at": EPOCH if gone else None,
        }
        for age, (data_type, archived, gone) in enumerate(
            [("integer", True, False), ("decimal", False, False), ("string", False, True)]
        )
    ]

    [column] = attribute_columns(named_attributes(rows))
    found = (column.name, column.path, column.type)

    assert ("custom_reason", ("Reason",), ColumnType.DOUBLE) == found

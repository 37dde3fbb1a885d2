"""A declaration that contradicts itself fails at import and names the resource."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from intercom_assets.catalog import Catalog, Resource
from intercom_assets.catalog.endpoints import Child, Granularity, Listing, Search
from intercom_assets.catalog.replication import (
    ByParent,
    Incremental,
    NewestFirst,
    SemiIncremental,
    Windowed,
)
from intercom_assets.catalog.resource import identity, stamps
from intercom_assets.catalog.table import integer, json, nested, text

WIDGETS = Resource(
    name="widgets",
    description="One row per widget.",
    endpoint=Listing("/widgets"),
    columns=(*identity("widget", dated=True), *text(name="Name."), *integer(size="Size.")),
    scope="Read widgets",
    docs="https://example.com/widgets",
)

SCREWS = replace(
    WIDGETS,
    name="screws",
    endpoint=Child("/widgets/{id}/screws", records=("data",)),
    columns=(*text(widget_id="Widget."), *identity("screw"), *stamps()),
    replication=ByParent(parent="widgets", key="widget_id"),
    primary_key=("widget_id", "id"),
)

CAPPED = Child("/widgets/{id}/screws", records=("data",), cap=500)


def widgets(*, columns: tuple[object, ...] = (), **changes: object) -> Callable[[], object]:
    """Declare widgets with more columns or other facts, when called."""
    if columns:
        changes["columns"] = (*WIDGETS.columns, *columns)
    return lambda: replace(WIDGETS, **changes)  # type: ignore[arg-type]


def screws(**changes: object) -> Callable[[], object]:
    """Declare screws, the children of widgets, with other facts, when called."""
    return lambda: replace(SCREWS, **changes)  # type: ignore[arg-type]


NONSENSE: dict[str, tuple[Callable[[], object], str]] = {
    "cursor_that_is_no_column": (
        widgets(replication=SemiIncremental(cursor="seen_at")),
        "resource 'widgets': cursor 'seen_at' is no column",
    ),
    "cursor_that_is_no_timestamp": (
        widgets(replication=SemiIncremental(cursor="name")),
        "resource 'widgets': cursor 'name' is not a timestamp",
    ),
    "newest_first_by_no_timestamp": (
        widgets(replication=NewestFirst(cursor="name")),
        "resource 'widgets': cursor 'name' is not a timestamp",
    ),
    "search_in_windows": (
        widgets(
            endpoint=Search("/widgets", "data", Granularity.DAY),
            replication=Windowed("created_at", after="after", before="before"),
        ),
        "resource 'widgets': only a list is read in windows, or newest first",
    ),
    "incremental_without_search": (
        widgets(replication=Incremental()),
        "resource 'widgets': incremental replication and search go together",
    ),
    "search_without_incremental": (
        widgets(endpoint=Search("/widgets", "data", Granularity.DAY)),
        "resource 'widgets': incremental replication and search go together",
    ),
    "child_without_parent": (
        screws(replication=SemiIncremental()),
        "resource 'screws': has a child endpoint but no parent",
    ),
    "parent_without_child_endpoint": (
        screws(endpoint=Listing("/screws")),
        "resource 'screws': has a parent but no child endpoint",
    ),
    "child_path_without_the_parents_id": (
        screws(endpoint=Child("/screws", records=("data",))),
        "resource 'screws': path '/screws' lacks {id}",
    ),
    "parent_key_outside_the_primary_key": (
        screws(primary_key=("id",)),
        "resource 'screws': parent key 'widget_id' is not part of the primary key",
    ),
    "capped_list_without_order": (
        screws(endpoint=CAPPED),
        "resource 'screws': a capped list needs the column that orders it",
    ),
    "capped_list_ordered_by_no_column": (
        screws(
            endpoint=CAPPED, replication=ByParent("widgets", "widget_id", order_column="seen_at")
        ),
        "resource 'screws': order column 'seen_at' is no column",
    ),
    "column_declared_twice": (
        widgets(columns=text(name="Again.")),
        "resource 'widgets': column declared twice: name",
    ),
    "column_declared_twice_after_flattening": (
        widgets(columns=(*nested("plan", text(id="Plan.")), *text(plan_id="Plan again."))),
        "resource 'widgets': column declared twice: plan_id",
    ),
    "columns_that_differ_only_by_case": (
        widgets(columns=text(Name="Again.")),
        "resource 'widgets': column declared twice: name",
    ),
    "column_named_like_a_metadata_column": (
        widgets(columns=json(_extra="Mine.")),
        "resource 'widgets': column declared twice: _extra",
    ),
    "primary_key_that_is_no_column": (
        widgets(primary_key=("serial",)),
        "resource 'widgets': 'serial' is no declared column",
    ),
    "primary_key_that_is_no_text": (
        widgets(primary_key=("size",)),
        "resource 'widgets': key column 'size' is not text",
    ),
    "empty_primary_key": (
        widgets(primary_key=()),
        "resource 'widgets': the primary key is empty",
    ),
    "empty_description": (
        widgets(columns=text(color=" ")),
        "resource 'widgets': column 'color' has no description",
    ),
    "resource_declared_twice": (
        lambda: Catalog({"hardware": (WIDGETS, WIDGETS)}),
        "resource 'widgets' is declared twice",
    ),
    "parent_missing_from_the_catalog": (
        lambda: Catalog({"hardware": (SCREWS,)}),
        "resource 'screws': parent 'widgets' is not declared before",
    ),
    "parent_declared_after_its_child": (
        lambda: Catalog({"small": (SCREWS,), "large": (WIDGETS,)}),
        "resource 'screws': parent 'widgets' is not declared before",
    ),
}


@pytest.mark.parametrize(("declare", "message"), list(NONSENSE.values()), ids=list(NONSENSE))
def test_nonsense_is_refused_by_name(declare: Callable[[], object], message: str) -> None:
    """Nonsense raises at declaration; the message names the resource and what is wrong."""
    with pytest.raises(ValueError, match=r"^resource ") as raised:
        declare()

    assert message == str(raised.value)


def test_sense_is_accepted() -> None:
    """The declarations from which the nonsense is made are fine themselves."""
    catalog = Catalog({"large": (WIDGETS,), "small": (SCREWS,)})

    assert catalog.names == ("widgets", "screws")
    assert [catalog.family_of(name) for name in catalog.names] == ["large", "small"]

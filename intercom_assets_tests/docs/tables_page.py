"""`docs/tables.md`: every table and column, from the catalogue, and how the tables join."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import assert_never

from intercom_assets.catalog import CATALOG, OLDEST, Level, Resource
from intercom_assets.catalog.cost import at_once, per_page
from intercom_assets.catalog.describe import request_line, sync_type
from intercom_assets.catalog.endpoints import Child, Export
from intercom_assets.catalog.replication import (
    AddedByParent,
    ByParent,
    Exported,
    FullRefresh,
    Incremental,
    NewestFirst,
    PerParent,
    SemiIncremental,
    Windowed,
)
from intercom_assets.catalog.table import METADATA_COLUMNS, Column
from intercom_assets.catalog.types import ColumnType
from intercom_assets.warehouse.dialects import DUCKDB_TYPES, SNOWFLAKE_TYPES
from intercom_assets_tests.docs.api_changes import CHANGES


@dataclass(frozen=True, slots=True)
class Reference:
    """A column that holds the key of another table.

    Attributes:
        table: Resource with the column.
        column: The column.
        to: Resource whose `id` it holds.
        where: Which rows it does so for, as SQL; empty for all.
    """

    table: str
    column: str
    to: str
    where: str = ""


REFERENCES = (
    Reference("conversation_parts", "conversation_id", "conversations"),
    Reference("company_segments", "company_id", "companies"),
    Reference("company_segments", "id", "segments"),
    Reference("conversations", "admin_assignee_id", "admins"),
    Reference("conversations", "team_assignee_id", "teams"),
    Reference("conversations", "company_id", "companies"),
    Reference("conversations", "statistics_last_closed_by_id", "admins"),
    Reference("conversations", "conversation_rating_contact_id", "contacts"),
    Reference("conversations", "conversation_rating_teammate_id", "admins"),
    Reference(
        "conversations", "source_author_id", "contacts", "source_author_type IN ('user', 'lead')"
    ),
    Reference("conversation_parts", "author_id", "contacts", "author_type IN ('user', 'lead')"),
    Reference("conversation_parts", "author_id", "admins", "author_type = 'admin'"),
    Reference("conversation_parts", "assigned_to_id", "admins", "assigned_to_type = 'admin'"),
    Reference("conversation_parts", "assigned_to_id", "teams", "assigned_to_type = 'team'"),
    Reference("contacts", "owner_id", "admins"),
    Reference("contact_attributes", "admin_id", "admins"),
    Reference("company_attributes", "admin_id", "admins"),
)
"""Which columns hold keys of other tables; a test joins each in a synced workspace."""


_WORDS = {Level.CORE: "`all`", Level.CHEAP: "`everything`", Level.COSTLY: "name"}


def overview() -> str:
    """Give the table of resources by family: what selects one, what a quiet sync costs, its key."""
    rows = [
        "| resource | family | selected by | requests of a quiet sync | key | API | permission |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in CATALOG:
        cells = (
            f"[{one.name}](#{one.name})",
            CATALOG.family_of(one.name),
            _WORDS[one.level],
            _quiet_cost(one),
            ", ".join(f"`{name}`" for name in one.primary_key),
            f"{one.since}" if one.since > OLDEST else "",
            one.scope,
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _quiet_cost(resource: Resource) -> str:
    """Describe what a sync costs that finds nothing new, and what is new, in words."""
    page = per_page(resource.pagination)
    match resource.replication:
        case FullRefresh() | SemiIncremental():
            each = f" of each {resource.each}" if resource.each else ""
            return "1" if page is None else f"1 per {page}{each}"
        case Incremental(deletions=deletions):
            listed = "" if deletions is None else f", 2 from API {deletions.since} on"
            return f"1{listed}; 1 per {page} that changed"
        case Windowed() | NewestFirst():
            return (
                "1; 1 per page of what is new" if page is None else f"1; 1 per {page} that are new"
            )
        case AddedByParent(parent, after=after):
            some = f"1 of each of the {parent}"
            return some if after is None or page is None else f"{some}; 1 per {page} that are new"
        case Exported():
            shared = isinstance(resource.endpoint, Export)
            some = "3 for all exports of content in a run together" if shared else "4"
            return f"{some}; 1 a minute while Intercom works"
        case ByParent(parent):
            size = at_once(resource)
            some = "of each of the" if size == 1 else f"per {size}"
            counted = " and count any" if resource.replication.counted_in else ""
            return f"0; 1 {some} {parent} that changed{counted}"
        case _:
            assert_never(resource.replication)


def joins() -> str:
    """Give the table of how tables join."""
    rows = ["| column | holds the id of | for |", "|---|---|---|"]
    for one in REFERENCES:
        rows_of = f"`{one.where}`" if one.where else "all rows"
        to = f"[{one.to}](#{one.to})"
        rows.append(f"| [{one.table}](#{one.table}).`{one.column}` | {to} | {rows_of} |")
    return "\n".join(rows)


def types() -> str:
    """Give the table of types, as the warehouses name them."""
    rows = ["| type | DuckDB | Snowflake |", "|---|---|---|"]
    rows += [
        f"| {kind.value} | `{DUCKDB_TYPES[kind]}` | `{SNOWFLAKE_TYPES[kind]}` |"
        for kind in ColumnType
    ]
    return "\n".join(rows)


def metadata() -> str:
    """Give the table of our own columns."""
    rows = ["| column | type | meaning |", "|---|---|---|"]
    rows += [f"| `{one.name}` | {one.type.value} | {one.description} |" for one in METADATA_COLUMNS]
    return "\n".join(rows)


def tables() -> str:
    """Give a section for each table."""
    return "\n\n".join("\n".join(_section(resource)) for resource in CATALOG)


def _section(resource: Resource) -> Iterator[str]:
    yield f"## {resource.name}"
    yield ""
    yield resource.description
    yield ""
    for name, fact in _facts(resource):
        yield f"* {name}: {fact}"
    yield ""
    yield "| column | type | meaning |"
    yield "|---|---|---|"
    for column in resource.columns:
        yield f"| `{column.name}` | {column.type.value} | {_meaning(resource, column)} |"


def _facts(resource: Resource) -> Iterator[tuple[str, str]]:
    yield "table", f"`<prefix>rudder_{resource.name}`"
    yield "key", ", ".join(f"`{name}`" for name in resource.primary_key)
    yield "request", f"[{request_line(resource)}]({resource.docs})"
    yield "sync", f"{sync_type(resource)}: {_how(resource)}"
    yield "permission", f"*{resource.scope}*"
    if isinstance(resource.endpoint, Child) and resource.endpoint.cap is not None:
        yield "limit", f"Intercom returns the newest {resource.endpoint.cap} of each parent"
    if resource.since > OLDEST:
        yield "since", f"version {resource.since} of the API"
    yield "selected", _selected(resource)


def _selected(resource: Resource) -> str:
    match resource.level:
        case Level.CORE:
            return "by `all` and `everything`"
        case Level.CHEAP:
            return f"by `everything`, or by name: `INTERCOM_RESOURCES=all,{resource.name}`"
        case Level.COSTLY:
            return f"only by name: `INTERCOM_RESOURCES=all,{resource.name}`"
        case _:
            assert_never(resource.level)


def _how(resource: Resource) -> str:
    match resource.replication:
        case FullRefresh():
            return "all records are read, changed ones are written, missing ones are marked"
        case SemiIncremental():
            return (
                "all records are read, because Intercom cannot filter them; changed ones are "
                "written, missing ones are marked"
            )
        case Incremental(cursor):
            return f"records are asked for by `{cursor}`; a reconcile finds what is gone"
        case Windowed(cursor, days=days):
            return f"records are asked for by `{cursor}`, {days} days at a time; none is marked"
        case Exported(days):
            return f"up to {days} days are exported at once, by when they were sent; none is marked"
        case NewestFirst(cursor):
            return f"records are read from the newest `{cursor}` to known ones; none is marked"
        case (AddedByParent() | ByParent()) as link:
            return _how_by_parent(link)
        case _:
            assert_never(resource.replication)


def _how_by_parent(link: PerParent) -> str:
    match link:
        case AddedByParent(parent, after=None):
            return f"each sync adds what all {parent} show, with its time; none is marked"
        case AddedByParent(parent, cursor=cursor):
            return f"new records are asked for by `{cursor}`, of all {parent}; none is marked"
        case ByParent(parent, changes_without_parent=changes_without_parent):
            all_of_them = "; a reconcile reads those of all" if changes_without_parent else ""
            return f"read for each of the {parent} whose stored row changed{all_of_them}"


def _meaning(resource: Resource, column: Column) -> str:
    since = next(
        (
            change.since
            for change in CHANGES
            if change.resource == resource.name
            and any(fnmatchcase(column.name, pattern) for pattern in change.added)
        ),
        None,
    )
    return column.description if since is None else f"{column.description} Since API {since}."

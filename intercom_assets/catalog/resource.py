"""What a resource consists of: endpoint, pagination, replication, columns. Declarations only.

The variation points are closed unions, interpreted with `match` and `assert_never`, so that a new
variant is a type error until every interpreter handles it.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import NamedTuple

from intercom_assets.catalog.endpoints import (
    Child,
    ChildSearch,
    Endpoint,
    Export,
    Listing,
    Lookup,
    Numbered,
    Pagination,
    ReportExport,
    Search,
    SinglePage,
)
from intercom_assets.catalog.replication import (
    AddedByParent,
    ByParent,
    Exported,
    FullRefresh,
    Incremental,
    NewestFirst,
    PerParent,
    Replication,
    Windowed,
)
from intercom_assets.catalog.table import Column, Table, text, timestamp
from intercom_assets.catalog.types import ColumnType


class ApiVersion(NamedTuple):
    """A version of Intercom's REST API.

    https://developers.intercom.com/docs/build-an-integration/learn-more/rest-apis/api-changelog
    """

    major: int
    minor: int

    @classmethod
    def parse(cls, value: str) -> "ApiVersion":
        """Parse a version such as `2.16`; a `ValueError` says what is none."""
        if not re.fullmatch(r"\d{1,3}\.\d{1,3}", value):
            raise ValueError(f"{value!r} is not a version such as 2.16")
        major, minor = value.split(".")
        return cls(int(major), int(minor))

    def __str__(self) -> str:
        """Format the version as Intercom does."""
        return f"{self.major}.{self.minor}"


class Level(IntEnum):
    """How much a sync of a resource costs, and so what selects it."""

    CORE = 1
    """Selected by `all`, and so needed: what cannot be read is an error."""

    CHEAP = 2
    """Selected by `everything`: a few requests a sync."""

    COSTLY = 3
    """Selected by its name alone: a request per parent, or an export."""


OLDEST = ApiVersion(2, 1)
"""Older versions lack what a sync needs."""

NEWEST = ApiVersion(2, 16)
"""The newest version that the catalogue was compared with."""


@dataclass(frozen=True, slots=True)
class NestedList:
    """A list `{data, has_more, …}` inside a record that Intercom truncates, and its own endpoint.

    Intercom's documents disagree about the key of the whole list, so that there may be several.
    """

    name: str
    path: str
    records: tuple[str, ...]
    pagination: SinglePage | Numbered
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OnRequest:
    """A list inside the records of a search that Intercom sends only if a parameter asks for it.

    Attributes:
        name: What the setting `include` calls it.
        param: The parameter, whose value is `true`.
        searched: Whether only the search knows the parameter: no lookup, and no plain list.
    """

    name: str
    column: str
    param: str
    since: ApiVersion
    searched: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """A record of another resource that each row repeats, in its state when the list was read.

    Attributes:
        of: Name of the other resource, whose own list shows changes first.
        columns: Columns with the same values in both tables.
    """

    of: str
    key: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One kind of Intercom object that is synced into one table.

    Attributes:
        name: Name of the asset, and of the table after `<prefix>rudder_`.
        nested: Truncated lists inside the record, to be completed.
        on_request: Lists inside the record that the settings may ask for.
        lookup: Request for one record, for reconciles.
        reduced: Fields of the record that other tables hold, and what is kept of objects.
        copied: The other resource's record that each row repeats.
        made_key: Fields whose hash is the key of a record without one; all if none is named.
        scope: Permission that the token needs, as named in Intercom's Developer Hub.

    Raises:
        ValueError: The declaration contradicts itself; names the resource.
    """

    name: str
    description: str
    endpoint: Endpoint
    columns: tuple[Column, ...]
    scope: str
    docs: str
    pagination: Pagination = field(default_factory=SinglePage)
    replication: Replication = field(default_factory=FullRefresh)
    primary_key: tuple[str, ...] = ("id",)
    made_key: tuple[str, ...] = ()
    nested: tuple[NestedList, ...] = ()
    on_request: tuple[OnRequest, ...] = ()
    lookup: Lookup | None = None
    reduced: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    copied: Copied | None = None
    since: ApiVersion = OLDEST
    level: Level = Level.CORE
    table: Table = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Validate the declaration at import."""
        try:
            object.__setattr__(self, "table", self._table())
            self._check()
        except ValueError as error:
            raise ValueError(f"resource {self.name!r}: {error}") from None

    def _table(self) -> Table:
        # Two records can share a key other than the id; their dates then do not decide which one
        # the row shows.
        dated = "updated_at" in {column.name for column in self.columns}
        return Table(
            columns=self.columns,
            primary_key=self.primary_key,
            version="updated_at" if dated and "id" in self.primary_key else None,
        )

    def _check(self) -> None:
        for column in self.columns:
            if not column.description.strip():
                raise ValueError(f"column {column.name!r} has no description")
        for name in self.primary_key:
            if self.table.column(name).type is not ColumnType.TEXT and name != self._stamp:
                raise ValueError(f"key column {name!r} is not text")
        self._check_replication()
        if self.copied is not None:
            self._check_copied(self.copied)
        self._check_reduced()
        if self.each not in {None, *self.primary_key}:
            raise ValueError(f"{self.each!r}, which tells its lists apart, is not part of the key")
        if isinstance(self.endpoint, Child):
            asked = (self.endpoint.path, *self.endpoint.params.values())
            if not any("{id}" in part for part in asked):
                raise ValueError(f"path {self.endpoint.path!r} lacks {{id}}")

    def _check_replication(self) -> None:
        link, is_list = self.replication, isinstance(self.endpoint, Listing)
        if self.cursor is not None:
            self._check_cursor(self.cursor)
        if isinstance(link, PerParent):
            self._check_link(link)
        if isinstance(link, Windowed | NewestFirst) and not is_list:
            raise ValueError("only a list is read in windows, or newest first")
        if isinstance(link, Exported) != isinstance(self.endpoint, Export | ReportExport):
            raise ValueError("only an export is read as one")
        if isinstance(self.endpoint, Child | ChildSearch) and not isinstance(link, PerParent):
            raise ValueError("has a child endpoint but no parent")
        if isinstance(link, Incremental) != isinstance(self.endpoint, Search):
            raise ValueError("incremental replication and search go together")
        if isinstance(link, Incremental) and self.lookup is None:
            raise ValueError("an incremental resource needs a lookup, to tell what is gone")
        for one in self.on_request:
            if not isinstance(link, Incremental) or one.column not in self.table.names:
                raise ValueError(f"{one.name!r} is no column of a search")

    def _check_cursor(self, cursor: str) -> None:
        if cursor not in self.table.names:
            raise ValueError(f"cursor {cursor!r} is no column")
        if self.table.column(cursor).type is not ColumnType.TIMESTAMP:
            raise ValueError(f"cursor {cursor!r} is not a timestamp")

    def _check_link(self, link: PerParent) -> None:
        if not isinstance(self.endpoint, Child | ChildSearch):
            raise ValueError("has a parent but no child endpoint")
        if link.key not in self.primary_key:
            raise ValueError(f"parent key {link.key!r} is not part of the primary key")
        if isinstance(link, AddedByParent):
            return
        if link.order_column not in {None, *self.table.names}:
            raise ValueError(f"order column {link.order_column!r} is no column")
        capped = isinstance(self.endpoint, Child) and self.endpoint.cap is not None
        if capped and link.order_column is None:
            raise ValueError("a capped list needs the column that orders it")

    def _check_reduced(self) -> None:
        for column in self.columns:
            head, *rest = column.path
            if head in self.reduced and (not rest or rest[0] not in self.reduced[head]):
                raise ValueError(f"column {column.name!r} is not kept of {head}")

    def _check_copied(self, copied: Copied) -> None:
        if nested := [one.name for one in self.columns if one.path != (one.name,)]:
            raise ValueError(f"repeats records of {copied.of} and has nested columns {nested}")
        for name in (copied.key, *copied.columns):
            if name not in self.table.names:
                raise ValueError(f"{name!r}, repeated of {copied.of}, is no column")
        if self.table.version not in copied.columns:
            raise ValueError(f"the date of {copied.of} tells which is newer, and is not repeated")

    @property
    def parent(self) -> str | None:
        """Name of the parent resource, if any."""
        return self.replication.parent if isinstance(self.replication, PerParent) else None

    @property
    def each(self) -> str | None:
        """Column of the values that there is a list of each for, if it has several lists."""
        return self.endpoint.each if isinstance(self.endpoint, Listing) else None

    @property
    def cursor(self) -> str | None:
        """Column by which the start date filters, if it does."""
        link = self.replication
        return None if isinstance(link, FullRefresh | Exported | ByParent) else link.cursor

    @property
    def has_start(self) -> bool:
        """Whether the resource can have a start date of its own."""
        return self.cursor is not None or isinstance(self.replication, Exported)

    @property
    def _stamp(self) -> str | None:
        """Column for the time of the sync, where each sync adds rows."""
        link = self.replication
        return link.cursor if isinstance(link, AddedByParent) and link.after is None else None


def including(resource: Resource, names: Collection[str]) -> Resource:
    """Return a resource whose requests ask for the lists of these names."""
    wanted = [one for one in resource.on_request if one.name in names]
    search, lookup = resource.endpoint, resource.lookup
    if not wanted or not isinstance(search, Search) or lookup is None:
        return resource
    everywhere = {one.param: "true" for one in wanted if not one.searched}
    return replace(
        resource,
        endpoint=replace(search, params={one.param: "true" for one in wanted}),
        lookup=replace(lookup, params=everywhere),
    )


def identity(
    kind: str,
    id_description: str = "Unique identifier, given by Intercom.",
    *,
    dated: bool = False,
) -> tuple[Column, ...]:
    """Declare `type` and `id`, which nearly every record has, and `stamps` if `dated`."""
    columns = text(type=f"Kind of object: always `{kind}`.", id=id_description)
    return (*columns, *stamps()) if dated else columns


def stamps() -> tuple[Column, ...]:
    """Declare `created_at` and `updated_at`."""
    return timestamp(created_at="When it was created.", updated_at="When it last changed.")


def optional(*resources: Resource, level: Level = Level.CHEAP) -> tuple[Resource, ...]:
    """Declare resources that `resources: all` does not include."""
    return tuple(replace(resource, level=level) for resource in resources)


def reference(page: str) -> str:
    """Return the URL of a page in Intercom's API reference."""
    return f"https://developers.intercom.com/docs/references/rest-api/api.intercom.io/{page}"

"""How records are requested: endpoints and pagination, as closed unions that `match` interprets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Listing:
    """A GET that lists records.

    Attributes:
        secret: Fields that can hold secrets: were they sent, they would be stored nowhere.
        each: Column of the values that there is a list of each for; `{id}` is the value in path.
    """

    path: str
    records: str = "data"
    params: Mapping[str, str] = field(default_factory=dict)
    secret: tuple[str, ...] = ()
    each: str | None = None


class Granularity(Enum):
    """How finely a search compares `updated_at`: days are those of the workspace's time zone."""

    SECOND = "second"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Search:
    """A POST that searches records by time.

    Attributes:
        listed: Whether a GET lists the same records without a filter.
    """

    path: str
    records: str
    granularity: Granularity
    listed: bool = True
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def list_path(self) -> str:
        """Path that lists the same records without a filter, if there is one."""
        return self.path.removesuffix("/search")


@dataclass(frozen=True, slots=True)
class Lookup:
    """A GET of one record, which shows whether it still exists.

    Attributes:
        params: Of this request, and of the list without a filter.
    """

    path: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ParentSearch:
    """A POST that searches parents by id, many at a time, and returns them with their lists."""

    path: str
    records: str
    per_page: int


@dataclass(frozen=True, slots=True)
class Child:
    """A GET per parent that lists the parent's records; `{id}` is the parent's in path and params.

    Attributes:
        cap: Maximum number of records that Intercom returns, preferring the newest.
        search: Returns the same lists with fewer requests; the GET reads those that it does not.
        single: Whether `records` leads to an object, the parent's only record, or to null.
    """

    path: str
    records: tuple[str, ...]
    cap: int | None = None
    search: ParentSearch | None = None
    single: bool = False
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChildSearch:
    """A POST that returns the records of some parents, found by a value of each.

    Attributes:
        values: Field of the body that lists the values.
        by: Column of the parent with its value.
        at_once: Maximum number of values.
    """

    path: str
    records: str
    values: str
    by: str
    at_once: int


@dataclass(frozen=True, slots=True)
class Export:
    """A job that makes one CSV per kind of record, for everything sent in a window of time.

    Attributes:
        file: Name of the CSV, in the singular and without its date.
        key: Columns that tell its records apart, and so make the `id` that they lack; without any
            their receipt and first time do, and a number.
        rest: JSON column of what no other column declares, such as a question of a survey.
    """

    file: str
    key: tuple[str, ...] = ()
    rest: str | None = None
    path: str = "/export/content/data"
    download: str = "/download/content/data"
    cancel: str = "/export/cancel"


@dataclass(frozen=True, slots=True)
class ReportExport:
    """A job that makes the CSV of one dataset of Intercom's reports, for a window of time.

    Its columns are attributes, which a list of datasets offers; a workspace adds its own.

    Attributes:
        key: Columns that tell its records apart.
        numbered: Whether several records may have one key, so that the dataset's time and their
            place among equals is part of it. Those of one time are always in one file.
        rest: JSON column of the attributes that no other column declares.
    """

    dataset: str
    key: tuple[str, ...]
    numbered: bool = False
    rest: str = "other_attributes"
    path: str = "/export/reporting_data/enqueue"
    datasets: str = "/export/reporting_data/get_datasets"
    state: str = "/export/reporting_data"
    download: str = "/download/reporting_data"


Endpoint: TypeAlias = Listing | Search | Child | ChildSearch | Export | ReportExport


@dataclass(frozen=True, slots=True)
class SinglePage:
    """One response contains every record, or names the next page; its size is Intercom's."""


@dataclass(frozen=True, slots=True)
class StartingAfter:
    """Each response contains the cursor of the next page."""

    per_page: int = 150


@dataclass(frozen=True, slots=True)
class Numbered:
    """Pages are numbered from 1."""

    per_page: int = 50


@dataclass(frozen=True, slots=True)
class Linked:
    """Each response names the next page by a URL, all of whose parameters count."""

    per_page: int = 50


@dataclass(frozen=True, slots=True)
class Scroll:
    """One scroll per app. Its token repeats, and an empty page ends it."""


Pagination: TypeAlias = SinglePage | StartingAfter | Numbered | Linked | Scroll


def record_path(path: str, key: str) -> str:
    """Insert the id of a record into a declared path."""
    return path.replace("{id}", quote(key, safe=""))


def record_params(params: Mapping[str, str], key: str) -> Mapping[str, str]:
    """Insert the id of a record into declared parameters."""
    return {name: value.replace("{id}", key) for name, value in params.items()}

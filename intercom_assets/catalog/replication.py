"""How the changes of a resource are found: a closed union."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from intercom_assets.catalog.resource import Resource


@dataclass(frozen=True, slots=True)
class FullRefresh:
    """All records are read and merged at each sync.

    Attributes:
        may_be_empty: Whether an empty list is credible; a workspace always has an admin.
        limited: Whether the list shows only what the teammate behind the token may see.
    """

    may_be_empty: bool = True
    limited: bool = False


@dataclass(frozen=True, slots=True)
class SemiIncremental:
    """All records are read, and changed ones merged; the start date filters by the cursor."""

    cursor: str = "updated_at"


@dataclass(frozen=True, slots=True)
class Incremental:
    """Records are requested by time.

    Attributes:
        deletions: The resource that lists deleted records by their id, newest deletion first; None
            if only a lookup of each record reveals them.
    """

    cursor: str = "updated_at"
    deletions: "Resource | None" = None


@dataclass(frozen=True, slots=True)
class Windowed:
    """Records are only ever added, and a list has parameters for where a window begins and ends.

    No more than `days` are requested at once.
    """

    cursor: str
    after: str
    before: str
    days: int = 30


@dataclass(frozen=True, slots=True)
class NewestFirst:
    """Records are only ever added, and listed newest first: a read ends at those it knows."""

    cursor: str


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Rows that Intercom still works on, and so are read again while their parent is young.

    Attributes:
        column: Column that holds `final` once a row is finished.
        days: Age of the parent from which its rows are taken as they are.
        dated: Column of the parent with its time of creation.
    """

    column: str
    final: str
    days: int
    dated: str = "created_at"


@dataclass(frozen=True, slots=True)
class Exported:
    """Records are exported by the time of what they belong to, and none is marked.

    The cursor is the end of the last window. No more than `days` are exported at once.
    """

    days: int = 90


@dataclass(frozen=True, slots=True)
class ByParent:
    """The records of each parent whose stored version changed are read whole.

    Attributes:
        order_column: Column by which a capped list keeps the newest records.
        count_column: Column of the parent that counts its records, for a check.
        changes_without_parent: Whether a list can change while its parent does not, so that a
            reconcile reads the lists of all parents.
        counted_in: JSON column of the parent, and the keys in it that lead to the number of its
            records: where that is 0 and none is stored, none are requested.
        append_only: Whether records are only ever added, and old ones no longer listed: none is
            marked as gone.
        unfinished: Which rows are read again though their parent did not change.
    """

    parent: str
    key: str
    order_column: str | None = None
    count_column: str | None = None
    changes_without_parent: bool = False
    counted_in: tuple[str, ...] = ()
    append_only: bool = False
    unfinished: Unfinished | None = None


@dataclass(frozen=True, slots=True)
class AddedByParent:
    """Records are only ever added to a parent's list: each sync asks all parents for new ones.

    Attributes:
        after: Parameter for where a list begins; without one a list shows how things stand, and
            the cursor is the time of the sync, which is added to each record.
    """

    parent: str
    key: str
    cursor: str
    after: str | None = None


PerParent: TypeAlias = ByParent | AddedByParent
"""Replications that read by parent."""

Replication: TypeAlias = (
    FullRefresh | SemiIncremental | Incremental | Windowed | NewestFirst | Exported | PerParent
)

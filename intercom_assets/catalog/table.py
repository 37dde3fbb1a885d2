"""Columns and tables as values, and the small language that declares them.

A column has the path of its value in a record. A nested object of a fixed shape is flattened into
columns with names joined by `_`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from intercom_assets.catalog.types import ColumnType, Json

EXTRA = "_extra"
ROW_HASH = "_row_hash"
SYNCED_AT = "_synced_at"
DELETED_AT = "_deleted_at"
VALID_TO = "_valid_to"


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyField:
    """A field of the record that contains a column's value in older versions of the API.

    Attributes:
        type: The field is an object, whose `id` is the value if it has this `type`; None if the
            field itself is the value.
    """

    field: str
    type: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table.

    Attributes:
        path: Keys that lead from the record to the value.
        null_value: A value that Intercom sends instead of null, such as 0 for nobody.
        legacy: Where to look if the record has no value at the path.
    """

    name: str
    type: ColumnType
    path: tuple[str, ...]
    description: str
    null_value: Json = None
    legacy: LegacyField | None = None


METADATA_COLUMNS = (
    Column(
        name=EXTRA,
        type=ColumnType.JSON,
        path=(),
        description="Fields that no column declares and values that did not fit theirs, "
        "under their original paths.",
    ),
    Column(
        name=ROW_HASH,
        type=ColumnType.TEXT,
        path=(),
        description="Hash of the record as Intercom sent it, without what the settings hide; a "
        "row is written when it differs.",
    ),
    Column(
        name=SYNCED_AT,
        type=ColumnType.TIMESTAMP,
        path=(),
        description="When this version of the row was committed; grows from commit to commit.",
    ),
    Column(
        name=DELETED_AT,
        type=ColumnType.TIMESTAMP,
        path=(),
        description="When the record was found gone from Intercom; null while it exists.",
    ),
)

_VALID_TO = Column(
    name=VALID_TO,
    type=ColumnType.TIMESTAMP,
    path=(VALID_TO,),
    description="When the next version of the row replaced this one.",
)
_REDACTED = "redacted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The columns of a table and those that identify and date its rows.

    Attributes:
        version: Name of the column that dates a row: an older date never overwrites a newer one.
    """

    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    version: str | None = None

    def __post_init__(self) -> None:
        """Reject duplicate names, and keys or versions that are not columns."""
        names = [column.name.lower() for column in (*self.columns, *METADATA_COLUMNS)]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"column declared twice: {', '.join(repeated)}")
        if not self.primary_key:
            raise ValueError("the primary key is empty")
        for name in (*self.primary_key, *([self.version] if self.version else [])):
            if name not in {SYNCED_AT, *self.names}:
                raise ValueError(f"{name!r} is no declared column")

    @property
    def names(self) -> frozenset[str]:
        """Names of the declared columns."""
        return frozenset(column.name for column in self.columns)

    @property
    def all_columns(self) -> tuple[Column, ...]:
        """Declared columns followed by metadata columns."""
        return (*self.columns, *METADATA_COLUMNS)

    @property
    def history(self) -> "Table":
        """The table of former versions of rows, each valid from `_synced_at` to `_valid_to`."""
        return Table(columns=(*self.columns, _VALID_TO), primary_key=(*self.primary_key, SYNCED_AT))

    @property
    def redacted(self) -> tuple[Column, tuple[Column, ...]] | None:
        """The column that says whether a row was redacted, and what may hold the former text."""
        for flag in self.columns:
            if flag.path[-1:] == (_REDACTED,):
                within = flag.path[:-1]
                return flag, tuple(
                    one
                    for one in self.all_columns
                    if one.type in {ColumnType.TEXT, ColumnType.JSON}
                    and one.name not in self.primary_key
                    and (one in METADATA_COLUMNS or one.path[: len(within)] == within)
                )
        return None

    def column(self, name: str) -> Column:
        """Return a column by name.

        Raises:
            KeyError: No column has that name.
        """
        for column in self.all_columns:
            if column.name == name:
                return column
        raise KeyError(name)


def _columns(kind: ColumnType, descriptions: dict[str, str]) -> tuple[Column, ...]:
    return tuple(
        Column(name=name, type=kind, path=(name,), description=description)
        for name, description in descriptions.items()
    )


def text(**descriptions: str) -> tuple[Column, ...]:
    """Declare text columns: `text(name="Name of the team.")`."""
    return _columns(ColumnType.TEXT, descriptions)


def integer(**descriptions: str) -> tuple[Column, ...]:
    """Declare columns of 64-bit integers."""
    return _columns(ColumnType.INTEGER, descriptions)


def double(**descriptions: str) -> tuple[Column, ...]:
    """Declare columns of floating-point numbers."""
    return _columns(ColumnType.DOUBLE, descriptions)


def boolean(**descriptions: str) -> tuple[Column, ...]:
    """Declare boolean columns."""
    return _columns(ColumnType.BOOLEAN, descriptions)


def timestamp(**descriptions: str) -> tuple[Column, ...]:
    """Declare columns of instants, which Intercom sends as Unix seconds."""
    return _columns(ColumnType.TIMESTAMP, descriptions)


def json(**descriptions: str) -> tuple[Column, ...]:
    """Declare columns that store a list or a free-form map as JSON."""
    return _columns(ColumnType.JSON, descriptions)


def nested(field: str, *groups: tuple[Column, ...]) -> tuple[Column, ...]:
    """Flatten a nested object: column `city` of `location` becomes `location_city`."""
    return tuple(
        replace(column, name=f"{field}_{column.name}", path=(field, *column.path))
        for group in groups
        for column in group
    )


def legacy(field: str, kind: str | None, columns: Iterable[Column]) -> tuple[Column, ...]:
    """Fall back to a field of older API versions, or to its `id` if it is of type `kind`."""
    return tuple(replace(one, legacy=LegacyField(field=field, type=kind)) for one in columns)


def null_for(value: Json, columns: Iterable[Column]) -> tuple[Column, ...]:
    """Store null in columns for which Intercom sends `value` instead."""
    return tuple(replace(column, null_value=value) for column in columns)

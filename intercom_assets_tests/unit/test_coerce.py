"""What fits a column and what does not; nothing is bent to fit."""

from datetime import UTC, datetime

import pytest

from intercom_assets.catalog.types import COERCIONS, MISFIT, ColumnType, Json, Value

TEXT, INTEGER, DOUBLE, BOOLEAN, TIMESTAMP, JSON = (
    ColumnType.TEXT,
    ColumnType.INTEGER,
    ColumnType.DOUBLE,
    ColumnType.BOOLEAN,
    ColumnType.TIMESTAMP,
    ColumnType.JSON,
)

NO_TEXT: list[Json] = [True, 1.5, {}, [], {"a": 1}]
NO_INTEGER: list[Json] = [True, "5", 1.5, 2**63, -(2**63) - 1, 1e300, {}, [1]]
NO_DOUBLE: list[Json] = [True, "1.5", 2**53 + 1, {}, []]
NO_BOOLEAN: list[Json] = [0, 1, "true", "", {}, []]


@pytest.mark.parametrize(
    ("kind", "value", "stored"),
    [
        (TEXT, "", ""),
        (TEXT, "x", "x"),
        (TEXT, 5, "5"),
        (TEXT, 200963802864963123456789, "200963802864963123456789"),
        (INTEGER, 0, 0),
        (INTEGER, 3.0, 3),
        (INTEGER, 2**63 - 1, 2**63 - 1),
        (INTEGER, -(2**63), -(2**63)),
        (DOUBLE, 1, 1.0),
        (DOUBLE, 1.5, 1.5),
        (DOUBLE, 2**53, float(2**53)),
        (BOOLEAN, True, True),
        (BOOLEAN, False, False),
        (TIMESTAMP, 0, 0),
        (TIMESTAMP, -1, -1_000_000),
        (TIMESTAMP, 1_700_000_000, 1_700_000_000_000_000),
        (TIMESTAMP, 1_700_000_000.5, 1_700_000_000_500_000),
        (TIMESTAMP, 253_402_300_799, 253_402_300_799_000_000),
        (TIMESTAMP, "1970-01-01T00:00:01Z", 1_000_000),
        (TIMESTAMP, "1970-01-01T01:00:00.000001+01:00", 1),
        (TIMESTAMP, "1969-12-31T23:59:59.999999+00:00", -1),
        (JSON, {"b": 1, "a": [None, True]}, '{"a":[null,true],"b":1}'),
        (JSON, "text", '"text"'),
        (JSON, 2**70, "1180591620717411303424"),
    ],
)
def test_what_fits_is_kept(kind: ColumnType, value: Json, stored: Value) -> None:
    """A value that fits keeps its meaning."""
    assert stored == COERCIONS[kind](value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *((TEXT, value) for value in NO_TEXT),
        *((INTEGER, value) for value in NO_INTEGER),
        *((DOUBLE, value) for value in NO_DOUBLE),
        *((BOOLEAN, value) for value in NO_BOOLEAN),
        (TIMESTAMP, True),
        (TIMESTAMP, 1_700_000_000_000),
        (TIMESTAMP, 253_402_300_800),
        (TIMESTAMP, -62_135_596_801),
        (TIMESTAMP, 1e300),
        (TIMESTAMP, 1_700_000_000.123456789),
        (TIMESTAMP, ""),
        (TIMESTAMP, "soon"),
        (TIMESTAMP, "2024"),
        (TIMESTAMP, "20240101"),
        (TIMESTAMP, "2024-01-01"),
        (TIMESTAMP, "2024-01-01T00:00:00"),
        (TIMESTAMP, "2024-13-01T00:00:00Z"),
        (TIMESTAMP, "2024-01-01T00:00:00.1234567Z"),
        (TIMESTAMP, "0001-01-01T00:00:00+14:00"),
        (TIMESTAMP, "9999-12-31T23:59:59-14:00"),
        (TIMESTAMP, {}),
        (TIMESTAMP, [1]),
    ],
)
def test_what_does_not_fit_is_not_bent(kind: ColumnType, value: Json) -> None:
    """A value of another type, out of range or finer than its column is a misfit."""
    assert MISFIT is COERCIONS[kind](value)


def test_every_type_has_a_coercion() -> None:
    """A new column type cannot be forgotten."""
    assert set(ColumnType) == set(COERCIONS)


def test_the_range_of_instants_is_the_years_1_to_9999() -> None:
    """The first and the last second that fit are those of the calendar."""
    first = datetime(1, 1, 1, tzinfo=UTC).timestamp()

    assert int(first) * 1_000_000 == COERCIONS[TIMESTAMP](int(first))
    assert "MISFIT" == repr(COERCIONS[TIMESTAMP](int(first) - 1))

"""Recorded answers of the real Intercom land in DuckDB, value by value.

The expectation is computed here from the recorded lines and the types that DuckDB shows:
neither the catalogue nor the code that shapes rows is asked.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from intercom_assets.definitions import defs
from intercom_assets_tests.dagster_project.running import (
    ROOT,
    TOKEN,
    TOKEN_VARIABLE,
    Row,
    failures,
    figures,
    query,
    run_job,
    serving,
)
from intercom_simulator import load_records

RECORDED = Path(os.environ.get("INTERCOM_RECORDED_DIR") or ROOT.parent / "shared" / "recorded")
KEYS = {
    "admins": ("id",),
    "companies": ("id",),
    "company_attributes": ("full_name",),
    "company_segments": ("company_id", "id"),
    "contact_attributes": ("full_name",),
    "contacts": ("id",),
    "conversation_parts": ("conversation_id", "id"),
    "conversations": ("id",),
    "segments": ("id",),
    "tags": ("id",),
    "teams": ("id",),
}
METADATA = ("_extra", "_row_hash", "_synced_at", "_deleted_at")

pytestmark = pytest.mark.skipif(
    not (RECORDED / "contacts.jsonl").is_file(),
    reason=f"no recorded answers in {RECORDED}; INTERCOM_RECORDED_DIR names another folder",
)


@dataclass(frozen=True)
class Synced:
    """The database after two runs of the job, and both runs."""

    database: Path
    first: dg.ExecuteInProcessResult
    second: dg.ExecuteInProcessResult


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synced]:
    """Run the project's own job twice on the recorded workspace."""
    database = tmp_path_factory.mktemp("recorded") / "recorded.duckdb"
    with pytest.MonkeyPatch.context() as patch, serving(load_records(RECORDED)) as url:
        for name in [name for name in os.environ if name.startswith("INTERCOM_")]:
            patch.delenv(name)
        patch.setenv(TOKEN_VARIABLE, TOKEN)
        patch.setenv("INTERCOM_BASE_URL", url)
        patch.setenv("DUCKDB_DATABASE", str(database))
        definitions = defs()
        yield Synced(database, run_job(definitions), run_job(definitions))


def test_the_job_succeeds(synced: Synced) -> None:
    """Every selected resource lands."""
    assert failures(synced.first) == {}
    assert synced.first.success
    assert set(figures(synced.first)) == set(KEYS)


@pytest.mark.parametrize("resource", KEYS)
def test_every_value_lands(synced: Synced, resource: str) -> None:
    """Each recorded value is in its column, converted; each other column is null."""
    types = _types(synced.database, resource)
    rows = {_key(resource, row): row for row in _rows(synced.database, resource)}
    recorded = _recorded(resource)

    assert set(rows) == {_key(resource, record) for record in recorded}
    for record in recorded:
        row = rows[_key(resource, record)]
        expected, extra = _expected(record, types)
        stored = {name: _read(row[name], types[name]) for name in types if name not in METADATA}
        assert stored == expected
        assert json.loads(row["_extra"] or "{}") == extra


@pytest.mark.parametrize("resource", KEYS)
def test_rows_are_dated_hashed_and_not_deleted(synced: Synced, resource: str) -> None:
    """Each row has a hash and the time of its commit, and no mark of deletion."""
    for row in _rows(synced.database, resource):
        assert len(row["_row_hash"]) == 32
        assert row["_synced_at"].tzinfo is not None
        assert row["_deleted_at"] is None


def test_dates_in_the_future_are_kept(synced: Synced) -> None:
    """A sign-up in 2056 is a timestamp like any other."""
    stored = {row["signed_up_at"] for row in _rows(synced.database, "contacts")}

    assert stored == {
        datetime(2043, 10, 11, tzinfo=UTC),
        datetime(2056, 10, 17, tzinfo=UTC),
        datetime(2045, 2, 21, tzinfo=UTC),
    }


def test_children_name_their_parent(synced: Synced) -> None:
    """Parts carry their conversation, segments of companies their company."""
    parts = query(synced.database, "SELECT * FROM intercom.rudder_conversation_parts")
    segments = query(synced.database, "SELECT * FROM intercom.rudder_company_segments")

    assert {row["conversation_id"] for row in parts} == {"1"}
    assert {row["company_id"] for row in segments} == {_lines("companies")[0]["id"]}


def test_nothing_of_recorded_answers_is_unmodelled(synced: Synced) -> None:
    """Every recorded field has a column, and every value fits it."""
    for name, told in figures(synced.first).items():
        assert told["values_that_did_not_fit"] == 0, name
        assert "unmodelled_fields" not in told, name


def test_cursors_name_the_recorded_workspace(synced: Synced) -> None:
    """The cursors hold the workspace that the token belongs to."""
    stored = query(synced.database, "SELECT DISTINCT workspace_id FROM intercom.rudder__cursors")

    assert stored == [{"workspace_id": "wjw5eps7"}]


def test_a_second_run_writes_nothing(synced: Synced) -> None:
    """Sync twice, write once: nothing is inserted, updated or marked again."""
    assert synced.second.success
    for name, told in figures(synced.second).items():
        written = told["rows_inserted"], told["rows_updated"], told["rows_deleted"]
        assert written == (0, 0, 0), name
        assert told["dagster/row_count"] == len(_recorded(name))


def _lines(resource: str) -> list[Row]:
    text = (RECORDED / f"{resource}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.split("\n") if line.strip()]


def _recorded(resource: str) -> list[Row]:
    """Give the recorded records; segments of companies all belong to the first company."""
    records = _lines(resource)
    if resource == "company_segments":
        company = _lines("companies")[0]["id"]
        return [{"company_id": company, **record} for record in records]
    return records


def _rows(database: Path, resource: str) -> list[Row]:
    return query(database, f"SELECT * FROM intercom.rudder_{resource}")


def _types(database: Path, resource: str) -> dict[str, str]:
    described = query(database, f"DESCRIBE intercom.rudder_{resource}")
    return {row["column_name"]: row["column_type"] for row in described}


def _key(resource: str, row: Row) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in KEYS[resource])


def _expected(record: Row, types: dict[str, str]) -> tuple[Row, Row]:
    """Say what each column holds, and what no column can hold."""
    values: Row = {name: None for name in types if name not in METADATA}
    extra: Row = {}
    for name, value in _flattened(record, types):
        if name not in types:
            extra[name] = value
        elif value is not None:
            values[name] = _converted(value, types[name])
    # The recorded conversations are of a version before 2.2, which had one object for both.
    assignee = record.get("assignee") or {}
    column = f"{assignee.get('type')}_assignee_id"
    if column in values:
        values[column] = _converted(assignee["id"], types[column])
    return values, extra


def _flattened(record: Row, types: dict[str, str], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in record.items():
        name = above + key
        has_columns = any(column.startswith(f"{name}_") for column in types)
        if name not in types and has_columns and isinstance(value, dict):
            yield from _flattened(value, types, f"{name}_")
        elif name in types or value is not None:
            yield name, value


def _converted(value: Any, kind: str) -> object:  # noqa: ANN401 - any JSON
    match kind:
        case "VARCHAR":
            return str(value)
        case "TIMESTAMP WITH TIME ZONE":
            return datetime.fromtimestamp(value, UTC)
        case "DOUBLE":
            return float(value)
        case _:
            return value


def _read(value: Any, kind: str) -> object:  # noqa: ANN401 - any cell
    return json.loads(value) if kind == "JSON" and value is not None else value

"""The catalogue holds every field of answers that were recorded from the real Intercom."""

import json
import os
from pathlib import Path

import pytest

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.endpoints import Child
from intercom_assets.catalog.types import Record
from intercom_assets.intercom.responses import records_at
from intercom_assets_tests.conformance.holding import misfits

RECORDED = Path(
    os.environ.get("INTERCOM_RECORDED_DIR")
    or Path(__file__).parents[2].parent / "shared" / "recorded"
)

NO_RESOURCE: dict[str, str] = {}
"""Recorded records without a resource, with the reason."""

needs_records = pytest.mark.skipif(
    not RECORDED.is_dir(),
    reason=f"no recorded answers in {RECORDED}; INTERCOM_RECORDED_DIR says where",
)


def read_records(name: str) -> list[Record]:
    """Read the recorded records of a resource."""
    lines = (RECORDED / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def recorded_names() -> set[str]:
    """List the resources of which records were recorded."""
    return {file.stem for file in RECORDED.glob("*.jsonl")}


@needs_records
@pytest.mark.parametrize("name", sorted(recorded_names() & set(CATALOG.names)))
def test_every_recorded_field_fits_its_column(name: str) -> None:
    """Each field of a recorded record is held by a column, and its value fits."""
    records = read_records(name)

    found = [problem for record in records for problem in misfits(CATALOG[name], record)]

    assert records
    assert found == []


@needs_records
def test_every_recorded_part_of_a_ticket_fits_its_column() -> None:
    """The parts inside recorded tickets are held by columns of their own table."""
    parts = CATALOG["ticket_parts"]
    assert isinstance(parts.endpoint, Child)

    found = [
        problem
        for ticket in read_records("tickets")
        for part in records_at(ticket, (parts.endpoint.records,)) or ()
        if isinstance(part, dict)
        for problem in misfits(parts, part)
    ]

    assert found == []


@needs_records
def test_every_recorded_file_is_compared() -> None:
    """A recorded file belongs to a resource, or the reason why not is given."""
    assert set(NO_RESOURCE) == recorded_names() - set(CATALOG.names)

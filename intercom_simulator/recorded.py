"""Serves recorded records: one JSON Lines file per resource, verbatim."""

import json
from pathlib import Path

from intercom_simulator.records import Record
from intercom_simulator.store import KEYS
from intercom_simulator.workspace import Workspace


def load_records(directory: Path | str, *, workspace: Workspace | None = None) -> Workspace:
    """Fills a workspace from `<resource>.jsonl` files; a missing file is empty.

    Records are served as they are in every version. Parts lose the
    `conversation_id` that a connector added. Segment rows without a
    `company_id` all belong to the first company.
    """
    if not Path(directory).is_dir():
        raise NotADirectoryError(f"{directory} is not a directory of recorded records")
    filled = Workspace() if workspace is None else workspace
    filled.verbatim = True
    for kind in KEYS:
        filled.collection(kind).fill(_read(Path(directory), kind))
    for part in _read(Path(directory), "conversation_parts"):
        conversation_id = str(part.pop("conversation_id"))
        filled.parts.setdefault(conversation_id, []).append(part)
    _load_company_segments(filled, _read(Path(directory), "company_segments"))
    filled.id_code = _id_code(filled) or filled.id_code
    return filled


def _load_company_segments(workspace: Workspace, rows: list[Record]) -> None:
    first = next(iter(workspace.collection("companies").ids()), None)
    for row in rows:
        company_id = row.pop("company_id", first)
        if company_id is None:
            raise ValueError("company_segments.jsonl has rows, but there is no company")
        workspace.company_segments.setdefault(str(company_id), []).append(row)


def _id_code(workspace: Workspace) -> str | None:
    for kind, field in (("contacts", "workspace_id"), ("companies", "app_id")):
        for record in workspace.collection(kind):
            if record.get(field):
                return str(record[field])
    return None


def _read(directory: Path, resource: str) -> list[Record]:
    path = directory / f"{resource}.jsonl"
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines if line.strip()]

"""The JSON of `run --json`: the figures of a run under stable names.

A resource's figures have the same names as in Dagster's UI.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from intercom_assets.cli.display.board import Board, Line, State
from intercom_assets.cli.job import INTERRUPTED
from intercom_assets.cli.output import instant
from intercom_assets.engine.progress import Report
from intercom_assets.settings.source import Settings

_SUMMED = (
    "records_returned", "rows_inserted", "rows_updated", "rows_unchanged", "rows_deleted",
    "records_still_due", "row_count", "requests", "retries", "throttled_seconds", "seconds",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SourceRun:
    """The run of one source.

    Attributes:
        database: Display name of the database.
        demo: Whether the simulator was synced.
        board: The outcome of each asset.
    """

    settings: Settings
    database: str
    demo: bool
    board: Board


def document(
    runs: Sequence[SourceRun], began: datetime, code: int, error: str | None
) -> dict[str, object]:
    """Return the document that describes a finished command."""
    ended = datetime.now(UTC)
    status = {0: "ok", INTERRUPTED: "interrupted"}.get(code, "failed")
    return {
        "status": status,
        "exit_code": code,
        "started_at": instant(began),
        "ended_at": instant(ended),
        "seconds": round((ended - began).total_seconds(), 3),
        "error": error,
        "sources": [_source(run) for run in runs],
    }


def _source(run: SourceRun) -> dict[str, object]:
    board = run.board
    own = {resource.name: resource for resource in run.settings.resources}
    tables = {name: str(run.settings.source.target(resource)) for name, resource in own.items()}
    lines = board.lines.values()
    resources = [_resource(line, tables[line.name]) for line in lines if line.name in own]
    return {
        "source": run.settings.name,
        "status": _status(board),
        "run_id": board.run_id,
        "demo": run.demo,
        "warehouse": run.settings.warehouse.kind,
        "database": run.database,
        "schema": run.settings.schema,
        "error": board.error or None,
        "resources": resources,
        "assets": [_asset(line) for line in lines if line.name not in own],
        "checks_failed": board.findings,
        "totals": {name: _sum(resource[name] for resource in resources) for name in _SUMMED},
    }


def _status(board: Board) -> str:
    if board.interrupted:
        return "interrupted"
    return "failed" if board.failed or board.error else "ok"


def _resource(line: Line, table: str) -> dict[str, object]:
    report = line.report or Report(resource=line.name, table=table)
    return {
        "resource": line.name,
        "status": _told(line),
        "error": line.error or None,
        "table": table,
        "records_returned": report.records_returned,
        "rows_inserted": report.inserted,
        "rows_updated": report.updated,
        "rows_unchanged": report.unchanged,
        "rows_deleted": report.deleted,
        "records_still_due": report.unread,
        "row_count": report.row_count,
        "requests": report.meter.requests,
        "retries": report.meter.retries,
        "throttled_seconds": round(report.meter.quota_seconds, 3),
        "seconds": round(line.seconds, 3),
        "cursor_before": instant(report.cursor_before),
        "cursor_after": instant(report.cursor_after),
    }


def _asset(line: Line) -> dict[str, object]:
    return {
        "asset": line.name,
        "status": _told(line),
        "error": line.error or None,
        "row_count": line.rows,
        "seconds": round(line.seconds, 3),
    }


def _told(line: Line) -> str:
    return "not_run" if line.state is State.WAITING else line.state.value


def _sum(values: Iterable[object]) -> float:
    return round(sum(value for value in values if isinstance(value, int | float)), 3)

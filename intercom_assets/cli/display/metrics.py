"""The JSON of `run --json`: the figures of a run under stable names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from intercom_assets.cli.display.board import Board, Line, State
from intercom_assets.cli.display.output import INTERRUPTED, instant
from intercom_assets.engine.progress import Report, figures


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDetails:
    """What a run shows of a source, and the problem that keeps it from being synced."""

    name: str
    folder: str
    tables: Mapping[str, str]
    models: Sequence[str]
    base_url: str | None
    warehouse: str
    database: str
    schema: str
    problem: str | None

    @property
    def assets(self) -> list[str]:
        """Names of all resources, followed by the models."""
        return [*self.tables, *self.models]


@dataclass(frozen=True, slots=True)
class SourceRun:
    """The run of one source, or of the demo's."""

    source: SourceDetails
    demo: bool
    board: Board


def document(
    runs: Sequence[SourceRun], began: datetime, code: int, error: str | None
) -> dict[str, object]:
    """Return the document that describes a finished command."""
    ended = datetime.now(UTC)
    return {
        "status": {0: "ok", INTERRUPTED: "interrupted"}.get(code, "failed"),
        "exit_code": code,
        "started_at": instant(began),
        "ended_at": instant(ended),
        "seconds": round((ended - began).total_seconds(), 3),
        "error": error,
        "sources": [_source(run) for run in runs],
    }


def _source(run: SourceRun) -> dict[str, object]:
    board, source, tables = run.board, run.source, run.source.tables
    own = [line for line in board.lines.values() if line.name in tables]
    others = [line for line in board.lines.values() if line.name not in tables]
    numbers = [_numbers(line) for line in own]
    totals = {name: sum(row[name] for row in numbers) for name in _numbers(Line(""))}
    return {
        "source": source.name,
        "status": _status(board),
        "run_id": board.run_id,
        "demo": run.demo,
        "warehouse": source.warehouse,
        "database": source.database,
        "schema": source.schema,
        "error": board.error or None,
        "resources": [_resource(line, tables[line.name]) for line in own],
        "assets": [
            {"asset": line.name, **_outcome(line), "row_count": line.rows, **_seconds(line)}
            for line in others
        ],
        "checks_failed": board.findings,
        "totals": {name: round(total, 3) for name, total in totals.items()},
    }


def _status(board: Board) -> str:
    if board.interrupted:
        return "interrupted"
    return "failed" if board.failed or board.error else "ok"


def _resource(line: Line, table: str) -> dict[str, object]:
    report = line.report
    return {
        "resource": line.name,
        **_outcome(line),
        "skipped": (report.skipped or None) if report else None,
        "table": table,
        **_numbers(line),
        "cursor_before": instant(report.cursor_before) if report else None,
        "cursor_after": instant(report.cursor_after) if report else None,
    }


def _outcome(line: Line) -> dict[str, object]:
    status = "not_run" if line.state is State.WAITING else line.state.value
    return {"status": status, "error": line.error or None}


def _numbers(line: Line) -> dict[str, float]:
    report = line.report or Report(resource=line.name, table="")
    return {**figures(report), **_seconds(line)}


def _seconds(line: Line) -> dict[str, float]:
    return {"seconds": round(line.seconds, 3)}

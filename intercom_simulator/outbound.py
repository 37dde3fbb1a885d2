"""What an export of content holds: who was sent which message, and what came of it.

Rows are kept with times as Unix seconds; an export spells them as text, and counts only what
happened within the asked range.
"""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime

from intercom_simulator.records import Json, Record

TIMES = {
    "open": "opened_at",
    "click": "clicked_at",
    "reply": "replied_at",
    "completion": "completed_at",
    "dismissal": "dismissed_at",
    "series_completion": "completed_at",
    "series_disengagement": "disengaged_at",
    "tour_step_view": "viewed_at",
    "answer": "answered_at",
}
"""The files of what happened to a receipt, and the time of each."""

UNDOCUMENTED = (
    *("goal_success", "reaction", "unsubscribe", "hard_bounce", "soft_bounce"),
    *("series_exit", "tour_step_failure"),
)
"""Files whose columns no document names: they show the receipt, which has the time of the first."""

ALL_TIMES = TIMES | dict.fromkeys(UNDOCUMENTED, "at")

_MORE = {
    "click": ("link_type", "url"),
    "series_completion": ("completion_node_ruleset_id",),
    "series_disengagement": ("disengaged_node_ruleset_id",),
    "tour_step_view": ("step_id",),
    "answer": ("question_id", "question", "response_type", "response"),
}
_RECEIPT = (
    *("user_id", "user_external_id", "company_id", "company_external_id", "email", "name"),
    *("ruleset_id", "content_id", "content_type", "content_title", "created_via", "device"),
    *("ruleset_version_id", "receipt_id", "received_at", "conversation_id"),
    *("series_id", "series_title", "node_id"),
)
_COMBINED = (
    *("receipt_id", "user_id", "user_external_id", "name", "email", "company_id"),
    *("company_external_id", "created_via", "received_at", "completed_at"),
)
_CHECKPOINT = (
    *("user_id", "company_id", "series_entry_record_id", "ruleset_id", "status_code"),
    *("status_name", "created_at", "last_processed_at", "expires_at", "times_processed"),
)
_OVERVIEW = (
    *("ruleset_id", "created_at", "audience_type", "content_title", "content_id"),
    *("content_type", "series_id", "series_title", "state", "last_sent_at", "url"),
)

Outbound = dict[str, list[Record]]
"""Rows by file: `receipt`, those of `ALL_TIMES`, `checkpoint` and `overview`."""


def exported(outbound: Outbound, after: int, before: int) -> dict[str, str]:
    """Returns the CSVs of a range by file; those without rows are left out."""
    receipts = {
        one["receipt_id"]: one
        for one in outbound.get("receipt", [])
        if after <= one["received_at"] <= before
    }
    events = {
        file: [
            row
            for row in outbound.get(file, [])
            if row["receipt_id"] in receipts and row[time] <= before
        ]
        for file, time in ALL_TIMES.items()
    }
    tables: dict[str, tuple[Sequence[str], list[Record]]] = {
        "receipt": (
            (*_RECEIPT, *(f"first_{file}" for file in ALL_TIMES)),
            [{**one, **_first(one, events)} for one in receipts.values()],
        ),
        **{
            file: (
                _header("receipt_id", time, *_MORE.get(file, ()), rows=events[file]),
                events[file],
            )
            for file, time in TIMES.items()
        },
        **{file: (("receipt_id",), events[file]) for file in UNDOCUMENTED},
        "answer_combined": _combined(receipts, events["answer"]),
        "checkpoint": (
            _CHECKPOINT,
            [one for one in outbound.get("checkpoint", []) if after <= one["created_at"] <= before],
        ),
        "overview": _overview(outbound, receipts, events),
    }
    return {file: _csv(header, rows) for file, (header, rows) in tables.items() if rows}


def _header(*names: str, rows: list[Record]) -> list[str]:
    """Returns the documented columns, and those that rows were given beyond them."""
    return list(dict.fromkeys([*names, *(name for row in rows for name in row)]))


def _first(receipt: Record, events: Outbound) -> Record:
    firsts: Record = {}
    for file, time in ALL_TIMES.items():
        moments = [row[time] for row in events[file] if row["receipt_id"] == receipt["receipt_id"]]
        firsts[f"first_{file}"] = min(moments, default=None)
    return firsts


def _combined(receipts: Record, answers: list[Record]) -> tuple[list[str], list[Record]]:
    rows: Record = {}
    questions: dict[str, None] = {}
    for answer in answers:
        receipt = receipts[answer["receipt_id"]]
        row = rows.setdefault(answer["receipt_id"], {**receipt})
        row["completed_at"] = answer["answered_at"]
        row[answer["question"]] = answer["response"]
        questions[answer["question"]] = None
    return [*_COMBINED, *questions], list(rows.values())


def _overview(
    outbound: Outbound, receipts: Record, events: Outbound
) -> tuple[list[str], list[Record]]:
    rows = []
    for message in outbound.get("overview", []):
        sent = {key for key, one in receipts.items() if one["ruleset_id"] == message["ruleset_id"]}
        if not sent:
            continue
        figures: Record = {"receipt_total": len(sent)}
        for file in ALL_TIMES:
            hits = [row["receipt_id"] for row in events[file] if row["receipt_id"] in sent]
            figures[f"{file}_total"] = len(hits)
            figures[f"{file}_unique"] = len(set(hits))
            figures[f"{file}_rate"] = round(len(set(hits)) / len(sent), 4)
        rows.append({**message, **figures})
    names = [f"{file}_{what}" for file in ALL_TIMES for what in ("total", "unique", "rate")]
    return [*_OVERVIEW, "receipt_total", *names], rows


def _csv(header: Sequence[str], rows: list[Record]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows([_cell(name, row.get(name)) for name in header] for row in rows)
    return text.getvalue()


def _cell(name: str, value: Json) -> Json:
    if value is not None and (name.endswith("_at") or name.startswith("first_")):
        return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S}"
    return value

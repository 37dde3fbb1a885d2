"""What a materialization shows: figures that plot, the cursor, a few rows.

Names are stable and a number is in every materialization that it could be of, so that the UI draws
each as a line over time. It sorts them by name: what people seldom look at begins with t to v.
"""

from datetime import datetime
from typing import TypeAlias

import dagster as dg

from intercom_assets.catalog.resource import Incremental
from intercom_assets.orchestration.lineage import column_lineage
from intercom_assets.sync.extract import Extract
from intercom_assets.sync.preview import preview
from intercom_assets.sync.progress import Report

Shown: TypeAlias = dg.MetadataValue | dg.TableColumnLineage | int | float | str


def materialization_metadata(report: Report, extract: Extract) -> dict[str, Shown]:
    """Give the figures of a sync, and what is worth a look where there is any."""
    return {
        **_numbers(report),
        **_special(report, extract),
        "cursor_before": _instant(report.cursor_before),
        "cursor_after": _instant(report.cursor_after),
        **column_lineage(extract.source.name, extract.resource),
        **_details(report, extract),
    }


def _numbers(report: Report) -> dict[str, int | float]:
    meter = report.meter
    return {
        "dagster/row_count": report.row_count,
        "records_returned": report.records_returned,
        "records_per_second": round(report.records_returned / max(report.seconds, 0.001), 1),
        "rows_inserted": report.inserted,
        "rows_updated": report.updated,
        "rows_unchanged": report.unchanged,
        "rows_deleted": report.deleted,
        "records_still_due": report.unread,
        "requests": meter.requests,
        "retries": meter.retries,
        "slowest_request_seconds": round(meter.slowest_seconds, 3),
        "used_quota_percent": round(100 * meter.quota_share, 1),
        "throttled_seconds": round(meter.quota_seconds, 3),
        "seconds": round(report.seconds, 3),
        "values_that_did_not_fit": report.misfits.total(),
    }


def _special(report: Report, extract: Extract) -> dict[str, int]:
    """Count what only some syncs can find, so that no plot is always 0."""
    match extract.resource.replication:
        case Incremental():
            compared = {} if report.missing is None else {"rows_missing": report.missing}
            if not extract.request.reconcile:
                return compared
            return compared | {
                "rows_found_by_reconcile": report.found,
                "rows_gone_by_reconcile": report.gone,
            }
        case _:
            return {}


def _details(report: Report, extract: Extract) -> dict[str, dg.MetadataValue | str]:
    details: dict[str, dg.MetadataValue | str] = {}
    if report.meter.slowest_path:
        details["slowest_request"] = report.meter.slowest_path
    if report.misfits:
        details["columns_that_did_not_fit"] = dg.MetadataValue.json(dict(report.misfits))
    if report.unmodelled:
        details["unmodelled_fields"] = dg.MetadataValue.json(dict(report.unmodelled))
    if shown := preview(extract.resource.table, report.sample, extract.preview):
        details["preview"] = dg.MetadataValue.md(shown)
    return details


def _instant(cursor: datetime | None) -> dg.MetadataValue | str:
    return dg.MetadataValue.timestamp(cursor) if cursor else "none"

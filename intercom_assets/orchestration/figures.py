"""What a materialization shows: figures that plot, the cursor, a few rows.

Names are stable and numbers never missing, so that the UI draws each as a line over time.
"""

from datetime import datetime
from typing import TypeAlias

import dagster as dg

from intercom_assets.orchestration.lineage import column_lineage
from intercom_assets.sync.extract import Extract
from intercom_assets.sync.preview import preview
from intercom_assets.sync.report import Report

Shown: TypeAlias = dg.MetadataValue | dg.TableColumnLineage | int | float | str


def materialization_metadata(report: Report, extract: Extract) -> dict[str, Shown]:
    """Give the figures of a sync, and what is worth a look where there is any."""
    return {
        **_numbers(report),
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
        "requests": meter.requests,
        "retries": meter.retries,
        "slowest_request_seconds": round(meter.slowest_seconds, 3),
        "quota_used_percent": round(100 * meter.quota_share, 1),
        "quota_wait_seconds": round(meter.quota_seconds, 3),
        "seconds": round(report.seconds, 3),
        "vanished_parents": report.vanished,
        "reconcile_found": report.found,
        "reconcile_gone": report.gone,
        "values_that_did_not_fit": report.misfits.total(),
    }


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

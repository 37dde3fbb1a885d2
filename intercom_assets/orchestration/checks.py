"""Asset checks: their specs, and how a step yields their results.

A table's checks run in the step that syncs it, after its rows are stored, or on their own; a view's
run in the step that creates it. They never fail a run: a check that cannot be evaluated yields a
warning. `quality` defines what they examine.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

import dagster as dg

from intercom_assets.catalog import CATALOG, Resource
from intercom_assets.orchestration.specs import connection_key, io_manager_key
from intercom_assets.quality.checks import (
    C,
    Check,
    CheckResult,
    Severity,
    checks_of,
)
from intercom_assets.quality.context import CheckContext
from intercom_assets.settings.source import Settings


def check_specs(key: dg.AssetKey, checks: Iterable[Check[C]]) -> list[dg.AssetCheckSpec]:
    """Build the specs of an asset's checks."""
    return [
        dg.AssetCheckSpec(check.name, asset=key, description=check.description) for check in checks
    ]


def check_table(
    context: dg.AssetExecutionContext, key: dg.AssetKey, settings: Settings, resource: Resource
) -> Iterator[dg.AssetCheckResult]:
    """Evaluate the checks of a resource that the run selects."""
    resources = context.resources
    with CheckContext(
        source=settings.source,
        resource=resource,
        parent=CATALOG[resource.parent] if resource.parent else None,
        open_warehouse=lambda: getattr(resources, io_manager_key(settings.name)).warehouse(),
        open_connection=lambda: getattr(resources, connection_key(settings.name)).open(),
    ) as table:
        checks = checks_of(resource, settings.start_of(resource.name))
        results = evaluate(context, key, checks, table)
    # Outside the block: while Dagster stores each result, others may need the DuckDB file.
    yield from results


def evaluate(
    context: dg.AssetExecutionContext, key: dg.AssetKey, checks: Iterable[Check[C]], subject: C
) -> list[dg.AssetCheckResult]:
    """Evaluate the checks that the run selects, and log those that fail."""
    asked = context.selected_asset_check_keys
    results = []
    for check in checks:
        if dg.AssetCheckKey(key, check.name) in asked:
            result = check.evaluate(subject)
            if not result.passed:
                context.log.warning("%s: %s: %s", key.path[-1], check.name, result.summary)
            results.append(_result(key, check, result))
    return results


def _result(key: dg.AssetKey, check: Check[C], result: CheckResult) -> dg.AssetCheckResult:
    severity = check.severity if result.evaluated else Severity.WARN
    return dg.AssetCheckResult(
        passed=result.passed,
        asset_key=key,
        check_name=check.name,
        severity=dg.AssetCheckSeverity[severity.name],
        description=result.summary,
        metadata=_metadata(result),
    )


def _metadata(result: CheckResult) -> dict[str, dg.MetadataValue | int | float | str]:
    metadata: dict[str, dg.MetadataValue | int | float | str] = {}
    for name, value in result.figures.items():
        match value:
            case int() | float() | str():
                metadata[name] = value
            case list() | dict():
                metadata[name] = dg.MetadataValue.json(value)
            case datetime():
                metadata[name] = dg.MetadataValue.timestamp(value)
            case None:
                pass
    if result.query:
        metadata["query"] = dg.MetadataValue.md(f"```sql\n{result.query}\n```")
    return metadata

"""The checks of an asset, one step for all of them, so that they cost one start.

They run after each materialization, or alone. They never fail a run: what keeps a check from being
evaluated is a warning of that check.
"""

import logging
from collections.abc import Iterator
from datetime import datetime

import dagster as dg

from intercom_assets.catalog import CATALOG, Resource
from intercom_assets.orchestration.assets import connection_key, io_manager_key, pool_name
from intercom_assets.settings.source import Settings
from intercom_assets.sync.evidence import Evidence, Scene
from intercom_assets.sync.quality import Severity, Verdict, checks_of

_SEVERITIES = {
    Severity.ERROR: dg.AssetCheckSeverity.ERROR,
    Severity.WARN: dg.AssetCheckSeverity.WARN,
}


_REMARK = "did not yield or return expected outputs"


def build_checks(settings: Settings) -> list[dg.AssetChecksDefinition]:
    """Make the checks of each selected resource."""
    return [_checks(settings, resource) for resource in settings.resources]


def _checks(settings: Settings, resource: Resource) -> dg.AssetChecksDefinition:
    key = dg.AssetKey([settings.name, resource.name])
    connection, tables = connection_key(settings.name), io_manager_key(settings.name)
    checks = checks_of(resource, settings.start_date)
    # Without a token Dagster starts no step that could need one.
    needed = {tables, connection} if any(one.asks_intercom for one in checks) else {tables}

    @dg.multi_asset_check(
        name=f"{settings.name}__{resource.name}__checks",
        description=f"What can be wrong with {resource.name}, looked at after each sync.",
        specs=[
            dg.AssetCheckSpec(check.name, asset=key, description=check.description)
            for check in checks
        ],
        can_subset=True,
        required_resource_keys=needed,
        pool=pool_name(settings.name),
    )
    def evaluate(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckEvaluation]:
        scene = Scene(
            source=settings.source,
            resource=resource,
            parent=CATALOG[resource.parent] if resource.parent else None,
            warehouse=lambda: getattr(context.resources, tables).warehouse(),
            connection=lambda: getattr(context.resources, connection).open(),
        )
        miss_no_outputs(context.log)
        # As a result it would be an output too, an event that nothing reads: of what a sync
        # without changes costs, storing events is the most.
        step = context.op_execution_context.get_step_execution_context()
        with Evidence(scene) as evidence:
            for check in checks:
                if dg.AssetCheckKey(key, check.name) in context.selected_asset_check_keys:
                    verdict = check.verdict(evidence)
                    if not verdict.passed:
                        told = (resource.name, check.name, verdict.summary)
                        context.log.warning("%s: %s: %s", *told)
                    found = check_result(key, check.name, check.severity, verdict)
                    yield found.to_asset_check_evaluation(step)

    return evaluate


def miss_no_outputs(log: logging.Logger) -> None:
    """Keep the log of a step free of Dagster's remark that its checks have no outputs.

    The logger is the step's own, and ends with it.
    """
    log.addFilter(lambda record: _REMARK not in record.getMessage())


def _metadata(verdict: Verdict) -> dict[str, dg.MetadataValue | int | float | str]:
    metadata: dict[str, dg.MetadataValue | int | float | str] = {}
    for name, value in verdict.figures.items():
        match value:
            case int() | float() | str():
                metadata[name] = value
            case list() | dict():
                metadata[name] = dg.MetadataValue.json(value)
            case datetime():
                metadata[name] = dg.MetadataValue.timestamp(value)
            case None:
                pass
    if verdict.query:
        metadata["query"] = dg.MetadataValue.md(f"```sql\n{verdict.query}\n```")
    return metadata


def check_result(
    key: dg.AssetKey, name: str, severity: Severity, verdict: Verdict
) -> dg.AssetCheckResult:
    """Tell Dagster what a check found; one that could not be evaluated is a warning."""
    return dg.AssetCheckResult(
        passed=verdict.passed,
        asset_key=key,
        check_name=name,
        severity=_SEVERITIES[severity if verdict.evaluated else Severity.WARN],
        description=verdict.summary,
        metadata=_metadata(verdict),
    )

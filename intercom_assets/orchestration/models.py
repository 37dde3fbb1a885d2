"""The models of a source: one step makes all its views, after the tables that they read.

Its checks are in the same step: a process for each would cost more than what they look at.
"""

from collections.abc import Iterator
from typing import TypeAlias

import dagster as dg

from intercom_assets.catalog.models import Model
from intercom_assets.errors import SchemaError
from intercom_assets.orchestration.assets import SQL_TYPES, io_manager_key, pool_name
from intercom_assets.orchestration.checks import check_result, miss_no_outputs
from intercom_assets.orchestration.code import code_reference
from intercom_assets.orchestration.failures import explained
from intercom_assets.orchestration.schedules import freshness_of
from intercom_assets.settings.source import Settings
from intercom_assets.sync.model_quality import ModelCheck, model_checks_of
from intercom_assets.sync.models import ModelReport, refresh, view_target
from intercom_assets.sync.quality import Verdict
from intercom_assets.warehouse.views import Made
from intercom_assets.warehouse.warehouse import Warehouse

_Result: TypeAlias = dg.MaterializeResult[None] | dg.AssetCheckEvaluation

MODELS_STEP = "models"
"""Last part of the name of the step that makes the models."""


def model_keys(settings: Settings) -> list[dg.AssetKey]:
    """Give the keys of a source's models."""
    return [dg.AssetKey([settings.name, model.name]) for model in settings.models]


def build_models(settings: Settings) -> list[dg.AssetsDefinition]:
    """Make the step that makes a source's models; none where the settings want none."""
    if not settings.models:
        return []
    tables, source = io_manager_key(settings.name), settings.source
    freshness = freshness_of(settings)
    checks = {model: model_checks_of(model, settings.start_date) for model in settings.models}

    @dg.multi_asset(
        name=f"{settings.name}__{MODELS_STEP}",
        specs=[_spec(settings, model, freshness) for model in settings.models],
        check_specs=[
            dg.AssetCheckSpec(
                check.name, asset=_key(settings, model), description=check.description
            )
            for model, those in checks.items()
            for check in those
        ],
        can_subset=True,
        required_resource_keys={tables},
        pool=pool_name(settings.name),
    )
    def make(context: dg.AssetExecutionContext) -> Iterator[_Result]:
        miss_no_outputs(context.log)
        wanted = {
            *context.selected_asset_keys,
            *(key.asset_key for key in context.selected_asset_check_keys),
        }
        chosen = [model for model in settings.models if _key(settings, model) in wanted]
        asked = {model: _asked(context, _key(settings, model), checks[model]) for model in chosen}
        warehouse: Warehouse = getattr(context.resources, tables).warehouse()
        with explained():
            with warehouse.connected():
                reports = refresh(chosen, source, warehouse, settings.resources)
                verdicts = {
                    report.model: [
                        (check, check.verdict(report, source, warehouse))
                        for check in asked[report.model]
                        if report.stands
                    ]
                    for report in reports
                }
            # Not within the block: Dagster stores each of these, and others may have the file.
            _tell(context, reports)
            for report in reports:
                yield from _results(context, settings, report, verdicts[report.model])
            _refuse(reports)

    return [make]


def _key(settings: Settings, model: Model) -> dg.AssetKey:
    return dg.AssetKey([settings.name, model.name])


def _spec(settings: Settings, model: Model, freshness: dg.FreshnessPolicy | None) -> dg.AssetSpec:
    name = view_target(settings.source, model).name
    spec = dg.AssetSpec(
        key=_key(settings, model),
        deps=[dg.AssetKey([settings.name, resource]) for resource in model.sources],
        # Left out where its tables were never synced.
        skippable=True,
        group_name=settings.name,
        kinds={"intercom", settings.warehouse.kind, "view"},
        owners=settings.owners,
        tags=dict(settings.tags),
        freshness_policy=freshness,
        description=model.description,
        metadata={
            "dagster/table_name": settings.warehouse.table_name(name),
            **code_reference(model.name),
        },
    ).with_io_manager_key(io_manager_key(settings.name))
    # A view is as new as its tables, whoever synced these. Given to the constructor it would warn
    # of a preview, in every project that installs this package.
    return spec.replace_attributes(is_virtual=True)


def _asked(
    context: dg.AssetExecutionContext, key: dg.AssetKey, checks: tuple[ModelCheck, ...]
) -> list[ModelCheck]:
    asked = context.selected_asset_check_keys
    return [check for check in checks if dg.AssetCheckKey(key, check.name) in asked]


def _tell(context: dg.AssetExecutionContext, reports: list[ModelReport]) -> None:
    """Log what became of the views: one line, and one for each that was left out."""
    for report in reports:
        if report.made is None:
            context.log.warning("%s: left out. %s", report.model.name, report.told)
    made: dict[Made, list[str]] = {}
    for report in reports:
        if report.made is not None:
            made.setdefault(report.made, []).append(report.model.name)
    if made:
        parts = [f"{how.value} {', '.join(names)}" for how, names in made.items()]
        context.log.info("Views: %s", "; ".join(parts))


def _results(
    context: dg.AssetExecutionContext,
    settings: Settings,
    report: ModelReport,
    verdicts: list[tuple[ModelCheck, Verdict]],
) -> Iterator[_Result]:
    key, name = _key(settings, report.model), report.model.name
    if report.stands and key in context.selected_asset_keys:
        yield dg.MaterializeResult(asset_key=key, metadata=_metadata(settings, report))
    step = context.op_execution_context.get_step_execution_context()
    for check, verdict in verdicts:
        if not verdict.passed:
            context.log.warning("%s: %s: %s", name, check.name, verdict.summary)
        found = check_result(key, check.name, check.severity, verdict)
        yield found.to_asset_check_evaluation(step)


def _metadata(settings: Settings, report: ModelReport) -> dict[str, dg.MetadataValue | int | str]:
    parent = dg.AssetKey([settings.name, report.model.shape.resource])
    return {
        "dagster/row_count": report.row_count,
        "dagster/column_schema": dg.MetadataValue.table_schema(
            dg.TableSchema(
                columns=[
                    dg.TableColumn(
                        one.column.name,
                        type=SQL_TYPES[one.column.type],
                        description=one.column.description,
                    )
                    for one in report.columns
                ]
            )
        ),
        "dagster/column_lineage": dg.MetadataValue.column_lineage(
            dg.TableColumnLineage(
                {
                    one.column.name: [dg.TableColumnDep(asset_key=parent, column_name=one.source)]
                    for one in report.columns
                }
            )
        ),
        "view": report.made.value if report.made else "",
    }


def _refuse(reports: list[ModelReport]) -> None:
    """Fail, after everything else was made, where something has the name of a view.

    Raises:
        SchemaError: Says what to do about each.
    """
    refused = [report.told for report in reports if report.made is Made.REFUSED]
    if refused:
        raise SchemaError("\n".join(refused))

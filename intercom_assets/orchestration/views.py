"""The models of a source: one step creates all views, after the tables they read, and checks them.

It also creates the views of several sources. They belong to none of these, so their assets are
external, and as new as the tables.

`intercom_assets.views` decides which columns a view has.
"""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

import dagster as dg

from intercom_assets.catalog import CATALOG, Resource
from intercom_assets.catalog.fivetran import TABLES
from intercom_assets.catalog.shapes import Fivetran
from intercom_assets.catalog.types import ColumnType
from intercom_assets.errors import SchemaError
from intercom_assets.orchestration.checks import check_specs, evaluate
from intercom_assets.orchestration.connections import explained
from intercom_assets.orchestration.specs import (
    FAMILY,
    SQL_TYPES,
    SourceSpecs,
    io_manager_key,
    pool_name,
)
from intercom_assets.quality.view_checks import ViewContext, view_checks_of
from intercom_assets.settings.source import Settings
from intercom_assets.views.build import ViewReport, make_views
from intercom_assets.views.unions import (
    drop_unions,
    make_unions,
    union_columns,
    union_resources,
    union_target,
)
from intercom_assets.warehouse.views import ORIGIN, Made
from intercom_assets.warehouse.warehouse import Warehouse

_Result: TypeAlias = dg.MaterializeResult[None] | dg.AssetCheckResult


def build_models(
    specs: SourceSpecs, united: Sequence[SourceSpecs] = ()
) -> list[dg.AssetsDefinition]:
    """Build the step that creates a source's models, if it has any.

    `united` are the sources of its warehouse and schema whose rows are shown together.
    """
    settings = specs.settings
    if not settings.views:
        return []

    @dg.multi_asset(
        name=f"{settings.name}__models",
        specs=[specs[model.name] for model in settings.views],
        check_specs=[
            spec
            for model in settings.views
            for spec in check_specs(specs.key(model.name), view_checks_of(model, settings.start_of))
        ],
        can_subset=True,
        required_resource_keys={io_manager_key(settings.name)},
        pool=pool_name(settings.name),
    )
    def make(context: dg.AssetExecutionContext) -> Iterator[_Result]:
        with explained():
            reports, checked = _make(context, specs)
            _log(context, reports)
            _log_unselected(context, specs.settings)
            for report in reports:
                key = specs.key(report.model.name)
                if report.stands and key in context.selected_asset_keys:
                    yield dg.MaterializeResult(asset_key=key, metadata=_metadata(specs, report))
            yield from checked
            refused = [report.problem for report in reports if report.made is Made.REFUSED]
            if reports:
                refused += _make_unions(context, specs.settings, [one.settings for one in united])
            _refuse(refused)

    return [make]


def build_unions(united: Sequence[SourceSpecs]) -> list[dg.AssetSpec]:
    """Describe the views of several sources, for the definitions of the first one."""
    return [_union_spec(united, one) for one in union_resources([one.settings for one in united])]


def _union_spec(united: Sequence[SourceSpecs], resource: Resource) -> dg.AssetSpec:
    sources, first = [one.settings for one in united], united[0].settings
    target = union_target(first.schema, resource)
    columns = [
        dg.TableColumn(one.name, type=SQL_TYPES[one.type], description=one.description)
        for one in (*ORIGIN, *union_columns(sources, resource))
    ]
    tables = [one.key(resource.name) for one in united if resource.name in one.settings.assets]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return dg.AssetSpec(
            [first.schema, target.name],
            deps=tables,
            is_virtual=True,
            group_name="intercom_unions",
            kinds={"intercom", first.warehouse.kind, "view"},
            tags={FAMILY: CATALOG.family_of(resource.name)},
            description=f"The rows of {resource.name} of the sources "
            f"{', '.join(one.name for one in sources)}. {resource.description}",
            metadata={
                "dagster/table_name": first.warehouse.table_name(target.name),
                "dagster/column_schema": dg.TableSchema(columns=columns),
            },
        ).with_io_manager_key(io_manager_key(first.name))


def _make(
    context: dg.AssetExecutionContext, specs: SourceSpecs
) -> tuple[list[ViewReport], list[dg.AssetCheckResult]]:
    """Create the selected views, and evaluate their checks while the database is open."""
    settings = specs.settings
    wanted = {
        *context.selected_asset_keys,
        *(key.asset_key for key in context.selected_asset_check_keys),
    }
    models = [model for model in settings.views if specs.key(model.name) in wanted]
    source = settings.source
    warehouse = _warehouse(context, settings)
    with warehouse.connected():
        reports = make_views(models, source, warehouse, settings.resources)
        checked = [
            result
            for report in reports
            if report.stands
            for result in evaluate(
                context,
                specs.key(report.model.name),
                view_checks_of(report.model, settings.start_of),
                ViewContext(report, source, warehouse),
            )
        ]
    return reports, checked


def _make_unions(
    context: dg.AssetExecutionContext, settings: Settings, united: Sequence[Settings]
) -> list[str]:
    """Create the views of several sources, drop ours that are left over, and return problems."""
    warehouse = _warehouse(context, settings)
    with warehouse.connected():
        if settings.union_views:
            changed, refused = make_unions(united, warehouse, context.run.run_id)
        elif united:
            # The sources that are left make them again.
            return []
        else:
            changed, refused = drop_unions(settings, warehouse), []
    if changed:
        context.log.info("Views of several sources: %s", "; ".join(changed))
    return refused


def _warehouse(context: dg.AssetExecutionContext, settings: Settings) -> Warehouse:
    warehouse: Warehouse = getattr(context.resources, io_manager_key(settings.name)).warehouse()
    return warehouse


def _log(context: dg.AssetExecutionContext, reports: Iterable[ViewReport]) -> None:
    """Log the outcome: one line for all views, and a warning for each that was left out."""
    names: dict[Made, list[str]] = {}
    for report in reports:
        if report.made is None:
            context.log.warning("%s: left out. %s", report.model.name, report.problem)
        else:
            names.setdefault(report.made, []).append(report.model.name)
    if names:
        parts = [f"{made.value} {', '.join(models)}" for made, models in names.items()]
        context.log.info("Views: %s", "; ".join(parts))


def _log_unselected(context: dg.AssetExecutionContext, settings: Settings) -> None:
    """Log which of Fivetran's tables have no view, as their resources are not synced."""
    made = {model.name for model in settings.views}
    lacking = [f"{name} ({one.resource})" for name, one in TABLES.items() if name not in made]
    if settings.fivetran_schema and lacking:
        context.log.info(
            "Not in %s, as the setting resources leaves out what they are made of: %s",
            settings.fivetran_schema,
            ", ".join(lacking),
        )


def _metadata(specs: SourceSpecs, report: ViewReport) -> dict[str, dg.MetadataValue | int | str]:
    table = specs.key(report.model.shape.resource)
    in_utc = isinstance(report.model.shape, Fivetran)
    types = SQL_TYPES | ({ColumnType.TIMESTAMP: "timestamp"} if in_utc else {})
    columns = [
        dg.TableColumn(
            made.column.name, type=types[made.column.type], description=made.column.description
        )
        for made in report.columns
    ]
    origins = {
        made.column.name: [dg.TableColumnDep(asset_key=table, column_name=made.source)]
        for made in report.columns
        if made.source
    }
    return {
        "dagster/row_count": report.row_count,
        "dagster/column_schema": dg.MetadataValue.table_schema(dg.TableSchema(columns=columns)),
        "dagster/column_lineage": dg.MetadataValue.column_lineage(dg.TableColumnLineage(origins)),
        "view": report.made.value if report.made else "",
    }


def _refuse(refused: list[str]) -> None:
    """Fail, after all other views were created, if something else has the name of a view.

    Raises:
        SchemaError: Says what to do about each name.
    """
    if refused:
        raise SchemaError("\n".join(dict.fromkeys(refused)))

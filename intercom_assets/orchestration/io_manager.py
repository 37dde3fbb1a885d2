"""Syncs the extract of an asset, and reads tables back in the form that an input asks for.

It also builds the metadata of a materialization: figures, cursor, preview. Names are stable, and
each figure is in every materialization that can have it, so that the UI plots it over time. The UI
sorts by name, so the least interesting names begin with t to v.
"""

import importlib
from abc import abstractmethod
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import dagster as dg
from pydantic import Field

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.fivetran import fivetran_models
from intercom_assets.catalog.preview import sample
from intercom_assets.catalog.replication import Incremental
from intercom_assets.catalog.views import model_named
from intercom_assets.engine.cursor import Source
from intercom_assets.engine.extract import Extract
from intercom_assets.engine.load import load
from intercom_assets.engine.progress import Report, figures
from intercom_assets.errors import ConfigurationError
from intercom_assets.orchestration.connections import explained
from intercom_assets.orchestration.specs import column_lineage
from intercom_assets.views.build import view_target
from intercom_assets.views.unions import union_target
from intercom_assets.warehouse.base import Target
from intercom_assets.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    import pyarrow as pa

    from intercom_assets.warehouse.duckdb import DuckDBWarehouse

_ELSEWHERE = {"row_count", "rows_archived"}
"""Figures that Dagster names differently, or that not every sync can have."""

Shown: TypeAlias = dg.MetadataValue | dg.TableColumnLineage | int | float | str


class WarehouseIOManager(dg.ConfigurableIOManager):
    """Merges an `Extract` into its table in one transaction with the cursor.

    Dagster's stock IO managers are not used: they delete and insert outside of a transaction, so
    that readers miss rows, and an incremental sync without changes would empty the table.
    """

    warehouse_schema: str = Field(description="Schema of the tables.")
    table_prefix: str = Field(description="Prefix of the tables.")
    fivetran_schema: str = Field(default="", description="Schema of Fivetran's views, if any.")
    excluded_columns: dict[str, list[str]] = Field(
        default_factory=dict, description="Columns that the settings exclude, by resource."
    )
    renamed: dict[str, str] = Field(
        default_factory=dict, description="Resource or model of each key that is translated."
    )
    lock_timeout: float = Field(default=60.0, description="Seconds to wait for another process.")

    @abstractmethod
    def warehouse(self) -> Warehouse:
        """Return access to the database."""

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """Read from Intercom and load, batch by batch.

        Raises:
            dagster.Failure: The sync failed; its description says what to do.
        """
        if not isinstance(obj, Extract):
            raise dg.Failure(
                description="This IO manager loads Intercom's resources only. Give your own asset "
                "another one: io_manager_key='io_manager' is the project's for DataFrames",
                allow_retries=False,
            )
        with explained():
            report = load(obj, self.warehouse())
        context.add_output_metadata(_metadata(report, obj, self._parent_key(obj)))
        obj.listener.on_finish(report)

    def load_input(self, context: dg.InputContext) -> object:
        """Read a table, including rows marked as deleted, or a model's view.

        The input's annotation decides the form; without one it is a pandas DataFrame. Its `columns`
        metadata selects columns, as with Dagster's stock IO managers.

        Raises:
            dagster.Failure: There is no such table or column, or no such form.
        """
        key = context.asset_key
        name = self.renamed.get(key.to_user_string(), key.path[-1])
        source = Source(name="", schema=self.warehouse_schema, prefix=self.table_prefix)
        columns = (context.definition_metadata or {}).get("columns")
        with explained():
            convert = _conversion(context)
            unions = (union_target(self.warehouse_schema, one) for one in CATALOG)
            views = {one.name: one for one in unions}
            models = fivetran_models(self.fivetran_schema, CATALOG) if self.fivetran_schema else ()
            for model in filter(None, (*models, model_named(name))):
                views[model.name] = view_target(source, model)
            if view := views.get(name):
                table = self.warehouse().read_view(view, columns)
            else:
                target = source.target(CATALOG[name])
                table = self.warehouse().read(target, self._known(name, target, columns))
        return convert(table)

    def _parent_key(self, extract: Extract) -> dg.AssetKey | None:
        if extract.parent is None:
            return None
        parent = extract.parent.name
        translated = (key for key, name in self.renamed.items() if name == parent)
        default = f"{extract.source.name}/{parent}"
        return dg.AssetKey.from_user_string(next(translated, default))

    def _known(self, resource: str, target: Target, columns: list[str] | None) -> list[str]:
        """Return the columns to read: the given ones, or all that are not excluded."""
        excluded = self.excluded_columns.get(resource, [])
        known = [column.name for column in target.table.all_columns if column.name not in excluded]
        if unknown := [column for column in columns or known if column not in known]:
            raise ConfigurationError(
                f"{target} has no column {', '.join(map(repr, unknown))}. "
                f"Choose among {', '.join(known)}"
            )
        return columns or known


class DuckDBIOManager(WarehouseIOManager):
    """Writes tables of a DuckDB file."""

    database: str = Field(description="DuckDB file.")

    def warehouse(self) -> "DuckDBWarehouse":
        """Return access to the file, which is opened only to commit or to look something up."""
        from intercom_assets.warehouse.duckdb import (  # noqa: PLC0415 - definitions need no driver
            DuckDBWarehouse,
        )

        return DuckDBWarehouse(Path(self.database), patience=self.lock_timeout)


def _conversion(context: dg.InputContext) -> Callable[["pa.Table"], object]:
    """Return what turns an Arrow table into what the input is annotated with."""
    kind = context.dagster_type.typing_type
    if kind is Any:
        return _FORMS["pandas.DataFrame"]
    # By name, so that no package is imported that the project does not use.
    package = getattr(kind, "__module__", "").partition(".")[0].lstrip("_")
    name = f"{package}.{getattr(kind, '__name__', kind)}"
    if name not in _FORMS:
        raise ConfigurationError(
            f"An input is annotated with {name}, which no table is loaded as. Change it to "
            f"one of {', '.join(_FORMS)}, or remove it"
        )
    return _FORMS[name]


def _to_polars(table: "pa.Table") -> Any:  # noqa: ANN401 - polars is not installed here
    return importlib.import_module("polars").from_arrow(table)


_FORMS: Mapping[str, Callable[["pa.Table"], object]] = {
    "pandas.DataFrame": lambda table: table.to_pandas(),
    "polars.DataFrame": _to_polars,
    "polars.LazyFrame": lambda table: _to_polars(table).lazy(),
    "pyarrow.Table": lambda table: table,
    "ibis.Table": lambda table: importlib.import_module("ibis").memtable(table),
    "duckdb.DuckDBPyRelation": lambda table: (
        importlib.import_module("duckdb").connect().from_arrow(table)
    ),
}
"""What an input may be annotated with."""


def _metadata(report: Report, extract: Extract, parent: dg.AssetKey | None) -> dict[str, Shown]:
    """Return the metadata of a materialization."""
    return {
        **_numbers(report),
        **_special(report, extract),
        "cursor_before": _instant(report.cursor_before),
        "cursor_after": _instant(report.cursor_after),
        **column_lineage(extract.resource, parent),
        **_details(report, extract),
    }


def _numbers(report: Report) -> dict[str, int | float]:
    meter = report.meter
    return {
        "dagster/row_count": report.row_count,
        **{name: one for name, one in figures(report).items() if name not in _ELSEWHERE},
        "records_per_second": round(report.records_returned / max(report.seconds, 0.001), 1),
        "slowest_request_seconds": round(meter.slowest_seconds, 3),
        "used_quota_percent": round(100 * meter.quota_share, 1),
        "seconds": round(report.seconds, 3),
        "values_that_did_not_fit": report.misfits.total(),
    }


def _special(report: Report, extract: Extract) -> dict[str, int]:
    """Return figures that only some syncs can have, so that no plot is always 0."""
    special = {"rows_archived": report.archived} if extract.archives else {}
    if isinstance(extract.resource.replication, Incremental):
        if report.missing is not None:
            special["rows_missing"] = report.missing
        if extract.request.reconcile:
            special["rows_found_by_reconcile"] = report.found
            special["rows_gone_by_reconcile"] = report.gone
    return special


def _details(report: Report, extract: Extract) -> dict[str, dg.MetadataValue | str]:
    details: dict[str, dg.MetadataValue | str] = {}
    if report.skipped:
        details["skipped"] = report.skipped
    if report.meter.slowest_path:
        details["slowest_request"] = report.meter.slowest_path
    if report.misfits:
        details["columns_that_did_not_fit"] = dg.MetadataValue.json(dict(report.misfits))
    if report.unmodelled:
        details["unmodelled_fields"] = dg.MetadataValue.json(dict(report.unmodelled))
    if rows := sample(extract.resource.table, report.sample, extract.preview):
        details["preview"] = _table(rows)
    return details


def _table(rows: list[dict[str, str]]) -> dg.MetadataValue:
    # A table, not Markdown: values come from customers and must be shown as plain text.
    columns = [dg.TableColumn(name, type="string") for name in rows[0]]
    return dg.MetadataValue.table(
        records=[dg.TableRecord(row) for row in rows], schema=dg.TableSchema(columns=columns)
    )


def _instant(cursor: datetime | None) -> dg.MetadataValue | str:
    return dg.MetadataValue.timestamp(cursor) if cursor else "none"


class DataFrames(dg.IOManager):
    """Dagster's stock IO manager for the DataFrames of your own assets, created on first use.

    It imports pandas, and Dagster initializes this resource in every run, because the outputs of
    asset checks refer to it.
    """

    def __init__(self, make: Callable[[], dg.IOManager]) -> None:
        self._stock = cache(make)

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """Store a DataFrame."""
        self._stock().handle_output(context, obj)

    def load_input(self, context: dg.InputContext) -> object:
        """Load a DataFrame."""
        return self._stock().load_input(context)


def duckdb_data_frames(database: Path, schema: str) -> dg.IOManagerDefinition:
    """Build an IO manager that stores DataFrames in DuckDB with `DuckDBPandasIOManager`."""

    @dg.io_manager(
        config_schema={"database": str, "schema": str, "connection_config": dict},
        description=f"DataFrames of your own assets, in {database.name}.",
    )
    def frames(context: dg.InitResourceContext) -> DataFrames:
        def stock() -> dg.IOManager:
            from dagster_duckdb_pandas import DuckDBPandasIOManager  # noqa: PLC0415 - half a second

            manager = DuckDBPandasIOManager(database=str(database), schema=schema)
            return manager.create_io_manager(context)

        return DataFrames(stock)

    # The stock manager also reads its settings from input and output contexts.
    configured = {"database": str(database), "schema": schema, "connection_config": {}}
    return frames.configured(configured)

"""Writes what an asset extracted, and reads any of its tables back as a DataFrame."""

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.models import MODELS, Model
from intercom_assets.errors import ConfigurationError
from intercom_assets.orchestration.failures import explained
from intercom_assets.orchestration.figures import materialization_metadata
from intercom_assets.sync.extract import Extract
from intercom_assets.sync.load import load
from intercom_assets.sync.models import view_target
from intercom_assets.sync.source import Source
from intercom_assets.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    import pandas as pd

    from intercom_assets.warehouse.duckdb import DuckDBWarehouse


class WarehouseIOManager(dg.ConfigurableIOManager):
    """Merges an `Extract` into its table in one transaction with the cursor.

    Dagster's stock IO managers are not used: they delete and insert outside of a transaction, so
    that readers miss rows, and an incremental sync without changes would empty the table.
    """

    warehouse_schema: str = Field(description="Schema of the tables.")
    table_prefix: str = Field(description="Prefix of the tables.")
    excluded_columns: dict[str, list[str]] = Field(
        default_factory=dict, description="Columns that the settings exclude, by resource."
    )

    @abstractmethod
    def warehouse(self) -> Warehouse:
        """Give access to the database."""

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
        context.add_output_metadata(materialization_metadata(report, obj))
        obj.listener.finished(report)

    def load_input(self, context: dg.InputContext) -> "pd.DataFrame":
        """Read a table as a DataFrame, rows marked as deleted included; or the view of a model.

        The input's `columns` metadata chooses columns, as with Dagster's stock IO managers.

        Raises:
            dagster.Failure: There is no such table or column.
        """
        name = context.asset_key.path[-1]
        if model := next((one for one in MODELS if one.name == name), None):
            return self._load_view(model, context)
        source = Source(name="", schema=self.warehouse_schema, prefix=self.table_prefix)
        columns = (context.definition_metadata or {}).get("columns")
        with explained():
            target = source.target(CATALOG[name])
            excluded = self.excluded_columns.get(name, [])
            known = [one.name for one in target.table.all_columns if one.name not in excluded]
            if unknown := [column for column in columns or known if column not in known]:
                raise ConfigurationError(
                    f"{target} has no column {', '.join(map(repr, unknown))}. "
                    f"Choose among {', '.join(known)}"
                )
            frame: pd.DataFrame = self.warehouse().read(target, columns or known).to_pandas()
        return frame

    def _load_view(self, model: Model, context: dg.InputContext) -> "pd.DataFrame":
        source = Source(name="", schema=self.warehouse_schema, prefix=self.table_prefix)
        columns = (context.definition_metadata or {}).get("columns")
        with explained():
            answer = self.warehouse().read_view(view_target(source, model), columns)
        frame: pd.DataFrame = answer.to_pandas()
        return frame


class DuckDBIOManager(WarehouseIOManager):
    """Writes tables of a DuckDB file."""

    database: str = Field(description="DuckDB file.")

    def warehouse(self) -> "DuckDBWarehouse":
        """Give access to the file; it is opened only to commit."""
        from intercom_assets.warehouse.duckdb import (  # noqa: PLC0415 - definitions need no driver
            DuckDBWarehouse,
        )

        return DuckDBWarehouse(Path(self.database))

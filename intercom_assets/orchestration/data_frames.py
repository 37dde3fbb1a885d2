"""Dagster's stock IO manager for DataFrames in DuckDB, made when the first frame comes.

It imports pandas. Dagster starts this resource in every run, because the outputs of asset checks
name it, though no resource of Intercom needs it.
"""

from collections.abc import Callable
from pathlib import Path

import dagster as dg


class DataFrames(dg.IOManager):
    """Stores DataFrames of your own assets as a stock IO manager does.

    Args:
        make: Makes the stock IO manager.
    """

    def __init__(self, make: Callable[[], dg.IOManager]) -> None:
        self._make = make
        self._made: dg.IOManager | None = None

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """Store a DataFrame."""
        self._stock().handle_output(context, obj)

    def load_input(self, context: dg.InputContext) -> object:
        """Load a DataFrame."""
        return self._stock().load_input(context)

    def _stock(self) -> dg.IOManager:
        if self._made is None:
            self._made = self._make()
        return self._made


def duckdb_data_frames(database: Path, schema: str) -> dg.IOManagerDefinition:
    """Store DataFrames in a DuckDB file, as `DuckDBPandasIOManager` does."""

    @dg.io_manager(
        config_schema={"database": str, "schema": str, "connection_config": dict},
        description=f"DataFrames of your own assets, in {database.name}.",
    )
    def frames(context: dg.InitResourceContext) -> DataFrames:
        def stock() -> dg.IOManager:
            from dagster_duckdb_pandas import DuckDBPandasIOManager  # noqa: PLC0415 - half a second

            made = DuckDBPandasIOManager(database=str(database), schema=schema)
            return made.create_io_manager(context)

        return DataFrames(stock)

    # The stock manager reads its settings again from the contexts of inputs and outputs.
    configured = {"database": str(database), "schema": schema, "connection_config": {}}
    return frames.configured(configured)

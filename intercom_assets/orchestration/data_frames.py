"""Dagster's stock IO manager for DataFrames of your own assets, made when the first frame comes.

It imports pandas, and Dagster starts this resource in every run, because the outputs of asset
checks name it. Intercom's tables are read and written by `io_manager`.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import dagster as dg


class DataFrames(dg.IOManager):
    """Hands DataFrames to a stock IO manager."""

    def __init__(self, make: Callable[[], dg.IOManager]) -> None:
        self._stock = cache(make)

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """Store a DataFrame."""
        self._stock().handle_output(context, obj)

    def load_input(self, context: dg.InputContext) -> object:
        """Load a DataFrame."""
        return self._stock().load_input(context)


def duckdb_data_frames(database: Path, schema: str) -> dg.IOManagerDefinition:
    """Store DataFrames in a DuckDB file, as `DuckDBPandasIOManager` does."""

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

    # The stock manager reads its settings again from the contexts of inputs and outputs.
    configured = {"database": str(database), "schema": schema, "connection_config": {}}
    return frames.configured(configured)

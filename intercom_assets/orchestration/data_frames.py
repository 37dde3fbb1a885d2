"""Dagster's stock IO manager for DataFrames of your own assets, created on first use.

It imports pandas, and Dagster initializes this resource in every run, because the outputs of asset
checks refer to it. Intercom's tables are read and written by `io_manager`.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import dagster as dg


class DataFrames(dg.IOManager):
    """Delegates to a stock IO manager that is created on first use."""

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

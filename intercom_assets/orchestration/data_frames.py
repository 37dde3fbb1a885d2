"""Dagster's stock IO manager for DataFrames in DuckDB, which imports pandas when it is used.

The stock class imports it when the code location loads, though no resource of Intercom needs it.
"""

from collections.abc import Sequence

from dagster._core.storage.db_io_manager import DbTypeHandler
from dagster_duckdb import DuckDBIOManager


class DuckDBDataFrames(DuckDBIOManager):
    """Stores DataFrames of your own assets in the DuckDB file, as `DuckDBPandasIOManager` does."""

    @staticmethod
    def type_handlers() -> Sequence[DbTypeHandler]:  # type: ignore[type-arg]  # as declared there
        """Give the stock handler of DataFrames."""
        from dagster_duckdb_pandas import DuckDBPandasTypeHandler  # noqa: PLC0415 - half a second

        return [DuckDBPandasTypeHandler()]

    @staticmethod
    def default_load_type() -> type:
        """Load a DataFrame where an input names no type."""
        import pandas as pd  # noqa: PLC0415 - as above

        return pd.DataFrame

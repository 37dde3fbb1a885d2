"""Where this project keeps its own tables and files: beside Intercom's."""

import os

import dagster as dg
from dagster_duckdb_pandas import DuckDBPandasIOManager

from response_times.dashboard import Dashboards


@dg.definitions
def resources(context: dg.ComponentLoadContext) -> dg.Definitions:
    """Store DataFrames in the source's DuckDB file, and dashboards in its folder."""
    # The source starts at the project's root too.
    file = context.project_root / (os.environ.get("DUCKDB_DATABASE") or "data/warehouse.duckdb")
    return dg.Definitions(
        # DuckDB lets one process write at a time.
        executor=dg.in_process_executor,
        resources={
            "io_manager": DuckDBPandasIOManager(database=str(file), schema="reports"),
            "dashboards": Dashboards(folder=str(file.parent)),
        },
    )

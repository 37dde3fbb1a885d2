"""The composition root that workspace.yaml loads: all sources, and the project's defaults."""

import os
from pathlib import Path

import dagster as dg

from intercom_assets.orchestration.settings import DEFAULT_DATABASE, DEFAULT_SCHEMA

PROJECT_ROOT = Path(__file__).resolve().parent.parent


@dg.io_manager(description="DataFrames of your own downstream assets, in the same DuckDB file.")
def dataframe_io_manager(context: dg.InitResourceContext) -> dg.IOManager:
    """Store DataFrames with Dagster's stock manager, imported only when an asset uses it."""
    from dagster_duckdb_pandas import DuckDBPandasIOManager  # noqa: PLC0415 - takes a second

    database = PROJECT_ROOT / (os.environ.get("DUCKDB_DATABASE") or DEFAULT_DATABASE)
    schema = os.environ.get("WAREHOUSE_SCHEMA") or DEFAULT_SCHEMA
    manager = DuckDBPandasIOManager(database=str(database), schema=schema)
    return manager.create_io_manager(context)


@dg.definitions
def defs() -> dg.Definitions:
    """Load every source under `defs/`, with the project's executor and IO manager."""
    return dg.Definitions.merge(
        dg.load_from_defs_folder(path_within_project=PROJECT_ROOT),
        dg.Definitions(
            executor=dg.in_process_executor,
            resources={"io_manager": dataframe_io_manager},
        ),
    )

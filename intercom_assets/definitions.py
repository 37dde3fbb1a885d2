"""The composition root that workspace.yaml loads: all sources, and the project's defaults."""

import os
import warnings
from collections.abc import Callable
from pathlib import Path

import dagster as dg
from dagster_duckdb_pandas import DuckDBPandasIOManager

from intercom_assets.orchestration.settings import DEFAULT_DATABASE, DEFAULT_SCHEMA

PROJECT_ROOT = Path(__file__).resolve().parent.parent


def _quietly(build: Callable[[Path], dg.Definitions], path: Path) -> dg.Definitions:
    # Dagster warns of its own use of its own beta and preview classes, twice an asset.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return build(path)


@dg.definitions
def defs() -> dg.Definitions:
    """Load every source under `defs/`, with the project's executor and IO manager.

    DataFrames of your own downstream assets are stored by Dagster's stock manager, in the same
    DuckDB file.
    """
    tree = dg.ComponentTree.for_project(PROJECT_ROOT)
    database = PROJECT_ROOT / (os.environ.get("DUCKDB_DATABASE") or DEFAULT_DATABASE)
    schema = os.environ.get("WAREHOUSE_SCHEMA") or DEFAULT_SCHEMA
    return dg.Definitions.merge(
        # Only what is in the folder: the whole tree, as `dg.load_from_defs_folder` builds it,
        # imports every installed library of components, and Snowflake's takes seconds.
        _quietly(tree.build_defs, Path()),
        dg.Definitions(
            executor=dg.in_process_executor,
            resources={"io_manager": DuckDBPandasIOManager(database=str(database), schema=schema)},
            component_tree=tree,
        ),
    )

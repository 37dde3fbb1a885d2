"""The composition root that workspace.yaml loads: all sources and the project's defaults."""

import os
import warnings
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import dagster as dg

from intercom_assets.orchestration.data_frames import duckdb_data_frames
from intercom_assets.orchestration.housekeeping import build_housekeeping
from intercom_assets.settings.scaffold import variable as variable_of
from intercom_assets.settings.warehouse import DEFAULT_DATABASE, DEFAULT_SCHEMA, Snowflake
from intercom_assets.warehouse.dialects import to_snowflake_name

PROJECT_ROOT = Path(__file__).resolve().parent.parent


def _quietly(build: Callable[[Path], dg.Definitions], path: Path) -> dg.Definitions:
    # Dagster warns about using its own beta and preview classes, twice per asset.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return build(path)


@dg.definitions
def defs() -> dg.Definitions:
    """Load every source under `defs/`, with the project's executor and IO manager.

    Dagster's stock manager stores the DataFrames of your own downstream assets in the same
    warehouse.
    """
    # A Dagster command calls this five times.
    return _built(hash(frozenset(os.environ.items())))


@lru_cache(maxsize=1)
def _built(_environment: int) -> dg.Definitions:
    tree = dg.ComponentTree.for_project(PROJECT_ROOT)
    return dg.Definitions.merge(
        # Build only the folder: `dg.load_from_defs_folder` builds the whole tree, which imports
        # every installed component library, and Snowflake's takes seconds.
        _quietly(tree.build_defs, Path()),
        dg.Definitions(
            executor=dg.in_process_executor,
            resources={"io_manager": _frames()},
            component_tree=tree,
        ),
        build_housekeeping(runs=_variable("INTERCOM_SCHEDULE_STATUS") == "running"),
    )


def _variable(name: str) -> str:
    return os.environ.get(name, "").strip().lower()


def _frames() -> dg.ConfigurableIOManagerFactory[Any] | dg.IOManagerDefinition:
    """Return the stock IO manager for DataFrames, for the warehouse set in the environment."""
    schema = os.environ.get("WAREHOUSE_SCHEMA") or DEFAULT_SCHEMA
    if _variable("INTERCOM_WAREHOUSE") != "snowflake":
        database = PROJECT_ROOT / (os.environ.get("DUCKDB_DATABASE") or DEFAULT_DATABASE)
        return duckdb_data_frames(database, schema)
    from dagster_snowflake_pandas import SnowflakePandasIOManager  # noqa: PLC0415 - takes seconds

    given: dict[str, Any] = {
        _STOCK.get(name, name): dg.EnvVar(variable)
        for name in Snowflake.model_fields
        if name not in _UNKNOWN_TO_STOCK
        and _variable(variable := variable_of("", f"snowflake.{name}"))
    }
    return SnowflakePandasIOManager(schema=to_snowflake_name(schema), **given)


_STOCK = {"private_key_passphrase": "private_key_password"}
"""Settings that have another name in the stock IO manager."""

_UNKNOWN_TO_STOCK = {"token", "url"}

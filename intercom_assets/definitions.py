"""The composition root that workspace.yaml loads: all sources and the project's defaults.

Where the package is installed there is no folder of sources: then this is one source whose
settings are all read from variables, with files under the working directory.
"""

import os
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any

import dagster as dg

from intercom_assets.component import IntercomSource
from intercom_assets.orchestration.data_frames import duckdb_data_frames
from intercom_assets.orchestration.housekeeping import build_housekeeping
from intercom_assets.settings.scaffold import from_variables
from intercom_assets.settings.scaffold import variable as variable_of
from intercom_assets.settings.warehouse import DEFAULT_DATABASE, DEFAULT_SCHEMA, Snowflake
from intercom_assets.warehouse.dialects import to_snowflake_name

_CHECKOUT = Path(__file__).resolve().parent.parent
_IS_CHECKOUT = (_CHECKOUT / "workspace.yaml").is_file()


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
    return dg.Definitions.merge(
        _of_folder() if _IS_CHECKOUT else IntercomSource(**from_variables()).definitions(),
        dg.Definitions(executor=dg.in_process_executor, resources={"io_manager": _frames()}),
        build_housekeeping(runs=_variable("INTERCOM_SCHEDULE_STATUS") == "running"),
    )


def _of_folder() -> dg.Definitions:
    tree = dg.ComponentTree.for_project(_CHECKOUT)
    # Dagster warns about using its own beta and preview classes, twice per asset.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        warnings.simplefilter("ignore", dg.PreviewWarning)
        # Build only the folder: `dg.load_from_defs_folder` builds the whole tree, which imports
        # every installed component library, and Snowflake's takes seconds.
        found = tree.build_defs(Path())
    return dg.Definitions.merge(found, dg.Definitions(component_tree=tree))


def _variable(name: str) -> str:
    return os.environ.get(name, "").strip().lower()


def _frames() -> dg.ConfigurableIOManagerFactory[Any] | dg.IOManagerDefinition:
    """Return the stock IO manager for DataFrames, for the warehouse set in the environment."""
    schema = os.environ.get("WAREHOUSE_SCHEMA") or DEFAULT_SCHEMA
    if _variable("INTERCOM_WAREHOUSE") != "snowflake":
        root = _CHECKOUT if _IS_CHECKOUT else Path.cwd()
        database = root / (os.environ.get("DUCKDB_DATABASE") or DEFAULT_DATABASE)
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

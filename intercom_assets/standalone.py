"""The composition root where there is no project: one source, whose settings are all variables.

Relative paths begin at the working directory.
"""

import os
from pathlib import Path
from typing import Any

import dagster as dg

from intercom_assets.component import IntercomSource
from intercom_assets.orchestration.housekeeping import build_housekeeping
from intercom_assets.orchestration.io_manager import duckdb_data_frames
from intercom_assets.settings.scaffold import from_variables
from intercom_assets.settings.scaffold import variable as variable_of
from intercom_assets.settings.warehouse import (
    DEFAULT_DATABASE,
    DEFAULT_SCHEMA,
    STOCK_NAMES,
    Snowflake,
)
from intercom_assets.warehouse.dialects import to_snowflake_name


@dg.definitions
def defs() -> dg.Definitions:
    """Build the source and the defaults of its project."""
    source = IntercomSource(**from_variables())
    return with_defaults(source.definitions(), Path.cwd())


def with_defaults(sources: dg.Definitions, root: Path) -> dg.Definitions:
    """Add the executor, the clean-up of old runs, and the IO manager of your own assets.

    Dagster's stock manager stores the DataFrames of downstream assets in the same warehouse.
    """
    return dg.Definitions.merge(
        sources,
        dg.Definitions(executor=dg.in_process_executor, resources={"io_manager": _frames(root)}),
        build_housekeeping(runs=_variable("INTERCOM_SCHEDULE_STATUS") == "running"),
    )


def _variable(name: str) -> str:
    return os.environ.get(name, "").strip().lower()


def _frames(root: Path) -> dg.ConfigurableIOManagerFactory[Any] | dg.IOManagerDefinition:
    """Return the stock IO manager for DataFrames, for the warehouse set in the environment."""
    schema = os.environ.get("WAREHOUSE_SCHEMA") or DEFAULT_SCHEMA
    if _variable("INTERCOM_WAREHOUSE") != "snowflake":
        database = root / (os.environ.get("DUCKDB_DATABASE") or DEFAULT_DATABASE)
        return duckdb_data_frames(database, schema)
    from dagster_snowflake_pandas import SnowflakePandasIOManager  # noqa: PLC0415 - takes seconds

    given: dict[str, Any] = {
        STOCK_NAMES.get(name, name): dg.EnvVar(variable)
        for name in Snowflake.model_fields
        if name not in _UNKNOWN_TO_STOCK
        and _variable(variable := variable_of("", f"snowflake.{name}"))
    }
    return SnowflakePandasIOManager(schema=to_snowflake_name(schema), **given)


_UNKNOWN_TO_STOCK = {"token", "url"}

"""Opens a warehouse outside a run.

Drivers are imported only when chosen: Snowflake's takes seconds.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import assert_never

from intercom_assets.settings.warehouse import (
    DuckDBSettings,
    SnowflakeSettings,
    WarehouseSettings,
)
from intercom_assets.warehouse.warehouse import Warehouse


@contextmanager
def open_warehouse(settings: WarehouseSettings, *, patience: float = 60.0) -> Iterator[Warehouse]:
    """Open a warehouse for a block, for commands that do not use Dagster.

    `patience` is how many seconds to wait for another process that has the DuckDB file open.
    """
    match settings:
        case DuckDBSettings():
            from intercom_assets.warehouse.duckdb import (  # noqa: PLC0415 - settings need no driver
                DuckDBWarehouse,
            )

            yield DuckDBWarehouse(settings.database, patience=patience)
        case SnowflakeSettings():
            from intercom_assets.orchestration.snowflake import (  # noqa: PLC0415 - takes seconds
                login_of,
            )

            warehouse = login_of(settings).warehouse()
            try:
                yield warehouse
            finally:
                warehouse.close()
        case _:
            assert_never(settings)

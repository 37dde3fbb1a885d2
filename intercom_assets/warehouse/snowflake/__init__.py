"""Snowflake. Imported only if it is the chosen warehouse: its driver takes seconds to load."""

from snowflake.connector import SnowflakeConnection

from intercom_assets.warehouse.snowflake.adapter import SnowflakeWarehouse
from intercom_assets.warehouse.snowflake.errors import Login
from intercom_assets.warehouse.snowflake.session import SESSION_PARAMETERS, SessionPolicy

__all__ = [
    "SESSION_PARAMETERS",
    "Login",
    "SessionPolicy",
    "SnowflakeConnection",
    "SnowflakeWarehouse",
]

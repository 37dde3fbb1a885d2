"""Schemas: whether there is one, and making one with its first table."""

from snowflake.connector import errors

from intercom_assets.warehouse.snowflake.errors import NOT_THERE
from intercom_assets.warehouse.snowflake.session import Runner
from intercom_assets.warehouse.snowflake.statements import identifier
from intercom_assets.warehouse.sql import folded


def create_table(running: Runner, schema: str, statement: str) -> None:
    """Create a table, and its schema where there is none: that takes another privilege."""
    try:
        running.run(statement)
    except errors.ProgrammingError as error:
        if error.errno not in NOT_THERE:
            raise
        running.run(f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}")
        running.run(statement)


def has_schema(running: Runner, schema: str) -> bool:
    """Tell whether there is a schema."""
    like = folded(schema).replace("\\", "\\\\").replace("'", "\\'")
    rows = running.rows(f"SHOW SCHEMAS LIKE '{like}'")
    return any(row[1] == folded(schema) for row in rows)

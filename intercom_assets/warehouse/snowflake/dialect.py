"""Snowflake's dialect: its part of the questions about rows."""

from dataclasses import dataclass

from intercom_assets.catalog.table import DELETED_AT, EXTRA
from intercom_assets.catalog.types import ColumnType
from intercom_assets.warehouse.questions import EXAMPLE, ExtraFields
from intercom_assets.warehouse.snowflake.statements import identifier, qualified, read_as
from intercom_assets.warehouse.warehouse import Target


@dataclass(frozen=True, slots=True)
class SnowflakeDialect:
    """Snowflake's part of the questions about rows."""

    def table(self, target: Target) -> str:
        """Quote a table's full name."""
        return qualified(target.schema, target.name)

    def column(self, name: str) -> str:
        """Quote a column's name."""
        return identifier(name)

    def cell(self, name: str, kind: ColumnType) -> str:
        """Read a column: instants as microseconds since 1970, JSON as text."""
        return read_as(name, kind)

    def fields(self, question: ExtraFields, key: str) -> str:
        """List each field of each row's object; what is no object has none."""
        extra = identifier(EXTRA)
        within = f"GET_PATH({extra}, '{'.'.join(question.path)}')" if question.path else extra
        return (
            f"  SELECT t.row_key, o.KEY AS field, LEFT(TO_JSON(o.VALUE), {EXAMPLE}) AS example\n"
            f"  FROM (\n    SELECT {key} AS row_key, {within} AS held FROM "
            f"{self.table(question.target)}\n"
            f"    WHERE {identifier(DELETED_AT)} IS NULL AND TO_JSON({within}) LIKE '{{%'\n"
            "  ) AS t, LATERAL FLATTEN(INPUT => t.held) AS o"
        )

"""Uploads files to Snowflake, each into a raw table that is dropped after the commit.

A raw table contains what the file does: instants as microseconds, JSON as text. Statements, which
are reviewed, convert them, so that nothing depends on how the loader reads parquet's logical types.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.json as pj
import pyarrow.parquet as pq

from intercom_assets.catalog.types import ColumnType
from intercom_assets.errors import WarehouseError
from intercom_assets.warehouse.arrow import ARROW_TYPES
from intercom_assets.warehouse.base import Session, StagedFile
from intercom_assets.warehouse.dialects import SNOWFLAKE_TYPES, SnowflakeDialect, to_snowflake_name

_RAW_TYPES = {
    **SNOWFLAKE_TYPES,
    ColumnType.TIMESTAMP: SNOWFLAKE_TYPES[ColumnType.INTEGER],
    ColumnType.JSON: SNOWFLAKE_TYPES[ColumnType.TEXT],
}
_PHYSICAL = {**ARROW_TYPES, ColumnType.TIMESTAMP: pa.int64()}
_LEAST_BLOCK = 1 << 20

_dialect = SnowflakeDialect()


@dataclass(frozen=True, slots=True)
class Staging:
    """The statements that load a parquet file into a raw table; `table` is its quoted name."""

    table: str
    columns: Mapping[str, ColumnType]

    def create(self) -> str:
        """Create the table, transient to avoid paying for Time Travel."""
        columns = ",\n  ".join(
            f"{_dialect.name(name)} {_RAW_TYPES[kind]}" for name, kind in self.columns.items()
        )
        return f"CREATE TRANSIENT TABLE {self.table} (\n  {columns}\n)"

    def put(self, file: str) -> str:
        """Upload the file to the table's stage, which is dropped with the table."""
        path = file.replace("\\", "\\\\").replace("'", "\\'")
        return f"PUT 'file://{path}' @{self._stage} AUTO_COMPRESS = FALSE OVERWRITE = TRUE"

    def copy(self) -> str:
        r"""Load the file, without reading `\N` as null, which is the default."""
        return (
            f"COPY INTO {self.table} FROM @{self._stage}\n"
            "FILE_FORMAT = (TYPE = PARQUET NULL_IF = ())\n"
            "MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE ON_ERROR = ABORT_STATEMENT"
        )

    def typed(self) -> str:
        """Read the table, converted to its columns' types."""
        columns = ",\n  ".join(
            f"{_dialect.typed(_dialect.name(name), kind)} AS {_dialect.name(name)}"
            for name, kind in self.columns.items()
        )
        return f"(SELECT\n  {columns}\nFROM {self.table})"

    @property
    def _stage(self) -> str:
        schema, _, name = self.table.rpartition(".")
        return schema + ".%" + name.strip('"')


@contextmanager
def staged(session: Session, schema: str, file: StagedFile) -> Iterator[str]:
    """Upload a file for a block, yielding a relation with its typed columns.

    Raises:
        WarehouseError: Not every row of the file was loaded.
    """
    with session.temporary(schema) as table:
        staging = Staging(table, file.columns)
        session.run(staging.create())
        physical = file.path.with_suffix(".parquet")
        try:
            if file.rows:
                _write_physical(file, physical)
                session.run(staging.put(str(physical)))
                loaded = sum(int(row[3]) for row in session.rows(staging.copy()))
                if loaded != file.rows:
                    raise WarehouseError(
                        f"Snowflake lost rows on the way: {loaded} of {file.rows} staged rows "
                        "were loaded, so nothing of this commit was kept. Run the sync again. "
                        f"[{table}]"
                    )
            yield staging.typed()
        finally:
            physical.unlink(missing_ok=True)


def _write_physical(file: StagedFile, physical: Path) -> None:
    """Convert a file to parquet with Snowflake's names and instants as numbers."""
    schema = pa.schema([(name, _PHYSICAL[kind]) for name, kind in file.columns.items()])
    reader = pj.open_json(
        file.path,
        # A block must fit the longest line.
        read_options=pj.ReadOptions(block_size=max(file.longest + 1, _LEAST_BLOCK)),
        parse_options=pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error"),
    )
    names = [to_snowflake_name(name) for name in schema.names]
    named = pa.schema([field.with_name(name) for field, name in zip(schema, names, strict=True)])
    with reader, pq.ParquetWriter(physical, named, compression="snappy") as writer:
        for batch in reader:
            writer.write_batch(batch.rename_columns(names))

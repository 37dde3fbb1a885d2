"""Files on their way into Snowflake: each into a table of its own, dropped after the commit."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from snowflake.connector import errors

from intercom_assets.errors import WarehouseError
from intercom_assets.schema.types import ColumnType
from intercom_assets.warehouse.snowflake.session import Runner
from intercom_assets.warehouse.snowflake.statements import (
    RAW_TYPES,
    Statements,
    identifier,
    qualified,
)
from intercom_assets.warehouse.sql import folded
from intercom_assets.warehouse.warehouse import Commit

_WHOLE = {"parent": ColumnType.TEXT, "newer_than": ColumnType.TIMESTAMP}
_GONE = {"key": ColumnType.TEXT, "merged_into": ColumnType.TEXT}


@dataclass(frozen=True, slots=True)
class Staging:
    """The statements that bring a parquet file into a table of its own.

    Attributes:
        schema: Schema of the source.
        name: Name of the table; a plain identifier that no other sync uses.
        columns: Columns of the file and what they hold.
    """

    schema: str
    name: str
    columns: Mapping[str, ColumnType]

    @property
    def table(self) -> str:
        """The table's quoted full name."""
        return qualified(self.schema, self.name)

    def create(self) -> str:
        """Create the table; transient, because Time Travel of it would cost and serve nobody."""
        columns = ",\n  ".join(
            f"{identifier(name)} {RAW_TYPES[kind]}" for name, kind in self.columns.items()
        )
        return f"CREATE TRANSIENT TABLE {self.table} (\n  {columns}\n)"

    def put(self, file: str) -> str:
        """Upload the file to the table's own stage, which goes when the table goes."""
        path = file.replace("\\", "\\\\").replace("'", "\\'")
        return f"PUT 'file://{path}' @{self._stage} AUTO_COMPRESS = FALSE OVERWRITE = TRUE"

    def copy(self) -> str:
        r"""Load the file; no text is taken for null, as `\N` would be by default."""
        return (
            f"COPY INTO {self.table} FROM @{self._stage}\n"
            "FILE_FORMAT = (TYPE = PARQUET NULL_IF = ())\n"
            "MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE ON_ERROR = ABORT_STATEMENT"
        )

    def drop(self) -> str:
        """Drop the table and its stage."""
        return f"DROP TABLE IF EXISTS {self.table}"

    @property
    def _stage(self) -> str:
        return f"{identifier(self.schema)}.%{self.name}"


@contextmanager
def staged_files(running: Runner, commit: Commit) -> Iterator[dict[str, str]]:
    """Upload the files of a commit; give the quoted name of the table of each."""
    statements, schema = Statements(commit.target), commit.target.schema
    files = [
        ("rows", commit.rows, statements.raw),
        ("seen", commit.seen, statements.keys),
        ("whole", commit.whole.file if commit.whole else None, _WHOLE),
        ("gone", commit.gone, _GONE),
    ]
    with ExitStack() as stack:
        tables = {
            name: stack.enter_context(uploaded(running, schema, file, columns))
            for name, file, columns in files
            if file is not None
        }
        if raw := tables.get("rows"):
            typed = qualified(schema, _unique())
            stack.callback(_drop, running, f"DROP TABLE IF EXISTS {typed}")
            running.run(statements.stage(typed, raw))
            tables["rows"] = typed
        yield tables


@contextmanager
def uploaded(
    running: Runner, schema: str, file: Path, columns: Mapping[str, ColumnType]
) -> Iterator[str]:
    """Upload a file into a table of its own for a block; give the table's quoted name.

    Raises:
        WarehouseError: Not every row of the file arrived.
    """
    staging = Staging(schema, _unique(), columns)
    running.run(staging.create())
    physical = file.with_suffix(".physical.parquet")
    try:
        count = _write_physical(file, physical)
        if count:
            running.run(staging.put(str(physical)))
            loaded = sum(int(row[3]) for row in running.rows(staging.copy()))
            if loaded != count:
                raise WarehouseError(
                    f"{staging.table}: {loaded} of {count} staged rows were loaded; nothing of "
                    "this commit was kept. Run the sync again"
                )
        yield staging.table
    finally:
        physical.unlink(missing_ok=True)
        _drop(running, staging.drop())


def _write_physical(source: Path, physical: Path) -> int:
    """Copy a parquet file with instants as plain numbers; give its number of rows."""
    with pq.ParquetFile(source) as file:
        schema = pa.schema(
            [
                (
                    folded(field.name),
                    pa.int64() if pa.types.is_timestamp(field.type) else field.type,
                )
                for field in file.schema_arrow
            ]
        )
        with pq.ParquetWriter(physical, schema, compression="snappy") as writer:
            for batch in file.iter_batches():
                arrays = [
                    array.cast(field.type)
                    for array, field in zip(batch.columns, schema, strict=True)
                ]
                writer.write_batch(pa.record_batch(arrays, schema=schema))
        return int(file.metadata.num_rows)


def _unique() -> str:
    return f"RUDDER__STAGED_{secrets.token_hex(8).upper()}"


def _drop(running: Runner, statement: str) -> None:
    # A session that was lost cannot drop; what stays is named so that one sees what it is.
    try:
        running.run(statement)
    except errors.Error:
        return
